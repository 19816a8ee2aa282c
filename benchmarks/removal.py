"""Removal where the truth is known, beside what anybody could run instead.

    python benchmarks/removal.py [tennis bmx vtest pose2sim] [--frames 6]

A matte of another clip is moved over a real one and what it covers is blanked before anything looks
at it; then it is filled and compared with what was there. Figures are inside the matte: PSNR in dB
after a sigma-1.5 low-pass on both sides, over the background (without the pixels where a moving
subject stands) and over all; edge strength and grain as ratios to the truth (a blur scores well by
error alone); CPU seconds a frame (one core). pose2sim is filled from the other take alone. Baselines: Telea's
inpainting, the nearest frame that shows the place without a matte, the temporal median; all
unaligned, as they are commonly used.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.identity import inside_planes
from wetgate.processors.mattes import grown
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.remove.fill import composed, fill_hole, paint
from wetgate.processors.remove.grain import flat_places, high_pass
from wetgate.processors.remove.holes import region_of
from wetgate.processors.remove.shot import Frames, Shot, open_shot
from wetgate.processors.remove.sources.takes import align_takes
from wetgate.schema.request import Request, Source

SHARED = Path(__file__).resolve().parents[2] / "shared" / "footage"
TENNIS, TENNIS_MATTE = "diffueraser_tennis/video.mp4", "diffueraser_tennis/mask.mp4"
BMX, BMX_MATTE = "propainter_bmx-trees/bmx-trees", "propainter_bmx-trees/bmx-trees_mask"
VTEST = "opencv_samples/vtest.avi"
POSE = "pose2sim_clean_vs_inserted"

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """A clip, the foreign matte that is moved over it, and where its own subject is."""

    clip: str
    foreign: str
    subject: str | None = None
    take: str | None = None
    length: int = 70
    scale: float = 1.0


CASES = {
    "tennis": Case(TENNIS, BMX_MATTE, TENNIS_MATTE),
    "bmx": Case(BMX, TENNIS_MATTE, BMX_MATTE),
    "vtest": Case(VTEST, TENNIS_MATTE),
    "pose2sim": Case(
        f"{POSE}/with_inserted_person/cam01.mp4", BMX_MATTE, take=f"{POSE}/clean_plate/cam01.mp4", scale=0.5
    ),
}


def mattes(case: Case, size: tuple[int, int], path: str, scale: float) -> list[Mask]:
    """A foreign matte at (height, width) *size*; scaled, it sits in the upper left, clear of pose2sim's extra."""
    out = []
    with Plate.open(SHARED / path) as plate:
        for picture in plate.read(0, case.length - 1):
            mask = np.zeros(size, np.uint8)
            small = (int(size[1] * scale), int(size[0] * scale))
            mask[: small[1], : small[0]] = cv2.resize(
                (picture.luma() > 127).astype(np.uint8), small, interpolation=cv2.INTER_NEAREST
            )
            out.append(mask > 0)
    return out


class Blanked(Frames):
    """A clip's frames with every hole filled with one code value: nothing can leak from there."""

    def __init__(self, plate: Plate, holes: list[Mask]) -> None:
        super().__init__(plate)
        self._holes = holes
        self._blank: dict[int, Picture] = {}

    def at(self, frame: int) -> Picture:
        """One frame without what its hole covers."""
        if frame not in self._blank:
            picture = super().at(frame)
            inside = inside_planes(self._holes[frame], picture.encoding.layout)
            planes = tuple(
                np.where(mask, 200, plane).astype(plane.dtype)
                for plane, mask in zip(picture.planes, inside, strict=True)
            )
            self._blank[frame] = Picture(frame, planes, picture.encoding)
        return self._blank[frame]


@dataclass
class Holed(Shot):
    """A shot whose mattes are these holes."""

    holes: list[Mask] = field(default_factory=list)

    def matte(self, frame: int) -> Mask:
        """The foreign matte; nothing after its end."""
        return self.holes[frame] if frame < len(self.holes) else np.zeros(self.holes[0].shape, bool)


def holed(real: Shot, holes: list[Mask]) -> Holed:
    """The shot as the methods get to see it: it ends with its last hole, and shares the files of *real*."""
    shot = Holed(real.request, real.options, real.plate, real.mattes, Blanked(real.plate, holes), holes=holes)
    shot.cuts = [len(holes)]
    return shot


@dataclass(frozen=True)
class Score:
    """How near one frame came: `error` is the mean squared error after a low-pass over `pixels`."""

    error: float
    pixels: int
    edges: float
    grain: float | None


def score(truth: Image, made: Image, where: Mask) -> Score:
    """Compare inside *where*; edges and grain are ratios to the truth, grain is None without flat places."""
    soft = [cv2.GaussianBlur(image, (0, 0), 1.5) for image in (truth, made)]
    error = float(((soft[0] - soft[1])[where] ** 2).mean())
    slopes = [cv2.magnitude(*(cv2.Sobel(i.mean(axis=-1), cv2.CV_32F, *d) for d in ((1, 0), (0, 1)))) for i in soft]
    flat = flat_places(truth, where)
    grain = None
    if flat.sum() > 60 and high_pass(truth)[flat].std() > 1e-4:
        grain = float(high_pass(made)[flat].std() / high_pass(truth)[flat].std())
    return Score(error, int(where.sum()), float(slopes[1][where].mean() / slopes[0][where].mean()), grain)


