"""What the server answers when it refuses: the client raises `Fault` or one of its kinds."""

from __future__ import annotations

AUTHENTICATION = 102
CRUD = 103
PERMISSION = 104


class Refusal(Exception):
    """A refused request; `code` tells the client which exception to raise."""

    def __init__(self, message: str, code: int = CRUD) -> None:
        """Keep the message as a person will read it."""
        super().__init__(message)
        self.code = code
