"""Contact sheets, and the self-rating against the truth as a scatter plot."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.pictures.sheets import Row, contact_sheet, spread

from .made import Made

Image = NDArray[np.float32]


def write_sheet(path: Path, made: Made, ours: dict[int, Image], telea: Callable[[int], Image], title: str) -> None:
    """Truth, plate with its hole, Telea, ours, and four times our error, around the hole of five frames."""
    chosen = spread(sorted(ours), 5)
    windows = [_window(made.holes[n]) for n in chosen]
    tall = max(w[0].stop - w[0].start for w in windows)
    wide = max(w[1].stop - w[1].start for w in windows)
    windows = [_widened(w, tall, wide, made.holes[0].shape) for w in windows]
    rows: list[tuple[str, str, Callable[[int], Image]]] = [
        ("truth", "", lambda n: made.pictures[n]),
        ("plate", "what was given", lambda n: made.holed[n]),
        ("Telea", "cv2.inpaint", telea),
        ("Wetgate", "what was made", lambda n: ours[n]),
        ("error x4", "grey is none", lambda n: np.clip(0.5 + 2 * (ours[n] - made.pictures[n]), 0, 1)),
    ]
    sheet = contact_sheet(
        title,
        [str(n + 1001) for n in chosen],
        [Row(a, tuple(make(n)[w] for n, w in zip(chosen, windows, strict=True)), b) for a, b, make in rows],
        width=1500,
    )
    _written(path, sheet)


def _window(hole: NDArray[np.bool_]) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _widened(window: tuple[slice, slice], tall: int, wide: int, size: tuple[int, ...]) -> tuple[slice, slice]:
    """All windows of one size, with a third of it around."""
    out = []
    for part, length, most in zip(window, (tall, wide), size, strict=True):
        whole = min(most, round(length * 1.6) + 24)
        start = min(max(0, (part.start + part.stop - whole) // 2), most - whole)
        out.append(slice(start, start + whole))
    return out[0], out[1]


@dataclass(frozen=True)
class Dot:
    """One result: what was expected, what was true, and what was concluded."""

    name: str
    expected_db: float
    true_db: float
    verdict: str
    report_half: bool


_INK, _PALE = (30, 30, 30), (205, 205, 205)
_COLOURS = {"publish": (40, 130, 60), "ask": (215, 140, 20), "refuse": (190, 40, 40)}
_LOW, _HIGH = 10, 60


def write_scatter(path: Path, dots: Sequence[Dot], limit_db: float) -> None:
    """Expected against true PSNR inside the matte, both in dB; a good rating lies on the diagonal."""
    side, left, top = 900, 90, 60
    sheet = np.full((side + 150, side + 330, 3), 255, np.uint8)

    def at(x: float, y: float) -> tuple[int, int]:
        scale = side / (_HIGH - _LOW)
        x, y = (min(max(v, _LOW), _HIGH) for v in (x, y))
        return round(left + (x - _LOW) * scale), round(top + side - (y - _LOW) * scale)

    def write(words: str, place: tuple[int, int], size: float = 0.5, ink: tuple[int, int, int] = _INK) -> None:
        cv2.putText(sheet, words, place, cv2.FONT_HERSHEY_SIMPLEX, size, ink, 1, cv2.LINE_AA)

    for value in range(_LOW, _HIGH + 1, 5):
        cv2.line(sheet, at(value, _LOW), at(value, _HIGH), _PALE, 1)
        cv2.line(sheet, at(_LOW, value), at(_HIGH, value), _PALE, 1)
        write(str(value), (at(value, _LOW)[0] - 10, top + side + 22))
        write(str(value), (left - 34, at(_LOW, value)[1] + 5))
    cv2.line(sheet, at(_LOW, _LOW), at(_HIGH, _HIGH), _INK, 1, cv2.LINE_AA)
    for off in (-3.5, 3.5):
        cv2.line(sheet, at(_LOW - min(off, 0), _LOW + max(off, 0)), at(_HIGH - max(off, 0), _HIGH + min(off, 0)),
                 (150, 150, 150), 1, cv2.LINE_AA)  # fmt: skip
    cv2.line(sheet, at(limit_db, _LOW), at(limit_db, _HIGH), (120, 120, 220), 1)
    cv2.line(sheet, at(_LOW, limit_db), at(_HIGH, limit_db), (120, 120, 220), 1)
    for number, dot in enumerate(dots, 1):
        colour = _COLOURS.get(dot.verdict, (90, 90, 90))
        place = at(dot.expected_db, dot.true_db)
        cv2.circle(sheet, place, 6, colour, -1 if dot.report_half else 2, cv2.LINE_AA)
        write(str(number), (place[0] + 8, place[1] - 5), 0.42)
        write(f"{number} {dot.name}", (left + side + 20, top + 6 + 20 * number), 0.42, colour)
    write("expected PSNR inside the matte, by the job's own test [dB]", (left + 200, top + side + 55), 0.6)
    write("true PSNR inside the matte [dB]", (left, 30), 0.6)
    for number, (words, colour) in enumerate(_COLOURS.items()):
        write(words, (left + 140 * number, top + side + 82), 0.5, colour)
    write(f"filled: report half, ring: tuning half; grey lines: 3.5 dB off; blue: {limit_db:.0f} dB asked for",
          (left + 420, top + side + 82), 0.42)  # fmt: skip
    _written(path, sheet.astype(np.float32) / 255)


def _written(path: Path, image: Image) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = np.asarray(np.clip(image, 0, 1) * 255 + 0.5, np.uint8)
    cv2.imwrite(str(path), cv2.cvtColor(shown, cv2.COLOR_RGB2BGR))
