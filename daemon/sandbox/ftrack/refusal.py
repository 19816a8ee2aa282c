"""What a site answers instead of doing as asked."""

from __future__ import annotations


class Refusal(Exception):
    """An operation that is refused: a text, the server's name for the error, an HTTP status."""

    def __init__(self, message: str, exception: str = "ServerError", status: int = 500) -> None:
        """Clients show `exception(message)`."""
        super().__init__(message)
        self.exception = exception
        self.status = status
