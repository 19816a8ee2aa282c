"""A task's conversation, read again and again while it grows."""

from __future__ import annotations

import pytest
from wetgate.daemon.desk.hearing import Drawn, Heard, listen
from wetgate.daemon.desk.vocabulary import Vocabulary
from wetgate.daemon.plugins import processor
from wetgate.processors.remove import Remove
from wetgate.schema.tracker import Attachment, BriefSource, EntityRef, NoteText, TrackerTask

VOCABULARY = Vocabulary(Remove())
TASK = TrackerTask(
    ref=EntityRef(type="Task", id="1"), name="cleanup", project="PINE", entity=None, status="rev", assigned_to_us=True
)


class Talk:
    """A task on which people write, and what was heard of it."""

    def __init__(self) -> None:
        self.notes: list[NoteText] = []
        self.files: list[Attachment] = []
        self.drawn: list[Drawn] = []
        self.heard: tuple[str, ...] = ()
        self.acted: tuple[str, ...] = ()

    def write(self, text: str, author: str = "Ada", *, by_us: bool = False) -> None:
        number = len(self.notes) + 1
        self.notes.append(NoteText(id=f"Note:{number}", author=author, text=text, at=float(number), by_us=by_us))

    def listen(self, *, replying: bool = True, vocabulary: Vocabulary = VOCABULARY) -> Heard:
        source = BriefSource(
            task=TASK,
            description="plate: A001C001\ngrow: 1",
            notes=tuple(self.notes),
            attachments=tuple(self.files),
        )
        return listen(source, vocabulary, heard=self.heard, acted=self.acted, drawn=self.drawn, replying=replying)

    def act(self, *, replying: bool = True) -> Heard:
        """Listen, and remember as the desk does when it queues the work."""
        heard = self.listen(replying=replying)
        self.heard, self.acted = heard.heard, heard.acted
        return heard


def test_what_was_said_before_the_first_job_is_a_brief() -> None:
    """Phrases count from the first version on; lines always do, and ours never."""
    talk = Talk()
    talk.write("wider matte")
    talk.write("feather: 2")
    talk.write("grow: 50", by_us=True)
    assert talk.act(replying=False).brief.values == {"plate": "A001C001", "grow": "1", "feather": "2"}
    again = talk.listen()
    assert not again.wants
    assert again.brief.values["grow"] == "1"


def test_wishes_add_up_in_the_order_in_which_they_were_said() -> None:
    """Each counts on from the state before it, also over several versions."""
    talk = Talk()
    talk.act(replying=False)
    talk.write("wider matte")
    talk.write("wider matte, 1012-1040")
    first = talk.act()
    assert first.words == "matte 4 px wider, as asked by Ada; matte 4 px wider on 1012-1040, as asked by Ada"
    assert {"grow": "5", "grow_on": "1012-1040: 4"}.items() <= first.brief.values.items()
    talk.write("tighter matte by 2", author="Bo")
    second = talk.act()
    assert second.words == "matte 2 px tighter, as asked by Bo"
    assert second.brief.values["grow"] == "3"


def test_talk_and_half_wishes_do_nothing_and_are_heard_once() -> None:
    """Only what is clear counts; what is unclear is told, once, until its author corrects it."""
    talk = Talk()
    talk.act(replying=False)
    talk.write("Looks better than the last one from the vendor, I think.")
    talk.write("wider matte, but gently")
    heard = talk.listen()
    assert not heard.wants
    assert [said.id for said in heard.unclear] == ["Note:2"]
    talk.heard = heard.heard
    assert talk.listen().fresh == ()
    talk.notes[1] = talk.notes[1].model_copy(update={"text": "wider matte"})
    assert talk.act().words == "matte 4 px wider, as asked by Ada"
    talk.notes[1] = talk.notes[1].model_copy(update={"text": "wider matte, please"})
    assert not talk.listen().wants


def test_a_reply_whose_work_failed_stands_aside() -> None:
    """What is heard and not acted on leaves the brief as it was; its lines stay, to be corrected by a later one."""
    talk = Talk()
    talk.act(replying=False)
    talk.write("wider matte, 9000-9100\nfeather: much")
    heard = talk.listen()
    assert "grow_on" in heard.brief.values
    assert "grow_on" not in heard.standing.values
    talk.heard = heard.heard
    talk.write("feather: 4")
    after = talk.act()
    assert after.brief.values == {"plate": "A001C001", "grow": "1", "feather": "4"}


def test_work_that_lacks_an_option_is_not_asked_for_it() -> None:
    """A grade has no matte to widen: the reply is answered and nothing counts."""
    talk = Talk()
    talk.write("wider matte")
    heard = talk.listen(vocabulary=Vocabulary(processor("match_grade")))
    (said,) = heard.unclear
    assert "cannot be asked of this kind of work" in said.fault
    assert not heard.wants


def test_wishes_count_on_from_any_name_of_a_key() -> None:
    """`take:`, `bbox:` and `widen:` are what `also use`, a drawing and `wider matte` add to."""
    talk = Talk()
    talk.write("take: A002C001\nbbox: 1001: 1,2,3,4\nwiden: 3")
    talk.act(replying=False)
    talk.write("also use A003C001, wider matte")
    talk.files.append(Attachment(id="7", name="annot.png", url="", at=5.0, drawn=True))
    talk.drawn.append(Drawn("drawn 7", 5.0, {"box": "1012: 5,6,7,8"}, "a box drawn on 1012"))
    values = VOCABULARY.values(talk.act().brief.lines)
    assert values["takes"] == "A002C001, A003C001"
    assert values["box"] == "1001: 1,2,3,4; 1012: 5,6,7,8"
    assert values["grow"] == "7"


def test_drawings_stand_beside_what_was_marked_before() -> None:
    """A drawing counts in its place in time, once, and is named; a later line replaces it."""
    talk = Talk()
    talk.act(replying=False)
    talk.write("box: 1001: 1,2,3,4")
    talk.act()
    talk.files.append(Attachment(id="7", name="annot.png", url="", at=2.0, drawn=True))
    talk.drawn.append(Drawn("drawn 7", 2.0, {"box": "1012: 5,6,7,8"}, "a box drawn on 1012"))
    heard = talk.act()
    assert heard.brief.values["box"] == "1001: 1,2,3,4; 1012: 5,6,7,8"
    assert heard.words == "a box drawn on 1012"
    assert not talk.listen().wants
    talk.notes.append(NoteText(id="Note:9", author="Ada", text="box: 1: 1,1,1,1", at=9.0))
    assert talk.act().brief.values["box"] == "1: 1,1,1,1"


@pytest.mark.parametrize("key", ["Slate", "scene", "Date", "Note", "Client"])
def test_words_before_a_colon_are_not_all_keys(key: str) -> None:
    """`Slate: 24A` is no slip for `plate`."""
    talk = Talk()
    talk.write(f"{key}: 24A")
    assert not talk.listen().wants
