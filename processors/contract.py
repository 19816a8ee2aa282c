"""The suite that every `Processor` passes, for authors of processors.

    from wetgate.processors.contract import ProcessorContract

    class TestMine(ProcessorContract):
        @pytest.fixture
        def make(self): return MyProcessor

        @pytest.fixture
        def request_(self, tmp_path): return Request(...)   # small, whole, with one source at most

pytest is needed, nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from ..schema.errors import BriefIncomplete
from ..schema.outcome import Outcome
from ..schema.ports import Processor
from ..schema.request import Request
from .pictures import Plate
from .runner import run_processor

Make = Callable[[], Processor]


def quiet(done: float, words: str) -> None:
    """A progress callback that checks what it is told."""
    assert 0.0 <= done <= 1.0, f"progress outside 0..1: {done}"
    assert words


class _Killed(BaseException):
    """Stands for SIGKILL: nothing but the suite catches it."""


class ProcessorContract:
    """What the daemon relies on. Subclasses give the fixtures `make` and `request_`."""

    _unbroken: ClassVar[Outcome | None] = None
    """What an unbroken run of this class's work came to: made once, in whichever test comes first."""

    @pytest.fixture
    def make(self) -> Make:
        """Makes a fresh processor, as a worker that has just started would."""
        raise NotImplementedError

    @pytest.fixture
    def request_(self) -> Request:
        """Work that the processor does in seconds."""
        raise NotImplementedError

    def test_it_satisfies_the_port(self, make: Make) -> None:
        """It has all that the port asks for, and says in a sentence what it does."""
        processor = make()
        assert isinstance(processor, Processor)
        assert processor.name.isidentifier()
        assert processor.summary.endswith(".")

    def test_every_option_is_described_and_may_be_left_out(self, make: Make) -> None:
        """A brief without parameters is valid, and `--help` has a line for each one."""
        options = make().Options
        options()
        for name, field in options.model_fields.items():
            assert field.description, f"option {name} has no description"

    def test_unknown_options_are_an_incomplete_brief(self, make: Make, request_: Request) -> None:
        """A misspelt parameter is answered, not passed over."""
        wrong = request_.model_copy(update={"options": {**request_.options, "no_such_option": 1}})
        with pytest.raises(BriefIncomplete):
            make().plan(wrong)

    def test_a_missing_plate_is_named(self, make: Make, request_: Request, tmp_path: Path) -> None:
        """The error holds the name of the file that is not there."""
        gone = request_.plate.model_copy(update={"path": tmp_path / "gone.mov"})
        with pytest.raises(Exception, match=r"gone\.mov"):
            make().plan(request_.model_copy(update={"plate": gone}))

    def test_the_plan_covers_every_frame_once_and_is_the_same_again(self, make: Make, request_: Request) -> None:
        """Chunks are numbered in order, lie end to end, and are found again by a worker that plans anew."""
        chunks = list(make().plan(request_))
        assert list(make().plan(request_)) == chunks
        with Plate.open(request_.plate.path) as plate:
            covered = [frame for chunk in chunks for frame in range(chunk.first, chunk.last + 1)]
            assert covered == list(range(plate.frames))
        assert [chunk.index for chunk in chunks] == list(range(len(chunks)))

    def test_the_plate_is_untouched_and_everything_lies_in_out(self, make: Make, request_: Request) -> None:
        """Inputs keep their bytes, and every path in the outcome is a file or folder inside `out`."""
        before = {path: _digest(path) for path in _inputs(request_)}
        outcome = type(self)._unbroken = run_processor(make(), request_, quiet)
        assert {path: _digest(path) for path in _inputs(request_)} == before
        for path in _paths(outcome):
            assert path.is_absolute()
            assert path.exists()
            assert path.resolve().is_relative_to(request_.out.resolve()), f"{path} lies outside"

    def test_a_killed_job_ends_as_an_unbroken_one(self, make: Make, request_: Request, tmp_path: Path) -> None:
        """Killed in a chunk, and again while finishing, the result has the same pictures and verdict."""
        whole = self._unbroken or run_processor(make(), request_, quiet)
        again = request_.model_copy(update={"work": tmp_path / "work2", "out": tmp_path / "out2"})
        for share in (0.3, 0.93):
            with pytest.raises(_Killed):
                run_processor(make(), again, _killer(share))
        resumed = run_processor(make(), again, quiet)
        assert resumed.verdict == whole.verdict
        assert resumed.summary == whole.summary
        assert len(resumed.findings) == len(whole.findings)
        if whole.master is not None and resumed.master is not None:
            assert _pictures(resumed.master) == _pictures(whole.master)

    def test_a_chunk_may_be_done_twice(self, make: Make, request_: Request) -> None:
        """The chunk that was under way at a kill is done again, over what it had left."""
        processor = make()
        chunks = list(processor.plan(request_))
        for chunk in (chunks[0], *chunks):
            processor.run(request_, chunk, quiet)
        assert processor.finish(request_, chunks, quiet).report.exists()


def _killer(share: float) -> Callable[[float, str], None]:
    def progress(done: float, words: str) -> None:
        if done >= share:
            raise _Killed(words)

    return progress


def _inputs(request: Request) -> Iterator[Path]:
    roots = [request.plate.path, *(source.path for source in request.sources)]
    if request.matte is not None:
        roots.append(request.matte)
    for root in roots:
        yield from sorted(root.rglob("*")) if root.is_dir() else [root]


def _digest(path: Path) -> tuple[int, str]:
    return path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _pictures(path: Path) -> list[str]:
    with Plate.open(path) as plate:
        return [hashlib.sha256(b"".join(p.tobytes() for p in one.planes)).hexdigest() for one in plate.read()]


def _paths(outcome: Outcome) -> list[Path]:
    named = [outcome.report, outcome.master, outcome.review, outcome.matte, outcome.thumbnail, outcome.filmstrip]
    named += [outcome.contact_sheet, *(evidence.path for evidence in outcome.evidence)]
    for finding in outcome.findings:
        named += [finding.matte, *(evidence.path for evidence in finding.evidence)]
    return [path for path in named if path is not None]
