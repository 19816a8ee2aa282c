"""Collects what is wrong with a brief, so that all of it is answered at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ...schema.errors import BriefIncomplete, FootageMissing


class Mistakes:
    """One brief's mistakes, in the order in which they were met, each once."""

    def __init__(self) -> None:
        """None yet."""
        self._found: dict[str, bool] = {}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Keep the BriefIncomplete that the block raises, and go on after it."""
        try:
            yield
        except BriefIncomplete as error:
            self.add(str(error), missing=isinstance(error, FootageMissing))

    def add(self, words: str, *, missing: bool = False) -> None:
        """Keep one more; *missing*: it mends itself when footage arrives."""
        self._found.setdefault(words, missing)

    def answer(self) -> None:
        """Raise what was found, if anything: FootageMissing where that is all that is wrong."""
        if not self._found:
            return
        kind = FootageMissing if all(self._found.values()) else BriefIncomplete
        raise kind("\n".join(self._found))
