"""Where the tests' footage stands. It is read in place and never copied into the project."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "footage"
"""Real clips beside the checkout; absent on a laptop, where package and made footage serve."""


def shared(name: str) -> Path:
    """A file or folder of the shared footage; skips the test, and says so, where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"no shared footage here: {name}")
    return path
