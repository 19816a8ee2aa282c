"""Whole publishes through the port while several things go wrong at random, whatever the tracker.

The fault table has one fault at one call, and the daemon's own way of publishing; here faults come on top of
each other, also on what that way never does twice, and the process is restarted now and then.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import ClassVar, Generic

import numpy as np
import pytest
from benches import AnyBench
from wetgate.connectors.contract import draft, note_draft
from wetgate.daemon.sandbox import Fault
from wetgate.processors.pictures.review import write_picture, write_review
from wetgate.schema.errors import WetgateError
from wetgate.schema.ports import Tracker
from wetgate.schema.tracker import Ability, EntityRef, FileDraft, MediaKind

PATIENCE = 14
EDITED = "Running: 40 percent."
PATH = "/show/SH010/v001/master.%04d.exr"
PICTURES = ("frame_1001.png", "frame_1002.png")


class WholePublish(Generic[AnyBench]):
    """Goes through all steps as the daemon does: again after what is worth another try, now and then restarted."""

    def __init__(self, bench: AnyBench, folder: Path, chance: random.Random, patience_seconds: float) -> None:
        """Files of several sizes are made in *folder*; *chance* decides when the process is killed."""
        self.bench, self._chance, self._patience_seconds = bench, chance, patience_seconds
        self.files = {name: folder / name for name in ("SH010.mp4", "master.mov", "SH010.jpg", "report.json")}
        grey = np.full((90, 160, 3), 0.5, np.float32)
        write_review(self.files["SH010.mp4"], [grey] * 8, Fraction(24))
        for name, size in (("master.mov", 20_000), ("report.json", 200)):
            self.files[name].write_bytes(random.Random(name).randbytes(size))
        pictures = [folder / name for name in PICTURES]
        for picture in (self.files["SH010.jpg"], *pictures):
            write_picture(picture, grey)
        self.task = bench.make_task("cleanup")
        self._version = draft(bench, self.task)
        self._note = note_draft(bench, self.task, pictures)
        self._made: EntityRef | None = None
        self._tracker = self._connect()

    @property
    def version(self) -> EntityRef:
        """The version, once it is published."""
        assert self._made is not None
        return self._made

    def run(self) -> None:
        """All steps, in their order."""
        steps: list[Callable[[Tracker], object]] = [
            self._publish,
            lambda tracker: tracker.upload(self.version, MediaKind.MOVIE, self.files["SH010.mp4"]),
            lambda tracker: tracker.upload(self.version, MediaKind.THUMBNAIL, self.files["SH010.jpg"]),
            lambda tracker: tracker.upload(self.version, MediaKind.FILE, self.files["report.json"]),
            lambda tracker: tracker.upload(self.version, MediaKind.FILE, self.files["master.mov"]),
            lambda tracker: tracker.register(
                self.version, [FileDraft(name="SH010_v001", kind="Rendered Image", path=PATH, number=1)]
            ),
            lambda tracker: tracker.note(self._note),
            lambda tracker: tracker.edit_note(_found(tracker.find_note(self._note.key)), EDITED),
            lambda tracker: tracker.set_status(self.task, self.bench.busy),
            lambda tracker: tracker.playlist(self.bench.project, self._day, self.version),
            lambda tracker: tracker.log_time(self.task, f"{self._note.key}-time", "2026-11-25", 5),
        ]
        for step in steps:
            self._persist(step)

    def check(self) -> None:
        """Everything is there, once, and says what it should."""
        bench, able = self.bench, self.bench.tracker.abilities
        assert bench.versions(self._version.key) == 1
        assert sorted(bench.files(self.version)) == sorted(self.files)
        assert bench.notes(self._note.key) == 1
        note = _found(bench.tracker.find_note(self._note.key))
        assert sorted(bench.files(note)) == list(PICTURES)
        assert EDITED in bench.text_of(note)
        assert bench.tracker.task(self.task).status == bench.busy
        assert list(bench.registered(self.version)) == ([PATH] if Ability.PUBLISHED_FILES in able else [])
        listed = [list(one) for one in bench.playlists(self._day)]
        assert listed == ([[self.version.id]] if Ability.PLAYLISTS in able else [])
        assert bench.minutes(self.task) == (5 if Ability.TIME_LOGS in able else 0)

    @property
    def _day(self) -> str:
        return f"{self.bench.project} day"

    def _publish(self, tracker: Tracker) -> None:
        self._made = tracker.publish(self._version)

    def _persist(self, step: Callable[[Tracker], object]) -> None:
        for left in reversed(range(PATIENCE)):
            try:
                step(self._tracker)
            except WetgateError as error:
                if not error.retryable or not left:
                    raise
                if self._chance.random() < 0.3:
                    self._tracker = self._connect()
            else:
                return

    def _connect(self) -> Tracker:
        made: Tracker = self.bench.connector(timeout_seconds=self._patience_seconds)
        return made


class SeveralFaults(Generic[AnyBench]):
    """A tracker's tests inherit, and give the fixture `new_bench`."""

    places: ClassVar[Sequence[tuple[str, Sequence[int]]]] = [("*", (429, 500, 502, 503, 504))]
    """What of the site goes wrong, and with which answers."""
    first_calls: ClassVar[int] = 40
    """Each fault meets one of the first so many calls that fit it."""
    most_calls: ClassVar[int] = 250
    patience_seconds: ClassVar[float] = 0.6
    """What a connector waits for; a slow answer takes half as long again."""

    @pytest.mark.parametrize("seed", range(6))
    def test_a_publish_survives_what_goes_wrong(
        self, new_bench: Callable[[], AnyBench], seed: int, tmp_path: Path
    ) -> None:
        """Lost answers, broken connections, a busy site and storage: all of it arrives, once."""
        self._run(new_bench(), seed, tmp_path)

    @pytest.mark.soak
    def test_many_publishes_survive(self, new_bench: Callable[[], AnyBench], tmp_path: Path) -> None:
        """The same for 200 seeds."""
        for seed in range(1000, 1200):
            folder = tmp_path / str(seed)
            folder.mkdir()
            self._run(new_bench(), seed, folder)

    def nothing_is_left(self, publish: WholePublish[AnyBench]) -> None:
        """What this site's storage must hold, and must not."""

    def _run(self, bench: AnyBench, seed: int, folder: Path) -> None:
        chance = random.Random(seed)
        whole = WholePublish(bench, folder, chance, self.patience_seconds)
        bench.faults.set(*self._faults(chance))
        bench.faults.forget()
        whole.run()
        bench.faults.set()
        assert len(bench.faults.calls) < self.most_calls
        whole.check()
        self.nothing_is_left(whole)
        bench.close()

    def _faults(self, chance: random.Random) -> list[Fault]:
        """Up to five things that go wrong."""
        found = []
        for _ in range(chance.randint(1, 5)):
            path, answers = chance.choice(self.places)
            times = {"nth": chance.randint(1, self.first_calls), "times": chance.choice([1, 1, 2]), "path": path}
            when = chance.choice(["before", "after"])
            action = chance.choice(["drop", "status", "status", "slow"])
            status = chance.choice(answers)
            if action == "status" and status in {429, 503}:
                when = "before"  # what is too busy has not begun
            more = {"action": action, "when": when, "status": status, "seconds": 1.5 * self.patience_seconds}
            found.append(Fault.model_validate({**times, **more}))
        return found


def _found(note: EntityRef | None) -> EntityRef:
    assert note is not None
    return note
