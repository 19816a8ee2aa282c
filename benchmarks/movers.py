"""Performers behind the matte, where the truth is known, beside what anybody could run instead.

    python benchmarks/movers.py [vtest-box juggle-cross ...] [--frames 10] [--sheets DIR]

What a matte covers is blanked before anything looks at it. `box` mattes stand still while somebody
passes behind them; `cross` mattes have the shape of another clip's subject and cross the performer;
`post` is an upright bar that comes towards him. Figures are over the mover's silhouette inside the
matte, which is where the frame differs from the clip's true median plate (the DAVIS mask for bmx):
PSNR in dB after a sigma-1.5 low-pass on both sides; the same over the rest of the matte; edge recall,
the share of the silhouette's edge pixels that the result shows with at least half their strength, in
their direction, within 1 % of the frame's shorter side; the share of frames with a recall under .8,
which look cut. `torn` is the median of what the fill says about itself in cut and in whole frames.

Baselines: Telea's inpainting; a motion-following pass: DIS flow between neighbours, completed over
the hole, followed in both directions until the matte lets go, the two blended by distance in time;
the still background alone.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from removing.blanked import Blanked, Holed
from wetgate.processors.flow import dense_flow
from wetgate.processors.mattes import grown
from wetgate.processors.pictures import Plate
from wetgate.processors.remove.fill import composed, paint
from wetgate.processors.remove.grain.regrain import regrained
from wetgate.processors.remove.holes import region_of
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.movers.motion import completed
from wetgate.processors.remove.open import open_shot
from wetgate.schema.request import Request, Source

SHARED = Path(__file__).resolve().parents[2] / "shared" / "footage"
SHAPE = "diffueraser_tennis/mask.mp4"
VTEST = "opencv_samples/vtest.avi"
JUGGLE = "sam2_gallery/05_default_juggle.mp4"
POSE = "pose2sim_clean_vs_inserted/clean_plate/cam01.mp4"
POSE2 = "pose2sim_clean_vs_inserted/clean_plate/cam02.mp4"
BMX, BMX_SUBJECT = "propainter_bmx-trees/bmx-trees", "propainter_bmx-trees/bmx-trees_mask"

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]
Spot = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """A matte that stands still: left, top, right, bottom as shares of the frame."""

    sides: tuple[float, float, float, float]

    def masks(self, size: tuple[int, int], length: int) -> list[Mask]:
        """One mask a frame."""
        mask = np.zeros(size, bool)
        left, top, right, bottom = (round(v * size[1 - i % 2]) for i, v in enumerate(self.sides))
        mask[top:bottom, left:right] = True
        return [mask] * length


@dataclass(frozen=True)
class Sweep:
    """The tennis player's outline, or a bar, going from `start` to `end` (centre, shares of the frame)."""

    start: Spot
    end: Spot
    height: float
    bar: float = 0.0

    def masks(self, size: tuple[int, int], length: int) -> list[Mask]:
        """One mask a frame, `height` of the frame tall."""
        shapes = [] if self.bar else _outlines(length, round(self.height * size[0]))
        out = []
        for frame in range(length):
            share = frame / max(length - 1, 1)
            x = (self.start[0] + share * (self.end[0] - self.start[0])) * size[1]
            y = (self.start[1] + share * (self.end[1] - self.start[1])) * size[0]
            mask = np.zeros(size, np.uint8)
            if self.bar:
                half, tall = self.bar * size[1] / 2, self.height * size[0] / 2
                cv2.rectangle(mask, (round(x - half), round(y - tall)), (round(x + half), round(y + tall)), 1, -1)
            else:
                shape = shapes[frame]
                move = np.array([[1, 0, x - shape.shape[1] / 2], [0, 1, y - shape.shape[0] / 2]], np.float64)
                mask = np.asarray(cv2.warpAffine(shape, move, size[::-1], flags=cv2.INTER_NEAREST), np.uint8)
            out.append(mask > 0)
        return out


def _outlines(length: int, height: int) -> list[NDArray[np.uint8]]:
    """The tennis player's outline, cut out, *height* pixels tall."""
    out = []
    with Plate.open(SHARED / SHAPE) as plate:
        for frame in range(length):
            shape = (plate.picture(frame % plate.frames).luma() > 127).astype(np.uint8)
            x, y, wide, tall = cv2.boundingRect(shape)
            scaled = (max(1, round(wide * height / tall)), height)
            out.append(np.asarray(cv2.resize(shape[y : y + tall, x : x + wide], scaled), np.uint8))
    return out


