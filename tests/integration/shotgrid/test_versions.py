"""Versions on ShotGrid: made once, and where their files are."""

from __future__ import annotations

import pytest
from alike import Versions
from practice import LEAVES_FILES_OPEN, Practice, SandboxBench
from wetgate.connectors.contract import draft
from wetgate.connectors.shotgrid import ShotGrid
from wetgate.schema.errors import EntityNotFound, TrackerRejected
from wetgate.schema.tracker import FileDraft

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


class TestVersions(Versions):
    """Against the practice site."""

    gone = TrackerRejected


def test_files_below_a_storage_are_local(bench: SandboxBench, site: Practice, tracker: ShotGrid) -> None:
    """Where the site knows the storage a published file is a local path, and is found again."""
    site.script().create("LocalStorage", {"code": "primary", "linux_path": "/show"})
    version = tracker.publish(draft(bench, bench.make_task("cleanup")))
    file = FileDraft(name="SH010", kind="Rendered Image", path="/show/SH010/master.%04d.exr", number=1)
    for _ in range(2):
        tracker.register(version, [file])
    tracker.register(version, [file.model_copy(update={"number": 2})])
    fields = ["path", "version_number", "published_file_type", "entity", "task", "path_cache_storage"]
    rows = site.coordinator().find("PublishedFile", [], fields)
    assert [(row["path"]["link_type"], row["version_number"]) for row in rows] == [("local", 1), ("local", 2)]
    assert rows[0]["published_file_type"]["name"] == "Rendered Image"
    assert rows[0]["path_cache_storage"]["name"] == "primary"
    assert (rows[0]["entity"]["id"], bool(rows[0]["task"])) == (site.shot["id"], True)


def test_a_project_that_is_not_there_is_named(bench: SandboxBench) -> None:
    """A version for a project of another name is refused by that name."""
    with pytest.raises(EntityNotFound, match="OAK"):
        bench.tracker.publish(draft(bench, bench.make_task("cleanup")).model_copy(update={"project": "OAK"}))
