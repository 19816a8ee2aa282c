"""Image sequences through OpenImageIO: channels, alpha, half and float as they are in the files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
from fileseq.exceptions import FileSeqException
from fileseq.filesequence import FileSequence

from ...schema.errors import UnreadableMedia
from ...schema.media import ColourTags, VideoFacts
from ...schema.rate import snap_rate
from .layout import Layout, Plane, Sample, frame_layout
from .windows import Windows

SUFFIXES = (".exr", ".dpx", ".png", ".tif", ".tiff", ".jpg", ".jpeg")
_RAW = {"oiio:UnassociatedAlpha": 1, "dpx:RawColor": 1, "oiio:RawColor": 1, "raw:ColorSpace": "raw"}
"""Hand out what is in the file: no premultiplying, no colour conversion."""


def frame_paths(path: Path) -> list[Path]:
    """The files of a sequence in frame order: a folder, a pattern (`a.####.exr`, `a.%04d.exr`) or one file.

    Raises UnreadableMedia for no images, several sequences in one folder, and missing frames.
    """
    if path.is_file():
        return [path]
    sequence = _sequence(path)
    missing = sequence.invertedFrameRange()
    if missing:
        raise UnreadableMedia(f"{path.name} lacks frames {missing}.", path=path, missing=missing)
    return [Path(str(name)) for name in sequence]


def numbered_paths(path: Path) -> dict[int, Path]:
    """The files of a sequence by the numbers in their names; frames may be missing.

    Raises UnreadableMedia for no images, and for several sequences in one folder.
    """
    sequence = _sequence(path)
    numbers = [int(number) for number in sequence.frameSet() or []]
    return {number: Path(str(sequence.frame(number))) for number in numbers}


def _sequence(path: Path) -> FileSequence:
    if path.is_dir():
        images = [p for p in path.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith(".")]
        found = list(FileSequence.findSequencesInList([str(p) for p in images]))
    else:
        found = _matching(path)
    if not found:
        raise UnreadableMedia(f"{path.name} holds no images ({', '.join(SUFFIXES)}).", path=path)
    if len(found) > 1 and path.is_dir() and all(len(s) == 1 for s in found):
        raise UnreadableMedia(f"{path.name} holds images whose names have no frame numbers.", path=path)
    if len(found) > 1:
        names = ", ".join(sorted(s.basename() + "#" + s.extension() for s in found))
        raise UnreadableMedia(f"{path.name} holds several sequences ({names}); name one.", path=path)
    return found[0]


def _matching(path: Path) -> list[FileSequence]:
    try:
        return list(filter(None, [FileSequence.findSequenceOnDisk(str(path), strictPadding=False)]))
    except FileSeqException as error:
        raise UnreadableMedia(f"{path} is no file, folder or sequence: {error}", path=path) from error


class Stills:
    """One image sequence; frame 0 is its first file."""

    def __init__(self, path: Path) -> None:
        """Raises UnreadableMedia."""
        self.path = path
        self.files = frame_paths(path)
        spec = self.spec(0)
        self.layout = _layout(spec)
        self.parts = spec.get_int_attribute("oiio:subimages", 1)
        self.video = self._facts(spec)
        self.timecode = spec.get_string_attribute("smpte:TimeCode") or None
        reel = spec.get_string_attribute("reelName") or spec.get_string_attribute("dpx:SourceImageFileName")
        self.reel = str(reel) if reel else None

    def read(self, first: int, last: int) -> Iterator[tuple[int, tuple[Plane, ...], tuple[Plane, ...]]]:
        """Frames `first`..`last`, counted from 0: number, planes of the picture, overscan by channel."""
        for number in range(first, last + 1):
            yield number, *self._planes(number)

    def spec(self, frame: int) -> oiio.ImageSpec:
        """The header of one file, all attributes kept."""
        return self._open(frame).spec()

    def windows(self, spec: oiio.ImageSpec) -> Windows:
        """A file's data and display window."""
        return Windows.of(spec, exr=self.files[0].suffix.lower() == ".exr")

    def around(self, frame: int, planes: tuple[Plane, ...]) -> tuple[Plane, ...]:
        """All that the file of *frame* held, by channel, with *planes* in place of its picture."""
        if not self.windows(self.spec(frame)).differ:
            return planes
        held, windows = self._pixels(frame)
        pixels = windows.back(held, np.dstack(planes))
        return tuple(np.ascontiguousarray(pixels[..., i]) for i in range(pixels.shape[2]))

    def close(self) -> None:
        """Nothing stays open between frames."""

    def _open(self, frame: int) -> oiio.ImageInput:
        name = self.files[frame]
        wish = oiio.ImageSpec()
        for key, value in _RAW.items():
            wish.attribute(key, value)
        # A FIFO or device would block for ever.
        image = oiio.ImageInput.open(os.fspath(name), wish) if name.is_file() else None
        if image is None:
            raise UnreadableMedia(f"{name.name} cannot be opened: {oiio.geterror()}", path=name)
        return image

    def _planes(self, frame: int) -> tuple[tuple[Plane, ...], tuple[Plane, ...]]:
        """The picture's planes, and by channel the samples beyond it."""
        pixels, windows = self._pixels(frame)
        beyond: tuple[Plane, ...] = ()
        if windows.differ:
            rest = windows.overscan(pixels)
            if rest.size:
                beyond = tuple(np.ascontiguousarray(rest[:, i]) for i in range(rest.shape[1]))
            pixels = windows.picture(pixels)
        return tuple(np.ascontiguousarray(pixels[..., i]) for i in range(pixels.shape[2])), beyond

    def _pixels(self, frame: int) -> tuple[Plane, Windows]:
        """All that a file holds (rows, columns, channels), and its windows. Raises UnreadableMedia."""
        name = self.files[frame]
        image = self._open(frame)
        spec = image.spec()
        windows = self.windows(spec)
        if _layout(spec) != self.layout or windows.display[2:] != (self.video.width, self.video.height):
            image.close()
            raise UnreadableMedia(f"{name.name} differs in size or channels from {self.files[0].name}.", path=name)
        pixels = image.read_image(0, 0, 0, spec.nchannels, oiio_type(self.layout.sample))
        fault = image.geterror()
        image.close()
        if pixels is None:
            raise UnreadableMedia(f"{name.name} cannot be read: {fault}", path=name)
        array = np.asarray(pixels).reshape(spec.height, spec.width, spec.nchannels)
        if self.layout.bits < 16 and self.layout.sample == "uint16":
            array = array >> (16 - self.layout.bits)  # OIIO repeats the high bits below: the shift undoes it
        return array, windows

    def _facts(self, spec: oiio.ImageSpec) -> VideoFacts:
        _, _, width, height = self.windows(spec).display
        return VideoFacts(
            codec=self.files[0].suffix.lower().lstrip("."),
            pixel_format=self.layout.name,
            width=width,
            height=height,
            rate=_rate(spec),
            frames=len(self.files),
            colour=ColourTags(),
        )


