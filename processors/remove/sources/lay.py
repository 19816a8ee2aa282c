"""Laying one of the shot's own frames over a region of another.

Geometry and choice are made on pictures reduced by a whole divisor (1, 2, 4 ...), so that a large
hole costs little more than a small one; picture is taken at full size, with one interpolation, and
only where it is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from ...flow import Target, pixels, refine, sampled, within
from ...mattes import grown
from ...pictures.layout import Image, Mask
from ...register import Matrix, Registration
from ..holes import Region, reached
from .camera import Camera
from .membrane import Surround

Sample = TypeVar("Sample", bound=np.generic)
UNIT = 16383
"""Reduced pictures are uint16, so that highlights of four times white fit."""
_LARGE = (120_000, 1_000_000)
"""Pixels of a region above which its pictures are reduced by two, and by four."""
_LIMIT = 4.0
"""Reduced pixels that residual flow may have; more is something that moves."""
_SHY = 10
"""Pixels around a hole that flow does not look at."""
_MARGIN = 2
"""Pixels around a source's matte that are never taken."""


class Pictures(Protocol):
    """What is asked of a shot: pictures by frame, and where each must not be used."""

    def reduced(self, frame: int, divisor: int) -> NDArray[np.uint16]:
        """Display-referred RGB of a whole frame at one *divisor*-th of its size, 1.0 = `UNIT`."""

    def grey(self, frame: int, divisor: int) -> NDArray[np.uint8]:
        """Its luma."""

    def crop(self, frame: int, region: Region) -> Image:
        """Display-referred RGB of a part of a frame."""

    def blocked(self, frame: int, region: Region | None = None) -> Mask:
        """The matte, and in a self-test the probe too; over the whole frame or a region."""

    def shut(self, frame: int, divisor: int) -> Mask:
        """`shut` of the whole of that."""


def divisor_of(region: Region) -> int:
    """By how much a region's pictures are reduced for geometry and choice."""
    area = region.width * region.height
    return 1 if area <= _LARGE[0] else 2 if area <= _LARGE[1] else 4


@dataclass(frozen=True)
class Laid:
    """A source frame over a region: `image` and `valid` reduced; `gain` and `light` made it meet the plate there.

    `back` maps the region's full pixels to the source's, without `flow` (reduced pixels), which is
    None where the camera stands still.
    """

    frame: int
    image: Image
    valid: Mask
    gain: NDArray[np.float32]
    light: Image
    back: Matrix
    flow: NDArray[np.float32] | None


def shrunk_mask(mask: Mask, divisor: int) -> Mask:
    """*mask* on the reduced raster: inside where any of its pixels is."""
    if divisor == 1:
        return mask
    height, width = mask.shape
    whole = mask.astype(np.uint8) * 255
    if height % divisor or width % divisor:
        whole = np.pad(whole, ((0, -height % divisor), (0, -width % divisor)))
    size = (whole.shape[1] // divisor, whole.shape[0] // divisor)
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA) > 0)


def shut(mask: Mask, divisor: int) -> Mask:
    """Where a frame with this matte must not be used as a source, on the reduced raster."""
    return grown(shrunk_mask(mask, divisor), _MARGIN)  # as many reduced pixels: their chroma reaches that much further


def _unpacked(reduced: NDArray[np.uint16]) -> Image:
    return np.asarray(reduced, np.float32) * np.float32(1 / UNIT)


def _graded(image: Image, gain: NDArray[np.float32]) -> Image:
    """*image* times a factor per channel: quicker than numpy over a last axis of three."""
    if (gain == 1).all():
        return image
    return np.asarray(cv2.transform(image, np.diag(gain)), np.float32)


