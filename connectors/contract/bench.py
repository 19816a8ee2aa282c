"""A site as the suite wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from ...schema.ports import Tracker
from ...schema.tracker import EntityRef


class Bench(Protocol):
    """A site with a project of the test's own, on which the connector's user may write."""

    tracker: Tracker
    project: str
    ready: str
    """A task status under which work may start."""
    busy: str
    """A task status for work under way."""
    review: str
    """A version status."""
    final: str
    """A task status after which nothing is open any more."""
    secret: str
    """What the connector logs in with; it must never show up in an error."""

    def another(self) -> Tracker:
        """A second connector to the same site, as after a restart."""

    def make_task(self, name: str, description: str = "", *, ours: bool = True) -> EntityRef:
        """A person makes a ready task on a shot, assigned to Wetgate or to somebody else."""

    def write_note(self, task: EntityRef, text: str, files: Sequence[Path] = ()) -> None:
        """A person writes a note on the task."""

    def set_task_status(self, task: EntityRef, status: str) -> None:
        """A person sets a task's status."""

    def review_version(self, version: EntityRef, status: str) -> str:
        """A person sets the version's status (the task's, where versions have none); the login that did."""

    def answer_version(self, version: EntityRef, text: str) -> str:
        """A person writes about the version, as they would from the review player; the login that did."""

    def text_of(self, note: EntityRef) -> str:
        """What a note says now."""

    def registered(self, version: EntityRef) -> Sequence[str]:
        """Paths of the published files of a version."""

    def playlists(self, name: str) -> Sequence[Sequence[str]]:
        """The ids of the versions on each playlist of that name, in order."""

    def minutes(self, task: EntityRef) -> int:
        """Minutes logged on the task."""

    def versions(self, key: str) -> int:
        """How many versions carry the key now."""

    def notes(self, key: str) -> int:
        """How many notes carry the key now."""

    def files(self, entity: EntityRef) -> Sequence[str]:
        """Names of all files on a version or note: movie, thumbnail and attachments."""

    def lose_answers(self, call: str, count: int = 1) -> None:
        """The next *count* calls of that port method that change something are carried out, unanswered."""

    def refuse(self, call: str, count: int = 1) -> None:
        """The site is down for the next *count* such calls: nothing is carried out."""
