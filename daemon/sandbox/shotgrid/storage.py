"""The site's entities in its own SQLite file: one JSON document each, all of them also kept in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from ..storage import Record, SiteFile, written

_TABLES = """
CREATE TABLE IF NOT EXISTS entity (
    type TEXT NOT NULL, id INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY (type, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (type TEXT PRIMARY KEY, last INTEGER NOT NULL);
"""


class Storage(SiteFile):
    """Entities by type and id, and counters.

    Records are replaced, never changed in place: take a copy, `put` it.
    """

    def __init__(self, folder: Path) -> None:
        """Open or make the file in *folder* and load it."""
        super().__init__(folder, _TABLES)
        self._entities: dict[str, dict[int, Record]] = {}
        for kind, number, document in self._db.execute("SELECT type, id, document FROM entity ORDER BY type, id"):
            self._entities.setdefault(kind, {})[number] = json.loads(document)
        self._counters: dict[str, int] = dict(self._db.execute("SELECT type, last FROM counter"))

    def next_id(self, kind: str) -> int:
        """A fresh id, one above the last."""
        last = self._counters.get(kind, 0) + 1
        self._keep(self._counters, kind, last)
        self._db.execute("INSERT OR REPLACE INTO counter VALUES (?, ?)", (kind, last))
        return last

    def last_id(self, kind: str) -> int:
        """The newest id of the type, 0 before the first."""
        return self._counters.get(kind, 0)

    def forget(self, kind: str) -> None:
        """Drop every record of the type, and number the next one 1."""
        self._keep(self._entities, kind, {})
        self._keep(self._counters, kind, 0)
        self._db.execute("DELETE FROM entity WHERE type = ?", (kind,))
        self._db.execute("INSERT OR REPLACE INTO counter VALUES (?, 0)", (kind,))

    def get(self, kind: str, number: int) -> Record | None:
        """The record, retired or not."""
        return self._entities.get(kind, {}).get(number)

    def all(self, kind: str) -> Mapping[int, Record]:
        """Every record of the type in the order of ids, retired ones included."""
        return self._entities.get(kind, {})

    def put(self, record: Record) -> None:
        """Write one record; its `type` and `id` say which."""
        self._keep(self._entities.setdefault(record["type"], {}), record["id"], record)
        values = (record["type"], record["id"], written(record))
        self._db.execute("INSERT OR REPLACE INTO entity VALUES (?, ?, ?)", values)
