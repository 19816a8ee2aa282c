"""The site's own SQLite file: one JSON document per entity, all of them also kept in memory.

A write is answered after its COMMIT, so a killed server forgets nothing that it has answered.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_TABLES = """
CREATE TABLE IF NOT EXISTS entity (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (kind, key)
);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_WRITE = (
    "INSERT INTO entity (kind, key, document) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document"
)


class Storage:
    """Entities by table and key, in the order in which they were made, and settings. Every use holds `lock`.

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
        self._undo: list[tuple[str, str, Record | None]] = []
        self._tables: dict[str, dict[str, Record]] = {}
        self._indexes: dict[tuple[str, str], dict[Any, dict[str, None]]] = {}
        self._ranks: dict[tuple[str, str], int] = {}
        for kind, key, document in self._db.execute("SELECT kind, key, document FROM entity ORDER BY number"):
            self._tables.setdefault(kind, {})[key] = json.loads(document)
            self._ranks[kind, key] = len(self._ranks)
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
                for kind, key, before in reversed(self._undo):
                    self._place(kind, key, before)
                raise
            finally:
                self._depth = 0

    def get(self, kind: str, key: object) -> Record | None:
        """The record with that key."""
        return self._tables.get(kind, {}).get(str(key))

    def all(self, kind: str) -> Iterable[Record]:
        """Every record of the table."""
        return list(self._tables.get(kind, {}).values())

    def count(self, kind: str) -> int:
        """How many records the table has."""
        return len(self._tables.get(kind, {}))

    def rank(self, kind: str, key: str) -> int:
        """A number that is higher for what was made later."""
        return self._ranks[kind, key]

    def where(self, kind: str, field: str, value: Any) -> list[Record]:
        """The records whose field has that value; the field is indexed from now on."""
        index = self._indexes.get((kind, field))
        if index is None:
            index = self._indexes[kind, field] = {}
            for key, record in self._tables.get(kind, {}).items():
                index.setdefault(_hashed(record.get(field)), {})[key] = None
        table = self._tables.get(kind, {})
        return [table[key] for key in index.get(_hashed(value), ())]

    def put(self, kind: str, key: object, record: Record) -> None:
        """Write one record."""
        self._change(kind, str(key), record)
        document = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        self._db.execute(_WRITE, (kind, str(key), document))

    def remove(self, kind: str, key: object) -> None:
        """Delete one record."""
        self._change(kind, str(key), None)
        self._db.execute("DELETE FROM entity WHERE kind = ? AND key = ?", (kind, str(key)))

    def setting(self, name: str, default: Any = None) -> Any:
        """A setting's value."""
        return self._settings.get(name, default)

    def set(self, name: str, value: Any) -> None:
        """Write a setting at once, whatever becomes of the transaction."""
        self._settings[name] = value
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def _change(self, kind: str, key: str, record: Record | None) -> None:
        if not self._depth:
            raise RuntimeError("a write outside of a transaction")
        self._undo.append((kind, key, self._tables.get(kind, {}).get(key)))
        self._place(kind, key, record)

    def _place(self, kind: str, key: str, record: Record | None) -> None:
        table = self._tables.setdefault(kind, {})
        before = table.get(key)
        for (indexed, field), index in self._indexes.items():
            if indexed != kind:
                continue
            if before is not None:
                index.get(_hashed(before.get(field)), {}).pop(key, None)
            if record is not None:
                index.setdefault(_hashed(record.get(field)), {})[key] = None
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
            self._ranks.setdefault((kind, key), len(self._ranks))


def _hashed(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else json.dumps(value) if isinstance(value, (list, dict)) else value
