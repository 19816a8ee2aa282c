"""Pictures that show a finding to a person: the plate and the other take side by side."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import ConfigError
from ...schema.finding import Box
from ...schema.rate import Rate
from ...schema.timecode import Timecode
from ..pictures.plate import Plate
from ..pictures.review import write_picture
from .store import PairFacts
from .tracks import Mask

Image = NDArray[np.float32]

_TALL = 900
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_HEAD = 64
_LINE = (1.0, 0.85, 0.1)


def frame_name(plate: Plate, frame: int, first_frame: int) -> str:
    """`1051 (01:00:02:02)`: the shot frame, with the source timecode where the plate has one."""
    shot = str(first_frame + frame)
    if plate.timecode is None:
        return shot
    return f"{shot} ({source_timecode(plate.timecode, plate.video.rate, frame)})"


def source_timecode(start: str, rate: Rate, frame: int) -> str:
    """The timecode of a frame; the file's own label where that is none at this rate."""
    try:
        return str(Timecode.parse(start, rate) + frame)
    except ConfigError:
        return f"{start} +{frame}"


def laid_over(plate: Plate, other: Plate, facts: PairFacts, frame: int) -> Image:
    """The other take's picture of the same moment on the plate's raster, in its own grade."""
    matrix = np.array(facts.matrix).reshape(3, 3)
    picture = other.picture(facts.other_frame(frame, other.frames)).rgb()
    size = (plate.video.width, plate.video.height)
    return np.asarray(cv2.warpPerspective(picture, matrix, size, flags=cv2.INTER_CUBIC), np.float32)


def write_pair(
    path: Path, pictures: tuple[Image, Image], titles: tuple[str, str], box: Box, matte: Mask | None
) -> None:
    """A PNG: plate at the left, other take at the right, the place boxed in both, outlined where known."""
    height, width = pictures[0].shape[:2]
    factor = min(1.0, _TALL / height)
    size = (round(width * factor), round(height * factor))
    panels = []
    for index, (picture, title) in enumerate(zip(pictures, titles, strict=True)):
        panel = np.ascontiguousarray(np.clip(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), 0, 1))
        if matte is not None and index == 0:
            small = cv2.resize(matte.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
            lines, _ = cv2.findContours(small, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            cv2.drawContours(panel, lines, -1, _LINE, 2, cv2.LINE_AA)
        corner = (round(box.x * factor), round(box.y * factor))
        far = (round((box.x + box.width) * factor), round((box.y + box.height) * factor))
        cv2.rectangle(panel, corner, far, (1.0, 1.0, 1.0), 1, cv2.LINE_AA)
        head = np.full((_HEAD, size[0], 3), 28, np.uint8)
        for line, words in enumerate(title.split("\n")):
            scale = min(0.55, 0.55 * (size[0] - 16) / max(1, cv2.getTextSize(words, _FONT, 0.55, 1)[0][0]))
            cv2.putText(head, words, (8, 24 + 26 * line), _FONT, scale, (236, 236, 232), 1, cv2.LINE_AA)
        panels.append(np.vstack([head.astype(np.float32) / 255, panel]))
    gap = np.full((panels[0].shape[0], 8, 3), 0.11, np.float32)
    write_picture(path, np.asarray(np.hstack([panels[0], gap, panels[1]]), np.float32))
