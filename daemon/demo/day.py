"""Plays one day of a show: dailies arrive, tasks are assigned, versions come back and are checked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from ...schema.errors import WetgateError
from ...schema.ports import Progress
from . import footage
from .command import Command
from .coordinator import Coordinator, Entity
from .stage import SHOTS, SHOW, Stage
from .table import Day, Row, require
from .version import Returned, VersionCheck

Say = Callable[[str], None]

CAMERAS = ("cam01", "cam02")
BIKES_CUTS = [30, 76, 137, 187, 242]


class DayOfTheShow:
    """One run of the demo on its stage."""

    def __init__(self, stage: Stage, coordinator: Coordinator, say: Say, progress: Progress) -> None:
        """*say* prints a line for people; *progress* moves the bar."""
        self._stage, self._coordinator = stage, coordinator
        self._say, self._progress = say, progress
        self._command = Command(stage.settings)
        self._rows: list[Row] = []
        self._findings: dict[str, str] = {}
        self._dailies: dict[str, tuple[str, int]] = {}

    def play(self) -> list[Row]:
        """The whole day, in its order."""
        self._arrive()
        self._look()
        checks = self._assign_checks()
        self._read_findings(checks)
        fixes = self._assign_fixes()
        self._read_versions(fixes)
        self._look_at_the_dailies()
        return self._rows

    # -- dailies ---------------------------------------------------------------------------------

    def _arrive(self) -> None:
        began = time.monotonic()
        self._say("Dailies are copied into the watched folder while Wetgate runs:")
        for place, item in enumerate(footage.CLIPS):
            self._progress(0.01 * place, f"copying {item.name}")
            self._stage.copy_in(item.name, seconds=2.0)
        clips: list[dict[str, Any]] = []
        end = time.monotonic() + 180
        while len(clips) < len(footage.CLIPS):
            self._stage.alive()
            if time.monotonic() > end:
                raise WetgateError(f"Only {len(clips)} of {len(footage.CLIPS)} clips were indexed in three minutes.")
            time.sleep(1.0)
            clips = self._command.ask("clips", SHOW)
            self._progress(0.05 + 0.01 * len(clips), f"{len(clips)} of {len(footage.CLIPS)} clips indexed")
        for clip in clips:
            cuts = ", ".join(map(str, clip["cuts"])) or "one shot"
            self._say(
                f"  {clip['name']}  {clip['frames']} frames at {clip['rate']}  {clip['size']}  new shots at: {cuts}"
            )
        bikes = next(clip for clip in clips if clip["name"] == Path(footage.clip("bikes").name).stem)
        row = Row(
            task="dailies",
            result=f"{len(clips)} clips indexed",
            self_rating="",
            measured=f"cuts of {bikes['name']} at {', '.join(map(str, bikes['cuts']))}",
            identity="",
            seconds=time.monotonic() - began,
        )
        self._rows.append(require(row, (bikes["cuts"] == BIKES_CUTS, f"the known cuts are {BIKES_CUTS}")))
        self._dailies = self._stage.snapshot()

    def _look_at_the_dailies(self) -> None:
        """At the end of the day the watched folder is as it was when the last clip had arrived."""
        began = time.monotonic()
        same = self._stage.snapshot() == self._dailies
        row = Row(
            task="watched folder",
            result=f"{len(self._dailies)} files",
            self_rating="",
            measured="names, contents and times compared",
            identity="unchanged" if same else "CHANGED",
            seconds=time.monotonic() - began,
        )
        self._rows.append(require(row, (same, "something was changed in the watched folder")))

    def _look(self) -> None:
        began = time.monotonic()
        words = self._command.ask("search", SHOW, "vertical 60fps")
        self._say(f"Words `vertical 60fps` find: {', '.join(hit['name'] for hit in words) or 'nothing'}")
        target, other = footage.clip("cam01 take 2"), footage.clip("cam01 take 1")
        like = self._command.ask("search", SHOW, "--like", str(self._stage.dailies / target.name))
        names = [hit["name"] for hit in like]
        self._say(f"Footage that looks like {Path(target.name).stem}: {', '.join(names[:3])}")
        others = [name for name in names if name != Path(target.name).stem]
        row = Row(
            task="search",
            result=f"{len(words)} by words, {len(like)} by picture",
            self_rating="",
            measured="the other take comes first",
            identity="",
            seconds=time.monotonic() - began,
        )
        self._rows.append(
            require(
                row,
                (len(words) >= 4, "the words describe four clips"),
                (others[:1] == [Path(other.name).stem], "the picture search did not put the other take first"),
            )
        )

    # -- continuity ------------------------------------------------------------------------------

    def _assign_checks(self) -> dict[str, tuple[Entity, float]]:
        self._say("The coordinator asks for a comparison of each camera's takes:")
        tasks = {}
        for camera in CAMERAS:
            plate = Path(footage.clip(f"{camera} take 2").name).stem
            shot = self._coordinator.shot(SHOTS[camera])
            tasks[camera] = (self._coordinator.assign(shot, "continuity", f"plate: {plate}"), time.monotonic())
        self._wait([task for task, _ in tasks.values()], 0.1, 0.3, 240)
        return tasks

    def _read_findings(self, tasks: dict[str, tuple[Entity, float]]) -> None:
        answered = time.monotonic()
        for camera, (task, began) in tasks.items():
            notes = self._coordinator.notes(task)
            findings = self._stage.board()["findings"]
            plate = Path(footage.clip(f"{camera} take 2").name).stem
            found = [item for item in findings if item["clip"] == plate and item["brief"]]
            for note in notes:
                self._say(f"  {note['subject']}")
                for attachment in note["attachments"] or []:
                    name = f"{camera}_{attachment['name']}"
                    self._coordinator.download(attachment, self._stage.folder / "evidence" / name)
            best = found[0] if found else None
            if best:
                self._findings[camera] = best["name"]
            row = Row(
                task=f"continuity {SHOTS[camera]}",
                result=f"{best['name']}: {best['label']}" if best else "nothing found",
                self_rating=f"sure {best['score']:.0%}" if best else "",
                measured=f"frames {best['first_frame']}-{best['last_frame']}" if best else "",
                identity="",
                seconds=answered - began,
            )
            pictures = sum(len(note["attachments"] or []) for note in notes)
            self._rows.append(
                require(
                    row,
                    (best is not None, "the extra was not found"),
                    (bool(notes) and pictures > 0, "no note with evidence frames"),
                    (best is not None and best["last_frame"] - best["first_frame"] >= 90, "not over the whole shot"),
                )
            )

    # -- cleanup ---------------------------------------------------------------------------------

    def _assign_fixes(self) -> dict[str, tuple[Entity, float]]:
        self._say("The coordinator asks for the extra to be removed from both cameras:")
        tasks = {}
        for camera, finding in self._findings.items():
            shot = self._coordinator.shot(SHOTS[camera])
            task = self._coordinator.assign(shot, "cleanup", f"finding: {finding}")
            tasks[camera] = (task, time.monotonic())
        self._wait([task for task, _ in tasks.values()], 0.3, 0.75, 400)
        return tasks

    def _read_versions(self, tasks: dict[str, tuple[Entity, float]]) -> None:
        answered = time.monotonic()
        self._say("The versions are read back from the tracker and checked by a second program ...")
        found = []
        for camera, (task, began) in tasks.items():
            versions = self._coordinator.versions(task)
            if not versions:
                said = " / ".join(str(note["content"]) for note in self._coordinator.notes(task))
                raise WetgateError(f"No version came back for {camera}. Its notes say: {said}")
            target = self._stage.folder / "downloads" / f"{versions[0]['code']}.mp4"
            movie = self._coordinator.download(versions[0]["sg_uploaded_movie"], target)
            found.append(Returned(camera, versions, movie, answered - began))
        check = VersionCheck(self._stage, self._command)
        with ThreadPoolExecutor(max_workers=2) as pool:
            checks = [pool.submit(check.row, returned) for returned in found]
            for done, _ in enumerate(as_completed(checks), start=1):
                self._progress(0.76 + 0.24 * done / len(checks), f"{done} of {len(checks)} versions checked")
        self._rows += [check.result() for check in checks]

    # -- shared ----------------------------------------------------------------------------------

    def _wait(self, tasks: list[Entity], start: float, end: float, seconds: float) -> None:
        def look() -> tuple[float, str]:
            self._stage.alive()
            jobs = [job for job in self._stage.board()["jobs"] if job["state"] in {"running", "queued"}]
            running = [job for job in jobs if job["kind"] == "process"]
            done = 1 - sum(1 - job["progress"] for job in running) / max(len(tasks), 1)
            doing = running[0]["doing"] if running else "sending to the tracker"
            self._progress(start + (end - start) * max(0.0, done), doing)
            return done, doing

        self._coordinator.wait(tasks, "rev", seconds, look)


def play(out: Path, say: Say, progress: Progress) -> Day:
    """Fetch the footage, start the daemon, play the day, leave the results in *out*."""
    began = time.monotonic()
    progress(0.0, "fetching the footage")
    clips = footage.fetch()
    if out.exists():
        shutil.rmtree(out)
    with Stage(out, clips) as stage:
        page = stage.page()
        say(f"Wetgate runs; its status page is at {page}")
        login, password = stage.coordinator()
        coordinator = Coordinator(stage.tracker(), login, password, SHOW)
        rows = DayOfTheShow(stage, coordinator, say, progress).play()
        coordinator.close()
        _timelines(stage)
    progress(1.0, "done")
    return Day(rows=tuple(rows), folder=str(stage.folder), status_page=page, seconds=time.monotonic() - began)


def _timelines(stage: Stage) -> None:
    """Put the days' timelines beside the versions', and leave no empty folders."""
    for timeline in (stage.work / SHOW / "timelines").glob("*.otio"):
        shutil.copy2(timeline, stage.folder)
    for name in ("corrupted", "known_truth"):
        if (stage.folder / name).is_dir():
            (stage.folder / name).rmdir()
