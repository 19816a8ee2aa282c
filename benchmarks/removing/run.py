"""One case from plate to figures."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from wetgate.processors.identity import prove_frame
from wetgate.processors.pictures import Plate
from wetgate.processors.pictures.sheets import spread

from .baselines import Baselines
from .cases import CASES, Case, Kind
from .figures import Figures
from .job import Result, run_job
from .made import Made, make
from .pictures import write_sheet

Image = NDArray[np.float32]

OURS = "Wetgate"


def run_case(name: str, pairs: int, out: Path | None, threads: int) -> dict[str, Any]:
    """The whole job on one case: `rows` holds the figures of every method."""
    case = CASES[name]
    with tempfile.TemporaryDirectory(prefix="removal-") as folder:
        made = make(case, Path(folder))
        result = run_job(made, Path(folder) / "job", threads=threads)
        words: dict[str, Any] = {
            "case": name,
            "half": case.half.value,
            "kind": case.kind.value,
            "matte_share": float(np.mean([hole.mean() for hole in made.holes])),
            "verdict": result.verdict,
            "fault": result.fault,
            "seconds_per_frame": result.seconds / case.frames,
            "cpu_seconds_per_frame": result.cpu_seconds / case.frames,
            "peak_mb": result.peak_mb,
            "rating": result.report.get("rating"),
            "never_seen": result.report.get("never_seen_share"),
            "flagged": result.report.get("frames_to_look_at", []),
            "reasons": result.report.get("reasons", []),
            "rows": {},
        }
        if result.master is not None:
            words |= _measured(made, result, result.master, pairs, out)
    return words


def _measured(made: Made, result: Result, master: Path, pairs: int, out: Path | None) -> dict[str, Any]:
    case = made.case
    first = [n for n in range(case.frames - 1) if made.holes[n].any() and made.holes[n + 1].any()]
    starts = spread(first, pairs)
    wanted = sorted({n for start in starts for n in (start, start + 1)})
    ours, changed = _read_back(made, master, wanted)
    baselines = Baselines(made.holed, made.holes)
    methods = baselines.methods if case.kind is not Kind.SPEED else {"Telea": baselines.telea}
    rows: dict[str, Any] = {}
    by_frame: dict[int, float] = {}
    for name, method in [*methods.items(), (OURS, ours.__getitem__)]:
        began = time.process_time()
        filled = {n: method(n) for n in wanted}
        spent = (time.process_time() - began) / len(wanted)
        figures = _figures(made, filled, starts)
        rows[name] = {**figures.as_json(), "cpu_seconds_per_frame": spent}
        by_frame = figures.by_frame
    rows[OURS]["cpu_seconds_per_frame"] = result.cpu_seconds / case.frames
    if out is not None:
        title = _title(case, rows[OURS], result)
        write_sheet(out / f"{case.name}.png", made, ours, baselines.telea, title)
    return {"rows": rows, "changed_outside": changed, "by_frame": {n + 1001: round(v, 2) for n, v in by_frame.items()}}


def _figures(made: Made, filled: dict[int, Image], starts: list[int]) -> Figures:
    """All figures of one method; only a window around the hole is looked at."""
    figures = Figures()
    for frame, picture in filled.items():
        window = _around(made.holes[frame], 24)
        truth = made.pictures[frame][window]
        figures.add(frame, truth, picture[window], made.holes[frame][window], made.subject[frame][window])
    for start in starts:
        window = _around(made.holes[start] | made.holes[start + 1], 48)
        truths = made.pictures[start][window], made.pictures[start + 1][window]
        figures.add_step(truths, (filled[start][window], filled[start + 1][window]), made.holes[start][window])
    return figures


def _read_back(made: Made, master: Path, wanted: list[int]) -> tuple[dict[int, Image], int]:
    """The master's wanted frames, and how many samples outside the matte differ from the plate in any frame."""
    ours, changed = {}, 0
    with Plate.open(made.plate) as plate, Plate.open(master) as read:
        for before, after in zip(plate.read(), read.read(), strict=True):
            changed += prove_frame(before, after, made.holes[before.frame]).changed
            if before.frame in wanted:
                ours[before.frame] = after.rgb()
    return ours, changed


def _around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )


def _title(case: Case, row: dict[str, Any], result: Result) -> str:
    inside = row["inside_db"] or 0.0
    return f"{case.name} ({case.half}): {inside:.1f} dB inside, rated {result.rating_db or 0:.1f} dB, {result.verdict}"
