"""The source map: for each filled pixel the clip, frame and place that it came from.

OpenEXR, 32-bit float (frame numbers and positions have no room in half), ZIP, over the hole alone:

- `source`: place in the report's list of sources, from 1; 0 untouched; -1 filled, but from no clip
- `frame`: the source's own frame, counted from 0; NaN where no single frame gave the pixel
- `x`, `y`: position in that frame in pixels, 0,0 the centre of the upper left one; NaN likewise
- `origin`: how the pixel was made, by the report's table of origins; 0 untouched
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so
from numpy.typing import NDArray

from ....schema.errors import UnreadableMedia
from ...pictures.layout import Image, Mask
from ..fill import Fill, Origin
from ..holes import Region, region_of
from ..shot import Shot
from .exr import Stamp, fresh_folder, write_exr

NAME = "source_map"
CHANNELS = {
    "source": "place in the list of sources, from 1; 0 untouched, -1 from no clip",
    "frame": "the source's own frame, counted from 0; NaN where no single frame gave the pixel",
    "x": "pixels from the left in that frame, 0 the first pixel's centre; NaN where unknown",
    "y": "pixels from the top in that frame, 0 the first pixel's centre; NaN where unknown",
    "origin": "how the pixel was made, by the table of origins; 0 untouched",
}
ORIGINS = {
    Origin.OWN: "still background from the shot's own other frames",
    Origin.MOVER: "something moving, from the shot's own other frames",
    Origin.NETWORK: "the studio's network",
    Origin.TRAINED: "a network trained for this job",
    Origin.PAINTED: "never seen: painted from what stands around it",
}
_NOTHING = Region(0, 0, 1, 1)


class SourceMap:
    """Writes `source_map/source_map.NNNN.exr`, one a frame, numbered by shot frame."""

    def __init__(self, shot: Shot, out: Path) -> None:
        self.folder = fresh_folder(out, NAME)
        self._first = shot.request.first_frame
        self._sources = map_sources(shot)
        self._places = {origin: one["index"] for one in self._sources for origin in one["origins"]}
        self._files: dict[str, str] = {}
        listed = "; ".join(f"{one['index']} = {one['name']}" for one in self._sources)
        notes = {f"wetgate:{name}": words for name, words in CHANNELS.items()} | {
            "wetgate:sources": listed,
            "wetgate:origins": "; ".join(f"{value} = {words}" for value, words in self._origins().items()),
        }
        self._stamp = Stamp(shot.plate, self._first, notes)

    def write(self, frame: int, hole: Mask, fill: Fill | None) -> None:
        """The map of one frame, from any thread; an empty one where nothing was filled."""
        region = region_of(hole, 0) if fill is not None else None
        if fill is None or region is None:
            region = _NOTHING
            channels = {name: np.zeros((1, 1), np.float32) for name in CHANNELS}
        else:
            region = region.within(fill.region)
            channels = map_channels(fill, region, hole[region.window], self._places)
        name = f"{NAME}.{frame + self._first:04d}.exr"
        self._files[name] = write_exr(self.folder / name, channels, region, self._stamp, frame, half=False)

    def words(self) -> dict[str, Any]:
        """For the report."""
        return {
            "path": NAME,
            "channels": CHANNELS,
            "sources": self._sources,
            "origins": {str(value): words for value, words in self._origins().items()},
            "zero_outside_matte": ["source", "origin"],
            "sha256": dict(sorted(self._files.items())),
        }

    def _origins(self) -> dict[int, str]:
        clips = {one["origins"][0]: f"from {one['name']}" for one in self._sources[:-1]}
        return {0: "untouched", **clips, **{int(value): words for value, words in ORIGINS.items()}}


def map_sources(shot: Shot) -> list[dict[str, Any]]:
    """What the map's `source` names, from 1, in the order of the report's sources, and the origins that mean it.

    Frames that an artist painted, then the takes as they are laid over the plate, then the plate itself.
    """
    rows: list[tuple[str, Path, str, list[int]]] = [
        (f"{one.reference.path.name}, painted for {one.reference.frame}", one.reference.path, "",
         [Origin.PAINTED_FRAME + place])
        for place, one in enumerate(shot.paintings)
    ]  # fmt: skip
    rows += [(take.source.name, take.source.path, take.source.clip, [n]) for n, take in enumerate(shot.takes, 1)]
    plate = shot.request.plate
    rows.append((plate.name, plate.path, plate.clip, [Origin.OWN, Origin.MOVER]))
    return [
        {"index": index, "name": name, "path": str(path), "clip": clip, "origins": [int(one) for one in origins]}
        for index, (name, path, clip, origins) in enumerate(rows, 1)
    ]


def map_channels(fill: Fill, region: Region, hole: Mask, places: Mapping[int, int]) -> dict[str, NDArray[np.float32]]:
    """The five channels over *region*; *places* is each origin's place in the list of sources."""
    place = region.inside(fill.region)
    origin = np.where(hole, fill.origin[place], 0)
    source = np.zeros(origin.shape, np.float32)
    for value in np.unique(origin[origin > 0]):
        source[origin == value] = places.get(int(value), -1)
    trace = np.where((source > 0)[..., None], fill.trace[place], np.nan)
    return {
        "source": source,
        "frame": np.asarray(trace[..., 0], np.float32),
        "x": np.asarray(trace[..., 1], np.float32),
        "y": np.asarray(trace[..., 2], np.float32),
        "origin": origin.astype(np.float32),
    }


