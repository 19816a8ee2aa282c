"""The SQLite file of a practice site: all or nothing, in the file and in the copy that is kept in memory.

A write is answered after its COMMIT, so a killed server forgets nothing that it has answered.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

Record = dict[str, Any]

FILE = "sandbox.db"
_SETTINGS = "CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);"


class SiteFile:
    """The file with its lock, transactions and settings; what entities look like is each kind's own.

    Every use holds `lock`. What is written goes through `_undone_by` first.
    """

    def __init__(self, folder: Path, tables: str) -> None:
        """Open or make the file in *folder*, with its *tables*, and load its settings."""
        self.lock = threading.RLock()
        self._db = sqlite3.connect(folder / FILE, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(tables + _SETTINGS)
        self._depth = 0
        self._undo: list[Callable[[], object]] = []
        rows = self._db.execute("SELECT name, value FROM setting")
        self._settings: dict[str, Any] = {name: json.loads(value) for name, value in rows}

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, in the file and in memory; an inner one joins the outer one."""
        with self.lock:
            if self._depth:
                yield
                return
            self._db.execute("BEGIN")
            self._depth, self._undo = 1, []
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                # Also a KeyboardInterrupt must not leave memory ahead of the file.
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                for undo in reversed(self._undo):
                    undo()
                raise
            finally:
                self._depth = 0

    def setting(self, name: str, default: Any = None) -> Any:
        """A setting's value."""
        return self._settings.get(name, default)

    def settings(self, prefix: str) -> dict[str, Any]:
        """All settings whose name begins so."""
        return {name: value for name, value in self._settings.items() if name.startswith(prefix)}

    def set(self, name: str, value: Any) -> None:
        """Write a setting; None forgets it."""
        self._keep(self._settings, name, value)
        if value is None:
            self._db.execute("DELETE FROM setting WHERE name = ?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def _undone_by(self, undo: Callable[[], object]) -> None:
        """What takes the next change in memory back, should the transaction fail."""
        if not self._depth:
            raise RuntimeError("a write outside of a transaction")
        self._undo.append(undo)

    def _keep(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        self._undone_by(partial(_put, table, key, table.get(key)))
        _put(table, key, value)


def written(record: Record) -> str:
    """A record as its document in the file."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def _put(table: dict[Any, Any], key: Any, value: Any) -> None:
    """Put a value in its place; None leaves the place empty."""
    if value is None:
        table.pop(key, None)
    else:
        table[key] = value
