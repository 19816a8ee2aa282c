"""The gate: publish, ask, refuse."""

from __future__ import annotations

from pathlib import Path

import pytest
from wetgate.daemon.publish.gate import rule
from wetgate.schema.outcome import IdentityProof, Outcome, SelfRating, Verdict
from wetgate.schema.settings import ShowSettings


def outcome(**changes: object) -> Outcome:
    """A good fix, with changes."""
    good: dict[str, object] = {
        "verdict": Verdict.PUBLISH,
        "summary": "done",
        "report": Path("report.json"),
        "master": Path("master.mkv"),
        "rating": SelfRating(expected_psnr_db=35.0, covered=0.9, samples=6),
        "identity": IdentityProof(holds=True, frames=10, samples_outside=100, changed_outside=0, layout="x"),
    }
    return Outcome.model_validate(good | changes)


def test_a_good_fix_passes() -> None:
    """Above the limit, proven, nothing trained: publish without a word."""
    ruling = rule(outcome(), ShowSettings(min_psnr_db=30))
    assert (ruling.verdict, ruling.reasons) == (Verdict.PUBLISH, ())


@pytest.mark.parametrize(("policy", "verdict"), [("ask", Verdict.ASK), ("refuse", Verdict.REFUSE)])
def test_a_weak_fix_is_handled_as_the_show_says(policy: str, verdict: Verdict) -> None:
    """Below the limit, and without any rating, the show's own word counts, and the reason has both figures."""
    show = ShowSettings.model_validate({"min_psnr_db": 40, "weak_fix": policy})
    weak = rule(outcome(), show)
    assert weak.verdict is verdict and "35.0 dB" in weak.reasons[0] and "40.0 dB" in weak.reasons[0]
    assert rule(outcome(rating=None), show).verdict is verdict


def test_without_proof_nothing_passes() -> None:
    """A fix whose identity does not hold, or was not proven, is refused whatever else it is."""
    broken = IdentityProof(holds=False, frames=1, samples_outside=9, changed_outside=1, layout="x")
    for proof in (None, broken):
        assert rule(outcome(identity=proof), ShowSettings(weak_fix="ask")).verdict is Verdict.REFUSE


def test_trained_pixels_are_refused() -> None:
    """No approval is recorded, so no pixel of a network passes."""
    assert rule(outcome(trained_pixels=0.01), ShowSettings()).verdict is Verdict.REFUSE


@pytest.mark.parametrize("verdict", [Verdict.ASK, Verdict.REFUSE])
def test_the_gate_is_never_milder_than_the_processor(verdict: Verdict) -> None:
    """What the processor doubts stays doubted."""
    ruling = rule(outcome(verdict=verdict, reasons=("a face is cut",)), ShowSettings())
    assert ruling.verdict is verdict and ruling.reasons == ("a face is cut",)
