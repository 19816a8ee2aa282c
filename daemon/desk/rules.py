"""Which processor answers a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from ...schema.errors import BriefIncomplete
from ...schema.ports import Processor
from ...schema.settings import RuleSettings
from ...schema.tracker import TrackerTask


def processor_for(rules: Sequence[RuleSettings], processors: Mapping[str, Processor], task: TrackerTask) -> Processor:
    """The processor of the first rule whose pattern fits the task's name, step, type or one of its tags, any case.

    Raises BriefIncomplete, with what is answered, where none fits or its processor is not installed.
    """
    texts = [text.lower() for text in (task.name, task.step, task.kind, *task.tags) if text]
    for rule in rules:
        if any(fnmatchcase(text, rule.task.lower()) for text in texts):
            if rule.processor in processors:
                return processors[rule.processor]
            raise BriefIncomplete(f"This task needs the processor {rule.processor!r}, which is not installed.")
    known = ", ".join(f"`{rule.task}`" for rule in rules)
    raise BriefIncomplete(
        f"Nothing is set up for a task called {task.name!r}. Names, steps, types or tags that are answered: {known}."
    )
