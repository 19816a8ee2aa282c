"""The hub's subscriptions: `topic=ftrack.update and not (source.user.username=bot or data.x>="3")`."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from .refusal import Refusal

Match = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>[()])|(?P<condition>[\w.]+)\s*(?P<operator>!=|>=|<=|=|>|<)\s*"""
    r"""(?:"(?P<double>(?:[^"\\]|\\.)*)"|'(?P<single>(?:[^'\\]|\\.)*)'|(?P<bare>[\w\-,./*@+]+))|(?P<word>\w+))"""
)
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


def parse(expression: str) -> Match:
    """A test for events; refuses what is no expression. An empty one fits every event."""
    text = expression.strip()
    if not text:
        return lambda _: True
    reader = _Reader(text)
    match = reader.either()
    if reader.tokens:
        raise Refusal(f"Failed to parse: {text}.", "ParseError")
    return match


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self.tokens: list[re.Match[str]] = []
        at = 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None or match.end() == at:
                raise Refusal(f"Failed to parse: {text}.", "ParseError")
            self.tokens.append(match)
            at = match.end()

    def either(self) -> Match:
        parts = [self._both()]
        while self._word("or"):
            parts.append(self._both())
        return lambda event: any(part(event) for part in parts)

    def _both(self) -> Match:
        parts = [self._single()]
        while self._word("and"):
            parts.append(self._single())
        return lambda event: all(part(event) for part in parts)

    def _single(self) -> Match:
        if self._word("not"):
            inner = self._single()
            return lambda event: not inner(event)
        token = self.tokens.pop(0) if self.tokens else None
        if token is not None and token["mark"] == "(":
            inner = self.either()
            closing = self.tokens.pop(0) if self.tokens else None
            if closing is None or closing["mark"] != ")":
                raise Refusal(f"Failed to parse: {self._text}.", "ParseError")
            return inner
        if token is None or token["condition"] is None:
            raise Refusal(f"Failed to parse: {self._text}.", "ParseError")
        values = (token["double"], token["single"], token["bare"])
        value = next(one for one in values if one is not None)
        return _condition(token["condition"].split("."), token["operator"], value)

    def _word(self, word: str) -> bool:
        found = bool(self.tokens) and (self.tokens[0]["word"] or "").lower() == word
        if found:
            self.tokens.pop(0)
        return found


def _condition(path: list[str], sign: str, value: str) -> Match:
    compare = _OPERATORS[sign]

    def match(event: Mapping[str, Any]) -> bool:
        found: Any = event
        for name in path:
            if not isinstance(found, Mapping) or name not in found:
                return False
            found = found[name]
        if sign == "=" and value.endswith("*"):
            return isinstance(found, str) and found.startswith(value[:-1])
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            found = str(found)
        try:
            return bool(compare(found, value))
        except TypeError:
            return False

    return match
