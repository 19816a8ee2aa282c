"""The one gate that every fix passes: publish, ask, or refuse."""

from __future__ import annotations

from ...schema.model import Value
from ...schema.outcome import Outcome, Verdict
from ...schema.settings import ShowSettings


class Ruling(Value):
    """The gate's answer with its reasons, sentences for people."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def rule(outcome: Outcome, show: ShowSettings) -> Ruling:
    """What becomes of *outcome* under the show's limits; never milder than the processor's own verdict."""
    reasons = list(outcome.reasons)
    verdict = outcome.verdict
    weak = Verdict.ASK if show.weak_fix == "ask" else Verdict.REFUSE
    if outcome.master is not None:
        if outcome.identity is None or not outcome.identity.holds:
            reasons.append("The picture outside the matte is not proven to be untouched.")
            return Ruling(verdict=Verdict.REFUSE, reasons=tuple(reasons))
        if outcome.trained_pixels > 0:
            reasons.append("Pixels made by a network need an approval that the show has not recorded.")
            verdict = Verdict.REFUSE
        if outcome.rating is None:
            reasons.append("The fix could not be tested against known picture.")
            verdict = _worse(verdict, weak)
        elif outcome.rating.expected_psnr_db < show.min_psnr_db:
            reasons.append(
                f"The self-test gives {outcome.rating.expected_psnr_db:.1f} dB, "
                f"below the show's limit of {show.min_psnr_db:.1f} dB."
            )
            verdict = _worse(verdict, weak)
    return Ruling(verdict=verdict, reasons=tuple(dict.fromkeys(reasons)))


_ORDER = (Verdict.PUBLISH, Verdict.ASK, Verdict.REFUSE)


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=_ORDER.index)
