"""What was drawn on a proxy, laid over the pull that came in its place.

A pull begins at another frame, has other handles, and another raster, often another framing. The
two are registered by their pictures; mattes, boxes and points follow the homography. A box or point
stays what it is, a mark on its frame: what stands there is cut out of the pull and followed through it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter

from ..schema.errors import BriefIncomplete
from ..schema.request import Request
from .mattes.drawn import open_drawn
from .mattes.growth import Growth, read_growths
from .mattes.marks import Boxes, Dots, Mark
from .mattes.opened import Area
from .mattes.shapes import Strength
from .pictures import Plate
from .register import Matrix, median_registration, project, register

_LOOKS = 3
_ASPECT = 0.01
_BOXES: TypeAdapter[tuple[Mark, ...]] = TypeAdapter(Boxes)
_DOTS: TypeAdapter[tuple[Mark, ...]] = TypeAdapter(Dots)


def conform(request: Request, proxy: Path, start: int) -> Request:
    """*request* as it would have been written for its plate, which replaces *proxy*.

    The plate's frame 0 shows the proxy's frame *start*. Mattes, and a box that is an area, become PNG frames at
    the plate's size in the work folder; other boxes and points, painted frames, `frames` and `grow_on` are
    counted on the plate. Raises BriefIncomplete where the two do not show the same picture.
    """
    options = dict(request.options)
    boxes = _BOXES.validate_python(options.pop("box", None) or ())
    dots = _DOTS.validate_python(options.pop("points", None) or ())
    options |= _grown(options.pop("grow_on", None), start, request.first_frame)
    if request.matte is None and not boxes and not dots:
        return request  # nothing was drawn
    files: dict[str, Path] = {}
    with Plate.open(request.plate.path) as plate, Plate.open(proxy) as drawn_on:
        laid = _Laid(plate, drawn_on, start, request.first_frame)
        touched = options.get("frames")
        options["frames"] = laid.frames(touched)
        scale, levels = options.pop("matte_size", "refuse") == "scale", options.pop("matte_values", None)
        if request.matte is not None:
            files["matte"] = laid.drawn(request.matte, request.work / "conformed", scale=scale, levels=levels)
        elif boxes and options.get("box_is") == "area":
            files["matte"], boxes = laid.area(boxes, options["frames"], request.work / "conformed"), ()
        if boxes or dots:
            unnamed = touched[0] if touched else request.first_frame
            marks = {"box": [laid.box(m, unnamed) for m in boxes], "points": [laid.dot(m, unnamed) for m in dots]}
            options |= {key: "; ".join(map(str, some)) for key, some in marks.items() if some}
        if request.holdout is not None:
            files["holdout"] = laid.drawn(request.holdout, request.work / "conformed_holdout", scale=scale)
    references = tuple(one.model_copy(update={"frame": one.frame - start}) for one in request.references)
    return request.model_copy(update={"options": options, "references": references, **files})


def _grown(text: str | None, start: int, first_frame: int) -> dict[str, str]:
    """`grow_on` counted on the plate, without the frames that lie before it."""
    growths = read_growths(text) if text else ()
    moved = (Growth(one.first - start, one.last - start, one.pixels) for one in growths)
    held = [Growth(max(one.first, first_frame), one.last, one.pixels) for one in moved if one.last >= first_frame]
    return {"grow_on": "; ".join(map(str, held))} if held else {}


@dataclass(frozen=True)
class _Laid:
    """A proxy over the plate; `start` is the proxy's frame that the plate's frame 0 shows. Marks are in shot frames."""

    plate: Plate
    proxy: Plate
    start: int
    first_frame: int

    def frames(self, touched: Sequence[int] | None) -> list[int]:
        """The shot frames that may be touched: those asked for, else all of the proxy, as far as the plate has them."""
        first, last = touched or (self.first_frame, self.first_frame + self.proxy.frames - 1)
        first = max(first - self.start, self.first_frame)
        last = min(last - self.start, self.first_frame + self.plate.frames - 1)
        if first > last:
            raise BriefIncomplete(
                f"{self.plate.path.name} holds none of the frames of the proxy {self.proxy.path.name} that may be "
                "touched."
            )
        return [first, last]

    def box(self, mark: Mark, unnamed: int) -> Mark:
        """The upright box around a box; one without a frame belongs to shot frame *unnamed*."""
        x, y, width, height = mark.values
        corners = np.array([[x, y], [x + width, y], [x, y + height], [x + width, y + height]]) - 0.5
        at = project(self._matrix, corners) + 0.5
        most = (self.plate.video.width, self.plate.video.height)
        left, top = (int(v) for v in np.clip(np.rint(at.min(axis=0)), 0, most))
        right, bottom = (int(v) for v in np.clip(np.rint(at.max(axis=0)), 0, most))
        if left == right or top == bottom:
            raise self._elsewhere(mark)
        return Mark(self._frame(mark, unnamed), (left, top, right - left, bottom - top))

    def dot(self, mark: Mark, unnamed: int) -> Mark:
        """A point."""
        x, y = (int(v) for v in np.rint(project(self._matrix, np.array([mark.values]))[0]))
        if not (0 <= x < self.plate.video.width and 0 <= y < self.plate.video.height):
            raise self._elsewhere(mark)
        return Mark(self._frame(mark, unnamed), (x, y), mark.inside)

    def area(self, boxes: tuple[Mark, ...], touched: Sequence[int], folder: Path) -> Path:
        """Boxes as they are, on the frames that may be touched (first and last, shot frames)."""
        area = Area(boxes, (self.proxy.video.height, self.proxy.video.width), (0, self.proxy.frames - 1))
        value = self._over(area.at(0), soft=False)
        for frame in range(touched[0] - self.first_frame, touched[1] - self.first_frame + 1):
            _save(folder, frame, value)
        return folder

    def drawn(self, path: Path, folder: Path, *, scale: bool, levels: tuple[int, int] | None = None) -> Path:
        """A drawn matte, frame by frame; empty where the proxy has no frame."""
        matte = open_drawn(self.proxy, path, first_frame=self.first_frame, scale=scale, levels=levels)
        try:
            for frame in range(self.plate.frames):
                _save(folder, frame, self._over(matte.at(frame + self.start), soft=matte.soft))
        finally:
            matte.close()
        return folder

    def _over(self, value: Strength, *, soft: bool) -> NDArray[np.uint8]:
        """A matte on the plate's raster, 8 bits: soft or hard as it was, its edge where it was, never wider."""
        size = (self.plate.video.width, self.plate.video.height)
        inside = cv2.warpPerspective((value > 0).astype(np.float32), self._matrix, size) >= 0.5
        if not soft:
            return np.where(inside, np.uint8(255), np.uint8(0))
        eight = np.rint(cv2.warpPerspective(value, self._matrix, size) * 255)
        return np.where(inside, np.clip(eight, 1, 255), 0).astype(np.uint8)

    def _frame(self, mark: Mark, unnamed: int) -> int:
        drawn_at = unnamed if mark.frame is None else mark.frame
        frame = drawn_at - self.start
        if not 0 <= frame - self.first_frame < self.plate.frames:
            raise BriefIncomplete(
                f"`{mark}` was drawn on frame {drawn_at} of the proxy {self.proxy.path.name}, which "
                f"{self.plate.path.name} does not hold: mark another frame."
            )
        return frame

    def _elsewhere(self, mark: Mark) -> BriefIncomplete:
        return BriefIncomplete(
            f"`{mark}` was drawn on the proxy {self.proxy.path.name} where {self.plate.path.name} has no picture: mark "
            "it on the pull."
        )

    @cached_property
    def _matrix(self) -> Matrix:
        """The homography from the proxy's pixels to the plate's; by size alone where the picture has too little."""
        plate, proxy = self.plate, self.proxy
        first, last = max(0, -self.start), min(plate.frames, proxy.frames - self.start) - 1
        if first > last:
            raise BriefIncomplete(f"{plate.path.name} shows no frame of the proxy {proxy.path.name}.")
        looks = (int(n) for n in np.unique(np.linspace(first, last, _LOOKS).round()))
        found = [register(proxy.picture(n + self.start).rgb(), plate.picture(n).rgb()) for n in looks]
        known = [one for one in found if one is not None]
        if known:
            return median_registration(known).matrix
        x, y = plate.video.width / proxy.video.width, plate.video.height / proxy.video.height
        if abs(x / y - 1) > _ASPECT:
            raise BriefIncomplete(
                f"{plate.path.name} and its proxy {proxy.path.name} are framed otherwise and could not be laid over "
                "each other: draw the matte on the pull."
            )
        return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2], [0, 0, 1]])


def _save(folder: Path, frame: int, value: NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done, png = cv2.imencode(".png", value)
    if not done:
        raise OSError(f"{folder}: the matte of frame {frame} could not be encoded.")
    (folder / f"matte.{frame:06d}.png").write_bytes(png.tobytes())