@dataclass(frozen=True)
class Case:
    """A part of a clip, how wide it is made, and the mattes laid over it."""

    clip: str
    holes: Box | Sweep
    first: int
    length: int
    width: int
    subject: str | None = None


CASES = {
    "vtest-box": Case(VTEST, Box((0.72, 0.36, 0.79, 0.62)), 20, 80, 576),
    "vtest-cross": Case(VTEST, Sweep((0.6, 0.42), (0.95, 0.55), 0.26), 20, 60, 576),
    "bmx-post": Case(BMX, Sweep((0.85, 0.5), (0.2, 0.5), 0.9, bar=0.07), 0, 34, 432, BMX_SUBJECT),
    "bmx-cross": Case(BMX, Sweep((0.8, 0.5), (0.2, 0.5), 0.5), 18, 40, 432, BMX_SUBJECT),
    "juggle-box": Case(JUGGLE, Box((0.61, 0.5, 0.68, 0.76)), 60, 60, 640),
    "juggle-cross": Case(JUGGLE, Sweep((0.4, 0.6), (0.75, 0.55), 0.45), 60, 44, 640),
    "pose-box": Case(POSE, Box((0.34, 0.16, 0.46, 0.33)), 0, 100, 360),
    "pose-cross": Case(POSE, Sweep((0.25, 0.35), (0.8, 0.45), 0.3), 10, 60, 360),
    "pose2-cross": Case(POSE2, Sweep((0.25, 0.45), (0.8, 0.4), 0.3), 20, 60, 360),
}


@dataclass
class Made:
    """One case, ready: the shot as the methods see it, its holes, and what was there."""

    shot: Holed
    truths: list[Image]
    subjects: list[Mask]
    tolerance: int


def make(case: Case, folder: Path) -> Made:
    """Scale the clip's part to PNG files in *folder*, blank the holes, find the silhouettes."""
    with Plate.open(SHARED / case.clip) as plate:
        for number, picture in enumerate(plate.read(case.first, case.first + case.length - 1)):
            image = picture.rgb()
            size = (case.width, round(image.shape[0] * case.width / image.shape[1] / 2) * 2)
            small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            code = np.clip(small[..., ::-1] * 255 + 0.5, 0, 255).astype(np.uint8)
            cv2.imwrite(str(folder / f"plate.{number:04d}.png"), code)
        still = None if case.subject else _median(plate, (case.width, size[1]))
    request = Request(
        plate=Source(path=folder, name="plate"), work=folder / "work", out=folder / "out",
        options={"box": "0,0,8,8", "box_is": "area", "feather": 0},
    )  # fmt: skip
    real = open_shot(request)
    truths = [real.rgb(n) for n in range(case.length)]
    size = truths[0].shape[:2]
    holes = case.holes.masks(size, case.length)
    shot = Holed(request, real.options, real.plate, real.mattes, Blanked(real.plate, holes), holes=holes)
    subjects = _drawn(case, size) if still is None else [_apart(truth, still) for truth in truths]
    return Made(shot, truths, subjects, max(2, round(0.01 * min(size))))


def _median(plate: Plate, size: tuple[int, int]) -> Image:
    """The clip's median plate over all of its length."""
    numbers = np.linspace(0, plate.frames - 1, 31).astype(int)
    stack = [cv2.resize(plate.picture(int(n)).rgb(), size, interpolation=cv2.INTER_AREA) for n in numbers]
    return np.asarray(np.median(np.stack(stack), axis=0), np.float32)


def _apart(truth: Image, still: Image) -> Mask:
    """Where a frame differs from the median plate, specks and pinholes taken out."""
    apart = cv2.GaussianBlur(np.abs(truth - still).max(axis=-1), (0, 0), 1.0) > 24 / 255
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    opened = cv2.morphologyEx(apart.astype(np.uint8), cv2.MORPH_OPEN, disc)
    return np.asarray(cv2.morphologyEx(opened, cv2.MORPH_CLOSE, disc) > 0)


def _drawn(case: Case, size: tuple[int, int]) -> list[Mask]:
    assert case.subject
    with Plate.open(SHARED / case.subject) as plate:
        pictures = plate.read(case.first, case.first + case.length - 1)
        return [cv2.resize(p.luma(), size[::-1], interpolation=cv2.INTER_AREA) > 127 for p in pictures]


