"""A shooting day's timeline: every indexed clip, whole, in the order in which it was shot.

One timeline per rate. An edit has one rate, and a clip laid into a timeline of another would sit on
part frames there; this way every number stays a whole frame of its own clip. Sound alone goes on an
audio track, in samples, of the timeline that holds the most picture.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import opentimelineio as otio

from ...schema.editorial import DayClip, ShootingDay
from ...schema.rate import rate_label, rate_text
from ...schema.timecode import nominal
from .checked import write_checked
from .media import external, reel_metadata
from .times import editing_rate, frames, span, start_frame, timecode_words

_DAY_SECONDS = 86400
_NIGHT_SECONDS = 6 * 3600
_REST_SECONDS = 8 * 3600


def write_day(day: ShootingDay, folder: Path) -> tuple[Path, ...]:
    """Write the day's timelines into *folder*, each read back and compared; the one with most clips first."""
    return tuple(write_checked(timeline, folder / f"{timeline.name}.otio") for timeline in day_timelines(day))


def day_timelines(day: ShootingDay) -> tuple[otio.schema.Timeline, ...]:
    """The timelines of a day, named `SHOW_DAY_RATEfps`, the one with the most clips first.

    Clips that hold no countable frames or samples (raw that is not decoded here, say) stand in the
    first timeline's metadata as `not_placed`, with their path.
    """
    pictures: dict[Fraction, list[DayClip]] = defaultdict(list)
    sounds, left = [], []
    for clip in day.clips:
        if clip.rate is not None and clip.frames > 0:
            pictures[editing_rate(clip.rate)].append(clip)
        elif clip.sample_rate and clip.samples > 0:
            sounds.append(clip)
        else:
            left.append(clip)
    order = sorted(pictures, key=lambda rate: (-len(pictures[rate]), rate))
    timelines = [_picture_timeline(day, rate, pictures[rate]) for rate in order]
    if not timelines:
        timelines = [_timeline(day, f"{day.show}_{day.day}_sound")]
    if sounds:
        timelines[0].tracks.append(_sound_track(sounds))
    timelines[0].metadata["wetgate"]["not_placed"] = [{"name": c.name, "path": str(c.path)} for c in left]
    return tuple(timelines)


def _timeline(day: ShootingDay, name: str) -> otio.schema.Timeline:
    timeline = otio.schema.Timeline(name=name)
    timeline.metadata["wetgate"] = {"show": day.show, "day": day.day}
    return timeline


def _picture_timeline(day: ShootingDay, rate: Fraction, clips: Sequence[DayClip]) -> otio.schema.Timeline:
    timeline = _timeline(day, f"{day.show}_{day.day}_{rate_label(rate).replace('/', '-')}fps")
    timeline.metadata["wetgate"]["rate"] = rate_text(rate)
    timeline.global_start_time = frames(nominal(rate) * 3600, rate)
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    track.extend([_picture(clip, rate) for clip in shooting_order(clips)])
    timeline.tracks.append(track)
    return timeline


def _picture(clip: DayClip, rate: Fraction) -> otio.schema.Clip:
    start = start_frame(clip.timecode, rate) or 0
    whole = span(start, clip.frames, rate)
    entry = otio.schema.Clip(name=clip.name, media_reference=external(clip.path, whole, clip.reel), source_range=whole)
    entry.metadata.update(reel_metadata(clip.reel))
    entry.metadata["wetgate"] = {
        **_words(clip),
        **timecode_words(clip.timecode, rate),
        "rate": rate_text(rate),
        "file_rate": rate_text(clip.rate or rate),
        "variable_rate": clip.variable_rate,
    }
    for number, cut in enumerate(clip.cuts, 1):
        marked = span(start + cut, 1, rate)
        marker = otio.schema.Marker(name=f"cut {number}", marked_range=marked, color="CYAN")
        marker.metadata["wetgate"] = {"frame": cut}
        entry.markers.append(marker)
    return entry


def _sound_track(clips: Sequence[DayClip]) -> otio.schema.Track:
    track = otio.schema.Track(name="A1", kind=otio.schema.TrackKind.Audio)
    for clip in shooting_order(clips):
        rate = Fraction(clip.sample_rate or 0)
        seconds = _clock(clip)
        # A timecode's second is a whole number of samples at every rate but NTSC's: floor, as recorders do.
        start = int(seconds * rate) if seconds is not None else 0
        whole = span(start, clip.samples, rate)
        entry = otio.schema.Clip(
            name=clip.name, media_reference=external(clip.path, whole, clip.reel), source_range=whole
        )
        entry.metadata.update(reel_metadata(clip.reel))
        entry.metadata["wetgate"] = _words(clip)
        track.append(entry)
    return track


def shooting_order(clips: Sequence[DayClip]) -> list[DayClip]:
    """Clips by timecode, then those without one as they arrived.

    A night's work runs past midnight: where the clips lie close around midnight and rest for long
    hours at another time, the day begins after that rest.
    """
    timed = [(clock, clip) for clip in clips if (clock := _clock(clip)) is not None]
    begin = _day_begin([clock for clock, _ in timed])
    timed.sort(key=lambda pair: ((pair[0] - begin) % _DAY_SECONDS, pair[1].reel or "", pair[1].name))
    untimed = [clip for clip in clips if _clock(clip) is None]
    return [clip for _, clip in timed] + sorted(untimed, key=lambda clip: (clip.arrived_at, clip.name))


def _day_begin(clocks: Sequence[Fraction]) -> Fraction:
    times = sorted(set(clocks))
    rests = [(later - earlier, later) for earlier, later in pairwise(times)]
    if not rests or times[0] + _DAY_SECONDS - times[-1] > _NIGHT_SECONDS:
        return Fraction(0)
    rest, begin = max(rests)
    return begin if rest >= _REST_SECONDS else Fraction(0)


def _clock(clip: DayClip) -> Fraction | None:
    """The start in seconds of the clock, or None without a usable timecode and rate."""
    if clip.rate is None:
        return None
    rate = editing_rate(clip.rate)
    start = start_frame(clip.timecode, rate)
    return start / rate if start is not None else None


def _words(clip: DayClip) -> dict[str, object]:
    words: dict[str, object] = {"clip": clip.clip, "timecode": clip.timecode or "", "tags": dict(clip.tags)}
    return words if clip.reel is None else {**words, "reel": clip.reel}
