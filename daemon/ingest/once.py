"""Takes given paths into a show's index and waits for every answer, with the daemon or without it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...schema.arrival import ArrivalState
from ...schema.errors import ConfigError
from ...schema.ports import Progress
from ...schema.tables import ArrivalRow
from ..lock import DaemonLock
from ..queue.dispatcher import Dispatcher
from ..store.index import Index
from .ingest import Ingest

_LOOK = 0.2


def ingest_and_wait(
    show: str,
    ingest: Ingest,
    paths: Sequence[Path],
    *,
    index: Index,
    lock: DaemonLock,
    dispatcher: Dispatcher,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Add *paths* and return `{path, state, reason}` for each file, once all are answered.

    The running daemon does the jobs if it holds the lock; otherwise this process is the daemon for
    as long as it takes.
    """
    try:
        lock.take()
    except ConfigError:
        return _wait(show, ingest, ingest.add(paths), index, progress)
    try:
        dispatcher.start()
        try:
            return _wait(show, ingest, ingest.add(paths), index, progress)
        finally:
            dispatcher.stop()
    finally:
        lock.release()


def _wait(show: str, ingest: Ingest, added: Sequence[Path], index: Index, progress: Progress) -> list[dict[str, Any]]:
    wanted = {str(path) for path in added}
    while True:
        ingest.turn()  # also beside a daemon: it may not know this show, and two turns do not undo each other
        rows = [row for row in index.arrivals.of(show) if row.path in wanted]
        answered = [row for row in rows if _answered(row.state)]
        progress(len(answered) / max(len(wanted), 1), f"{len(answered)} of {len(wanted)} files")
        if len(answered) == len(wanted):
            return [_row_of(row, index) for row in answered]
        time.sleep(_LOOK)


def _row_of(row: ArrivalRow, index: Index) -> dict[str, Any]:
    """One file's answer; its class is None where it became no clip."""
    source_class = index.clip(row.clip_id).source_class if row.clip_id is not None else None
    return {"path": row.path, "state": row.state, "reason": row.reason, "source_class": source_class}


def _answered(state: str) -> bool:
    return ArrivalState(state).answered or state == ArrivalState.OFFLINE
