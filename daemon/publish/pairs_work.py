"""Makes before and after frames inside a worker process.

Both come from one JPEG encoder without chroma subsampling, so blocks that the fix left alone are
equal in both and the page's difference view is black there.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ...processors.pictures import Plate
from ...schema.errors import ProcessorError
from ...schema.ports import Progress
from .pairs import Pairs

MOST_PAIRS = 48
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


def write(payload: dict[str, Any], progress: Progress) -> dict[str, Any]:
    """The worker's entry point: at most MOST_PAIRS frames, first and last among them, spread evenly.

    The folder appears whole or not at all. Raises UnreadableMedia and ProcessorError.
    """
    pairs = Pairs.model_validate(payload)
    draft = pairs.folder.with_name(f".{pairs.folder.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        with Plate.open(pairs.plate) as plate, Plate.open(pairs.master) as master:
            wanted = _spread(min(master.frames, plate.frames - pairs.offset))
            for done, frame in enumerate(wanted):
                name = f"{pairs.first_frame + frame:04d}.jpg"
                _save(plate, pairs.offset + frame, draft / f"before.{name}")
                _save(master, frame, draft / f"after.{name}")
                progress((done + 1) / len(wanted), f"Frame {pairs.first_frame + frame}")
        shutil.rmtree(pairs.folder, ignore_errors=True)
        draft.rename(pairs.folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return {"pairs": len(wanted)}


def _spread(frames: int) -> list[int]:
    count = max(min(frames, MOST_PAIRS), 0)
    return sorted({round(place) for place in np.linspace(0, frames - 1, count)})


def _save(plate: Plate, frame: int, path: Path) -> None:
    picture = next(iter(plate.read(frame, frame)), None)
    if picture is None:
        raise ProcessorError(f"{plate.path.name}: frame {frame} could not be read for the comparison.")
    shown = np.rint(np.clip(picture.rgb(), 0.0, 1.0) * 255).astype(np.uint8)
    if not cv2.imwrite(str(path), cv2.cvtColor(shown, cv2.COLOR_RGB2BGR), _JPEG):
        raise ProcessorError(f"{path.name} could not be written to {path.parent}.")
