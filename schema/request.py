"""What a processor is asked to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .media import SourceClass
from .model import Value


class Source(Value):
    """Another take, a clean plate or a reference that may give pixels. `clip` is its content hash, if indexed."""

    path: Path
    name: str
    source_class: SourceClass = SourceClass.CAMERA
    clip: str = ""


class Request(Value):
    """One processor's work on one plate: plain files in, plain files out.

    `plate` and `matte` are a movie, or a folder or pattern of frames. `options` is validated by the
    processor's `Options`. `work` keeps checkpoints (deleted when the job is over), `out` the result.
    `first_frame` is the shot frame of the plate's first frame.
    """

    plate: Source
    matte: Path | None = None
    sources: tuple[Source, ...] = ()
    options: dict[str, Any] = {}
    work: Path
    out: Path
    first_frame: int = 1001


class Chunk(Value):
    """A checkpoint inside a job: plate frames `first`..`last`, counted from 0, inclusive."""

    index: int
    first: int
    last: int
    label: str = ""
