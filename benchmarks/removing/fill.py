"""The fill alone: the scored frames of a case, without rating, effects, proof and what else a whole job does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from wetgate.processors.remove.coherent.sweeps import coherent
from wetgate.processors.remove.fill import composed
from wetgate.processors.remove.grain.regrain import regrained
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.steady import Steady

from .job import request_of
from .made import Made

Image = NDArray[np.float32]


def fill_alone(made: Made, folder: Path, wanted: Sequence[int]) -> tuple[dict[int, Image], float]:
    """The *wanted* frames as RGB, 0..1, and the CPU seconds that one of them took."""
    began = time.process_time()
    shot = open_shot(request_of(made, folder))
    try:
        fills = {n: fill_hole(shot, n, shot.matte) for n in wanted}
        fill_at = coherent(shot, Steady(shot, fills.get).at, wanted, shot.request.work)
        out = {}
        for n in wanted:
            fill, hole = fill_at(n), shot.matte(n)
            out[n] = made.holed[n] if fill is None else composed(shot, regrained(shot, fill, hole).fill, hole).rgb()
        return out, (time.process_time() - began) / max(len(wanted), 1)
    finally:
        shot.close()
