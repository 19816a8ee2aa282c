"""What a fix cannot do without: frames that are here only as a proxy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ....schema.errors import NeedsPull
from ....schema.media import SourceClass
from ....schema.pull import Pull, PullList
from ....schema.request import Source
from ...likeness import Likeness, compare_takes
from ...pictures import Plate
from .takes import AlignedTake

_CLEAN = 48
"""Frames of a clean plate that are enough: nothing moves in it."""


def check_pulls(
    plate: Plate,
    source: Source,
    frames: Sequence[int],
    *,
    takes: Sequence[AlignedTake],
    proxies: Sequence[Source],
    handles: int,
) -> None:
    """Raises NeedsPull where the plate, or the best of its takes, is here only as a proxy.

    *frames* of the plate have a hole. A take that is no proxy and serves as well is preferred: then
    the proxy is not asked for.
    """
    pulls = []
    if source.source_class is SourceClass.PROXY:
        pulls.append(_pull("plate", source, plate, frames[0], frames[-1], handles))
    here = max((take.likeness.serves for take in takes), default=0)
    best: tuple[int, float, Pull] | None = None
    for proxy in proxies if here < Likeness.MOST else ():
        with Plate.open(proxy.path) as other:
            likeness = compare_takes(plate, other)
            if likeness is None or likeness.serves <= here:
                continue
            first, last = _shown(likeness, frames, other.frames)
            if first <= last and (best is None or (likeness.serves, likeness.score) > best[:2]):
                best = likeness.serves, likeness.score, _pull("source", proxy, other, first, last, handles)
    if best is not None:
        pulls.append(best[2])
    if pulls:
        raise NeedsPull(_words(pulls), pulls=PullList(pulls=tuple(pulls)))


def _shown(likeness: Likeness, frames: Sequence[int], count: int) -> tuple[int, int]:
    """First and last of the take's *count* frames that the fix would look at."""
    if likeness.clean_frames is not None:
        return 0, min(count, _CLEAN) - 1
    first, last = likeness.other_frame(frames[0]), likeness.other_frame(frames[-1])
    if first is None or last is None:
        return 0, count - 1  # another action: the more of it, the more of the place stands free
    return max(first, 0), min(last, count - 1)


def _pull(role: Literal["plate", "source"], source: Source, clip: Plate, first: int, last: int, handles: int) -> Pull:
    head, tail = min(handles, first), min(handles, clip.frames - 1 - last)
    return Pull(
        role=role,
        name=source.name or source.path.name,
        clip=source.clip,
        path=source.path,
        reel=clip.reel,
        start=clip.timecode,
        rate=clip.video.rate,
        first=first - head,
        last=last + tail,
        head=head,
        tail=tail,
    )


def _words(pulls: Sequence[Pull]) -> str:
    told = {
        "plate": "is a proxy, and a fix is never laid into one: it needs a pull",
        "source": "is the best other take and is here only as a proxy: it needs a pull",
    }
    return " ".join(f"{pull.name} {told[pull.role]}: {pull.words}." for pull in pulls)
