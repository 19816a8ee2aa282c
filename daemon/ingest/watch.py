"""Hints that something changed in the watched folders, from the system's file events.

An event only marks a path; what is there is found by looking. Events may be lost: then `lost` is
called, and everything is looked at.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch
from watchdog.observers.inotify_c import InotifyFD

log = structlog.get_logger(__name__)

Hint = Callable[[Path, bool], None]
_QUIET = {"opened", "closed_no_write"}


class Watcher:
    """Watches folders, and goes on watching when a folder went away and came back or an observer died."""

    def __init__(self, roots: Sequence[Path], hint: Hint, lost: Callable[[], None]) -> None:
        """Call *hint(path, is_folder)* for every change below *roots*, *lost* when changes were missed."""
        self._roots = tuple(roots)
        self._handler = _Handler(hint)
        self._lost = lost
        self._observer: BaseObserver | None = None
        self._watched: dict[Path, tuple[tuple[int, int], ObservedWatch]] = {}
        self._overflow = _Overflow(lost)

    def start(self) -> None:
        """Begin to watch the roots that are there."""
        logging.getLogger("watchdog").addHandler(self._overflow)
        self.ensure()

    def stop(self) -> None:
        """Stop and wait for the observer's threads."""
        logging.getLogger("watchdog").removeHandler(self._overflow)
        self._end()

    def ensure(self) -> None:
        """Watch what can be watched: a root that is back, or all of them after the observer died."""
        if self._observer is not None and not self._alive(self._observer):
            log.warning("file events stopped; watching anew")
            self._end()
            if _reader_ended():
                InotifyFD._instance = None  # or every later observer would wait on the thread that ended
            self._lost()
        if self._observer is None:
            self._observer = Observer()
            self._observer.start()
        for root in self._roots:
            self._ensure(self._observer, root)

    def _ensure(self, observer: BaseObserver, root: Path) -> None:
        try:
            status = root.stat()
            identity: tuple[int, int] | None = (status.st_dev, status.st_ino)
        except OSError:
            identity = None
        known = self._watched.get(root)
        if known is not None and known[0] == identity:
            return
        if known is not None:
            del self._watched[root]
            try:
                observer.unschedule(known[1])
            except (KeyError, OSError) as error:
                log.debug("watch was gone already", root=str(root), why=str(error))
        if identity is None:
            return
        try:
            watch = observer.schedule(self._handler, str(root), recursive=True)
        except OSError as error:
            log.warning("folder cannot be watched; it is swept instead", root=str(root), why=str(error))
            return
        self._watched[root] = (identity, watch)
        self._lost()  # what happened before the watch stood

    @staticmethod
    def _alive(observer: BaseObserver) -> bool:
        threads_live = observer.is_alive() and all(emitter.is_alive() for emitter in observer.emitters)
        return threads_live and not _reader_ended()

    def _end(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(timeout=10)
        self._observer = None
        self._watched.clear()


def _reader_ended() -> bool:
    """Whether the thread ended that reads events for all observers: watchdog 7 has one a process and keeps it, dead."""
    reader = InotifyFD._instance
    return reader is not None and not reader.is_alive()


class _Handler(FileSystemEventHandler):
    """Turns events into hints."""

    def __init__(self, hint: Hint) -> None:
        self._hint = hint

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in _QUIET or (event.is_directory and event.event_type == "modified"):
            return  # a folder is modified whenever something in it is, which has an event of its own
        for raw in (event.src_path, event.dest_path):
            if raw:
                self._hint(Path(os.fsdecode(raw)), event.is_directory)


class _Overflow(logging.Handler):
    """The system's event queue ran over: watchdog says so in its log and nowhere else."""

    def __init__(self, lost: Callable[[], None]) -> None:
        super().__init__(logging.WARNING)
        self._lost = lost

    def emit(self, record: logging.LogRecord) -> None:
        if "overflow" in record.getMessage().lower():
            self._lost()
