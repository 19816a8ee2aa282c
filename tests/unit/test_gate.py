"""The gate: publish, ask, refuse."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from pydantic import ValidationError
from wetgate.daemon.desk.orders import usable_networks
from wetgate.daemon.publish.gate import rule
from wetgate.daemon.publish.words import trained_words
from wetgate.schema.approval import Approval, Consent
from wetgate.schema.outcome import IdentityProof, NetworkUse, Outcome, SelfRating, Verdict
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


APPROVAL = {
    "document": "GA-7",
    "scope": ["network"],
    "signer": "A. Producer",
    "date": "2026-03-01",
    "expires": "2026-06-30",
}
DURING = datetime.date(2026, 6, 30)


def made_by_network(consent: Consent) -> Outcome:
    """A fix of which a tenth is a network's work, as the request's approval allowed it."""
    use = NetworkUse(name="house fill", consent=consent, share=0.1, licence="in-house", sha256="ab" * 32)
    return outcome(trained_pixels=0.1, networks=(use,), approval=APPROVAL)


def test_trained_pixels_without_an_approval_are_refused() -> None:
    """The reason has the share, and says where an approval is recorded."""
    for made in (outcome(trained_pixels=0.01), made_by_network(Consent.NETWORK)):
        ruling = rule(made, ShowSettings(weak_fix="ask"), DURING)
        assert ruling.verdict is Verdict.REFUSE
        assert "[approval]" in ruling.reasons[0] and "no approval" in ruling.reasons[0]


@pytest.mark.parametrize(
    ("consent", "day", "verdict"),
    [
        (Consent.NETWORK, "2026-03-01", Verdict.PUBLISH),
        (Consent.NETWORK, "2026-06-30", Verdict.PUBLISH),
        (Consent.NETWORK, "2026-07-01", Verdict.REFUSE),
        (Consent.NETWORK, "2026-02-28", Verdict.REFUSE),
        (Consent.TRAINED, "2026-05-01", Verdict.REFUSE),
    ],
)
def test_an_approval_holds_for_its_days_and_its_scope(consent: Consent, day: str, verdict: Verdict) -> None:
    """From the day of signing to the last day, and not for training where it allows a studio's networks alone."""
    show = ShowSettings.model_validate({"approval": APPROVAL})
    assert rule(made_by_network(consent), show, datetime.date.fromisoformat(day)).verdict is verdict


def test_a_version_states_its_trained_pixels() -> None:
    """Share, network, licence, hash and approval stand in the note; without a network it says 0 %."""
    text = trained_words(made_by_network(Consent.NETWORK))
    assert text == (
        "Trained pixels: 10 %, by house fill (licence in-house, SHA-256 abababababababab), "
        "under approval GA-7, signed by A. Producer on 2026-03-01, expires 2026-06-30."
    )
    assert trained_words(outcome()) == "Trained pixels: 0 %."


@pytest.mark.parametrize("lacks", ["document", "scope", "signer", "date", "expires"])
def test_an_approval_that_lacks_something_is_no_setting(lacks: str) -> None:
    """Half an approval is told by what it lacks, never taken for a whole one."""
    with pytest.raises(ValidationError, match=lacks):
        ShowSettings.model_validate({"approval": {k: v for k, v in APPROVAL.items() if k != lacks}})


def test_networks_are_handed_out_only_under_an_approval() -> None:
    """Before it, after it and outside its scope a fix is made without the show's networks."""
    network = {"name": "house fill", "path": "fill.pt"}
    show = ShowSettings.model_validate({"approval": APPROVAL, "networks": [network]})
    assert [one.name for one in usable_networks(show, DURING)] == ["house fill"]
    assert usable_networks(show, DURING + datetime.timedelta(days=1)) == ()
    trained_alone = show.model_copy(update={"approval": Approval.model_validate(APPROVAL | {"scope": ["trained"]})})
    assert usable_networks(trained_alone, DURING) == ()


@pytest.mark.parametrize("verdict", [Verdict.ASK, Verdict.REFUSE])
def test_the_gate_is_never_milder_than_the_processor(verdict: Verdict) -> None:
    """What the processor doubts stays doubted."""
    ruling = rule(outcome(verdict=verdict, reasons=("a face is cut",)), ShowSettings())
    assert ruling.verdict is verdict and ruling.reasons == ("a face is cut",)
