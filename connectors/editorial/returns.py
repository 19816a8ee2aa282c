"""A version's way back into the cut: the version on V2, exactly above its plate on V1."""

from __future__ import annotations

import opentimelineio as otio

from ...schema.editorial import ReturnPackage
from ...schema.errors import ConnectorError
from ...schema.rate import rate_text
from ...schema.timecode import Timecode
from .media import external, frames_reference, reel_metadata
from .times import editing_rate, span, start_frame, timecode_words


def return_timeline(package: ReturnPackage) -> otio.schema.Timeline:
    """The return timeline of *package*.

    Both clips carry source timecode: frame N of the version and frame N of the plate have one
    label. V1's `source_range` leaves the handles out, `available_range` keeps them. A version that
    covers less than the cut is preceded by a gap. Raises ConnectorError when the version has no
    frame in the cut, or claims frames that the plate does not have.
    """
    rate = editing_rate(package.plate.rate)
    start = start_frame(package.plate.timecode, rate) or 0
    timeline = otio.schema.Timeline(name=package.code)
    record = Timecode.parse(package.record_start, rate)
    timeline.global_start_time = otio.opentime.RationalTime(record.frame, float(rate))
    timeline.metadata["wetgate"] = {"show": package.show, "shot": package.shot, "rate": rate_text(rate)}
    below, above = (
        _plate_track(package, start),
        otio.schema.Track(name="V2", kind=otio.schema.TrackKind.Video),
    )
    cut = below[0].source_range
    whole = _version_range(package, start)
    # TimeRange.clamped of OTIO 0.18.1 leaves a range too long at its end: whole numbers are used instead.
    first = max(int(whole.start_time.value), int(cut.start_time.value))
    last = min(int(whole.end_time_inclusive().value), int(cut.end_time_inclusive().value))
    if last < first:
        raise ConnectorError(f"{package.code}: no frame of the version lies inside the cut.")
    used = span(first, last - first + 1, rate)
    lead = int(used.start_time.value - cut.start_time.value)
    if lead:
        above.append(otio.schema.Gap(source_range=span(0, lead, rate)))
    above.append(_version(package, whole, used))
    timeline.tracks.extend([below, above])
    return timeline


def _plate_track(package: ReturnPackage, start: int) -> otio.schema.Track:
    plate = package.plate
    rate = editing_rate(plate.rate)
    length = plate.frames - plate.head - plate.tail
    if plate.frames <= 0 or plate.head < 0 or plate.tail < 0 or length <= 0:
        raise ConnectorError(
            f"{plate.name}: {plate.frames} frames leave nothing between handles of {plate.head} and {plate.tail}."
        )
    reference = external(plate.path, span(start, plate.frames, rate), plate.reel)
    clip = otio.schema.Clip(plate.name, reference, span(start + plate.head, length, rate))
    clip.metadata.update(reel_metadata(plate.reel))
    clip.metadata["wetgate"] = {
        "clip": plate.clip,
        **timecode_words(plate.timecode, rate),
        "head": plate.head,
        "tail": plate.tail,
        "first_frame": plate.first_frame,
        "last_frame": plate.first_frame + plate.frames - 1,
    }
    track = otio.schema.Track(name="V1", kind=otio.schema.TrackKind.Video)
    track.append(clip)
    return track


def _version_range(package: ReturnPackage, start: int) -> otio.opentime.TimeRange:
    plate = package.plate
    first, last = package.first_frame - plate.first_frame, package.last_frame - plate.first_frame
    if first < 0 or last < first or last >= plate.frames:
        raise ConnectorError(
            f"{package.code}: shot frames {package.first_frame}-{package.last_frame} are not frames of "
            f"the plate {plate.name} ({plate.first_frame}-{plate.first_frame + plate.frames - 1})."
        )
    return span(start + first, last - first + 1, editing_rate(plate.rate))


def _version(package: ReturnPackage, whole: otio.opentime.TimeRange, used: otio.opentime.TimeRange) -> otio.schema.Clip:
    reel = package.plate.reel
    if package.master.is_dir():
        master = frames_reference(package.master, whole, editing_rate(package.plate.rate), reel)
    else:
        master = external(package.master, whole, reel)
    clip = otio.schema.Clip(package.code, master, used)
    if package.review is not None:
        # Some editing programs cannot open frame sequences from OTIO: the review movie is a second choice.
        references = {**clip.media_references(), "review": external(package.review, whole, reel)}
        clip.set_media_references(references, otio.schema.Clip.DEFAULT_MEDIA_KEY)
    clip.metadata.update(reel_metadata(reel))
    clip.metadata["wetgate"] = {
        "version": package.code,
        "key": package.key,
        "first_frame": package.first_frame,
        "last_frame": package.last_frame,
        "report": str(package.report),
        "summary": package.summary,
    }
    return clip
