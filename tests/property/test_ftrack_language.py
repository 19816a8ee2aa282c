"""ftrack's query language: whatever text a query holds arrives as it was meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetgate.connectors.ftrack.client import among, quoted
from wetgate.daemon.sandbox.ftrack.language import Both, Condition, parse
from wetgate.daemon.sandbox.ftrack.refusal import Refusal

TEXTS = st.text(max_size=40)


@given(TEXTS)
def test_a_quoted_text_comes_back(text: str) -> None:
    """Quotes, backslashes, keywords and line ends inside a text are only text."""
    assert parse(f"Task where name is {quoted(text)} limit 3").criteria == Condition(("name",), "is", text)


@given(st.lists(TEXTS, min_size=1, max_size=5))
def test_so_do_many(texts: list[str]) -> None:
    """The same for the members of a list."""
    query = parse(f"Task where name in {among(texts)} and bid > 3")
    assert query.criteria == Both((Condition(("name",), "in", texts), Condition(("bid",), ">", "3")))


@given(st.text("abc \"'()=<>,.%\\ andorinislike", max_size=60))
def test_nonsense_is_refused_and_nothing_worse(text: str) -> None:
    """Any text is a query or is refused as none."""
    try:
        parse(f"Task where {text}")
    except Refusal as refusal:
        assert "Failed to parse" in str(refusal)


@pytest.mark.parametrize(
    "expression", ["", "select", "select name from", "Task where", "Task order name", "Task limit x"]
)
def test_half_a_query_is_refused(expression: str) -> None:
    """What breaks off in the middle is refused."""
    with pytest.raises(Refusal):
        parse(expression)
