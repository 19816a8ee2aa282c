"""Which processor answers which task."""

from __future__ import annotations

import pytest
from wetgate.daemon.desk.rules import processor_for
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


def test_what_is_not_set_up_says_what_is() -> None:
    """A strange task is told the patterns, and a processor that is not installed its name."""
    with pytest.raises(BriefIncomplete, match=r"'make coffee'.*`\*cleanup\*`"):
        processor_for(DEFAULT_RULES, processors(), task("make coffee"))
    with pytest.raises(BriefIncomplete, match="'upscale', which is not installed"):
        processor_for((RuleSettings(task="*", processor="upscale"),), processors(), task("x"))
