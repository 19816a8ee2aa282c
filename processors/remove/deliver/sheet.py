"""The removal's contact sheet and thumbnail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...pictures import Plate
from ...pictures.layout import Image
from ...pictures.review import write_picture
from ...pictures.sheets import Row, contact_sheet, overlay, spread
from ..shot import Shot

_FRAMES = 5


def write_sheet(shot: Shot, master: Path, frames: Sequence[int], take: int | None) -> tuple[Path, Path]:
    """`contact_sheet.png` (before, matte, after, and the take that gave most) and `thumbnail.png`."""
    out, first = shot.request.out, shot.request.first_frame
    chosen = spread(frames, _FRAMES)
    before = [shot.rgb(frame) for frame in chosen]
    with Plate.open(master) as made:
        after = [made.picture(frame).rgb() for frame in chosen]
    mattes = [overlay(image, shot.matte(frame)) for image, frame in zip(before, chosen, strict=True)]
    rows = [
        Row("before", _smaller(before), shot.request.plate.name),
        Row("matte", _smaller(mattes), "what may change"),
        Row("after", _smaller(after), "the master"),
    ]
    if take is not None:
        source = shot.takes[take]
        moments = [source.moment(frame) for frame in chosen]
        pictures = [
            np.zeros_like(before[0]) if moment is None else source.plate.picture(moment).rgb() for moment in moments
        ]
        rows.append(Row("source", _smaller(pictures), source.source.name))
    sheet, thumbnail = out / "contact_sheet.png", out / "thumbnail.png"
    title = f"{shot.request.plate.name}: what was removed, and what came back"
    write_picture(sheet, contact_sheet(title, [str(frame + first) for frame in chosen], rows))
    write_picture(thumbnail, after[len(after) // 2], longest=640)
    return sheet, thumbnail


def _smaller(images: Sequence[Image]) -> tuple[Image, ...]:
    """About a thousand pixels are enough for a sheet, and keep it quick."""
    step = max(1, round(max(images[0].shape[:2]) / 1000))
    return tuple(image[::step, ::step] for image in images)
