"""Shows that their site would not let us serve. What would go out for one waits until it is served again."""

from __future__ import annotations

import json
import time

import sqlalchemy as sa
from sqlmodel import Session, col, select

from ...schema.errors import NotPermitted
from ...schema.job import JobState
from ...schema.model import Value
from ...schema.tables import ControlRow
from .database import Database
from .job_table import CONTROL, JOB, OUTWARD, UNFIT

BY_ITSELF = "`wetgate doctor` says what to change; it is tried again by itself."


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
        """*show* cannot be served because of *what*."""
        with self._database.write() as session:
            row = session.get(ControlRow, f"{UNFIT}{show}")
            value = json.dumps({"what": what, "mend": mend})
            if row is None or row.value != value:
                session.merge(ControlRow(name=f"{UNFIT}{show}", value=value, changed_at=time.time()))

    def served(self, show: str, *, at_once: bool) -> None:
        """*show* is served again: what waited goes out, and *at_once* what was refused too, all in its order."""
        refused = sa.and_(JOB.c.show == show, JOB.c.lane.in_(OUTWARD), JOB.c.state == JobState.QUEUED.value)
        lacked = JOB.c.error_type == NotPermitted.__name__
        with self._database.write() as session:
            session.execute(sa.delete(CONTROL).where(CONTROL.c.name == f"{UNFIT}{show}"))
            if at_once:
                session.execute(sa.update(JOB).where(refused, lacked).values(run_after=0.0))

    def told(self) -> dict[str, str]:
        """Why each of them is not served."""
        with self._database.read() as session:
            return {one.show: one.what for one in unfit_shows(session)}


def hold(session: Session, show: str, why: str) -> None:
    """A tracker refused something of *show* for lack of a right: nothing else goes out before it was looked at."""
    if session.get(ControlRow, f"{UNFIT}{show}") is None:
        value = json.dumps({"what": why, "mend": BY_ITSELF})
        session.add(ControlRow(name=f"{UNFIT}{show}", value=value, changed_at=time.time()))


def unfit_shows(session: Session) -> list[UnfitShow]:
    """All of them, by name."""
    rows = session.exec(select(ControlRow).where(col(ControlRow.name).startswith(UNFIT)).order_by(col(ControlRow.name)))
    return [UnfitShow(show=row.name.removeprefix(UNFIT), at=row.changed_at, **json.loads(row.value)) for row in rows]
