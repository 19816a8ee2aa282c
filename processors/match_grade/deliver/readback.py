"""Reads every written grade back and applies it: what we hand over must be what we measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere

from ....schema.errors import ProcessorError
from ..cdl import Cdl, ocio_style
from ..cube import Cube
from ..match import transforms
from ..render import Renderer
from ..store import ShotMatch
from .edl import read_cdls

TOLERANCE = 1e-5
"""Greatest difference of working values, 1 = the whole range: six decimals in the files, float32 rendering."""


def check_cdl_file(path: Path, shots: Sequence[ShotMatch]) -> float:
    """A `.cc` or `.ccc` against the shots' CDLs; the greatest difference. Raises ProcessorError above the tolerance."""
    apart = 0.0
    ocio.ClearAllCaches()  # it keeps files by name, and a job that was killed wrote them before
    for shot in shots:
        read = ocio.FileTransform(src=str(path), cccId=shot.id)
        read.setCDLStyle(ocio_style(shot.cdl.clamp))
        apart = max(apart, _apart(Renderer(read), Renderer(shot.cdl.transform())))
    return _held(path, apart)


def check_edl(path: Path, shots: Sequence[ShotMatch]) -> float:
    """An EDL's CDLs, the same way."""
    cdls = read_cdls(path, [shot.cdl.clamp for shot in shots])
    apart = [_apart(_rendered(read), _rendered(shot.cdl)) for read, shot in zip(cdls, shots, strict=True)]
    return _held(path, max(apart))


def check_cube(path: Path, cube: Cube) -> float:
    """A `.cube`, the same way."""
    ocio.ClearAllCaches()
    read = ocio.FileTransform(src=str(path), interpolation=ocio.INTERP_TETRAHEDRAL)
    return _held(path, _apart(Renderer(read), Renderer(*cube.transforms())))


def _rendered(cdl: Cdl) -> Renderer:
    return Renderer(*transforms(cdl, None))


def _apart(one: Renderer, other: Renderer) -> float:
    probe = _probe()
    return float(np.abs(one(probe) - other(probe)).max())


def _probe() -> Any:
    """An even grid of colours from a little below black to a little above white."""
    steps = np.linspace(-0.1, 1.1, 25, dtype=np.float32)
    return np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)


def _held(path: Path, apart: float) -> float:
    if not apart <= TOLERANCE:
        raise ProcessorError(f"{path.name} was written, but reads back differently (by {apart:.2g}); it is not used.")
    return apart
