"""A process that is killed in the middle of a large upload: the next one goes on where it was, and leaves no orphan.

Kitsu takes a file whole, in one request: there an upload that was cut off is sent again (`test_kitsu_connector`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import practice
import practice_ftrack
import pytest
from benches import FaultBench
from waiting import wait_for
from wetgate.connectors.contract.drafts import draft
from wetgate.daemon.sandbox import Fault
from wetgate.schema.tracker import Ability

PARTS = {"shotgrid": "/storage/*", "ftrack": "/component/part/*"}
UPLOAD = """
import json, sys
from pathlib import Path
from wetgate.daemon import plugins
from wetgate.schema.tracker import EntityRef, MediaKind
told = json.loads(sys.argv[1])
tracker = plugins.connector(told["kind"])(url=told["url"], script_name="wetgate", api_key=told["key"])
tracker.upload(EntityRef.model_validate(told["version"]), MediaKind.FILE, Path(told["path"]))
"""

pytestmark = pytest.mark.filterwarnings(practice.LEAVES_FILES_OPEN)


@pytest.fixture(params=["shotgrid", "ftrack"])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, str, FaultBench[Any]]]:
    """The kind of a site that takes files in parts, its address, and a bench on it."""
    if request.param == "shotgrid":
        with practice.practice(tmp_path / "site", direct_uploads=True) as shotgrid:
            box = practice.SandboxBench(shotgrid, Fault())
            yield request.param, shotgrid.sandbox.url, box
            box.close()
    else:
        with practice_ftrack.practice(tmp_path / "site") as ftrack:
            other = practice_ftrack.FtrackBench(ftrack, Fault(), "PINE")
            yield request.param, ftrack.sandbox.url, other
            other.close()


def test_the_next_process_goes_on(bench: tuple[str, str, FaultBench[Any]], tmp_path: Path) -> None:
    """What arrived before a kill is not sent again, and the file is there once, whole."""
    kind, url, under = bench
    assert Ability.RESUMED_UPLOADS in under.tracker.abilities
    version = under.tracker.publish(draft(under, under.make_task("cleanup")))
    path = tmp_path / "show" / "master.mov"
    path.parent.mkdir()
    path.write_bytes(os.urandom(1 << 20) * 70)
    told = {"kind": kind, "url": url, "key": under.secret, "version": version.model_dump(), "path": str(path)}
    third = f"{PARTS[kind]}/3"
    under.faults.set(Fault(path=third, action="slow", seconds=60.0))
    process = subprocess.Popen([sys.executable, "-c", UPLOAD, json.dumps(told)])
    wait_for(lambda: sent(under, PARTS[kind]) >= {"1", "2"}, 60, "two parts arrived")
    wait_for(lambda: under.faults.met, 60, "the third is under way, so both are kept")
    process.kill()
    process.wait()
    (kept,) = (one for one in path.parent.iterdir() if one != path)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(under.files(version)) == []
    under.faults.set()
    under.faults.forget()
    subprocess.run([sys.executable, "-c", UPLOAD, json.dumps(told)], check=True)
    again = sent(under, PARTS[kind])
    assert again
    assert not again & {"1", "2"}
    assert list(under.files(version)) == [path.name]
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def sent(bench: FaultBench[Any], parts: str) -> set[str]:
    """The numbers of the parts that arrived."""
    return {
        call.path.rsplit("/", 1)[1]
        for call in bench.faults.calls
        if call.path.startswith(parts.rstrip("*")) and call.verb == "PUT" and call.status == 200
    }
