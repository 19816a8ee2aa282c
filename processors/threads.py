"""Frames side by side: worked on by several threads but given in order, and what they share worked out once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import wraps
from threading import Lock
from typing import TypeVar, TypeVarTuple

import cv2

Item = TypeVar("Item")
Made = TypeVar("Made")
Owner = TypeVar("Owner")
Arguments = TypeVarTuple("Arguments")


def in_order(work: Callable[[Item], Made], items: Iterable[Item], most: int) -> Generator[Made, None, None]:
    """*work* of every item, in order, made by as many threads as OpenCV may use, up to *most*.

    Meanwhile OpenCV keeps to what is left: whole frames side by side gain more than rows of one picture. What was not
    begun is dropped when nobody asks any more. *items* are taken on the caller's thread, one a thread ahead.
    """
    threads = cv2.getNumThreads()
    abreast = min(threads, most)
    if abreast <= 1:
        yield from map(work, items)
        return
    cv2.setNumThreads(threads // abreast)
    pool, begun = ThreadPoolExecutor(abreast), deque[Future[Made]]()
    try:
        for item in items:
            begun.append(pool.submit(work, item))
            if len(begun) > abreast:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
        cv2.setNumThreads(threads)


def once(method: Callable[[Owner, *Arguments], Made]) -> Callable[[Owner, *Arguments], Made]:
    """A method whose values its object keeps: worked out once for the same arguments, whichever threads ask.

    Who asks while a value is worked out waits for it; what the method raises, all of them get.
    """
    name, lock = f"_{method.__name__}_kept", Lock()

    @wraps(method)
    def kept(owner: Owner, *arguments: *Arguments) -> Made:
        with lock:
            values: dict[tuple[object, ...], Future[Made]] = owner.__dict__.setdefault(name, {})
            known = arguments in values
            value = values.setdefault(arguments, Future())
        if not known:
            try:
                value.set_result(method(owner, *arguments))
            except Exception as error:  # noqa: BLE001 - it is raised again for whoever asks
                value.set_exception(error)
            finally:
                value.cancel()  # whatever else ended the work must leave nobody waiting
        return value.result()

    return kept
