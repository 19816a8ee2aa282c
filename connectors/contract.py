"""The suite that every `Tracker` passes, for authors of connectors.

    from wetgate.connectors.contract import Bench, TrackerContract

    class TestMyTracker(TrackerContract):
        @pytest.fixture
        def bench(self, tmp_path) -> Iterator[Bench]:
            yield MyBench(...)

The bench is the site seen from the other side: what a coordinator does there, what can be read there
without the connector, and how its answers get lost on the way. pytest is needed, nothing else.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from ..schema.errors import EntityNotFound, PublishError, TrackerRejected, TrackerUnavailable, WetgateError
from ..schema.ports import Tracker
from ..schema.tracker import (
    Ability,
    EntityRef,
    EventPage,
    FileDraft,
    MediaKind,
    NoteDraft,
    TrackerEvent,
    VersionDraft,
)


class Bench(Protocol):
    """A site with a project of the test's own, on which the connector's user may write."""

    tracker: Tracker
    project: str
    ready: str
    """A task status under which work may start."""
    busy: str
    """A task status for work under way."""
    review: str
    """A version status."""
    final: str
    """A task status after which nothing is open any more."""
    secret: str
    """What the connector logs in with; it must never show up in an error."""

    def another(self) -> Tracker:
        """A second connector to the same site, as after a restart."""

    def make_task(self, name: str, description: str = "", *, ours: bool = True) -> EntityRef:
        """A person makes a ready task on a shot, assigned to Wetgate or to somebody else."""

    def write_note(self, task: EntityRef, text: str, files: Sequence[Path] = ()) -> None:
        """A person writes a note on the task."""

    def set_task_status(self, task: EntityRef, status: str) -> None:
        """A person sets a task's status."""

    def review_version(self, version: EntityRef, status: str) -> str:
        """A person sets the version's status (the task's, where versions have none); the login that did."""

    def answer_version(self, version: EntityRef, text: str) -> str:
        """A person writes about the version, as they would from the review player; the login that did."""

    def text_of(self, note: EntityRef) -> str:
        """What a note says now."""

    def registered(self, version: EntityRef) -> Sequence[str]:
        """Paths of the published files of a version."""

    def playlists(self, name: str) -> Sequence[Sequence[str]]:
        """The ids of the versions on each playlist of that name, in order."""

    def minutes(self, task: EntityRef) -> int:
        """Minutes logged on the task."""

    def versions(self, key: str) -> int:
        """How many versions carry the key now."""

    def notes(self, key: str) -> int:
        """How many notes carry the key now."""

    def files(self, entity: EntityRef) -> Sequence[str]:
        """Names of all files on a version or note: movie, thumbnail and attachments."""

    def lose_answers(self, call: str, count: int = 1) -> None:
        """The next *count* calls of that port method that change something are carried out, unanswered."""

    def refuse(self, call: str, count: int = 1) -> None:
        """The site is down for the next *count* such calls: nothing is carried out."""


def draft(bench: Bench, task: EntityRef, key: str = "1") -> VersionDraft:
    """A version of the task's shot."""
    return VersionDraft(
        key=f"{bench.project}-version-{key}",
        project=bench.project,
        code=f"SH010_{key}_v001",
        entity=bench.tracker.task(task).entity,
        task=task,
        description="Extra removed.",
        first_frame=1001,
        last_frame=1024,
        frame_rate="24000/1001",
        frames_path="/show/SH010/v001/master.%04d.exr",
        movie_path="/show/SH010/v001/review.mp4",
        status=bench.review,
    )


def note_draft(bench: Bench, task: EntityRef, files: Sequence[Path] = (), key: str = "1") -> NoteDraft:
    """A note on the task."""
    return NoteDraft(
        key=f"{bench.project}-note-{key}",
        project=bench.project,
        task=task,
        subject="Found",
        text="Two things.",
        attachments=tuple(files),
    )


def retried(call: object, *arguments: object, times: int = 4) -> object:
    """Call as the daemon does: again after every error that is worth another try."""
    assert callable(call)
    for left in reversed(range(times)):
        try:
            return call(*arguments)
        except WetgateError as error:
            if not error.retryable or not left:
                raise
    raise AssertionError("unreachable")


