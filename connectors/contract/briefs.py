"""What people wrote and attached for a task."""

from __future__ import annotations

from pathlib import Path

from .bench import Bench
from .calls import about, read_all, start
from .drafts import draft, note_draft
from .pictures import Pictures


class BriefContract(Pictures):
    """Briefs and their attachments."""

    def test_the_brief_is_what_people_wrote(self, bench: Bench, picture: Path) -> None:
        """Description, notes in their order, our own marked, and people's files; ours are no input."""
        task = bench.make_task("cleanup", "finding: F1\nsource: B_0002")
        bench.write_note(task, "matte: attached", [picture])
        ours = picture.with_name("ours.png")
        ours.write_bytes(b"evidence")
        bench.tracker.note(note_draft(bench, task, [ours]))
        bench.write_note(task, "source: C_0003")
        brief = bench.tracker.brief(task)
        assert brief.description == "finding: F1\nsource: B_0002"
        people = [note.text for note in brief.notes if not note.by_us]
        assert people == ["matte: attached", "source: C_0003"]
        assert [note.text for note in brief.notes if note.by_us] == ["Two things."]
        assert [attachment.name for attachment in brief.attachments] == [picture.name]

    def test_people_answer_a_version(self, bench: Bench) -> None:
        """What a person writes about our version belongs to the task's brief, and says who and about what."""
        task = bench.make_task("cleanup")
        version = bench.tracker.publish(draft(bench, task))
        cursor = start(bench.tracker)
        login = bench.answer_version(version, "wider matte, 1012-1040")
        assert about(read_all(bench.tracker, cursor)[0], task)
        (answer,) = [note for note in bench.tracker.brief(task).notes if not note.by_us]
        assert (answer.text, answer.login) == ("wider matte, 1012-1040", login)
        assert answer.version is not None
        assert answer.version.id == version.id

    def test_attachments_arrive_whole(self, bench: Bench, picture: Path, tmp_path: Path) -> None:
        """A download has the very bytes, lies in the folder it was asked for, and leaves nothing else."""
        task = bench.make_task("cleanup")
        bench.write_note(task, "matte", [picture])
        folder = tmp_path / "got"
        got = bench.tracker.download(bench.tracker.brief(task).attachments[0], folder)
        assert got.read_bytes() == picture.read_bytes()
        assert list(folder.iterdir()) == [got]

    def test_an_attachment_cannot_leave_its_folder(self, bench: Bench, picture: Path, tmp_path: Path) -> None:
        """A name made of folders is only a name."""
        task = bench.make_task("cleanup")
        bench.write_note(task, "matte", [picture])
        attachment = bench.tracker.brief(task).attachments[0].model_copy(update={"name": "../../evil.png"})
        folder = tmp_path / "got"
        assert bench.tracker.download(attachment, folder).parent == folder
