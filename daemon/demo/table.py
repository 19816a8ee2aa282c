"""The demo's one table: what was asked, what came back, how good it is, and how that is known."""

from __future__ import annotations

from ...schema.model import Value


class Row(Value):
    """One task of the day. `held` is False where a promise was not kept; `failed` says which."""

    task: str
    result: str
    self_rating: str
    measured: str
    identity: str
    seconds: float
    held: bool = True
    failed: tuple[str, ...] = ()
    figures: dict[str, float | int | str | None] = {}

    def cells(self) -> dict[str, str]:
        """The row as it is printed."""
        return {
            "task": self.task,
            "result": self.result,
            "self-rating": self.self_rating,
            "measured": self.measured,
            "untouched outside the matte": self.identity,
            "seconds": f"{self.seconds:.0f}",
        }


class Day(Value):
    """Everything that the demo found; `held` is the demo's exit status."""

    rows: tuple[Row, ...]
    folder: str
    status_page: str
    seconds: float

    @property
    def held(self) -> bool:
        """Whether every promise was kept."""
        return all(row.held for row in self.rows)


def require(row: Row, *promises: tuple[bool, str]) -> Row:
    """The row with every promise that was not kept."""
    broken = tuple(words for kept, words in promises if not kept)
    return row.model_copy(update={"held": not broken, "failed": broken})
