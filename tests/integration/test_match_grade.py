"""Whole colour matches on made and real clips, checked against the grade that was put on."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import av
import cv2
import made
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere
import pytest
from takes import cut_take
from wetgate.processors.colour_difference import difference
from wetgate.processors.identity import has_no_proof
from wetgate.processors.match_grade import MatchGrade
from wetgate.processors.match_grade.cdl import Cdl
from wetgate.processors.pictures import Plate
from wetgate.processors.runner import run_processor
from wetgate.schema.errors import BriefIncomplete, NotConfident
from wetgate.schema.outcome import Outcome, Verdict
from wetgate.schema.request import Request, Source

LOOK = Cdl(slope=(1.12, 1.0, 0.9), offset=(0.02, 0.0, -0.01), power=(1.1, 1.0, 0.95), saturation=0.85)


def graded(frames: list[made.Frame], look: Cdl = LOOK) -> list[made.Frame]:
    """8-bit frames under a look."""
    return [np.rint(look.apply(frame / 255) * 255).astype(np.uint8) for frame in frames]


def run(tmp_path: Path, plate: Path, *sources: Path, **options: object) -> Outcome:
    """Run the processor as the command line would."""
    request = Request(
        plate=Source(path=plate, name=plate.stem),
        sources=tuple(Source(path=path, name=path.stem) for path in sources),
        options=options,
        work=tmp_path / "work",
        out=tmp_path / "out",
    )
    return run_processor(MatchGrade(), request, lambda _done, _words: None)


def applied(path: Path, picture: np.ndarray, cdl_id: str = "") -> np.ndarray:
    """A picture through a grade file, as any OpenColorIO host would do it."""
    read = ocio.FileTransform(src=str(path), cccId=cdl_id)
    read.setCDLStyle(ocio.CDL_ASC)
    out = np.array(picture, np.float32, order="C")
    ocio.Config.CreateRaw().getProcessor(read).getDefaultCPUProcessor().applyRGB(out)
    return out


@pytest.fixture
def takes(tmp_path: Path) -> tuple[Path, Path]:
    """Two takes of the street, the second under the look, with somebody in front."""
    plate = made.write_movie(tmp_path / "A001.mp4", made.take(8, intruder=False), timecode="01:00:00:00")
    return plate, made.write_movie(tmp_path / "A002.mp4", graded(made.take(8, intruder=True)))


def test_a_known_grade_comes_back_as_files(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """The written CDL brings the clean street within dE2000 1 of the look, and everything is handed over."""
    outcome = run(tmp_path, *takes, cube="false")
    assert outcome.verdict is Verdict.PUBLISH, outcome.reasons
    names = {path.name for path in outcome.files}
    assert names == {"report.html", "grade.cc", "grade.ccc", "grade.edl"}
    assert outcome.master is None and outcome.review is not None and outcome.thumbnail is not None
    street = made.street_rgb()
    truth = LOOK.apply(street)
    assert difference(street, truth).mean() > 4
    assert difference(applied(tmp_path / "out" / "grade.cc", street), truth).mean() < 1
    report = json.loads(outcome.report.read_text())
    assert max(report["read_back"]["greatest_difference"].values()) <= report["read_back"]["tolerance"]
    with Plate.open(outcome.review) as review:
        assert review.frames == 8
        assert review.video.width > 3 * 320


def test_a_graded_still_is_a_reference(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """One PNG of one frame, the plate's own picture under the look."""
    with Plate.open(takes[0]) as plate:
        frame = np.rint(LOOK.apply(plate.picture(5).rgb()) * 255).astype(np.uint8)
    still = tmp_path / "still.png"
    assert cv2.imwrite(str(still), frame[..., ::-1])
    outcome = run(tmp_path, takes[0], still)
    assert outcome.verdict is Verdict.PUBLISH, outcome.reasons
    street = made.street_rgb()
    assert outcome.rating is not None and "on held-out pixels" in outcome.rating.words
    assert difference(applied(tmp_path / "out" / "grade.cc", street), LOOK.apply(street)).mean() < 1.5


