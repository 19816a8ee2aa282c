"""Jobs for worker processes to do; used by the queue's tests. Imports little, so that workers start fast."""

from __future__ import annotations

import ctypes
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from wetgate.schema.errors import TrackerUnavailable, UnreadableMedia

Progress = Callable[[float, str], None]
Payload = dict[str, Any]


def add(payload: Payload, progress: Progress) -> Payload:
    """Add two numbers."""
    return {"sum": payload["a"] + payload["b"], "pid": os.getpid(), "threads": os.environ["OMP_NUM_THREADS"]}


def slow(payload: Payload, progress: Progress) -> Payload:
    """Note the beginning and the end in the file at `log`: after some seconds, sooner where a file at `go` appears."""
    note(payload, "begun")
    until = time.monotonic() + payload["seconds"]
    while time.monotonic() < until and not ("go" in payload and Path(payload["go"]).exists()):
        time.sleep(0.02)
        progress(1 - (until - time.monotonic()) / payload["seconds"], "waiting")
    note(payload, "ended")
    return {}


def raises(payload: Payload, progress: Progress) -> Payload:
    """Raise what is asked for."""
    if payload["what"] == "unreadable":
        raise UnreadableMedia(f"{payload['path']} holds no picture.", path=payload["path"])
    if payload["what"] == "outage":
        raise TrackerUnavailable("The tracker sleeps.")
    if payload["what"] == "interrupt":
        raise KeyboardInterrupt
    raise ZeroDivisionError("nothing into nothing")


def no_json(payload: Payload, progress: Progress) -> Payload:
    """Return something that is not JSON."""
    return {"self": object()}


def crash(payload: Payload, progress: Progress) -> Payload:
    """Write to address zero, as a broken decoder would."""
    note(payload, "begun")
    ctypes.memset(0, 0, 1)
    return {}


def hog_memory(payload: Payload, progress: Progress) -> Payload:
    """Take memory until there is none."""
    note(payload, "begun")
    held = []
    while True:
        held.append(bytearray(32 * 1024 * 1024))


def hog_cpu(payload: Payload, progress: Progress) -> Payload:
    """Compute for ever."""
    note(payload, "begun")
    while True:
        pass


def hang(payload: Payload, progress: Progress) -> Payload:
    """Start a program and wait for ever."""
    child = subprocess.Popen(["sleep", "600"])
    note(payload, f"begun {os.getpid()} {child.pid}")
    while True:
        time.sleep(600)


def note(payload: Payload, words: str) -> None:
    """Add a line to the file at `log`; O_APPEND keeps lines of several processes whole."""
    with Path(payload["log"]).open("a") as out:
        out.write(words + "\n")
