"""Every built-in processor runs the shipped suite on a short piece of real footage."""

from __future__ import annotations

from pathlib import Path

import pytest
from images import write_mattes
from takes import cut_take, woman
from wetgate.processors.continuity import Continuity
from wetgate.processors.contract import Make, ProcessorContract
from wetgate.processors.match_grade import MatchGrade
from wetgate.processors.remove import Remove
from wetgate.schema.request import Request, Source


@pytest.fixture(scope="module")
def takes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Plate (with the extra woman) and the clean take, 16 frames, a quarter of the size."""
    folder = tmp_path_factory.mktemp("takes")
    plate = cut_take("with_inserted_person", folder / "a.mkv", first=31, count=16, factor=0.25)
    return plate, cut_take("clean_plate", folder / "b.mkv", first=30, count=16, factor=0.25)


def _request(takes: tuple[Path, Path], tmp_path: Path) -> Request:
    plate, other = takes
    return Request(
        plate=Source(path=plate, name="A001"),
        sources=(Source(path=other, name="A002"),),
        work=tmp_path / "work",
        out=tmp_path / "out",
    )


class TestRemove(ProcessorContract):
    """The suite for `remove`."""

    @pytest.fixture
    def make(self) -> Make:
        return Remove

    @pytest.fixture
    def request_(self, takes: tuple[Path, Path], tmp_path: Path) -> Request:
        mattes = write_mattes(tmp_path / "mattes", [woman((480, 272))] * 16)
        return _request(takes, tmp_path).model_copy(update={"matte": mattes, "options": {"probes": 2}})


class TestContinuity(ProcessorContract):
    """The suite for `continuity`."""

    @pytest.fixture
    def make(self) -> Make:
        return Continuity

    @pytest.fixture
    def request_(self, takes: tuple[Path, Path], tmp_path: Path) -> Request:
        return _request(takes, tmp_path)


class TestMatchGrade(ProcessorContract):
    """The suite for `match_grade`."""

    @pytest.fixture
    def make(self) -> Make:
        return MatchGrade

    @pytest.fixture
    def request_(self, takes: tuple[Path, Path], tmp_path: Path) -> Request:
        return _request(takes, tmp_path).model_copy(update={"options": {"frames": 3}})
