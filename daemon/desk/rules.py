"""Which processor answers a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from ...schema.errors import BriefIncomplete
from ...schema.ports import Processor
from ...schema.settings import RuleSettings
from ...schema.tracker import TrackerTask

AGAIN = "Then set the task to ready again."


def processor_for(rules: Sequence[RuleSettings], processors: Mapping[str, Processor], task: TrackerTask) -> Processor:
    """The processor of the first rule whose pattern fits the task's name, step, type or one of its tags, any case.

    Raises BriefIncomplete, with what is answered, where none fits or its processor is not installed.
    """
    rule = next(iter(_fitting(rules, task)), None)
    if rule is None:
        known = ", ".join(f"`{one.task}`" for one in rules)
        raise BriefIncomplete(
            f"Nothing is set up for a task called {task.name!r}. Names, steps, types or tags that are answered: "
            f"{known}.",
            mend="Rename the task, or give it a type or tag that is answered; or have a rule for it added under "
            f"[[rules]] in the show's settings. {AGAIN}",
        )
    if rule.processor not in processors:
        raise BriefIncomplete(
            f"This task needs the processor {rule.processor!r}, which is not installed.",
            mend=f"Have it installed, or the rule `{rule.task}` changed in the show's settings. {AGAIN}",
        )
    return processors[rule.processor]


def two_ways(rules: Sequence[RuleSettings], task: TrackerTask) -> tuple[RuleSettings, RuleSettings] | None:
    """The rule that counts, and a later one that would have the task done otherwise; a rule for all tasks is none."""
    fitting = _fitting(rules, task)
    others = (rule for rule in fitting[1:] if rule.processor != fitting[0].processor and rule.task.strip("*?"))
    other = next(others, None)
    return (fitting[0], other) if other is not None else None


def two_ways_text(first: RuleSettings, other: RuleSettings) -> str:
    """The note about a task that two rules fit."""
    return (
        f"This task fits two rules of the show, `{first.task}` ({first.processor}) and `{other.task}` "
        f"({other.processor}). The one that stands first counts: it is taken for {first.processor}.\n"
        f"If {other.processor} is meant, change the task's name, type or tags so that `{first.task}` fits none of "
        f"them. {AGAIN}"
    )


def _fitting(rules: Sequence[RuleSettings], task: TrackerTask) -> list[RuleSettings]:
    texts = [text.lower() for text in (task.name, task.step, task.kind, *task.tags) if text]
    return [rule for rule in rules if any(fnmatchcase(text, rule.task.lower()) for text in texts)]
