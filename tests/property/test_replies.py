"""Whatever people write, reading it never raises, never hangs, and says the same twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wetgate.daemon.desk import replies
from wetgate.daemon.desk.hearing import listen
from wetgate.daemon.desk.replies import read_reply
from wetgate.daemon.desk.vocabulary import Vocabulary
from wetgate.processors.remove import Remove
from wetgate.schema.errors import BriefIncomplete
from wetgate.schema.frames import FrameCount
from wetgate.schema.tracker import BriefSource, EntityRef, NoteText, TrackerTask

VOCABULARY = Vocabulary(Remove())
WORDS = st.sampled_from(
    [*(replies.__doc__ or "").split(), "@wetgate", "please", "01:00:10;05", ",", ":", "grow=", "\n"]
)
"""The words of the grammar's own examples, and what stands between them."""
TEXT = st.one_of(st.text(max_size=300), st.lists(WORDS, max_size=25).map(" ".join))
TASK = TrackerTask(
    ref=EntityRef(type="Task", id="1"), name="cleanup", project="PINE", entity=None, status="rdy", assigned_to_us=True
)


@given(TEXT)
def test_reading_never_raises(text: str) -> None:
    """Every text is read, the same way each time, and no wish is lost or empty."""
    reply = read_reply(text)
    assert reply == read_reply(text)
    assert all(wish.text and wish.words for wish in reply.wishes)


@given(st.lists(TEXT, max_size=5), st.booleans())
def test_hearing_a_task_never_raises(texts: list[str], replying: bool) -> None:
    """A whole conversation becomes a brief; heard again, nothing in it is new and the brief is the same."""
    notes = tuple(NoteText(id=f"Note:{n}", author="Ada", text=text, at=float(n)) for n, text in enumerate(texts))
    source = BriefSource(task=TASK, description="plate: A001C001", notes=notes)
    once = listen(source, VOCABULARY, replying=replying)
    again = listen(source, VOCABULARY, heard=once.heard, acted=once.acted, replying=replying)
    assert again.brief == once.brief
    assert again.standing == once.brief
    assert not again.wants
    assert not again.fresh


@given(st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=8).map(" ".join)))
def test_counting_frames_raises_words_or_counts(text: str) -> None:
    """A stretch lies on the plate, first before last, or is refused in a sentence."""
    plate = FrameCount("A001", 1001, 100, 8, None, None)
    try:
        span = plate.span(text)
    except ValueError as error:
        assert str(error)
    else:
        assert span is None or 1001 <= span[0] <= span[1] <= 1100


def test_a_wish_that_cannot_be_counted_is_a_fault_of_its_note() -> None:
    """`wider` on a width that is no number is answered, and the other notes count."""
    notes = (
        NoteText(id="Note:1", author="Ada", text="grow: lots", at=1.0),
        NoteText(id="Note:2", author="Ada", text="wider matte", at=2.0),
        NoteText(id="Note:3", author="Ada", text="softer edge", at=3.0),
    )
    heard = listen(BriefSource(task=TASK, description="", notes=notes), VOCABULARY, replying=True)
    (unclear,) = heard.unclear
    assert "grow: lots" in unclear.fault
    assert heard.acted == ("Note:3",)
    with pytest.raises(BriefIncomplete):
        heard.fresh[1].reply.wishes[0].lines({"grow": "lots"})
