"""Small media that the tests make themselves."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
from av.video import VideoStream
from images import write_image
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
COMMENT = "tale of a tiny clip 0000000"


def scene(seed: int, width: int = 192, height: int = 108) -> Picture:
    """A picture with large shapes, the same for the same seed: a set-up of its own."""
    rng = np.random.default_rng(seed)
    picture = np.full((height, width, 3), rng.integers(40, 200, 3), np.uint8)
    for _ in range(14):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        size = (int(rng.integers(8, width // 3)), int(rng.integers(8, height // 2)))
        colour = tuple(int(c) for c in rng.integers(0, 255, 3))
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size[0], y + size[1]), colour, -1)
        else:
            cv2.ellipse(picture, (x, y), size, float(rng.integers(0, 180)), 0, 360, colour, -1)
    return picture


def movie(
    path: Path,
    frames: int = 12,
    *,
    rate: Fraction | int = 24,
    picture: Callable[[int], Picture] = lambda _: scene(1),
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    timecode: str | None = None,
    reel: str | None = None,
    comment: str | None = None,
    times: Callable[[int], int] | None = None,
    aspect: Fraction | None = None,
    rotation: int = 0,
) -> Path:
    """Write a movie; *times* gives each frame's time in 1/1000 s where its pace is not even."""
    with av.open(str(path), "w") as container:
        if comment:
            container.metadata["comment"] = comment
        stream = container.add_stream(codec, rate=rate)
        assert isinstance(stream, VideoStream)
        first = picture(0)
        stream.width, stream.height, stream.pix_fmt = first.shape[1], first.shape[0], pixel_format
        stream.codec_context.thread_count = 1
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if rotation:
            stream.set_display_rotation(rotation)
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        if timecode:
            stream.metadata["timecode"] = timecode
        if reel:
            stream.metadata["reel_name"] = reel
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(picture(number), "rgb24")
            if times:
                frame.pts, frame.time_base = times(number), Fraction(1, 1000)
            else:
                frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def tiny_clips() -> Callable[[int], bytes]:
    """A maker of clips of a few kilobytes, each of other content: one movie whose comment is patched."""
    held = io.BytesIO()
    with av.open(held, "w", format="mp4") as container:
        container.metadata["comment"] = COMMENT
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(3):
            frame = av.VideoFrame.from_ndarray(scene(number, 64, 48), "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    whole = held.getvalue()
    assert whole.count(COMMENT.encode()) == 1
    return lambda number: whole.replace(COMMENT.encode(), f"{COMMENT[:-7]}{number:07}".encode())


def frames(
    folder: Path,
    numbers: range,
    *,
    stem: str = "shot.",
    suffix: str = ".exr",
    attributes: Mapping[str, object] | None = None,
) -> list[Path]:
    """Write an image sequence; `timecode` in *attributes* is the first frame's, as SMPTE words."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for number in numbers:
        path = folder / f"{stem}{number:04}{suffix}"
        pixels = scene(number // 100, 64, 36).astype(np.float32) / 255
        spec = oiio.ImageSpec(64, 36, 3, "half" if suffix == ".exr" else "uint8")
        for name, value in (attributes or {}).items():
            if name == "FramesPerSecond":
                spec.attribute(name, oiio.TypeDesc("rational"), value)
            elif name == "smpte:TimeCode":
                spec.attribute(name, oiio.TypeDesc("timecode"), value)
            else:
                spec.attribute(name, value)
        write_image(path, spec, pixels)
        paths.append(path)
    return paths


def wave(path: Path, ixml: str | None, seconds: float = 0.2) -> Path:
    """A 48 kHz mono recorder file with `bext` and iXML chunks."""
    samples = np.zeros(int(48000 * seconds), "<i2").tobytes()
    bext = b"A101".ljust(256, b"\0") + b"MixPre".ljust(32, b"\0") + b"ref".ljust(32, b"\0")
    bext += b"2026-11-22" + b"10:11:12" + struct.pack("<Q", 172800000) + bytes(602 - 346)
    chunks = [(b"bext", bext), (b"fmt ", struct.pack("<HHIIHH", 1, 1, 48000, 96000, 2, 16))]
    if ixml is not None:
        chunks.append((b"iXML", ixml.encode()))
    chunks.append((b"data", samples))
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1) for name, data in chunks)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body)
    return path
