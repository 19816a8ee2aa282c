"""What people may answer to a version, besides `key: value` lines: a small, explicit grammar.

A reply is split into phrases at line ends, commas, semicolons, full stops and `and`. A phrase is either one
of those below, a courtesy, which counts for nothing, or not understood. Nothing is guessed: a phrase fits as
a whole or not at all, so that people can talk about a shot without starting work.

    wider matte            tighter matte          matte 6 px wider       widen the matte by 6
    a bit wider matte      much tighter matte     (2, 4 or 8 pixels; each may be followed by frames)
    use take 3             use A001_C003          also use A001_C004     own frames only
    only 1012-1040         whole shot             softer edge            harder edge
    include the shadow     redo                   approved

Frames read as everywhere: `1012-1040`, `01:00:10:05-01:00:11:00`, `head+4 - tail-2`.
"""

from __future__ import annotations

import re

from ...schema.brief import Line, parse_brief
from ...schema.frames import SPAN
from ...schema.model import Value
from .wishes import Wish, WishKind

LITTLE, STEP, MUCH = 2, 4, 8
"""Pixels by which a matte's edge moves for `a bit wider`, `wider` and `much wider`."""

SOFTER = 2
"""Pixels by which the fading edge becomes wider or narrower."""

UNDERSTOOD = (
    "`wider matte`, `tighter matte`, `matte 6 px wider`, each also with frames, as `wider matte, 1012-1040`",
    "`use take 3`, `use A001_C003`, `also use A001_C004`, `own frames only`",
    "`only 1012-1040`, `whole shot`, `softer edge`, `harder edge`, `include the shadow`",
    "`redo`; `approved` (by those who may)",
    "any line of a brief, as `grow: 6` or `box: 1012: 640,300,180,420`",
)
"""The grammar, for answers."""


class Reply(Value):
    """One note, read. `unknown` are the phrases that were not understood; `addressed`: it begins with our name."""

    lines: tuple[Line, ...] = ()
    wishes: tuple[Wish, ...] = ()
    unknown: tuple[str, ...] = ()
    addressed: bool = False

    @property
    def unclear(self) -> bool:
        """Whether it is meant for us and not understood as a whole: then it is answered, and nothing is done."""
        return bool(self.unknown) and (self.addressed or bool(self.wishes))

    @property
    def wanting(self) -> tuple[Wish, ...]:
        """The wishes that ask for work."""
        return tuple(wish for wish in self.wishes if wish.kind is not WishKind.APPROVE)

    @property
    def approves(self) -> bool:
        """Whether its author calls the version approved."""
        return any(wish.kind is WishKind.APPROVE for wish in self.wishes)


_NAME = re.compile(r"^\s*@?wetgate\b[\s,:;.!-]*", re.IGNORECASE)
_QUOTED = re.compile(r"^\s*(>|On .{4,80} wrote:$)")
_SPLIT = re.compile(r"[,;!?]+(?=\s|$)|\.+(?=\s|$)|\s+(?:and|then|&)\s+", re.IGNORECASE)
_TIMECODE_END = re.compile(r"(\d{2}:\d{2}:\d{2});(\d{2})")
_BEFORE = re.compile(
    r"^(?:(?:please|pls|hi|hello|hey|ok|okay|so|now|also|just|and|but|can you|could you|can we|make it|make the|"
    r"give it a|with a|a|the|try a)\s+)+",
    re.IGNORECASE,
)
_AFTER = re.compile(
    r"(?:\s+(?:please|pls|thanks|thank you|again|instead|now|here|there|too|a bit|overall))+$", re.IGNORECASE
)
_COURTESY = re.compile(
    r"(?:(?:please|pls|thanks|thank you|many thanks|thx|cheers|hi|hello|hey|ok|okay|all|team|there|again|so much|a lot|"
    r"(?:(?:this|it|that) )?(?:looks? |is )?(?:very |really |otherwise )?(?:good|great|nice|lovely|fine|better|perfect)"
    r"(?: (?:work|job|otherwise|now|already))?|well done|love it|almost there|nearly there)(?: |$))+",
    re.IGNORECASE,
)
_LONGEST = 160
"""Characters of a phrase; what is longer is talk."""

