"""What goes back to the artist: the patch, the source map, the Nuke script and the page."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
import pytest
from images import open_image, write_image
from plates import make_movie
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.pictures.layout import Image
from wetgate.processors.remove.compose import compose
from wetgate.processors.remove.deliver.exr import packed_timecode
from wetgate.processors.remove.deliver.nuke import nuke_script
from wetgate.processors.remove.deliver.page import CURVES
from wetgate.processors.remove.deliver.patch import Patch, over
from wetgate.processors.remove.deliver.source_map import SourceMap, colours, hue, map_channels, map_sources, read_map
from wetgate.processors.remove.fill import Fill, Origin
from wetgate.processors.remove.holes import ramp, region_of
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.shot import Shot
from wetgate.processors.remove.sources.painted import Painted
from wetgate.processors.reports import drawn_curves
from wetgate.schema.request import Reference, Request, Source
from wetgate.schema.timecode import Timecode

SIZE = (66, 50)


def hole() -> np.ndarray:
    """A matte with odd edges, one of them at the frame's own."""
    mask = np.zeros(SIZE[::-1], bool)
    mask[11:30, 21:40] = True
    mask[0:9, 51:66] = True
    return mask


def made_plate(folder: Path, name: str, tmp: np.random.Generator | None = None) -> Path:
    """One frame of noise as a movie in pixel format *name*, or as `half`, `float` or 10-bit `dpx` files."""
    rng = tmp or np.random.default_rng(4)
    if name not in ("half", "float", "dpx"):
        make_movie(folder / "plate.mkv", name, 2)
        return folder / "plate.mkv"
    (folder / "plate").mkdir()
    for number in (7, 8):
        spec = oiio.ImageSpec(*SIZE, 3, {"half": "half", "float": "float", "dpx": "uint16"}[name])
        spec.attribute("framesPerSecond", oiio.TypeRational, (24, 1))
        if name == "dpx":
            spec.attribute("oiio:BitsPerSample", 10)
            codes = rng.integers(0, 1024, (SIZE[1], SIZE[0], 3))
            pixels = ((codes << 6) | (codes >> 4)).astype(np.uint16)
        else:
            spec.attribute("smpte:TimeCode", oiio.TypeTimeCode, (0x13595920 + number, 0))
            spec.attribute("reelName", "A002R2EC")
            pixels = np.exp(rng.standard_normal((SIZE[1], SIZE[0], 3)) * 2).astype(np.float16)
            pixels = pixels.astype(np.float16 if name == "half" else np.float32)
        write_image(folder / "plate" / f"p.{number:04d}.{'dpx' if name == 'dpx' else 'exr'}", spec, pixels)
    return folder / "plate"


def fixed(picture: Picture, strength: np.ndarray, seed: int = 9) -> Picture:
    """The picture with another texture laid into the hole."""
    region = region_of(hole())
    assert region is not None
    fill = np.random.default_rng(seed).random((region.height, region.width, 3)).astype(np.float32)
    return compose(picture, fill, region, hole(), strength)


def laid_over(path: Path, before: Image) -> Image:
    """The patch file over a whole picture, by the file's own windows."""
    image = open_image(path)
    spec = image.spec()
    pixels = image.read_image("float")
    assert pixels is not None
    window = (slice(spec.y, spec.y + spec.height), slice(spec.x, spec.x + spec.width))
    planes = {name: np.asarray(pixels[..., i]) for i, name in enumerate(spec.channelnames)}
    out = before.copy()
    out[window] = over(planes, before[window])
    return out


