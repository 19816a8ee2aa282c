"""Rows in words: how a job, a finding or a version is told to a person."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import PurePath
from typing import Any, Final

from pydantic import ValidationError

from ...schema.arrival import ArrivalState
from ...schema.errors import ConfigError
from ...schema.finding import Finding
from ...schema.job import JobState
from ...schema.outcome import Outcome
from ...schema.rate import rate_label, snap_rate
from ...schema.timecode import Timecode
from ..advice import advice
from .board_values import FindingLine, JobLine, PictureLine, VersionLine

ARRIVAL_WORDS: Final[dict[ArrivalState, tuple[str, str]]] = {
    ArrivalState.QUARANTINED: ("Not usable", "Left where it is; nothing was moved or changed."),
    ArrivalState.OFFLINE: ("Storage away", "Known, and waiting for its storage to come back."),
    ArrivalState.SEEN: ("Still arriving", "Size and time must rest before a file is read."),
    ArrivalState.SETTLED: ("Whole, waiting to be read", "Complete; its turn to be checked comes."),
    ArrivalState.VERIFIED: ("Being indexed", "Read and checked; pictures and words are being taken in."),
    ArrivalState.INDEXED: ("Indexed", "Can be searched and used as a source."),
    ArrivalState.DUPLICATE: (
        "Second copy",
        "The same footage is indexed already; kept as another place of it.",
    ),
}
"""Title and meaning of each state, in the order in which a person wants to see them."""

TASK_WORDS: Final[dict[str, str]] = {
    "waiting": "Waiting for an answer",
    "failed": "Could not be done",
    "refused": "Refused: not good enough",
    "rejected": "Rejected by a person, waits for a reply",
    "running": "Being worked on",
    "queued": "In the queue",
    "new": "Just assigned",
    "done": "Done",
    "approved": "Approved",
    "dropped": "Taken back",
}
VERSION_WORDS: Final[dict[str, str]] = {
    "planned": "Being made",
    "made": "Made, goes to the tracker next",
    "publishing": "Going to the tracker",
    "published": "In the tracker",
    "approved": "Approved",
    "rejected": "Rejected: never a source again",
    "stale": "In the tracker, but stale: its plate was pulled again",
    "refused": "Refused: not published",
    "failed": "Could not be made",
}
VERDICT_WORDS: Final[dict[str, str]] = {"publish": "", "ask": "Needs review", "refuse": "Refused"}

_MIN_SHARE = 0.03


_KINDS: Final[dict[str, str]] = {
    "answer": "Answer in the tracker",
    "day": "Write the shooting days' timelines",
    "pairs": "Make before and after frames",
    "publish": "Publish",
    "standing": "Say in the tracker where the task stands",
}


def job_title(kind: str, payload: dict[str, Any], task: str) -> str:
    """What a job does, in words: `Index A001C001.mov`, `Remove: A001C001`, `Publish: 010 cleanup`."""
    if kind == "process":
        about = payload.get("request", {}).get("plate", {}).get("name", "") or task
        words = str(payload.get("processor", "process")).capitalize()
        return f"{words}: {about}" if about else words
    if kind == "survey" and payload.get("path"):
        return f"Index {PurePath(str(payload['path'])).name}"
    words = _KINDS.get(kind, kind.replace(".", " ").capitalize())
    return f"{words}: {task}" if task else words


def job_line(row: Any, *, task: str, needs: Sequence[int], paused: bool, held: str, now: float) -> JobLine:
    """A job's row (its columns, without the result) as a line; *held* says why its show is not served."""
    state = JobState(row.state)
    eta = None
    if state is JobState.RUNNING and row.started_at and row.progress >= _MIN_SHARE:
        eta = max(0.0, (now - row.started_at) / row.progress * (1 - row.progress))
    return JobLine(
        id=row.id,
        show=row.show,
        title=job_title(row.kind, row.payload or {}, task),
        kind=row.kind,
        state=row.state,
        progress=row.progress,
        doing=row.doing,
        why=_why(row, state, needs, paused, held, now),
        eta=eta,
        attempts=row.attempts,
        error=row.error or "",
        mend=advice(row.error_type, row.id) if state is JobState.FAILED else "",
        task_id=row.task_id,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _why(row: Any, state: JobState, needs: Sequence[int], paused: bool, held: str, now: float) -> str:
    if row.cancel and not state.over:
        return "Being cancelled."
    if state is JobState.WAITING:
        return f"Waits for job {', '.join(map(str, needs))}." if needs else "Waits for another job."
    if state is JobState.PAUSED or (state is JobState.QUEUED and paused):
        return "Paused by a person: wetgate resume lets it go on."
    if state is JobState.QUEUED and held:
        return f"Waits until the show is served again: {held}"
    return _why_queued(row, now) if state is JobState.QUEUED else ""


def _why_queued(row: Any, now: float) -> str:
    if row.run_after <= now:
        return "Waits for a free worker."
    again = f"Tried again in {_seconds(row.run_after - now)}"
    return f"{again}, run {row.attempts + 1} of {row.max_attempts}: {row.error}" if row.error else f"{again}."


def _seconds(value: float) -> str:
    return f"{value:.0f} s" if value < 90 else f"{value / 60:.0f} min"


def timecode_at(timecode: str | None, rate: Fraction | str | None, offset: int) -> str:
    """The label *offset* frames after *timecode*, or nothing where it cannot be said."""
    if not timecode or not rate:
        return ""
    try:
        return str(Timecode.parse(timecode, snap_rate(rate)) + offset)
    except ConfigError:
        return ""


def finding_line(row: Any, clip: Any, first_frame: int) -> FindingLine | None:
    """A finding's row and its clip's (name, timecode, rate) as a line; None for JSON of a foreign form."""
    try:
        finding = Finding.model_validate(row.finding)
    except ValidationError:
        return None
    code = timecode_at(clip.timecode, clip.rate, finding.first)
    pictures = tuple(PictureLine(position=i, caption=e.caption) for i, e in enumerate(finding.evidence))
    return FindingLine(
        id=row.id,
        show=row.show,
        name=f"F{row.number}",
        label=finding.label,
        clip=clip.name,
        first_frame=first_frame + finding.first,
        last_frame=first_frame + finding.last,
        timecode=code,
        score=finding.score,
        pictures=pictures,
        brief=f"finding: F{row.number}" if finding.matte is not None else "",
        found_at=row.found_at,
    )


def version_line(row: Any, plate: str) -> VersionLine:
    """A version's row as a line; a version without an outcome yet is told as being made."""
    try:
        outcome = Outcome.model_validate(row.outcome) if row.outcome else None
    except ValidationError:
        outcome = None
    words = _outcome_words(outcome) if outcome else _NO_OUTCOME
    return VersionLine(
        id=row.id,
        show=row.show,
        code=row.code,
        state=row.state,
        title=VERSION_WORDS.get(row.state, row.state),
        plate=plate,
        made_at=row.made_at,
        published_at=row.published_at,
        **words,
    )


_NO_OUTCOME: Final[dict[str, Any]] = {
    "verdict": "",
    "summary": "",
    "reasons": (),
    "rating": "",
    "proof": "",
    "proven": None,
    "sources": "",
    "trained": 0.0,
    "rate": "",
    "timecode": "",
    "first_frame": 0,
    "last_frame": 0,
}


def _outcome_words(outcome: Outcome) -> dict[str, Any]:
    rating, identity = outcome.rating, outcome.identity
    proof = ""
    if identity is not None:
        proof = (
            f"All {identity.samples_outside:,} values outside the matte equal the plate's, in {identity.frames} frames"
            if identity.holds
            else f"{identity.changed_outside:,} values outside the matte changed: do not use"
        )
    return {
        "verdict": VERDICT_WORDS[outcome.verdict],
        "summary": outcome.summary,
        "reasons": outcome.reasons,
        "rating": f"{rating.expected_psnr_db:.1f} dB, tested on {rating.covered:.0%} of the region" if rating else "",
        "proof": proof,
        "proven": identity.holds if identity is not None else None,
        "sources": ", ".join(f"{use.name} {use.share_words}" for use in outcome.sources if use.share > 0),
        "trained": outcome.trained_pixels,
        "rate": rate_label(outcome.rate) if outcome.rate else "",
        "timecode": outcome.timecode or "",
        "first_frame": outcome.first_frame,
        "last_frame": outcome.last_frame,
    }