class Chain:
    """The motion-following pass: flow between neighbours, completed over the hole, followed both ways."""

    def __init__(self, shot: Holed) -> None:
        self._shot = shot
        self._flows: dict[tuple[int, int], NDArray[np.float32]] = {}

    def fill(self, frame: int) -> Image:
        """The whole frame, filled from both directions by distance in time, Telea where neither arrives."""
        image, hole = self._shot.rgb(frame), self._shot.holes[frame]
        total = np.zeros_like(image)
        mass = np.zeros(hole.shape, np.float32)
        for step in (1, -1):
            colour, age = self._follow(frame, step)
            weight = np.where(age > 0, 1 / np.maximum(age, 1), 0).astype(np.float32)
            total += colour * weight[..., None]
            mass += weight
        out = np.where((hole & (mass > 0))[..., None], total / np.maximum(mass, 1e-6)[..., None], image)
        rest = hole & (mass == 0)
        return paint(np.asarray(out, np.float32), grown(rest, 2)) if rest.any() else np.asarray(out, np.float32)

    def _follow(self, frame: int, step: int) -> tuple[Image, NDArray[np.float32]]:
        hole = self._shot.holes[frame]
        height, width = hole.shape
        x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        colour, age = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
        left, number = hole.copy(), frame
        while left.any() and 0 <= number + step < len(self._shot.holes):
            flow = self._flow(number, number + step)
            moved = cv2.remap(flow, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
            x, y, number = x + moved[..., 0], y + moved[..., 1], number + step
            blocked = grown(self._shot.holes[number], 2).astype(np.float32)
            seen = cv2.remap(blocked, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=1)
            arrived = left & (seen < 0.03)
            there = cv2.remap(self._shot.rgb(number), x, y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
            colour[arrived], age[arrived] = there[arrived], abs(number - frame)
            left &= ~arrived
        return colour, age

    def _flow(self, one: int, other: int) -> NDArray[np.float32]:
        if (one, other) not in self._flows:
            hidden = grown(self._shot.holes[one] | self._shot.holes[other], 6)
            flow = dense_flow(self._shot.luma(one), self._shot.luma(other), hole=hidden)
            self._flows[one, other] = completed(flow, (~hidden).astype(np.float32))
        return self._flows[one, other]


def soft_error(truth: Image, made: Image, where: Mask) -> tuple[float, int]:
    """Squared error after a low-pass, summed over *where*, and its pixels."""
    apart = cv2.GaussianBlur(truth, (0, 0), 1.5) - cv2.GaussianBlur(made, (0, 0), 1.5)
    return float((apart[where] ** 2).mean(axis=-1).sum()), int(where.sum())


def edge_recall(truth: Image, made: Image, hole: Mask, subject: Mask, tolerance: int) -> float | None:
    """The share of the silhouette's edges inside the hole that *made* shows; None where it has too few."""
    rim = grown(subject, 2) & grown(~subject, 2) & hole
    ours, theirs = _gradient(made), _gradient(truth)
    strength = np.linalg.norm(theirs, axis=-1)
    rim &= strength > 0.06
    if rim.sum() < 30:
        return None
    best = np.full(hole.shape, -1.0, np.float32)
    padded = cv2.copyMakeBorder(ours, *(tolerance,) * 4, cv2.BORDER_REPLICATE)
    for dy in range(-tolerance, tolerance + 1):
        for dx in range(-tolerance, tolerance + 1):
            if dx * dx + dy * dy > tolerance * tolerance:
                continue
            top, left = tolerance + dy, tolerance + dx
            near = padded[top : top + hole.shape[0], left : left + hole.shape[1]]
            best = np.maximum(best, (near * theirs).sum(axis=-1))
    return float((best[rim] >= 0.5 * strength[rim] ** 2).mean())


def _gradient(image: Image) -> Image:
    luma = cv2.GaussianBlur(image.mean(axis=-1), (0, 0), 1.0)
    return np.stack([cv2.Sobel(luma, cv2.CV_32F, 1, 0), cv2.Sobel(luma, cv2.CV_32F, 0, 1)], axis=-1)


@dataclass
class Result:
    """One method over the frames of one case."""

    inside: list[tuple[float, int]] = field(default_factory=list)
    around: list[tuple[float, int]] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    torn: list[float] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def cut(self) -> float:
        """The share of frames whose silhouette looks cut."""
        return float(np.mean([value < 0.8 for value in self.recall])) if self.recall else 0.0


def decibels(errors: list[tuple[float, int]]) -> float:
    """PSNR over all frames' pixels."""
    pixels = sum(count for _, count in errors)
    return float(-10 * np.log10(max(sum(error for error, _ in errors) / max(pixels, 1), 1e-9)))


def scored_frames(made: Made, count: int) -> list[int]:
    """Frames in which a good part of a mover stands behind the matte, spread over them."""
    sizes = [int((h & s).sum()) for h, s in zip(made.shot.holes, made.subjects, strict=True)]
    least = 0.03 * float(np.median([h.sum() for h in made.shot.holes]))
    found = [n for n, size in enumerate(sizes) if size > max(60, least)]
    return [found[int(i)] for i in np.linspace(0, len(found) - 1, min(count, len(found)))]


def run(case: Case, count: int, sheet: Path | None = None) -> dict[str, Result]:
    """Every method over one case."""
    results: dict[str, Result] = {}
    with tempfile.TemporaryDirectory() as folder:
        made = make(case, Path(folder))
        shot, chain = made.shot, Chain(made.shot)
        strips = []
        for frame in scored_frames(made, count):
            hole, truth = shot.holes[frame], made.truths[frame]
            subject = hole & made.subjects[frame]
            torn = 0.0

            def ours(frame: int = frame, hole: Mask = hole) -> Image:
                nonlocal torn
                fill = fill_hole(shot, frame, shot.matte)
                assert fill is not None
                torn = fill.torn
                return composed(shot, regrained(shot, fill, hole).fill, hole).rgb()

            methods: dict[str, Callable[[], Image]] = {
                "Telea": lambda frame=frame, hole=hole: paint(shot.rgb(frame), grown(hole, 2)),  # type: ignore[misc]  # frozen
                "motion-following": lambda frame=frame: chain.fill(frame),  # type: ignore[misc]  # frozen
                "Wetgate": ours,
            }
            pictures = [truth]
            for name, method in methods.items():
                started = time.process_time()
                image = method()
                result = results.setdefault(name, Result())
                result.seconds += time.process_time() - started
                pictures.append(image)
                result.inside.append(soft_error(truth, image, subject))
                result.around.append(soft_error(truth, image, hole & ~grown(made.subjects[frame], 3)))
                recall = edge_recall(truth, image, hole, made.subjects[frame], made.tolerance)
                if recall is not None:
                    result.recall.append(recall)
                    result.torn.append(torn)
            strips.append(_strip(pictures, hole))
        shot.close()
    if sheet:
        _write_sheet(sheet, strips)
    return results


def _strip(pictures: list[Image], hole: Mask) -> Image:
    """Truth, what was hidden, and the methods side by side around the hole, at twice the size."""
    region = region_of(hole, margin=24)
    assert region is not None
    pictures.insert(1, np.where(hole[..., None], np.float32(0.8), pictures[0]))
    crops = [cv2.resize(p[region.window], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC) for p in pictures]
    return np.hstack(crops)


def _write_sheet(path: Path, strips: list[Image]) -> None:
    width = max(strip.shape[1] for strip in strips)
    rows = [np.pad(s, ((0, 4), (0, width - s.shape[1]), (0, 0))) for s in strips]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.clip(np.vstack(rows)[..., ::-1] * 255 + 0.5, 0, 255).astype(np.uint8))


def row(case: str, method: str, result: Result) -> str:
    """One line of the table."""
    cut = [t for t, r in zip(result.torn, result.recall, strict=True) if r < 0.8]
    whole = [t for t, r in zip(result.torn, result.recall, strict=True) if r >= 0.8]
    torn = " / ".join(f"{np.median(v):.2f}" if v else "-" for v in (cut, whole))
    recall = float(np.mean(result.recall)) if result.recall else float("nan")
    seconds = result.seconds / max(len(result.inside), 1)
    return (
        f"{case:13} {method:17} {decibels(result.inside):7.2f} {decibels(result.around):7.2f} "
        f"{recall:7.2f} {result.cut:6.0%} {torn:>12} {seconds:8.2f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--frames", type=int, default=10, help="frames that are scored a case")
    parser.add_argument("--sheets", type=Path, help="a folder for contact sheets")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'case':13} {'method':17} {'mover':>7} {'rest':>7} {'recall':>7} {'cut':>6} {'torn':>12} {'s/frame':>8}")
    gains = []
    for name in chosen.cases:
        sheet = chosen.sheets / f"{name}.png" if chosen.sheets else None
        results = run(CASES[name], chosen.frames, sheet)
        for method, result in results.items():
            print(row(name, method, result), flush=True)
        best = max(decibels(results[m].inside) for m in ("Telea", "motion-following"))
        gains.append(decibels(results["Wetgate"].inside) - best)
    print(f"mean gain inside the silhouette over the better baseline: {np.mean(gains):+.2f} dB")


if __name__ == "__main__":
    main()