# Code values by which the patch over the plate may differ from the master, inside the matte and outside of it.
@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [("bgr0", 0, 0), ("gbrp10le", 0, 0), ("gbrp12le", 0, 0), ("gbrp16le", 0, 0), ("dpx", 0, 0), ("float", 0, 0),
     ("half", 0, 0), ("yuv444p", 0, 0), ("yuv444p12le", 0, 0)],
)  # fmt: skip
def test_the_patch_over_the_plate_is_the_master(name: str, inside: int, outside: int, tmp_path: Path) -> None:
    """Read as a compositor reads it, in float: equal when rounded to the plate's own steps."""
    strength = ramp(hole(), 3)
    with Plate.open(made_plate(tmp_path, name)) as plate:
        picture = plate.picture(0)
        made = fixed(picture, strength)
        Patch(plate, tmp_path, 1001, grain=False).write(picture, made, hole(), strength)
        before, after = (plate.encoding.values(p.planes) for p in (picture, made))
        layout = plate.layout
    got = laid_over(tmp_path / "patch" / "patch.1001.exr", before)
    assert np.abs(got - after).max() > 0 or name == "float"  # it is float arithmetic, not a copy
    if layout.is_float:
        # Half holds 11 bits: the sum of two roundings is within two steps of the larger term.
        step = np.maximum(np.abs(after), np.abs(before)) * 2.0 ** (-10 if name == "half" else -22) + 1e-6
        assert (np.abs(got - after) <= step).all()
        return
    steps = np.abs(got - after) * ((1 << layout.bits) - 1)
    assert np.rint(steps[hole()]).max() <= inside
    assert np.rint(steps[~hole()]).max() <= outside


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le"])
def test_shared_chroma_is_exact_inside_and_bounded_around(name: str, tmp_path: Path) -> None:
    """With subsampled chroma all is exact inside the matte; two pixels around it chroma alone may differ."""
    strength = ramp(hole(), 3)
    with Plate.open(made_plate(tmp_path, name)) as plate:
        picture = plate.picture(0)
        made = fixed(picture, strength)
        patch = Patch(plate, tmp_path, 1001, grain=False)
        patch.write(picture, made, hole(), strength)
        before, after = (plate.encoding.values(p.planes) for p in (picture, made))
    got = laid_over(tmp_path / "patch" / "patch.1001.exr", before)
    apart = np.abs(got - after).max(axis=-1) * 255
    near = np.zeros_like(hole())
    for down in range(-2, 3):
        for across in range(-2, 3):
            near |= np.roll(np.roll(np.pad(hole(), 4), down, 0), across, 1)[4:-4, 4:-4]
    assert apart[hole()].max() < 0.5
    assert apart[~near].max() == 0
    assert patch.words()["beyond_matte_8bit"] == pytest.approx(apart[~hole()].max(), abs=0.01)


def test_the_header_says_where_and_when(tmp_path: Path) -> None:
    """Data window around the hole, display window the frame, and timecode, reel and rate of that frame."""
    strength = ramp(hole(), 3)
    with Plate.open(made_plate(tmp_path, "half")) as plate:
        patch = Patch(plate, tmp_path, 1001, grain=True)
        for picture in plate.read():
            empty = np.zeros_like(hole()) if picture.frame else hole()
            patch.write(picture, fixed(picture, strength), empty, strength, fixed(picture, strength, 10))
        assert patch.words()["sample"] == "half"
        assert sorted(patch.words()["sha256"]) == ["patch.1001.exr", "patch.1002.exr"]
    spec = open_image(tmp_path / "patch" / "patch.1001.exr").spec()
    assert (spec.full_width, spec.full_height) == SIZE
    assert (spec.x, spec.y, spec.width, spec.height) == (16, 0, 50, 32)
    assert (str(spec.format), spec.getattribute("compression")) == ("half", "zip")
    assert spec.channelnames == ("R", "G", "B", "A", "grain.R", "grain.G", "grain.B")
    assert spec.get_string_attribute("smpte:TimeCode") == "13:59:59:27"
    assert spec.get_string_attribute("reelName") == "A002R2EC"
    assert spec.getattribute("framesPerSecond") == (24, 1)
    assert "scene-linear" in spec.get_string_attribute("wetgate:encoding")
    untouched = open_image(tmp_path / "patch" / "patch.1002.exr")
    pixels = untouched.read_image("float")
    assert pixels is not None
    assert not pixels.any()
    assert untouched.spec().get_string_attribute("smpte:TimeCode") == "13:59:59:28"


def test_without_its_grain_layer_the_patch_is_the_fill_before_grain(tmp_path: Path) -> None:
    """RGB less the grain layer, over the plate, is the master that had no grain added."""
    strength = ramp(hole(), 3)
    with Plate.open(made_plate(tmp_path, "gbrp10le")) as plate:
        picture = plate.picture(0)
        made, plain = fixed(picture, strength), fixed(picture, strength, 10)
        Patch(plate, tmp_path, 1001, grain=True).write(picture, made, hole(), strength, plain)
        before, wanted = (plate.encoding.values(p.planes) for p in (picture, plain))
    image = open_image(tmp_path / "patch" / "patch.1001.exr")
    spec, pixels = image.spec(), image.read_image("float")
    assert pixels is not None
    window = (slice(spec.y, spec.y + spec.height), slice(spec.x, spec.x + spec.width))
    planes = {name: np.asarray(pixels[..., i]) for i, name in enumerate(spec.channelnames)}
    less = {c: planes[c] - planes[f"grain.{c}"] for c in "RGB"} | {"A": planes["A"]}
    assert np.abs(over(less, before[window]) - wanted[window]).max() < 1.5 / 1023


