"""Fills on disk: the checkpoints of a removal."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .fill import Fill
from .holes import Region


def store_fill(work: Path, fill: Fill) -> None:
    """Keep one frame's fill; written beside its name and renamed when complete."""
    path = _path(work, fill.frame)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    region = fill.region
    with part.open("wb") as stream:
        np.savez(
            stream,
            image=fill.image.astype(np.float16),
            origin=fill.origin,
            trace=fill.trace,
            region=np.array([region.x, region.y, region.width, region.height]),
            mismatch=np.array(fill.mismatch),
            performer=np.array(fill.performer),
            torn=np.array(fill.torn),
            doubt=np.array(fill.doubt),
        )
    part.replace(path)


def load_fill(work: Path, frame: int) -> Fill | None:
    """A frame's fill, or None where there is none."""
    path = _path(work, frame)
    if not path.exists():
        return None
    with np.load(path) as kept:
        x, y, width, height = (int(v) for v in kept["region"])
        image = kept["image"].astype(np.float32)
        region = Region(x, y, width, height)
        mismatch, torn, doubt = (float(kept[name]) for name in ("mismatch", "torn", "doubt"))
        performer = int(kept["performer"])
        return Fill(frame, region, image, kept["origin"], kept["trace"], mismatch, performer, torn, doubt)


def _path(work: Path, frame: int) -> Path:
    return work / "fills" / f"{frame:06d}.npz"
