"""Many ids in one question. They stand in its address, and an address has a limit."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

MOST = 80
"""gunicorn, which serves Kitsu, reads 4,094 characters of a request's first line, and an id takes 45 of them."""


def pages(ids: Iterable[str], lists: int = 1) -> Iterator[Sequence[str]]:
    """As many at a time as an address holds in which *lists* of them stand."""
    left, size = list(ids), MOST // lists
    for start in range(0, len(left), size):
        yield left[start : start + size]


def listed(ids: Sequence[str]) -> str:
    """The ids as the site takes several."""
    return json.dumps(list(ids), separators=(",", ":"))
