"""The one gate that every fix passes: publish, ask, or refuse."""

from __future__ import annotations

import datetime

from ...schema.approval import Approval, Consent, today
from ...schema.model import Value
from ...schema.outcome import Outcome, Verdict
from ...schema.settings import ShowSettings


class Ruling(Value):
    """The gate's answer with its reasons, sentences for people."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()


def rule(outcome: Outcome, show: ShowSettings, on: datetime.date | None = None) -> Ruling:
    """What becomes of *outcome* under the show's limits; never milder than the processor's own verdict.

    *on* is the day on which an approval of network-made pixels must be in force; today when not given.
    """
    reasons = list(outcome.reasons)
    verdict = outcome.verdict
    weak = Verdict.ASK if show.weak_fix == "ask" else Verdict.REFUSE
    if outcome.master is not None:
        if outcome.identity is None or not outcome.identity.holds:
            reasons.append("The picture outside the matte is not proven to be untouched.")
            return Ruling(verdict=Verdict.REFUSE, reasons=tuple(reasons))
        unapproved = _unapproved(outcome, show.approval, on or today())
        if unapproved:
            reasons.append(unapproved)
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


def _unapproved(outcome: Outcome, approval: Approval, on: datetime.date) -> str:
    """What is wrong with network-made pixels in *outcome*, or nothing."""
    if outcome.trained_pixels <= 0:
        return ""
    wanted = {use.consent for use in outcome.networks if use.share > 0} or set(Consent)
    lacking = sorted(consent for consent in wanted if not approval.covers(consent, on))
    if not lacking:
        return ""
    start = f"{outcome.trained_pixels:.1%} of the filled pixels were made by a network"
    mend = "Record the signed approval under [approval] in the show's settings, or take the network out"
    if not approval.document:
        return f"{start}, and the show has recorded no approval. {mend}."
    return f"{start}; on {on} this is not covered ({', '.join(lacking)}): {approval.words}. {mend}."


_ORDER = (Verdict.PUBLISH, Verdict.ASK, Verdict.REFUSE)


def _worse(one: Verdict, other: Verdict) -> Verdict:
    return max(one, other, key=_ORDER.index)