def oiio_type(sample: Sample) -> oiio.TypeDesc:
    """OpenImageIO's name of a sample type."""
    words = {"uint8": "uint8", "uint16": "uint16", "float16": "half", "float32": "float"}
    return oiio.TypeDesc(words[sample])


def _layout(spec: oiio.ImageSpec) -> Layout:
    kinds: dict[str, Sample] = {"uint8": "uint8", "uint16": "uint16", "half": "float16", "float": "float32"}
    held = {str(kind) for kind in spec.channelformats} or {str(spec.format)}
    if not held <= set(kinds):
        raise UnreadableMedia(f"samples of type {', '.join(sorted(held))} are not decoded here")
    sample = kinds["float" if "float" in held else next(iter(held))]
    bits = {"uint8": 8, "uint16": 16, "float16": 16, "float32": 32}[sample]
    stated = spec.get_int_attribute("oiio:BitsPerSample", bits)
    if sample == "uint16" and 8 < stated < 16:
        bits = stated
    return frame_layout(tuple(spec.channelnames), sample, bits)


def _rate(spec: oiio.ImageSpec) -> Fraction:
    """The rate that the header states, or 24: sequences seldom say."""
    stated = spec.getattribute("framesPerSecond") or spec.getattribute("FramesPerSecond")
    if isinstance(stated, (tuple, list)) and len(stated) == 2 and stated[1]:
        return Fraction(int(stated[0]), int(stated[1]))
    film = spec.get_float_attribute("dpx:FrameRate", 0.0) or spec.get_float_attribute("dpx:TemporalFrameRate", 0.0)
    return snap_rate(f"{film:.3f}") if 1 < film < 1000 and round(film, 3) == round(film) else Fraction(24)
