"""What a check says, in a coordinator's words."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema.finding import Box, Finding
from ...schema.outcome import Verdict
from ...schema.request import Request
from .judge import Kind
from .store import PairFacts


def label(kind: Kind, take: str, box: Box, size: tuple[int, int]) -> str:
    """One line for one finding; *size* is the plate's (height, width)."""
    where = _where(box, size)
    if kind is Kind.EXTRA:
        return f"Something stands in front here that is not in {take} ({where})"
    if kind is Kind.MISSING:
        return f"Something in {take} is missing here ({where})"
    return f"The colour or light of something differs from {take} ({where})"


def summary(
    request: Request, facts: Sequence[PairFacts], findings: Sequence[Finding]
) -> tuple[Verdict, str, tuple[str, ...]]:
    """The gate's answer, one sentence, and what else there is to say."""
    compared = [one for one in facts if one.compared]
    reasons = [f"{one.source}: {one.words}." for one in facts]
    left = len([one for one in request.sources if one.path != request.plate.path]) - len(facts)
    if left > 0:
        reasons.append(f"{left} further take{'s' if left > 1 else ''} not compared (max_takes).")
    if not compared:
        sentence = (
            f"{request.plate.name} could not be compared: {'; '.join(f'{one.source} is {one.words}' for one in facts)}."
        )
        return Verdict.REFUSE, sentence, tuple(reasons)
    takes = ", ".join(one.source for one in compared)
    if not findings:
        return Verdict.PUBLISH, f"No difference found between {request.plate.name} and {takes}.", tuple(reasons)
    count = f"{len(findings)} difference{'s' if len(findings) > 1 else ''}"
    first = findings[0]
    span = f"frames {request.first_frame + first.first}-{request.first_frame + first.last}"
    sentence = f"{count} between {request.plate.name} and {takes}. {first.label}, {span}."
    return Verdict.PUBLISH, sentence, tuple(reasons)


def _where(box: Box, size: tuple[int, int]) -> str:
    height, width = size
    x, y = (box.x + box.width / 2) / width, (box.y + box.height / 2) / height
    side = "left" if x < 0.36 else "right" if x > 0.64 else "middle"
    level = "upper " if y < 0.33 else "lower " if y > 0.67 else ""
    if side == "middle":
        return {"upper ": "top", "lower ": "bottom", "": "middle"}[level]
    return f"{level}{side}"
