"""The board: what the status page and the command line show, as plain values that turn into JSON.

Times are seconds since the epoch, frames are shot frames with source timecode beside them.
"""

from __future__ import annotations

from ...schema.model import Value


class Attention(Value):
    """Something that only a person can mend: what happened, why, and what to do."""

    kind: str
    show: str
    what: str
    why: str
    mend: str
    at: float


class ArrivalLine(Value):
    """One file that arrived and why it stands where it stands."""

    id: int
    show: str
    name: str
    folder: str
    state: str
    reason: str
    size: int
    changed_at: float
    clip_id: int | None = None


class ArrivalGroup(Value):
    """All files of one state: how many, what the state means, and the latest of them."""

    state: str
    title: str
    meaning: str
    count: int
    latest: tuple[ArrivalLine, ...]


class JobLine(Value):
    """One job. `why` says why it is not running, `eta` the seconds it will still take, as far as is known."""

    id: int
    show: str
    title: str
    kind: str
    state: str
    progress: float
    doing: str
    why: str
    eta: float | None
    attempts: int
    error: str
    mend: str
    task_id: int | None
    created_at: float
    started_at: float | None
    finished_at: float | None


class TaskLine(Value):
    """One of the tracker's tasks that is ours, with its open job where there is one."""

    id: int
    show: str
    name: str
    entity: str
    processor: str
    state: str
    title: str
    reason: str
    mend: str
    due: str | None
    changed_at: float
    job_id: int | None = None
    progress: float | None = None
    doing: str = ""


class PictureLine(Value):
    """An evidence picture, by its place in the finding."""

    position: int
    caption: str


class FindingLine(Value):
    """One finding, by the name that a brief uses (`F3`)."""

    id: int
    show: str
    name: str
    label: str
    clip: str
    first_frame: int
    last_frame: int
    timecode: str
    score: float
    pictures: tuple[PictureLine, ...]
    brief: str
    found_at: float


class VersionLine(Value):
    """One version. `timecode` is the first frame's source timecode, `proof` the identity claim in words."""

    id: int
    show: str
    code: str
    state: str
    title: str
    verdict: str
    summary: str
    reasons: tuple[str, ...]
    plate: str
    rating: str
    proof: str
    proven: bool | None
    sources: str
    trained: float
    rate: str
    timecode: str
    first_frame: int
    last_frame: int
    made_at: float
    published_at: float | None


class TrackerLine(Value):
    """A tracker, and when it was last heard."""

    name: str
    read_at: float


class ShowLine(Value):
    """A show that has rows, and whether a person paused it."""

    name: str
    paused: bool = False


class Board(Value):
    """Everything at one moment. Counts are of all rows; lists hold the latest and are limited."""

    at: float
    show: str | None
    shows: tuple[ShowLine, ...]
    all_paused: bool
    trackers: tuple[TrackerLine, ...]
    attention: tuple[Attention, ...]
    arrivals: tuple[ArrivalGroup, ...]
    job_counts: dict[str, int]
    jobs: tuple[JobLine, ...]
    task_counts: dict[str, int]
    tasks: tuple[TaskLine, ...]
    finding_count: int
    findings: tuple[FindingLine, ...]
    version_counts: dict[str, int]
    versions: tuple[VersionLine, ...]
