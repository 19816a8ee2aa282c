"""Running a processor alone: plan, chunks with checkpoints, finish; a killed run goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from ..schema.outcome import Outcome
from ..schema.ports import Processor, Progress
from ..schema.request import Chunk, Request

_CHUNKS_SHARE = 0.9
"""Of the progress bar; `plan` and `finish` share the rest."""


def run_processor(processor: Processor, request: Request, progress: Progress) -> Outcome:
    """Do all of a request's work and return its outcome.

    For every finished chunk a file stands in `request.work`; with them there from an earlier run of
    the same request, only what is missing is done. A changed request starts afresh.
    """
    request.work.mkdir(parents=True, exist_ok=True)
    request.out.mkdir(parents=True, exist_ok=True)
    progress(0.0, "looking at the plate")
    chunks = processor.plan(request)
    marks = _marks(request, processor.name, chunks)
    for index, (chunk, mark) in enumerate(zip(chunks, marks, strict=True)):
        start, share = index / len(chunks), 1 / len(chunks)
        if not mark.exists():
            processor.run(request, chunk, _part(progress, _CHUNKS_SHARE * start, _CHUNKS_SHARE * share))
            mark.touch()
        progress(_CHUNKS_SHARE * (start + share), chunk.label)
    outcome = processor.finish(request, chunks, _part(progress, _CHUNKS_SHARE, 1 - _CHUNKS_SHARE))
    progress(1.0, outcome.summary)
    return outcome


def _marks(request: Request, name: str, chunks: Sequence[Chunk]) -> list[Path]:
    """The checkpoint files of this very request."""
    words = json.dumps([name, request.model_dump(mode="json"), [c.model_dump() for c in chunks]], sort_keys=True)
    key = hashlib.sha256(words.encode()).hexdigest()[:16]
    return [request.work / f"chunk-{key}-{chunk.index:04d}.done" for chunk in chunks]


def _part(progress: Progress, start: float, share: float) -> Progress:
    """A progress callback for a part of the whole."""

    def report(done: float, words: str) -> None:
        progress(start + share * min(max(done, 0.0), 1.0), words)

    return report
