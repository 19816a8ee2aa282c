"""The verdict on a colour match, and the sentences that say it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ....schema.media import SourceClass
from ....schema.outcome import Verdict
from ..options import Options
from ..store import ShotMatch

SAME = 1.0
"""Median dE2000 below which two clips count as matched already: about what a trained eye sees side by side. The
mean would count somebody who stands in one clip alone."""
JUMP = 2.0
"""Difference of what is left to the reference between two shots at a cut that an eye may catch."""


def judged(shots: Sequence[ShotMatch], options: Options) -> tuple[Verdict, str, tuple[str, ...]]:
    """The gate's answer, a sentence, and the reasons."""
    kept = [shot for shot in shots if shot.kept]
    reasons = [reason for shot in shots for reason in _doubts(shot, options)]
    jumps = cuts(shots)
    reasons += jumps
    if len(shots) == 1:
        summary = _one(shots[0])
    else:
        summary = f"{len(kept)} of {len(shots)} shots were matched to {shots[0].reference.name}."
    alike = [shot for shot in shots if not shot.kept and _is_matched(shot)]
    if len(kept) + len(alike) == 0:
        return Verdict.REFUSE, summary, tuple(reasons)
    return Verdict.ASK if reasons else Verdict.PUBLISH, summary, tuple(reasons)


def cuts(shots: Sequence[ShotMatch]) -> list[str]:
    """Neighbouring shots whose rest to the reference differs by more than an eye lets pass."""
    found = []
    for one, other in pairwise(shots):
        if one.bias is None or other.bias is None:
            continue
        jump = sum((a - b) ** 2 for a, b in zip(one.bias, other.bias, strict=True)) ** 0.5
        if jump > JUMP:
            found.append(f"At the cut from {one.shot.name} to {other.shot.name} the match jumps by {jump:.1f} (dE76).")
    return found


def _one(shot: ShotMatch) -> str:
    names = f"{shot.shot.name} to {shot.reference.name}"
    if shot.kept and shot.scores is not None:
        by = "from aligned pictures" if shot.basis == "aligned" else "from statistics"
        return (
            f"Matched {names} {by}: mean dE2000 {shot.scores.delta_e_before:.1f} before, "
            f"{shot.scores.delta_e_after:.1f} after, on pixels held out of the fit."
        )
    if _is_matched(shot):
        return f"Nothing to do for {names}: they match already (median dE2000 {_before(shot):.1f})."
    return f"No grade is given for {names}: none is known to be better than leaving it alone."


def _doubts(shot: ShotMatch, options: Options) -> list[str]:
    names = f"{shot.shot.name}"
    found = []
    if shot.basis == "none":
        found.append(
            f"{names}: {shot.words}, and statistics cannot tell a grade from another light. Give a "
            "reference that shows the same place or person, or grade by eye; for one set framed alike, "
            "`match: statistics` makes a suggestion."
        )
    elif not shot.kept and not _is_matched(shot):
        found.append(f"{names}: no grade beat leaving it alone on pixels held out of the fit; it stays as it is.")
    elif shot.kept and shot.basis == "statistics":
        found.append(f"{names}: the grade comes from statistics, since the two show different things; please look.")
    elif shot.kept and shot.scores is not None and shot.scores.delta_e_after > options.max_delta_e:
        found.append(
            f"{names}: a mean dE2000 of {shot.scores.delta_e_after:.1f} is left on held-out pixels, more than the "
            f"limit of {options.max_delta_e:.1f}; the two differ by more than a grade."
        )
    if shot.shot.source_class is SourceClass.PROXY:
        found.append(f"{names} is a proxy: this grade fits the proxy's colours, not those of the camera original.")
    if shot.space_note:
        found.append(f"{names}: {shot.space_note}")
    return found


def _is_matched(shot: ShotMatch) -> bool:
    return shot.scores is not None and not shot.kept and _before(shot) <= SAME


def _before(shot: ShotMatch) -> float:
    return shot.scores.median_before if shot.scores is not None else float("inf")
