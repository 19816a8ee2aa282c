"""What a person looks at: before, after and reference side by side, as a movie and as a contact sheet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ....schema.request import Request
from ...pictures.layout import Image
from ...pictures.plate import Plate
from ...pictures.review import write_picture, write_review
from ...pictures.sheets import Row, contact_sheet, spread
from ..options import Options
from ..render import Renderer
from ..spaces import spaces
from ..store import ShotMatch, Store

_PANEL = 640
_GAP = 8
_STRIP = 28
_COLUMNS = 5
_SHOTS = 12
_NAMES = ("before", "after", "reference")


@dataclass(frozen=True)
class Triptych:
    """One frame as it was, graded, and what it was matched to; all as a screen shows them."""

    before: Image
    after: Image
    reference: Image


def triptychs(shot: ShotMatch, options: Options, render: Renderer, frames: Sequence[int]) -> Iterator[Triptych]:
    """Those frames of a shot (from 0, rising), rendered through OpenColorIO, at panel size."""
    with Plate.open(shot.shot.path) as plate, Plate.open(shot.reference.path) as other:
        ours, theirs = spaces(options, plate, other)
        size, shown = _panel(plate), (-1, np.zeros((1, 1, 3), np.float32))
        for picture in (plate.picture(frame) for frame in frames):
            values = ours.enter(picture, size)
            number = _partner(shot, picture.frame, other.frames)
            if number != shown[0]:
                shown = number, theirs.view(theirs.enter(other.picture(number), _panel(other)))
            yield Triptych(ours.view(values), ours.view(render(values)), shown[1])


def write_movie(
    path: Path,
    request: Request,
    shots: Sequence[ShotMatch],
    options: Options,
    store: Store,
    told: Callable[[float], None],
) -> None:
    """All shots one after the other; of each at most its share of `review_frames`, from its middle."""
    most = max(1, options.review_frames // len(shots))
    ranges = [_middle(shot.frames, most) for shot in shots]
    whole, done = sum(len(frames) for frames in ranges), 0

    def pictures() -> Iterator[Image]:
        nonlocal done
        size: tuple[int, int] | None = None
        for shot, frames in zip(shots, ranges, strict=True):
            for three in triptychs(shot, options, store.renderer(shot), frames):
                size = size or (three.before.shape[1], three.before.shape[0])
                yield _side_by_side(three, size)
                done += 1
                told(done / whole)

    sound = request.plate.path if len(shots) == 1 and len(ranges[0]) == shots[0].frames else None
    write_review(path, pictures(), shots[0].rate, sound=sound)


def write_sheet(path: Path, request: Request, shots: Sequence[ShotMatch], options: Options, store: Store) -> Image:
    """A few frames of one shot, or one frame of each shot; returns the first shot's graded frame."""
    columns: list[str] = []
    taken: list[Triptych] = []
    for number in spread(range(len(shots)), _SHOTS):
        shot = shots[number]
        frames = spread(range(shot.frames), _COLUMNS) if len(shots) == 1 else [shot.frames // 2]
        taken += triptychs(shot, options, store.renderer(shot), frames)
        columns += [str(request.first_frame + n) if len(shots) == 1 else shot.shot.name for n in frames]
    size = (taken[0].before.shape[1], taken[0].before.shape[0])
    notes = ("as it is", shots[0].model if len(shots) == 1 else "matched", shots[0].reference.name)
    rows = [
        Row(name, tuple(_fitted(getattr(three, name), size) for three in taken), note)
        for name, note in zip(_NAMES, notes, strict=True)
    ]
    write_picture(path, contact_sheet(_title(shots), columns, rows))
    return taken[0].after


def _title(shots: Sequence[ShotMatch]) -> str:
    first = shots[0]
    what = first.shot.name if len(shots) == 1 else f"{len(shots)} shots"
    if len(shots) == 1 and first.scores is not None:
        scores = first.scores
        return (
            f"{what} matched to {first.reference.name}: dE2000 {scores.delta_e_before:.1f} before, "
            f"{scores.delta_e_after:.1f} after"
        )
    return f"{what} matched to {first.reference.name}"


def _middle(frames: int, most: int) -> range:
    first = max(0, (frames - most) // 2)
    return range(first, min(frames, first + most))


def _partner(shot: ShotMatch, frame: int, count: int) -> int:
    """The reference's frame to show beside *frame*."""
    if shot.offset is not None:
        return min(max(frame + shot.offset, 0), count - 1)
    if shot.pairs:
        return min(shot.pairs, key=lambda pair: abs(pair[0] - frame))[1]
    return round(frame * (count - 1) / max(shot.frames - 1, 1))


def _panel(plate: Plate) -> tuple[int, int]:
    factor = min(1.0, _PANEL / plate.video.width)
    return max(2, round(plate.video.width * factor)), max(2, round(plate.video.height * factor))


def _side_by_side(three: Triptych, size: tuple[int, int]) -> Image:
    width, height = size
    page = np.full((height + _STRIP, 3 * width + 2 * _GAP, 3), 28, np.uint8)
    for place, name in enumerate(_NAMES):
        left = place * (width + _GAP)
        page[:height, left : left + width] = np.rint(_fitted(getattr(three, name), size) * 255)
        words = (left + 6, height + 20)
        cv2.putText(page, name, words, cv2.FONT_HERSHEY_SIMPLEX, 0.55, (238, 238, 232), 1, cv2.LINE_AA)
    return np.asarray(page / np.float32(255), np.float32)


def _fitted(picture: Image, size: tuple[int, int]) -> Image:
    """On a black field of (width, height) *size*, in its own shape."""
    width, height = size
    factor = min(width / picture.shape[1], height / picture.shape[0])
    wide, tall = min(width, round(picture.shape[1] * factor)), min(height, round(picture.shape[0] * factor))
    field = np.zeros((height, width, 3), np.float32)
    top, left = (height - tall) // 2, (width - wide) // 2
    scaled = cv2.resize(picture, (wide, tall), interpolation=cv2.INTER_AREA)
    field[top : top + tall, left : left + wide] = np.clip(scaled, 0, 1)
    return field