_THING = r"(?:the |this |that |its )?(?:matte|mask|roto)"
_WIDER, _TIGHTER = r"wider|bigger|larger|broader", r"tighter|narrower|smaller|thinner"
_MUCH = r"(?:(?P<much>a (?:little )?bit|a little|slightly|much|a lot|way) )?"
_PX = r"(?:px|pix|pixels?)"
_BY = rf"(?:\s+by\s+(?P<px>\d{{1,2}})(?:\s*{_PX})?(?![\d-])|\s+(?P<bare>\d{{1,2}})\s*{_PX})?"
_ON = rf"(?:\s*(?:on|at|in|for|from|over|during)?\s*(?:frames?\s+)?(?P<frames>{SPAN}))?"
_PATTERNS: tuple[tuple[WishKind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (WishKind.GROW, rf"{_MUCH}(?:(?P<wider>{_WIDER})|{_TIGHTER}) {_THING}{_BY}{_ON}"),
        (
            WishKind.GROW,
            rf"{_THING}(?: should be| must be| could be| needs to be| to be)? {_MUCH}(?:(?P<px>\d{{1,2}})\s*{_PX} )?"
            rf"(?:(?P<wider>{_WIDER})|{_TIGHTER}){_ON}",
        ),
        (
            WishKind.GROW,
            rf"{_THING}(?: should be| must be)? (?:(?P<wider>{_WIDER})|{_TIGHTER})"
            rf" by (?P<px>\d{{1,2}})(?:\s*{_PX})?(?![\d-]){_ON}",
        ),
        (WishKind.GROW, rf"(?:(?P<wider>widen|expand|grow|dilate)|tighten|narrow|shrink|erode) {_THING}{_BY}{_ON}"),
        (WishKind.GROW, rf"{_THING}(?: is| was)? too (?:(?P<wider>tight|narrow|small|thin)|wide|big|large|loose){_ON}"),
        (WishKind.TAKE, r"(?:use|try|take it from|from) (?P<name>take\s*#?\d{1,3})"),
        (WishKind.TAKE, r"(?:use|try) (?:the )?(?:take |clip )?(?P<name>(?=\S*\d)[A-Za-z0-9][\w./-]{2,120})"),
        (WishKind.ALSO_TAKE, r"(?:also use|use also|add) (?P<name>take\s*#?\d{1,3})"),
        (
            WishKind.ALSO_TAKE,
            r"(?:also use|use also|add) (?:the )?(?:take |clip )?(?P<name>(?=\S*\d)[A-Za-z0-9][\w./-]{2,120})",
        ),
        (
            WishKind.OWN_FRAMES,
            r"(?:use )?(?:the )?(?:shot's )?own frames only|(?:use )?no (?:other )?takes|without (?:the )?other takes?",
        ),
        (WishKind.FRAMES, rf"only (?:on )?(?:frames? )?(?P<frames>{SPAN})|frames? (?P<more>{SPAN}) only"),
        (WishKind.FRAMES, r"(?P<all>all frames|(?:the )?whole shot|(?:the )?entire shot)"),
        (WishKind.FEATHER, r"(?:(?P<softer>softer|more)|harder|sharper|less) (?:(?:matte )?edges?|feather(?:ing)?)"),
        (WishKind.FEATHER, r"(?:the )?edges? (?:should be )?(?:(?P<softer>softer)|harder|sharper)"),
        (
            WishKind.EFFECTS,
            r"(?:include|remove|take in|take|with) (?:in )?(?:the |her |his |their |its )?(?:shadow|reflection)s?",
        ),
        (
            WishKind.REDO,
            r"redo(?: (?:it|this))?|re-?run(?: it)?|(?:do|make|run) (?:it |this )?again|again|once more|try again",
        ),
        (WishKind.APPROVE, r"(?:(?P<name>\S*v\d{2,4}) )?(?:is )?approved|approve(?: (?:it|this))?"),
    )
)
_FRAMES = re.compile(rf"(?:on|at|in|for|from|over)?\s*(?:frames?\s+)?({SPAN})(?:\s+only)?", re.IGNORECASE)
_MORE_TAKE = re.compile(r"(?:take\s*#?\d{1,3}|(?=\S*\d)(?=\S*[A-Za-z])[A-Za-z0-9][\w./-]{2,120})", re.IGNORECASE)


