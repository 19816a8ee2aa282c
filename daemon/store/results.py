"""Findings and versions: what the processors made."""

from __future__ import annotations

import time

import sqlalchemy as sa
from sqlmodel import Session, col, select

from ...schema.finding import Finding
from ...schema.outcome import Outcome
from ...schema.tables import FindingRow, VersionRow
from .database import Database

_VALID = ("published", "approved")


class Results:
    """Findings numbered per show (`F1`, `F2` ...), versions numbered per name."""

    def __init__(self, database: Database) -> None:
        """Results in *database*."""
        self._database = database

    def add_findings(
        self,
        session: Session,
        *,
        show: str,
        job_id: int,
        task_id: int | None,
        clip_id: int,
        findings: tuple[Finding, ...],
    ) -> list[FindingRow]:
        """Number and keep a job's findings; a job recorded before gives its old numbers back."""
        old = session.exec(
            select(FindingRow).where(FindingRow.job_id == job_id).order_by(col(FindingRow.position))
        ).all()
        if old:
            return list(old)
        last = (
            session.execute(sa.select(sa.func.max(FindingRow.number)).where(col(FindingRow.show) == show)).scalar() or 0
        )
        rows = [
            FindingRow(
                show=show,
                number=last + place + 1,
                job_id=job_id,
                position=place,
                task_id=task_id,
                clip_id=clip_id,
                finding=finding.model_dump(mode="json"),
                found_at=time.time(),
            )
            for place, finding in enumerate(findings)
        ]
        session.add_all(rows)
        session.flush()
        return rows

    def finding(self, show: str, number: int) -> FindingRow | None:
        """The show's finding of that number."""
        with self._database.read() as session:
            return session.exec(
                select(FindingRow).where(FindingRow.show == show, FindingRow.number == number)
            ).one_or_none()

    def next_number(self, session: Session, show: str, task_id: int) -> int:
        """The number of the task's next version."""
        last = session.execute(
            sa.select(sa.func.max(VersionRow.number)).where(
                col(VersionRow.show) == show, col(VersionRow.task_id) == task_id
            )
        ).scalar()
        return (last or 0) + 1

    def code_taken(self, session: Session, show: str, code: str) -> bool:
        """Whether the show has a version of that name."""
        return (
            session.exec(select(VersionRow.id).where(VersionRow.show == show, VersionRow.code == code)).first()
            is not None
        )

    def plan_version(self, session: Session, row: VersionRow) -> None:
        """Reserve a version's name before its job runs."""
        session.add(row)

    def has_version(self, session: Session, job_id: int) -> bool:
        """Whether the job was to make a version."""
        return session.exec(select(VersionRow.id).where(VersionRow.job_id == job_id)).first() is not None

    def made(self, session: Session, job_id: int, state: str, outcome: Outcome) -> VersionRow:
        """The job's version has its result; `made` or `refused`."""
        row = session.exec(select(VersionRow).where(VersionRow.job_id == job_id)).one()
        row.state, row.outcome = state, outcome.model_dump(mode="json")
        session.add(row)
        session.flush()
        return row

    def failed(self, session: Session, job_id: int) -> None:
        """The job's version will not come."""
        row = session.exec(select(VersionRow).where(VersionRow.job_id == job_id)).one_or_none()
        if row is not None:
            row.state = "failed"
            session.add(row)

    def unplan(self, session: Session, job_id: int) -> None:
        """The job's version is not made yet: its name is free for the next try."""
        session.execute(sa.delete(VersionRow).where(col(VersionRow.job_id) == job_id))

    def published_versions(self, show: str) -> list[VersionRow]:
        """The show's versions that are in the tracker, neither stale nor rejected."""
        with self._database.read() as session:
            statement = select(VersionRow).where(VersionRow.show == show, col(VersionRow.state).in_(_VALID))
            return list(session.exec(statement.order_by(col(VersionRow.id))))

    def published_mark(self, show: str) -> tuple[int, float | None]:
        """How many versions `published_versions` gives, and when the last of them came: changes when they do."""
        counted = sa.select(sa.func.count(), sa.func.max(VersionRow.published_at))
        with self._database.read() as session:
            found = session.execute(
                counted.where(col(VersionRow.show) == show, col(VersionRow.state).in_(_VALID))
            ).one()
        return int(found[0]), found[1]

    def rejected_versions(self, show: str) -> list[VersionRow]:
        """The show's versions that people rejected."""
        with self._database.read() as session:
            statement = select(VersionRow).where(VersionRow.show == show, VersionRow.state == "rejected")
            return list(session.exec(statement.order_by(col(VersionRow.id))))

    def versions_of(self, task_id: int) -> list[VersionRow]:
        """The task's versions that are in the tracker, whatever people made of them, oldest first."""
        with self._database.read() as session:
            statement = select(VersionRow).where(
                VersionRow.task_id == task_id, col(VersionRow.tracker_ref).is_not(None)
            )
            return list(session.exec(statement.order_by(col(VersionRow.number), col(VersionRow.id))))

    def judged(self, session: Session, version_id: int, state: str) -> None:
        """People approved or rejected the version, or took that back (`published`)."""
        row = session.get_one(VersionRow, version_id)
        row.state = state
        session.add(row)

    def stale(self, session: Session, version_id: int) -> None:
        """The version's plate was pulled again."""
        row = session.get_one(VersionRow, version_id)
        row.state = "stale"
        session.add(row)

    def version(self, version_id: int) -> VersionRow:
        """One version."""
        with self._database.read() as session:
            return session.get_one(VersionRow, version_id)

    def version_by_code(self, show: str, code: str) -> VersionRow | None:
        """The show's version of that name."""
        with self._database.read() as session:
            return session.exec(
                select(VersionRow).where(VersionRow.show == show, VersionRow.code == code)
            ).one_or_none()

    def published(self, session: Session, version_id: int, tracker_ref: str) -> None:
        """The version is in the tracker, complete."""
        row = session.get_one(VersionRow, version_id)
        row.state, row.tracker_ref, row.published_at = "published", tracker_ref, time.time()
        session.add(row)


def outcome_of(row: VersionRow) -> Outcome:
    """A version's outcome as a value."""
    return Outcome.model_validate(row.outcome)
