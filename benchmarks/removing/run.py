"""One case from plate to figures."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from wetgate.processors.identity import prove_frame
from wetgate.processors.pictures import Plate
from wetgate.processors.pictures.sheets import spread

from .baselines import Baselines
from .cases import CASES, Kind
from .figures import Figures, Sum, soft
from .fill import fill_alone
from .job import Result, run_job
from .made import Made, make
from .pictures import write_sheet

Image = NDArray[np.float32]

OURS = "Wetgate"


def run_case(name: str, pairs: int, out: Path | None, threads: int, fill_only: bool = False) -> dict[str, Any]:
    """The whole job on one case, or its fill alone: `rows` holds the figures of every method."""
    case = CASES[name]
    words: dict[str, Any] = {"case": name, "half": case.half.value, "kind": case.kind.value, "rows": {}}
    with tempfile.TemporaryDirectory(prefix="removal-") as folder:
        made = make(case, Path(folder))
        words["matte_share"] = float(np.mean([hole.mean() for hole in made.holes]))
        starts = _starts(made, pairs)
        wanted = sorted({n for start in starts for n in (start, start + 1)})
        if fill_only:
            ours, seconds = fill_alone(made, Path(folder) / "job", wanted)
            words["rows"] = _rows(made, ours, seconds, starts)
            if out is not None:
                write_sheet(out / f"{name}.png", made, ours, _telea(made), f"{name}: the fill alone")
            return words
        result = run_job(made, Path(folder) / "job", threads=threads)
        words |= {
            "verdict": result.verdict,
            "fault": result.fault,
            "seconds_per_frame": result.seconds / case.frames,
            "cpu_seconds_per_frame": result.cpu_seconds / case.frames,
            "peak_mb": result.peak_mb,
            "rating": result.report.get("rating"),
            "never_seen": result.report.get("never_seen_share"),
            "flagged": result.report.get("frames_to_look_at", []),
            "reasons": result.report.get("reasons", []),
        }
        if result.master is not None:
            words |= _measured(made, result, result.master, starts, out)
    return words


def _starts(made: Made, pairs: int) -> list[int]:
    """The first frames of so many pairs, spread over those with a hole."""
    first = [n for n in range(made.case.frames - 1) if made.holes[n].any() and made.holes[n + 1].any()]
    return spread(first, pairs)


def _measured(made: Made, result: Result, master: Path, starts: list[int], out: Path | None) -> dict[str, Any]:
    case = made.case
    wanted = {n for start in starts for n in (start, start + 1)}
    ours, changed, errors = _read_back(made, master, wanted)
    rows = _rows(made, ours, result.cpu_seconds / case.frames, starts)
    # A rating speaks for all frames: so does the truth that it is held against.
    true_db = Sum(sum(e.total for e in errors.values()), sum(e.weight for e in errors.values())).psnr
    if out is not None:
        title = f"{case.name} ({case.half}): {true_db:.1f} dB, rated {result.rating_db or 0:.1f} dB, {result.verdict}"
        write_sheet(out / f"{case.name}.png", made, ours, _telea(made), title)
    by_frame = {n + 1001: one.psnr for n, one in errors.items()}
    return {"rows": rows, "changed_outside": changed, "true_db": true_db, "by_frame": by_frame}


def _rows(made: Made, ours: dict[int, Image], seconds: float, starts: list[int]) -> dict[str, Any]:
    """The figures of every method over the frames that *ours* holds."""
    baselines = _baselines(made)
    methods = baselines.methods if made.case.kind is not Kind.SPEED else {"Telea": baselines.telea}
    rows: dict[str, Any] = {}
    for name, method in methods.items():
        began = time.process_time()
        filled = {n: method(n) for n in ours}
        spent = (time.process_time() - began) / len(ours)
        rows[name] = {**_figures(made, filled, starts).as_json(), "cpu_seconds_per_frame": spent}
    rows[OURS] = {**_figures(made, ours, starts).as_json(), "cpu_seconds_per_frame": seconds}
    return rows


def _baselines(made: Made) -> Baselines:
    return Baselines(made.holed, made.holes, margin=4 if made.case.store == "420" else 2)


def _telea(made: Made) -> Callable[[int], Image]:
    return _baselines(made).telea


def _figures(made: Made, filled: dict[int, Image], starts: list[int]) -> Figures:
    """All figures of one method; only a window around the hole is looked at."""
    figures = Figures()
    for frame, picture in filled.items():
        window = _around(made.holes[frame], 24)
        truth = made.pictures[frame][window]
        figures.add(truth, picture[window], made.holes[frame][window], made.subject[frame][window])
    for start in starts:
        window = _around(made.holes[start] | made.holes[start + 1], 48)
        truths = made.pictures[start][window], made.pictures[start + 1][window]
        figures.add_step(truths, (filled[start][window], filled[start + 1][window]), made.holes[start][window])
    return figures


def _read_back(made: Made, master: Path, wanted: Collection[int]) -> tuple[dict[int, Image], int, dict[int, Sum]]:
    """The master's wanted frames; how many samples outside the matte differ from the plate in any frame; and
    the squared error inside of every frame."""
    ours, changed, errors = {}, 0, {}
    with Plate.open(made.plate) as plate, Plate.open(master) as read:
        for before, after in zip(plate.read(), read.read(), strict=True):
            number, hole = before.frame, made.holes[before.frame]
            changed += prove_frame(before, after, hole).changed
            picture = after.rgb()
            if number in wanted:
                ours[number] = picture
            if hole.any():
                window = _around(hole, 8)
                error = (soft(made.pictures[number][window]) - soft(picture[window])) ** 2
                errors[number] = Sum()
                errors[number].add(error.mean(axis=-1)[hole[window]])
    return ours, changed, errors


def _around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )
