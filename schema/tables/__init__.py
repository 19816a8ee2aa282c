"""The one database: every table, one file per room that owns it.

Rows are written by `daemon.store` alone. Every row carries its show; times are seconds since the
epoch, UTC. `table=True` models do not validate: values are checked by the domain types before.
"""

from .index import ArrivalRow, ClipRow, ClipWordsRow
from .queue import ControlRow, JobNeedRow, JobRow
from .tracker import CursorRow, EventRow, FindingRow, LedgerRow, PullRow, TaskRow, VersionRow

__all__ = [
    "ArrivalRow",
    "ClipRow",
    "ClipWordsRow",
    "ControlRow",
    "CursorRow",
    "EventRow",
    "FindingRow",
    "JobNeedRow",
    "JobRow",
    "LedgerRow",
    "PullRow",
    "TaskRow",
    "VersionRow",
]
