"""The figures as text."""

from __future__ import annotations

import numpy as np

from .run import Row


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
