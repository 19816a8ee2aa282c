"""What a task's people are told when a brief or a reply cannot be acted on, each once."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from ...schema.errors import BriefIncomplete, FootageMissing
from ...schema.tables import TaskRow
from ..publish.answer import Answers
from ..steps import Step, passed
from ..store import Database
from ..store.rows import id_of
from ..store.tasks import Tasks
from .hearing import Heard, unclear_text
from .shows import ShowDesk

log = structlog.get_logger()

Faults = list[tuple[str, str]]
"""Drawings that cannot be used: the id under which the task remembers them, and why in a sentence."""


class Telling:
    """Queues answers in the transaction that remembers them."""

    def __init__(self, *, database: Database, tasks: Tasks, answers: Answers, queued: Callable[[], None]) -> None:
        """*queued* is called after answers were queued."""
        self._database, self._tasks, self._answers, self._queued = database, tasks, answers, queued

    def answer(self, row: TaskRow, heard: Heard, faults: Faults, *, asked: bool) -> TaskRow:
        """Answer replies and drawings that cannot be acted on, and wishes for a closed task; the row after it."""
        told = [(said.key, "This reply was not understood", unclear_text(said)) for said in heard.unclear]
        told += [(key, "A drawing that cannot be used", words) for key, words in faults if key not in row.heard]
        if row.state == "approved" and not asked and heard.wants:
            words = f"{row.reason} The task is closed. Set it to ready to open it again; what was asked is done then."
            told.append((heard.newest, "This task is approved", words))
        if not told:
            return row
        with self._database.write() as session:
            known = list(dict.fromkeys([*row.heard, *(key for key, _, _ in told)]))
            row = self._tasks.move(session, id_of(row), row.state, row.reason, heard=known)
            for key, subject, words in told:
                self._answers.queue(session, row, f"reply {key}", subject=subject, text=words)
        passed(Step.TASK_TOLD)
        self._queued()
        return row

    def ask(self, show: ShowDesk, row: TaskRow, error: BriefIncomplete, heard: Heard | None) -> None:
        """Say what the brief lacks, and let the task wait; the same words are not said twice.

        Of a reply that cannot be done the wishes are dropped, and kept where only footage is missing.
        """
        lacks, missing = str(error), isinstance(error, FootageMissing)
        more: dict[str, object] = {"brief": {}}
        saying = f"asked: {lacks}"
        if heard is not None and row.digest:
            more = {"brief": {} if missing else heard.standing.values, "heard": remembered(row, heard)}
            more |= {"acted": list(heard.acted), "asked": wished(row, heard)} if missing else {}
            saying = f"{saying} {heard.newest}".rstrip()
        same = row.state == "waiting" and row.reason == lacks
        if same and all(getattr(row, name) == value for name, value in more.items()):
            return
        with self._database.write() as session:
            task = self._tasks.move(session, id_of(row), "waiting", lacks, **more)
            if not same:
                self._answers.queue(
                    session,
                    task,
                    saying,
                    subject="Waiting for footage" if missing else "This brief needs a word more",
                    text=_asking(error, again="heard" in more),
                    status=show.settings.statuses.waiting,
                )
        log.info("brief incomplete", lacks=lacks)
        passed(Step.TASK_TOLD)
        self._queued()

    def stuck(self, row: TaskRow, job: int | None) -> None:
        """Say once for a job that its task still stands at ready, and how to have the work done again."""
        self.once(
            row,
            f"stuck {job}",
            "The status of this task cannot be changed",
            "The work is done, but the site did not take the status that says so, and the task still stands at ready. "
            "`wetgate doctor` says what to change. To have the work done again, reply `redo`.",
        )

    def once(self, row: TaskRow, key: str, subject: str, text: str) -> TaskRow:
        """Say something that nobody need answer, once for one *key*; the row after it."""
        if key in row.heard:
            return row
        with self._database.write() as session:
            row = self._tasks.move(session, id_of(row), row.state, row.reason, heard=[*row.heard, key])
            self._answers.queue(session, row, key, subject=subject, text=text)
        self._queued()
        return row


def remembered(row: TaskRow, heard: Heard) -> list[str]:
    """What the task has heard by now."""
    return list(dict.fromkeys([*row.heard, *heard.heard]))


def wished(row: TaskRow, heard: Heard) -> str:
    """What is asked for since the last version, in words."""
    return "; ".join(part for part in (row.asked, heard.words) if part)


def _asking(error: BriefIncomplete, *, again: bool) -> str:
    """The note that asks: one mistake as a sentence, several as a list, and what to do, which the error may name."""
    sentences = str(error).splitlines()
    told = sentences[0] if len(sentences) == 1 else "\n".join(f"- {sentence}" for sentence in sentences)
    if isinstance(error, FootageMissing):
        return f"{told}\nNothing need be done here if it is on its way."
    if "mend" in error.data:
        return f"{told}\n{error.data['mend']}"
    if again:
        return f"{told}\nNothing was started. Write it again in a reply, corrected; the work starts by itself."
    return f"{told}\nReply with the missing line, or correct the description; the work starts by itself."
