"""One daemon per database."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

import sqlalchemy as sa

from ..schema.errors import ConfigError
from .store.database import Database

_ADVISORY = 0x57455447  # "WETG": the number of our advisory lock on PostgreSQL
_ASK_EVERY = 5.0


class DaemonLock:
    """Held by the process that may claim jobs; the system gives it back however that process ends.

    `work_root/daemon.lock` is locked on this machine. PostgreSQL can be reached from others, so an
    advisory lock on the database is held too. It is a part of the service: the first one, so that the
    daemon ends when the lock is lost.
    """

    name = "lock"

    def __init__(self, work_root: Path, database: Database) -> None:
        """The lock of the daemon that works in *work_root* on *database*; not yet taken."""
        self._path = work_root / "daemon.lock"
        self._database = database
        self._file: int | None = None
        self._ask_at = 0.0
        self._was_held = False
        self._connection: sa.Connection | None = None

    def take(self) -> None:
        """Take the lock. Raises ConfigError that names the process holding it (as `pid`)."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pid = os.read(self._file, 32).decode(errors="replace").strip()
            self.release()
            raise ConfigError(
                f"A Wetgate daemon is running already (process {pid or 'unknown'}, {self._path}). "
                "Stop it first, or give this one another work_root.",
                pid=pid,
            ) from None
        os.ftruncate(self._file, 0)
        os.write(self._file, f"{os.getpid()}\n".encode())
        if not self._database.is_sqlite:
            self._take_advisory()

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would let two processes lock two files."""
        if self._connection is not None:
            self._connection.invalidate()  # ends the server's session, and with it the lock
            self._connection.close()
            self._connection = None
        if self._file is not None:
            os.close(self._file)
            self._file = None

    start = take
    stop = release

    @property
    def alive(self) -> bool:
        """Whether the lock is still ours, asked of the database every few seconds."""
        if time.monotonic() >= self._ask_at:
            self._ask_at = time.monotonic() + _ASK_EVERY
            self._was_held = self.held
        return self._was_held

    @property
    def held(self) -> bool:
        """Whether the lock is still ours; on PostgreSQL a lost connection loses it."""
        if self._connection is None:
            return self._file is not None
        try:
            self._connection.execute(sa.text("SELECT 1"))
        except sa.exc.DBAPIError:
            return False
        return True

    def __enter__(self) -> DaemonLock:
        """Take the lock."""
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the lock back."""
        self.release()

    def _take_advisory(self) -> None:
        self._connection = self._database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if self._connection.execute(sa.text("SELECT pg_try_advisory_lock(:key)"), {"key": _ADVISORY}).scalar():
            return
        holder = self._connection.execute(
            sa.text(
                "SELECT a.client_addr, a.application_name, a.pid FROM pg_locks l JOIN pg_stat_activity a USING (pid)"
                " WHERE l.locktype = 'advisory' AND l.objid = :key AND l.database ="
                " (SELECT oid FROM pg_database WHERE datname = current_database())"
            ),
            {"key": _ADVISORY},
        ).first()
        self.release()
        where = f"{holder.client_addr or 'local'}, PostgreSQL session {holder.pid}" if holder else "unknown"
        raise ConfigError(
            f"A Wetgate daemon of another workspace or machine ({where}) works on this database already. "
            "Stop it first, or give this one a database of its own.",
            pid=str(holder.pid) if holder else "",
        )
