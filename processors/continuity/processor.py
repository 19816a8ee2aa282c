"""The continuity check: what stands in a plate that other takes of its set-up do not show."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel

from ...schema.errors import BriefIncomplete
from ...schema.outcome import Outcome
from ...schema.ports import Progress
from ...schema.request import Chunk, Request, Source
from ..briefs import read_options
from ..pictures.plate import Plate
from .conclude import CHUNK, conclude
from .options import Options
from .pair import Pair
from .store import PairFacts, Store, keyframes, row


class Continuity:
    """Compares a plate with other takes, laid over it in time, space and grade."""

    name: ClassVar[str] = "continuity"
    summary: ClassVar[str] = "Finds what differs between a plate and other takes of its set-up."
    needs_takes: ClassVar[bool] = True
    painted_references: ClassVar[bool] = False
    fixes: ClassVar[bool] = False
    Options: ClassVar[type[BaseModel]] = Options

    def __init__(self) -> None:
        self._open: tuple[tuple[Path, Path], Plate, Plate, Pair | None] | None = None

    def plan(self, request: Request) -> Sequence[Chunk]:
        """Fifty frames a chunk, for each of the other takes."""
        sources = _compared(request, _options(request))
        if not sources:
            raise BriefIncomplete(
                f"There is no other take to compare {request.plate.name} with: none was named, none was found."
            )
        for source in sources:
            Plate.open(source.path).close()
        with Plate.open(request.plate.path) as plate:
            frames = plate.frames
        return [
            Chunk(
                index=number * -(-frames // CHUNK) + part,
                first=first,
                last=min(first + CHUNK, frames) - 1,
                label=f"comparing with {source.name}",
            )
            for number, source in enumerate(sources)
            for part, first in enumerate(range(0, frames, CHUNK))
        ]

    def run(self, request: Request, chunk: Chunk, progress: Progress) -> None:
        """Store the difference maps of one chunk, and a few whole moments to judge by."""
        request.work.mkdir(parents=True, exist_ok=True)
        with Plate.open(request.plate.path) as plate:
            number = chunk.index // -(-plate.frames // CHUNK)
        source = _compared(request, _options(request))[number]
        store = Store(request, number)
        progress(0.0, f"laying {source.name} over {request.plate.name}")
        pair = self._pair(request.plate.path, source.path)
        store.keep_facts(PairFacts.of(source.name, pair))
        rows = []
        if pair is not None and pair.frames:
            keys, count = keyframes(pair.frames), chunk.last - chunk.first + 1
            for moment in pair.moments(chunk.first, chunk.last):
                if moment.frame in keys:
                    store.keep_moment(moment)
                rows.append(row(moment))
                progress((moment.frame - chunk.first + 1) / count, chunk.label)
        elif pair is not None and pair.comparable and chunk.first == 0:
            # The action differs: what stands still is compared once, for the whole clip.
            moment = pair.plates()
            store.keep_moment(moment)
            rows.append(row(moment))
        store.keep_maps(chunk, rows)

    def finish(self, request: Request, chunks: Sequence[Chunk], progress: Progress) -> Outcome:
        """Join the chunks into findings, with mattes, evidence and a report."""
        self._close()
        return conclude(request, _options(request), _compared(request, _options(request)), chunks, progress)

    def _pair(self, plate: Path, other: Path) -> Pair | None:
        """The pair, kept open from one chunk to the next: aligning it takes seconds."""
        if self._open is not None and self._open[0] == (plate, other):
            return self._open[3]
        self._close()
        ours, theirs = Plate.open(plate), Plate.open(other)
        self._open = ((plate, other), ours, theirs, Pair.of(ours, theirs))
        return self._open[3]

    def _close(self) -> None:
        if self._open is not None:
            self._open[1].close()
            self._open[2].close()
            self._open = None


def _options(request: Request) -> Options:
    return read_options(Options, request, "The continuity check")


def _compared(request: Request, options: Options) -> tuple[Source, ...]:
    """The takes that are compared; the plate itself is none."""
    others = [one for one in request.sources if one.path != request.plate.path]
    return tuple(others[: options.max_takes])
