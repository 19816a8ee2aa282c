"""Who approved and who rejected: closes our side of a task, or lets it wait for a reply."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from ...schema.ports import Tracker
from ...schema.settings import ShowSettings
from ...schema.tables import TaskRow, VersionRow
from ...schema.tracker import Ability, Review
from ..publish.answer import Answers
from ..store.database import Database
from ..store.results import Results
from ..store.rows import id_of
from ..store.tasks import UNDER_WAY, Tasks, task_ref
from .hearing import Heard, Said

log = structlog.get_logger()


class Reviews:
    """Reads what people decided about one show's versions."""

    def __init__(
        self,
        settings: ShowSettings,
        *,
        database: Database,
        results: Results,
        tasks: Tasks,
        answers: Answers,
    ) -> None:
        """Versions of a show with *settings*."""
        self._settings = settings
        self._database, self._results, self._tasks, self._answers = database, results, tasks, answers

    def look(self, tracker: Tracker, task: TaskRow) -> TaskRow:
        """Take over what stands on the task's versions; the task's row as it is then."""
        versions = {version.key: version for version in self._results.versions_of(id_of(task))}
        if not versions:
            return task
        reviews: Sequence[Review] = [one for one in tracker.reviews(task_ref(task)) if one.key in versions]
        if Ability.VERSION_STATUS not in tracker.abilities:
            reviews = reviews[-1:]  # it is the task's status, and speaks of the newest
        newest = list(versions)[-1]
        for review in reviews:
            self._judge(task, versions[review.key], review, newest=review.key == newest)
        return self._tasks.get(id_of(task))

    def approve(self, task: TaskRow, heard: Heard) -> bool:
        """Act on replies that say approved; whether one of them closed the task."""
        for said in heard.approvals:
            if self.may_approve(said.note.login):
                with self._database.write() as session:
                    words = f"Approved by {said.author}."
                    self._tasks.move(session, id_of(task), "approved", words, heard=list(heard.heard))
                log.info("approved by a reply", by=said.note.login)
                return True
            self._tell_who_may(task, said)
        return False

    def may_approve(self, login: str) -> bool:
        """Whether this person's approval counts on this show."""
        return bool(login) and login.casefold() in {name.casefold() for name in self._settings.approvers}

    def _judge(self, task: TaskRow, version: VersionRow, review: Review, *, newest: bool) -> None:
        statuses = self._settings.statuses
        if review.status in statuses.rejected:
            if version.state != "rejected":
                self._reject(task, version, review, newest=newest)
        elif review.status in statuses.approved:
            if version.state == "approved":
                return
            if self.may_approve(review.by):
                self._close(task, version, review)
            else:
                self._not_approved(task, version, review)
        elif version.state == "rejected":
            with self._database.write() as session:
                self._results.judged(session, id_of(version), "published")

    def _close(self, task: TaskRow, version: VersionRow, review: Review) -> None:
        with self._database.write() as session:
            self._results.judged(session, id_of(version), "approved")
            if session.get_one(TaskRow, task.id).state not in UNDER_WAY:
                self._tasks.move(session, id_of(task), "approved", f"{version.code} was approved by {review.by}.")
        log.info("approved", version=version.code, by=review.by)

    def _reject(self, task: TaskRow, version: VersionRow, review: Review, *, newest: bool) -> None:
        by = f" by {review.by}" if review.by else ""
        with self._database.write() as session:
            self._results.judged(session, id_of(version), "rejected")
            if not newest or session.get_one(TaskRow, task.id).state in UNDER_WAY:
                return
            row = self._tasks.move(
                session, id_of(task), "rejected", f"{version.code} was rejected{by}: waits for a reply."
            )
            self._answers.queue(
                session,
                row,
                f"rejected {version.key}",
                subject=f"{version.code} was rejected",
                text=f"{version.code} was rejected{by}. It is not taken as a source again. Reply with what should "
                "change, as `wider matte, 1012-1040` or `use A001_C003`, and the next version is made.",
            )
        log.info("rejected", version=version.code, by=review.by)

    def _not_approved(self, task: TaskRow, version: VersionRow, review: Review) -> None:
        who = review.by or "somebody whom the tracker does not name"
        self._tell(
            task, f"{who} set {version.code} to `{review.status}`.", f"review {version.key} {review.status} {review.by}"
        )

    def _tell_who_may(self, task: TaskRow, said: Said) -> None:
        self._tell(task, f"{said.author} wrote `approved`.", f"approval by {said.note.login}")

    def _tell(self, task: TaskRow, what: str, saying: str) -> None:
        """Say who may approve, once for one *saying*."""
        names = ", ".join(self._settings.approvers)
        may = f"On this show only {names} can approve" if names else "This show has named nobody who may approve"
        mend = "" if names else " Name them under `approvers` in its settings."
        with self._database.write() as session:
            row = session.get_one(TaskRow, task.id)
            if saying in row.heard:
                return
            row.heard = [*row.heard, saying]
            session.add(row)
            self._answers.queue(
                session,
                row,
                saying,
                subject="Not approved yet",
                text=f"{what} {may}, so nothing was closed.{mend}",
            )