def baselines(shot: Shot, holes: list[Mask], frame: int) -> dict[str, Callable[[], Image]]:
    """What anybody could run instead: each gives the whole frame filled."""

    def nearest() -> Image:
        out, left = shot.rgb(frame).copy(), holes[frame].copy()
        for number in sorted(range(len(holes)), key=lambda n: abs(n - frame))[1:40]:
            usable = left & ~grown(holes[number], 2)
            out[usable] = shot.rgb(number)[usable]
            left &= ~usable
        return paint(out, grown(left, 2)) if left.any() else out

    def median() -> Image:
        numbers = np.linspace(0, len(holes) - 1, 15).astype(int)
        stack = np.stack([np.where(grown(holes[n], 2)[..., None], np.nan, shot.rgb(n)) for n in numbers])
        with np.errstate(all="ignore"):
            middle = np.nan_to_num(np.nanmedian(stack, axis=0)).astype(np.float32)
        return np.where(holes[frame][..., None], middle, shot.rgb(frame))

    return {
        "Telea": lambda: paint(shot.rgb(frame), grown(holes[frame], 2)),
        "nearest frame": nearest,
        "temporal median": median,
    }


def subject_of(shot: Shot, case: Case) -> Callable[[int], Mask]:
    """Where something moves that stands in front of the background."""
    if case.subject:
        size = (shot.plate.video.height, shot.plate.video.width)
        own = mattes(case, size, case.subject, 1.0)
        return lambda frame: grown(own[frame], 3)
    if case.take:
        return lambda _: np.zeros((shot.plate.video.height, shot.plate.video.width), bool)
    sampled = [shot.luma(n).astype(np.float32) for n in np.linspace(0, shot.plate.frames - 1, 40).astype(int)]
    still = np.median(np.stack(sampled), axis=0)
    return lambda frame: grown(np.abs(shot.luma(frame) - still) > 18, 4)


def run(name: str, case: Case, count: int) -> Iterable[str]:
    """One row of the table a method."""
    plate = Source(path=SHARED / case.clip, name=name)
    sources = (Source(path=SHARED / case.take, name="other take"),) if case.take else ()
    with tempfile.TemporaryDirectory() as folder:
        request = Request(
            plate=plate, sources=sources, work=Path(folder), out=Path(folder),
            options={"box": "0,0,8,8", "box_is": "area", "feather": 0},
        )  # fmt: skip
        real = open_shot(request)
        size = (real.plate.video.height, real.plate.video.width)
        holes = mattes(case, size, case.foreign, case.scale)
        subject = subject_of(real, case)
        subjects = {n: subject(n) for n in np.linspace(6, case.length - 6, count).astype(int)}
        truths = {n: real.rgb(n) for n in subjects}
        shot = holed(real, holes)
        if sources:
            pairs = [int(n) for n in np.linspace(4, case.length - 4, 4)]
            avoid = {n: grown(holes[n], 8) for n in pairs}
            shot.takes = align_takes(shot.plate, sources, pairs, avoid, np.zeros(size, bool))
        rows: dict[str, list[tuple[Score, Score]]] = {}
        spent: dict[str, float] = {}
        for frame, truth in truths.items():
            hole = holes[frame]
            region = region_of(hole)
            if region is None:
                continue

            def ours(frame: int = frame, hole: Mask = hole) -> Image:
                fill = fill_hole(shot, frame, shot.matte)
                assert fill is not None
                return composed(shot, fill, hole, fill.grain).rgb()

            for method, make in {**baselines(shot, holes, frame), "Wetgate": ours}.items():
                started = time.process_time()
                made = make()[region.window]
                spent[method] = spent.get(method, 0.0) + time.process_time() - started
                there, inside = truth[region.window], hole[region.window]
                clear = inside & ~subjects[frame][region.window]
                if clear.sum() < 50:
                    continue
                rows.setdefault(method, []).append((score(there, made, clear), score(there, made, inside)))
        shot.close()
    for method, found in rows.items():
        yield f"{name:9} {method:16} {summary(found)} {spent[method] / len(found):8.2f}"


def summary(found: list[tuple[Score, Score]]) -> str:
    """The figures of one method: each frame's score over the background and over all of its hole."""
    clear = [background for background, _ in found]
    edges = float(np.median([one.edges for one in clear]))
    grains = [one.grain for one in clear if one.grain is not None]
    grain = f"{np.median(grains):5.2f}" if grains else "    -"
    return f"{psnr(clear):8.1f} {psnr([whole for _, whole in found]):8.1f} {edges:6.2f} {grain}"


def psnr(scores: list[Score]) -> float:
    """Over all frames' pixels, in dB."""
    pixels = sum(one.pixels for one in scores)
    return float(-10 * np.log10(sum(one.error * one.pixels for one in scores) / pixels))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("clips", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--frames", type=int, default=6, help="frames that are scored a clip")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'clip':9} {'method':16} {'bg dB':>8} {'all dB':>8} {'edges':>6} {'grain':>5} {'s/frame':>8}")
    for name in chosen.clips:
        for row in run(name, CASES[name], chosen.frames):
            print(row, flush=True)


if __name__ == "__main__":
    main()
