"""The colour match: from a shot to a reference shot, take or graded still, as an ASC CDL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel

from ...schema.errors import BriefIncomplete
from ...schema.outcome import Outcome
from ...schema.ports import Progress
from ...schema.request import Chunk, Request, Source
from ..briefs import read_options
from .deliver.finish import finish
from .options import Options
from .shot import match_shot, open_clip
from .spaces import spaces
from .store import Store


class MatchGrade:
    """Finds the grade that brings a shot to a reference, and hands back the decision, not the pixels."""

    name: ClassVar[str] = "match_grade"
    summary: ClassVar[str] = "Matches a shot's colour to a reference, as an ASC CDL and where it helps a cube."
    needs_takes: ClassVar[bool] = False
    painted_references: ClassVar[bool] = False
    fixes: ClassVar[bool] = True
    Options: ClassVar[type[BaseModel]] = Options

    def plan(self, request: Request) -> Sequence[Chunk]:
        """One chunk a shot."""
        options = _options(request)
        with open_clip(request.plate) as plate:
            frames = plate.frames
        work = _work(request, options)
        for shot, reference in work:
            with open_clip(shot) as one, open_clip(reference) as other:
                spaces(options, one, other)
        return [
            Chunk(index=number, first=0, last=frames - 1, label=f"matched {shot.name}")
            for number, (shot, _) in enumerate(work)
        ]

    def run(self, request: Request, chunk: Chunk, progress: Progress) -> None:
        """Match one shot and keep its facts."""
        options = _options(request)
        request.work.mkdir(parents=True, exist_ok=True)
        shot, reference = _work(request, options)[chunk.index]
        facts, found = match_shot(chunk.index, shot, reference, options, progress)
        Store(request.work).keep(facts, found)

    def finish(self, request: Request, chunks: Sequence[Chunk], progress: Progress) -> Outcome:
        """Write the grades, read them back, render the review."""
        store = Store(request.work)
        return finish(request, _options(request), [store.shot(chunk.index) for chunk in chunks], store, progress)


def _options(request: Request) -> Options:
    return read_options(Options, request, "The colour match")


def _work(request: Request, options: Options) -> list[tuple[Source, Source]]:
    """Each shot with its reference. Raises BriefIncomplete where there is none."""
    if not request.sources:
        raise BriefIncomplete(
            f"There is nothing to match {request.plate.name} with. "
            + (
                "Name the shots: `shots: <clip>, <clip>`."
                if options.scene
                else "Name the reference: `reference: <clip or graded still>`."
            )
        )
    if options.scene:
        return [(shot, request.plate) for shot in request.sources]
    return [(request.plate, request.sources[0])]
