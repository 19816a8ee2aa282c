"""The site's entities in its own SQLite file: one JSON document each, all of them also kept in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from ..storage import Record, SiteFile, written

_TABLES = """
CREATE TABLE IF NOT EXISTS entity (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, document TEXT NOT NULL, UNIQUE (kind, key)
);
"""
_WRITE = (
    "INSERT INTO entity (kind, key, document) VALUES (?, ?, ?) "
    "ON CONFLICT (kind, key) DO UPDATE SET document = excluded.document"
)


class Storage(SiteFile):
    """Entities by table and key, in the order in which they were made.

    Records are replaced, never changed in place: take a copy, `put` it.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the file in *folder* and load it."""
        super().__init__(folder, _TABLES)
        self._tables: dict[str, dict[str, Record]] = {}
        self._indexes: dict[tuple[str, str], dict[Any, dict[str, None]]] = {}
        self._ranks: dict[tuple[str, str], int] = {}
        for kind, key, document in self._db.execute("SELECT kind, key, document FROM entity ORDER BY number"):
            self._tables.setdefault(kind, {})[key] = json.loads(document)
            self._ranks[kind, key] = len(self._ranks)

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
        self._db.execute(_WRITE, (kind, str(key), written(record)))

    def remove(self, kind: str, key: object) -> None:
        """Delete one record."""
        self._change(kind, str(key), None)
        self._db.execute("DELETE FROM entity WHERE kind = ? AND key = ?", (kind, str(key)))

    def _change(self, kind: str, key: str, record: Record | None) -> None:
        self._undone_by(partial(self._place, kind, key, self._tables.get(kind, {}).get(key)))
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
