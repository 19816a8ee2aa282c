"""The grammar of replies, phrase by phrase."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from wetgate.daemon.desk import replies
from wetgate.daemon.desk.replies import UNDERSTOOD, read_reply
from wetgate.daemon.desk.wishes import Wish, WishKind
from wetgate.schema.errors import BriefIncomplete


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("wider matte", "matte 4 px wider"),
        ("tighter matte", "matte 4 px tighter"),
        ("Wider matte, please!", "matte 4 px wider"),
        ("wider matte, 1012-1040", "matte 4 px wider on 1012-1040"),
        ("wider matte: 1012-1040", "matte 4 px wider on 1012-1040"),
        ("matte: wider", "matte 4 px wider"),
        ("matte 6 px wider on 1012-1040", "matte 6 px wider on 1012-1040"),
        ("widen the matte by 6", "matte 6 px wider"),
        ("tighter matte 1012-1020", "matte 4 px tighter on 1012-1020"),
        ("tighter matte by 12 on 1012-1020", "matte 12 px tighter on 1012-1020"),
        ("a bit wider matte on head+4 - tail-2", "matte 2 px wider on head+4 - tail-2"),
        ("much tighter mask", "matte 8 px tighter"),
        ("matte too tight on 1012", "matte 4 px wider on 1012"),
        ("wider matte on 01:00:10:05-01:00:11:00", "matte 4 px wider on 01:00:10:05-01:00:11:00"),
        ("use take 3", "picture from take 3"),
        ("Use A001_C003 instead", "picture from A001_C003"),
        ("also use A002C001", "picture also from A002C001"),
        ("own frames only", "picture from the shot's own frames only"),
        ("only 1012-1040", "frames 1012-1040"),
        ("whole shot", "frames all"),
        ("softer edge", "edge 2 px softer"),
        ("include the shadow", "shadow, reflection and soft edge taken in"),
        ("redo", "made again"),
        ("Redo it.", "made again"),
        ("approved", "approved"),
        ("v002 approved, thanks", "approved"),
    ],
)
def test_a_phrase_means_one_thing(text: str, means: str) -> None:
    """Courtesies, case and stops around a phrase do not matter."""
    reply = read_reply(text)
    assert [wish.words for wish in reply.wishes] == [means]
    assert reply.unknown == ()
    assert not reply.unclear


def test_several_phrases_are_several_wishes() -> None:
    """Each stretch of frames belongs to the phrase before it; further takes follow the first."""
    reply = read_reply("tighter matte 1012-1020, wider matte, 1030-1040\nuse take 3 and take 4. softer edge")
    assert [wish.words for wish in reply.wishes] == [
        "matte 4 px tighter on 1012-1020",
        "matte 4 px wider on 1030-1040",
        "picture from take 3",
        "picture also from take 4",
        "edge 2 px softer",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "I think we should use take 3 of the dance",
        "we need to redo the roto on this one",
        "approved by client",
        "wider matte but only where she turns",
        "1012-1040 is where she turns",
        "Great work, everybody!",
        "> wider matte\nAgreed?",
        "use it",
        "Client: loves it",
    ],
)
def test_talk_among_people_is_left_alone(text: str) -> None:
    """A phrase fits as a whole or not at all, and a quoted one is nobody's wish."""
    reply = read_reply(text)
    assert reply.wishes == ()
    assert not reply.unclear


@pytest.mark.parametrize(
    "text", ["wetgate: make it nicer", "@Wetgate what now?", "wider matte, but only the left hand"]
)
def test_what_is_meant_for_us_and_not_understood_is_unclear(text: str) -> None:
    """Our name at the start, or an understood phrase beside one that is not, asks for an answer."""
    assert read_reply(text).unclear


def test_our_name_may_begin_what_is_understood() -> None:
    """Addressed and understood is a wish like any other; lines of a brief stay lines."""
    reply = read_reply("@wetgate, wider matte\nwetgate: grow: 6")
    assert [wish.words for wish in reply.wishes] == ["matte 4 px wider"]
    assert [(line.key, line.value) for line in reply.lines] == [("grow", "6")]
    assert not reply.unclear


def test_wishes_count_on_from_what_was_said() -> None:
    """Wider twice is wider by both; on some frames it adds a stretch; a take replaces, another joins."""

    def lines(now: dict[str, str], **wish: object) -> dict[str, str]:
        return {line.key: line.value for line in Wish.model_validate({"text": "x", **wish}).lines(now)}

    assert lines({}, kind="grow", pixels=4) == {"grow": "4"}
    assert lines({"grow": "4"}, kind="grow", pixels=-8) == {"grow": "-4"}
    before = {"grow_on": "1001-1004: 4"}
    assert lines(before, kind="grow", pixels=-4, frames="1012-1040") == {"grow_on": "1001-1004: 4; 1012-1040: -4"}
    assert lines({"feather": "1"}, kind="feather", pixels=-2) == {"feather": "0"}
    assert lines({"takes": "A"}, kind="take", name="B") == {"takes": "B", "use_takes": "on"}
    assert lines({"takes": "A"}, kind="also take", name="B") == {"takes": "A, B", "use_takes": "on"}
    with pytest.raises(BriefIncomplete, match="grow: lots"):
        Wish(kind=WishKind.GROW, text="wider matte", pixels=4).lines({"grow": "lots"})


def test_what_is_documented_is_understood() -> None:
    """Every phrase of the README's table, of the module's own list and of the answers reads as a wish or a line."""
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")
    table = readme.split("## Replies", 1)[1].split("A phrase fits as a whole", 1)[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
    phrases = [phrase for text in (*rows, *UNDERSTOOD) for phrase in re.findall(r"`([^`]+)`", text)]
    listed = [line for line in (replies.__doc__ or "").splitlines() if line.startswith("    ")]
    phrases += [part for line in listed if "(" not in line for part in re.split(r"\s{2,}", line.strip())]
    assert len(phrases) > 30
    for phrase in phrases:
        reply = read_reply(phrase)
        assert reply.wishes or reply.lines, phrase
        assert not reply.unknown, phrase
