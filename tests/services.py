"""Services that a test may need: absent on a laptop, required in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def require(reason: str) -> NoReturn:
    """A service is missing: a laptop skips and says why, CI fails."""
    if os.environ.get("WETGATE_REQUIRE_SERVICES") == "1":
        pytest.fail(f"required here: {reason}")
    pytest.skip(reason)
