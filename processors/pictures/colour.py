"""Between code values and display-referred RGB, by the file's own tags. Nothing is linearised.

Matrices are ITU-T H.273 (BT.601, BT.709, BT.2020 non-constant luminance); narrow range is 16..235
and 16..240 at 8 bits, scaled by powers of two above. Chroma is taken as centred on its pixels in
both directions: a quarter pixel off for MPEG-2 siting, the same on the way in and out.
Floating-point pictures are scene-linear as a rule: they are seen through the sRGB curve, continued
logarithmically above 1 and mirrored below 0, so that alignment works and the way back is exact
to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

from ...schema.media import ColourTags
from .layout import Image, Layout, Plane

_KR_KB = {"bt709": (0.2126, 0.0722), "bt601": (0.299, 0.114), "bt2020": (0.2627, 0.0593), "fcc": (0.30, 0.11),
          "smpte240m": (0.212, 0.087)}  # fmt: skip


@dataclass(frozen=True)
class Encoding:
    """A layout together with its matrix (`bt601`, `bt709`, `bt2020`, `fcc`, `smpte240m`) and range."""

    layout: Layout
    matrix: str
    full_range: bool

    @classmethod
    def of(cls, layout: Layout, tags: ColourTags, height: int) -> Encoding:
        """By tags; untagged files are BT.601 below 720 lines, else BT.709; narrow unless RGB or yuvj."""
        named = {"bt470bg": "bt601", "smpte170m": "bt601", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
        matrix = named.get(tags.matrix or "", tags.matrix or "")
        if matrix not in _KR_KB:
            matrix = "bt601" if height < 720 else "bt709"
        yuv = "U" in layout.names
        full = tags.range == "full" or layout.name.startswith("yuvj") or (not yuv and tags.range != "limited")
        return cls(layout, matrix, full)

    @cached_property
    def _to_rgb(self) -> NDArray[np.float64]:
        """3x4: code values (Y, U, V) to RGB 0..1."""
        kr, kb = _KR_KB[self.matrix]
        kg = 1 - kr - kb
        rows = np.array([[1, 0, 2 * (1 - kr)], [1, -2 * (1 - kb) * kb / kg, -2 * (1 - kr) * kr / kg],
                         [1, 2 * (1 - kb), 0]])  # fmt: skip
        low, luma, chroma = self._scales
        half = float(1 << (self.layout.bits - 1))
        matrix = rows / np.array([luma, chroma, chroma])
        return np.hstack([matrix, -(matrix @ np.array([low, half, half]))[:, None]])

    @cached_property
    def _from_rgb(self) -> NDArray[np.float64]:
        inverse = np.linalg.inv(self._to_rgb[:, :3])
        return np.hstack([inverse, -(inverse @ self._to_rgb[:, 3])[:, None]])

    @property
    def _scales(self) -> tuple[float, float, float]:
        """Black's code value, and the spans of luma and chroma."""
        top = float((1 << self.layout.bits) - 1)
        if self.full_range:
            return 0.0, top, top
        step = float(1 << (self.layout.bits - 8))
        return 16 * step, 219 * step, 224 * step

    @property
    def step(self) -> float:
        """One code value of luma in display-referred units; 0 for floating point."""
        return 0.0 if self.layout.is_float else 1 / self._scales[1]

    def rgb(self, planes: tuple[Plane, ...]) -> Image:
        """HxWx3 float32 display-referred RGB, 0..1 (above 1 for floating-point highlights)."""
        names = self.layout.names
        if "U" in names:
            luma = planes[0]
            height, width = luma.shape
            chroma = [_widen(planes[i], width, height) for i in (1, 2)]
            stacked = cv2.merge([luma.astype(np.float32), *chroma])
            image = cv2.transform(stacked, self._to_rgb.astype(np.float32))
            return np.asarray(np.clip(image, 0, 1, out=image), np.float32)
        seen = np.dstack([self._view(planes[i]) for i in self._rgb_order()])
        return seen if self.layout.is_float else np.asarray(np.clip(seen, 0, 1), np.float32)

    def values(self, planes: tuple[Plane, ...]) -> Image:
        """HxWx3 float32 RGB as a compositor reads the file raw: code values 0..1, floating point untouched."""
        if not self.layout.is_float:
            return self.rgb(planes)
        return np.dstack([planes[i].astype(np.float32) for i in self._rgb_order()])

    def luma(self, planes: tuple[Plane, ...]) -> NDArray[np.uint8]:
        """HxW uint8: the luma plane stretched to 0..255, or BT.709 weights over RGB."""
        if self.layout.names[0] == "Y" and not self.layout.is_float:
            low, span, _ = self._scales
            plane = planes[0]
            if plane.dtype == np.uint8:
                table = np.clip((np.arange(256) - low) / span * 255 + 0.5, 0, 255).astype(np.uint8)
                return np.asarray(cv2.LUT(plane, table), np.uint8)
            scaled = (plane.astype(np.float32) - low) * (255 / span) + 0.5
            return np.asarray(np.clip(scaled, 0, 255), np.uint8)
        grey = self.rgb(planes) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
        return (np.clip(grey, 0, 1) * 255 + 0.5).astype(np.uint8)

    def planes(self, image: Image) -> tuple[NDArray[np.float32], ...]:
        """RGB back to code values, unrounded float32, in plane order; alpha and other planes come back empty.

        Chroma is the mean over the pixels that a sample covers. `settle` rounds to the plate's type.
        """
        names = self.layout.names
        if "U" in names:
            yuv = np.asarray(cv2.transform(image, self._from_rgb.astype(np.float32)), np.float32)
            return tuple(
                shrink(yuv[..., "YUV".index(channel.name)], channel.x, channel.y)
                if channel.name in "YUV"
                else np.empty((0, 0), np.float32)
                for channel in self.layout.channels
            )
        out = [np.empty((0, 0), np.float32)] * len(names)
        order = self._rgb_order()
        if len(set(order)) == 1:
            out[order[0]] = self._code(image @ np.array([0.2126, 0.7152, 0.0722], np.float32))
            return tuple(out)
        for component, index in enumerate(order):
            out[index] = self._code(image[..., component])
        return tuple(out)

    def settle(self, plane: NDArray[np.float32]) -> Plane:
        """Round and clip code values to the layout's type; narrow range keeps clear of 0 and the top."""
        if self.layout.is_float:
            most = float(np.finfo(self.layout.dtype).max)
            return np.clip(plane, -most, most).astype(self.layout.dtype)
        top = (1 << self.layout.bits) - 1
        rim = 0 if self.full_range else 1 << (self.layout.bits - 8)
        return np.clip(np.rint(plane), rim, top - rim).astype(self.layout.dtype)

    def _rgb_order(self) -> tuple[int, int, int]:
        """Where R, G and B lie; a picture without them shows its luma or first channel."""
        names = [name.rsplit(".", 1)[-1].upper() for name in self.layout.names]
        if {"R", "G", "B"} <= set(names):
            return names.index("R"), names.index("G"), names.index("B")
        first = names.index("Y") if "Y" in names else 0
        return first, first, first

    def _view(self, plane: Plane) -> NDArray[np.float32]:
        if self.layout.is_float:
            return curve(np.nan_to_num(plane.astype(np.float32), nan=0.0, posinf=65504.0, neginf=-65504.0))
        low, span, _ = self._scales
        return (plane.astype(np.float32) - np.float32(low)) / np.float32(span)

    def _code(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        if self.layout.is_float:
            return uncurve(values)
        low, span, _ = self._scales
        return values * np.float32(span) + np.float32(low)


def _widen(plane: Plane, width: int, height: int) -> NDArray[np.float32]:
    chroma = plane.astype(np.float32)
    if chroma.shape == (height, width):
        return chroma
    x, y = -(-width // chroma.shape[1]), -(-height // chroma.shape[0])
    full = cv2.resize(chroma, (chroma.shape[1] * x, chroma.shape[0] * y), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(full[:height, :width], np.float32)


def shrink(plane: NDArray[np.float32], x: int, y: int) -> NDArray[np.float32]:
    """A plane at chroma size: the mean over the `1 << x` by `1 << y` pixels of each sample."""
    if not x and not y:
        return np.ascontiguousarray(plane)
    height, width = plane.shape
    step_x, step_y = 1 << x, 1 << y
    pad_x, pad_y = -width % step_x, -height % step_y
    if pad_x or pad_y:
        plane = cv2.copyMakeBorder(plane, 0, pad_y, 0, pad_x, cv2.BORDER_REPLICATE).astype(np.float32)
    rows, columns = plane.shape
    return np.asarray(cv2.resize(plane, (columns // step_x, rows // step_y), interpolation=cv2.INTER_AREA), np.float32)


def curve(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Scene-linear values as they are seen: sRGB, logarithmic above 1, mirrored below 0."""
    size = np.abs(linear)
    low = np.where(size <= 0.0031308, size * 12.92, 1.055 * np.power(np.minimum(size, 1), 1 / 2.4) - 0.055)
    high = 1 + 0.25 * np.log(np.maximum(size, 1))
    return np.copysign(np.where(size <= 1, low, high), linear).astype(np.float32)


def uncurve(shown: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse of `curve`."""
    size = np.abs(shown)
    low = np.where(size <= 0.04045, size / 12.92, np.power((np.minimum(size, 1) + 0.055) / 1.055, 2.4))
    high = np.exp((np.maximum(size, 1) - 1) / 0.25)
    return np.copysign(np.where(size <= 1, low, high), shown).astype(np.float32)
