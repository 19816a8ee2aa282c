"""Whole removals on short pieces of real footage, checked against what is really there."""

from __future__ import annotations

import json
from pathlib import Path

import av
import cv2
import footage
import numpy as np
import pytest
from images import write_mattes
from takes import cut_take, woman
from wetgate.processors.identity import verify_report
from wetgate.processors.pictures import Plate
from wetgate.processors.remove import Remove
from wetgate.processors.runner import run_processor
from wetgate.schema.outcome import Outcome, Verdict
from wetgate.schema.request import Request, Source


def psnr(one: np.ndarray, other: np.ndarray, where: np.ndarray) -> float:
    """dB inside *where*, after a sigma-1.5 low-pass on both sides."""
    soft = [cv2.GaussianBlur(image, (0, 0), 1.5) for image in (one, other)]
    return float(-10 * np.log10(((soft[0] - soft[1])[where] ** 2).mean()))


def remove(tmp_path: Path, plate: Path, matte: Path | None, *sources: Path, **options: object) -> Outcome:
    """Run the processor as the command line would."""
    request = Request(
        plate=Source(path=plate, name="A001"),
        matte=matte,
        sources=tuple(Source(path=path, name=f"A00{n}") for n, path in enumerate(sources, 2)),
        options=options,
        work=tmp_path / "work",
        out=tmp_path / "out",
    )
    return run_processor(Remove(), request, lambda _done, _words: None)


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Take 2 with the extra woman and clean take 1, 24 frames at half size."""
    folder = tmp_path_factory.mktemp("pose")
    plate = cut_take("with_inserted_person", folder / "a.mkv", first=31, count=24)
    return plate, cut_take("clean_plate", folder / "b.mkv", first=30, count=24)


def test_a_person_goes_and_what_was_behind_comes_from_the_other_take(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """The woman vanishes, the place is take 1's, the report verifies, and the rating tells the truth."""
    plate, other = takes
    with Plate.open(plate) as opened:
        size = (opened.video.height, opened.video.width)
    matte = woman(size)
    outcome = remove(tmp_path, plate, write_mattes(tmp_path / "m", [matte] * 24), other, probes=3)
    assert outcome.verdict is Verdict.PUBLISH, outcome.reasons
    assert outcome.sources[0].share > 0.95
    assert outcome.rating is not None
    assert outcome.rating.expected_psnr_db > 30
    assert outcome.identity is not None
    assert outcome.identity.holds
    assert verify_report(outcome.report).holds
    report = json.loads(outcome.report.read_text())
    assert (report["trained_pixels"], report["frames"], len(report["identity"]["hashes"])) == (0.0, 24, 24)
    assert outcome.review is not None
    with av.open(str(outcome.review)) as movie:
        assert (movie.streams.video[0].frames, len(movie.streams.audio)) == (24, 1)
    assert outcome.master is not None
    with Plate.open(outcome.master) as made, Plate.open(plate) as before, Plate.open(other) as clean:
        after, old, real = (one.picture(12).rgb() for one in (made, before, clean))
    height, width = min(after.shape[0], real.shape[0]), min(after.shape[1], real.shape[1])
    inner = cv2.erode((matte > 0).astype(np.uint8), np.ones((9, 9)))[:height, :width] > 0
    images = [image[:height, :width] for image in (after, old, real)]
    # Take 1 is graded and framed otherwise: compare structure, not values.
    edges = [cv2.Laplacian(cv2.GaussianBlur(image.mean(axis=-1), (0, 0), 3), cv2.CV_32F) for image in images]
    now, then = (float(np.corrcoef(edge[inner], edges[2][inner])[0, 1]) for edge in edges[:2])
    assert now > 0.6
    assert now > then + 0.3


def test_a_known_background_comes_back_from_the_take(takes: tuple[Path, Path], tmp_path: Path) -> None:
    """A matte over take 2's untouched background, filled from take 1: at least 30 dB, edges and grain kept."""
    plate, other = takes
    with Plate.open(plate) as opened:
        truth = opened.picture(12).rgb()
        blank = np.zeros(truth.shape[:2], bool)
        blank[420:560, 60:200] = True
    outcome = remove(tmp_path, plate, write_mattes(tmp_path / "m", [blank] * 24), other, probes=2)
    assert outcome.master is not None
    with Plate.open(outcome.master) as made:
        filled = made.picture(12).rgb()
    assert psnr(truth, filled, blank) > 30


