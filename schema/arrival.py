"""A file on its way into the index."""

from __future__ import annotations

from enum import StrEnum


class ArrivalState(StrEnum):
    """Where a file stands. Every state is stored with its reason, a sentence for people.

    seen -> settled -> verified -> indexed, or duplicate, or quarantined; offline from anywhere
    while its storage is away. Quarantine is a state: the file is never moved or written.
    """

    SEEN = "seen"
    SETTLED = "settled"
    VERIFIED = "verified"
    INDEXED = "indexed"
    DUPLICATE = "duplicate"
    QUARANTINED = "quarantined"
    OFFLINE = "offline"

    @property
    def answered(self) -> bool:
        """Whether nothing more will happen to the file by itself."""
        return self in {ArrivalState.INDEXED, ArrivalState.DUPLICATE, ArrivalState.QUARANTINED}
