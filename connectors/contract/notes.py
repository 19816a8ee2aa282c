"""What we write on tasks."""

from __future__ import annotations

from pathlib import Path

from .bench import Bench
from .calls import retried
from .drafts import note_draft
from .pictures import Pictures


class NoteContract(Pictures):
    """Notes of ours, each written once."""

    def test_a_note_is_written_once(self, bench: Bench, picture: Path) -> None:
        """The same note again is one note with its picture once."""
        task = bench.make_task("cleanup")
        wanted = note_draft(bench, task, [picture])
        assert bench.tracker.find_note(wanted.key) is None
        note = bench.tracker.note(wanted)
        assert bench.another().note(wanted).id == note.id
        assert bench.notes(wanted.key) == 1
        assert list(bench.files(note)) == [picture.name]
        found = bench.tracker.find_note(wanted.key)
        assert found is not None
        assert found.id == note.id

    def test_a_half_made_note_is_completed(self, bench: Bench, picture: Path) -> None:
        """A note whose pictures were not all sent gets the rest."""
        task = bench.make_task("cleanup")
        second = picture.with_name("frame_1002.png")
        second.write_bytes(b"second")
        bench.tracker.note(note_draft(bench, task, [picture]))
        note = bench.tracker.note(note_draft(bench, task, [picture, second]))
        assert sorted(bench.files(note)) == [picture.name, second.name]

    def test_a_note_is_edited(self, bench: Bench) -> None:
        """A note of ours says something else, is found as before, and nothing is added."""
        wanted = note_draft(bench, bench.make_task("cleanup"))
        note = bench.tracker.note(wanted)
        bench.tracker.edit_note(note, "Running: 40 percent.")
        assert "40 percent" in bench.text_of(note)
        assert wanted.text not in bench.text_of(note)
        found = bench.another().find_note(wanted.key)
        assert found is not None
        assert found.id == note.id
        assert bench.notes(wanted.key) == 1

    def test_a_lost_answer_writes_no_second_note(self, bench: Bench, picture: Path) -> None:
        """A note, and its picture, that arrived though the answers were lost are there once."""
        wanted = note_draft(bench, bench.make_task("cleanup"), [picture])
        bench.lose_answers("note")
        bench.lose_answers("upload")
        retried(bench.tracker.note, wanted)
        note = bench.tracker.find_note(wanted.key)
        assert note is not None
        assert bench.notes(wanted.key) == 1
        assert list(bench.files(note)) == [picture.name]
