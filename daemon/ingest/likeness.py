"""The features of a picture or clip that is only asked about, not indexed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...processors.survey import features_of


def pictures_of(path: Path) -> NDArray[np.float16]:
    """Feature rows (n x 512) of a picture, movie or sequence. Raises UnreadableMedia."""
    return features_of(path)
