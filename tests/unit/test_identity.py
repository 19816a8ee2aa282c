"""The identity proof: what counts as outside, and what `verify_report` catches."""

from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest
from plates import make_movie
from wetgate.processors.identity import inside_planes, matte_digest, prove_frame, verify_report, write_matte
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.pictures.layout import movie_layout
from wetgate.processors.pictures.master import open_master
from wetgate.processors.remove.compose import compose
from wetgate.processors.remove.holes import ramp, region_of

SIZE = (66, 50)


def blob() -> np.ndarray:
    """A matte with odd edges."""
    mask = np.zeros(SIZE[::-1], bool)
    mask[11:30, 21:40] = True
    return mask


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """A small removal on disk: a 4:2:0 plate, its master with a changed hole, mattes and a report."""
    make_movie(tmp_path / "plate.mkv", "yuv420p", 3)
    matte, hashes = blob(), []
    region = region_of(matte)
    assert region is not None
    with Plate.open(tmp_path / "plate.mkv") as plate, open_master(plate, tmp_path) as master:
        for picture in plate.read():
            fill = np.full((region.height, region.width, 3), 0.5, np.float32)
            made = compose(picture, fill, region, matte, ramp(matte, 2))
            hashes.append(prove_frame(picture, made, matte).as_json())
            master.write(made.planes)
            write_matte(tmp_path / "matte", picture.frame, 1001, matte)
    words = {
        "plate": {"path": str(tmp_path / "plate.mkv")}, "master": {"path": "master.mkv"}, "matte": {"path": "matte"},
        "first_frame": 1001, "identity": {"hashes": hashes},
    }  # fmt: skip
    (tmp_path / "report.json").write_text(json.dumps(words))
    return tmp_path / "report.json"


def rewrite(report: Path, frame: int, channel: int, at: tuple[int, int], step: int) -> None:
    """Write the master anew with one sample of one frame changed by *step*."""
    with Plate.open(report.parent / "master.mkv") as old:
        pictures = [picture.planes for picture in old.read()]
        pictures[frame][channel][at] += np.uint8(step)
        with open_master(old, report.parent / "new") as master:
            for planes in pictures:
                master.write(planes)
    (report.parent / "new" / "master.mkv").replace(report.parent / "master.mkv")


def test_a_chroma_sample_is_outside_only_with_its_whole_support() -> None:
    """In 4:2:0 one pixel of matte makes one luma and one chroma sample inside, at odd sizes too."""
    matte = np.zeros((5, 7), bool)
    matte[4, 6] = matte[1, 2] = True
    luma, u, v = inside_planes(matte, movie_layout("yuv420p"))
    assert luma.sum() == 2
    assert u.shape == v.shape == (3, 4)
    assert sorted(map(tuple, np.argwhere(u).tolist())) == [(0, 1), (2, 3)]


@pytest.mark.parametrize("name", ["yuv420p", "yuv422p10le", "yuv444p12le", "bgr0", "gray16le"])
def test_composing_touches_nothing_outside(name: str, tmp_path: Path) -> None:
    """A fill of another colour over the whole region changes inside samples and not one outside, in any format."""
    make_movie(tmp_path / "plate.mkv", name, 1)
    matte = blob()
    region = region_of(matte)
    assert region is not None
    with Plate.open(tmp_path / "plate.mkv") as plate:
        picture = plate.picture(0)
        fill = np.full((region.height, region.width, 3), 0.5, np.float32)
        made = compose(picture, fill, region, matte, ramp(matte, 0))
        assert prove_frame(picture, made, matte).changed == 0
        inside = inside_planes(matte, plate.layout)
        assert all((a[m] != b[m]).mean() > 0.8 for a, b, m in zip(picture.planes, made.planes, inside, strict=True))


def test_an_untouched_report_verifies(report: Path) -> None:
    """Re-reading everything from disk finds what was claimed."""
    answer = verify_report(report)
    assert answer.holds, answer.problems
    assert answer.frames == 3
    assert "All" in answer.sentence


@pytest.mark.parametrize(("channel", "letter", "at"), [(0, "Y", (2, 3)), (1, "U", (20, 30)), (2, "V", (0, 0))])
def test_one_changed_value_is_caught_and_named(report: Path, channel: int, letter: str, at: tuple[int, int]) -> None:
    """One sample outside, one step off, in one frame: the answer names frame, channel, row and column."""
    rewrite(report, 1, channel, at, 1)
    answer = verify_report(report)
    assert not answer.holds
    assert f"frame 1002: channel {letter}, row {at[0]}, column {at[1]}" in answer.problems[0]