def read_map(path: Path) -> tuple[dict[str, NDArray[np.float32]], Region]:
    """A map file's channels and the region that they lie over. Raises UnreadableMedia."""
    image = oiio.ImageInput.open(str(path))
    pixels = image.read_image("float") if image is not None else None
    if image is None or pixels is None:
        raise UnreadableMedia(f"{path.name} cannot be read: {oiio.geterror()}", path=path)
    spec = image.spec()
    image.close()
    planes = {name: np.asarray(pixels[..., i], np.float32) for i, name in enumerate(spec.channelnames)}
    return planes, Region(spec.x, spec.y, spec.width, spec.height)


def colours(maps: dict[str, NDArray[np.float32]], frame: int) -> Image:
    """A map as people read it: one hue a source, the shot's own frames from light (near in time) to dark (far)."""
    origin = maps["origin"].astype(int)
    out = np.zeros((*origin.shape, 3), np.float32)
    for value in np.unique(origin[origin > 0]):
        out[origin == value] = hue(int(value))
    away = np.nan_to_num(np.abs(maps["frame"] - frame), nan=0.0)
    shade = np.where(np.isin(origin, (Origin.OWN, Origin.MOVER)), 1 - 0.7 * np.clip(away / 50, 0, 1), 1)
    return np.asarray(out * shade[..., None], np.float32)


def hue(origin: int) -> tuple[float, float, float]:
    """The colour of an origin in pictures, RGB 0..1: takes and painted frames by the golden angle, the rest fixed."""
    fixed = {
        Origin.OWN: (0.36, 0.72, 1.0),
        Origin.MOVER: (1.0, 0.82, 0.25),
        Origin.NETWORK: (0.85, 0.35, 0.95),
        Origin.TRAINED: (0.75, 0.2, 0.55),
        Origin.PAINTED: (0.95, 0.22, 0.18),
    }
    if origin in fixed:
        return fixed[Origin(origin)]
    degrees = np.array([[[(150 + 137.5 * (origin - 1)) % 360, 0.65, 0.85]]], np.float32)
    red, green, blue = cv2.cvtColor(degrees, cv2.COLOR_HSV2RGB)[0, 0]
    return float(red), float(green), float(blue)


def legend(words: dict[str, Any], present: Sequence[int]) -> list[tuple[str, tuple[float, float, float]]]:
    """Words and colour of every origin in *present*, from the report's part about the map."""
    table = words["origins"]
    shaded = {Origin.OWN, Origin.MOVER}
    return [
        (table.get(str(value), f"origin {value}") + (" (dark: far in time)" if value in shaded else ""), hue(value))
        for value in present
    ]
