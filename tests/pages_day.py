"""A show's day for the status page's tests: rows and real pictures."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from wetgate.daemon.store import Database
from wetgate.schema.finding import Evidence, Finding
from wetgate.schema.outcome import IdentityProof, Outcome, SelfRating, Verdict
from wetgate.schema.tables import ArrivalRow, ClipRow, CursorRow, FindingRow, JobRow, TaskRow, VersionRow

CODE = "PINE_010_cleanup_WG_v001"
BEFORE, AFTER = (40, 40, 200), (60, 160, 60)
"""Flat colours (BGR) of the before and after frames: a wipe's edge can be found by eye and by test."""
NASTY = "<script>window.hacked=1</script>\"'><img src=x onerror=hacked=1>.mov"


class Day:
    """Rows in *database* and pictures in *root*; the ids that tests ask for are attributes."""

    def __init__(self, database: Database, root: Path) -> None:
        """Write everything."""
        self.root, self.folder = root, root / "PINE" / "versions" / CODE
        self._pictures()
        now = time.time()
        with database.write() as session:

            def add(row: Any) -> int:
                session.add(row)
                session.flush()
                return int(row.id or 0)

            self.clip = add(
                ClipRow(
                    show="PINE",
                    content_hash="h",
                    name="A001C001",
                    rate="24000/1001",
                    timecode="13:59:59:20",
                    thumbnail="PINE/clip.jpg",
                    indexed_at=now,
                )
            )
            for name, state, reason, show in (
                ("A001C001.mov", "indexed", "", "PINE"),
                ("A001C002.mov", "seen", "A001C002.mov still grows.", "PINE"),
                (NASTY, "quarantined", f"{NASTY} is not media.", "PINE"),
                ("B001C001.mov", "offline", "/oak is not mounted.", "OAK"),
            ):
                clip = self.clip if state == "indexed" else None
                add(
                    ArrivalRow(
                        show=show,
                        root="/d",
                        path=f"/d/{name}",
                        state=state,
                        reason=reason,
                        clip_id=clip,
                        seen_at=now,
                        changed_at=now,
                    )
                )
            task: dict[str, Any] = {"show": "PINE", "tracker": "main", "entity_name": "010", "changed_at": now}
            self.task = add(TaskRow(tracker_ref="1", name="cleanup", state="running", processor="remove", **task))
            add(TaskRow(tracker_ref="2", name="paint", state="waiting", reason=f"No plate: {NASTY}", **task))
            payload = {"processor": "remove", "request": {"plate": {"name": "A001C001"}}}
            job: dict[str, Any] = {
                "show": "PINE",
                "kind": "process",
                "lane": "process",
                "payload": payload,
                "created_at": now,
            }
            self.job = add(
                JobRow(
                    state="running", progress=0.25, doing="Frame 1024", started_at=now - 30, task_id=self.task, **job
                )
            )
            done = add(JobRow(state="done", progress=1.0, finished_at=now, **job))
            add(JobRow(state="failed", error_type="OutOfMemory", error="A001C001 needs 9 GB.", **job))
            self.finding = add(
                FindingRow(
                    show="PINE",
                    number=3,
                    job_id=done,
                    position=0,
                    clip_id=self.clip,
                    finding=self._finding(),
                    found_at=now,
                )
            )
            self.version = add(
                VersionRow(
                    show="PINE",
                    task_id=self.task,
                    job_id=done,
                    plate_clip_id=self.clip,
                    code=CODE,
                    number=1,
                    key="k",
                    state="published",
                    folder=str(self.folder),
                    outcome=self._outcome(),
                    made_at=now,
                )
            )
            session.add(CursorRow(tracker="main", cursor="1", read_at=now))

    def _pictures(self) -> None:
        compare = self.folder / "compare"
        compare.mkdir(parents=True)
        for frame in range(1001, 1004):
            for side, colour in (("before", BEFORE), ("after", AFTER)):
                cv2.imwrite(str(compare / f"{side}.{frame}.png"), np.full((180, 320, 3), colour, np.uint8))
        (compare / "before.1009.png").touch()
        for path in (self.folder / "thumbnail.jpg", self.root / "PINE" / "clip.jpg", self.root / "PINE" / "seen.png"):
            cv2.imwrite(str(path), np.full((90, 160, 3), AFTER, np.uint8))
        (self.folder / "report.json").write_text('{"holds": true}')
        (self.folder / "report.html").write_text("<!doctype html><p style='color: grey'>The extra is gone.")
        (self.folder / "review.mp4").write_bytes(bytes(range(256)) * 8)

    def _finding(self) -> dict[str, Any]:
        seen = (
            Evidence(path=self.root / "PINE" / "seen.png", caption=f"She stands there. {NASTY}"),
            Evidence(path=self.root / "PINE" / "gone.png", caption="Not on disk any more."),
        )
        return Finding(
            label="an extra",
            first=24,
            last=47,
            score=0.9,
            regions=(),
            present_in="h",
            absent_from="g",
            evidence=seen,
            matte=self.root,
        ).model_dump(mode="json")

    def _outcome(self) -> dict[str, Any]:
        identity = IdentityProof(holds=True, frames=3, samples_outside=1234567, changed_outside=0, layout="x")
        return Outcome(
            verdict=Verdict.ASK,
            summary="The extra is gone.",
            report=self.folder / "report.json",
            review=self.folder / "review.mp4",
            thumbnail=self.folder / "thumbnail.jpg",
            files=(self.folder / "comp.nk", self.folder / "report.html"),
            identity=identity,
            rating=SelfRating(expected_psnr_db=31.2, covered=0.8, samples=9),
            frames=3,
            rate=Fraction(24000, 1001),
            timecode="13:59:59:20",
            last_frame=1003,
        ).model_dump(mode="json")
