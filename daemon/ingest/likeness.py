"""The features of a picture or clip that is only asked about, not indexed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...processors.survey import features_of, group, pattern


def pictures_of(path: Path) -> NDArray[np.float16]:
    """Feature rows (n x 512) of a picture, a movie, a sequence's pattern, or a folder of frames.

    Raises UnreadableMedia.
    """
    if path.is_dir():
        sequences, _ = group(path, (file.name for file in path.iterdir()))
        return features_of(Path(pattern(max(sequences, key=len))) if sequences else path)
    return features_of(path)
