"""The patch alone: RGBA OpenEXR files that, laid over the plate, give the master.

RGB is premultiplied and in the plate's own values: scene-linear where the plate is, else code values
0..1 (YUV through the plate's own matrix and range). Alpha is the strength with which the fill was
mixed in, zero outside the effective matte. Colour is what the master needs over the plate,
`master - plate * (1 - alpha)`, so that rounding of the master is in it too. Half float where that
holds every step of the plate (to 10 bits, and half plates), else float.

Inside the matte patch over plate is the master to rounding. With subsampled chroma a sample at the
matte's edge is shared with pixels outside, whose colour then differs when seen as RGB: how much is
measured while writing and said in the report.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...pictures import Picture, Plate
from ...pictures.layout import Image, Layout, Mask
from ..holes import Region, region_of
from .exr import Channels, Stamp, fresh_folder, write_exr

NAME = "patch"
_MARGIN = 2
"""Clear pixels around the matte, so that software that repeats a data window's edge repeats nothing."""
_NOTHING = Region(0, 0, 1, 1)


class Patch:
    """Writes `patch/patch.NNNN.exr`, one a frame, numbered by shot frame; an empty one where nothing changed."""

    def __init__(self, plate: Plate, out: Path, first_frame: int, *, grain: bool) -> None:
        """*grain*: what `regrained` adds goes along as a layer of its own, so that it can be taken off again."""
        self.folder = fresh_folder(out, NAME)
        self.half = held_by_half(plate.layout)
        self.grain = grain
        self._first = first_frame
        self._files: dict[str, str] = {}
        self._beyond: list[float] = []
        self._encoding = encoding_words(plate)
        self._stamp = Stamp(plate, first_frame, {"wetgate:encoding": self._encoding})

    def write(
        self, plate: Picture, made: Picture, hole: Mask, strength: NDArray[np.float32], plain: Picture | None = None
    ) -> None:
        """The patch of one frame, from any thread; *plain* is *made* before grain was added to it."""
        region = region_of(hole, _MARGIN) or _NOTHING
        alpha = np.where(hole, strength, 0)[region.window].astype(np.float32)
        if self.half:
            alpha = alpha.astype(np.float16).astype(np.float32)
        before, after = _values(plate, region), _values(made, region)
        channels = patch_channels(before, after, alpha)
        if "U" in plate.encoding.layout.names:
            self._beyond.append(float(np.abs(after - before)[alpha == 0].max(initial=0)))
        if self.grain:
            added = after - _values(plain, region) if plain is not None else np.zeros_like(after)
            channels |= {f"grain.{c}": np.where(alpha > 0, added[..., i], 0) for i, c in enumerate("RGB")}
        name = f"{NAME}.{plate.frame + self._first:04d}.exr"
        digest = write_exr(self.folder / name, channels, region, self._stamp, plate.frame, half=self.half)
        self._files[name] = digest

    def words(self) -> dict[str, Any]:
        """For the report."""
        return {
            "path": NAME,
            "encoding": self._encoding,
            "sample": "half" if self.half else "float",
            "zero_outside_matte": ["R", "G", "B", "A"],
            "grain_layer": self.grain,
            "beyond_matte_8bit": round(255 * max(self._beyond, default=0.0), 2),
            "sha256": dict(sorted(self._files.items())),
        }


def patch_channels(before: Image, after: Image, alpha: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
    """Premultiplied R, G, B and A that turn *before* into *after* by a Merge over."""
    share = alpha[..., None]
    # Where the plate is not finite nothing of it can remain: 0 times infinity is no number.
    under = np.where(np.isfinite(before), before, 0)
    colour = np.where(share > 0, after - under * (1 - share), 0)
    return {"R": colour[..., 0], "G": colour[..., 1], "B": colour[..., 2], "A": alpha}


def over(patch: Channels, before: Image) -> Image:
    """*patch* over *before*, as a compositor does it."""
    colour = np.dstack([patch["R"], patch["G"], patch["B"]])
    return np.asarray(colour + before * (1 - patch["A"][..., None]), np.float32)


def held_by_half(layout: Layout) -> bool:
    """Whether half float tells all values of a layout apart."""
    return layout.sample == "float16" or (not layout.is_float and layout.bits <= 10)


def encoding_words(plate: Plate) -> str:
    """What the patch's RGB values are, for headers and people."""
    layout, encoding = plate.layout, plate.encoding
    if layout.is_float:
        return "premultiplied; the plate's floating-point values (scene-linear as a rule), read raw"
    if "U" in layout.names:
        span = "full" if encoding.full_range else "narrow"
        return (
            f"premultiplied; the plate's {layout.bits}-bit code values as RGB 0..1 "
            f"({encoding.matrix} matrix, {span} range), read raw"
        )
    return f"premultiplied; the plate's {layout.bits}-bit code values as 0..1, read raw"


def _values(picture: Picture, region: Region) -> Image:
    bounds = (region.x, region.y, region.x + region.width, region.y + region.height)
    part = picture.crop(*bounds)
    return part.encoding.values(part.planes)[: region.height, : region.width]
