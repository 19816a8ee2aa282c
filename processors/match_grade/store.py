"""What a colour match keeps between its chunks: one shot's facts as JSON, and its cube."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...schema.model import Value
from ...schema.rate import Rate
from ...schema.request import Source
from .cdl import Cdl
from .colours import Figures
from .cube import Cube
from .match import Match, transforms
from .render import Renderer


class Scores(Value):
    """Held-out pixels as seen, before and after: mean dE2000 (capped at 20), its median, and PSNR in dB."""

    delta_e_before: float
    delta_e_cdl: float
    delta_e_after: float
    median_before: float
    median_after: float
    psnr_before: float
    psnr_after: float
    pixels: int


class ShotMatch(Value):
    """One shot, its grade towards the reference, and what that was worth.

    `kept` is False where nothing beat leaving the shot alone: then `cdl` is the identity. `basis` is
    `aligned`, `statistics` or `none`. `offset` pairs the reference's frames with the shot's, None where
    it cannot. `pairs` are (shot frame, reference frame), from 0. `bias` is what is left of the mean
    difference (L*, a*, b*) to the reference, None where nothing could be held out.
    """

    number: int
    shot: Source
    reference: Source
    rate: Rate
    frames: int
    timecode: str | None
    reel: str | None
    working_space: str
    space_note: str
    basis: str
    words: str
    model: str
    kept: bool
    cdl: Cdl
    cube: bool
    scores: Scores | None
    neutrals: Figures | None
    skin: Figures | None
    bias: tuple[float, float, float] | None
    pairs: tuple[tuple[int, int], ...]
    offset: int | None

    @property
    def id(self) -> str:
        """The name that the shot's CDL goes by: the clip's, of characters that every system takes."""
        return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in self.shot.name)


class Store:
    """The files of one request's shots within its work folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, shot: ShotMatch, match: Match | None) -> None:
        """Write a shot's result, whole or not at all."""
        if match is not None and match.cube is not None:
            with self._cube(shot.number).open("wb") as file:
                np.savez(file, nodes=match.cube.nodes, domain=np.array([match.cube.low, match.cube.high]))
        part = self._facts(shot.number).with_suffix(".part")
        part.write_text(shot.model_dump_json(indent=1), encoding="utf-8")
        part.replace(self._facts(shot.number))

    def shot(self, number: int) -> ShotMatch:
        """Read a shot's result."""
        return ShotMatch.model_validate_json(self._facts(number).read_text(encoding="utf-8"))

    def cube(self, shot: ShotMatch) -> Cube | None:
        """The shot's cube, where it has one."""
        if not shot.cube:
            return None
        with np.load(self._cube(shot.number)) as kept:
            low, high = kept["domain"]
            return Cube(kept["nodes"], float(low), float(high))

    def renderer(self, shot: ShotMatch) -> Renderer:
        """The shot's whole grade."""
        return Renderer(*transforms(shot.cdl, self.cube(shot)))

    def _facts(self, number: int) -> Path:
        return self._folder / f"shot-{number:03d}.json"

    def _cube(self, number: int) -> Path:
        return self._folder / f"cube-{number:03d}.npz"
