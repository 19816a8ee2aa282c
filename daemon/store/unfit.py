"""Shows that their site would not let us serve."""

from __future__ import annotations

import json
import time

from sqlmodel import Session, col, select

from ...schema.model import Value
from ...schema.tables import ControlRow
from .database import Database

_PREFIX = "unfit:"


class UnfitShow(Value):
    """What is wrong with a show's site, and what to change first."""

    show: str
    what: str
    mend: str
    at: float


class Unfit:
    """Kept among the switches, since it outlives no daemon: each start looks anew."""

    def __init__(self, database: Database) -> None:
        """Rows in *database*."""
        self._database = database

    def set(self, show: str, what: str, mend: str) -> None:
        """*show* cannot be served because of *what*; it can where that is empty."""
        with self._database.write() as session:
            row = session.get(ControlRow, f"{_PREFIX}{show}")
            if not what:
                if row is not None:
                    session.delete(row)
                return
            value = json.dumps({"what": what, "mend": mend})
            if row is None or row.value != value:
                session.merge(ControlRow(name=f"{_PREFIX}{show}", value=value, changed_at=time.time()))


def unfit_shows(session: Session) -> list[UnfitShow]:
    """All of them, by name."""
    rows = session.exec(
        select(ControlRow).where(col(ControlRow.name).startswith(_PREFIX)).order_by(col(ControlRow.name))
    )
    return [UnfitShow(show=row.name.removeprefix(_PREFIX), at=row.changed_at, **json.loads(row.value)) for row in rows]
