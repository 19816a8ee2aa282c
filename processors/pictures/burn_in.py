"""Words burnt into a picture that leaves the house: a show's name, a version, whose copy it is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

_SHARE = 0.028
"""Height of the letters, as a share of the picture's."""
_FEWEST = 14
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def burn_in(picture: Path, words: str, folder: Path) -> Path:
    """A copy of *picture* in *folder* under its own name, with *words* on a dark band below its content.

    The band is added, so that nothing of the picture is hidden. Raises ValueError for a file that is no picture.
    """
    image = cv2.imread(str(picture), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{picture} is no picture")
    tall = max(_FEWEST, round(_SHARE * image.shape[0]))
    band = np.zeros((2 * tall, image.shape[1], 3), np.uint8)
    (width, height), _ = cv2.getTextSize(words, _FONT, 1.0, 1)
    size = min(tall / max(height, 1), (image.shape[1] - 2 * tall) / max(width, 1))
    cv2.putText(band, words, (tall, round(1.4 * tall)), _FONT, size, (230, 230, 230), 1, cv2.LINE_AA)
    folder.mkdir(parents=True, exist_ok=True)
    out = folder / picture.name
    cv2.imwrite(str(out), np.vstack([image, band]))
    return out
