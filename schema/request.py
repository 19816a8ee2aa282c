"""What a processor is asked to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import Field

from .approval import Approval
from .errors import BriefIncomplete
from .media import SourceClass
from .model import Value


class Source(Value):
    """Another take, a clean plate or a reference that may give pixels. `clip` is its content hash, if indexed."""

    path: Path
    name: str
    source_class: SourceClass = SourceClass.CAMERA
    clip: str = ""


class Reference(Value):
    """A still that an artist painted for one frame of the plate; `frame` is its shot frame."""

    path: Path
    frame: int


def reference_of(text: str, find: Callable[[str], Path]) -> Reference:
    """Read `paint.1012.png` or `1012=PATH`; *find* gives the file for a name.

    Raises BriefIncomplete where no frame is named.
    """
    stated = re.fullmatch(r"\s*(\d+)\s*=\s*(.+?)\s*", text)
    name = stated[2] if stated else text.strip()
    number = stated[1] if stated else next(iter(re.findall(r"(\d+)$", Path(name).stem)), None)
    if number is None:
        raise BriefIncomplete(
            f"Which frame is {Path(name).name} painted for? Put it into its name (paint.1012.png) or write 1012={name}."
        )
    return Reference(path=find(name).absolute(), frame=int(number))


class Network(Value):
    """A studio's own inpainting network: a file, and what is known about it.

    The tensor contract stands in `wetgate.processors.remove.networks`.
    """

    name: str = Field(description="The network's name, for reports.")
    path: Path = Field(description="The file: TorchScript (.pt) or ONNX (.onnx).")
    licence: str = Field("", description="The licence of its weights.")
    trained_on: str = Field("", description="What it was trained on, in words.")
    sha256: str = Field("", pattern=r"^([0-9a-fA-F]{64})?$", description="Digest that the file must have.")
    frames: int = Field(0, ge=0, le=64, description="Frames that it is given at once; 0 asks the file, else 5.")


class Request(Value):
    """One processor's work on one plate: plain files in, plain files out.

    `plate` and `matte` are a movie, or a folder or pattern of frames. `options` is validated by the
    processor's `Options`. `holdout` is a second matte, of what must not be touched; `references` are
    painted frames. `work` keeps checkpoints (deleted when the job is over), `out` the result.
    `first_frame` is the shot frame of the plate's first frame. `networks` may compete with what the
    show's footage gives, as far as `approval` covers them.
    """

    plate: Source
    matte: Path | None = None
    holdout: Path | None = None
    references: tuple[Reference, ...] = ()
    sources: tuple[Source, ...] = ()
    options: dict[str, Any] = {}
    work: Path
    out: Path
    first_frame: int = 1001
    networks: tuple[Network, ...] = ()
    approval: Approval = Approval()


class Chunk(Value):
    """A checkpoint inside a job: plate frames `first`..`last`, counted from 0, inclusive."""

    index: int
    first: int
    last: int
    label: str = ""
