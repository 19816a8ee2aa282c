"""One shot towards one reference: found in it, fitted, judged."""

from __future__ import annotations

from collections.abc import Callable

from ...schema.errors import BriefIncomplete, NotConfident
from ...schema.request import Source
from ..pictures.plate import Plate
from .cdl import Cdl
from .colours import judge_colours
from .match import Match, match
from .options import Options
from .pairs import Shared, aligned_samples, shared_content
from .regions import believed, region_samples
from .samples import Samples
from .spaces import Space, spaces
from .store import Scores, ShotMatch

Told = Callable[[float, str], None]


def open_clip(source: Source) -> Plate:
    """The clip, opened. Raises UnreadableMedia; NotConfident for interlaced pictures."""
    plate = Plate.open(source.path)
    if plate.video.interlaced:
        plate.close()
        raise NotConfident(
            f"{source.path.name} is interlaced: its fields must be separated or deinterlaced first, "
            "since two moments in one frame cannot be laid over another clip."
        )
    return plate


def match_shot(
    number: int, shot: Source, reference: Source, options: Options, told: Told
) -> tuple[ShotMatch, Match | None]:
    """Match *shot* to *reference*; the match is None where there was nothing to fit on."""
    with open_clip(shot) as plate, open_clip(reference) as other:
        ours, theirs = spaces(options, plate, other)
        told(0.05, f"looking for what {shot.name} and {reference.name} share")
        shared = None if options.match == "statistics" else shared_content(plate, other, options.frames)
        samples = found = None
        if shared is not None:
            told(0.4, f"laying {reference.name} over {shot.name}")
            samples = aligned_samples(
                plate, other, ours, theirs, shared.pairs, lambda part: told(0.4 + 0.3 * part, "comparing colours")
            )
        told(0.75, "fitting the grade")
        if samples is not None:
            found = match(samples, ours, cube=options.cube)
            return _facts(number, shot, reference, plate, ours, shared, samples, found), found
        if options.match == "aligned":
            raise BriefIncomplete(
                f"{shot.name} and {reference.name} do not show the same thing, and the brief says match: aligned."
            )
        if options.match == "statistics":
            samples = region_samples(plate, other, ours, theirs, options.frames)
        if samples is not None:
            found = match(samples, ours, cube=False, plain=True)
            found = found if believed(samples, found, ours) else None
        return _facts(number, shot, reference, plate, ours, None, samples, found), found


def _facts(
    number: int,
    shot: Source,
    reference: Source,
    plate: Plate,
    space: Space,
    shared: Shared | None,
    samples: Samples | None,
    found: Match | None,
) -> ShotMatch:
    neutrals = skin = bias = scores = None
    if samples is not None and found is not None:
        neutrals, skin, bias = judge_colours(samples, found.renderer(), space)
        scores = Scores(
            delta_e_before=found.before.delta_e,
            delta_e_cdl=found.cdl_alone.delta_e,
            delta_e_after=found.after.delta_e,
            median_before=found.before.median,
            median_after=found.after.median,
            psnr_before=found.before.psnr,
            psnr_after=found.after.psnr,
            pixels=found.held_out,
        )
    return ShotMatch(
        number=number,
        shot=shot,
        reference=reference,
        rate=plate.video.rate,
        frames=plate.frames,
        timecode=plate.timecode,
        reel=plate.reel,
        working_space=space.words,
        space_note=space.note,
        basis="none" if found is None else "aligned" if shared is not None else "statistics",
        words=_words(shared, found),
        model=found.model if found is not None else "no change",
        kept=found is not None and found.kept,
        cdl=found.cdl if found is not None else Cdl(clamp=space.clamp),
        cube=found is not None and found.cube is not None,
        scores=scores,
        neutrals=neutrals,
        skin=skin,
        bias=bias,
        pairs=tuple((pair.plate, pair.reference) for pair in shared.pairs) if shared is not None else (),
        offset=shared.offset if shared is not None else None,
    )


def _words(shared: Shared | None, found: Match | None) -> str:
    if found is None:
        return "they share no content"
    return shared.words if shared is not None else "one set, framed the same way, with something else in it"
