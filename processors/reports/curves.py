"""Curves over the frames, as inline SVG for a report's page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

_WIDTH, _HEIGHT = 1000, 160


@dataclass(frozen=True)
class Curve:
    """One figure over the frames. `factor` turns what is stored into the unit that is shown."""

    key: str
    title: str
    words: str
    unit: str
    factor: float = 1.0
    floor: float | None = 0.0
    least_span: float = 1.0


@dataclass(frozen=True)
class Drawn:
    """A curve ready for the page: bounds as text, and the picture."""

    title: str
    words: str
    top: str
    bottom: str
    limit: str
    first: int
    last: int
    svg: Markup


def drawn_curves(
    curves: Sequence[Curve],
    rows: Sequence[Mapping[str, Any]],
    limits: Mapping[str, float],
    spreads: Mapping[str, float],
) -> list[Drawn]:
    """Every one of *curves* that *rows* ({"frame", key: value, ...}) hold.

    *limits* are dashed lines, *spreads* how far a figure may be off to both sides, both in stored units.
    """
    found = []
    for curve in curves:
        values = {int(row["frame"]): float(row[curve.key]) * curve.factor for row in rows
                  if row.get(curve.key) is not None}  # fmt: skip
        if any(values.values()):  # what is nothing in every frame needs no picture
            limit, spread = limits.get(curve.key), spreads.get(curve.key, 0.0) * curve.factor
            found.append(_drawn(curve, values, None if limit is None else limit * curve.factor, spread))
    return found


def _drawn(curve: Curve, values: dict[int, float], line: float | None, spread: float) -> Drawn:
    frames = sorted(values)
    held = [*(value + off for value in values.values() for off in (-spread, spread)), *([] if line is None else [line])]
    bottom = min(held) if curve.floor is None else min(curve.floor, *held)
    top = max(*held, bottom + curve.least_span)
    margin = 0.06 * (top - bottom)
    top, bottom = top + margin, bottom - (margin if curve.floor is None else 0)
    first, last = frames[0], frames[-1]

    def at(frame: int, value: float) -> str:
        x = _WIDTH * (frame - first + 0.5) / (last - first + 1)
        return f"{x:.1f},{_HEIGHT * (1 - (value - bottom) / (top - bottom)):.1f}"

    parts = []
    if line is not None:
        y = at(first, line).split(",")[1]
        parts.append(f'<line class="limit" x1="0" x2="{_WIDTH}" y1="{y}" y2="{y}"/>')
    for run in _runs(frames):
        if spread:
            upper = [at(frame, values[frame] + spread) for frame in run]
            lower = [at(frame, values[frame] - spread) for frame in reversed(run)]
            parts.append(f'<polygon class="band" points="{" ".join(upper + lower)}"/>')
        points = " ".join(at(frame, values[frame]) for frame in run)
        # A frame by itself is a dot: a line of one point draws nothing.
        parts.append(
            f'<polyline class="curve" points="{points}"/>'
            if len(run) > 1
            else f'<polyline class="curve dot" points="{points} {points}"/>'
        )
    svg = (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" preserveAspectRatio="none" role="img" '
        f'aria-label="{curve.title}">{"".join(parts)}</svg>'
    )
    return Drawn(
        curve.title,
        curve.words,
        f"{top:.0f} {curve.unit}",
        f"{bottom:.0f} {curve.unit}",
        "" if line is None else f"Dashed: the limit, {line:.0f} {curve.unit}",
        first,
        last,
        # Numbers and our own words alone: nothing in it comes from outside.
        Markup(svg),
    )


def _runs(frames: Sequence[int]) -> list[list[int]]:
    """Frames in runs without a gap."""
    out: list[list[int]] = []
    for frame in frames:
        if out and frame == out[-1][-1] + 1:
            out[-1].append(frame)
        else:
            out.append([frame])
    return out
