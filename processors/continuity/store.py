"""What a check keeps between its chunks: pair facts as JSON, maps and a few whole moments as NPZ."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...schema.model import Value
from ...schema.request import Chunk, Request
from .difference import agreement, packed
from .pair import Moment, Pair
from .tracks import Maps, Mask, coarse, coarse_size, write_maps

KEYFRAMES = 7
"""Whole moments kept of each pair, spread over the clip, to judge differences by."""


Row = tuple[int, Maps, Mask, Maps]
"""Frame, packed difference, coarse motion, agreement at half size."""


class PairFacts(Value):
    """How one other take lies over the plate. `matrix` maps its pixels to the plate's, row by row.

    `offset` is None where the action differs; then frames are not paired. PSNRs in dB on pixels
    that were held out of the grade's fit.
    """

    source: str
    same_setup: bool
    words: str
    compared: bool = False
    offset: int | None = None
    step: float = 1.0
    exact: float | None = None
    matrix: tuple[float, ...] = ()
    inliers: int = 0
    score: float = 0.0
    still_cameras: bool = True
    action: float = 0.0
    ungraded_psnr_db: float = 0.0
    graded_psnr_db: float = 0.0
    first: int = 0
    last: int = -1

    @classmethod
    def of(cls, name: str, pair: Pair | None) -> PairFacts:
        """The facts of a pair; None is a take of another set-up."""
        if pair is None:
            return cls(source=name, same_setup=False, words="another set-up")
        likeness, frames = pair.likeness, pair.frames
        return cls(
            source=name,
            same_setup=True,
            words=likeness.words if pair.comparable else f"{likeness.words}; too little of the place to compare",
            compared=pair.comparable,
            offset=likeness.offset if frames else None,
            step=likeness.step,
            exact=likeness.exact,
            matrix=tuple(float(v) for v in likeness.registration.common.matrix.ravel()),
            inliers=likeness.inliers,
            score=likeness.score,
            still_cameras=pair.still,
            action=likeness.action,
            ungraded_psnr_db=pair.grade.identity_psnr,
            graded_psnr_db=pair.grade.psnr,
            first=frames[0] if frames else 0,
            last=frames[-1] if frames else pair.plate.frames - 1,
        )

    def other_frame(self, frame: int, count: int) -> int:
        """The other take's frame to show beside the plate's; its middle where the action differs."""
        if self.offset is None or self.exact is None:
            return count // 2
        number = frame + self.offset if self.step == 1.0 else round(frame * self.step + self.exact)
        return min(max(number, 0), count - 1)


class Store:
    """The files of one source within `request.work`."""

    def __init__(self, request: Request, source: int) -> None:
        self.folder = request.work
        self.source = source

    @property
    def _facts(self) -> Path:
        return self.folder / f"pair-{self.source:02d}.json"

    def maps(self, chunk: Chunk) -> Path:
        """The maps of one chunk."""
        return self.folder / f"maps-{self.source:02d}-{chunk.index:04d}.npz"

    def keep_facts(self, facts: PairFacts) -> None:
        """Write the pair's facts."""
        part = self._facts.with_suffix(".part")
        part.write_text(facts.model_dump_json(indent=1))
        part.replace(self._facts)

    def facts(self) -> PairFacts:
        """Read them."""
        return PairFacts.model_validate_json(self._facts.read_text())

    def keep_moment(self, moment: Moment) -> None:
        """Write a whole moment."""
        path = self.folder / f"moment-{self.source:02d}-{moment.frame:06d}.npz"
        part = path.with_name(f".{path.stem}.part.npz")
        np.savez(
            part,
            frame=moment.frame,
            plate=moment.plate,
            other=moment.other,
            apart=moment.apart.astype(np.float16),
            moves=moment.moves,
            white=moment.white,
        )
        part.replace(path)

    def moments(self) -> list[Moment]:
        """All kept moments, in order."""
        found = []
        for path in sorted(self.folder.glob(f"moment-{self.source:02d}-*.npz")):
            with np.load(path) as kept:
                found.append(
                    Moment(
                        int(kept["frame"]),
                        kept["plate"],
                        kept["other"],
                        kept["apart"].astype(np.float32),
                        kept["moves"],
                        kept["white"],
                    )
                )
        return found

    def keep_maps(self, chunk: Chunk, rows: Sequence[Row]) -> None:
        """Write a chunk's rows from `row`."""
        if not rows:
            none = np.zeros((0, 1, 1), np.uint8)
            write_maps(self.maps(chunk), [], none, none > 0, none)
            return
        frames, maps, moves, agree = zip(*rows, strict=True)
        write_maps(self.maps(chunk), frames, np.stack(maps), np.stack(moves), np.stack(agree))


def row(moment: Moment) -> Row:
    """A moment as its chunk keeps it."""
    size = coarse_size((moment.apart.shape[0], moment.apart.shape[1]))
    moves = coarse(moment.moves.astype(np.uint8) * 255, size) > 127
    return moment.frame, packed(moment.apart), moves, agreement(moment.plate, moment.other)


def keyframes(frames: Sequence[int]) -> set[int]:
    """Which of a pair's frames are kept whole."""
    return {frames[round((i + 0.5) * (len(frames) - 1) / KEYFRAMES)] for i in range(KEYFRAMES)}
