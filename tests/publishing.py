"""A fix that is ready to go out, and the daemon's own way of carrying it into a tracker.

`python publishing.py SPEC.json` carries it over in a process of its own, which a test may kill; run
again it goes on where that one died. Exit status 0: done; 4: refused for good, with the reason on stderr.
"""

from __future__ import annotations

import json
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from wetgate.daemon import plugins
from wetgate.daemon.logging import LogForm
from wetgate.daemon.publish.answer import Answers
from wetgate.daemon.publish.stationery import Stationery
from wetgate.daemon.publish.version import Publisher
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.daemon.store.ledger import Ledger
from wetgate.daemon.store.results import Results
from wetgate.daemon.store.tasks import Tasks
from wetgate.processors.pictures.review import FILMSTRIP, write_picture, write_review
from wetgate.schema.errors import WetgateError
from wetgate.schema.job import Job, Lane, Order
from wetgate.schema.outcome import IdentityProof, Outcome, SelfRating, Verdict
from wetgate.schema.settings import ShowSettings, StatusSettings
from wetgate.schema.tables import TaskRow, VersionRow
from wetgate.schema.tracker import EntityRef

MOST_TRIES = 25
SHOW = "PINE"


def write_fix(folder: Path) -> Outcome:
    """A small fix as a processor hands it over: real pictures, a real movie."""
    folder.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(4).random((90, 160, 3), np.float32)
    write_review(folder / "review.mp4", (np.roll(noise, n, axis=1) for n in range(8)), Fraction(24))
    for name in ("thumbnail.png", "contact_sheet.png"):
        write_picture(folder / name, noise)
    (folder / "report.json").write_text('{"identity": "holds"}')
    (folder / "report.html").write_text("<html><body>What was done.</body></html>")
    return Outcome(
        verdict=Verdict.PUBLISH,
        summary="Restored 8 frames.",
        report=folder / "report.json",
        master=folder / "master.mkv",
        review=folder / "review.mp4",
        thumbnail=folder / "thumbnail.png",
        filmstrip=folder / FILMSTRIP,
        contact_sheet=folder / "contact_sheet.png",
        files=(folder / "report.html",),
        rating=SelfRating(expected_psnr_db=40, covered=1, samples=6),
        identity=IdentityProof(holds=True, frames=8, samples_outside=9, changed_outside=0, layout="planes"),
        frames=8,
        rate=Fraction(24),
        timecode="01:00:00:00",
        first_frame=1001,
        last_frame=1008,
    )


class Publishing:
    """One version on its way, from a spec: `folder, kind, url, script_name, api_key, project, task, entity, review`."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec, self.folder = spec, Path(spec["folder"])
        self.database = Database(f"sqlite:///{self.folder / 'wetgate.db'}")
        self.database.migrate()
        self.jobs, self.tasks = Jobs(self.database), Tasks(self.database)
        self.results, self.ledger = Results(self.database), Ledger(self.database)
        statuses = StatusSettings(done=spec["done"], version=spec["review"])
        shows = {SHOW: ShowSettings(project=spec["project"], statuses=statuses)}
        stationery = Stationery(shows, self.folder)
        made = plugins.connector(spec["kind"])
        self.tracker = made(
            url=spec["url"], script_name=spec["script_name"], api_key=spec["api_key"],
            timeout_seconds=spec["timeout"], **spec.get("more", {}),
        )  # fmt: skip
        connect = lambda _name: self.tracker  # noqa: E731  # one thread, one connection
        answers = Answers(
            shows, jobs=self.jobs, tasks=self.tasks, ledger=self.ledger, stationery=stationery, tracker_for=connect
        )
        self.publisher = Publisher(
            shows, jobs=self.jobs, tasks=self.tasks, results=self.results, ledger=self.ledger, answers=answers,
            stationery=stationery, tracker_for=connect, return_timeline=self._timeline,
        )  # fmt: skip

    def prepare(self, key: str) -> None:
        """The rows of a task whose fix was just made."""
        task, entity = EntityRef.model_validate(self.spec["task"]), EntityRef.model_validate(self.spec["entity"])
        outcome = write_fix(self.folder / "fix")
        (self.folder / "fix" / f"{key}.otio").write_text("{}")
        with self.database.write() as session:
            row = TaskRow(
                show=SHOW, tracker="main", tracker_ref=task.id, name=task.name, state="queued", changed_at=time.time(),
                entity_type=entity.type, entity_ref=entity.id, entity_name=entity.name,
            )  # fmt: skip
            session.add(row)
            session.flush()
            order = Order(show=SHOW, kind="process", lane=Lane.PROCESS, task_id=row.id)
            version = VersionRow(
                show=SHOW, task_id=row.id, job_id=self.jobs.enqueue(session, order), code=f"{SHOW}_{key}_v001",
                number=1, key=key, state="made", folder=str(self.folder / "fix"), made_at=time.time(),
                outcome=outcome.model_dump(mode="json"),
            )  # fmt: skip
            session.add(version)

    def carry(self) -> str:
        """Try as the daemon does, but without its pauses; empty when done, else why it was given up."""
        run, record = self.publisher.kind().run, self.publisher.kind().record
        assert callable(run)
        for attempt in range(1, MOST_TRIES + 1):
            payload = {"version_id": 1}
            job = Job(id=1, show=SHOW, kind="publish", lane=Lane.PUBLISH, payload=payload, attempt=attempt, fence=1)
            try:
                result = run(job, lambda _share, _doing: None)
            except WetgateError as error:
                if not error.retryable:
                    return f"{type(error).__name__}: {error}"
                time.sleep(0.05)
                continue
            with self.database.write() as session:
                record(session, job, result)
            return ""
        return f"given up after {MOST_TRIES} tries"

    def close(self) -> None:
        self.tracker.close()
        self.database.close()

    def _timeline(self, version: VersionRow, _outcome: Outcome) -> Path:
        return self.folder / "fix" / f"{version.key}.otio"


def main() -> None:
    """Carry one version over."""
    spec = json.loads(Path(sys.argv[1]).read_text())
    log = (Path(spec["folder"]) / "daemon.log").open("a", encoding="utf-8", buffering=1)
    LogForm(level="debug", secrets=(spec["api_key"],)).configure(log)
    made = Publishing(spec)
    why = made.carry()
    made.close()
    if why:
        print(why, file=sys.stderr)
        sys.exit(4)


if __name__ == "__main__":
    main()
