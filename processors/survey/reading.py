"""Opening a file in a watched folder without leaving a trace on it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import av
from av.container import InputContainer

# A playlist or a reference movie may name other files and addresses; none of them is followed.
_NO_OTHER_FILES = {"protocol_whitelist": ""}


def open_quietly(path: Path) -> BinaryIO:
    """Open for reading; the access time stays as it is where the system permits that. Raises OSError."""
    try:
        fd = os.open(path, os.O_RDONLY | getattr(os, "O_NOATIME", 0))
    except PermissionError:  # O_NOATIME is for the owner alone
        fd = os.open(path, os.O_RDONLY)
    return os.fdopen(fd, "rb")


def open_container(file: BinaryIO) -> InputContainer:
    """Open media from an open file. Raises av.error.FFmpegError (or ValueError) for what is none."""
    return av.open(file, mode="r", options=_NO_OTHER_FILES, metadata_errors="replace")
