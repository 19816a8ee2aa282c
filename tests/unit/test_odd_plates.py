"""Plates that break assumptions: OpenEXR windows, NaN and infinity, channels of several types, many parts."""

from __future__ import annotations

from pathlib import Path

import av
import footage
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
import pytest
from images import open_image, write_image
from plates import same
from wetgate.processors.identity import prove_frame
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.pictures.master import check_master, open_master
from wetgate.processors.remove.compose import compose
from wetgate.processors.remove.holes import ramp, region_of
from wetgate.schema.errors import ProcessorError

WINDOWS = [f"openexr/t0{n}.exr" for n in range(1, 9)]
ODD_VALUES = [f"openexr/TestImages/{n}.exr" for n in ("AllHalfValues", "BrightRingsNanInf", "WideFloatRange")]


def box(picture: Picture) -> np.ndarray:
    """A matte in the upper left quarter of a picture."""
    height, width = picture.planes[0].shape
    matte = np.zeros((height, width), bool)
    matte[height // 8 : height // 2, width // 8 : width // 2] = True
    return matte


def fixed(picture: Picture, matte: np.ndarray, feather: int = 2) -> Picture:
    """The picture with grey in *matte*."""
    region = region_of(matte)
    assert region is not None
    grey = np.full((region.height, region.width, 3), 0.5, np.float32)
    return compose(picture, grey, region, matte, ramp(matte, feather))


def made_exr(path: Path, *, data: tuple[int, int, int, int], full: tuple[int, int, int, int]) -> None:
    """A half EXR of noise with these data and display windows (x, y, width, height)."""
    spec = oiio.ImageSpec(data[2], data[3], 4, "half")
    spec.x, spec.y = data[:2]
    spec.full_x, spec.full_y, spec.full_width, spec.full_height = full
    pixels = np.random.default_rng(data[0] + 50).standard_normal((data[3], data[2], 4))
    write_image(path, spec, pixels.astype(np.float16))


def held(path: Path) -> tuple[bytes, tuple[int, ...]]:
    """All sample bytes of a file, and its windows."""
    image = open_image(path)
    spec = image.spec()
    pixels = image.read_image(str(spec.format))
    assert pixels is not None
    window = (spec.x, spec.y, spec.width, spec.height, spec.full_x, spec.full_y, spec.full_width, spec.full_height)
    return pixels.tobytes(), window


@pytest.mark.parametrize("name", WINDOWS + ODD_VALUES)
def test_windows_and_odd_values_come_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    """The master of an untouched plate holds the plate's very samples, overscan and NaN too, in its windows."""
    path = footage.shared(name)
    with Plate.open(path) as plate, open_master(plate, tmp_path) as master:
        picture = plate.picture(0)
        spec = open_image(path).spec()
        assert picture.planes[0].shape == (spec.full_height, spec.full_width)
        master.write(picture.planes)
    assert held(path) == held(tmp_path / "master" / path.name)


@pytest.mark.parametrize("name", WINDOWS + ODD_VALUES)
def test_a_fix_leaves_the_rest_of_an_odd_plate_alone(name: str, tmp_path: Path) -> None:
    """With a hole filled, everything outside it is proven, and nothing inside is left infinite or NaN."""
    path = footage.shared(name)
    with Plate.open(path) as plate:
        picture = plate.picture(0)
        matte = box(picture)
        with open_master(plate, tmp_path) as master:
            master.write(fixed(picture, matte).planes)
        with Plate.open(master.path) as again:
            read = again.picture(0)
            proof = prove_frame(picture, read, matte)
    assert (proof.changed, proof.plate) == (0, proof.master)
    colours = [plane for plane, name in zip(read.planes, plate.layout.names, strict=True) if name != "A"]
    deep = matte & (ramp(matte, 2) > 0)
    assert all(np.isfinite(plane[deep].astype(np.float64)).all() for plane in colours)


@pytest.mark.parametrize("name", ["openexr/t08.exr", *ODD_VALUES[:2]])
def test_another_decoder_reads_the_same_outside(name: str, tmp_path: Path) -> None:
    """FFmpeg's own OpenEXR decoder, which shows the display window too, finds the plate's samples in a fixed master."""
    path = footage.shared(name)
    with Plate.open(path) as plate, open_master(plate, tmp_path) as master:
        picture = plate.picture(0)
        matte = box(picture)
        master.write(fixed(picture, matte).planes)
    with av.open(str(master.path / path.name)) as container:
        frame = next(container.decode(video=0))
    assert frame.format.name == "gbrpf16le"
    for channel, buffer in zip("GBR", frame.planes, strict=True):
        rows = np.frombuffer(memoryview(buffer), np.uint8).reshape(-1, buffer.line_size)
        theirs = rows.view(np.float16)[: frame.height, : frame.width]
        ours = picture.planes[picture.encoding.layout.names.index(channel)]
        assert ours.shape == theirs.shape
        assert ours[~matte].tobytes() == theirs[~matte].tobytes()


def test_a_data_window_that_changes_from_frame_to_frame(tmp_path: Path) -> None:
    """Frames whose data windows differ are one plate of the display window's size, padded with zero."""
    (tmp_path / "in").mkdir()
    windows = [(-4, -2, 40, 30), (3, 5, 12, 8), (0, 0, 32, 24)]
    for number, data in enumerate(windows, 1001):
        made_exr(tmp_path / "in" / f"p.{number}.exr", data=data, full=(0, 0, 32, 24))
    with Plate.open(tmp_path / "in") as plate:
        pictures = list(plate.read())
        with open_master(plate, tmp_path) as master:
            for picture in pictures:
                master.write(picture.planes)
        assert (plate.video.width, plate.video.height) == (32, 24)
        with Plate.open(master.path) as again:
            for a, b in zip(pictures, again.read(), strict=True):
                assert same(a.planes, b.planes)
                assert same(a.overscan, b.overscan)
    assert pictures[0].overscan[0].size == 40 * 30 - 32 * 24
    assert not pictures[1].planes[0][:5].any()
    for number in (1001, 1002, 1003):
        name = f"p.{number}.exr"
        assert held(tmp_path / "in" / name) == held(tmp_path / "master" / name)


def test_one_changed_overscan_value_breaks_the_proof(tmp_path: Path) -> None:
    """A sample beyond the display window counts as outside like any other."""
    made_exr(tmp_path / "p.exr", data=(-4, -2, 40, 30), full=(0, 0, 32, 24))
    with Plate.open(tmp_path / "p.exr") as plate:
        picture = plate.picture(0)
    beyond = tuple(samples.copy() for samples in picture.overscan)
    beyond[1][7] += 1
    other = Picture(0, picture.planes, picture.encoding, beyond)
    proof = prove_frame(picture, other, np.zeros((24, 32), bool))
    assert proof.changed == 1
    assert proof.plate != proof.master


def test_channels_of_several_types_keep_their_own(tmp_path: Path) -> None:
    """Half colour beside a float depth channel is written back as half and float, value for value."""
    spec = oiio.ImageSpec(16, 12, 4, "half")
    spec.channelnames = ("R", "G", "B", "Z")
    spec.channelformats = tuple(map(oiio.TypeDesc, ("half", "half", "half", "float")))
    rng = np.random.default_rng(2)
    pixels = rng.standard_normal((12, 16, 4)).astype(np.float16).astype(np.float32)
    pixels[..., 3] = rng.random((12, 16)) * 1e6
    write_image(tmp_path / "p.exr", spec, pixels)
    with Plate.open(tmp_path / "p.exr") as plate, open_master(plate, tmp_path) as master:
        picture = plate.picture(0)
        master.write(fixed(picture, box(picture)).planes)
    ours, theirs = (open_image(p) for p in (tmp_path / "p.exr", tmp_path / "master" / "p.exr"))
    assert [str(f) for f in ours.spec().channelformats] == [str(f) for f in theirs.spec().channelformats]
    with Plate.open(tmp_path / "master" / "p.exr") as again:
        made = again.picture(0)
        assert prove_frame(picture, made, box(picture)).changed == 0
        assert same(made.planes[3:], picture.planes[3:])


def test_a_file_of_several_parts_is_refused_before_any_work(tmp_path: Path) -> None:
    """A master would hold the first part alone: the sentence says so and what to do."""
    specs = [oiio.ImageSpec(8, 6, 3, "half") for _ in range(2)]
    output = oiio.ImageOutput.create(str(tmp_path / "p.exr"))
    assert output is not None
    for place, spec in enumerate(specs):
        spec.attribute("oiio:subimagename", f"part{place}")
    assert output.open(str(tmp_path / "p.exr"), specs)
    for place, spec in enumerate(specs):
        assert not place or output.open(str(tmp_path / "p.exr"), spec, "AppendSubimage")
        output.write_image(np.zeros((6, 8, 3), np.float16))
    output.close()
    with Plate.open(tmp_path / "p.exr") as plate, pytest.raises(ProcessorError, match="holds 2 parts"):
        check_master(plate)


def test_the_timecode_of_an_exr_reads_as_people_write_it(tmp_path: Path) -> None:
    """The header's two packed numbers are a label."""
    spec = oiio.ImageSpec(8, 6, 3, "half")
    spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (0x13595920, 0))
    write_image(tmp_path / "p.exr", spec, np.zeros((6, 8, 3), np.float16))
    with Plate.open(tmp_path / "p.exr") as plate:
        assert plate.timecode == "13:59:59:20"
