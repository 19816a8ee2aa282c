"""A whole small removal's package: the page, and what `verify_report` says of the files beside the master."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from images import open_image, read_image, write_image
from plates import make_movie
from wetgate.processors.identity import has_no_proof, verify_report
from wetgate.processors.remove import Remove
from wetgate.processors.runner import run_processor
from wetgate.schema.outcome import Outcome
from wetgate.schema.request import Request, Source

NAME = "A001 <b>&</b>"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """Four frames of noise, 160x120 in 4:2:0, a box removed from the middle two."""
    folder = tmp_path_factory.mktemp("package")
    make_movie(folder / "plate.mkv", "yuv420p", 4, size=(160, 120))
    options = {"box": "41,31,30,25", "box_is": "area", "frames": "1002-1003", "probes": 2, "weak_fix": "ask"}
    request = Request(
        plate=Source(path=folder / "plate.mkv", name=NAME), options=options, work=folder / "work", out=folder / "out"
    )
    return run_processor(Remove(), request, lambda _done, _words: None)


@pytest.fixture
def package(made: Outcome, tmp_path: Path) -> Path:
    """A copy of the version's folder; returns its report."""
    shutil.copytree(made.report.parent, tmp_path / "out")
    return tmp_path / "out" / "report.json"


def test_everything_is_there_and_said(made: Outcome) -> None:
    """The report names patch, map and script with their hashes, and the outcome what the tracker gets."""
    told = json.loads(made.report.read_text())
    out = made.report.parent
    assert [path.name for path in made.files] == ["report.html", "comp.nk"]
    assert len(told["patch"]["sha256"]) == len(told["source_map"]["sha256"]) == 4
    for key in ("patch", "source_map"):
        for name, digest in told[key]["sha256"].items():
            assert hashlib.sha256((out / key / name).read_bytes()).hexdigest() == digest
    listed = {entry["path"]: entry for entry in told["files"]}
    assert listed["patch"]["files"] == listed["matte"]["files"] == 4
    assert all(entry["bytes"] > 0 for entry in listed.values())
    assert [row["frame"] for row in told["curves"]] == [1002, 1003]
    assert told["format"] == 2


def test_the_package_verifies_with_its_parts_named(made: Outcome) -> None:
    """The answer says that patch and source map were looked at."""
    answer = verify_report(made.report)
    assert answer.holds
    assert not answer.beside
    assert "The patch: 4 files" in answer.sentence
    assert "The source map: 4 files" in answer.sentence


@pytest.mark.parametrize("part", ["patch", "source_map"])
def test_missing_and_exchanged_files_are_named(part: str, package: Path) -> None:
    """The proof of the master still holds; the sentence names the first file that is wrong."""
    folder = package.parent / part
    (folder / f"{part}.1002.exr").unlink()
    shutil.copy2(folder / f"{part}.1003.exr", folder / f"{part}.1001.exr")
    (folder / f"{part}.2000.exr").write_bytes(b"")
    answer = verify_report(package)
    assert answer.holds
    assert any(f"first {part}.1002.exr" in words for words in answer.beside)
    assert any(f"{part}.1001.exr is not the file" in words for words in answer.beside)
    assert any(f"{part}.2000.exr" in words for words in answer.beside)
    assert "not as reported" in answer.sentence


@pytest.mark.parametrize(("part", "channel"), [("patch", "A"), ("source_map", "source")])
def test_a_file_that_reaches_beyond_the_matte_is_caught(part: str, channel: str, package: Path) -> None:
    """One pixel outside the effective matte, with the report's hash made to fit, is found all the same."""
    path = package.parent / part / f"{part}.1002.exr"
    image = open_image(path)
    spec, pixels = image.spec(), image.read_image("float")
    assert pixels is not None
    image.close()
    pixels[0, 0, spec.channelnames.index(channel)] = 0.5  # whole chroma samples: the corner lies beyond the box
    write_image(path, spec, np.asarray(pixels))
    told = json.loads(package.read_text())
    told[part]["sha256"][path.name] = hashlib.sha256(path.read_bytes()).hexdigest()
    package.write_text(json.dumps(told))
    answer = verify_report(package)
    assert answer.holds
    assert answer.beside == (f"{part}/{path.name} reaches 1 pixels beyond the effective matte.",)


def test_a_changed_script_and_an_older_report_are_told_apart(package: Path) -> None:
    """An edited comp.nk is said; a report that names no patch is checked for its proof alone."""
    script = package.parent / "comp.nk"
    script.write_text(script.read_text() + "#")
    assert "comp.nk is not the script" in verify_report(package).beside[0]
    told = json.loads(package.read_text())
    assert not has_no_proof(package)
    for key in ("patch", "source_map", "nuke"):
        del told[key]
    package.write_text(json.dumps(told))
    answer = verify_report(package)
    assert answer.holds
    assert not answer.beside


def test_the_page_opens_without_a_network(made: Outcome) -> None:
    """Nothing is fetched, no script runs, names cannot break it, and the verdict comes first."""
    text = (made.report.parent / "report.html").read_text()
    assert "<script" not in text
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "url(" not in text
    assert text.count("data:image/jpeg;base64,") == 2
    assert "<b>&</b>" not in text
    assert "A001 &lt;b&gt;&amp;&lt;/b&gt;" in text
    body = text.split("<body>")[1]
    assert body.index("Somebody should look at this") < body.index("<h1>") < body.index("data:image")
    assert "<svg" in body
    assert "Trained pixels</dt><dd>0 %" in body
    assert "wetgate verify report.json" in body


def test_the_sheet_shows_the_hole_at_the_plates_own_pixels(made: Outcome) -> None:
    """A piece of the master stands on the sheet with every pixel repeated, none resampled."""
    assert made.contact_sheet is not None
    sheet = read_image(made.contact_sheet)
    assert sheet.shape[1] == 1900
    thumbnail = made.thumbnail
    assert thumbnail is not None
    plate = read_image(thumbnail)  # 160 wide: not scaled, the master's own pixels
    zoomed = np.repeat(np.repeat(plate[70:76, 80:88], 4, axis=0), 4, axis=1).astype(int)
    column = sheet[:, 230:1900].astype(int)
    rows, columns = zoomed.shape[:2]
    corner = (np.abs(column - zoomed[0, 0]).max(axis=-1) <= 2).nonzero()
    found = [
        (y, x)
        for y, x in zip(*corner, strict=True)
        if column[y : y + rows, x : x + columns].shape == zoomed.shape
        and np.abs(column[y : y + rows, x : x + columns] - zoomed).max() <= 2
    ]
    assert found