def read_reply(text: str) -> Reply:
    """What a note says to us; never raises."""
    lines: list[Line] = []
    wishes: list[Wish] = []
    unknown: list[str] = []
    addressed = False
    for raw in text[:20_000].splitlines():
        if _QUOTED.match(raw):
            continue
        name = _NAME.match(raw)
        addressed = addressed or name is not None
        said = raw[name.end() :] if name else raw
        written = parse_brief([said]).lines
        if written and not _is_wish(written[0]):
            lines += written
            continue
        for phrase in _phrases(said.replace(":", " ", 1) if written else said):
            _read(phrase, wishes, unknown)
    return Reply(lines=tuple(lines), wishes=tuple(wishes), unknown=tuple(unknown), addressed=addressed)


def _is_wish(line: Line) -> bool:
    """`matte: wider` is no file called wider."""
    wishes: list[Wish] = []
    unknown: list[str] = []
    for phrase in _phrases(f"{line.key.replace('_', ' ')} {line.value}"):
        _read(phrase, wishes, unknown)
    return bool(wishes) and not unknown


def _phrases(text: str) -> list[str]:
    """The phrases of one line."""
    kept = _TIMECODE_END.sub(r"\1.\2", text)  # a semicolon inside a timecode parts nothing
    return [phrase.strip() for phrase in _SPLIT.split(kept.strip().strip("-*•").strip()) if phrase.strip(" .-*'\"")]


def _read(phrase: str, wishes: list[Wish], unknown: list[str]) -> None:
    """Add what one phrase says: a wish, frames for the wish before it, a further take, or something unknown."""
    bare = " ".join(phrase.strip(" .'\"").split())
    if len(bare) > _LONGEST:
        unknown.append(phrase)
        return
    if not bare or _COURTESY.fullmatch(bare):
        return
    for tried in dict.fromkeys((bare, _BEFORE.sub("", bare), _AFTER.sub("", _BEFORE.sub("", bare)))):
        wish = _wish(tried, phrase)
        if wish is not None:
            wishes.append(wish)
            return
    last = wishes[-1] if wishes else None
    frames = _FRAMES.fullmatch(bare)
    if frames and last is not None and last.kind is WishKind.GROW and not last.frames:
        wishes[-1] = last.model_copy(update={"frames": frames[1], "text": f"{last.text}, {phrase}"})
    elif last is not None and last.kind in {WishKind.TAKE, WishKind.ALSO_TAKE} and _MORE_TAKE.fullmatch(bare):
        wishes.append(Wish(kind=WishKind.ALSO_TAKE, text=phrase, name=bare))
    else:
        unknown.append(phrase)


def _wish(tried: str, phrase: str) -> Wish | None:
    for kind, pattern in _PATTERNS:
        match = pattern.fullmatch(tried)
        if match is None:
            continue
        said = match.groupdict()
        if kind is WishKind.GROW:
            size = int(said.get("px") or said.get("bare") or 0) or _size(said.get("much"))
            pixels = size if said["wider"] else -size
            return Wish(kind=kind, text=phrase, pixels=pixels, frames=said.get("frames") or "")
        if kind is WishKind.FEATHER:
            return Wish(kind=kind, text=phrase, pixels=SOFTER if said["softer"] else -SOFTER)
        if kind is WishKind.FRAMES:
            frames = "all" if said.get("all") else said.get("frames") or said.get("more") or ""
            return Wish(kind=kind, text=phrase, frames=frames)
        return Wish(kind=kind, text=phrase, name=(said.get("name") or "").strip())
    return None


def _size(much: str | None) -> int:
    if not much:
        return STEP
    return MUCH if much.lower() in {"much", "a lot", "way"} else LITTLE
