"""The shot's own other frames as sources of what stands still.

Each source frame is laid over the target by the camera's homography and residual flow, and its
light made to meet the plate around the hole. Per pixel, the background is the densest cluster of
patches in that stack (the mode: what most frames agree on, so that performers who pass in some of
them drop out), and a source has little say where something is seen to move in it, or where it does
not fit the plate beside the hole. The fill is the mean of the sources that agree with the background,
weighed by how much the picture drifts between them (`drift`).
Nothing comes from across a cut, from inside another frame's matte, or from within two pixels of one;
and a frame without a matte that shows the very thing that is to be removed has no say (`unmatted`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ...pictures.layout import Image, Mask
from ...pictures.mix import for_rgb, put
from ...register import Matrix, Registration
from ..holes import Region
from .camera import Camera
from .drift import Drift
from .lay import Ground, Laid, Pictures
from .unmatted import showing

_NEAR = ((1, 8), (4, 22))
"""Every frame to within eight, every fourth to within twenty-two."""
_FAR_STEP, _FAR_REACH = 24, 110
_FAR = 12
"""Frames over a whole shot that a still camera's background is also known from."""
_AGREE = 0.045
"""Patch distance (RMS over RGB, 0..1) at which two sources still show the same thing."""
_FADES = 14.0
"""Frames after which a source counts e times less, however little drifts."""
_ELSE = 0.6
"""Agreement, as a share of the best source's, under which a source shows something else."""
_MOVES = 0.1
"""What the word of a source counts where something moves in it for sure: enough where no other speaks."""
_BESIDE = 25
"""Pixels across over which a source's fit beside the hole is looked at: half of it reaches into the hole."""
_FAR_OFF = 0.12
"""A difference counts as this much at most: something else stands there."""
_DEEP = 0.05
"""Share of known pixels nearby at which they count as much as all others do."""
_VOTES = 15_000
"""Pixels above which patches are compared at half of the reduced resolution."""
_WHOLE = 0.999
"""Share of a patch that is known, from which it may be compared with another's for noise."""
_FEWEST = 60
"""Pixels below which two sources are not compared."""
_LEAST = 0.02
"""Share of a source in the whole fill below which its picture is not fetched."""


class Frames(Pictures, Protocol):
    """What is asked of a shot whose frames are sources."""

    def vouched(self, frame: int) -> bool:
        """Whether what is not blocked is known not to be the thing itself."""

    def moving(self, frame: int) -> tuple[NDArray[np.float32], Matrix] | None:
        """How surely (0..1) something moves, and the way of those pixels to the frame's; None where nobody looked."""


@dataclass(frozen=True)
class Restored:
    """The fill over `window`, where it is known, and `trace` (h, w, 3): frame, x, y of the source that weighed most."""

    window: Region
    image: Image
    known: Mask
    trace: NDArray[np.float32]


def source_frames(frame: int, span: tuple[int, int], *, still: bool) -> list[int]:
    """Which frames to look at for *frame*, near ones first.

    They lie on a raster of the shot and not of the frame, so that the set hardly changes from one
    frame to the next, and what is prepared of a source serves many.
    """
    first, last = span
    near = [n for step, reach in _NEAR for n in range(first, last + 1, step) if abs(n - frame) <= reach]
    far = [n for n in range(first, last + 1, _FAR_STEP) if abs(n - frame) <= _FAR_REACH]
    if still:
        far += [round(first + share * (last - first)) for share in np.linspace(0, 1, _FAR)]
    return sorted({n for n in (*near, *far, first, last) if n != frame}, key=lambda n: abs(n - frame))


