"""The removal's pictures for people: contact sheet, source map and thumbnail.

The sheet shows whole frames for the composition and, below, the hole at the plate's own pixels: a
seam, a smear or missing grain shows there alone. One of its columns is the frame that fits worst.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...pictures import Picture
from ...pictures.layout import Image, Mask
from ...pictures.mix import for_rgb
from ...pictures.review import write_picture
from ...pictures.sheets import Row, contact_sheet, outlined, spread
from ...pictures.sheets import legend as legend_strip
from ...threads import in_order
from ..rating.verdict import Tally
from ..shot import Shot
from .crops import COLUMNS, window_at
from .source_map import NAME as MAP
from .source_map import colours, legend, read_map

_FRAMES = 5
_STRONGER = 3
"""How much a difference is lifted, so that small ones are seen."""


@dataclass(frozen=True)
class Look:
    """One frame at both sides, and the map of where its fill came from, laid over a grey plate."""

    frame: int
    before: Image
    after: Image
    mapped: Image
    origins: tuple[int, ...]


@dataclass(frozen=True)
class Close:
    """The place of one frame's hole at the plate's own pixels, each shown `zoom` times as large."""

    zoom: int
    before: Image
    after: Image
    difference: Image
    mapped: Image


def frames_shown(tally: Tally) -> set[int]:
    """The frames of the master that `write_sheet` asks for."""
    return {*_whole_frames(tally), *_close_frames(tally)}


def write_sheet(
    shot: Shot, made: Mapping[int, Picture], tally: Tally, take: int | None, map_words: dict[str, Any]
) -> tuple[Path, Path]:
    """`contact_sheet.png` and `thumbnail.png`, and `source_map.png` beside them; paths of the first two.

    *made* holds the master's `frames_shown`.
    """
    out, first, name = shot.request.out, shot.request.first_frame, shot.request.plate.name
    whole, close = _whole_frames(tally), _close_frames(tally)

    def looked(frame: int) -> tuple[Look, Close]:
        look, hole = _look(shot, made[frame]), shot.matte(frame)
        line = outlined(look.before, hole)
        return _smaller(look, line), _nearer(look, hole, line)

    frames = sorted(made)
    looks = dict(zip(frames, in_order(looked, frames, shot.abreast), strict=True))
    small, near = [looks[frame][0] for frame in whole], [looks[frame][1] for frame in close]
    heads = [str(frame + first) for frame in whole]
    entries = legend(map_words, sorted({origin for look, _ in looks.values() for origin in look.origins}))
    upper = contact_sheet(
        f"{name}: what was removed, and what came back", heads, _whole_rows(shot, small, take), at_least=COLUMNS
    )
    lower = contact_sheet("The same place at the plate's own pixels", _close_heads(shot, close, near, tally),
                          _close_rows(near), at_least=COLUMNS)  # fmt: skip
    sheet, thumbnail = out / "contact_sheet.png", out / "thumbnail.png"
    write_picture(sheet, np.vstack([upper, lower, legend_strip(entries)]))
    rows = [Row("source map", tuple(look.mapped for look in small), "where each filled pixel came from")]
    titled = contact_sheet(f"{name}: sources of the fill", heads, rows, at_least=COLUMNS)
    write_picture(out / f"{MAP}.png", np.vstack([titled, legend_strip(entries)]))
    write_picture(thumbnail, made[whole[len(whole) // 2]].rgb(), longest=640)
    return sheet, thumbnail


def _whole_frames(tally: Tally) -> list[int]:
    return spread(tally.frames, _FRAMES)


def _close_frames(tally: Tally) -> list[int]:
    """Frames to look at closely: the worst by its edge, and others spread over the shot; in order."""
    worst = max(tally.frames, key=lambda frame: (tally.mismatch.get(frame, 0.0), -frame))
    others = [frame for frame in spread(tally.frames, COLUMNS + 2)[1:-1] if frame != worst]
    rest = [frame for frame in tally.frames if frame != worst and frame not in others]
    return sorted([worst, *(others + rest)[: COLUMNS - 1]])


def _close_heads(shot: Shot, frames: Sequence[int], close: Sequence[Close], tally: Tally) -> list[str]:
    worst = max(tally.mismatch.values(), default=0.0)
    heads = []
    for frame, one in zip(frames, close, strict=True):
        note = ", meets the plate worst" if worst and tally.mismatch.get(frame) == worst else ""
        heads.append(f"{frame + shot.request.first_frame} ({one.zoom}:1{note})")
    return heads


def _whole_rows(shot: Shot, looks: Sequence[Look], take: int | None) -> list[Row]:
    rows = [
        Row("before", tuple(look.before for look in looks), f"{shot.request.plate.name}; inside the line may change"),
        Row("after", tuple(look.after for look in looks), "the master"),
    ]
    if take is not None:
        source = shot.takes[take]
        moments = [source.moment(look.frame) for look in looks]
        pictures = tuple(
            np.zeros_like(looks[0].before) if moment is None else _thinned(source.plate.picture(moment).rgb())
            for moment in moments
        )
        rows.append(Row("source", pictures, source.source.name))
    return rows


def _close_rows(close: Sequence[Close]) -> list[Row]:
    return [
        Row("before", tuple(one.before for one in close)),
        Row("after", tuple(one.after for one in close), "look for seams, blur, missing grain"),
        Row("difference", tuple(one.difference for one in close),
            f"after less before, {_STRONGER} times; grey is untouched"),
        Row("source map", tuple(one.mapped for one in close), "colours: below"),
    ]  # fmt: skip


def _look(shot: Shot, made: Picture) -> Look:
    frame, before = made.frame, shot.rgb(made.frame)
    name = f"{MAP}.{frame + shot.request.first_frame:04d}.exr"
    maps, region = read_map(shot.request.out / MAP / name)
    grey = for_rgb(np.asarray(before @ np.array([0.2126, 0.7152, 0.0722], np.float32) * np.float32(0.45), np.float32))
    filled = maps["origin"] > 0
    grey[region.window][filled] = colours(maps, frame)[filled]
    return Look(frame, before, made.rgb(), grey, tuple(int(v) for v in np.unique(maps["origin"][filled])))


def _nearer(look: Look, hole: Mask, line: Image) -> Close:
    window = window_at(hole)
    difference = 0.5 + _STRONGER * (look.after - look.before)
    before, after, apart, mapped = (window.of(image) for image in (line, look.after, difference, look.mapped))
    return Close(window.zoom, before, after, apart, mapped)


def _smaller(look: Look, line: Image) -> Look:
    return replace(look, before=_thinned(line), after=_thinned(look.after), mapped=_thinned(look.mapped))


def _thinned(image: Image) -> Image:
    """About a thousand pixels are enough for a sheet, and keep it quick."""
    step = max(1, round(max(image.shape[:2]) / 1000))
    return image[::step, ::step].copy()
