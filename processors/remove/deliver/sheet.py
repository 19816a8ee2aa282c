"""The removal's pictures for people: contact sheet, source map and thumbnail.

The sheet shows whole frames for the composition and, below, the hole at the plate's own pixels: a
seam, a smear or missing grain shows there alone. One of its columns is the frame that fits worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...pictures import Plate
from ...pictures.layout import Image
from ...pictures.review import write_picture
from ...pictures.sheets import Row, contact_sheet, outlined, spread
from ...pictures.sheets import legend as legend_strip
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


def write_sheet(
    shot: Shot, master: Path, tally: Tally, take: int | None, map_words: dict[str, Any]
) -> tuple[Path, Path]:
    """`contact_sheet.png` and `thumbnail.png`, and `source_map.png` beside them; paths of the first two."""
    out, first, name = shot.request.out, shot.request.first_frame, shot.request.plate.name
    with Plate.open(master) as made:
        looks = [_look(shot, made, frame) for frame in spread(tally.frames, _FRAMES)]
        close = [_look(shot, made, frame) for frame in _close_frames(tally)]
    heads = [str(look.frame + first) for look in looks]
    entries = legend(map_words, sorted({origin for look in (*looks, *close) for origin in look.origins}))
    whole = contact_sheet(
        f"{name}: what was removed, and what came back", heads, _whole_rows(shot, looks, take), at_least=COLUMNS
    )
    near = contact_sheet("The same place at the plate's own pixels", _close_heads(shot, close, tally),
                         _close_rows(shot, close), at_least=COLUMNS)  # fmt: skip
    sheet, thumbnail = out / "contact_sheet.png", out / "thumbnail.png"
    write_picture(sheet, np.vstack([whole, near, legend_strip(entries)]))
    rows = [Row("source map", _smaller([look.mapped for look in looks]), "where each filled pixel came from")]
    titled = contact_sheet(f"{name}: sources of the fill", heads, rows, at_least=COLUMNS)
    write_picture(out / f"{MAP}.png", np.vstack([titled, legend_strip(entries)]))
    write_picture(thumbnail, looks[len(looks) // 2].after, longest=640)
    return sheet, thumbnail


def _close_frames(tally: Tally) -> list[int]:
    """Frames to look at closely: the worst by its edge, and others spread over the shot; in order."""
    worst = max(tally.frames, key=lambda frame: (tally.mismatch.get(frame, 0.0), -frame))
    others = [frame for frame in spread(tally.frames, COLUMNS + 2)[1:-1] if frame != worst]
    rest = [frame for frame in tally.frames if frame != worst and frame not in others]
    return sorted([worst, *(others + rest)[: COLUMNS - 1]])


def _close_heads(shot: Shot, close: Sequence[Look], tally: Tally) -> list[str]:
    worst = max(tally.mismatch.values(), default=0.0)
    heads = []
    for look in close:
        zoom = window_at(shot.matte(look.frame)).zoom
        note = ", meets the plate worst" if worst and tally.mismatch.get(look.frame) == worst else ""
        heads.append(f"{look.frame + shot.request.first_frame} ({zoom}:1{note})")
    return heads


def _whole_rows(shot: Shot, looks: Sequence[Look], take: int | None) -> list[Row]:
    before = [outlined(look.before, shot.matte(look.frame)) for look in looks]
    rows = [
        Row("before", _smaller(before), f"{shot.request.plate.name}; inside the line may change"),
        Row("after", _smaller([look.after for look in looks]), "the master"),
    ]
    if take is not None:
        source = shot.takes[take]
        moments = [source.moment(look.frame) for look in looks]
        pictures = [
            np.zeros_like(looks[0].before) if moment is None else source.plate.picture(moment).rgb()
            for moment in moments
        ]
        rows.append(Row("source", _smaller(pictures), source.source.name))
    return rows


def _close_rows(shot: Shot, close: Sequence[Look]) -> list[Row]:
    windows = [window_at(shot.matte(look.frame)) for look in close]
    differences = [0.5 + _STRONGER * (look.after - look.before) for look in close]
    parts = (
        ("before", [outlined(look.before, shot.matte(look.frame)) for look in close], ""),
        ("after", [look.after for look in close], "look for seams, blur, missing grain"),
        ("difference", differences, f"after less before, {_STRONGER} times; grey is untouched"),
        ("source map", [look.mapped for look in close], "colours: below"),
    )
    return [
        Row(caption, tuple(window.of(image) for window, image in zip(windows, images, strict=True)), note)
        for caption, images, note in parts
    ]


def _look(shot: Shot, made: Plate, frame: int) -> Look:
    before, after = shot.rgb(frame), made.picture(frame).rgb()
    name = f"{MAP}.{frame + shot.request.first_frame:04d}.exr"
    maps, region = read_map(shot.request.out / MAP / name)
    grey = (before @ np.array([0.2126, 0.7152, 0.0722], np.float32) * 0.45)[..., None].repeat(3, axis=2)
    filled = maps["origin"] > 0
    grey[region.window][filled] = colours(maps, frame)[filled]
    return Look(frame, before, after, grey, tuple(int(v) for v in np.unique(maps["origin"][filled])))


def _smaller(images: Sequence[Image]) -> tuple[Image, ...]:
    """About a thousand pixels are enough for a sheet, and keep it quick."""
    step = max(1, round(max(images[0].shape[:2]) / 1000))
    return tuple(image[::step, ::step] for image in images)
