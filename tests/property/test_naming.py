"""Version names: what was written can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetgate.schema.errors import ConfigError, NamingMismatch
from wetgate.schema.naming import NamingGrammar

WORDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(
    lambda text: any(c.isascii() and c.isalnum() for c in text)
)


@given(WORDS, WORDS, WORDS, st.integers(1, 9999))
def test_a_name_gives_its_version_back(show: str, shot: str, task: str, version: int) -> None:
    """Whatever people call shots and tasks, the name is legal and its version number reads back."""
    grammar = NamingGrammar()
    name = grammar.name(show=show, shot=shot, task=task, vendor="WG", version=version)
    assert grammar.version(name) == version
    assert all(c.isascii() and (c.isalnum() or c in "._-") for c in name)


def test_the_delivery_name_of_the_guide() -> None:
    """The default pattern gives the name that Netflix Partner Help 360057627473 shows."""
    name = NamingGrammar().name(show="AGM", shot="104_065_010", task="comp", vendor="NFX", version=1)
    assert name == "AGM_104_065_010_comp_NFX_v001"


def test_a_foreign_name_is_told() -> None:
    """A name of another pattern is refused, not misread."""
    with pytest.raises(NamingMismatch):
        NamingGrammar().version("A001C003_240611_R1AB")


@pytest.mark.parametrize("pattern", ["{show}_{shot}", "{show}_v{version}_{artist}"])
def test_a_useless_pattern_is_refused(pattern: str) -> None:
    """A pattern without a version, or with an unknown field, is a fault of the settings."""
    with pytest.raises(ConfigError):
        NamingGrammar(pattern)
