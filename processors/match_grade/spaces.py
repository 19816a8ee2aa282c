"""Working spaces: from a file's code values to where the CDL works, and on to what people see.

A CDL names no colour space, and one that is applied in another space than it was made in is worse
than none. So the space is settled before anything is fitted, and every file that is written says it.
`plate` means the plate's own code values, 0..1 of its range, whatever they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere
from numpy.typing import NDArray

from ...schema.errors import BriefIncomplete
from ..pictures.colour import curve, uncurve
from ..pictures.layout import Image
from ..pictures.plate import Picture, Plate
from ..pictures.stills import Stills
from .cdl import Clamp
from .options import Options
from .render import Renderer, studio

PLATE = "plate"
_ASSUMED = "ACEScg"
_DISPLAY = "sRGB - Display"
_FOR_SCREENS = ("sRGB", "Gamma", "Camera Rec.709", "Rec.1886", "Display P3")
_PRIMARIES = {
    "ACES2065-1": (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077),
    "ACEScg": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044),
    "Linear Rec.709 (sRGB)": (0.64, 0.33, 0.30, 0.60, 0.15, 0.06),
    "Linear Rec.2020": (0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    "Linear P3-D65": (0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
}
"""Chromaticities (red, green, blue, x and y each) by which an EXR header names a linear space."""


@dataclass(frozen=True)
class Space:
    """One clip's way into the working space `name`. `coded` is the clip's own space, empty if unknown.

    `linear` says that working values are scene-linear. `note` is a sentence for people where
    something had to be assumed.
    """

    name: str
    coded: str
    linear: bool
    clamp: Clamp
    note: str
    _enter: Renderer
    _view: Renderer

    def enter(self, picture: Picture, size: tuple[int, int] | None = None) -> Image:
        """A frame in working values, HxWx3 float32, area-averaged to (width, height) *size*."""
        return self._enter(shrunk(code_values(picture), size))

    def view(self, values: NDArray[Any]) -> NDArray[np.float32]:
        """Working values as they look on an sRGB screen, 0..1. Code values of unknown meaning are shown as they are."""
        seen = self._view(values)
        if self.linear and not self.coded:
            seen = curve(seen)
        return np.clip(seen, 0, 1)

    def even(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Working values in steps that are about equally visible: linear light through the sRGB curve."""
        return curve(np.asarray(values, np.float32)).astype(np.float64) if self.linear else np.asarray(values)

    @property
    def words(self) -> str:
        """For descriptions and headers: what a person must know before applying the CDL."""
        if self.name != PLATE:
            return f"{self.name} (OpenColorIO, {studio().getName()})"
        kind = "scene-linear values" if self.linear else "code values 0..1 of the nominal range"
        coded = f", coded as {self.coded}" if self.coded else ""
        return f"{kind} of the plate itself{coded}"


def spaces(options: Options, plate: Plate, reference: Plate) -> tuple[Space, Space]:
    """The plate's and the reference's way into one working space.

    Raises BriefIncomplete for a name that OpenColorIO does not know, and where a space must be named.
    """
    floating = plate.layout.is_float
    own, note = _coded(options.plate_space, plate)
    theirs, _ = _coded(options.reference_space, reference)
    same_kind = reference.layout.is_float == floating
    if not theirs and same_kind:
        theirs = own
    wanted = options.working_space
    name = ("ACEScct" if floating else PLATE) if wanted == "auto" else PLATE if wanted == PLATE else _known(wanted)
    if name != PLATE and floating and not own:
        own, note = _ASSUMED, f"The plate does not say its colour space: {_ASSUMED} is assumed."
        theirs = theirs or (own if same_kind else "")
    if name == PLATE and not same_kind and not (own and theirs):
        raise BriefIncomplete(
            "One of plate and reference is floating-point and the other is not, so their values mean different "
            "things. Say how they are coded: plate_space: <name>, reference_space: <name>."
        )
    if name != PLATE and not (own and theirs):
        whose = "plate_space" if not own else "reference_space"
        raise BriefIncomplete(f"To work in {name}, say how the picture is coded: {whose}: <OpenColorIO name>.")
    target = own if name == PLATE else name
    clamp = _clamp(options, name, floating=floating)
    return _space(name, own, own, target, floating, clamp, note), _space(name, own, theirs, target, floating, clamp, "")


def _space(name: str, own: str, coded: str, target: str, floating: bool, clamp: Clamp, note: str) -> Space:
    linear = name == PLATE and floating
    enter = Renderer() if coded == target or not coded else Renderer(_between(coded, target))
    view = Renderer(_seen(target)) if target else Renderer()
    return Space(name, own, linear, clamp, note, enter, view)


def _between(source: str, target: str) -> Any:
    return ocio.ColorSpaceTransform(src=source, dst=target)


def _seen(space: str) -> Any:
    """The show LUT's stand-in: ACES output for scene-referred values, nothing but the encoding for display-referred."""
    plain = space.startswith(_FOR_SCREENS)
    view = "Un-tone-mapped" if plain else studio().getDefaultView(_DISPLAY)
    return ocio.DisplayViewTransform(src=space, display=_DISPLAY, view=view)


def _clamp(options: Options, name: str, *, floating: bool) -> Clamp:
    if options.clamp != "auto":
        return options.clamp
    return "none" if floating or name.startswith("ACES") else "asc"


def _known(name: str) -> str:
    """OpenColorIO's own spelling of a space. Raises BriefIncomplete."""
    found = studio().getCanonicalName(name)
    if not found:
        known = ", ".join(space.getName() for space in studio().getColorSpaces())
        raise BriefIncomplete(f"OpenColorIO does not know the colour space {name!r}. It knows: {known}.")
    return str(found)


def _coded(named: str, plate: Plate) -> tuple[str, str]:
    """The clip's space by option or header, and a sentence where the header said it."""
    if named:
        return _known(named), ""
    if not (plate.layout.is_float and isinstance(plate.media, Stills)):
        return "", ""
    stated = plate.media.spec(0).getattribute("chromaticities")
    if stated is None:
        return "", ""
    for name, primaries in _PRIMARIES.items():
        if np.allclose(np.asarray(stated, float)[:6], primaries, atol=2e-3):
            return name, f"The plate's header gives the primaries of {name}."
    return "", ""


def code_values(picture: Picture) -> Image:
    """HxWx3 RGB code values, 0..1 of the nominal range; scene-linear for floating-point pictures."""
    seen = picture.rgb()
    return uncurve(seen) if picture.encoding.layout.is_float else seen


def shrunk(image: Image, size: tuple[int, int] | None) -> Image:
    """*image* area-averaged to (width, height) *size*; never made larger."""
    if size is None or size[0] >= image.shape[1]:
        return image
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
