"""The figures as text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from .cases import Half, Kind
from .run import OURS

_COLUMNS = {
    "inside_db": ("in dB", "{:.1f}"),
    "background_db": ("bg dB", "{:.1f}"),
    "mover_db": ("mov dB", "{:.1f}"),
    "ssim": ("ssim", "{:.3f}"),
    "gmsd": ("gmsd", "{:.3f}"),
    "ewarp": ("ewarp", "{:.2f}"),
    "grain": ("grain", "{:.2f}"),
    "lag": ("lag-1", "{:+.2f}"),
    "edge_recall": ("edges", "{:.2f}"),
    "cut": ("cut", "{:.0%}"),
    "cpu_seconds_per_frame": ("cpu s/f", "{:.2f}"),
}
_CEILING_DB = 50.0
"""What a clip counts at most in a mean, or in a rating's error: beyond that nothing is to be seen, and one
clip that stands perfectly still would carry the rest."""
BAD_DB = 24.0
"""A result below this must be caught."""


def head() -> str:
    """The columns' names."""
    return f"{'case':16} {'method':10} " + " ".join(f"{name:>7}" for name, _ in _COLUMNS.values())


def rows(words: dict[str, Any]) -> Iterable[str]:
    """A case's rows, and one line about its job if there was one."""
    for method, row in words["rows"].items():
        cells = ["-" if row[key] is None else form.format(row[key]) for key, (_, form) in _COLUMNS.items()]
        yield f"{words['case']:16} {method:10} " + " ".join(f"{cell:>7}" for cell in cells)
    if "verdict" in words:
        yield _job(words)


def _job(words: dict[str, Any]) -> str:
    rating = words["rating"] or {}
    never, changed = words["never_seen"], words.get("changed_outside", "?")
    verdict = f"{words['verdict']}: {words['fault']}" if words["fault"] else words["verdict"]
    return (
        f"{'':16} -> {verdict}; {words.get('true_db') or 0:.1f} dB inside over all frames, rated "
        f"{rating.get('expected_psnr_db', float('nan')):.1f} dB over {rating.get('covered', 0):.0%}; never seen "
        f"{'?' if never is None else format(never, '.1%')}; {changed} values changed outside; "
        f"{words['seconds_per_frame']:.2f} s a frame, {words['peak_mb']:.0f} MB"
    )


def summary(found: Sequence[dict[str, Any]]) -> Iterable[str]:
    """The issue's table: means over halves and kinds, and the self-rating."""
    done = [words for words in found if words["rows"]]
    for half in Half:
        chosen = [w for w in done if w["half"] == half and w["kind"] == Kind.BACKGROUND]
        if chosen:
            yield f"background, {half} half ({len(chosen)} clips, 50 dB at most each): " + ", ".join(
                f"{method} {_mean(chosen, method, 'background_db')}" for method in chosen[0]["rows"]
            )
    ours = [w["rows"][OURS] for w in done if w["kind"] in (Kind.BACKGROUND, Kind.TAKE, Kind.MOVER)]
    for key, words in (("ewarp", "Ewarp ratio"), ("grain", "grain ratio"), ("lag", "lag-1 difference")):
        values = [row[key] for row in ours if row[key] is not None]
        if values:
            yield f"{words}: mean {np.mean(values):.2f}, {min(values):.2f} to {max(values):.2f} ({len(values)} clips)"
    yield from _movers([w for w in done if w["kind"] == Kind.MOVER])
    takes = [w for w in done if w["kind"] == Kind.TAKE]
    if takes:
        yield f"another take as the only source: {_mean(takes, OURS, 'background_db')} dB ({len(takes)} jobs)"
    jobs = [w for w in done if "verdict" in w]
    if jobs:
        yield f"values changed outside: {sum(w['changed_outside'] for w in jobs)}"
        yield from self_rating(jobs)


def _movers(chosen: Sequence[dict[str, Any]]) -> Iterable[str]:
    gains = []
    for words in chosen:
        by = {method: row["mover_db"] for method, row in words["rows"].items()}
        if by[OURS] is not None:
            gains.append(by[OURS] - max(by["Telea"], by["flow chain"]))
    if gains:
        shown = [(w["rows"][OURS]["cut"], w["rows"][OURS]["cut_of"]) for w in chosen]
        frames = sum(of for cut, of in shown if cut is not None)
        cut = sum(cut * of for cut, of in shown if cut is not None) / max(frames, 1)
        yield (
            f"movers: {np.mean(gains):+.1f} dB against the better of Telea and flow chain "
            f"({', '.join(f'{g:+.1f}' for g in gains)}); silhouette cut in {cut:.0%} of {frames:.0f} frames"
        )


def self_rating(done: Sequence[dict[str, Any]]) -> Iterable[str]:
    """How far off, what was caught, and what was caught wrongly."""
    for half in (None, *Half):
        chosen = [w for w in done if w["rating"] and half in (None, w["half"])]
        off = [_capped(w["rating"]["expected_psnr_db"]) - _capped(w["true_db"]) for w in chosen]
        if not off:
            continue
        bad = [w for w in chosen if w["true_db"] < BAD_DB]
        missed = [w["case"] for w in bad if w["verdict"] == "publish"]
        good = [w for w in chosen if w["true_db"] >= BAD_DB + 4]
        stopped = [w["case"] for w in good if w["verdict"] != "publish"]
        yield (
            f"self-rating, {half or 'all'} ({len(chosen)} jobs): off by {np.median(np.abs(off)):.1f} dB in the "
            f"median ({np.median(off):+.1f} signed, worst {max(off, key=abs):+.1f}); under {BAD_DB:.0f} dB: "
            f"{len(bad) - len(missed)} of {len(bad)} caught{' (missed ' + ', '.join(missed) + ')' if missed else ''}; "
            f"of {len(good)} at {BAD_DB + 4:.0f} dB or more {len(stopped)} stopped"
            f"{' (' + ', '.join(stopped) + ')' if stopped else ''}"
        )


def _mean(chosen: Sequence[dict[str, Any]], method: str, key: str) -> str:
    values = [_capped(w["rows"][method][key]) for w in chosen if w["rows"].get(method, {}).get(key) is not None]
    return f"{np.mean(values):.1f}" if values else "-"


def _capped(value: float) -> float:
    return min(value, _CEILING_DB)