class Ground:
    """The region of one frame that sources are laid over."""

    def __init__(
        self,
        camera: Camera,
        pictures: Pictures,
        frame: int,
        region: Region,
        unknown: Mask,
        like: Region | None = None,
    ) -> None:
        """*unknown* (whole frame) is the hole, and what else must not be trusted there; pictures are reduced as much as
        they are for a region *like* that, if that is more."""
        self.camera, self.pictures, self.frame, self.region = camera, pictures, frame, region
        self.divisor = max(divisor_of(region), divisor_of(like or region))
        self.still = camera.still(frame)
        self.size = (-(-region.width // self.divisor), -(-region.height // self.divisor))
        self.unknown = unknown
        self.hidden = self._part(shrunk_mask(unknown, self.divisor))
        self.plate = _unpacked(self._part(pictures.reduced(frame, self.divisor)))
        self.surround = Surround(self.plate, self.hidden, scale=1 / self.divisor)
        self._target = None if self.still else Target.of(self._part(pictures.grey(frame, self.divisor)))

    def lay(self, number: int, registration: Registration) -> Laid | None:
        """Frame *number*, by the camera's *registration*, over the region; None where it does not fit there.

        From any thread.
        """
        picture = self.pictures.reduced(number, self.divisor)
        blocked = self.pictures.shut(number, self.divisor)
        flow = None
        if self._target is None:
            image, valid = _unpacked(self._part(picture)), ~self._part(blocked)
        else:
            near = self._reduced(registration)
            fine = refine(
                near,
                self.pictures.grey(number, self.divisor),
                self._target,
                exclude=self.hidden,
                moved=blocked,
                margin=max(4, _SHY // self.divisor),
                limit=_LIMIT,
            )
            at, flow = fine.places(), fine.flow
            image = _unpacked(sampled(picture, at, cv2.INTER_LINEAR))
            hidden = sampled(blocked.astype(np.uint8) * 255, at, cv2.INTER_LINEAR)
            valid = within(at, picture.shape[1], picture.shape[0]) & (hidden < 8)
        if not (valid & self.hidden).any():
            return None
        gain = self.surround.gain(image, valid)
        if gain is None:
            return None
        image = _graded(image, gain)
        light = self.surround.light(image, valid)
        move = np.eye(3)
        move[:2, 2] = (self.region.x, self.region.y)
        return Laid(number, image + light, valid, gain, light, np.linalg.inv(registration.matrix) @ move, flow)

    def take(self, laid: Laid, window: Region) -> tuple[Image, Mask, NDArray[np.float32]] | None:
        """Full-size picture of *laid* over *window*, where it may be used, and where it was (h, w, 2)."""
        place = window.inside(self.region)
        rest = pixels(self.region.width, self.region.height)[place]
        light = self._full(laid.light)[place]
        if laid.flow is None:
            return (
                _graded(self.pictures.crop(laid.frame, window), laid.gain) + light,
                ~grown(self.pictures.blocked(laid.frame), _MARGIN)[window.window],
                rest + np.array([self.region.x, self.region.y], np.float32),
            )
        flow = self._full(laid.flow * np.float32(self.divisor))[place]
        at = np.asarray(cv2.perspectiveTransform(rest + flow, laid.back), np.float32)
        height, width = self.unknown.shape
        inside = within(at, width, height)
        part = reached(at, inside, width, height)
        if part is None:
            return None
        spot = part.own(at)
        image = sampled(self.pictures.crop(laid.frame, part), spot)
        blocked = grown(self.pictures.blocked(laid.frame, part), _MARGIN).astype(np.uint8) * 255
        hidden = sampled(blocked, spot, cv2.INTER_LINEAR)
        return _graded(image, laid.gain) + light, inside & (hidden < 8), at

    def widened(self, weight: NDArray[np.float32], window: Region) -> NDArray[np.float32]:
        """A weight over the region, reduced by any factor, at full size over *window*."""
        size = (self.size[0] * self.divisor, self.size[1] * self.divisor)
        full = cv2.resize(weight, size, interpolation=cv2.INTER_LINEAR)
        return np.asarray(full[window.inside(self.region)], np.float32)

    def _full(self, field: NDArray[np.float32]) -> NDArray[np.float32]:
        """A reduced field (h, w, n) at the region's full size."""
        if self.divisor == 1:
            return field
        size = (self.size[0] * self.divisor, self.size[1] * self.divisor)
        return np.asarray(cv2.resize(field, size, interpolation=cv2.INTER_LINEAR), np.float32)

    def _part(self, whole: NDArray[Sample]) -> NDArray[Sample]:
        left, top = self.region.x // self.divisor, self.region.y // self.divisor
        return np.ascontiguousarray(whole[top : top + self.size[1], left : left + self.size[0]])

    def _reduced(self, registration: Registration) -> Registration:
        """The same mapping between reduced pictures, onto the region's own raster."""
        small = registration.scaled(1 / self.divisor, 1 / self.divisor)
        move = np.eye(3)
        move[:2, 2] = (-(self.region.x // self.divisor), -(self.region.y // self.divisor))
        return Registration(move @ small.matrix, 0, 0, 0, 0.0, (self.size[1], self.size[0]))