def test_what_shares_nothing_is_left_alone(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """Another street gives a refusal with its reason, and the identity in every file."""
    other = made.write_movie(tmp_path / "B001.mp4", graded(made.take(8, intruder=False, seed=99)))
    outcome = run(tmp_path, takes[0], other)
    assert outcome.verdict is Verdict.REFUSE
    assert "share no content" in outcome.reasons[0]
    street = made.street_rgb()
    np.testing.assert_allclose(applied(tmp_path / "out" / "grade.cc", street), street, atol=1e-6)


def test_the_same_grade_needs_nothing(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """Two takes under one grade: nothing to do, and that is the answer."""
    other = made.write_movie(tmp_path / "A003.mp4", made.take(8, intruder=True))
    outcome = run(tmp_path, takes[0], other)
    assert outcome.verdict is Verdict.PUBLISH
    assert "match already" in outcome.summary


def test_a_whole_scene_is_matched_to_one_reference(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """Two shots under two looks, one reference: one `.ccc` with both, and both come to the reference."""
    blue = Cdl(slope=(0.9, 1.0, 1.15), saturation=1.1)
    other = made.write_movie(tmp_path / "A003.mp4", graded(made.take(8, intruder=False, seed=7), blue))
    outcome = run(tmp_path, takes[0], takes[1], other, scene="true", cube="false")
    assert outcome.verdict is Verdict.PUBLISH, outcome.reasons
    assert {path.name for path in outcome.files} == {"report.html", "grade.ccc", "grade.edl", "A002.cc", "A003.cc"}
    street = made.street_rgb()
    for name, look in (("A002", LOOK), ("A003", blue)):
        shot = look.apply(street)
        after = difference(applied(tmp_path / "out" / "grade.ccc", shot, name), street).mean()
        assert after < 0.4 * difference(shot, street).mean()
    report = json.loads(outcome.report.read_text())
    assert len(report["shots"]) == 2
    page = (outcome.report.parent / "report.html").read_text("utf-8")
    for row in report["shots"]:
        assert page.count(row["shot"]["name"]) >= 4, "each shot has a row in each table, and its curves"
        assert f"{row['cdl']['slope'][0]:.6f}" in page
    assert page.count("<svg") == 2


def test_the_page_says_what_the_grade_is_and_what_it_is_worth(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """Previews, held-out difference, neutrals, numbers, space, clamp, place; nothing is fetched, no name breaks it."""
    plate = tmp_path / "A <b>1.mp4"
    shutil.copy2(takes[0], plate)
    outcome = run(tmp_path, plate, takes[1], cube="false")
    (shot,) = json.loads(outcome.report.read_text())["shots"]
    page = (outcome.report.parent / "report.html").read_text("utf-8")
    scores = shot["scores"]
    figures = (f"{scores['delta_e_before']:.2f}", f"{scores['delta_e_after']:.2f}", f"{shot['cdl']['saturation']:.6f}")
    words = ("code values 0..1 of the nominal range", "ASC clamped to 0..1", "before the show LUT", "Neutrals", "Skin")
    for text in (*figures, *words, f"{shot['neutrals']['delta_e_after']:.2f}"):
        assert text in page, text
    assert page.count("data:image/jpeg;base64,") == 1
    assert "<b>" not in page.split("<body>")[1] and "A &lt;b&gt;1" in page
    assert has_no_proof(outcome.report), "there is nothing for `wetgate verify`"
    assert "<script" not in page and not re.findall(r'(?:src|href)="(?!data:)', page)
    ramp = shot["greys"]
    expected = Cdl.model_validate(shot["cdl"]).apply(np.repeat(np.array(ramp["before"])[:, None], 3, axis=1))
    np.testing.assert_allclose(np.stack([ramp[c] for c in ("red", "green", "blue")], axis=1), expected, atol=1e-4)


def _exr(folder: Path, pictures: list[np.ndarray], chromaticities: tuple[float, ...] | None) -> Path:
    folder.mkdir()
    for number, picture in enumerate(pictures, 1001):
        spec = oiio.ImageSpec(picture.shape[1], picture.shape[0], 3, "half")
        if chromaticities:
            spec.attribute("chromaticities", oiio.TypeDesc("float[8]"), chromaticities)
        output = oiio.ImageOutput.create("x.exr")
        assert output is not None
        assert output.open(str(folder / f"a.{number}.exr"), spec) and output.write_image(picture.astype(np.float32))
        output.close()
    return folder


def test_scene_linear_exr_is_matched_in_acescct(tmp_path: Path) -> None:
    """A third of a stop and a warmer balance on linear light come back as an ACEScct CDL that is not clamped."""
    linear = [(frame / 255.0) ** 2.2 * 2.5 for frame in made.take(3, intruder=False)]
    acescg = (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767)
    plate = _exr(tmp_path / "A001", linear, acescg)
    reference = _exr(tmp_path / "A002", [picture * (1.5, 1.25, 1.0) for picture in linear], acescg)
    outcome = run(tmp_path, plate, reference)
    assert outcome.verdict is Verdict.ASK  # a person confirms what the header said
    assert "ACEScg" in outcome.reasons[0]
    (shot,) = json.loads(outcome.report.read_text())["shots"]
    assert shot["working_space"].startswith("ACEScct") and shot["cdl"]["clamp"] == "none"
    # A gain of light is an offset of log2 values over 17.52 stops (ACEScct, S-2016-001).
    assert shot["cdl"]["offset"][0] - shot["cdl"]["offset"][2] == pytest.approx(np.log2(1.5) / 17.52, abs=0.015)
    assert shot["scores"]["delta_e_after"] < 1


def test_spaces_must_be_known(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """A working space without the plate's own, a space that nobody knows, and mixed kinds are asked about."""
    with pytest.raises(BriefIncomplete, match="plate_space"):
        run(tmp_path, *takes, working_space="ACEScct")
    with pytest.raises(BriefIncomplete, match="LogCabin"):
        run(tmp_path, *takes, working_space="ACEScct", plate_space="LogCabin")
    linear = _exr(tmp_path / "E001", [made.street_rgb()], None)
    with pytest.raises(BriefIncomplete, match="floating-point"):
        run(tmp_path, takes[0], linear)


def test_a_camera_log_plate_is_matched_in_its_own_space(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """With the plate's space named, the CDL works in ACEScct and says so in its descriptions."""
    outcome = run(tmp_path, *takes, working_space="ACEScct", plate_space="ARRI LogC3 (EI800)")
    assert "Working space: ACEScct" in (tmp_path / "out" / "grade.cc").read_text(encoding="utf-8")
    assert outcome.verdict is not Verdict.REFUSE


def test_a_brief_without_a_reference_is_asked(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """The question says what to write."""
    with pytest.raises(BriefIncomplete, match="reference: "):
        run(tmp_path, takes[0])


def test_an_interlaced_plate_is_refused(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """With a sentence that says what to do."""
    path = tmp_path / "fields.mpg"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg2video", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 192, "yuv420p"
        stream.codec_context.flags |= 0x20000000 | 0x00040000  # interlaced motion estimation and DCT
        for frame in made.take(3, intruder=False):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    with Plate.open(path) as plate:
        if not plate.video.interlaced:
            pytest.fail("the encoder made no interlaced stream")
    with pytest.raises(NotConfident, match="interlaced"):
        run(tmp_path, path, takes[1])


def test_real_takes_of_one_performance_meet(tmp_path: Path) -> None:
    """The lab's two takes, regraded and re-encoded by others: what is left is under a third, and under dE2000 1.5."""
    plate = cut_take("clean_plate", tmp_path / "a.mkv", first=30, count=12, factor=0.25)
    other = cut_take("with_inserted_person", tmp_path / "b.mkv", first=31, count=12, factor=0.25)
    outcome = run(tmp_path, plate, other)
    assert outcome.verdict is Verdict.PUBLISH, outcome.reasons
    (shot,) = json.loads(outcome.report.read_text())["shots"]
    assert shot["scores"]["delta_e_after"] < min(1.5, shot["scores"]["delta_e_before"] / 3)
    assert shot["skin"]["delta_e_after"] < shot["skin"]["delta_e_before"]


def test_statistics_are_used_only_when_asked_and_looked_at(tmp_path: Path) -> None:
    """One set with two actors under a large grade: a suggestion when asked, else none; without a grade, never."""
    ramp = np.linspace(60, 200, 320)[None, :, None] * np.ones((192, 1, 1)) * (0.5, 0.8, 1.1)

    def actor(left: int, colour: tuple[int, int, int]) -> list[made.Frame]:
        picture = ramp.copy()
        picture[60:192, left : left + 70] = colour
        return [picture.clip(0, 255).astype(np.uint8)] * 8

    strong = Cdl(slope=(1.5, 1.1, 0.75))
    plate = made.write_movie(tmp_path / "A.mp4", actor(60, (120, 90, 70)))
    plain = made.write_movie(tmp_path / "B.mp4", actor(150, (60, 80, 60)))
    look = made.write_movie(tmp_path / "C.mp4", graded(actor(150, (60, 80, 60)), strong))
    assert run(tmp_path / "1", plate, look).verdict is Verdict.REFUSE
    asked = run(tmp_path / "2", plate, look, match="statistics")
    assert asked.verdict is Verdict.ASK and "statistics" in asked.reasons[0]
    truth = strong.apply(ramp / 255)
    after = difference(applied(tmp_path / "2" / "out" / "grade.cc", ramp / 255), truth).mean()
    assert after < 0.3 * difference(ramp / 255, truth).mean()
    assert run(tmp_path / "3", plate, plain, match="statistics").verdict is Verdict.REFUSE
