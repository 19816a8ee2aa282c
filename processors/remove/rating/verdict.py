"""What is concluded from a fix: what it was made of, whether it is weak, and why, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ....schema.media import SourceClass
from ....schema.outcome import SelfRating, SourceUse, Verdict
from ..effects.kinds import Kind
from ..fill import Origin, unseen_share
from ..grain.measured import Grain
from ..networks.uses import network_reasons
from ..shot import Shot
from .expected import Expected
from .kept import NOTHING, PARTLY

MISMATCH = 0.25
"""Share of the band around a hole that may differ before the frame is named as one to look at."""
TORN = 0.5
"""How likely a performer behind the matte may be torn before the frame is named."""
_MOST_TORN = 0.05
"""Share of the frames that may be named so before somebody should look, or if he would be seen, the fix is weak."""
_MOST_POOR = 0.2
"""Share of the frames that may be named for either reason before the fix is weak, though the whole is not."""
_WORTH_SAYING = 0.0005
"""Share of the hole below which nobody is told of it."""


@dataclass
class Tally:
    """What all fills of a shot say about themselves.

    `origins` counts the holes' pixels by `Origin` or take; `performers` are the frames in which somebody
    who moves stands in the hole, by the take (its place in the list) that he comes from. `kept` says of runs
    of frames (first and last) which share of the thing was not taken out (`rating.kept`).
    """

    origins: Counter[int] = field(default_factory=Counter)
    mismatch: dict[int, float] = field(default_factory=dict)
    torn: dict[int, float] = field(default_factory=dict)
    frames: list[int] = field(default_factory=list)
    grain: dict[int, list[Grain]] = field(default_factory=dict)
    performers: dict[int, list[int]] = field(default_factory=dict)
    kept: dict[tuple[int, int], float] = field(default_factory=dict)

    def share(self, origin: int) -> float:
        """Share (0..1) of the holes' pixels that came from *origin*."""
        return self.origins[origin] / max(sum(self.origins.values()), 1)

    def best_take(self, takes: int) -> int | None:
        """The take that gave the most, by its place in the list of *takes*."""
        used = [(self.origins[i + 1], -i) for i in range(takes) if self.origins[i + 1]]
        return -max(used)[1] if used else None


def unmet_frames(tally: Tally) -> list[int]:
    """The frames whose fill does not meet what stands around the matte."""
    return [frame for frame, value in tally.mismatch.items() if value > MISMATCH]


def kept_frames(tally: Tally) -> list[int]:
    """The frames out of which nothing, or too little, was taken."""
    runs = [run for run, share in tally.kept.items() if share >= PARTLY]
    return [frame for start, end in runs for frame in range(start, end + 1)]


def torn_frames(tally: Tally) -> list[int]:
    """The frames in which somebody who moves behind the matte may be cut off."""
    return [frame for frame, value in tally.torn.items() if value > TORN]


def cut_frames(tally: Tally, expected: Expected, least_db: float) -> list[int]:
    """The frames whose expectation lies under what is asked for because of somebody who moves: he may be cut off, or
    most of the error is his."""
    poor, torn = {*poor_frames(expected, least_db)}, {*torn_frames(tally)}
    told = zip(expected.facts, expected.errors, strict=True)
    return [one.frame for one, error in told if one.frame in poor and (one.frame in torn or one.doubt > error / 2)]


def torn_often(tally: Tally) -> bool:
    """Whether somebody may be cut off in more frames than a person would let pass unseen."""
    return len(torn_frames(tally)) > _MOST_TORN * len(tally.frames)


def poor_frames(expected: Expected, least_db: float) -> list[int]:
    """The frames whose own expectation lies under what is asked for."""
    least = 10 ** (-least_db / 10)
    return [one.frame for one, error in zip(expected.facts, expected.errors, strict=True) if error > least]


def judge(shot: Shot, tally: Tally, rating: SelfRating, expected: Expected) -> tuple[list[str], bool]:
    """Reasons for people, and whether the fix is weak."""
    options, reasons, first = shot.options, [], shot.request.first_frame
    reasons += [
        f"{source.name} is a proxy and was not used: a pull of it could help."
        for source in shot.request.sources
        if source.source_class is SourceClass.PROXY
    ]
    weak = rating.expected_psnr_db < options.min_psnr_db
    if weak:
        reasons.append(
            f"The fix tested itself at {rating.expected_psnr_db:.1f} dB where the truth is known; "
            f"{options.min_psnr_db:.1f} dB are asked for."
        )
    weak = weak or any(share >= NOTHING for share in tally.kept.values())
    reasons += [
        f"{'Nothing' if share >= NOTHING else 'Too little'} was taken out of frames {start + first}-{end + first}: "
        "the frames without a matte around them show the same there, and none shows what is behind it. Matte the "
        "thing in every frame of the shot, or give another take or a clean plate."
        for (start, end), share in tally.kept.items()
        if share >= PARTLY
    ]
    reasons += unseen_reasons(tally.origins)
    weak = weak or tally.share(Origin.PAINTED) > options.never_seen
    said, unapproved = network_reasons(shot, tally.origins)
    reasons, weak = reasons + said, weak or unapproved
    unmet, cut = unmet_frames(tally), cut_frames(tally, expected, options.min_psnr_db)
    if unmet:
        weak = weak or len(unmet) > _MOST_TORN * len(tally.frames)
        reasons.append(
            f"In {len(unmet)} frames ({ranges([n + first for n in unmet])}) the fill does not meet what "
            "stands around the matte: something moves behind it, or the matte is too small."
        )
    if cut:
        weak = weak or len(cut) > _MOST_TORN * len(tally.frames)
        reasons.append(
            f"In {len(cut)} frames ({ranges([n + first for n in cut])}) somebody moves behind the matte and was "
            "put together from other frames: look whether anything is cut off. Another take of the same action "
            "would show it."
        )
    spared = [frame for frame in torn_frames(tally) if frame not in cut]
    if spared:
        reasons.append(
            f"In {len(spared)} frames ({ranges([n + first for n in spared])}) somebody who moves behind the matte was "
            "put together from other frames, and they agree on him: look whether a limb is missing."
        )
    poor = [frame for frame in poor_frames(expected, options.min_psnr_db) if frame not in (*unmet, *cut)]
    if poor:
        weak = weak or len(poor) + len({*unmet, *cut}) > _MOST_POOR * len(tally.frames)
        reasons.append(
            f"In {len(poor)} frames ({ranges([n + first for n in poor])}) less than {options.min_psnr_db:.1f} dB are "
            "expected: look at them before anybody else does."
        )
    take = tally.best_take(len(shot.takes))
    held = [n + first for n in tally.frames if shot.takes[take].held(n)] if take is not None else []
    if held and take is not None:
        name = shot.takes[take].source.name
        reasons.append(f"{name} does not hold the moment of {ranges(held)}: its nearest frame stands there.")
    reasons += [
        f"A performer from {shot.takes[place].source.name}, or the shadow of one, stands in frames "
        f"{ranges([n + first for n in frames])}."
        for place, frames in sorted(tally.performers.items())
    ]
    reasons += [
        f"{one.source.name} is a still: whoever stands in it cannot be told from the place."
        for place, one in enumerate(shot.takes)
        if one.likeness.clean_frames == 1 and tally.origins[place + 1]
    ]
    return reasons + matte_words(shot), weak