def read_all(tracker: Tracker, cursor: str) -> tuple[list[TrackerEvent], str]:
    """Every event after the cursor, and the cursor at the end."""
    events: list[TrackerEvent] = []
    page = EventPage(events=(), cursor=cursor, more=True)
    while page.more:
        page = tracker.events(page.cursor)
        events.extend(page.events)
    return events, page.cursor


def grey_png(width: int, height: int) -> bytes:
    """A grey picture of 8 bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x5a" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def start(tracker: Tracker) -> str:
    """The cursor of now."""
    return tracker.events(None).cursor


def about(events: Iterable[TrackerEvent], task: EntityRef) -> list[TrackerEvent]:
    """The events that concern the task."""
    return [event for event in events if event.entity and (event.entity.type, event.entity.id) == (task.type, task.id)]


class TrackerContract:
    """Inherit and give a fixture `bench`."""

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        """A small picture to send; some sites make sizes of their own of it."""
        path = tmp_path / "frame_1001.png"
        path.write_bytes(grey_png(64, 36))
        return path

    def test_is_a_tracker(self, bench: Bench) -> None:
        """The connector has every method of the port and names its key field."""
        assert isinstance(bench.tracker, Tracker)
        assert bench.tracker.key_field

    def test_without_a_cursor_nothing_is_old(self, bench: Bench) -> None:
        """A first look gives no events, however much happened before."""
        bench.make_task("cleanup")
        page = bench.tracker.events(None)
        assert page.events == ()
        assert read_all(bench.tracker, page.cursor)[0] == []

    def test_a_new_task_is_an_event(self, bench: Bench) -> None:
        """What a person does shows up, as theirs, about the task."""
        cursor = start(bench.tracker)
        task = bench.make_task("cleanup")
        events, _ = read_all(bench.tracker, cursor)
        assert about(events, task)
        assert not any(event.by_us for event in events)
        assert len({event.id for event in events}) == len(events)

    def test_a_note_is_an_event_of_its_task(self, bench: Bench) -> None:
        """A note wakes the task that it is written on."""
        task = bench.make_task("cleanup")
        cursor = start(bench.tracker)
        bench.write_note(task, "source: other take")
        assert about(read_all(bench.tracker, cursor)[0], task)

    def test_nothing_is_told_twice_by_a_moved_cursor(self, bench: Bench) -> None:
        """At the end of the log the cursor gives nothing new; an old one gives the same again."""
        cursor = start(bench.tracker)
        bench.make_task("cleanup")
        events, end = read_all(bench.tracker, cursor)
        again, _ = read_all(bench.tracker, end)
        seen = {event.id for event in events}
        assert {event.id for event in again} <= seen
        assert {event.id for event in read_all(bench.tracker, cursor)[0]} == seen

    def test_a_cursor_outlives_its_connector(self, bench: Bench) -> None:
        """After a restart the cursor goes on where it was: nothing in between is lost."""
        cursor = start(bench.tracker)
        bench.tracker.close()
        task = bench.make_task("cleanup")
        assert about(read_all(bench.another(), cursor)[0], task)

    def test_own_changes_are_marked(self, bench: Bench) -> None:
        """What we write ourselves is marked as ours, also to the next process."""
        task = bench.make_task("cleanup")
        cursor = start(bench.tracker)
        bench.tracker.set_status(task, bench.busy)
        for tracker in (bench.tracker, bench.another()):
            events = about(read_all(tracker, cursor)[0], task)
            assert events
            assert all(event.by_us for event in events)

    def test_only_our_open_tasks_are_ours(self, bench: Bench) -> None:
        """Tasks of others and finished ones are not in the sweep."""
        mine = bench.make_task("cleanup")
        bench.make_task("cleanup of another", ours=False)
        done = bench.make_task("cleanup done")
        bench.set_task_status(done, bench.final)
        assert [task.ref.id for task in bench.tracker.tasks_for_us(bench.project)] == [mine.id]

    def test_a_task_says_what_it_is(self, bench: Bench) -> None:
        """Name, project, shot, status and assignment come with the task."""
        task = bench.tracker.task(bench.make_task("cleanup"))
        assert (task.name, task.project, task.status) == ("cleanup", bench.project, bench.ready)
        assert task.assigned_to_us
        assert task.entity is not None
        assert task.entity.name
        assert not bench.tracker.task(bench.make_task("x", ours=False)).assigned_to_us

    def test_a_missing_task_is_not_found(self, bench: Bench) -> None:
        """A task that was never there is told apart from a site that is down."""
        task = bench.make_task("cleanup")
        with pytest.raises(EntityNotFound):
            bench.tracker.task(task.model_copy(update={"id": "999999"}))

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

    def test_a_version_is_made_once(self, bench: Bench) -> None:
        """Publishing the same key again gives the same version."""
        task = bench.make_task("cleanup")
        version = draft(bench, task)
        assert bench.tracker.find_version(version.key) is None
        made = bench.tracker.publish(version)
        assert bench.another().publish(version).id == made.id
        found = bench.tracker.find_version(version.key)
        assert found is not None
        assert found.id == made.id
        assert bench.versions(version.key) == 1

    def test_keys_differ_by_case(self, bench: Bench) -> None:
        """Two keys that differ by case alone are two versions."""
        task = bench.make_task("cleanup")
        one = bench.tracker.publish(draft(bench, task, "a"))
        other = bench.tracker.publish(draft(bench, task, "A"))
        assert one.id != other.id

    @pytest.mark.parametrize("kind", list(MediaKind))
    def test_a_file_is_sent_once(self, bench: Bench, picture: Path, kind: MediaKind) -> None:
        """The same file sent again is there once."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        bench.tracker.upload(version, kind, picture)
        bench.another().upload(version, kind, picture)
        able = kind is not MediaKind.FILMSTRIP or Ability.FILMSTRIP in bench.tracker.abilities
        assert list(bench.files(version)) == ([picture.name] if able else [])

    def test_an_empty_file_is_refused(self, bench: Bench, tmp_path: Path) -> None:
        """A file without content is refused by name before anything is sent."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        empty = tmp_path / "empty.mp4"
        empty.touch()
        with pytest.raises(TrackerRejected, match=r"empty\.mp4"):
            bench.tracker.upload(version, MediaKind.MOVIE, empty)

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

    def test_reviews_say_who_decided(self, bench: Bench) -> None:
        """A version's status comes with the login of the person who set it."""
        task = bench.make_task("cleanup")
        made = draft(bench, task)
        version = bench.tracker.publish(made)
        (before,) = bench.tracker.reviews(task)
        assert (before.key, before.version.id, before.by) == (made.key, version.id, "")
        login = bench.review_version(version, bench.final)
        (after,) = bench.tracker.reviews(task)
        assert (after.status, after.by) == (bench.final, login)

    def test_files_are_registered_once(self, bench: Bench) -> None:
        """Published files stand by their path, each once; without the ability nothing happens."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        files = [
            FileDraft(name="SH010_v001", kind="Rendered Image", path="/show/SH010/v001/master.%04d.exr", number=1),
            FileDraft(name="SH010_v001", kind="Movie", path="/show/SH010/v001/review.mp4", number=1),
        ]
        bench.tracker.register(version, files)
        bench.another().register(version, files)
        able = Ability.PUBLISHED_FILES in bench.tracker.abilities
        assert sorted(bench.registered(version)) == (sorted(file.path for file in files) if able else [])

    def test_a_playlist_of_the_day(self, bench: Bench) -> None:
        """Versions come on one playlist of a name, each once, in the order in which they were put there."""
        task = bench.make_task("cleanup")
        versions = [bench.tracker.publish(draft(bench, task, key)) for key in ("1", "2")]
        name = f"{bench.project} Wetgate 2026-11-25"
        for version in (*versions, versions[0]):
            bench.another().playlist(bench.project, name, version)
        able = Ability.PLAYLISTS in bench.tracker.abilities
        assert list(map(list, bench.playlists(name))) == ([[one.id for one in versions]] if able else [])

    def test_time_is_logged_once(self, bench: Bench) -> None:
        """Minutes of one key count once."""
        task = bench.make_task("cleanup")
        for tracker in (bench.tracker, bench.another()):
            tracker.log_time(task, f"{bench.project}-time-1", "2026-11-25", 12)
        assert bench.minutes(task) == (12 if Ability.TIME_LOGS in bench.tracker.abilities else 0)

    def test_a_status_is_set(self, bench: Bench) -> None:
        """A known status is set; setting it again changes nothing."""
        task = bench.make_task("cleanup")
        bench.tracker.set_status(task, bench.busy)
        cursor = start(bench.tracker)
        bench.tracker.set_status(task, bench.busy)
        assert bench.tracker.task(task).status == bench.busy
        assert about(read_all(bench.tracker, cursor)[0], task) == []

    def test_an_unknown_status_is_refused(self, bench: Bench) -> None:
        """A code that the site does not have is refused by name, and nothing is changed."""
        task = bench.make_task("cleanup")
        with pytest.raises(TrackerRejected, match="nonsense"):
            bench.tracker.set_status(task, "nonsense")
        assert bench.tracker.task(task).status == bench.ready

    @pytest.mark.parametrize("lost", [1, 2])
    def test_a_lost_answer_makes_no_second_version(self, bench: Bench, lost: int) -> None:
        """A version that was made though its answer was lost is found and not made again."""
        version = draft(bench, bench.make_task("cleanup"))
        bench.lose_answers("publish", lost)
        retried(bench.tracker.publish, version)
        assert bench.versions(version.key) == 1

    @pytest.mark.parametrize("kind", list(MediaKind))
    def test_a_lost_answer_sends_no_second_file(self, bench: Bench, picture: Path, kind: MediaKind) -> None:
        """A file that arrived though its answer was lost is there once."""
        version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
        if kind is MediaKind.FILMSTRIP and Ability.FILMSTRIP not in bench.tracker.abilities:
            pytest.skip("declared: this tracker has no filmstrips")
        bench.lose_answers("upload")
        retried(bench.tracker.upload, version, kind, picture)
        assert list(bench.files(version)) == [picture.name]

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

    @pytest.mark.parametrize("call", ["publish", "note", "set_status"])
    def test_a_site_that_is_down_is_worth_another_try(self, bench: Bench, call: str) -> None:
        """While the site is down the error says that it may work later; then it does, once."""
        task = bench.make_task("cleanup")
        arguments: dict[str, tuple[object, ...]] = {
            "publish": (draft(bench, task),),
            "note": (note_draft(bench, task),),
            "set_status": (task, bench.busy),
        }
        bench.refuse(call)
        method = getattr(bench.tracker, call)
        with pytest.raises((TrackerUnavailable, PublishError)) as caught:
            method(*arguments[call])
        assert caught.value.retryable
        retried(method, *arguments[call])
        made = bench.versions(draft(bench, task).key) + bench.notes(note_draft(bench, task).key)
        assert made == (0 if call == "set_status" else 1)

    def test_errors_keep_the_secret(self, bench: Bench) -> None:
        """No error shows what the connector logs in with."""
        task = bench.make_task("cleanup")
        bench.refuse("publish")
        for attempt in (
            lambda: bench.tracker.publish(draft(bench, task)),
            lambda: bench.tracker.set_status(task, "nonsense"),
            lambda: bench.tracker.task(task.model_copy(update={"id": "999999"})),
        ):
            with pytest.raises(WetgateError) as caught:
                attempt()
            assert bench.secret not in str(caught.value)

    def test_a_sound_site_has_no_problems(self, bench: Bench) -> None:
        """The doctor finds nothing on a site that is set up."""
        assert list(bench.tracker.check(bench.project, [bench.ready, bench.review])) == []

    def test_the_doctor_names_what_is_missing(self, bench: Bench) -> None:
        """An unknown project and status are named, each with what to change."""
        problems = bench.tracker.check("NO SUCH SHOW", ["zzz"])
        assert any("NO SUCH SHOW" in problem.what for problem in problems)
        assert any("zzz" in problem.what for problem in problems)
        assert all(problem.mend for problem in problems)
