"""The review movie: what people look at, never what is delivered.

H.264, 4:2:0, closed GOP of half a second, narrow range, BT.709 tags, even dimensions, always with
an audio track: the plate's own first stream where it has one, else silence, since players and
trackers stumble over movies without sound.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from .coder import Coder
from .filmstrip import Filmstrip
from .layout import Image, frame_layout
from .master import write_still
from .mix import in_8_bits

_SOUND_RATE = 48000
_RGB = frame_layout(("R", "G", "B"), "uint8", 8)


FILMSTRIP = "filmstrip.jpg"
"""Beside the movie."""


def write_review(path: Path, images: Iterable[Image], rate: Fraction, *, sound: Path | None = None) -> None:
    """A movie of display-referred RGB pictures, all of one size, and its filmstrip beside it.

    *sound* is a file whose audio goes along.
    """
    strip = Filmstrip()
    part = path.with_name(f".{path.name}.part")
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        picture = container.add_stream("libx264", rate=rate)
        picture.pix_fmt = "yuv420p"
        gop = str(max(1, round(rate / 2)))
        picture.options = {
            "preset": "veryfast", "crf": "16", "g": gop, "x264-params": "open-gop=0", "threads": "1",
        }  # fmt: skip
        context = picture.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 1, 1, 1, 1
        audio = container.add_stream("aac", rate=_SOUND_RATE, layout="stereo")
        count = 0
        with Coder(container, picture) as coder:
            for count, image in enumerate(images, 1):
                height, width = image.shape[0] // 2 * 2, image.shape[1] // 2 * 2
                if count == 1:
                    picture.width, picture.height = width, height
                strip.feed(image)
                frame = _yuv(image[:height, :width])
                frame.pts, frame.time_base = count - 1, 1 / rate
                coder.give(frame)
            coder.finish()
        for sample in _sound(sound, Fraction(count) / rate):
            container.mux(audio.encode(sample))
        container.mux(audio.encode(None))
    strip.write(path.with_name(FILMSTRIP))
    part.replace(path)


def write_picture(path: Path, image: Image, *, longest: int | None = None) -> None:
    """An 8-bit PNG or JPEG of a display-referred RGB picture, scaled so that its longer side fits."""
    factor = min(1.0, longest / max(image.shape[:2])) if longest else 1.0
    if factor < 1.0:
        image = np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = in_8_bits(image)
    write_still(path, tuple(shown[..., i] for i in range(3)), _RGB)


def _yuv(image: Image) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(in_8_bits(image), format="rgb24").reformat(
        format="yuv420p", dst_colorspace="ITU709"
    )
    frame.colorspace, frame.color_range, frame.color_primaries, frame.color_trc = 1, 1, 1, 1
    return frame


def _sound(source: Path | None, seconds: Fraction) -> Iterable[av.AudioFrame]:
    """Stereo float frames at 48 kHz of exactly this length: the source's own, then silence."""
    wanted, given = int(seconds * _SOUND_RATE), 0
    if source is not None:
        for frame in _own_sound(source):
            frame.pts, frame.time_base = given, Fraction(1, _SOUND_RATE)
            if given + frame.samples > wanted:
                break
            given += frame.samples
            yield frame
    while given < wanted:
        count = min(1024, wanted - given)
        frame = av.AudioFrame.from_ndarray(np.zeros((2, count), np.float32), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = _SOUND_RATE, given, Fraction(1, _SOUND_RATE)
        given += count
        yield frame


def _own_sound(source: Path) -> Iterable[av.AudioFrame]:
    try:
        with av.open(str(source)) as container:
            if not container.streams.audio:
                return
            resampler = av.AudioResampler("fltp", "stereo", _SOUND_RATE)
            for frame in container.decode(container.streams.audio[0]):
                yield from resampler.resample(frame)
    except av.error.FFmpegError:
        return  # damaged sound must not keep a picture from being reviewed; silence follows
