"""The sandbox's own SQLite file: one JSON document per entity, all of them also kept in memory.

A write is answered after its COMMIT, so a killed server forgets nothing that it has answered.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS entity (
    type TEXT NOT NULL, id INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (type TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Storage:
    """Entities by type and id, counters and settings. Every use holds `lock`.

    Records are replaced, never changed in place: take a copy, `put` it.
    """

    def __init__(self, path: Path) -> None:
        """Open or make the file and load it."""
        self.lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_TABLES)
        self._depth = 0
        self._undo: list[tuple[dict[Any, Any], Any, Any]] = []
        self._entities: dict[str, dict[int, Record]] = {}
        for kind, number, document in self._db.execute("SELECT type, id, document FROM entity ORDER BY type, id"):
            self._entities.setdefault(kind, {})[number] = json.loads(document)
        self._counters: dict[str, int] = dict(self._db.execute("SELECT type, last FROM counter"))
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
                for table, key, before in reversed(self._undo):
                    if before is None:
                        table.pop(key, None)
                    else:
                        table[key] = before
                raise
            finally:
                self._depth = 0

    def next_id(self, kind: str) -> int:
        """A fresh id, one above the last."""
        last = self._counters.get(kind, 0) + 1
        self._keep(self._counters, kind, last)
        self._db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (kind, last))
        return last

    def last_id(self, kind: str) -> int:
        """The newest id of the type, 0 before the first."""
        return self._counters.get(kind, 0)

    def get(self, kind: str, number: int) -> Record | None:
        """The record, retired or not."""
        return self._entities.get(kind, {}).get(number)

    def all(self, kind: str) -> Mapping[int, Record]:
        """Every record of the type in the order of ids, retired ones included."""
        return self._entities.get(kind, {})

    def put(self, record: Record) -> None:
        """Write one record; its `type` and `id` say which."""
        self._keep(self._entities.setdefault(record["type"], {}), record["id"], record)
        document = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        self._db.execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", (record["type"], record["id"], document))

    def setting(self, name: str, default: Any = None) -> Any:
        """A setting's value."""
        return self._settings.get(name, default)

    def settings(self, prefix: str) -> dict[str, Any]:
        """All settings whose name begins so."""
        return {name: value for name, value in self._settings.items() if name.startswith(prefix)}

    def set(self, name: str, value: Any) -> None:
        """Write a setting; None forgets it."""
        if value is None:
            before = self._settings.pop(name, None)
            self._undo.append((self._settings, name, before))
            self._db.execute("DELETE FROM setting WHERE name = ?", (name,))
            return
        self._keep(self._settings, name, value)
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def _keep(self, table: dict[Any, Any], key: Any, value: Any) -> None:
        if not self._depth:
            raise RuntimeError("a write outside of a transaction")
        self._undo.append((table, key, table.get(key)))
        table[key] = value
