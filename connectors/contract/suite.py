"""All that a tracker must do."""

from __future__ import annotations

from .briefs import BriefContract
from .events import EventContract
from .files import FileContract
from .notes import NoteContract
from .site import SiteContract
from .tasks import TaskContract
from .versions import VersionContract


class TrackerContract(
    SiteContract, EventContract, TaskContract, BriefContract, VersionContract, FileContract, NoteContract
):
    """Inherit and give a fixture `bench`."""
