"""Ports for servers that are started anew where they were, or a while after their port was chosen."""

from __future__ import annotations

import secrets
import socket

LOWEST, HIGHEST = 15_000, 32_000
"""Below what the system gives to whoever connects or asks for any port: other tests, which do so all the time."""


def free_port() -> int:
    """A port that nobody has, nor gets by chance."""
    while True:
        number = LOWEST + secrets.randbelow(HIGHEST - LOWEST)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", number))
            except OSError:
                continue
        return number
