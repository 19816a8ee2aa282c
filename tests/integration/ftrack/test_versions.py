"""Versions on ftrack: made once, whole, and as the site shows them."""

from __future__ import annotations

from pathlib import Path

import pytest
from alike import Versions
from practice_ftrack import LEAVES_FILES_OPEN, FtrackBench
from wetgate.connectors.contract import draft, note_draft
from wetgate.daemon.sandbox import Fault
from wetgate.schema.errors import EntityNotFound, TrackerUnavailable
from wetgate.schema.tracker import FileDraft, MediaKind

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class TestVersions(Versions):
    """Against the practice site."""


def test_nothing_is_sent_for_a_version_that_is_gone(bench: FtrackBench, tmp_path: Path) -> None:
    """A file for a version that a person deleted is refused by name, after questions alone."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    bench.delete_version(version)
    path = tmp_path / "report.json"
    path.write_bytes(b"{}")
    bench.site.faults.forget()
    with pytest.raises(EntityNotFound, match="no version"):
        bench.tracker.upload(version, MediaKind.FILE, path)
    assert {call.method for call in bench.site.faults.calls} == {"query"}


def test_a_version_has_all_that_a_site_shows(bench: FtrackBench) -> None:
    """Number from the name, task, status and text; frames, paths and key in its metadata; on one asset."""
    task = bench.make_task("cleanup")
    made = draft(bench, task)
    version = bench.tracker.publish(made)
    again = bench.tracker.publish(made.model_copy(update={"key": "second", "code": made.code.replace("v001", "v002")}))
    same = bench.tracker.publish(made.model_copy(update={"key": "third"}))
    rows = {
        row["id"]: row
        for row in bench.rows(
            "select version, comment, task_id, status.name, user.username, asset.name, asset.type.name, metadata "
            f"from AssetVersion where task_id is {task.id}",
        )
    }
    assert [rows[one.id]["version"] for one in (version, again, same)] == [1, 2, 3]
    assert {row["asset"]["id"] for row in rows.values()} == {rows[version.id]["asset"]["id"]}
    row = rows[version.id]
    assert (row["asset"]["name"], row["asset"]["type"]["name"]) == ("SH010_1", "Render")
    assert (row["comment"], row["status"]["name"]) == (made.description, bench.review)
    assert row["user"]["username"] == "wetgate"
    assert {one["key"]: one["value"] for one in row["metadata"]} == {
        "wetgate_key": made.key,
        "wetgate_code": made.code,
        "wetgate_frames": "1001-1024@24000/1001",
        "frame_count": "24",
        "frames_path": made.frames_path,
        "movie_path": made.movie_path,
    }


def test_an_id_that_is_never_free_again_is_passed_over(bench: FtrackBench) -> None:
    """Where the site keeps the id of what was deleted, the next one is taken."""
    made = draft(bench, bench.make_task("cleanup"))
    version = bench.tracker.publish(made)
    entry = bench.person.query(f"Metadata where parent_id is {version.id} and key is wetgate_key").one()
    bench.person.delete(entry)  # as good as gone: it is found by its key alone
    bench.person.commit()
    other = bench.tracker.publish(made)
    assert other.id != version.id
    assert bench.another().publish(made).id == other.id


def test_a_commit_is_not_replayed(bench: FtrackBench) -> None:
    """What a failed write was about is not sent along with the next one."""
    task = bench.make_task("cleanup")
    bench.faults.set(Fault(method="*create:AssetVersion*", status=503))
    with pytest.raises(TrackerUnavailable):
        bench.tracker.publish(draft(bench, task))
    bench.faults.set()
    bench.faults.forget()
    bench.tracker.note(note_draft(bench, task))
    assert bench.versions(draft(bench, task).key) == 0
    assert not [call for call in bench.faults.calls if "AssetVersion" in call.method]


def test_a_sequence_is_registered_frame_by_frame(bench: FtrackBench) -> None:
    """Frames by path are a sequence outside of ftrack's storage, with a member for each frame of the version."""
    version = bench.tracker.publish(draft(bench, bench.make_task("cleanup")))
    path = "/show/SH010/v001/master.%04d.exr"
    bench.tracker.register(version, [FileDraft(name="SH010_v001", kind="Rendered Image", path=path, number=1)])
    (row,) = bench.rows(
        "select name, padding, file_type, members.name, members.component_locations.resource_identifier "
        f"from SequenceComponent where version_id is {version.id}",
    )
    assert (row["name"], row["padding"], row["file_type"]) == ("Rendered Image", 4, ".exr")
    assert [one["name"] for one in row["members"]] == [str(number) for number in range(1001, 1025)]
    places = row["members"][0]["component_locations"]
    assert [one["resource_identifier"] for one in places] == ["/show/SH010/v001/master.1001.exr"]
