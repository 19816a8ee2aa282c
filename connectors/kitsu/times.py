"""Times as a site writes them: UTC without a zone, cut to the second."""

from __future__ import annotations

from datetime import UTC, datetime


def stamp(value: str | None) -> float:
    """A time of the site's as seconds since 1970; 0 for none."""
    return datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp() if value else 0.0


def written(seconds: float) -> str:
    """Whole seconds since 1970 as the site reads them."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%S")
