"""Plates, mattes and sources on disk, with the truth beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from wetgate.processors.identity import inside_planes
from wetgate.processors.pictures import Picture, Plate
from wetgate.processors.pictures.master import open_master

from .cases import Case, Kind, Matte
from .silhouettes import silhouettes

SHARED = Path(__file__).resolve().parents[3] / "shared" / "footage"
FIRST = 1001

Mask = NDArray[np.bool_]
Image = NDArray[np.float32]


@dataclass(frozen=True)
class Made:
    """A case on disk. `holes` and `subject` hold one mask a frame; truth and plate are read when asked for."""

    case: Case
    plate: Path
    truth: Path
    mattes: Path
    take: Path | None
    holes: list[Mask]
    subject: list[Mask]

    @cached_property
    def pictures(self) -> list[Image]:
        """The true frames as RGB, 0..1."""
        return _read(self.truth)

    @cached_property
    def holed(self) -> list[Image]:
        """The frames as the methods get to see them."""
        return _read(self.plate)


def make(case: Case, folder: Path) -> Made:
    """Write plate, mattes and source of *case* into *folder*; what the matte covers is gone from the plate."""
    clip = frames_of(case.clip, case.first, case.frames, case.width)
    height, width = clip[0].shape[:2]
    holes = laid(case.matte, case.frames, (height, width))
    truth = stored(clip, folder / "truth", case.store)
    with Plate.open(truth) as real, open_master(real, folder / "plate") as out:
        for picture in real.read():
            out.write(_blanked(picture, holes[picture.frame]))
        plate = out.path
    mattes = folder / "mattes"
    mattes.mkdir()
    for number, hole in enumerate(holes):
        cv2.imwrite(str(mattes / f"matte.{FIRST + number}.png"), hole.astype(np.uint8) * 255)
    take = None
    if case.take:
        take = stored(frames_of(case.take, case.take_first, case.frames, case.width), folder / "take", case.store)
    quiet = case.kind is Kind.SPEED
    subject = [np.zeros((height, width), bool)] * case.frames if quiet else silhouettes(case, clip, SHARED)
    return Made(case, plate, truth, mattes, take, holes, subject)


def frames_of(clip: str, first: int, count: int, width: int) -> list[NDArray[np.uint8]]:
    """*count* frames as 8-bit RGB, scaled to *width*, both sides even."""
    out = []
    with Plate.open(SHARED / clip) as plate:
        height = round(plate.video.height * width / plate.video.width / 2) * 2
        for picture in plate.read(first, first + count - 1):
            shown = np.asarray(np.clip(picture.rgb(), 0, 1) * 255 + 0.5, np.uint8)
            kind = cv2.INTER_AREA if width < plate.video.width else cv2.INTER_CUBIC
            out.append(np.asarray(cv2.resize(shown, (width, height), interpolation=kind), np.uint8))
    return out


def stored(frames: Sequence[NDArray[np.uint8]], path: Path, kind: str) -> Path:
    """Lossless frames: a folder of PNG, or FFV1 in RGB or 4:2:0."""
    if kind == "png":
        path.mkdir(parents=True)
        for number, frame in enumerate(frames):
            cv2.imwrite(str(path / f"frame.{FIRST + number}.png"), cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        return path
    path = path.with_suffix(".mkv")
    form = {"rgb": "bgr0", "420": "yuv420p"}[kind]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("ffv1", rate=24)
        stream.height, stream.width, stream.pix_fmt = *frames[0].shape[:2], form
        for frame in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24").reformat(format=form)))
        out.mux(stream.encode(None))
    return path


def laid(matte: Matte, count: int, size: tuple[int, int]) -> list[Mask]:
    """One mask of (height, width) *size* a frame."""
    drawn = _drawn(matte, count)
    if matte.as_is:
        return [_resized(one, size) for one in drawn]
    height, width = size
    scale = matte.height * height / max(_box(one)[3] for one in drawn)
    out = []
    for number, one in enumerate(drawn):
        x, y, wide, high = _box(one)
        share = number / max(count - 1, 1)
        at = ((matte.x + share * matte.dx) * width, (matte.y + share * matte.dy) * height)
        move = np.array(
            [[scale, 0, at[0] - scale * (x + wide / 2)], [0, scale, at[1] - scale * (y + high / 2)]], np.float32
        )
        shown = cv2.warpAffine(one.astype(np.uint8) * 255, move, (width, height), flags=cv2.INTER_LINEAR)
        out.append(np.asarray(shown > 127))
    return out


def _drawn(matte: Matte, count: int) -> list[Mask]:
    with Plate.open(SHARED / matte.clip) as plate:
        if matte.held:
            return [_object(plate.picture(matte.first))] * count
        last = min(matte.first + count, plate.frames) - 1
        found = [_object(picture) for picture in plate.read(matte.first, last)]
    # A matte that is shorter than the clip goes back the way it came.
    return [found[(n if n < len(found) else -n - 1) % len(found)] for n in range(count)]


def _object(picture: Picture) -> Mask:
    """White on black, or a silhouette on a green screen."""
    rgb = picture.rgb()
    green = rgb[..., 1] - rgb[..., 0]
    return np.asarray(green < 0.4) if green.mean() > 0.3 else np.asarray(picture.luma() > 127)


def _box(mask: Mask) -> tuple[int, int, int, int]:
    x, y, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return int(x), int(y), int(width), int(height)


def _resized(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.uint8), size[::-1], interpolation=cv2.INTER_NEAREST) > 0)


def _blanked(picture: Picture, hole: Mask) -> tuple[NDArray[np.generic], ...]:
    """Dark in the first plane, bright in the others: a colour that shows wherever it leaks."""
    inside = inside_planes(hole, picture.encoding.layout)
    values = (16, 235, 235)
    return tuple(
        np.where(mask, value, plane).astype(plane.dtype)
        for plane, mask, value in zip(picture.planes, inside, values, strict=True)
    )


def _read(path: Path) -> list[Image]:
    with Plate.open(path) as plate:
        return [picture.rgb() for picture in plate.read()]
