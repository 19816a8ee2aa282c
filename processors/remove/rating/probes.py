"""The fix's test of itself: small mattes where the truth is known, filled by the same call.

A probe is the real matte, scaled down and moved to another place of the same shot, moving as the
real one does. Fills are scored against the plate: PSNR after a sigma-1.5 low-pass on both sides
(fresh grain must not count as error), with the squared error capped at 30 of 255 a pixel for no
one; edge strength and grain as ratios to the truth, since a blur scores well by error alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from ....schema.outcome import SelfRating
from ...mattes import grown
from ...pictures.layout import Image, Mask
from ...pictures.sheets import spread
from ..fill import composed, fill_hole
from ..grain import Grain, flat_places, high_pass
from ..holes import region_of
from ..shot import Shot

_LARGEST = 0.25
"""Longest side of a probe as a share of the frame's shorter side."""
_TRIES = 60


@dataclass(frozen=True)
class Probe:
    """The real matte scaled by `scale` about its centre at `frame` and moved by (`dx`, `dy`) pixels."""

    frame: int
    centre: tuple[float, float]
    scale: float
    dx: int
    dy: int

    def of(self, matte: Mask) -> Mask:
        """The probe's matte for a frame whose real matte is *matte*."""
        x, y = self.centre
        move = np.array([[self.scale, 0, x + self.dx - self.scale * x], [0, self.scale, y + self.dy - self.scale * y]])
        size = (matte.shape[1], matte.shape[0])
        return np.asarray(cv2.warpAffine(matte.astype(np.uint8) * 255, move, size, flags=cv2.INTER_LINEAR) > 127)


@dataclass(frozen=True)
class Score:
    """One probe's result. `origins` counts its pixels by where they came from."""

    frame: int
    error: float
    pixels: int
    edges: float
    grain: float | None
    origins: dict[int, int]

    @property
    def psnr_db(self) -> float:
        """PSNR of this probe alone."""
        return -10 * float(np.log10(max(self.error, 1e-9)))

    def as_json(self, first_frame: int) -> dict[str, Any]:
        """For the report."""
        return {
            "frame": self.frame + first_frame,
            "psnr_db": round(self.psnr_db, 2),
            "pixels": self.pixels,
            "edge_ratio": round(self.edges, 3),
            "grain_ratio": None if self.grain is None else round(self.grain, 3),
        }


def place_probes(shot: Shot, frames: Sequence[int]) -> list[Probe]:
    """Probes at frames spread over those that have a hole, each where its frame has room; the same every time."""
    rng = np.random.default_rng(1001)
    probes = []
    for frame in spread(frames, shot.options.probes):
        matte = shot.matte(frame)
        region = region_of(matte, margin=0)
        if region is None:
            continue
        height, width = matte.shape
        scale = min(1.0, _LARGEST * min(height, width) / max(region.width, region.height))
        blocked = grown(matte, 12)
        centre = (region.x + region.width / 2, region.y + region.height / 2)
        for _ in range(_TRIES):
            dx = int(rng.integers(0, width) - centre[0])
            dy = int(rng.integers(0, height) - centre[1])
            probe = Probe(frame, centre, scale, dx, dy)
            shape = probe.of(matte)
            whole = shape.sum() > 0.9 * matte.sum() * scale**2
            if whole and not (shape & blocked).any():
                probes.append(probe)
                break
    return probes


def probe_places(shot: Shot, probes: Sequence[Probe]) -> Mask:
    """Every place that a probe covers at its own frame, with a margin."""
    places = np.zeros((shot.plate.video.height, shot.plate.video.width), bool)
    for probe in probes:
        places |= probe.of(shot.matte(probe.frame))
    return grown(places, 8)


def score_probe(shot: Shot, probe: Probe, own_grain: Grain) -> Score | None:
    """Fill one probe blindly and compare it with what was there."""
    hole = probe.of(shot.matte(probe.frame)) & ~shot.matte(probe.frame)
    fill = fill_hole(shot, probe.frame, lambda n: probe.of(shot.matte(n)), blind=True)
    if fill is None or not hole.any():
        return None
    region = fill.region
    bounds = (region.x, region.y, region.x + region.width, region.y + region.height)
    truth = shot.frames.at(probe.frame).crop(*bounds).rgb()
    # Without the soft edge: it would mix the truth into what is tested.
    made = composed(shot, fill, hole, own_grain, feather=False).crop(*bounds).rgb()
    return compare(truth, made, hole[region.window], frame=probe.frame, origins=fill.shares(hole))


def compare(truth: Image, made: Image, where: Mask, *, frame: int, origins: dict[int, int]) -> Score:
    """Score one filled region against the truth, inside *where*."""
    soft = [np.asarray(cv2.GaussianBlur(one, (0, 0), 1.5), np.float32) for one in (truth, made)]
    error = float(((soft[0] - soft[1])[where] ** 2).mean())
    edges = [float(_slope(one)[where].mean()) for one in soft]
    flat = flat_places(truth, where)
    grains = [float(high_pass(one)[flat].std()) if flat.sum() >= 60 else 0.0 for one in (truth, made)]
    return Score(
        frame,
        error,
        int(where.sum()),
        edges[1] / max(edges[0], 1e-6),
        grains[1] / grains[0] if grains[0] > 1e-4 else None,
        origins,
    )


def _slope(image: Image) -> Image:
    luma = image.mean(axis=-1)
    return np.asarray(cv2.magnitude(cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)))


def rate(scores: Sequence[Score], origins: dict[int, int]) -> SelfRating:
    """All probes in one rating; *origins* counts the real holes' pixels by where they came from."""
    if not scores:
        return SelfRating(
            expected_psnr_db=0.0, covered=0.0, samples=0, words="There was no room in the picture for a test."
        )
    pixels = sum(score.pixels for score in scores)
    error = sum(score.error * score.pixels for score in scores) / pixels
    tested = {origin for score in scores for origin, count in score.origins.items() if count > 0.01 * score.pixels}
    total = max(sum(origins.values()), 1)
    covered = sum(count for origin, count in origins.items() if origin in tested) / total
    grains = [score.grain for score in scores if score.grain is not None]
    psnr = -10 * float(np.log10(max(error, 1e-9)))
    return SelfRating(
        expected_psnr_db=round(psnr, 2),
        covered=round(covered, 4),
        samples=len(scores),
        grain_ratio=round(float(np.median(grains)), 3) if grains else None,
        edge_ratio=round(float(np.median([score.edges for score in scores])), 3),
        words=(
            f"{len(scores)} small mattes at other places of the shot were filled in the same way: "
            f"{psnr:.1f} dB against what is really there."
        ),
    )
