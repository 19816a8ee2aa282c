"""What makes a task's work what it is: the version's key comes from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from wetgate.daemon.desk.planning import Plan
from wetgate.daemon.desk.twins import digest_of, work_of
from wetgate.schema.request import Source

ASKED = {"plate": "A001C001", "matte": "m.png"}


def plan(folder: Path, **more: Any) -> Plan:
    """A fix as it is planned where the storage is mounted at *folder*."""
    folder.mkdir(exist_ok=True)
    matte = folder / "m.png"
    if not matte.exists():
        matte.write_bytes(b"a matte")
    plate = Source(path=folder / "A001C001.mov", name="A001C001", clip="c1")
    values = {"processor": "remove", "plate": plate, "plate_clip_id": 1, "matte": matte, "sources": (), "options": {}}
    return Plan.model_validate({**values, **more})


def test_another_storage_and_index_are_the_same_work(tmp_path: Path) -> None:
    """Two daemons, one of which mounts elsewhere and knows another take, do the same work."""
    here = plan(tmp_path / "here")
    take = Source(path=tmp_path / "there" / "A001C002.mov", name="A001C002", clip="c2")
    there = plan(tmp_path / "there", plate_clip_id=7, sources=(take,))
    assert work_of(here, ASKED) == work_of(there, ASKED)
    # In one database they are told apart: another take may make another picture.
    assert digest_of(here) != digest_of(there)


@pytest.mark.parametrize("what", ["plate", "words", "matte", "processor"])
def test_other_work_is_other_work(tmp_path: Path, what: str) -> None:
    """A plate that was pulled again, other words, another matte of the same name."""
    first, asked = plan(tmp_path / "here"), dict(ASKED)
    other = plan(tmp_path / "there")
    if what == "plate":
        other = other.model_copy(update={"plate": other.plate.model_copy(update={"clip": "c9"})})
    elif what == "words":
        asked["grow"] = "8"
    elif what == "matte":
        (tmp_path / "there" / "m.png").write_bytes(b"another")
    else:
        other = other.model_copy(update={"processor": "match_grade"})
    assert work_of(first, ASKED) != work_of(other, asked)
