"""The sentences of a version's note."""

from __future__ import annotations

from pathlib import Path

from wetgate.daemon.publish.words import version_text
from wetgate.schema.outcome import Outcome, Verdict


def test_the_note_names_the_folder_for_compositors(tmp_path: Path) -> None:
    """Patch, matte and map are too large for the tracker: the note says where they lie, only when they do."""
    outcome = Outcome(verdict=Verdict.PUBLISH, summary="Restored 2 frames.", report=tmp_path / "report.json")
    assert "comp.nk" not in version_text("A_v001", outcome, (), Verdict.PUBLISH)
    whole = outcome.model_copy(update={"files": (tmp_path / "report.html", tmp_path / "comp.nk")})
    (line,) = (line for line in version_text("A_v001", whole, (), Verdict.PUBLISH).splitlines() if "by hand" in line)
    assert f"{tmp_path} holds" in line
    assert "patch/" in line