def restore(
    camera: Camera,
    pictures: Frames,
    frame: int,
    region: Region,
    unknown: Mask,
    window: Region,
    numbers: Iterable[int],
    like: Region | None = None,
) -> Restored | None:
    """What stands behind *unknown* (whole frame) in *frame*, over *window*, from the frames *numbers*.

    *region* is looked at to make sources fit, a probe's no more finely than the real hole's, which is *like* that
    region; None where not one of them does.
    """
    ground = Ground(camera, pictures, frame, region, unknown, like)
    placed = [(number, camera.onto(number, frame)) for number in sorted(numbers)]
    fitting = [(number, registration) for number, registration in placed if registration is not None]
    fitting.sort(key=lambda pair: abs(pair[0] - frame))
    found = [ground.lay(number, registration) for number, registration in fitting]
    laid = [one for one in found if one is not None]
    if not laid:
        return None
    images, valid = np.stack([one.image for one in laid]), np.stack([one.valid for one in laid])
    unsure = np.array([not pictures.vouched(one.frame) for one in laid])
    if unsure.any():
        valid &= ~showing(ground.plate, ground.hidden, images, valid, unsure)
    trust = np.stack([
        _unmoved(ground, pictures.moving(one.frame), camera.onto(one.frame, frame))
        * fit_beside(ground.plate, one.image, one.valid & ~ground.hidden)
        for one in laid
    ])  # fmt: skip
    agreed, apart = agreement(images, valid, trust)
    frames = np.array([one.frame for one in laid])
    drift = Drift.of(apart, frames)
    weights = drift.weights(_noise(agreed, drift.noise, np.abs(frames - frame)), frames - frame)
    return _mixed(ground, laid, weights, window)


def _noise(agreed: NDArray[np.float32], noise: float, lags: NDArray[np.int64]) -> NDArray[np.float32]:
    """Variance of each source (S, h, w): a frame's *noise*, more the less it agrees, and much for something else."""
    share = np.maximum(agreed / np.maximum(agreed.max(axis=0), 1e-9), 1e-4)
    fades = (noise * np.exp(lags / _FADES)).astype(np.float32)[:, None, None]
    return np.asarray(fades / share + np.float32(_AGREE**2) * np.maximum(_ELSE / share - 1, 0), np.float32)


def _unmoved(
    ground: Ground, moving: tuple[NDArray[np.float32], Matrix] | None, onto: Registration | None
) -> NDArray[np.float32]:
    """What a source's word counts over the region (0..1): little where something moves in it."""
    if moving is None or onto is None:
        return np.ones(ground.hidden.shape, np.float32)
    alpha, back = moving
    place = np.array([[1, 0, -ground.region.x], [0, 1, -ground.region.y], [0, 0, ground.divisor]]) / ground.divisor
    moves = cv2.warpPerspective(alpha, place @ onto.matrix @ back, ground.size, flags=cv2.INTER_LINEAR)
    moves = cv2.dilate(moves, np.ones((3, 3), np.uint8))  # a silhouette's own soft edge goes along
    return np.asarray(1 - (1 - _MOVES) * np.clip(moves, 0, 1), np.float32)


def fit_beside(plate: Image, image: Image, known: Mask) -> NDArray[np.float32]:
    """What a source's word counts at each pixel by how it fits the plate nearby, where both are *known*: (h, w) 0..1.

    Sources that lie wrong there (parallax, another plane, a head that has turned) show it beside the hole.
    """
    seen = known.astype(np.float32)
    apart = image - plate
    off = np.minimum(np.einsum("hwc,hwc->hw", apart, apart) / 3, _FAR_OFF**2) * seen
    usual = float(off.sum()) / max(float(seen.sum()), 1.0)
    # Deep in a hole nothing is near: there the source's usual fit counts.
    sums, mass = (cv2.blur(field, (_BESIDE, _BESIDE), borderType=cv2.BORDER_CONSTANT) for field in (off, seen))
    near = (sums + _DEEP * usual) / (mass + _DEEP)
    return np.asarray(np.exp(-near / (2 * _AGREE**2)), np.float32)


