"""Each shooting day's timeline, rewritten when clips of that day were indexed since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog
from sqlmodel import Session

from ...connectors.editorial import write_day
from ...schema.editorial import DayClip, ShootingDay
from ...schema.job import Failure, Job, Lane, Order
from ...schema.media import MediaFacts
from ...schema.ports import Progress
from ...schema.rate import snap_rate
from ...schema.tables import ClipRow
from ..queue.kinds import JobKind, nothing_follows
from ..store import Database
from ..store.index import Index
from ..store.jobs import Jobs
from ..store.rows import id_of

DAY = "day"
log = structlog.get_logger()


class Days:
    """Keeps `work_root/<SHOW>/timelines/<day>*.otio` up to date."""

    def __init__(self, database: Database, index: Index, jobs: Jobs, work_root: Path) -> None:
        """Timelines of every show below *work_root*."""
        self._database, self._index, self._jobs, self._work_root = database, index, jobs, work_root

    def order(self, shows: Iterable[str]) -> None:
        """Queue the days of every show that has clips newer than its timelines."""
        stale = [show for show in shows if self._stale(show)]
        with self._database.write() as session:
            for show in stale:
                self._jobs.enqueue_or_find(
                    session, Order(show=show, kind=DAY, lane=Lane.PUBLISH, dedupe_key=f"{DAY}:{show}", priority=20)
                )

    def kind(self) -> JobKind:
        """The job kind of timelines."""
        return JobKind(DAY, Lane.PUBLISH, self._run, nothing_follows, _told)

    def _folder(self, show: str) -> Path:
        return self._work_root / show / "timelines"

    def _stale(self, show: str) -> bool:
        newest = self._index.newest(show)
        mark = self._folder(show) / ".written"
        return newest is not None and (not mark.exists() or float(mark.read_text(encoding="ascii")) < newest)

    def _run(self, job: Job, progress: Progress) -> dict[str, Any]:
        newest = self._index.newest(job.show) or 0.0
        days: dict[str, list[DayClip]] = defaultdict(list)
        paths = self._index.paths(job.show)
        for clip in self._index.clips(job.show):
            path = paths.get(id_of(clip))
            if path is not None:
                days[_day(clip)].append(_day_clip(clip, path))
        folder = self._folder(job.show)
        folder.mkdir(parents=True, exist_ok=True)
        for place, (day, clips) in enumerate(sorted(days.items())):
            progress(place / len(days), f"timeline of {day}")
            write_day(ShootingDay(show=job.show, day=day, clips=tuple(clips)), folder)
        # Written last: a kill before it makes the next round write the same timelines again.
        (folder / ".written").write_text(repr(newest), encoding="ascii")
        return {"days": len(days)}


def _day(clip: ClipRow) -> str:
    """The shooting day: the container's creation date, else the day on which the clip was indexed (UTC)."""
    told = MediaFacts.model_validate(clip.facts).tags.get("creation_time", "")[:10]
    try:
        return datetime.strptime(told, "%Y-%m-%d").date().isoformat()
    except ValueError:
        return datetime.fromtimestamp(clip.indexed_at, UTC).date().isoformat()


def _day_clip(clip: ClipRow, path: Path) -> DayClip:
    facts = MediaFacts.model_validate(clip.facts)
    sound = facts.audio[0] if facts.audio and facts.video is None else None
    return DayClip(
        name=clip.name,
        path=path,
        clip=clip.content_hash,
        rate=snap_rate(clip.rate) if clip.rate else None,
        frames=clip.frames,
        timecode=clip.timecode,
        reel=clip.reel,
        cuts=tuple(clip.cuts),
        variable_rate=facts.video.variable_rate if facts.video else False,
        sample_rate=sound.sample_rate if sound else None,
        samples=round((sound.seconds or 0) * sound.sample_rate) if sound else 0,
        arrived_at=clip.indexed_at,
    )


def _told(_session: Session, job: Job, failure: Failure) -> None:
    log.error("timeline not written", show=job.show, fault=failure.message)
