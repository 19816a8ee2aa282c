"""A worker process: takes one job after the other from its pipe and answers on it.

Started as `python -m wetgate.daemon.queue.worker_main FD PARENT`. What crosses the pipe is JSON, one
message each way at a time: {"limits", "log"} first, then jobs {"id", "run", "payload", ...}; back come
{"said": "started" | "progress" | "done" | "failed", "job": id, ...}.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from ..logging import LogForm, bound
from .failures import describe
from .limits import Limits, die_with

_PROGRESS_EVERY = 0.2

Run = Callable[[dict[str, Any], Callable[[float, str], None]], dict[str, Any]]


class DaemonGone(BaseException):
    """The daemon closed the pipe. Not an Exception: no job may catch it."""


class Answers:
    """The worker's voice: messages about one job."""

    def __init__(self, connection: Connection, job: int) -> None:
        """Speak of *job* on *connection*."""
        self._connection = connection
        self._job = job
        self._next = 0.0

    def say(self, said: str, **more: Any) -> None:
        """Send one message. Raises TypeError where *more* is not JSON."""
        message = json.dumps({"said": said, "job": self._job, **more}).encode()
        try:
            self._connection.send_bytes(message)
        except OSError as error:
            raise DaemonGone from error

    def progress(self, share: float, doing: str = "") -> None:
        """Tell how far the job is; most calls do nothing, so that it may be called for every frame."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PROGRESS_EVERY
            self.say("progress", share=float(share), doing=doing)


def main() -> None:
    """Work until the daemon closes the pipe."""
    descriptor, parent = int(sys.argv[1]), int(sys.argv[2])
    die_with(parent)
    for number in (signal.SIGINT, signal.SIGTERM):
        # The daemon alone ends its workers. A handler, not SIG_IGN, which started programs would inherit.
        signal.signal(number, lambda *_: None)
    connection = Connection(descriptor)
    try:
        begin = json.loads(connection.recv_bytes())
        limits = Limits.model_validate(begin["limits"])
        if begin["log"]:
            LogForm.model_validate(begin["log"]).configure()
        limits.hold_memory()
        while True:
            _work(connection, json.loads(connection.recv_bytes()), limits)
    except (DaemonGone, EOFError, ConnectionResetError):
        os._exit(0)


def _work(connection: Connection, order: dict[str, Any], limits: Limits) -> None:
    answers = Answers(connection, order["id"])
    with bound(show=order["show"], task=order["task_id"], job=order["id"]):
        try:
            run = find(order["run"])
            answers.say("started")
            limits.hold_cpu()
            answers.say("done", result=run(order["payload"], answers.progress))
        except DaemonGone:
            raise
        # The boundary where a job is isolated: whatever it raises is its failure, not the worker's.
        except BaseException as error:  # noqa: BLE001
            _fail(answers, error)


def _fail(answers: Answers, error: BaseException) -> None:
    failure, retry = describe(error)
    lines = "".join(traceback.format_exception(error)) if failure.type == type(error).__name__ else ""
    answers.say(
        "failed",
        failure=failure.model_dump(),
        retry=retry,
        memory=isinstance(error, MemoryError),
        trace=lines,
    )


def find(path: str) -> Run:
    """The function at a dotted path, `package.module:function`."""
    module, _, name = path.partition(":")
    found = getattr(importlib.import_module(module), name)
    if not callable(found):
        raise TypeError(f"{path} is not a function.")
    return found  # type: ignore[no-any-return]  # a callable by the line above; its signature is its author's word


if __name__ == "__main__":
    main()
