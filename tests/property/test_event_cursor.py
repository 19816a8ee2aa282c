"""The event cursor against logs whose ids show up in any order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from wetgate.connectors.cursor import Cursor

NOW = 1000.0


@given(st.permutations(range(1, 30)), st.lists(st.integers(1, 7), min_size=1, max_size=30))
def test_every_id_is_seen_once(order: list[int], steps: list[int]) -> None:
    """Whatever the order in which ids appear within the overlap, each one is read exactly once."""
    cursor, seen, shown, left = Cursor(0), [], set(), list(order)
    for step in [*steps, len(left)]:
        shown |= {left.pop(0) for _ in range(min(step, len(left)))}
        page = sorted(one for one in shown if one > cursor.last or one in cursor.holes)
        seen += page
        cursor = Cursor.parse(cursor.after(page, NOW, 60.0).text())
    assert sorted(seen) == list(range(1, 30))
    assert cursor.holes == {}


@given(st.sets(st.integers(1, 5000), min_size=1), st.floats(0.1, 100))
def test_holes_end(ids: set[int], overlap: float) -> None:
    """An id that never comes is forgotten after the overlap, and the cursor never goes back."""
    cursor = Cursor(0).after(ids, NOW, overlap)
    assert cursor.last == max(ids)
    assert len(cursor.holes) <= 1000
    assert not ids & set(cursor.holes)
    later = cursor.after([], NOW + overlap + 0.1, overlap)
    assert (later.last, later.holes) == (max(ids), {})
