"""The never-seen part of one removal: who may paint it, and the places where they are tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ....schema.approval import Consent, today
from ....schema.errors import BriefIncomplete
from ...mattes import grown
from ...pictures.layout import Mask
from ...pictures.sheets import spread
from ..holes import region_of
from ..shot import Shot
from .choose import Tried, choose
from .fill import Unseen
from .painter import Edges, Painter, Patches
from .trials import Place, find_places, trials_at

TRAINED_ON = "frames of the plate, and of takes of its size where neither camera moves"
"""What the network that is trained for a job learns from, and all that it ever sees."""
_LESSONS = 12
"""Frames of the plate that it is trained on, spread over its length, and at most as many of each take."""


def open_unseen(shot: Shot, frames: Sequence[int], fill: Callable[[int], object]) -> Unseen:
    """Nothing is tried or trained before the first pixel that no source shows.

    *frames* have a hole; *fill* fills one of them. Raises BriefIncomplete for a trained fill that no
    approval in force allows.
    """
    approval, on = shot.request.approval, today()
    trained = shot.options.fill_unseen == "trained"
    if trained and not approval.covers(Consent.TRAINED, on):
        raise BriefIncomplete(
            f"`fill_unseen: trained` needs a signed approval that allows it on {on} ({approval.words}). It is recorded "
            "under [approval] in the show's settings with `trained` in its scope, or given as --approval."
        )

    def chosen() -> list[Tried]:
        places = find_places(shot, frames)
        painters: list[Painter] = [Patches(), Edges(), *shot.networks]
        if trained:
            painters += _trained(shot, frames, places)
        return choose(painters, lambda count: trials_at(shot, places, count))

    return Unseen(shot, onto=shot.onto, choose=chosen, fill=fill, work=shot.request.work)


def _trained(shot: Shot, frames: Sequence[int], places: Sequence[Place]) -> list[Painter]:
    """The network trained on `TRAINED_ON`, never on holes nor on places where it will be tried."""
    from .trained import Lesson, train

    hidden = np.zeros((shot.plate.video.height, shot.plate.video.width), bool)
    for place in places:
        hidden |= grown(place.mask, 4)
    lessons = [
        Lesson(shot.rgb(n), grown(shot.matte(n), 4) | hidden) for n in spread(range(shot.plate.frames), _LESSONS)
    ]
    for take in shot.takes:
        # A take lies elsewhere in its frame: it shows what is tried here, so nothing of a still one near it is used.
        numbers = spread(range(take.plate.frames), _LESSONS)
        pictures = [take.plate.picture(n).rgb() for n in numbers]
        near = grown(hidden, 24)
        lessons += [Lesson(p, near) for p in pictures if p.shape[:2] == near.shape and take.likeness.registration.still]
    shapes = [shape for n in spread(frames, _LESSONS) if (shape := _shape(shot.matte(n))) is not None]
    network = train(lessons, shapes, shot.request.work / "trained.pt")
    return [] if network is None else [network]


def _shape(matte: Mask) -> Mask | None:
    region = region_of(matte, margin=0)
    return None if region is None else matte[region.window]
