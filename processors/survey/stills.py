"""Survey of an image sequence or a single picture, through OpenImageIO."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
from numpy.typing import NDArray

from ...schema.errors import ConfigError, UnreadableMedia
from ...schema.media import ColourTags, MediaFacts, VideoFacts
from ...schema.rate import snap_rate
from ...schema.timecode import Timecode
from .frames import reduced_size
from .probe import UNKNOWN_RATE, snapped
from .text import plain_text
from .viewing import Viewing

_MOST_PIXELS = 400_000_000
_BITS = {
    "uint8": "8",
    "uint10": "10",
    "uint12": "12",
    "uint16": "16",
    "half": "f16",
    "float": "f32",
    "double": "f64",
}


def watch_stills(frames: Sequence[tuple[int, Path]], seen: Callable[[float], None]) -> tuple[MediaFacts, Viewing]:
    """Read every frame once. Raises UnreadableMedia that names the frame which cannot be read."""
    facts = _facts(frames)
    assert facts.video is not None  # stills always have a picture
    viewing = Viewing(facts.video.rate)
    for number, path in frames:
        viewing.feed(_picture(path))
        if number % 10 == 0:
            seen(viewing.frames / len(frames))
    viewing.close()
    return facts, viewing


def _facts(frames: Sequence[tuple[int, Path]]) -> MediaFacts:
    path = frames[0][1]
    spec = _spec(path)
    rate, stated = _rate(spec)
    video = VideoFacts(
        codec=path.suffix.lower().lstrip("."),
        pixel_format=_pixel_format(spec),
        width=spec.full_width or spec.width,
        height=spec.full_height or spec.height,
        rate=rate,
        frames=len(frames),
        colour=ColourTags(transfer="linear" if _linear(spec) else None),
    )
    notes = []
    if len(frames) > 1 and not stated:
        notes.append("The files state no frame rate; 24 is taken.")
    if gaps := _gaps([number for number, _ in frames]):
        notes.append(f"Frames are missing: {gaps}.")
    return MediaFacts(
        container=video.codec,
        video=video,
        timecode=_timecode(spec, rate),
        reel=_text(spec, "reelName", "dpx:InputDevice"),
        tags=_tags(spec),
        note=" ".join(notes) or None,
    )


def _picture(path: Path) -> NDArray[np.uint8]:
    """The display window, reduced, as uint8 RGB; scene-linear pictures through a plain 2.2 gamma to be looked at."""
    spec = _spec(path)
    colours = min(spec.nchannels, 3)
    buffer = oiio.ImageBuf(str(path))
    # Pixels of a buffer that could not be read end the process, so the reading is asked about first.
    if not buffer.read(0, 0, 0, colours, True, oiio.FLOAT):
        raise UnreadableMedia(_damaged(path, _plain(buffer.geterror)), path=str(path))
    whole = oiio.ROI(
        spec.full_x,
        spec.full_x + spec.full_width,
        spec.full_y,
        spec.full_y + spec.full_height,
        0,
        1,
        0,
        colours,
    )
    pixels = buffer.get_pixels(oiio.FLOAT, whole)
    if pixels is None:
        raise UnreadableMedia(_damaged(path, _plain(buffer.geterror)), path=str(path))
    values = np.nan_to_num(np.asarray(pixels, np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    values = np.repeat(values[..., :1], 3, axis=-1) if values.shape[-1] < 3 else values
    height, width = values.shape[:2]
    small = cv2.resize(np.clip(values, 0, 1), reduced_size(width, height), interpolation=cv2.INTER_AREA)
    shown = np.power(small, 1 / 2.2) if _linear(spec) else small
    return np.asarray(np.rint(shown * 255), np.uint8)


def _spec(path: Path) -> oiio.ImageSpec:
    opened = oiio.ImageInput.open(str(path))
    if opened is None:
        raise UnreadableMedia(_damaged(path, _plain(oiio.geterror)), path=str(path))
    spec = opened.spec()
    opened.close()
    # OpenImageIO divides by a window without area, and takes memory for any window that a header claims.
    for width, height in ((spec.width, spec.height), (spec.full_width, spec.full_height)):
        if width <= 0 or height <= 0 or spec.nchannels <= 0:
            raise UnreadableMedia(_damaged(path, f"its header claims {width}x{height} pixels"), path=str(path))
        if width * height > _MOST_PIXELS:
            raise UnreadableMedia(f"{path.name} claims {width}x{height} pixels, more than can be read.", path=str(path))
    return spec


def _plain(get: Callable[..., object], *of: object) -> str:
    """Text that OpenImageIO hands out; headers hold bytes in any encoding, which it does not allow for."""
    try:
        value = get(*of)
    except UnicodeDecodeError:
        return ""
    return plain_text(value) if isinstance(value, str) else ""


def _damaged(path: Path, message: str) -> str:
    said = message.strip().splitlines()[0].strip().rstrip(".") if message.strip() else ""
    return f"{path.name} cannot be read as a picture: it is damaged or cut short" + (f" ({said})." if said else ".")


def _linear(spec: oiio.ImageSpec) -> bool:
    space = _plain(spec.get_string_attribute, "oiio:ColorSpace").lower()
    return "linear" in space or spec.format.basetype in {oiio.HALF, oiio.FLOAT}


def _pixel_format(spec: oiio.ImageSpec) -> str:
    bits = _BITS.get(str(spec.format), str(spec.format))
    depth = spec.get_int_attribute("oiio:BitsPerSample")
    channels = {1: "gray", 2: "graya", 3: "rgb", 4: "rgba"}.get(spec.nchannels, f"{spec.nchannels}ch")
    return f"{channels}{depth or bits}" if bits[0] != "f" else f"{channels}{bits}"


def _rate(spec: oiio.ImageSpec) -> tuple[Fraction, bool]:
    value = spec.getattribute("FramesPerSecond")
    if isinstance(value, tuple) and len(value) == 2 and value[0] > 0 and value[1] > 0:
        return Fraction(int(value[0]), int(value[1])), True
    for name in ("dpx:FrameRate", "dpx:TemporalFrameRate", "framesPerSecond"):
        number = spec.get_float_attribute(name)
        if 1 <= number <= 1000:
            return snapped(Fraction(number).limit_denominator(1001)), True
        try:
            return snap_rate(_plain(spec.get_string_attribute, name)), True
        except ConfigError:
            continue
    return UNKNOWN_RATE, False


def _timecode(spec: oiio.ImageSpec, rate: Fraction) -> str | None:
    label = _text(spec, "smpte:TimeCode", "dpx:TimeCode")
    try:
        return str(Timecode.parse(label, rate)) if label else None
    except ConfigError:
        return None


def _text(spec: oiio.ImageSpec, *names: str) -> str | None:
    for name in names:
        if value := _plain(spec.get_string_attribute, name).strip():
            return value
    return None


def _tags(spec: oiio.ImageSpec) -> dict[str, str]:
    found = {}
    for attribute in spec.extra_attribs:
        name = _plain(getattr, attribute, "name")
        value = _plain(getattr, attribute, "value")
        if name and value:
            found[name] = value
    return {name: value[:200] for name, value in found.items() if value.strip() and len(value) < 2000}


def _gaps(numbers: list[int]) -> str:
    missing = sorted(set(range(numbers[0], numbers[-1] + 1)) - set(numbers))
    return ", ".join(map(str, missing[:8])) + (f" and {len(missing) - 8} more" if len(missing) > 8 else "")
