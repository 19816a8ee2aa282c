"""Removal as whole jobs where the truth is known, beside what anybody could run instead.

    python benchmarks/removal.py [CASE ...] [--quick] [--half tuning|report] [--out DIR] [--json FILE] [--frames N]
                                 [--fill-only]

For each case a plate is written to disk in which what a foreign, object-shaped matte covers is gone;
the real processor runs on plate and mattes in a process of its own; its master is read back and
compared with the truth. What is measured, and how: `removing/figures.py`; the cases and their two
halves (constants are chosen on one, reported on the other): `removing/cases.py`. Baselines: Telea's
inpainting, the unaligned temporal median, the nearest frame, and a motion-following chain of DIS
flow. With --out: a contact sheet a case, and the self-rating against the truth as a scatter plot.
With --fill-only the scored frames are filled and nothing else is done, for quick turns.
"""

from __future__ import annotations

import argparse
import json
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import cv2
from removing.cases import CASES, QUICK, Half, Kind
from removing.pictures import Dot, write_scatter
from removing.run import run_case
from removing.table import head, rows, summary
from wetgate.processors.remove.options import RemoveOptions


def main() -> None:
    """Run what was asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("cases", nargs="*", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true", help="about two minutes: " + ", ".join(QUICK))
    parser.add_argument("--half", choices=[half.value for half in Half], help="only this half of the cases")
    parser.add_argument("--out", type=Path, help="folder for contact sheets and the scatter plot")
    parser.add_argument("--json", type=Path, help="file for all figures")
    parser.add_argument("--frames", type=int, default=24, help="frames that are scored a case, in pairs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="small cases that run side by side")
    parser.add_argument("--fill-only", action="store_true", help="the fill of those frames alone, without a job")
    chosen = parser.parse_args()
    unknown = set(chosen.cases) - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    names = chosen.cases or [*(QUICK if chosen.quick else CASES)]
    names = [name for name in names if chosen.half in (None, CASES[name].half)]
    print(head())
    found: list[dict[str, Any]] = []
    for words in results(names, max(1, chosen.frames // 2), chosen.out, chosen.jobs, chosen.fill_only):
        found.append(words)
        print("\n".join(rows(words)), flush=True)
    print("\n".join(["", *summary(found)]))
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    if chosen.out and not chosen.fill_only:
        dots = [
            Dot(w["case"], w["rating"]["expected_psnr_db"], w["true_db"], w["verdict"],
                w["half"] == Half.REPORT)
            for w in found if w.get("rating") and w["rows"]
        ]  # fmt: skip
        write_scatter(chosen.out / "self-rating.png", dots, RemoveOptions().min_psnr_db)


def results(names: list[str], pairs: int, out: Path | None, jobs: int, fill_only: bool) -> Any:
    """Small cases side by side with one thread each; then those of which seconds count, alone with two."""
    small = [name for name in names if CASES[name].kind is not Kind.SPEED]
    cv2.setNumThreads(1)
    with ProcessPoolExecutor(jobs, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        yield from pool.map(run_case, small, *([one] * len(small) for one in (pairs, out, 1, fill_only)))
    for name in names:
        if name not in small:
            yield run_case(name, pairs, out, 2, fill_only)


if __name__ == "__main__":
    main()
