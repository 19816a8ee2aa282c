"""The `remove` processor: plan, fill by chunks, finish."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

from pydantic import BaseModel

from ...schema.errors import WetgateError
from ...schema.media import SourceClass
from ...schema.outcome import Outcome
from ...schema.ports import Progress
from ...schema.request import Chunk, Request
from ..mattes import grown
from ..pictures.sheets import spread
from ..threads import in_order
from .deliver.finish import Finish
from .effects.find import find_effects
from .layers import fill_hole
from .networks.load import load
from .networks.studio import StudioNetwork
from .open import open_shot
from .options import RemoveOptions
from .rating.candidates import candidate_named
from .rating.choice import held_trial
from .rating.probes import place_probes, probe_places
from .shot import RUN, Shot, holed_frames
from .sources.pulls import check_pulls
from .sources.takes import align_takes
from .store import store_fill
from .unseen.open import open_unseen

_PAIRS = 4
"""Frames at which plate and take are compared for colour and grain."""


class Remove:
    """Takes out what a matte covers and restores what was behind it from the show's own footage."""

    name: ClassVar[str] = "remove"
    summary: ClassVar[str] = "Take something out of a shot and restore what was behind it from the show's footage."
    needs_takes: ClassVar[bool] = True
    painted_references: ClassVar[bool] = True
    fixes: ClassVar[bool] = True
    Options: ClassVar[type[BaseModel]] = RemoveOptions

    def __init__(self) -> None:
        self._held: tuple[Request, Shot] | None = None

    def plan(self, request: Request) -> Sequence[Chunk]:
        """Check the brief, lay the takes over the plate, and split the frames that have a hole.

        Raises NeedsPull before anything is filled where plate or best take is here only as a proxy.
        """
        shot = self._shot(request)
        runs = sorted({frame // RUN for frame in holed_frames(shot)})
        bounds = [0, *(run * RUN for run in runs[1:]), shot.plate.frames]
        first = request.first_frame
        return [
            Chunk(index=i, first=a, last=b - 1, label=f"frames {a + first}-{b - 1 + first}")
            for i, (a, b) in enumerate(pairwise(bounds))
        ]

    def run(self, request: Request, chunk: Chunk, progress: Progress) -> None:
        """Fill the holes of one chunk by the candidate that the probes chose, and keep the fills in the work folder."""
        shot = self._shot(request)
        trial = held_trial(shot, lambda done, words: progress(0.2 * done, words))
        chosen = candidate_named(shot, trial.chosen)
        frames = range(chunk.first, chunk.last + 1)
        fills = in_order(lambda frame: chosen.fill(shot, frame, shot.matte), frames, shot.abreast)
        for frame, fill in zip(frames, fills, strict=True):
            if fill is not None:
                store_fill(request.work, fill)
            done = (frame - chunk.first + 1) / (chunk.last - chunk.first + 1)
            progress(0.2 + 0.8 * done, f"restoring frame {frame + request.first_frame}")

    def finish(self, request: Request, chunks: Sequence[Chunk], progress: Progress) -> Outcome:
        """Write master, matte and review, test and prove the result, and decide."""
        outcome = Finish(self._shot(request), progress).outcome(len(chunks))
        self._drop()
        return outcome

    def _shot(self, request: Request) -> Shot:
        """The opened shot, kept from one call to the next: laying takes over a plate takes seconds."""
        if self._held is None or self._held[0] != request:
            self._drop()
            self._held = (request, _prepared(request))
        return self._held[1]

    def _drop(self) -> None:
        if self._held is not None:
            self._held[1].close()
            self._held = None


def _prepared(request: Request) -> Shot:
    """Open a shot, check it whole, and lay its takes over it."""
    shot = open_shot(request)
    try:
        frames = holed_frames(shot)
        shot.networks = [StudioNetwork(load(network)) for network in request.networks]
        shot.unseen = open_unseen(shot, frames, lambda frame: fill_hole(shot, frame, shot.matte))
        usable = [s for s in request.sources if s.source_class is not SourceClass.PROXY]
        if shot.options.use_takes and usable:
            sampled = spread(frames, _PAIRS)
            avoid = {frame: grown(shot.matte(frame), 8) for frame in sampled}
            places = probe_places(shot, place_probes(shot, frames))
            shot.takes = align_takes(shot.plate, usable, sampled, avoid, places)
        asked = shot.options.pull and shot.options.use_takes
        check_pulls(
            shot.plate,
            request.plate,
            frames,
            takes=shot.takes,
            proxies=[s for s in request.sources if asked and s.source_class is SourceClass.PROXY],
            handles=shot.options.handles,
        )
        if shot.options.effects != "ignore":
            shot.effects = find_effects(shot, frames)
            if shot.options.effects == "include":
                shot.widen()
    except WetgateError:
        shot.close()
        raise
    return shot
