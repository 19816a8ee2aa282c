"""One version on its way into the tracker, step by step; the ledger makes each step happen once."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from ...schema.errors import TrackerRejected
from ...schema.outcome import Outcome, Verdict
from ...schema.ports import Progress, Tracker
from ...schema.rate import rate_label
from ...schema.settings import ShowSettings
from ...schema.tables import TaskRow, VersionRow
from ...schema.tracker import EntityRef, FileDraft, MediaKind, NoteDraft, VersionDraft
from ..steps import Step, passed
from ..store.ledger import Ledger
from ..store.tasks import task_ref
from .gate import Ruling
from .stationery import Stationery, words_of
from .words import version_text

log = structlog.get_logger()


class Delivery:
    """What is needed to carry one version over: itself, its task, its show, and the way there."""

    def __init__(
        self,
        version: VersionRow,
        task: TaskRow,
        outcome: Outcome,
        ruling: Ruling,
        show: ShowSettings,
        *,
        tracker: Tracker,
        ledger: Ledger,
        stationery: Stationery,
    ) -> None:
        """Nothing is sent yet."""
        self._version, self._task, self._outcome, self._show = version, task, outcome, show
        self._ruling = ruling
        self._tracker, self._ledger, self._stationery = tracker, ledger, stationery
        self._project = show.project_of(version.show)
        self._words = words_of(version.show, task.name, task.entity_name, version.code)
        self._text = version_text(
            version.code, outcome, ruling.reasons, ruling.verdict, handles=show.handles, asked=version.asked
        )

    def create(self) -> EntityRef:
        """The version itself."""
        version, outcome = self._version, self._outcome
        draft = VersionDraft(
            key=version.key,
            project=self._project,
            code=version.code,
            entity=entity_of(self._task),
            task=task_ref(self._task),
            description=self._text,
            first_frame=outcome.first_frame,
            last_frame=outcome.last_frame,
            frame_rate=rate_label(outcome.rate) if outcome.rate else "",
            frames_path=str(outcome.master or ""),
            movie_path=str(outcome.review or ""),
            status=self._show.statuses.version,
            fields={name: value.format(**self._words) for name, value in self._show.version_fields.items()},
        )
        passed(Step.VERSION_BEGUN)

        def find() -> str | None:
            found = self._tracker.find_version(version.key)
            return found.id if found else None

        made = self._step("version", "version", lambda: self._tracker.publish(draft).id, find)
        passed(Step.VERSION_CREATED)
        return EntityRef(type="Version", id=made, name=version.code)

    def upload(self, made: EntityRef, timeline: Path | None, progress: Progress) -> None:
        """Movie, pictures, report and what else belongs to the version."""
        outcome = self._outcome
        files = (
            (MediaKind.MOVIE, outcome.review, Step.MOVIE_UPLOADED),
            (MediaKind.THUMBNAIL, outcome.thumbnail, Step.THUMBNAIL_UPLOADED),
            (MediaKind.FILMSTRIP, outcome.filmstrip, Step.THUMBNAIL_UPLOADED),
            (MediaKind.FILE, outcome.report, Step.REPORT_UPLOADED),
            (MediaKind.FILE, timeline, Step.REPORT_UPLOADED),
            (MediaKind.FILE, outcome.contact_sheet, Step.REPORT_UPLOADED),
            *((MediaKind.FILE, path, Step.REPORT_UPLOADED) for path in outcome.files),
        )
        for place, (kind, path, step) in enumerate(files):
            if path is None:
                continue
            progress(0.2 + 0.6 * place / len(files), f"uploading {path.name}")

            def send(kind: MediaKind = kind, path: Path = path) -> str:
                self._tracker.upload(made, kind, self._dressed(kind, path))
                return path.name

            # `upload` looks first whether a file of that name is there, so looking it up again is its own business.
            self._step(f"{kind}:{path.name}", f"upload {kind}", send)
            passed(step)

    def register(self, made: EntityRef) -> None:
        """The files that stay in the show's folder, by their paths."""
        outcome, version = self._outcome, self._version
        sequence = outcome.master is not None and not outcome.master.suffix
        kinds = (
            ("Rendered Image" if sequence else "Movie", outcome.master),
            ("Matte", outcome.matte),
            ("Review Movie", outcome.review),
        )
        files = [
            FileDraft(name=f"{version.code} {kind.lower()}", kind=kind, path=str(path), number=version.number)
            for kind, path in kinds
            if path is not None
        ]

        def send() -> str:
            self._tracker.register(made, files)
            return str(len(files))

        self._extra("files", "register files", send)
        passed(Step.FILES_REGISTERED)

    def list(self, made: EntityRef) -> None:
        """On the day's playlist, where the show wants one."""
        if not self._show.playlist:
            return
        day = time.strftime("%Y-%m-%d", time.localtime(self._version.made_at))
        name = self._show.playlist.format(show=self._version.show, date=day)

        def send() -> str:
            self._tracker.playlist(self._project, name, made)
            return name

        self._extra("playlist", "playlist", send)
        passed(Step.PLAYLISTED)

    def tell(self, made: EntityRef) -> None:
        """The note on task and version."""
        asks = " (needs review)" if self._ruling.verdict is Verdict.ASK else ""
        draft = NoteDraft(
            key=f"{self._version.key}-note",
            project=self._project,
            task=task_ref(self._task),
            subject=f"{self._version.code}{asks}",
            text=self._text,
            links=tuple(ref for ref in (made, entity_of(self._task)) if ref is not None),
            attachments=(self._outcome.contact_sheet,) if self._outcome.contact_sheet else (),
        )
        draft = self._stationery.note(self._version.show, draft, self._words)
        self._step("note", "note", lambda: self._tracker.note(draft).id)
        passed(Step.NOTE_WRITTEN)

    def log_time(self, minutes: int) -> None:
        """The machine's time, where the show wants it."""
        if not self._show.time_logs:
            return
        key, day = f"{self._version.key}-time", time.strftime("%Y-%m-%d", time.localtime(self._version.made_at))

        def send() -> str:
            self._tracker.log_time(task_ref(self._task), key, day, minutes)
            return str(minutes)

        self._extra("time", "time log", send)

    def _dressed(self, kind: MediaKind, path: Path) -> Path:
        """Thumbnails and sheets carry the show's words, as they do in notes."""
        if kind is MediaKind.FILMSTRIP:
            return path
        return self._stationery.picture(self._version.show, path, self._version.key, self._words)

    def _extra(self, name: str, step: str, make: Callable[[], str]) -> None:
        """A step that a site may refuse (no such entity, no right) without keeping the version from its people."""
        try:
            self._step(name, step, make)
        except TrackerRejected as error:
            log.warning("left out", step=step, version=self._version.code, fault=str(error))

    def _step(self, name: str, step: str, make: Callable[[], str], find: Callable[[], str | None] | None = None) -> str:
        return self._ledger.step(
            f"{self._version.key}-note" if name == "note" else f"{self._version.key}:{name}",
            show=self._version.show,
            step=step,
            find=find,
            make=make,
        )


def entity_of(task: TaskRow) -> EntityRef | None:
    """The shot (or asset) that the task is on."""
    if task.entity_type is None or task.entity_ref is None:
        return None
    return EntityRef(type=task.entity_type, id=task.entity_ref, name=task.entity_name)
