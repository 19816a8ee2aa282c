"""Queries: which entities, in which order, and what is told of each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import islice
from typing import Any

from ..storage import Record
from .conditions import Conditions
from .customs import TABLE
from .entities import TYPE, key_of
from .graph import Graph
from .language import Both, Condition, Node, Query, parse
from .refusal import Refusal
from .schema import Field, Type
from .values import comparable, told

Tree = dict[str, Any]
_BY_NUMBER = ((("id",), False),)


class Reading:
    """Answers queries."""

    def __init__(self, graph: Graph) -> None:
        """Read from the graph."""
        self._graph = graph
        self._conditions = Conditions(graph, self.find)

    def answer(self, expression: str, more: str = "") -> dict[str, Any]:
        """What a `query` operation answers; *more* are criteria that hold as well."""
        query = parse(expression)
        if more:
            added = parse(f"{query.type} where {more}").criteria
            both = tuple(one for one in (query.criteria, added) if one is not None)
            query = replace(query, criteria=Both(both))
        kind = self._graph.schema.type(query.type)
        if query.totals or query.groups:
            return {"action": "query", "data": self._totals(query), "metadata": {"next": {"offset": None}}}
        tree = self._tree(query, kind)
        found = self._ordered(query)
        end = len(found) if query.limit is None else query.offset + query.limit
        data = [self.told(record, tree) for record in found[query.offset : end]]
        return {
            "action": "query",
            "data": data,
            "metadata": {"next": {"offset": end if end < len(found) else None}},
        }

    def find(self, query: Query) -> list[Record]:
        """The records that a query finds."""
        self._graph.schema.type(query.type)
        end = None if query.limit is None else query.offset + query.limit
        return self._ordered(query)[query.offset : end]

    def told(self, record: Record, tree: Tree) -> dict[str, Any]:
        """A record with the attributes of the tree, its key and what the site always adds."""
        kind = self._graph.type_of(record)
        made: dict[str, Any] = {TYPE: kind.name}
        for name in (*kind.key, *kind.system):
            made[name] = self._scalar(record, kind.fields[name])
        for name, below in tree.items():
            field = kind.fields.get(name)
            if field is None:
                continue
            if field.kind == "scalar":
                made[name] = self._scalar(record, field)
                continue
            shown = {"key": {}, "value": {}, **below} if field.kind == "mapped" else below
            entries = [self.told(one, shown) for one in self._graph.behind(record, field)]
            made[name] = (entries[0] if entries else None) if field.kind == "reference" else entries
        return made

    def _scalar(self, record: Record, field: Field) -> Any:
        return told(field, self._graph.value(record, field))

    def _tree(self, query: Query, kind: Type) -> Tree:
        tree: Tree = {}
        for path in query.projections or tuple((name,) for name in kind.projections):
            self._conditions.steps(query.type, path)
            below = tree
            for name in path:
                below = below.setdefault(name, {})
        return tree

    def _ordered(self, query: Query) -> list[Record]:
        test = self._conditions.test(query.type, query.criteria) if query.criteria else None
        heirs = set(self._graph.schema.types[query.type].heirs)
        upwards = self._events_after(query)
        if upwards is not None and query.limit is not None and query.order == _BY_NUMBER:
            # A client that follows the log; one more than asked for tells whether there are more.
            return list(islice(upwards, query.offset + query.limit + 1))
        found = [
            record for record in self._candidates(query) if record[TYPE] in heirs and (test is None or test(record))
        ]
        for path, descends in reversed(query.order):
            steps = self._conditions.steps(query.type, path)
            if steps[-1].kind != "scalar":
                raise Refusal(f"Cannot order by the relation {path[-1]!r}.", "ParseError")
            found.sort(key=lambda record: self._rank(record, steps), reverse=descends)
        return found

    def _rank(self, record: Record, steps: list[Field]) -> tuple[bool, Any]:
        ends = self._conditions.ends(record, steps[:-1])
        fields = self._graph.type_of(ends[0]).fields if ends else {}
        value = self._graph.value(ends[0], steps[-1]) if steps[-1].name in fields else None
        known = comparable(steps[-1], value)
        return (known is not None, known if known is not None else 0)

    def _candidates(self, query: Query) -> list[Record]:
        """All of the type, or fewer where a criterion names them."""
        kind = self._graph.schema.types[query.type]
        parts = query.criteria.parts if isinstance(query.criteria, Both) else (query.criteria,)
        named = [choice for part in parts if (choice := self._named(kind, part)) is not None]
        if kind.table == TABLE:
            return self._values(kind, parts)
        if named:
            return min(named, key=len)
        return list(self._graph.storage.all(kind.table))

    def _values(self, kind: Type, parts: tuple[Node | None, ...]) -> list[Record]:
        if kind.name == TABLE:
            return self._graph.customs.stored()
        for part in parts:
            if isinstance(part, Condition) and part.path == ("entity_id",) and part.operator in {"is", "in"}:
                values = part.value if isinstance(part.value, list) else [part.value]
                if all(isinstance(one, str) for one in values):
                    owners = [self._graph.customs.entity(kind.name, one) for one in values]
                    return self._graph.customs.all(kind.name, [one for one in owners if one])
        return self._graph.customs.all(kind.name)

    def _events_after(self, query: Query) -> Iterable[Record] | None:
        """Events above a number, where that is all that is asked."""
        storage, asked = self._graph.storage, query.criteria
        if query.type != "Event" or not isinstance(asked, Condition) or (asked.path, asked.operator) != (("id",), ">"):
            return None
        if not str(asked.value).isdigit():
            return None
        ids = range(int(asked.value) + 1, int(storage.setting("event", 0)) + 1)
        return (one for one in (storage.get("Event", number) for number in ids) if one is not None)

    def _named(self, kind: Type, part: Node | None) -> list[Record] | None:
        """What an indexed criterion leaves over."""
        if not isinstance(part, Condition):
            return None
        storage = self._graph.storage
        path, value = part.path, part.value
        values = value if isinstance(value, list) else [value]
        if part.operator not in {"is", "in"} or not all(isinstance(one, str) for one in values):
            return None
        field = self._graph.schema.field(kind.name, path[0])
        name = field.name
        if len(path) == 2 and path[1] == "id" and field.kind == "reference" and not field.computed:
            name = field.by
        elif len(path) > 1:
            return None
        held = self._graph.schema.field(kind.name, name)
        if held.kind != "scalar" or held.computed or held.type != "string":
            return None
        chosen = {value.lower() for value in values}
        found = {key_of(kind, row): row for one in chosen for row in storage.where(kind.table, name, one)}
        return [found[key] for key in sorted(found, key=lambda key: storage.rank(kind.table, key))]

    def _totals(self, query: Query) -> list[dict[str, Any]]:
        groups: dict[tuple[Any, ...], list[Record]] = {}
        for record in self._ordered(query):
            key = tuple(record.get(self._graph.schema.field(query.type, name).name) for name in query.groups)
            groups.setdefault(key, []).append(record)
        made = []
        for key, records in groups.items():
            row: dict[str, Any] = dict(zip(query.groups, key, strict=True))
            for function, name in query.totals:
                field = self._graph.schema.field(query.type, name)
                values = [one for one in (self._graph.value(record, field) for record in records) if one is not None]
                row[f"{function}_{name}"] = _total(function, values)
            made.append(row)
        return made


def _total(function: str, values: list[Any]) -> Any:
    if function == "count":
        return len(values)
    if not values:
        return None
    match function:
        case "sum":
            return sum(values)
        case "avg":
            return sum(values) / len(values)
        case "min":
            return min(values)
        case _:
            return max(values)
