"""A task's description, notes and drawings read in the order in which people made them: one brief, and what is new."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from ...schema.brief import Brief, Line, parse_brief
from ...schema.errors import BriefIncomplete
from ...schema.tracker import BriefSource, NoteText
from .replies import UNDERSTOOD, Reply, read_reply
from .vocabulary import Vocabulary
from .wishes import NEEDS, Wish


@dataclass(frozen=True)
class Said:
    """One note that was not read before; `fault` says what of it cannot be done."""

    note: NoteText
    reply: Reply
    fault: str = ""

    @property
    def id(self) -> str:
        """The note's."""
        return self.note.id

    @property
    def key(self) -> str:
        """The note as it reads now: a note that its author corrects is heard anew."""
        text = " ".join(self.note.text.casefold().split())
        return f"{self.note.id}#{hashlib.sha256(text.encode()).hexdigest()[:8]}"

    @property
    def at(self) -> float:
        """When it was written."""
        return self.note.at

    @property
    def clear(self) -> bool:
        """Whether all of it can be acted on."""
        return not self.reply.unclear and not self.fault

    @property
    def author(self) -> str:
        """Who wrote it."""
        return self.note.author or self.note.login or "a reply"


@dataclass(frozen=True)
class Drawn:
    """What was drawn in red on a frame of a version of ours: options of a brief, and how to call it."""

    id: str
    at: float
    marks: Mapping[str, str]
    words: str


@dataclass(frozen=True)
class Heard:
    """What people said about a task. `fresh` notes, `drawn` and `files` (ids) were not read before.

    `standing` is the brief without the wishes that are new. `heard` and `acted` are what the task's row remembers
    once this was acted on.
    """

    brief: Brief
    standing: Brief
    fresh: tuple[Said, ...]
    drawn: tuple[Drawn, ...]
    files: frozenset[str]
    heard: tuple[str, ...]
    acted: tuple[str, ...]
    speaks: bool

    @property
    def unclear(self) -> tuple[Said, ...]:
        """Notes that are meant for us and cannot be acted on."""
        return tuple(said for said in self.fresh if not said.clear)

    @property
    def approvals(self) -> tuple[Said, ...]:
        """Notes that call a version approved."""
        return tuple(said for said in self.fresh if said.reply.approves and not said.reply.unclear)

    @property
    def wishes(self) -> tuple[Wish, ...]:
        """What the new notes ask for in phrases."""
        return tuple(wish for said in self._clear for wish in said.reply.wanting)

    @property
    def wants(self) -> bool:
        """Whether anything new asks for work."""
        return self.speaks or bool(self.wishes or self.drawn)

    @property
    def words(self) -> str:
        """What changes and by whose wish: `matte 4 px wider on 1012-1040, as asked by Ada`."""
        parts = []
        for said in self._clear:
            told = [wish.words for wish in said.reply.wanting] + [line.text for line in said.reply.lines]
            if told:
                parts.append(f"{', '.join(told)}, as asked by {said.author}")
        return "; ".join([*parts, *(drawn.words for drawn in self.drawn)])

    @property
    def newest(self) -> str:
        """The key of the last new note or drawing; empty for none."""
        new = [said.key for said in self.fresh] + [drawn.id for drawn in self.drawn]
        return new[-1] if new else ""

    @property
    def about_versions(self) -> bool:
        """Whether any of it was said in the review player, where a note and its drawing come one after the other."""
        return bool(self.drawn) or any(said.note.version is not None for said in self.fresh)

    @property
    def _clear(self) -> tuple[Said, ...]:
        return tuple(said for said in self.fresh if said.clear)


