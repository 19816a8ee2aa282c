"""The ftrack practice site as a server: faults on order, restarts, its command."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import ftrack_api
import ftrack_api.exception
import pytest
import requests
from practice_ftrack import LEAVES_FILES_OPEN, Practice, practice
from wetgate.daemon.sandbox.ftrack import FtrackSandbox

pytestmark = pytest.mark.filterwarnings(LEAVES_FILES_OPEN)


def test_faults_over_http_only_where_switched_on(site: Practice, tmp_path: Path) -> None:
    """The control endpoint orders failures by what a request does; a site without it has none."""
    session = site.session()
    rules: Any = [{"method": "*create:Scope*", "status": 502, "when": "after"}]
    requests.post(f"{site.sandbox.url}/_control/faults", json=rules, timeout=10)
    session.create("Scope", {"name": "after"})
    with pytest.raises(ValueError, match="Expecting value"):
        session.commit()
    site.faults.set()
    session.rollback()
    assert session.query("Scope where name is after").first() is not None
    with FtrackSandbox(tmp_path / "other") as other:
        assert requests.post(f"{other.url}/_control/faults", json=[], timeout=10).status_code == 404


def test_what_was_answered_survives_a_restart(tmp_path: Path) -> None:
    """Entities, keys and numbers are the same after the site was stopped and started."""
    folder = tmp_path / "site"
    with practice(folder) as site:
        session = site.session()
        session.create("Scope", {"name": "kept"})
        session.commit()
        last = session.query("select id from Event order by id desc").first()["id"]
    with practice(folder) as site:
        session = site.session()
        assert session.query("Scope where name is kept").first() is not None
        session.create("Scope", {"name": "next"})
        session.commit()
        assert session.query("select id from Event order by id desc").first()["id"] == last + 1
    assert (folder / "api_key").stat().st_mode & 0o077 == 0


def test_the_command_line_starts_one(tmp_path: Path) -> None:
    """`wetgate sandbox --kind ftrack` says where it answers and where its key is, and stops when told to."""
    words = ["sandbox", "--kind", "ftrack", "--folder", str(tmp_path / "site"), "--port", "0", "--json"]
    command = [sys.executable, "-m", "wetgate.daemon", *words, "--project", "PINE"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout:
        told = json.loads(process.stdout.readline())
        key = Path(told["api_key_file"]).read_text(encoding="ascii").strip()
        with ftrack_api.Session(told["url"], key, told["user"], schema_cache_path=False) as session:
            assert session.query("Shot where project.name is PINE and name is SH020").first() is not None
        process.terminate()
        assert process.wait(20) == 0
