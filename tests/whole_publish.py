"""One whole publish through the port, whatever the tracker: all that a task gets, and what must be there in the end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from wetgate.connectors.contract import Bench, draft, note_draft
from wetgate.schema.errors import WetgateError
from wetgate.schema.ports import Tracker
from wetgate.schema.tracker import Ability, EntityRef, FileDraft, MediaKind

PATIENCE = 14
EDITED = "Running: 40 percent."
PATH = "/show/SH010/v001/master.%04d.exr"


class WholePublish:
    """Goes through all steps as the daemon does: again after what is worth another try, now and then restarted."""

    def __init__(self, bench: Bench, folder: Path, chance: random.Random) -> None:
        """Files of several sizes are made in *folder*; *chance* decides when the process is killed."""
        self._bench, self._chance = bench, chance
        self.files: dict[str, Path] = {}
        for name, size in (("SH010.mp4", 3000), ("master.mov", 20_000), ("SH010.jpg", 100), ("report.json", 200)):
            self.files[name] = folder / name
            self.files[name].write_bytes(random.Random(name).randbytes(size))
        pictures = [folder / f"frame_{number}.png" for number in (1001, 1002)]
        for picture in pictures:
            picture.write_bytes(picture.name.encode() * 20)
        self.task = bench.make_task("cleanup")
        self._version = draft(bench, self.task)
        self._note = note_draft(bench, self.task, pictures)
        self._made: EntityRef | None = None
        self._tracker = bench.tracker

    @property
    def version(self) -> EntityRef:
        """The version, once it is published."""
        assert self._made is not None
        return self._made

    def run(self) -> None:
        """All steps, in their order."""
        day = f"{self._bench.project} day"
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
            lambda tracker: tracker.set_status(self.task, self._bench.busy),
            lambda tracker: tracker.playlist(self._bench.project, day, self.version),
            lambda tracker: tracker.log_time(self.task, f"{self._note.key}-time", "2026-11-25", 5),
        ]
        for step in steps:
            self._persist(step)

    def check(self) -> None:
        """Everything is there, once, and says what it should."""
        bench, able = self._bench, self._bench.tracker.abilities
        assert bench.versions(self._version.key) == 1
        assert sorted(bench.files(self.version)) == sorted(self.files)
        assert bench.notes(self._note.key) == 1
        note = _found(bench.tracker.find_note(self._note.key))
        assert sorted(bench.files(note)) == ["frame_1001.png", "frame_1002.png"]
        assert EDITED in bench.text_of(note)
        assert bench.tracker.task(self.task).status == bench.busy
        assert list(bench.registered(self.version)) == ([PATH] if Ability.PUBLISHED_FILES in able else [])
        listed = [list(one) for one in bench.playlists(f"{bench.project} day")]
        assert listed == ([[self.version.id]] if Ability.PLAYLISTS in able else [])
        assert bench.minutes(self.task) == (5 if Ability.TIME_LOGS in able else 0)

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
                    self._tracker = self._bench.another()
            else:
                return


def _found(note: EntityRef | None) -> EntityRef:
    assert note is not None
    return note