def test_timecode_is_packed_as_smpte_does() -> None:
    """Binary-coded decimal with the drop-frame bit; rates whose frames do not fit have none."""
    assert packed_timecode(Timecode.parse("13:59:59:20", Fraction(24000, 1001))) == (0x13595920, 0)
    assert packed_timecode(Timecode.parse("01:00:00;02", Fraction(30000, 1001))) == (0x01000042, 0)
    assert packed_timecode(Timecode.parse("01:00:00:50", Fraction(60))) is None


def made_fill(frame: int = 0) -> Fill:
    """A fill whose pixels come from a take, the shot itself, nowhere and an unknown frame."""
    region = region_of(hole())
    assert region is not None
    origin = np.zeros((region.height, region.width), np.uint8)
    trace = np.full((*origin.shape, 3), np.nan, np.float32)
    inside = hole()[region.window]
    rows, columns = np.indices(origin.shape)
    for value, part in ((1, rows < 5), (int(Origin.OWN), (rows >= 5) & (rows < 15)), (int(Origin.PAINTED), rows >= 15)):
        origin[inside & part] = value
    known = inside & (rows < 15) & (columns % 2 == 0)
    trace[known] = np.dstack([np.full_like(rows, 33), columns + region.x + 0.25, rows + region.y])[known]
    return Fill(frame, region, np.zeros((*origin.shape, 3), np.float32), origin, trace, 0.0)


def opened(tmp_path: Path, name: str = "half") -> Shot:
    """A shot without takes over a made plate."""
    plate = made_plate(tmp_path, name)
    box = {"box": "21,11,19,19", "box_is": "area"}
    request = Request(plate=Source(path=plate, name="A001"), options=box, work=tmp_path / "work", out=tmp_path / "out")
    return open_shot(request)


def test_the_map_tells_source_frame_and_place(tmp_path: Path) -> None:
    """What a fill says of each pixel is read back from the file: exact, untouched as 0, unknown as NaN."""
    shot, fill = opened(tmp_path), made_fill()
    maps = SourceMap(shot, tmp_path)
    maps.write(0, hole(), fill)
    maps.write(1, np.zeros_like(hole()), None)
    read, region = read_map(tmp_path / "source_map" / "source_map.1001.exr")
    whole = {name: np.zeros(SIZE[::-1], np.float32) for name in read}
    for name, plane in read.items():
        whole[name][region.window] = plane
    assert not whole["source"][~hole()].any()
    assert not whole["origin"][~hole()].any()
    own = whole["origin"] == Origin.OWN
    assert (whole["source"][own] == 1).all()  # without takes the plate itself is the first source
    assert (whole["source"][whole["origin"] == Origin.PAINTED] == -1).all()
    assert np.isnan(whole["frame"][whole["origin"] == Origin.PAINTED]).all()
    rows, columns = np.indices(SIZE[::-1])
    known = own & np.isfinite(whole["frame"])
    assert known.sum() > 50
    assert (whole["frame"][known] == 33).all()
    assert np.array_equal(whole["x"][known], (columns + 0.25)[known])
    assert np.array_equal(whole["y"][known], rows[known].astype(np.float32))
    words = maps.words()
    assert words["sources"][-1]["name"] == "A001"
    assert words["origins"]["200"].startswith("never seen")
    header = open_image(tmp_path / "source_map" / "source_map.1001.exr").spec()
    assert (str(header.format), header.full_width) == ("float", SIZE[0])
    assert header.get_string_attribute("wetgate:sources") == "1 = A001"
    assert not read_map(tmp_path / "source_map" / "source_map.1002.exr")[0]["source"].any()


def test_takes_come_before_the_plate_in_the_map() -> None:
    """A take's pixels name the take, the shot's own name the plate behind all takes, what has no place no clip."""
    fill = made_fill()
    planes = map_channels(fill, fill.region, hole()[fill.region.window], {1: 2, 100: 3, 110: 3})
    assert set(np.unique(planes["source"])) == {-1, 0, 2, 3}
    assert np.isnan(planes["x"][planes["source"] == -1]).all()


def test_a_painted_frame_is_a_source_of_its_own(tmp_path: Path) -> None:
    """What an artist painted comes first in the list, as in the report's sources, and has its place in the map."""
    shot = opened(tmp_path)
    painted = Painted(Reference(path=tmp_path / "clean.png", frame=1002), 1, np.zeros((*SIZE[::-1], 3), np.float32))
    shot.paintings.append(painted)
    first, plate = map_sources(shot)
    assert (first["index"], first["name"]) == (1, "clean.png, painted for 1002")
    assert first["origins"] == [int(Origin.PAINTED_FRAME)]
    assert (plate["index"], plate["name"]) == (2, "A001")
    assert SourceMap(shot, tmp_path).words()["origins"]["120"] == "from clean.png, painted for 1002"


