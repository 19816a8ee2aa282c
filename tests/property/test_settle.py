"""Settling holds for any history of a file."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wetgate.daemon.ingest.settle import Settling

LOOKS = st.lists(st.tuples(st.floats(0, 3), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40)


@given(LOOKS, st.floats(0.1, 5))
def test_a_file_settles_only_after_resting_that_long(looks: list[tuple[float, int, int]], seconds: float) -> None:
    """`settled` is true exactly when every look of the last *seconds* saw the same size and time."""
    settling, now, history = Settling(seconds), 0.0, []
    for pause, size, mtime in looks:
        now += pause
        history.append((now, (size, mtime)))
        since = now
        for when, seen in reversed(history):
            if seen != (size, mtime):
                break
            since = when
        assert settling.settled("a", size, mtime, now) == (now - since >= seconds)


@given(st.floats(0.1, 5))
def test_paths_do_not_disturb_each_other(seconds: float) -> None:
    """A file that grows beside it does not keep another from settling, and a forgotten one begins anew."""
    settling = Settling(seconds)
    settling.settled("a", 1, 1, 0.0)
    settling.settled("b", 1, 1, 0.0)
    assert not settling.settled("b", 2, 1, seconds)
    assert settling.settled("a", 1, 1, seconds)
    settling.forget("a")
    assert not settling.settled("a", 1, 1, seconds * 2)


def test_clock_that_jumps_back_only_delays() -> None:
    """A clock set back begins the rest again instead of settling early or never."""
    settling = Settling(5)
    assert not settling.settled("a", 1, 1, 100.0)
    assert not settling.settled("a", 1, 1, 50.0)
    assert settling.settled("a", 1, 1, 55.0)