def agreement(
    images: NDArray[np.float32], valid: NDArray[np.bool_], trust: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """How far each source (S, h, w, 3) shows what most show there: (S, h', w') 0..1, 0 where not *valid*.

    *trust* (S, h, w) is what its word counts. h' and w' are h and w, or half of them. Beside it the mean squared
    differences (S, S) of their patches where both show the same; NaN where they share nothing.
    """
    patches, known, whole = _patches(images, valid)
    size = known.shape[:0:-1]
    weight = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in trust]) * known
    votes, differences = _votes(patches, weight, whole)
    best = np.where(known, votes, -1).argmax(axis=0)
    seed = np.take_along_axis(patches, best[None, ..., None], axis=0)
    apart = np.einsum("shwc,shwc->shw", patches - seed, patches - seed) / 3
    return np.asarray(np.exp(-apart / (2 * (_AGREE / 2) ** 2)) * weight, np.float32), differences


def _patches(
    images: NDArray[np.float32], valid: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """5x5 means of what is *valid* of every source (what it hides must not reach beyond its edge), where there is
    such a thing, and where all of the patch is."""
    height, width = valid.shape[1:]
    size = (width // 2, height // 2) if width * height > _VOTES else (width, height)
    patches = np.empty((len(images), size[1], size[0], 3), np.float32)
    known, whole = (np.empty(patches.shape[:3], bool) for _ in range(2))
    for index, (image, mask) in enumerate(zip(images, valid, strict=True)):
        seen = mask.astype(np.float32)
        sums = cv2.blur(cv2.merge([image * for_rgb(seen), seen]), (5, 5))
        sums = cv2.resize(sums, size, interpolation=cv2.INTER_AREA)
        patches[index] = sums[..., :3] / np.maximum(sums[..., 3:], np.float32(1e-3))
        known[index] = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
        whole[index] = sums[..., 3] > _WHOLE
    return patches, known, whole


def _votes(
    patches: NDArray[np.float32], weight: NDArray[np.float32], whole: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """For every source and pixel how much weight the sources have that show the same patch, itself included; and
    the mean squared difference of every two sources that do, where both are *whole*."""
    votes = weight.copy()
    planes = np.ascontiguousarray(patches.transpose(0, 3, 1, 2))
    scale = np.float32(-1 / (6 * _AGREE**2))
    differences = np.full((len(planes),) * 2, np.nan, np.float32)
    for i in range(1, len(planes)):
        apart = planes[:i] - planes[i]
        square = np.einsum("schw,schw->shw", apart, apart)
        near = np.exp(scale * square)
        votes[i] += np.einsum("shw,shw->hw", near, weight[:i])
        votes[:i] += near * weight[i]
        near *= weight[i] * whole[i]
        near *= weight[:i] * whole[:i]
        mass = near.sum(axis=(1, 2))
        seen = mass > _FEWEST
        differences[i, :i][seen] = (np.einsum("shw,shw->s", near, square) / 3)[seen] / mass[seen]
        differences[:i, i] = differences[i, :i]
    return votes, differences


def _mixed(ground: Ground, laid: list[Laid], weights: NDArray[np.float32], window: Region) -> Restored | None:
    """Full-size picture of every source that counts, by its weight."""
    shape = (window.height, window.width)
    total, heaviest = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    image, trace = np.zeros((*shape, 3), np.float32), np.full((*shape, 3), np.nan, np.float32)
    whole = weights.sum(axis=0)
    share = (weights / np.maximum(whole, 1e-9)).max(axis=(1, 2))
    heavy = [(one, weight) for one, weight, most in zip(laid, weights, share, strict=True) if most > _LEAST]
    for one, weight in heavy:
        taken = ground.take(one, window)
        if taken is None:
            continue
        picture, seen, at = taken
        mass = (ground.widened(weight, window) + np.float32(1e-7)) * seen
        picture *= for_rgb(mass)
        image += picture
        total += mass
        more = mass > heaviest
        put(mass, more, heaviest)
        put(cv2.merge([np.full(shape, one.frame, np.float32), at]), more, trace)
    if not total.any():
        return None
    mean = np.asarray(image / np.maximum(total, 1e-9)[..., None], np.float32)
    return Restored(window, mean, total > 0, trace)
