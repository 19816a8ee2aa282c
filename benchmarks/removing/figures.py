"""What is measured where the truth is known. Pictures are HxWx3 RGB 0..1, masks HxW bool.

- PSNR in dB over the masked pixels of all frames together, after a sigma-1.5 low-pass on both sides:
  fresh grain must not count as error.
- SSIM (Wang et al., 2004; luma, sigma 1.5) as the mean of its map over the masked pixels.
- GMSD (Xue et al., 2014; luma at half resolution) over the masked pixels: 0 is the same picture,
  .1 is plainly visible. A perceptual distance that needs no weights.
- Ewarp: squared error between consecutive frames along the truth's flow, over that of the truth
  (half a code value added to both).
- Grain: high-pass of luma in flat places, standard deviation over the truth's; and the difference of
  the correlation between horizontal neighbours.
- Edge recall: which share of the edges along a performer's true silhouette stands in the fill, in
  place (2 pixels) and direction (45 degrees).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.remove.grain.flat import flat_places, high_pass

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]

_LEAST = 50
"""Pixels below which a frame says nothing."""
_FLAT = 60
_STEADY = (0.5 / 255) ** 2
"""Half a code value: below that a picture stands still, and a ratio of two such errors would say nothing."""
CUT = 0.8
"""Edge recall below which a silhouette is visibly cut."""


def soft(image: Image) -> Image:
    """The sigma-1.5 low-pass."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.float32)


@dataclass
class Sum:
    """A mean over pixels of many frames."""

    total: float = 0.0
    weight: float = 0.0

    def add(self, values: NDArray[np.floating]) -> None:
        """All of *values*."""
        self.total += float(values.sum(dtype=np.float64))
        self.weight += values.size

    @property
    def mean(self) -> float | None:
        """None where nothing was added."""
        return self.total / self.weight if self.weight >= _LEAST else None

    @property
    def psnr(self) -> float | None:
        """The mean as dB."""
        return None if self.mean is None else -10 * float(np.log10(max(self.mean, 1e-9)))


