"""A processor's options, read from the lines of a brief; every line that cannot be used is told with an example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from ...schema.brief import Brief, Line
from ...schema.frames import FrameCount
from ...schema.ports import Processor
from .mistakes import Mistakes
from .vocabulary import OURS, Vocabulary


def read_options(
    processor: Processor, vocabulary: Vocabulary, brief: Brief, count: FrameCount, mistakes: Mistakes
) -> dict[str, Any]:
    """What *brief* sets of the processor's options, as JSON; frames, written as people do, are counted by *count*."""
    fields = processor.Options.model_fields
    told: dict[str, Line] = {}
    doubtful: list[Line] = []
    for line in brief.lines:
        key = vocabulary.key(line.key)
        if key is None:
            doubtful.append(line)
        elif key not in OURS:
            told.pop(key, None)
            told[key] = line
    for line in doubtful:
        _doubt(line, vocabulary, brief, mistakes)
    values = {}
    for key, line in told.items():
        try:
            value = _counted(fields[key], line.value, count)
        except ValueError as error:
            within = f"`{key}: {count.first}-{count.last}`" if count.frames and _holds(fields[key]) == "span" else ""
            mistakes.add(f"`{line.text}` cannot be used: {error}. Write it as {within or _example(key, fields[key])}.")
            continue
        if value is not None:
            values[key] = value
    return _validated(processor, values, told, mistakes)


def _doubt(line: Line, vocabulary: Vocabulary, brief: Brief, mistakes: Mistakes) -> None:
    """A key that is nobody's but looks like one is asked about, unless a later line says what was meant."""
    near = vocabulary.near(line.key)
    if near is None:
        return
    later = brief.lines[brief.lines.index(line) + 1 :]
    if not any(vocabulary.key(other.key) == near for other in later):
        mistakes.add(f"`{line.text}` was not understood. Did you mean `{near}: {line.value}`?")


def _counted(field: FieldInfo, value: str, count: FrameCount) -> str | None:
    """The value with its frames as shot frames, where the option says that it holds frames; None for all frames."""
    holds = _holds(field)
    if holds == "span":
        span = count.span(value)
        return None if span is None else f"{span[0]}-{span[1]}"
    if holds == "marks":
        return count.marks(value)
    if holds == "stretches":
        return count.stretches(value)
    return value


def _validated(
    processor: Processor, values: dict[str, str], told: Mapping[str, Line], mistakes: Mistakes
) -> dict[str, Any]:
    fields = processor.Options.model_fields
    try:
        return processor.Options.model_validate(values).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            key = str(fault["loc"][0]) if fault["loc"] else ""
            if key not in fields:
                mistakes.add(f"The brief cannot be used: {fault['msg']}.")
                continue
            written = told[key].text if key in told else key
            meant = fields[key].description or ""
            wanted = f"Write it as {_example(key, fields[key])}. {key}: {meant}"
            mistakes.add(f"`{written}` cannot be used: {_why(fault)}. {wanted}")
        return {}


def _holds(field: FieldInfo) -> object:
    """What kind of frames an option says that it holds: `span`, `marks`, `stretches`, or None."""
    extra = field.json_schema_extra
    return extra.get("frames") if isinstance(extra, Mapping) else None


def _why(fault: ErrorDetails) -> str:
    """What is wrong with a value, in words for people."""
    context = fault.get("ctx") or {}
    known = {
        "int_parsing": "a whole number is wanted",
        "int_from_float": "a whole number is wanted",
        "float_parsing": "a number is wanted",
        "bool_parsing": "`on` or `off` is wanted",
        "literal_error": f"one of {context.get('expected')} is wanted",
        "greater_than_equal": f"the least is {context.get('ge')}",
        "less_than_equal": f"the most is {context.get('le')}",
    }
    text = str(fault["msg"]).removeprefix("Value error, ").rstrip(".")
    return known.get(fault["type"]) or f"{text[:1].lower()}{text[1:]}"


def _example(key: str, field: FieldInfo) -> str:
    examples = field.examples or [_default(field)]
    return " or ".join(f"`{key}: {example}`" for example in examples)


def _default(field: FieldInfo) -> str:
    value = field.default
    if isinstance(value, bool):
        return "on" if value else "off"
    return "..." if value is None or value == "" else str(value)
