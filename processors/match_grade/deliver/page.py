"""A colour match's page: previews, what the grade is worth, its numbers, and what it does to grey."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ....schema.model import Value
from ...reports import embedded, write_page
from ..render import Renderer

_STEPS = 65
_MOST = 12
"""Shots of a scene whose curves are drawn."""
_SIDE = 300


class Greys(Value):
    """A grey ramp of working values, and what the whole grade makes of it in each channel."""

    before: tuple[float, ...]
    red: tuple[float, ...]
    green: tuple[float, ...]
    blue: tuple[float, ...]


def greys(render: Renderer) -> Greys:
    """From 0 to 1, rendered through OpenColorIO."""
    ramp = np.linspace(0, 1, _STEPS)
    made = render(np.repeat(ramp[:, None], 3, axis=1))
    before, red, green, blue = (tuple(round(float(v), 6) for v in line) for line in (ramp, *made.T))
    return Greys(before=before, red=red, green=green, blue=blue)


@dataclass(frozen=True)
class Drawn:
    """One shot's curves ready for the page; the bounds as text."""

    title: str
    top: str
    bottom: str
    first: str
    last: str
    svg: Markup


def write_grade_page(out: Path, words: dict[str, Any]) -> Path:
    """Write `report.html` for the report *words* beside it; the contact sheet is read from *out*."""
    shots = words["shots"]
    known = [shot["scores"] for shot in shots if shot["scores"]]
    return write_page(
        out,
        __package__,
        words,
        kind="colour match report",
        heading=words["plate"]["name"],
        kept=sum(shot["kept"] for shot in shots),
        judged=len(known),
        before=_mean(known, "delta_e_before"),
        after=_mean(known, "delta_e_after"),
        pixels_held=sum(one["pixels"] for one in known),
        spaces=list(dict.fromkeys(shot["working_space"] for shot in shots)),
        curves=[_drawn(shot["shot"]["name"], shot["greys"]) for shot in shots if shot["kept"]][:_MOST],
        apart=max(words["read_back"]["greatest_difference"].values()),
        sheet=embedded(out / "contact_sheet.png"),
    )


def _mean(scores: Sequence[Mapping[str, float]], key: str) -> float | None:
    return sum(one[key] for one in scores) / len(scores) if scores else None


def _drawn(title: str, ramp: Mapping[str, Sequence[float]]) -> Drawn:
    values = [value for channel in ("red", "green", "blue") for value in ramp[channel]]
    bottom, top = min(0.0, *values), max(1.0, *values)

    def line(channel: str, kind: str) -> str:
        points = " ".join(
            f"{_SIDE * x:.1f},{_SIDE * (top - y) / (top - bottom):.1f}"
            for x, y in zip(ramp["before"], ramp[channel], strict=True)
        )
        return f'<polyline class="{kind}" points="{points}"/>'

    lines = (line("before", "none"), *(line(channel, f"curve {channel}") for channel in ("red", "green", "blue")))
    svg = (
        f'<svg viewBox="0 0 {_SIDE} {_SIDE}" preserveAspectRatio="none" role="img" '
        f'aria-label="What the grade does to grey">{"".join(lines)}</svg>'
    )
    # Numbers and our own words alone: nothing in it comes from outside.
    return Drawn(title, f"{top:.2f}", f"{bottom:.2f}", "0", "1", Markup(svg))