def test_a_wider_matte_does_not_hide_a_change(report: Path) -> None:
    """Changing the picture and widening the shipped matte over it is seen in the matte's hash."""
    rewrite(report, 0, 0, (2, 3), 5)
    wider = blob()
    wider[:6, :6] = True
    write_matte(report.parent / "matte", 0, 1001, wider)
    answer = verify_report(report)
    assert any("effective matte is not the one" in problem for problem in answer.problems)


def test_another_plate_and_missing_files_are_said(report: Path) -> None:
    """A plate that was replaced, and a master that is gone, are sentences and no exceptions."""
    make_movie(report.parent / "other.mkv", "yuv420p", 4)
    assert "frame counts differ" in verify_report(report, plate=report.parent / "other.mkv").sentence
    (report.parent / "master.mkv").unlink()
    assert "master.mkv" in verify_report(report).sentence


def test_the_hash_is_that_of_the_documented_layout(report: Path) -> None:
    """FFmpeg's own binary as decoder and ten lines of numpy come to the hashes in the report."""
    told = json.loads(report.read_text())["identity"]["hashes"]
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(report.parent / "master.mkv")]
    raw = subprocess.run(
        [*command, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"], check=True, capture_output=True
    ).stdout
    width, height = SIZE
    matte = blob()
    half = matte.reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3))
    step = width * height * 3 // 2
    for number, entry in enumerate(told):
        frame = np.frombuffer(raw[number * step : (number + 1) * step], np.uint8)
        luma = frame[: width * height].reshape(height, width)
        chroma = frame[width * height :].reshape(2, height // 2, width // 2)
        outside = luma[~matte].tobytes() + chroma[0][~half].tobytes() + chroma[1][~half].tobytes()
        assert hashlib.sha256(outside).hexdigest() == entry["plate"] == entry["master"]
        assert matte_digest(matte) == entry["matte"]


@pytest.mark.parametrize("name", ["yuv422p10le", "yuv444p12le", "yuva444p12le", "gbrp16le"])
def test_deep_formats_hash_the_same_with_another_decoder(name: str, tmp_path: Path) -> None:
    """FFmpeg's raw planes of a fixed master give the hash of the plate, alpha and narrower chroma included."""
    make_movie(tmp_path / "plate.mkv", name, 1)
    matte = blob()
    region = region_of(matte)
    assert region is not None
    with Plate.open(tmp_path / "plate.mkv") as plate, open_master(plate, tmp_path) as master:
        picture = plate.picture(0)
        grey = np.full((region.height, region.width, 3), 0.5, np.float32)
        master.write(compose(picture, grey, region, matte, ramp(matte, 2)).planes)
    with Plate.open(tmp_path / "master.mkv") as made:
        proof = prove_frame(picture, made.picture(0), matte)
    assert (proof.changed, proof.plate) == (0, proof.master)
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(tmp_path / "master.mkv")]
    raw = subprocess.run([*command, "-f", "rawvideo", "-pix_fmt", name, "-"], check=True, capture_output=True).stdout
    samples, outside, at = np.frombuffer(raw, "<u2"), [], 0
    for channel in plate.layout.channels:
        height, width = channel.shape(*SIZE)
        plane = samples[at : at + height * width].reshape(height, width)
        at += plane.size
        support = matte.reshape(height, 1 << channel.y, width, 1 << channel.x).any(axis=(1, 3))
        outside.append(plane[~support].tobytes())
    assert at == samples.size
    assert hashlib.sha256(b"".join(outside)).hexdigest() == proof.plate


def test_one_changed_alpha_value_is_caught(tmp_path: Path) -> None:
    """Alpha outside the matte belongs to the proof, and inside it is not touched either."""
    make_movie(tmp_path / "plate.mkv", "bgra", 1)
    matte = blob()
    region = region_of(matte)
    assert region is not None
    with Plate.open(tmp_path / "plate.mkv") as plate:
        picture = plate.picture(0)
    grey = np.full((region.height, region.width, 3), 0.5, np.float32)
    made = compose(picture, grey, region, matte, ramp(matte, 2))
    alpha = picture.encoding.layout.names.index("A")
    assert np.array_equal(made.planes[alpha], picture.planes[alpha])
    planes = tuple(plane.copy() for plane in made.planes)
    planes[alpha][2, 3] ^= 1
    assert prove_frame(picture, Picture(0, planes, made.encoding), matte).changed == 1
