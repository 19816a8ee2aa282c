"""Pictures that the suite sends."""

from __future__ import annotations

from pathlib import Path

import pytest

from .drafts import grey_png


class Pictures:
    """Gives a picture to what sends some."""

    @pytest.fixture
    def picture(self, tmp_path: Path) -> Path:
        """A small picture to send; some sites make sizes of their own of it."""
        path = tmp_path / "frame_1001.png"
        path.write_bytes(grey_png(64, 36))
        return path
