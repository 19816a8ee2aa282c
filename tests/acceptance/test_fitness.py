"""A show whose site is not set up for it is refused with its reason, and the others go on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from thread import Thread
from waiting import wait_for


@pytest.mark.timeout(300)
def test_a_broken_show_does_not_stop_the_others(tmp_path: Path) -> None:
    """The show with a status that the site lacks waits; the other's task is answered; mended, the first goes on too."""
    thread = Thread(tmp_path)
    thread.start_tracker()
    broken = tmp_path / "shows" / "OAK.toml"
    try:
        broken.write_text('project = "OAK"\n[statuses]\nrunning = "zzz"\n')
        thread.start()
        task = thread.assign("cleanup", "plate: none of this name")
        thread.wait_status(task, "hld", 120, "the sound show is served")
        rows = thread.rows("select name, value from control where name like 'unfit:%'")
        assert [name for name, _ in rows] == ["unfit:OAK"]
        said = json.loads(rows[0][1])
        assert "OAK" in said["what"]
        assert "zzz" in said["what"]
        assert said["mend"]
        thread.stop()
        sg = thread.client()
        sg.create("Project", {"name": "OAK"})
        sg.close()
        broken.write_text('project = "OAK"\n')
        thread.start()
        wait_for(lambda: not thread.rows("select name from control where name like 'unfit:%'"), 120, "it is served")
    finally:
        thread.close()
