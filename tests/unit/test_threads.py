"""Frames side by side on threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import cv2
import pytest
from wetgate.processors.threads import in_order, once


@pytest.fixture(params=[1, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """As many as OpenCV may use."""
    before = cv2.getNumThreads()
    cv2.setNumThreads(request.param)
    yield request.param
    cv2.setNumThreads(before)


def test_what_is_made_comes_in_order(threads: int) -> None:
    """Also where the first item takes longest; meanwhile OpenCV keeps to one thread, afterwards not."""
    seen = set()

    def work(item: int) -> int:
        seen.add(cv2.getNumThreads())
        time.sleep(0.02 * (5 - item))
        return item * item

    assert list(in_order(work, range(5), 8)) == [0, 1, 4, 9, 16]
    assert seen == {1}
    assert cv2.getNumThreads() == threads


def test_a_fault_comes_out_where_it_belongs(threads: int) -> None:
    """What was made before it is given first."""
    made = in_order(lambda item: 6 // item, [3, 2, 0, 1], 8)
    assert [next(made), next(made)] == [2, 3]
    with pytest.raises(ZeroDivisionError):
        next(made)
    assert cv2.getNumThreads() == threads


def test_who_stops_asking_stops_the_work(threads: int) -> None:
    """A cancelled job leaves at once: at most one item a thread more than was asked for has begun."""
    begun: list[int] = []
    made = in_order(begun.append, range(1000), 8)
    next(made)
    made.close()
    assert len(begun) <= 1 + 2 * threads
    assert cv2.getNumThreads() == threads


def test_large_pictures_are_few_at_once() -> None:
    """Three threads and at most two at work: the third is OpenCV's own, but never less than one."""
    before, working, most = cv2.getNumThreads(), set[int](), []
    cv2.setNumThreads(3)

    def work(item: int) -> None:
        working.add(item)
        most.append(len(working))
        time.sleep(0.02)
        working.discard(item)

    try:
        list(in_order(work, range(6), 2))
        assert cv2.getNumThreads() == 3
    finally:
        cv2.setNumThreads(before)
    assert max(most) == 2


class Kept:
    """Counts how often it works."""

    def __init__(self) -> None:
        self.worked: list[int] = []
        self.asked = threading.Barrier(4)

    @once
    def square(self, number: int) -> int:
        """Slowly."""
        self.worked.append(number)
        time.sleep(0.05)
        if number < 0:
            raise ValueError(number)
        return number * number


def test_a_value_is_worked_out_once_whoever_asks() -> None:
    """Four threads at the same moment; another object has its own."""
    one, other = Kept(), Kept()

    def ask(_: int) -> int:
        one.asked.wait()
        return one.square(7)

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == [49] * 4
    assert one.worked == [7]
    assert other.square(7) == 49
    assert other.worked == [7]


def test_a_fault_is_kept_too() -> None:
    """Who asks again gets it again."""
    one = Kept()
    for _ in range(2):
        with pytest.raises(ValueError, match="-1"):
            one.square(-1)
    assert one.worked == [-1]
