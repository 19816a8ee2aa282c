"""Plates that were pulled again: versions made from the older pull are stale, and their tasks are told."""

from __future__ import annotations

import structlog

from ...schema.media import SourceClass
from ...schema.tables import ClipRow, TaskRow, VersionRow
from ..publish.answer import Answers
from ..publish.words import stale_text
from ..store.database import Database
from ..store.index import Index
from ..store.results import Results
from ..store.rows import id_of
from .landing import ALIKE, Alike, one_recording, stretches

log = structlog.get_logger()


class Repulls:
    """Compares the plates of a show's published versions with the pulls that came later."""

    def __init__(
        self,
        show: str,
        *,
        database: Database,
        index: Index,
        results: Results,
        answers: Answers,
        alike: Alike,
    ) -> None:
        """Versions of *show*; *alike* compares the pictures of two clips."""
        self._show = show
        self._database, self._index, self._results = database, index, results
        self._answers, self._alike = answers, alike
        self._looked: object = None

    def mark(self) -> int:
        """Mark the versions whose plate was pulled again, and tell their tasks, once; how many there were."""
        # What was looked at before is looked at again once a clip or a version was added.
        count, last = self._results.published_mark(self._show)
        newest = self._index.newest(self._show), count, last
        if not count or newest == self._looked:
            return 0
        versions = self._results.published_versions(self._show)
        pulls = [clip for clip in self._index.clips(self._show) if clip.source_class == SourceClass.PULL]
        pulls.sort(key=lambda clip: clip.indexed_at)
        marked = 0
        for version in versions:
            plate = next((clip for clip in pulls if clip.id == version.plate_clip_id), None)
            newer = [clip for clip in pulls if self._replaces(clip, plate)] if plate is not None else []
            if plate is not None and newer:
                number = sum(one_recording(clip, plate) for clip in pulls)
                self._tell(version, plate, newer[-1], number)
                marked += 1
        self._looked = newest
        return marked

    def _replaces(self, clip: ClipRow, plate: ClipRow) -> bool:
        """Whether *clip* came later and holds every frame of *plate*, by reel, timecode and picture."""
        if clip.id == plate.id or clip.indexed_at <= plate.indexed_at or not clip.reel or not plate.reel:
            return False
        held, wanted = stretches(clip, 0, clip.frames - 1), stretches(plate, 0, plate.frames - 1)
        if not held or not wanted or not held[0].covers(wanted[0]):
            return False
        return self._alike(plate, clip, held[0].first - wanted[0].first) >= ALIKE

    def _tell(self, version: VersionRow, plate: ClipRow, newer: ClipRow, number: int) -> None:
        with self._database.write() as session:
            self._results.stale(session, id_of(version))
            if version.task_id is not None:
                self._answers.queue(
                    session,
                    session.get_one(TaskRow, version.task_id),
                    f"stale {version.key} {newer.content_hash}",
                    subject=f"{version.code}: its plate was pulled again",
                    text=stale_text(version.code, plate.name, newer.name, number),
                )
        log.info("version is stale", version=version.code, plate=plate.name, newer=newer.name)