def unseen_reasons(origins: Mapping[int, int]) -> list[str]:
    """How much of the hole no source gave, as the report counts it, and how much of that is paint."""
    unseen, painted = unseen_share(origins), origins.get(Origin.PAINTED, 0) / max(sum(origins.values()), 1)
    if unseen <= _WORTH_SAYING:
        return []
    if unseen - painted <= _WORTH_SAYING:
        return [f"{unseen:.1%} of the hole was never seen in any frame and is painted from what stands around it."]
    paint = f", and {painted:.1%} is painted from what stands around it" if painted > _WORTH_SAYING else ""
    return [f"{unseen:.1%} of the hole comes from no source{paint}."]


def matte_is_doubtful(shot: Shot) -> bool:
    """Whether what was followed was lost, or edges or parts of the thing stand beside the matte and stay there."""
    followed, effects = shot.mattes.followed, shot.effects
    lost = followed is not None and bool(followed.lost or followed.doubtful)
    stays = (
        effects is not None and shot.options.effects == "report" and bool({Kind.EDGE, Kind.PART} & set(effects.kinds))
    )
    return lost or stays


def matte_words(shot: Shot) -> list[str]:
    """How the matte was made, where it was lost, and what it misses."""
    first, followed, effects = shot.request.first_frame, shot.mattes.followed, shot.effects
    words = []
    if followed is not None:
        words.append(followed.words(first))
        if followed.lost:
            words.append(
                f"What is to be removed was lost in {ranges([n + first for n in followed.lost])}: nothing was touched "
                "there. Mark it in one of these frames too, or draw a matte for them."
            )
        if followed.doubtful:
            named = ranges([n + first for n in followed.doubtful])
            words.append(f"In {named} the matte is of an unusual size: look at it there.")
    if effects is not None and effects.kinds:
        named = " and ".join(
            f"{kind.words} in {len(frames)} of {len(effects.frames)} frames looked at"
            for kind, frames in effects.kinds.items()
        )
        done = (
            "It was taken into the matte."
            if shot.options.effects == "include"
            else "It was left as it is; `effects: include` takes it into the matte."
        )
        words.append(f"Beside the matte there is {named} (effects.png). {done}")
    return words


def source_uses(shot: Shot, tally: Tally) -> tuple[SourceUse, ...]:
    """Every clip that gave pixels, the plate itself last."""
    used = [
        SourceUse(
            name=take.source.name,
            source_class=take.source.source_class,
            share=round(tally.share(index + 1), 5),
            frame_offset=take.likeness.offset,
        )
        for index, take in enumerate(shot.takes)
    ]
    painted = [
        SourceUse(
            name=f"{one.reference.path.name}, painted for {one.reference.frame}",
            source_class=SourceClass.REFERENCE,
            share=round(tally.share(Origin.PAINTED_FRAME + index), 5),
        )
        for index, one in enumerate(shot.paintings)
    ]
    plate = shot.request.plate
    share = tally.share(Origin.OWN) + tally.share(Origin.MOVER)
    own = SourceUse(name=plate.name, source_class=plate.source_class, share=round(share, 5))
    return (*painted, *used, own)


def summarised(shot: Shot, tally: Tally, verdict: Verdict, rating: SelfRating) -> str:
    """The result in one sentence."""
    count = len(tally.frames)
    start = {
        Verdict.PUBLISH: f"Restored {count} frames",
        Verdict.ASK: f"Restored {count} frames, but somebody should look",
        Verdict.REFUSE: f"Not good enough to publish ({count} frames tried)",
    }[verdict]
    best = max(source_uses(shot, tally), key=lambda use: use.share)
    own = best.name == shot.request.plate.name
    origin = f", {best.share:.0%} from {'its own other frames' if own else best.name}" if best.share else ""
    return f"{start}{origin}; self-test {rating.expected_psnr_db:.1f} dB at {rating.samples} places."


def ranges(numbers: Sequence[int]) -> str:
    """`1001-1010, 1050` from frame numbers in order."""
    out: list[list[int]] = []
    for number in numbers:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
