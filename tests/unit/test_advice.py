"""Every error has advice that a person can follow."""

from __future__ import annotations

import pytest
from wetgate.daemon.advice import _ADVICE, advice
from wetgate.schema import errors


def _tree(kind: type[errors.WetgateError]) -> list[type[errors.WetgateError]]:
    return [kind, *(found for child in kind.__subclasses__() for found in _tree(child))]


@pytest.mark.parametrize("kind", [k for k in _tree(errors.WetgateError) if k.__module__ == errors.__name__])
def test_every_error_has_its_own_advice(kind: type[errors.WetgateError]) -> None:
    """No error of the tree falls back on a vaguer one's words."""
    assert kind.__name__ in _ADVICE


def test_no_advice_is_for_an_error_that_does_not_exist() -> None:
    """The list of advice names only errors of the tree."""
    assert set(_ADVICE) == {kind.__name__ for kind in _tree(errors.WetgateError) if kind.__module__ == errors.__name__}


def test_advice_names_the_job_and_survives_foreign_types() -> None:
    """The command in the advice can be typed as it stands; a plugin's own error gets the general words."""
    assert "wetgate retry 12" in advice("OutOfMemory", 12)
    assert advice("SomethingOfAPlugin", 3) == advice("WetgateError", 3)
    assert advice(None, 3) == advice("WetgateError", 3)
