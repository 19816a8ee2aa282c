"""What people drew in the review players, as a site keeps it: pictures on notes, known by their names.

The web player writes `annot_version_<version>.<frame>.png`, RV `annot_version_<version>_v2.<frame>.jpg`.
Both count a movie's frames from 1; RV counts a sequence's by their file numbers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_NAME = re.compile(r"^annot_version_(\d+)(?:_v\d+)?\.(\d+)\.(?:png|jpe?g)$", re.IGNORECASE)


class Drawn(NamedTuple):
    """Which version was drawn over, and the frame's number as the player counts."""

    version: int
    number: int

    def frame(self, first: int | None, last: int | None) -> int:
        """The frame counted from 0, on a version that goes from *first* to *last*, where that is known."""
        if first is not None and last is not None and first <= self.number <= last:
            within = 1 <= self.number <= last - first + 1
            return self.number - (1 if within else first)
        return max(self.number - 1, 0)


def drawn(name: str) -> Drawn | None:
    """What a picture's name says; None for anything else."""
    found = _NAME.match(name)
    return Drawn(int(found[1]), int(found[2])) if found else None
