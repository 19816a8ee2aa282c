"""Which processor answers which task."""

from __future__ import annotations

import pytest
from wetgate.daemon.desk.rules import processor_for, two_ways, two_ways_text
from wetgate.daemon.plugins import processors
from wetgate.schema.errors import BriefIncomplete
from wetgate.schema.settings import DEFAULT_RULES, RuleSettings
from wetgate.schema.tracker import EntityRef, TrackerTask


def task(name: str, *, step: str = "", kind: str = "", tags: tuple[str, ...] = ()) -> TrackerTask:
    """A ready task of ours."""
    ref = EntityRef(type="Task", id="1", name=name)
    return TrackerTask(
        ref=ref,
        name=name,
        project="PINE",
        entity=None,
        status="rdy",
        assigned_to_us=True,
        step=step,
        kind=kind,
        tags=tags,
    )


@pytest.mark.parametrize(
    ("asked", "answers"),
    [
        (task("Cleanup wide"), "remove"),
        (task("t_0100", step="Paint"), "remove"),
        (task("t_0100", kind="Continuity check"), "continuity"),
        (task("t_0100", tags=("hero", "COLOUR")), "match_grade"),
    ],
)
def test_a_pattern_fits_name_step_type_or_tag(asked: TrackerTask, answers: str) -> None:
    """Whatever a site calls its fix tasks by, in any case, decides."""
    assert processor_for(DEFAULT_RULES, processors(), asked).name == answers


def test_the_first_rule_that_fits_wins() -> None:
    """Rules are read in their order, whichever field they fit."""
    rules = (RuleSettings(task="wide*", processor="continuity"), RuleSettings(task="paint", processor="remove"))
    assert processor_for(rules, processors(), task("paint", tags=("wide",))).name == "continuity"


def test_a_task_that_two_rules_fit_is_told_so() -> None:
    """Which one counts, and what to change for the other; rules that say the same, or stand for all, are no second."""
    (first, other) = two_ways(DEFAULT_RULES, task("cleanup", tags=("match",))) or (None, None)
    assert first is not None
    assert other is not None
    assert (first.processor, other.processor) == ("remove", "match_grade")
    text = two_ways_text(first, other)
    assert "`*cleanup*` (remove)" in text
    assert "`*match*` (match_grade)" in text
    assert two_ways(DEFAULT_RULES, task("cleanup", step="Paint")) is None
    assert two_ways(DEFAULT_RULES, task("make coffee")) is None
    rest = (*DEFAULT_RULES, RuleSettings(task="*", processor="continuity"))
    assert two_ways(rest, task("cleanup")) is None


def test_what_is_not_set_up_says_what_is() -> None:
    """A strange task is told the patterns, and a processor that is not installed its name."""
    with pytest.raises(BriefIncomplete, match=r"'make coffee'.*`\*cleanup\*`") as told:
        processor_for(DEFAULT_RULES, processors(), task("make coffee"))
    assert "Rename the task" in str(told.value.data["mend"])
    with pytest.raises(BriefIncomplete, match="'upscale', which is not installed"):
        processor_for((RuleSettings(task="*", processor="upscale"),), processors(), task("x"))