@dataclass
class Figures:
    """One method's result on one case, frame by frame and in all."""

    inside: Sum = field(default_factory=Sum)
    background: Sum = field(default_factory=Sum)
    mover: Sum = field(default_factory=Sum)
    ssim: Sum = field(default_factory=Sum)
    gmsd: list[float] = field(default_factory=list)
    warp: Sum = field(default_factory=Sum)
    true_warp: Sum = field(default_factory=Sum)
    grain: Sum = field(default_factory=Sum)
    true_grain: Sum = field(default_factory=Sum)
    lag: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)

    def add(self, truth: Image, made: Image, hole: Mask, subject: Mask) -> None:
        """One frame."""
        error = ((soft(truth) - soft(made)) ** 2).mean(axis=-1)
        near = cv2.dilate(subject.astype(np.uint8), np.ones((7, 7))) > 0
        clear = hole & ~near
        self.inside.add(error[hole])
        self.background.add(error[clear])
        self.mover.add(error[hole & subject])
        grey = [np.asarray(image @ np.array([0.299, 0.587, 0.114], np.float32), np.float32) for image in (truth, made)]
        self.ssim.add(ssim(*grey)[hole])
        self.gmsd.append(gmsd(*grey, hole))
        self._add_grain(truth, made, clear)
        edges = silhouette_recall(*grey, hole, subject)
        if edges is not None:
            self.recall.append(edges)

    def add_step(self, truths: tuple[Image, Image], made: tuple[Image, Image], hole: Mask) -> None:
        """Two consecutive frames, *hole* in the first."""
        grid, sure = true_motion(*truths)
        where = hole & sure
        for pair, into in ((truths, self.true_warp), (made, self.warp)):
            moved = cv2.remap(pair[1], grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            into.add(((pair[0] - moved) ** 2).mean(axis=-1)[where])

    def _add_grain(self, truth: Image, made: Image, clear: Mask) -> None:
        flat = flat_places(truth, clear)
        if flat.sum() < _FLAT:
            return
        ours, theirs = high_pass(truth), high_pass(made)
        self.true_grain.add(ours[flat] ** 2)
        self.grain.add(theirs[flat] ** 2)
        both = flat[:, 1:] & flat[:, :-1]
        if both.sum() >= _FLAT and ours[flat].std() > 1e-3:
            self.lag.append(_lag(theirs, both) - _lag(ours, both))

    def as_json(self) -> dict[str, float | None]:
        """All figures, None for what could not be measured."""
        warp, true_warp, grain, true_grain = (
            one.mean for one in (self.warp, self.true_warp, self.grain, self.true_grain)
        )
        grainy = true_grain is not None and grain is not None and true_grain > 1e-6
        return {
            "inside_db": self.inside.psnr,
            "background_db": self.background.psnr,
            "mover_db": self.mover.psnr,
            "ssim": self.ssim.mean,
            "gmsd": float(np.mean(self.gmsd)) if self.gmsd else None,
            "ewarp": (warp + _STEADY) / (true_warp + _STEADY) if warp is not None and true_warp is not None else None,
            "grain": float(np.sqrt(grain / true_grain)) if grainy and grain and true_grain else None,
            "lag": float(np.mean(self.lag)) if self.lag else None,
            "edge_recall": float(np.mean(self.recall)) if self.recall else None,
            "cut": float(np.mean(np.array(self.recall) < CUT)) if self.recall else None,
            "cut_of": float(len(self.recall)),
        }


def ssim(one: Image, other: Image) -> Image:
    """The map."""

    def blur(image: Image) -> Image:
        return np.asarray(cv2.GaussianBlur(image, (0, 0), 1.5), np.float32)

    a, b = blur(one), blur(other)
    aa, bb, ab = blur(one * one) - a * a, blur(other * other) - b * b, blur(one * other) - a * b
    c1, c2 = 0.01**2, 0.03**2
    return np.asarray((2 * a * b + c1) * (2 * ab + c2) / ((a * a + b * b + c1) * (aa + bb + c2)), np.float32)


def gmsd(one: Image, other: Image, where: Mask) -> float:
    """Deviation of gradient magnitude similarity over *where*."""
    size = (one.shape[1] // 2, one.shape[0] // 2)
    kernel = np.array([[1, 0, -1]] * 3, np.float32) / 3
    slopes = []
    for image in (one, other):
        small = cv2.resize(image * 255, size, interpolation=cv2.INTER_AREA)
        slopes.append(cv2.magnitude(cv2.filter2D(small, cv2.CV_32F, kernel), cv2.filter2D(small, cv2.CV_32F, kernel.T)))
    alike = (2 * slopes[0] * slopes[1] + 170) / (slopes[0] ** 2 + slopes[1] ** 2 + 170)
    inside = cv2.resize(where.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
    return float(alike[inside].std()) if inside.any() else 0.0


def true_motion(first: Image, second: Image) -> tuple[NDArray[np.float32], Mask]:
    """Where each pixel of *first* is found in *second*, and where forth and back agree to a pixel."""
    grey = [cv2.cvtColor(np.asarray(np.clip(i, 0, 1) * 255, np.uint8), cv2.COLOR_RGB2GRAY) for i in (first, second)]
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    zero = np.zeros((*grey[0].shape, 2), np.float32)
    forth, back = search.calc(grey[0], grey[1], zero.copy()), search.calc(grey[1], grey[0], zero.copy())
    height, width = grey[0].shape
    at = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float32)
    grid = np.asarray(at + forth, np.float32)
    again = cv2.remap(back, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return grid, np.asarray(np.linalg.norm(forth + again, axis=-1) < 1)


def silhouette_recall(truth: Image, made: Image, hole: Mask, subject: Mask) -> float | None:
    """Share of the true silhouette's edges inside *hole* that *made* has too; None for fewer than 25 pixels."""
    ring = np.ones((5, 5), np.uint8)
    outline = cv2.dilate(subject.astype(np.uint8), ring) - cv2.erode(subject.astype(np.uint8), ring)
    inner = cv2.erode(hole.astype(np.uint8), np.ones((3, 3), np.uint8))
    wanted, found = _edges(truth), _edges(made)
    total = hit = 0
    for turn in range(4):
        here = (wanted == turn + 1) & (outline > 0) & (inner > 0)
        near = np.isin(found, [1 + (turn + k) % 4 for k in (-1, 0, 1)]).astype(np.uint8)
        hit += int((here & (cv2.dilate(near, ring) > 0)).sum())
        total += int(here.sum())
    return hit / total if total >= 25 else None


def _edges(grey: Image) -> NDArray[np.uint8]:
    """Canny's edges; 1..4 is their direction in steps of 45 degrees, 0 is none."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.2)
    dx, dy = (cv2.Sobel(smooth * 255, cv2.CV_16S, *d) for d in ((1, 0), (0, 1)))
    edges = cv2.Canny(np.asarray(dx), np.asarray(dy), 40, 90) > 0
    turn = np.round(np.arctan2(dy.astype(np.float32), dx.astype(np.float32)) / (np.pi / 4)).astype(int) % 4
    return np.asarray(np.where(edges, turn + 1, 0), np.uint8)


def _lag(residual: Image, both: Mask) -> float:
    a, b = residual[:, 1:][both], residual[:, :-1][both]
    return float((a * b).mean() / max(float(np.sqrt((a * a).mean() * (b * b).mean())), 1e-12))
