"""Notes and pictures as a show wants them to leave the house."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from pydantic import ValidationError
from wetgate.daemon.publish.stationery import Stationery, words_of
from wetgate.schema.settings import NoteSettings, ShowSettings
from wetgate.schema.tracker import EntityRef, NoteDraft

WORDS = words_of("PINE", "cleanup", "SH010", "PINE_SH010_v001")


@pytest.fixture
def draft(tmp_path: Path) -> NoteDraft:
    """A note with a picture and a list."""
    picture, edl = tmp_path / "sheet.png", tmp_path / "pull.edl"
    values = np.random.default_rng(3).integers(0, 255, (180, 320, 3), np.uint8)
    cv2.imwrite(str(picture), values)
    edl.write_text("TITLE: PULL\n")
    task = EntityRef(type="Task", id="7", name="cleanup")
    return NoteDraft(key="k1", project="PINE", task=task, subject="s", text="Fixed.", attachments=(picture, edl))


def dressed(tmp_path: Path, draft: NoteDraft, **wishes: str) -> NoteDraft:
    """The note as a show with these wishes sends it."""
    show = ShowSettings(notes=NoteSettings.model_validate(wishes))
    return Stationery({"PINE": show}, tmp_path / "work").note("PINE", draft, WORDS)


def test_without_wishes_nothing_changes(tmp_path: Path, draft: NoteDraft) -> None:
    """The defaults send text and files as they are."""
    assert dressed(tmp_path, draft) == draft


def test_first_and_last_line(tmp_path: Path, draft: NoteDraft) -> None:
    """The show's lines stand around the text, their words filled in."""
    note = dressed(tmp_path, draft, head="[{show}] {shot} {task}", foot="Ask the pipeline desk.")
    assert note.text.splitlines() == ["[PINE] SH010 cleanup", "Fixed.", "Ask the pipeline desk."]


def test_pictures_carry_the_burn_in(tmp_path: Path, draft: NoteDraft) -> None:
    """The copy keeps every pixel and has the words below; lists and the original stay as they are."""
    before = draft.attachments[0].read_bytes()
    note = dressed(tmp_path, draft, burn_in="{show} {version} CONFIDENTIAL")
    burnt, edl = note.attachments
    assert edl == draft.attachments[1]
    assert burnt.name == "sheet.png"
    assert burnt != draft.attachments[0]
    assert draft.attachments[0].read_bytes() == before
    original, copy = cv2.imread(str(draft.attachments[0])), cv2.imread(str(burnt))
    assert original is not None
    assert copy is not None
    np.testing.assert_array_equal(copy[:180], original)
    band = copy[180:]
    assert band.shape[0] >= 20
    assert (band > 200).sum() > 100


def test_pictures_may_stay_in_the_house(tmp_path: Path, draft: NoteDraft) -> None:
    """With links no picture is attached, and the note says where it lies; lists still go along."""
    note = dressed(tmp_path, draft, pictures="link")
    assert note.attachments == draft.attachments[1:]
    assert str(draft.attachments[0]) in note.text


@pytest.mark.parametrize("words", ["{secret}", "{show", "{0}"])
def test_unknown_words_are_refused(words: str) -> None:
    """A pattern that cannot be filled in is refused when the settings are read, by name."""
    with pytest.raises(ValidationError, match=r"head"):
        NoteSettings(head=words)
