"""Contact sheets: a few frames in columns, what happened to them in rows, captioned for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .layout import Image, Mask
from .mix import in_8_bits

_PAPER = np.array([28, 29, 32], np.uint8)
_INK = (238, 238, 232)
_DIM = (160, 162, 166)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_GAP = 10
_LEFT = 220
_MATTE = np.array([1.0, 0.25, 0.2], np.float32)


@dataclass(frozen=True)
class Row:
    """One row of a sheet: its caption at the left, a smaller second line, one picture a column."""

    caption: str
    pictures: tuple[Image, ...]
    note: str = ""


def contact_sheet(
    title: str, columns: Sequence[str], rows: Sequence[Row], *, width: int = 1900, at_least: int = 1
) -> Image:
    """HxWx3 RGB: *rows* under column heads such as `1001`. Pictures keep their shape; all of one size.

    There is room for *at_least* so many columns, that few pictures are not blown up.
    """
    wide = cell_width(max(len(columns), at_least), width=width)
    tall = max(picture.shape[0] / picture.shape[1] for row in rows for picture in row.pictures)
    cell_height = round(wide * tall)
    head = 74
    height = head + (cell_height + _GAP) * len(rows) + _GAP
    sheet = np.empty((height, width, 3), np.uint8)
    sheet[:] = _PAPER
    _write(sheet, title, (_GAP * 2, 30), 0.72, _INK)
    for index, name in enumerate(columns):
        _write(sheet, name, (_LEFT + _GAP + index * (wide + _GAP), 62), 0.6, _INK)
    for line, row in enumerate(rows):
        top = head + line * (cell_height + _GAP)
        for number, words in enumerate(_lines(row.caption, 14)):
            _write(sheet, words, (_GAP * 2, top + 24 + 24 * number), 0.6, _INK)
        for number, words in enumerate(_lines(row.note, 24)):
            _write(sheet, words, (_GAP * 2, top + 84 + 20 * number), 0.46, _DIM)
        for index, picture in enumerate(row.pictures):
            fitted = _fitted(picture, wide, cell_height)
            left = _LEFT + _GAP + index * (wide + _GAP)
            sheet[top : top + fitted.shape[0], left : left + fitted.shape[1]] = np.rint(fitted * 255)
    return np.asarray(sheet / np.float32(255), np.float32)


def overlay(picture: Image, matte: Mask) -> Image:
    """*picture* dimmed, with *matte* tinted and outlined."""
    shown = picture * 0.75
    shown[matte] = 0.55 * picture[matte] + 0.45 * _MATTE
    out = np.asarray(np.clip(shown, 0, 1) * 255, np.uint8)
    edges, _ = cv2.findContours(matte.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(out, edges, -1, (255, 240, 80), max(1, round(max(picture.shape) / 640)))
    return np.asarray(out / np.float32(255), np.float32)


def outlined(picture: Image, matte: Mask) -> Image:
    """*picture* as it is, with the edge of *matte* drawn on it."""
    out = in_8_bits(picture)
    edges, _ = cv2.findContours(matte.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(out, edges, -1, (255, 240, 80), max(1, round(max(picture.shape) / 640)))
    return np.asarray(out / np.float32(255), np.float32)


def legend(entries: Sequence[tuple[str, tuple[float, float, float]]], *, width: int = 1900) -> Image:
    """HxWx3 RGB: a line of words for each colour."""
    strip = np.empty((30 * len(entries) + _GAP, width, 3), np.uint8)
    strip[:] = _PAPER
    for line, (words, colour) in enumerate(entries):
        top = _GAP // 2 + 30 * line
        strip[top + 4 : top + 24, _LEFT + _GAP : _LEFT + _GAP + 34] = np.rint(np.array(colour) * 255)
        _write(strip, words, (_LEFT + _GAP + 48, top + 20), 0.56, _INK)
    return np.asarray(strip / np.float32(255), np.float32)


def cell_width(columns: int, *, width: int = 1900) -> int:
    """Pixels across of one picture on a sheet of so many columns."""
    return (width - _LEFT - _GAP * (columns + 1)) // columns


def spread(frames: Sequence[int], count: int) -> list[int]:
    """At most *count* of *frames*, evenly from the first to the last."""
    if len(frames) <= count:
        return list(frames)
    return [frames[round(i * (len(frames) - 1) / max(count - 1, 1))] for i in range(count)]


def _fitted(picture: Image, width: int, height: int) -> Image:
    factor = min(width / picture.shape[1], height / picture.shape[0])
    size = (max(1, int(picture.shape[1] * factor)), max(1, int(picture.shape[0] * factor)))
    kind = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return np.asarray(np.clip(cv2.resize(picture, size, interpolation=kind), 0, 1), np.float32)


def _write(
    sheet: NDArray[np.uint8], words: str, at: tuple[int, int], size: float, ink: tuple[float, float, float]
) -> None:
    cv2.putText(sheet, words, at, _FONT, size, ink, 1, cv2.LINE_AA)


def _lines(words: str, most: int) -> list[str]:
    out: list[str] = []
    for word in words.split():
        if out and len(out[-1]) + 1 + len(word) <= most:
            out[-1] += " " + word
        else:
            out.append(word)
    return out
