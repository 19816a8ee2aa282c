"""What was drawn on a proxy, laid over the pull that came in its place.

A pull begins at another frame, has other handles, and another raster, often another framing. The
two are registered by their pictures; mattes and boxes follow the homography.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ..schema.errors import BriefIncomplete
from ..schema.request import Request
from .mattes.growth import Growth, read_growths
from .pictures import Picture, Plate
from .register import Matrix, median_registration, register

_LOOKS = 3
_ASPECT = 0.01


def conform(request: Request, proxy: Path, start: int) -> Request:
    """*request* as it would have been written for its plate, which replaces *proxy*.

    The plate's frame 0 shows the proxy's frame *start*. Matte or box become PNG frames at the
    plate's size in the work folder, `frames` and `grow_on` are counted on the plate. Raises BriefIncomplete where
    the two do not show the same picture.
    """
    options = dict(request.options)
    if options.get("frames") is not None:
        first, last = options["frames"]
        options["frames"] = [first - start, last - start]
    if options.get("grow_on"):
        grown = read_growths(options["grow_on"])
        options["grow_on"] = "; ".join(str(Growth(one.first - start, one.last - start, one.pixels)) for one in grown)
    box = options.pop("box", None)
    matte = request.matte
    if matte is not None or box is not None:
        folder = request.work / "conformed"
        with Plate.open(request.plate.path) as plate, Plate.open(proxy) as drawn_on:
            matrix = _matrix(plate, drawn_on, start)
            if matte is not None:
                _write_matte(plate, matte, matrix, start, folder)
            else:
                assert box is not None
                x, y, width, height = _area(box)
                value = np.zeros((drawn_on.video.height, drawn_on.video.width), np.uint8)
                value[y : y + height, x : x + width] = 255
                for frame in range(plate.frames):
                    _save(folder, frame, _laid(value, matrix, plate))
        matte = folder
    return request.model_copy(update={"options": options, "matte": matte})


def _area(box: object) -> tuple[int, int, int, int]:
    """The one box on all frames that `x,y,width,height` names. Raises BriefIncomplete for boxes on single frames."""
    parts = box.split(",") if isinstance(box, str) else list(box) if isinstance(box, (list, tuple)) else []
    try:
        x, y, width, height = (int(part) for part in parts)
    except ValueError:
        raise BriefIncomplete(
            f"`box: {box}` was drawn on a proxy and cannot be carried over to its pull: mark it on the pull, or "
            "attach a matte."
        ) from None
    return x, y, width, height


def _matrix(plate: Plate, proxy: Plate, start: int) -> Matrix:
    """The homography from the proxy's pixels to the plate's; by size alone where the picture has too little in it."""
    first, last = max(0, -start), min(plate.frames, proxy.frames - start) - 1
    if first > last:
        raise BriefIncomplete(f"{plate.path.name} shows no frame of the proxy {proxy.path.name}.")
    looks = (int(n) for n in np.unique(np.linspace(first, last, _LOOKS).round()))
    found = [register(proxy.picture(n + start).rgb(), plate.picture(n).rgb()) for n in looks]
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


def _write_matte(plate: Plate, path: Path, matrix: Matrix, start: int, folder: Path) -> None:
    with Plate.open(path) as matte:
        single = matte.frames == 1
        for frame in range(plate.frames):
            number = 0 if single else frame + start
            inside = 0 <= number < matte.frames
            value = _value(matte.picture(number)) if inside else np.zeros((8, 8), np.uint8)
            _save(folder, frame, _laid(value, matrix, plate))


def _value(picture: Picture) -> NDArray[np.uint8]:
    """The matte's grey, or its alpha where that says something; 8 bits."""
    layout = picture.encoding.layout
    if "A" in layout.names:
        top = 1.0 if layout.is_float else float((1 << layout.bits) - 1)
        alpha = np.nan_to_num(picture.planes[layout.names.index("A")].astype(np.float32))
        if alpha.min() < top:
            return np.asarray(np.clip(alpha / top * 255 + 0.5, 0, 255), np.uint8)
    return picture.luma()


def _laid(value: NDArray[np.uint8], matrix: Matrix, plate: Plate) -> NDArray[np.uint8]:
    """The matte on the plate's raster: soft as it was, its edge where it was, never wider."""
    size = (plate.video.width, plate.video.height)
    soft = cv2.warpPerspective(value, matrix, size, flags=cv2.INTER_LINEAR)
    inside = cv2.warpPerspective(np.asarray(value > 0, np.uint8) * np.uint8(255), matrix, size) >= 128
    return np.asarray(np.where(inside, np.maximum(soft, 1), 0), np.uint8)


def _save(folder: Path, frame: int, value: NDArray[np.uint8]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done, png = cv2.imencode(".png", value)
    if not done:
        raise OSError(f"{folder}: the matte of frame {frame} could not be encoded.")
    (folder / f"matte.{frame:06d}.png").write_bytes(png.tobytes())
