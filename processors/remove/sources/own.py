"""The shot's own other frames as sources.

Each source frame is laid over the target by the camera's homography and residual flow, and its
light made to meet the plate around the hole. Per pixel, the background is the densest cluster of
patches in that stack (the mode: what most frames agree on, so that performers who pass in some of
them drop out); the fill is the mean of the near sources that agree with it. Nothing comes from
across a cut, from inside another frame's matte, or from within two pixels of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import refine
from ...mattes import grown
from ...pictures.layout import Image, Mask
from ...register import Registration
from ..holes import Region
from .camera import Camera
from .membrane import correction

_STEPS = (2, 4, 6, 8, 10, 13, 16, 20, 25, 31, 38, 46, 56, 68, 84, 104)
_MOST = 22
_FAR = 24
_AGREE = 0.045
"""Patch distance (RMS over RGB, 0..1) at which two sources still show the same thing."""
_BUDGET = 8_000_000
"""Pixels of all sources together: large holes look at fewer frames."""
_NEAR = 14.0
"""Frames after which a source counts e times less."""
_LARGE = 160_000
"""Pixels of a region above which patches are compared at half resolution."""


def _over_region(registration: Registration, region: Region) -> Registration:
    """The same mapping onto the region's own raster."""
    move = np.eye(3)
    move[:2, 2] = (-region.x, -region.y)
    return replace(registration, matrix=move @ registration.matrix, size=(region.height, region.width))


class Pictures(Protocol):
    """What `layer_frames` asks of a shot: pictures by frame, and where each must not be used."""

    def luma(self, frame: int) -> NDArray[np.uint8]:
        """uint8 luma of a whole frame."""

    def rgb(self, frame: int) -> Image:
        """Display-referred RGB of a whole frame."""

    def blocked(self, frame: int) -> Mask:
        """The matte, and in a self-test the probe too."""


@dataclass(frozen=True)
class Layered:
    """Sources over a region: `images` (S, h, w, 3), `valid` (S, h, w), `frames` (S,)."""

    images: NDArray[np.float32]
    valid: NDArray[np.bool_]
    frames: NDArray[np.int64]


def source_frames(frame: int, span: tuple[int, int], *, still: bool) -> list[int]:
    """Which frames to look at for *frame*: near ones, and for a still camera also some far over the shot."""
    first, last = span
    near = [frame + sign * step for step in _STEPS for sign in (1, -1)]
    chosen = [n for n in near if first <= n <= last][: _MOST - 8 if still else _MOST]
    if still and last - first > _FAR:
        # A fixed set for the whole shot: what stands still is best known from far apart moments.
        chosen += [round(first + share * (last - first)) for share in np.linspace(0, 1, 12)]
    else:
        chosen += [n for n in (first, last) if abs(n - frame) > 2]
    return sorted({n for n in chosen if n != frame}, key=lambda n: abs(n - frame))


def fill_from_frames(layers: Layered, frame: int, *, spread: float = _NEAR) -> tuple[Image, Mask, NDArray[np.float32]]:
    """The fill over the region, where it is known, and how many sources support it."""
    images, valid = layers.images, layers.valid
    patches = _patches(images)
    known = _resized_mask(valid, patches.shape[1:3])
    votes = _votes(patches, known)
    votes[~known] = -1
    best = votes.argmax(axis=0)
    seed = np.take_along_axis(patches, best[None, ..., None], axis=0)[0]
    weights = np.zeros(images.shape[:3], np.float32)
    size = (images.shape[2], images.shape[1])
    for index, number in enumerate(layers.frames):
        apart = ((patches[index] - seed) ** 2).mean(axis=-1)
        agreement = np.exp(-apart / (2 * (_AGREE / 2) ** 2))
        if agreement.shape != size[::-1]:
            agreement = cv2.resize(agreement, size, interpolation=cv2.INTER_LINEAR)
        weights[index] = agreement * valid[index] * np.exp(-abs(int(number) - frame) / spread) + 1e-7 * valid[index]
    total = weights.sum(axis=0)
    fill = (images * weights[..., None]).sum(axis=0) / np.maximum(total, 1e-9)[..., None]
    support = np.where(total > 0, total**2 / np.maximum((weights**2).sum(axis=0), 1e-20), 0)
    return np.asarray(fill, np.float32), np.asarray(valid.any(axis=0)), np.asarray(support, np.float32)


def _patches(images: NDArray[np.float32]) -> NDArray[np.float32]:
    """5x5 means of every source, at half resolution for large regions."""
    out = []
    for image in images:
        small = image
        if image.shape[0] * image.shape[1] > _LARGE:
            small = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        out.append(cv2.blur(small, (5, 5)))
    return np.asarray(np.stack(out), np.float32)


def _resized_mask(valid: NDArray[np.bool_], size: tuple[int, int]) -> NDArray[np.bool_]:
    if valid.shape[1:] == size:
        return valid.copy()
    flip = (size[1], size[0])
    return np.stack([cv2.resize(v.astype(np.uint8), flip, interpolation=cv2.INTER_NEAREST) > 0 for v in valid])


def _votes(patches: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """For every source and pixel how many sources show the same patch, itself included."""
    count = len(patches)
    votes = known.astype(np.float32)
    scale = 1 / (2 * _AGREE**2)
    for i in range(count):
        for j in range(i):
            apart = patches[i] - patches[j]
            near = np.exp(-scale * np.einsum("hwc,hwc->hw", apart, apart) / 3)
            votes[i] += near * known[j]
            votes[j] += near * known[i]
    return votes


def layer_frames(
    camera: Camera,
    pictures: Pictures,
    frame: int,
    region: Region,
    unknown: Mask,
    numbers: Sequence[int],
) -> Layered | None:
    """Lay the frames *numbers* over *region* of *frame*; None where not one of them fits.

    *unknown* (whole frame) is the target's hole, and what else must not be trusted there.
    """
    window = region.window
    luma, plate = pictures.luma(frame), pictures.rgb(frame)[window]
    still = camera.still(frame)
    images: list[Image] = []
    valid: list[Mask] = []
    kept: list[int] = []
    most = max(8, _BUDGET // (region.width * region.height))
    for number in numbers:
        if len(images) == most:
            break
        registration = camera.onto(number, frame)
        if registration is None:
            continue
        blocked = grown(pictures.blocked(number), 2)
        if still:
            image, seen = pictures.rgb(number)[window], ~blocked[window]
        else:
            near = _over_region(registration, region)
            fine = refine(near, pictures.luma(number), luma[window], exclude=unknown[window], limit=4.0)
            # The blocked places go along as a fourth channel: one interpolation serves both.
            layers = np.dstack([pictures.rgb(number), blocked.astype(np.float32)])
            warped, inside = fine.warp(layers)
            image, seen = np.ascontiguousarray(warped[..., :3], np.float32), inside & (warped[..., 3] < 0.03)
        if not (seen & unknown[window]).any():
            continue
        images.append(image + correction(plate, image, unknown[window], seen))
        valid.append(seen)
        kept.append(number)
    if not images:
        return None
    return Layered(np.stack(images), np.stack(valid), np.array(kept))
