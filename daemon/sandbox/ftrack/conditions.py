"""Criteria as tests on records."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from ..storage import Record
from .graph import Graph
from .language import Both, Condition, Either, Node, Not, Query, Related
from .refusal import Refusal
from .schema import Field
from .values import comparable

Test = Callable[[Record], bool]
_ORDERED = {">": operator.gt, "<": operator.lt, ">=": operator.ge, "<=": operator.le}


class Conditions:
    """Turns criteria into tests. A path through a collection holds where one of its entities does.

    An empty value fits nothing but `is none`, as in the site's database.
    """

    def __init__(self, graph: Graph, run: Callable[[Query], list[Record]]) -> None:
        """*run* answers a query within a query."""
        self._graph = graph
        self._run = run

    def test(self, kind: str, node: Node) -> Test:
        """The test that entities of that type must pass."""
        match node:
            case Both(parts):
                tests = [self.test(kind, part) for part in parts]
                return lambda record: all(test(record) for test in tests)
            case Either(parts):
                tests = [self.test(kind, part) for part in parts]
                return lambda record: any(test(record) for test in tests)
            case Not(part):
                inner = self.test(kind, part)
                return lambda record: not inner(record)
            case Related(path, criteria):
                return self._related(kind, path, criteria)
            case Condition():
                return self._condition(kind, node)

    def steps(self, kind: str, path: tuple[str, ...]) -> list[Field]:
        """The fields along a path."""
        found = []
        for number, name in enumerate(path):
            field = self._graph.schema.field(kind, name)
            found.append(field)
            if number < len(path) - 1:
                if field.kind == "scalar":
                    raise Refusal(f"Attribute {name!r} of {kind!r} is no relation.", "ParseError")
                kind = field.type
        return found

    def ends(self, record: Record, steps: Iterable[Field]) -> list[Record]:
        """Every entity at the end of a path of relations."""
        records = [record]
        for field in steps:
            records = [
                found
                for one in records
                if field.name in self._graph.type_of(one).fields
                for found in self._graph.behind(one, field)
            ]
        return records

    def _related(self, kind: str, path: tuple[str, ...], criteria: Node | None) -> Test:
        steps = self.steps(kind, path)
        if steps[-1].kind == "scalar":
            raise Refusal(f"Attribute {path[-1]!r} is no relation.", "ParseError")
        inner = self.test(steps[-1].type, criteria) if criteria is not None else None
        return lambda record: any(inner is None or inner(end) for end in self.ends(record, steps))

    def _condition(self, kind: str, condition: Condition) -> Test:
        steps = self.steps(kind, condition.path)
        last = steps[-1]
        if last.kind != "scalar":
            return self._of_relation(steps, condition)
        fits = self._fits(last, condition)

        def test(record: Record) -> bool:
            ends = self.ends(record, steps[:-1]) if len(steps) > 1 else [record]
            if not ends and condition.operator == "is" and condition.value is None:
                return True
            return any(
                fits(self._graph.value(end, last)) for end in ends if last.name in self._graph.type_of(end).fields
            )

        return test

    def _of_relation(self, steps: list[Field], condition: Condition) -> Test:
        value, wanted = condition.value, condition.operator
        if value is None and wanted in {"is", "is_not"}:
            return lambda record: bool(self.ends(record, steps)) is (wanted == "is_not")
        keys = value if isinstance(value, list) else [value]
        if isinstance(value, Query):
            keys = [self._graph.key(one) for one in self._run(value)]
        if wanted not in {"is", "is_not", "in", "not_in"}:
            raise Refusal(f"Operator {wanted!r} does not apply to the relation {steps[-1].name!r}.", "ParseError")
        chosen = {str(key).lower() for key in keys}
        positive = wanted in {"is", "in"}
        return lambda record: any(
            (self._graph.key(end).lower() in chosen) is positive for end in self.ends(record, steps)
        )

    def _fits(self, field: Field, condition: Condition) -> Callable[[Any], bool]:
        value, wanted = condition.value, condition.operator
        if value is None:
            if wanted not in {"is", "is_not"}:
                raise Refusal(f"Operator {wanted!r} does not apply to none.", "ParseError")
            return (lambda kept: kept is None) if wanted == "is" else (lambda kept: kept is not None)
        if wanted in {"in", "not_in"}:
            members = self._members(field, value)
            return lambda kept: kept is not None and (comparable(field, kept) in members) is (wanted == "in")
        if wanted in {"like", "not_like"}:
            pattern = _pattern(str(value))
            return lambda kept: kept is not None and bool(pattern.fullmatch(str(kept))) is (wanted == "like")
        target = comparable(field, value)
        if wanted in {"is", "is_not"}:
            return lambda kept: kept is not None and _equal(comparable(field, kept), target) is (wanted == "is")
        ordered = _ORDERED[wanted]
        return lambda kept: kept is not None and _ordered(ordered, comparable(field, kept), target)

    def _members(self, field: Field, value: Any) -> set[Any]:
        if isinstance(value, Query):
            path = value.projections[0] if value.projections else ("id",)
            steps = self.steps(value.type, path)
            values = [
                self._graph.value(end, steps[-1]) for row in self._run(value) for end in self.ends(row, steps[:-1])
            ]
        else:
            values = value
        return {comparable(field, one) for one in values if one is not None}


def _equal(kept: Any, target: Any) -> bool:
    return bool(kept == target) or str(kept) == str(target)


def _ordered(ordered: Callable[[Any, Any], Any], kept: Any, target: Any) -> bool:
    try:
        return bool(ordered(kept, target))
    except TypeError:
        return False


def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\\[%_]|%|_)", text)
    made = {"%": ".*", "_": ".", r"\%": "%", r"\_": "_"}
    return re.compile("".join(made.get(part, re.escape(part)) for part in parts), re.IGNORECASE | re.DOTALL)