def listen(
    source: BriefSource,
    vocabulary: Vocabulary,
    *,
    heard: Collection[str] = (),
    acted: Collection[str] = (),
    drawn: Collection[Drawn] = (),
    replying: bool = False,
) -> Heard:
    """Read all of *source*; keys *heard* before are not new, the wishes of the notes *acted* on (ids) count again.

    Only with *replying* (work was done for this task before) notes are read as replies; else as lines alone. *drawn*
    holds the drawings that count.
    """
    notes = [note for note in source.notes if not note.by_us]
    read = read_reply if replying else _as_lines
    told: list[Said | Drawn] = [*(Said(note, read(note.text)) for note in notes), *drawn]
    told.sort(key=lambda one: one.at)
    lines = list(parse_brief([source.description]).lines)
    standing = list(lines)
    fresh: list[Said] = []
    counted: list[str] = []
    for one in told:
        old = one.id in acted
        if isinstance(one, Drawn):
            lines += _drawn_lines(one, lines, vocabulary)
            standing += _drawn_lines(one, standing, vocabulary) if old else []
            counted.append(one.id)
            continue
        fault = one.fault
        new = one.key not in heard and not old  # a reply is acted on once, though it be edited
        lines += one.reply.lines
        standing += one.reply.lines
        if old or (new and not one.reply.unclear):
            try:
                lines += _wished(one.reply, lines, vocabulary)
                standing += _wished(one.reply, standing, vocabulary) if old else []
                counted += [one.id] if one.reply.wanting else []
            except BriefIncomplete as error:
                fault = str(error)
        fresh += [replace(one, fault=fault)] if new else []
    files = {f"file {one.id}" for one in source.attachments if not one.drawn}
    known = [one.key for one in told if isinstance(one, Said)] + [
        f"drawn {one.id}" for one in source.attachments if one.drawn
    ]
    return Heard(
        brief=Brief(lines=tuple(lines)),
        standing=Brief(lines=tuple(standing)),
        fresh=tuple(fresh),
        drawn=tuple(one for one in drawn if one.id not in heard),
        files=frozenset(files - set(heard)),
        heard=tuple(dict.fromkeys([*heard, *known, *sorted(files)])),
        acted=tuple(dict.fromkeys([*acted, *counted])),
        speaks=any(vocabulary.speaks(Brief(lines=said.reply.lines)) for said in fresh if said.clear),
    )


def _as_lines(text: str) -> Reply:
    return Reply(lines=parse_brief([text]).lines)


def _wished(reply: Reply, before: list[Line], vocabulary: Vocabulary) -> list[Line]:
    """The lines that a reply's wishes come to. Raises BriefIncomplete."""
    now = vocabulary.values(before)
    lines: list[Line] = []
    for wish in reply.wanting:
        needs = NEEDS.get(wish.kind)
        if needs is not None and needs not in vocabulary.options:
            raise BriefIncomplete(f"`{wish.text}` cannot be asked of this kind of work, which has no `{needs}`.")
        for line in wish.lines(now):
            if line.key in vocabulary.options or line.key == "takes":
                lines.append(line)
                now[line.key] = line.value
    return lines


def _drawn_lines(drawn: Drawn, before: list[Line], vocabulary: Vocabulary) -> list[Line]:
    """A drawing's boxes and points stand beside those that were named before."""
    now = vocabulary.values(before)
    return [
        Line(key=key, value=f"{now[key]}; {value}" if now.get(key) else value, text=f"{key}: {value}")
        for key, value in drawn.marks.items()
    ]


def unclear_text(said: Said) -> str:
    """The answer to a reply that was not understood, or cannot be done."""
    lines = [f"{said.author} wrote: {said.note.text.strip()[:400]}"]
    if said.fault:
        lines.append(said.fault)
    else:
        lines += [f"Not understood: {', '.join(f'`{phrase}`' for phrase in said.reply.unknown[:6])}."]
    if said.reply.wanting and not said.fault:
        lines.append(f"Understood: {', '.join(wish.words for wish in said.reply.wanting)}.")
    lines.append("Nothing was started. Write it again with what is understood alone:")
    return "\n".join([*lines, *(f"- {words}" for words in UNDERSTOOD)])
