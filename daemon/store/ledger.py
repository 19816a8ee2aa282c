"""The ledger of outward steps: the key is written before the call, the result after it."""

from __future__ import annotations

import time
from collections.abc import Callable

from ...schema.errors import AmbiguousResult
from ...schema.tables import LedgerRow
from .database import Database


class Ledger:
    """Makes an outward write happen once, however often the daemon dies around it."""

    def __init__(self, database: Database) -> None:
        """A ledger in *database*."""
        self._database = database

    def step(
        self,
        key: str,
        *,
        show: str,
        step: str,
        make: Callable[[], str],
        find: Callable[[], str | None] | None = None,
    ) -> str:
        """Return the result of *key*, making it only where it does not exist yet.

        A key that was begun before is looked up first (*find*; without it *make* itself must look); after an
        ambiguous answer it is looked up again, and AmbiguousResult goes on to the caller only where nothing was
        found: the job is retried, and its next look decides.
        """
        done = self._begin(key, show, step)
        if done is not None:
            return done
        look = find or _nothing_known
        result = look()
        if result is None:
            try:
                result = make()
            except AmbiguousResult:
                result = look()
                if result is None:
                    raise
        with self._database.write() as session:
            row = session.get_one(LedgerRow, key)
            row.result, row.done_at = result, time.time()
            session.add(row)
        return result

    def _begin(self, key: str, show: str, step: str) -> str | None:
        with self._database.write() as session:
            row = session.get(LedgerRow, key)
            if row is None:
                session.add(LedgerRow(key=key, show=show, step=step, begun_at=time.time()))
                return None
            return row.result if row.done_at is not None else None


def _nothing_known() -> str | None:
    return None
