"""The sentences that go into notes: plain words, frames as people count them."""

from __future__ import annotations

from collections.abc import Sequence

from ...schema.finding import Finding
from ...schema.outcome import Outcome, Verdict
from ...schema.pull import Pull


def findings_text(plate: str, outcome: Outcome, numbered: Sequence[tuple[int, Finding]], names: dict[str, str]) -> str:
    """The note that answers a continuity task."""
    lines = [outcome.summary or f"{plate} was compared with its other takes.", ""]
    if not numbered:
        lines.append("No difference was found that needs a look.")
    first = outcome.first_frame
    for number, finding in numbered:
        shown = names.get(finding.present_in, "one take")
        lacks = names.get(finding.absent_from, "another take")
        lines.append(
            f"F{number}: {finding.label} Frames {first + finding.first}-{first + finding.last}; "
            f"seen in {shown}, not in {lacks}; sure {finding.score:.0%}."
        )
        if finding.matte is not None:
            lines.append(f"    To have it removed, assign a cleanup task with the line `finding: F{number}`.")
    return "\n".join([*lines, *(f"- {reason}" for reason in outcome.reasons)])


def version_text(
    code: str,
    outcome: Outcome,
    reasons: Sequence[str],
    verdict: Verdict,
    *,
    handles: int | None = None,
    asked: str = "",
) -> str:
    """The note that comes with a version; *handles* are the show's frames before and after each cut.

    *asked* says what differs from the version before, and by whose wish.
    """
    lines = [f"{code}: {outcome.summary}"]
    if asked:
        lines.append(f"{code.rpartition('_')[2]}: {asked}.")
    if verdict is Verdict.ASK:
        lines.append("NEEDS REVIEW: Wetgate is not sure of this fix.")
    lines += [f"- {reason}" for reason in reasons]
    if outcome.sources:
        used = ", ".join(
            f"{source.name} ({source.share_words}, {source.source_class})"
            for source in outcome.sources
            if source.share > 0
        )
        lines.append(f"Picture taken from: {used}.")
    if outcome.rating:
        lines.append(
            f"Self-test: {outcome.rating.words or 'tested where the truth is known'} "
            f"({outcome.rating.expected_psnr_db:.1f} dB, covers {outcome.rating.covered:.0%} of the region)."
        )
    if outcome.identity and outcome.identity.holds:
        lines.append("Outside the matte every code value equals the plate's; `wetgate verify` re-checks it.")
    if outcome.master is not None:
        lines.append(trained_words(outcome))
    if outcome.files:
        lines.append(f"Attached: {', '.join(path.name for path in outcome.files)}.")
    if any(path.suffix == ".nk" for path in outcome.files):
        lines.append(
            f"To finish it by hand: {outcome.report.parent} holds patch/ (RGBA EXR), matte/, source_map/ and comp.nk, "
            "which lays the patch over the plate in Nuke."
        )
    of_show = f" (handles of the show: {handles})" if handles else ""
    lines.append(
        f"Frames {outcome.first_frame}-{outcome.last_frame}{of_show}, source timecode {outcome.timecode or 'none'}."
    )
    return "\n".join(lines)


def trained_words(outcome: Outcome) -> str:
    """`Trained pixels: N %`, and where there are some, by which network and under which approval."""
    if outcome.trained_pixels <= 0:
        return "Trained pixels: 0 %."
    share = "under 1 %" if outcome.trained_pixels < 0.005 else f"{100 * outcome.trained_pixels:.0f} %"
    makers = ", ".join(use.words for use in outcome.networks if use.share > 0) or "a network"
    return f"Trained pixels: {share}, by {makers}, {outcome.approval.words}."


def refusal_text(code: str, outcome: Outcome, reasons: Sequence[str]) -> str:
    """The note that says why no version came."""
    lines = [
        f"{code} is not published: the fix is not good enough to be trusted.",
        *(f"- {reason}" for reason in reasons),
        outcome.summary,
    ]
    if outcome.master is not None:
        lines.append(
            "Next: another take or a clean plate of this set-up (line `takes: <clip>`), a tighter matte, "
            "or a compositor."
        )
    return "\n".join([*lines, "The try stays in the show's folder for a look."])


def pull_text(pulls: Sequence[Pull]) -> str:
    """The note that asks for a pull; its EDL and ALE go with it."""
    lines = ["A fix is never made from a proxy, so this waits for frames from the camera original:"]
    lines += [f"- needs a pull as {pull.role}: {pull.words}" for pull in pulls]
    if any(pull.label(0) is not None for pull in pulls):
        lines.append("The attached EDL and ALE ask for the same, handles included.")
    lines.append(
        "When a pull or the camera original of that reel and timecode is indexed, the work goes on by itself. "
        "If the pull keeps another reel or timecode, name it in a reply: `plate: <clip>` or `takes: <clip>`."
    )
    return "\n".join(lines)


def stale_text(code: str, plate: str, newer: str, number: int) -> str:
    """The note on a version whose plate was pulled again; *number* is the plate's version now."""
    return (
        f"{code} is stale: it was made from {plate}, and the same frames were pulled again as {newer}, "
        f"version {number} of this plate.\nSet the task to ready again to have the fix made anew from it; where "
        f"the brief names {plate} itself, write `plate: {newer}`."
    )


def failure_text(message: str) -> str:
    """The note that says that a job broke."""
    return f"This could not be done: {message}\nWhen that is mended, set the task to ready again."
