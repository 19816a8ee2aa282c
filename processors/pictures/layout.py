"""How a picture lies in memory: one array per channel, at native depth and subsampling."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import av
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import UnreadableMedia

Plane = NDArray[Any]
"""Native code values of one channel, rows by columns; dtype as the layout says."""
Image = NDArray[np.float32]
"""HxWx3 display-referred RGB, 0..1."""
Mask = NDArray[np.bool_]
"""HxW, True = inside."""

Sample = Literal["uint8", "uint16", "float16", "float32"]

PACKED: dict[str, str] = {
    "rgb24": "RGB", "bgr24": "BGR", "rgb0": "RGB0", "bgr0": "BGR0", "0rgb": "0RGB", "0bgr": "0BGR",
    "rgba": "RGBA", "bgra": "BGRA", "argb": "ARGB", "abgr": "ABGR",
    "rgb48le": "RGB", "bgr48le": "BGR", "rgba64le": "RGBA", "bgra64le": "BGRA", "ya8": "YA", "ya16le": "YA",
}  # fmt: skip
"""FFmpeg's interleaved formats and the order of their components; `0` is padding."""

SHUFFLED: dict[str, str] = {
    "nv12": "yuv420p", "nv21": "yuv420p", "nv16": "yuv422p", "nv24": "yuv444p",
    "p010le": "yuv420p10le", "p012le": "yuv420p12le", "p016le": "yuv420p16le",
    "p210le": "yuv422p10le", "p212le": "yuv422p12le", "p216le": "yuv422p16le",
    "yuyv422": "yuv422p", "uyvy422": "yuv422p", "yvyu422": "yuv422p",
}  # fmt: skip
"""Formats that differ from a planar one only by where the samples lie; swscale splits them exactly."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One plane. A sample covers `1 << x` by `1 << y` pixels (chroma subsampling), 1 by 1 for most."""

    name: str
    x: int = 0
    y: int = 0

    def shape(self, width: int, height: int) -> tuple[int, int]:
        """Rows and columns of the plane of a picture of this size; odd sizes round up."""
        return -(-height // (1 << self.y)), -(-width // (1 << self.x))


@dataclass(frozen=True, slots=True)
class Layout:
    """A pixel format: FFmpeg's planar name where there is one, the channels in plane order.

    `bits` is the depth of integer samples (10 bits are stored in the low bits of uint16); floats
    count 16 or 32.
    """

    name: str
    channels: tuple[Channel, ...]
    sample: Sample
    bits: int

    @property
    def names(self) -> tuple[str, ...]:
        """The channels' names in plane order."""
        return tuple(channel.name for channel in self.channels)

    @property
    def is_float(self) -> bool:
        """Whether samples are floating point (scene-linear, as a rule)."""
        return self.sample.startswith("float")

    @property
    def dtype(self) -> np.dtype[Any]:
        """The planes' dtype."""
        return np.dtype(self.sample)


def movie_layout(name: str) -> Layout:
    """The planar layout of an FFmpeg pixel format, packed ones included.

    Raises UnreadableMedia for formats that no exact split is known for (palettes, Bayer, hardware).
    """
    plain = SHUFFLED.get(name, name)
    depth = av.VideoFormat(plain, 16, 16).components[0].bits if plain in PACKED else 0
    if plain in PACKED:
        order = PACKED[plain].replace("0", "")
        grey, alpha = order.startswith("Y"), "A" in order
        deep = "" if depth == 8 else "16le"
        planar = ("ya" if alpha else "gray") if grey else ("gbrap" if alpha else "gbrp")
        names = "YA" if grey else "GBRA" if alpha else "GBR"
        sample: Sample = "uint8" if depth == 8 else "uint16"
        return Layout(planar + deep if not grey else plain, tuple(map(Channel, names)), sample, depth)
    format_ = av.VideoFormat(plain, 16, 16)
    parts = sorted(format_.components, key=lambda part: part.plane)
    split = len({part.plane for part in parts}) == len(parts)
    bits = parts[0].bits
    if format_.has_palette or not split or bits < 8 or plain.endswith("be") or bits > 32:
        raise UnreadableMedia(f"pixel format {name} is not decoded here")
    sample = {8: "uint8", 32: "float32"}.get(bits, "float16" if "f16" in plain else "uint16")  # type: ignore[assignment]  # a dict's values lose their Literal
    names = "GBRA" if format_.is_rgb else "YUVA"
    if len(parts) == 2:
        names = "YA"
    channels = tuple(
        Channel(letter, (16 // part.width).bit_length() - 1, (16 // part.height).bit_length() - 1)
        for letter, part in zip(names, parts, strict=False)
    )
    return Layout(plain, channels, sample, bits)


def frame_layout(names: tuple[str, ...], sample: Sample, bits: int) -> Layout:
    """The layout of an image file's channels, in the file's own order."""
    short = "".join(names) if all(len(name) == 1 for name in names) else ",".join(names)
    return Layout(f"{short.lower()}:{sample}", tuple(Channel(name) for name in names), sample, bits)
