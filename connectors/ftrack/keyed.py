"""What is made once for a key of ours, however often it is asked for and however its answer gets lost."""

from __future__ import annotations

from collections.abc import Callable

from ...schema.errors import AmbiguousResult, EntityNotFound
from ...schema.tracker import EntityRef
from .client import Client, Duplicate, among, own_id
from .session import Row, metadata

_GENERATIONS = 3


class Keyed:
    """Entities of one kind, each with its key in the metadata and an id that follows from the key.

    The site refuses an id that was given before, so that nothing is made twice. It does so too when what
    had the id was deleted: then the key's next generation has an id of its own.
    """

    def __init__(
        self, client: Client, word: str, kind: str, key_field: str, fields: str, ref: Callable[[Row], EntityRef]
    ) -> None:
        """Of entity type *kind*, called *word*; *ref* tells one by *fields* and its metadata."""
        self._client = client
        self._word, self._kind, self._key_field = word, kind, key_field
        self._fields, self._ref = fields, ref

    def find(self, key: str) -> EntityRef | None:
        """The one that carries our key."""
        ids = [self._id(key, generation) for generation in range(_GENERATIONS)]
        rows = self._client.first(
            f"{self._word} by key",
            f"select {self._fields}, metadata.key, metadata.value from {self._kind} where id in {among(ids)}",
            _GENERATIONS,
        )
        return next((self._ref(row) for row in rows if metadata(row).get(self._key_field) == key), None)

    def make(self, key: str, name: str, what: str, operations: Callable[[str], list[Row]]) -> EntityRef:
        """Find it, or make it by the operations for an id; *what* names the write in errors, *name* the thing."""
        for generation in range(_GENERATIONS):
            found = self.find(key)
            if found is not None:
                return found
            try:
                self._client.write(what, operations(self._id(key, generation)))
            except Duplicate:
                # An answer that was lost before; or the id of one that was deleted, which is never free again.
                continue
            except AmbiguousResult:
                found = self.find(key)
                if found is None:
                    raise
                return found
        found = self.find(key)
        if found is None:
            raise EntityNotFound(f"The tracker took '{name}' but does not show it by its key.")
        return found

    def _id(self, key: str, generation: int) -> str:
        return own_id(self._word, key, *([str(generation)] if generation else []))