def test_the_maps_picture_shades_by_distance_in_time() -> None:
    """Near frames of the shot are lighter than far ones; takes and painted pixels have their own hues."""
    origin = np.array([[100, 100, 1, 200]], np.float32)
    frame = np.array([[11, 59, 10, np.nan]], np.float32)
    picture = colours({"origin": origin, "frame": frame}, 10)
    assert picture[0, 0].sum() > 1.8 * picture[0, 1].sum()
    assert np.allclose(picture[0, 2], hue(1))
    assert np.allclose(picture[0, 3], hue(200))
    assert len({hue(n) for n in range(1, 30)}) == 29


def parsed(script: str) -> list[tuple[str, dict[str, str]]]:
    """A Nuke script as nodes with knobs: words in braces or quotes, backslashes taken off as Tcl does."""
    word = re.compile(r'"((?:\\.|[^"\\])*)"|(\S+)')
    nodes = []
    for kind, body in re.findall(r"^(\w+) \{\n(.*?)\n\}$", script, re.M | re.S):
        knobs = {}
        for line in body.split("\n"):
            found = re.match(r" (\w+) (.*)$", line)
            assert found, f"no knob: {line!r}"
            value = word.fullmatch(found[2])
            assert value, f"not one word: {line!r}"
            knobs[found[1]] = re.sub(r"\\(.)", lambda m: {"n": "\n"}.get(m[1], m[1]), value[1] or value[2] or "")
        nodes.append((kind, knobs))
    return nodes


@pytest.mark.parametrize("name", ["half", "dpx", "yuv420p"])
def test_the_nuke_script_names_files_that_exist(name: str, tmp_path: Path) -> None:
    """Braces balance, every knob is one Tcl word, and every file that is read is there under its frame number."""
    folder = tmp_path / "a [b] $c"
    folder.mkdir()
    shot = opened(folder, name)
    strength = ramp(hole(), 3)
    patch, maps = Patch(shot.plate, folder, 1001, grain=True), SourceMap(shot, folder)
    for picture in shot.plate.read():
        patch.write(picture, picture, hole(), strength, picture)
        maps.write(picture.frame, hole(), made_fill(picture.frame))
    script = nuke_script(shot.plate, 1001, grain=True, words='It is "fine" {so far}\n[exec rm]')
    assert re.sub(r"\\.", "", script).count("{") == re.sub(r"\\.", "", script).count("}")
    nodes = parsed(script)
    by_name = {knobs.get("name", kind): knobs for kind, knobs in nodes}
    assert {"Root", "Read_me", "Plate", "Patch", "Matte", "Source_map", "Grain_off", "Over", "Write_comp"} == set(
        by_name
    )
    assert by_name["Read_me"]["label"] == 'It is "fine" {so far}\n\\[exec rm\\]'
    assert (by_name["Root"]["first_frame"], by_name["Root"]["last_frame"]) == ("1001", "1002")
    assert by_name["Grain_off"]["disable"] == "true"
    assert by_name["Over"]["operation"] == "over"
    here = "[file dirname [value root.name]]"
    for reader in ("Plate", "Patch", "Source_map"):
        knobs = by_name[reader]
        assert knobs["raw"] == "true"
        path = (
            knobs["file"].replace(here, str(folder))
            if here in knobs["file"]
            else re.sub(r"\\(.)", r"\1", knobs["file"])
        )
        for number in (knobs["first"], knobs["last"]):
            assert Path(path % int(number) if "%" in path else path).is_file(), path
    assert by_name["Plate"]["frame"] == "1001"
    assert by_name["Write_comp"]["file"].startswith(here)


def test_curves_are_drawn_for_what_is_there() -> None:
    """No curve for what no frame has or all have none of; gaps break the line; band and limit are drawn."""
    rows: list[dict[str, Any]] = [
        {"frame": 1001, "mismatch": 0.1, "expected_psnr_db": 30.0, "never_seen": 0.0},
        {"frame": 1002, "mismatch": 0.3, "expected_psnr_db": 31.0},
        {"frame": 1005, "mismatch": 0.2, "expected_psnr_db": None},
    ]
    curves = drawn_curves(CURVES, rows, {"mismatch": 0.25}, {"expected_psnr_db": 3.0})
    assert [curve.title for curve in curves] == ["Expected quality", "Edge that does not meet the plate"]
    assert curves[0].svg.count("band") == 1
    assert curves[1].svg.count("<polyline") == 2
    assert "25 %" in curves[1].limit
    heights = [float(y) for y in re.findall(r",([\d.]+)", curves[1].svg.split("polyline")[1])]
    assert heights[0] > heights[1], "more is higher"
