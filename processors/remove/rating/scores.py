"""Probes filled by each candidate and compared with what was there.

PSNR is taken after a sigma-1.5 low-pass on both sides (fresh grain must not count as error); edge
strength and grain as ratios to the truth, since a blur scores well by error alone.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ...pictures.layout import Image, Mask
from ..fill import Fill, Origin, composed
from ..grain.flat import flat_places, high_pass
from ..grain.regrain import regrained
from ..shot import Shot
from .candidates import Candidate
from .probes import Probe
from .texture import contrast, grey, soft, texture, typical

_CAP = (30 / 255) ** 2
"""Squared error of a pixel beyond which it counts no more when candidates are compared: one performer
cut off in one probe must not decide (research/processors.md, section 8)."""


@dataclass(frozen=True)
class Score:
    """One probe filled by one candidate.

    `error` is the mean squared error (0..1) inside, `capped` the same with each pixel's cut at 30 of
    255, `typical` that of most of the inside (`texture.typical`); `texture` what the truth has inside;
    `painted` the share that no source showed.
    """

    frame: int
    error: float
    capped: float
    typical: float
    texture: float
    contrast: float
    painted: float
    pixels: int
    edges: float
    grain: float | None
    origins: dict[int, int]

    @property
    def psnr_db(self) -> float:
        """PSNR of this probe alone."""
        return -10 * float(np.log10(max(self.error, 1e-9)))

    def as_json(self) -> dict[str, Any]:
        """For checkpoints; `from_json` reads it again."""
        return asdict(self)

    @classmethod
    def from_json(cls, words: dict[str, Any]) -> Score:
        """What `as_json` wrote."""
        return cls(**{**words, "origins": {int(key): count for key, count in words["origins"].items()}})

    def words(self, first_frame: int) -> dict[str, Any]:
        """For the report."""
        return {
            "frame": self.frame + first_frame,
            "psnr_db": round(self.psnr_db, 2),
            "pixels": self.pixels,
            "edge_ratio": round(self.edges, 3),
            "grain_ratio": None if self.grain is None else round(self.grain, 3),
        }


def score_probe(shot: Shot, probe: Probe, candidate: Candidate) -> Score | None:
    """Fill one probe blindly and compare it with what was there; None where nothing could be filled."""
    hole = probe.of(shot.matte(probe.frame)) & ~shot.matte(probe.frame)
    fill = candidate.fill(shot, probe.frame, lambda n: probe.of(shot.matte(n)), blind=True)
    if fill is None or not hole.any():
        return None
    region = fill.region
    truth = shot.frames.at(probe.frame).crop(*region.bounds).rgb()
    # Without the soft edge: it would mix the truth into what is tested.
    made = composed(shot, regrained(shot, fill, hole).fill, hole, feather=False).crop(*region.bounds).rgb()
    return compare(truth, made, hole[region.window], fill, shot.matte(probe.frame)[region.window])


def compare(truth: Image, made: Image, where: Mask, fill: Fill, hidden: Mask) -> Score:
    """Score *made*, which *fill* went into, against the truth inside *where*; all over the fill's region.

    *hidden* is where the picture is not true: the real matte.
    """
    origins, counts = np.unique(fill.origin[where], return_counts=True)
    shares = {int(origin): int(count) for origin, count in zip(origins, counts, strict=True)}
    pair = [soft(one) for one in (truth, made)]
    apart = np.asarray(((pair[0] - pair[1]) ** 2).mean(axis=-1), np.float32)
    errors = apart[where]
    slopes = [float(np.sqrt(texture(grey(one)))[where].mean()) for one in (truth, made)]
    flat = flat_places(truth, where)
    grains = [float(high_pass(one)[flat].std()) if flat.sum() >= 60 else 0.0 for one in (truth, made)]
    pixels = int(where.sum())
    return Score(
        frame=fill.frame,
        error=float(errors.mean()),
        capped=float(np.minimum(errors, _CAP).mean()),
        typical=typical(apart, where),
        texture=float(texture(grey(truth))[where].mean()),
        contrast=contrast(truth, where, hidden),
        painted=shares.get(int(Origin.PAINTED), 0) / pixels,
        pixels=pixels,
        edges=slopes[1] / max(slopes[0], 1e-6),
        grain=grains[1] / grains[0] if grains[0] > 1e-4 else None,
        origins=shares,
    )