@pytest.mark.parametrize("clip", ["tennis", "bmx"])
def test_a_moving_camera_shot_is_filled_from_its_own_frames(clip: str, tmp_path: Path) -> None:
    """A box over known background of a real moving shot comes back 6 dB better than painting from its edges."""
    if clip == "tennis":
        source = footage.shared("diffueraser_tennis/video.mp4")
        box = (600, 60, 60, 60)
    else:
        source = footage.shared("propainter_bmx-trees/bmx-trees")
        box = (300, 60, 40, 40)
    plate, count = tmp_path / "plate.mkv", 24
    with Plate.open(source) as opened, av.open(str(plate), "w") as write:
        stream = write.add_stream("ffv1", rate=24)
        stream.width, stream.height, stream.pix_fmt = opened.video.width, opened.video.height, "yuv444p"
        for picture in opened.read(0, count - 1):
            shown = (picture.rgb() * 255 + 0.5).astype(np.uint8)
            write.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="yuv444p")))
        write.mux(stream.encode(None))
    x, y, w, h = box
    # The matte moves over the picture, as a passer-by would: what it hides is seen in other frames.
    masks = []
    with Plate.open(plate) as opened:
        size = (opened.video.height, opened.video.width)
    for number in range(count):
        mask = np.zeros(size, bool)
        left = x - 6 * number + 6 * 12
        mask[y : y + h, max(left, 0) : left + w] = True
        masks.append(mask)
    outcome = remove(tmp_path, plate, write_mattes(tmp_path / "m", masks), probes=2, frames="1011-1015", min_psnr_db=15)
    assert outcome.master is not None
    assert outcome.sources[-1].share > 0.9
    with Plate.open(plate) as before, Plate.open(outcome.master) as made:
        truth, filled = before.picture(12).rgb(), made.picture(12).rgb()
    bytes_ = (truth * 255).astype(np.uint8)
    painted = cv2.inpaint(bytes_, masks[12].astype(np.uint8), 5, cv2.INPAINT_TELEA).astype(np.float32) / 255
    assert psnr(truth, filled, masks[12]) > psnr(truth, painted, masks[12]) + 6
    assert outcome.identity is not None
    assert outcome.identity.holds


def test_a_shot_is_the_same_by_any_number_of_threads(tmp_path: Path) -> None:
    """Frames side by side share what they find out, and yet nothing depends on which of them asks first."""
    source, count = footage.shared("propainter_bmx-trees/bmx-trees"), 24
    plate = tmp_path / "plate"
    plate.mkdir()
    for number, still in enumerate(sorted(source.iterdir())[:count]):
        (plate / f"plate.{1001 + number}{still.suffix}").symlink_to(still)
    with Plate.open(plate) as opened:
        masks = [np.zeros((opened.video.height, opened.video.width), bool) for _ in range(count)]
    for number, mask in enumerate(masks):
        mask[60:130, 150 + 4 * number : 200 + 4 * number] = True
    matte, before, masters = write_mattes(tmp_path / "m", masks), cv2.getNumThreads(), []
    try:
        for threads in (1, 3):
            cv2.setNumThreads(threads)
            outcome = remove(tmp_path / str(threads), plate, matte, probes=2, min_psnr_db=5)
            assert outcome.master is not None
            masters.append(outcome.master)
    finally:
        cv2.setNumThreads(before)
    with Plate.open(masters[0]) as alone, Plate.open(masters[1]) as together:
        for one, other in zip(alone.read(), together.read(), strict=True):
            assert all(np.array_equal(*planes) for planes in zip(one.planes, other.planes, strict=True)), one.frame


def test_what_was_never_seen_is_said_and_not_published(tmp_path: Path) -> None:
    """A box that stands still in a still shot hides the same place for ever: refused, with the share.

    Who walks behind it meanwhile is followed, and is not counted as never seen.
    """
    plate = tmp_path / "plate.mkv"
    with Plate.open(footage.shared("opencv_samples/vtest.avi")) as opened, av.open(str(plate), "w") as write:
        stream = write.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 768, 576, "yuv420p"
        for picture in opened.read(0, 15):
            frame = av.VideoFrame.from_ndarray((picture.rgb() * 255).astype(np.uint8), format="rgb24")
            write.mux(stream.encode(frame.reformat(format="yuv420p")))
        write.mux(stream.encode(None))
    outcome = remove(tmp_path, plate, None, box="300,200,80,120", box_is="area", probes=2)
    assert outcome.verdict is Verdict.REFUSE
    assert any("never seen" in reason for reason in outcome.reasons)
    assert json.loads(outcome.report.read_text())["never_seen_share"] > 0.7
    asked = remove(tmp_path / "ask", plate, None, box="300,200,80,120", box_is="area", probes=2, weak_fix="ask")
    assert asked.verdict is Verdict.ASK
