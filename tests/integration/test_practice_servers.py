"""What every practice site is as a server, whichever tracker's it is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from wetgate.daemon.sandbox import Sandbox
from wetgate.daemon.sandbox.ftrack import FtrackSandbox
from wetgate.daemon.sandbox.server import PracticeServer
from wetgate.schema.errors import ConfigError

Kind = type[Sandbox] | type[FtrackSandbox]


@pytest.fixture(params=[Sandbox, FtrackSandbox])
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each tracker's."""
    found: Kind = request.param
    return found


def answers(server: PracticeServer[Any]) -> bool:
    """Whether somebody answers there, whatever it says."""
    return httpx.get(server.url).status_code < 500


def test_one_server_per_folder(kind: Kind, tmp_path: Path) -> None:
    """A second server in a folder that is in use is refused; once the first has stopped it may start."""
    with kind(tmp_path / "box"), pytest.raises(ConfigError, match="Another practice tracker"):
        kind(tmp_path / "box").start()
    with kind(tmp_path / "box") as box:
        assert answers(box)


def test_a_damaged_file_is_a_clear_error(kind: Kind, tmp_path: Path) -> None:
    """A database that is none is named, and the folder is free again."""
    box = tmp_path / "box"
    box.mkdir()
    (box / "sandbox.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(ConfigError, match=r"sandbox\.db cannot be used"):
        kind(box).start()
    (box / "sandbox.db").unlink()
    with kind(box) as sandbox:
        assert answers(sandbox)


def test_a_taken_port_is_a_clear_error(kind: Kind, tmp_path: Path) -> None:
    """The message says which address and what to do."""
    with kind(tmp_path / "first") as first:
        port = int(first.url.rpartition(":")[2])
        with pytest.raises(ConfigError, match=rf"{port}.*Set another"):
            kind(tmp_path / "second", port=port).start()
