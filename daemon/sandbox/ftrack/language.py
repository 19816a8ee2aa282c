"""The query language: `select PROJECTIONS from TYPE where CRITERIA group by .. order by .. offset N limit N`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .refusal import Refusal

_TOKEN = re.compile(
    r"""\s*(?:(?P<quoted>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<mark>>=|<=|!=|=|>|<|\(|\)|,)|(?P<word>[^\s"'(),=<>!]+))"""
)
OPERATORS = {
    "is": "is", "=": "is",
    "is_not": "is_not", "!=": "is_not",
    ">": ">", "after": ">", "greater_than": ">",
    "<": "<", "before": "<", "less_than": "<",
    ">=": ">=", "<=": "<=",
    "like": "like", "not_like": "not_like",
    "in": "in", "not_in": "not_in",
}  # fmt: skip
_ENDS = {"group", "order", "offset", "limit"}
_AGGREGATES = {"count", "sum", "avg", "min", "max"}


@dataclass(frozen=True)
class Condition:
    """`path operator value`; the value is a text, None, or for `in` a list or a `Query`."""

    path: tuple[str, ...]
    operator: str
    value: Any


@dataclass(frozen=True)
class Related:
    """`path any (criteria)` or `path has (criteria)`; without criteria any entity will do."""

    path: tuple[str, ...]
    criteria: Node | None


@dataclass(frozen=True)
class Both:
    """All of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    """One of the parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    """Not that."""

    part: Node


Node = Condition | Related | Both | Either | Not


@dataclass(frozen=True)
class Query:
    """A whole query. `totals` are aggregates as (function, attribute)."""

    type: str
    projections: tuple[tuple[str, ...], ...] = ()
    totals: tuple[tuple[str, str], ...] = ()
    criteria: Node | None = None
    groups: tuple[str, ...] = ()
    order: tuple[tuple[tuple[str, ...], bool], ...] = ()
    """Paths, each with whether it descends."""
    offset: int = 0
    limit: int | None = None


def parse(expression: str) -> Query:
    """Read an expression; refuses what is none."""
    reader = _Reader(expression)
    query = reader.query()
    reader.finish()
    return query


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(self._split(text))
        self._at = 0

    def query(self) -> Query:
        projections: list[tuple[str, ...]] = []
        totals: list[tuple[str, str]] = []
        if self._take_word("select"):
            self._selection(projections, totals)
            self._need_word("from")
        kind = self._word("an entity type")
        criteria = self._either() if self._take_word("where") else None
        groups: tuple[str, ...] = ()
        order: tuple[tuple[tuple[str, ...], bool], ...] = ()
        numbers = {"offset": 0, "limit": None}
        while (clause := self._peek_word()) in _ENDS:
            self._at += 1
            if clause == "group":
                self._need_word("by")
                groups = tuple(self._names())
            elif clause == "order":
                self._need_word("by")
                order = tuple(self._sorts())
            else:
                numbers[clause] = self._number()
        return Query(
            type=kind,
            projections=tuple(projections),
            totals=tuple(totals),
            criteria=criteria,
            groups=groups,
            order=order,
            offset=numbers["offset"] or 0,
            limit=numbers["limit"],
        )

    def finish(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong(f"unexpected {self._tokens[self._at][1]!r}")

    @staticmethod
    def _split(text: str) -> Any:
        at, text = 0, text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise Refusal(f"Failed to parse: {text}. Unexpected {text[at:].strip()[:20]!r}.", "ParseError")
            at = match.end()
            yield str(match.lastgroup), str(match[str(match.lastgroup)])

    def _selection(self, projections: list[tuple[str, ...]], totals: list[tuple[str, str]]) -> None:
        while True:
            name = self._word("an attribute")
            if name.lower() in _AGGREGATES and self._take_mark("("):
                totals.append((name.lower(), self._word("an attribute")))
                self._need_mark(")")
            else:
                projections.append(tuple(name.split(".")))
            if not self._take_mark(","):
                return

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take_word("or"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Either(tuple(parts))

    def _both(self) -> Node:
        parts = [self._single()]
        while self._take_word("and"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else Both(tuple(parts))

    def _single(self) -> Node:
        if self._take_word("not"):
            return Not(self._single())
        if self._take_mark("("):
            inner = self._either()
            self._need_mark(")")
            return inner
        path = tuple(self._word("an attribute").split("."))
        kind, text = self._next("an operator")
        if kind == "word" and text.lower() in {"any", "has"}:
            self._need_mark("(")
            criteria = None if self._peek() == ("mark", ")") else self._either()
            self._need_mark(")")
            return Related(path, criteria)
        operator = OPERATORS.get(text.lower())
        if operator is None:
            raise self._wrong(f"{text!r} is no operator")
        return Condition(path, operator, self._members() if operator in {"in", "not_in"} else self._value())

    def _members(self) -> Any:
        self._need_mark("(")
        if self._peek_word() == "select":
            inner = self.query()
            self._need_mark(")")
            return inner
        members = []
        while self._peek() != ("mark", ")"):
            members.append(self._value())
            if not self._take_mark(","):
                break
        self._need_mark(")")
        return members

    def _value(self) -> str | None:
        kind, text = self._next("a value")
        if kind == "quoted":
            return re.sub(r"\\([\\\"'])", r"\1", text[1:-1])
        if kind == "mark":
            raise self._wrong(f"unexpected {text!r}")
        return None if text.lower() in {"none", "null"} else text

    def _names(self) -> list[str]:
        names = [self._word("an attribute")]
        while self._take_mark(","):
            names.append(self._word("an attribute"))
        return names

    def _sorts(self) -> list[tuple[tuple[str, ...], bool]]:
        sorts = []
        while True:
            path = tuple(self._word("an attribute").split("."))
            descends = self._peek_word() in {"desc", "descending"}
            if descends or self._peek_word() in {"asc", "ascending"}:
                self._at += 1
            sorts.append((path, descends))
            if not self._take_mark(","):
                return sorts

    def _number(self) -> int:
        text = self._word("a number")
        if not text.isdigit():
            raise self._wrong(f"{text!r} is no number")
        return int(text)

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _peek_word(self) -> str:
        token = self._peek()
        return token[1].lower() if token and token[0] == "word" else ""

    def _next(self, wanted: str) -> tuple[str, str]:
        token = self._peek()
        if token is None:
            raise self._wrong(f"{wanted} is missing at the end")
        self._at += 1
        return token

    def _word(self, wanted: str) -> str:
        kind, text = self._next(wanted)
        if kind != "word":
            raise self._wrong(f"expected {wanted}, got {text!r}")
        return text

    def _take_word(self, word: str) -> bool:
        found = self._peek_word() == word
        self._at += found
        return found

    def _need_word(self, word: str) -> None:
        if not self._take_word(word):
            raise self._wrong(f"expected {word!r}")

    def _take_mark(self, mark: str) -> bool:
        found = self._peek() == ("mark", mark)
        self._at += found
        return found

    def _need_mark(self, mark: str) -> None:
        if not self._take_mark(mark):
            raise self._wrong(f"expected {mark!r}")

    def _wrong(self, what: str) -> Refusal:
        return Refusal(f"Failed to parse: {self._text}. {what[:1].upper()}{what[1:]}.", "ParseError")
