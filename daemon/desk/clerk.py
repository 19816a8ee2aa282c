"""Considers one task: whether it calls for work, what people said about it, and what follows."""

from __future__ import annotations

from collections.abc import Mapping

from ...schema.errors import BriefIncomplete, EntityNotFound
from ...schema.job import JobState
from ...schema.ports import Processor, Tracker
from ...schema.tables import TaskRow
from ...schema.tracker import TrackerTask
from ..publish.version import OWED
from ..steps import Step, passed
from ..store.jobs import Jobs
from ..store.rows import id_of
from ..store.tasks import QUIET, UNDER_WAY, Tasks, task_ref
from .attached import Attached
from .ears import Ears
from .hearing import Heard
from .known import Known
from .landing import Landed
from .orders import PROCESS
from .placing import Placing
from .rules import processor_for, two_ways, two_ways_text
from .shows import ShowDesk
from .telling import Telling
from .vocabulary import Vocabulary


class Clerk:
    """Decides for one task at a time."""

    def __init__(
        self,
        *,
        known: Known,
        ears: Ears,
        placing: Placing,
        telling: Telling,
        tasks: Tasks,
        jobs: Jobs,
        processors: Mapping[str, Processor],
    ) -> None:
        """Work is done by *processors*."""
        self._known, self._ears, self._placing, self._telling = known, ears, placing, telling
        self._tasks, self._jobs, self._processors = tasks, jobs, processors

    def consider(self, tracker: Tracker, show: ShowDesk, task: TrackerTask, row: TaskRow | None, *, look: bool) -> bool:
        """Do what *task* needs now; *row* is what was known of it, *look* asks to read what people said.

        True asks to be called again soon.
        """
        row = self._known.update(show.name, task, row)
        passed(Step.TASK_READ)
        if row.state in UNDER_WAY or not _calls(show, task, row, look=look):
            return False
        asked = task.status in show.settings.statuses.ready
        if asked and row.state in QUIET:
            # The list may have been read before our own answer changed the status.
            asked = tracker.task(task.ref).status in show.settings.statuses.ready and self._asked_again(row)
            if not asked and not look:
                return False
        if row.digest and look:
            before, row = row.state, show.reviews.look(tracker, row)
            asked = asked and row.state == before
        return self._hear(tracker, show, task, row, asked=asked)

    def gone(self, tracker: Tracker, show: ShowDesk, row: TaskRow) -> None:
        """A task that is not in the list of open tasks of ours: it was taken back, finished, or deleted."""
        statuses = show.settings.statuses
        try:
            task = tracker.task(task_ref(row))
        except EntityNotFound:
            why = "Taken back: the tracker has no such task any more."
        else:
            if task.assigned_to_us and row.state in QUIET:
                if row.digest:
                    show.reviews.look(tracker, row)
                return
            if task.assigned_to_us and task.status in {
                *statuses.ready,
                statuses.running,
                statuses.waiting,
                statuses.done,
            }:
                return  # it came into the list since
            why = f"Taken back: its status is `{task.status}`."
            if not task.assigned_to_us:
                why = "Taken back: it is not assigned to Wetgate any more."
        if row.state not in QUIET and row.state != "dropped":
            self._known.drop(row, why)

    def _asked_again(self, row: TaskRow) -> bool:
        """Whether a person set the task to ready again: since its last job the status was another for a while.

        A site that does not take our statuses leaves it at ready: that is no wish, or it would be made for ever.
        """
        if not row.digest:
            return True
        since = self._jobs.since_last(PROCESS, id_of(row))
        if any((job.result or {}).get("status") not in {None, "refused", OWED} for job in since):
            return True
        if all(JobState(job.state).over for job in since):
            self._telling.stuck(row, since[0].id if since else 0)
        return False

    def _hear(self, tracker: Tracker, show: ShowDesk, task: TrackerTask, row: TaskRow, *, asked: bool) -> bool:
        source = tracker.brief(task.ref)
        attached = Attached(tracker, source.attachments, show.folder / "attachments" / task.ref.id)
        heard: Heard | None = None
        try:
            processor = processor_for(show.settings.rules, self._processors, source.task)
            row = self._doubt(show, source.task, row)
            heard, faults = self._ears.hear(row, source, attached, Vocabulary(processor))
            if self._ears.more_may_come(tracker, row, heard):
                return True
            if row.digest:
                closed = show.reviews.approve(row, heard)
                row = self._tasks.get(id_of(row))
                if closed:
                    return False
                row = self._telling.answer(row, heard, faults, asked=asked)
            landed = show.landing.of_task(id_of(row))
            if _due(row, heard, landed, asked=asked):
                self._placing.place(show, row, source, processor, heard, attached, landed)
            else:
                self._ears.remember(row, heard)
        except BriefIncomplete as error:
            self._telling.ask(show, row, error, heard)
        return False

    def _doubt(self, show: ShowDesk, task: TrackerTask, row: TaskRow) -> TaskRow:
        """A task that two rules fit is told so, once; the row after it."""
        found = two_ways(show.settings.rules, task)
        if found is None:
            return row
        first, other = found
        key = f"rules {first.task} {other.task}"
        return self._telling.once(row, key, f"Taken for {first.processor}", two_ways_text(first, other))


def _calls(show: ShowDesk, task: TrackerTask, row: TaskRow, *, look: bool) -> bool:
    """Whether the task's state and status call for a closer look; a closer look costs requests."""
    statuses = show.settings.statuses
    if task.status in statuses.ready:
        return look or row.state != "waiting"
    ours = task.status in {statuses.waiting, statuses.done, statuses.running}
    return look and (row.state in QUIET or (row.state == "waiting" and (ours or not row.digest)))


def _due(row: TaskRow, heard: Heard, landed: Landed, *, asked: bool) -> bool:
    """Whether there is work to plan."""
    if row.state == "approved" and not asked:
        return False
    if row.state == "waiting":
        landing = bool(landed.fresh) and not landed.missing
        files = bool(heard.files) and not landed.missing
        return asked or heard.wants or landing or files or heard.brief.values != row.brief
    return asked or heard.wants
