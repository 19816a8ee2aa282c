"""Every case, from clips to figures."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from wetgate.processors.colour_difference import difference
from wetgate.processors.match_grade.options import Options
from wetgate.processors.match_grade.shot import match_shot
from wetgate.processors.pictures.review import write_picture
from wetgate.processors.pictures.sheets import Row as SheetRow
from wetgate.processors.pictures.sheets import contact_sheet
from wetgate.schema.request import Source

from .baselines import BASELINES
from .clips import APART, FRAMES, OVERLAP, REAL, SHOTS, load
from .grades import GRADES, Picture


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


def draw(
    folder: Path, name: str, before: Picture, after: Picture, truth: Picture, reference: Picture, scores: dict[str, Any]
) -> None:
    """Before, match, known grade and a frame of the reference."""
    size = before.shape[1], before.shape[0]
    shown = [before, after, truth, cv2.resize(reference, size, interpolation=cv2.INTER_AREA)]
    heads = ["plate", f"match {scores['match'][0]:.2f}", f"known grade ({scores['nothing'][0]:.2f} away)", "reference"]
    row = SheetRow("", tuple(np.clip(picture, 0, 1) for picture in shown))
    write_picture(folder / f"{name.replace(' ', '_')}.png", contact_sheet(name, heads, [row], width=1600))
