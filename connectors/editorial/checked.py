"""Writes a timeline, reads it back and compares everything before the file may be used."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import opentimelineio as otio

from ...schema.errors import ConnectorError
from .times import time_fact

Facts = dict[str, str]


def write_checked(timeline: otio.schema.Timeline, path: Path) -> Path:
    """Write *timeline* to *path* (`.otio`), whole or not at all, and return the path.

    The file is read back under a temporary name and takes its place only if tracks, order, names,
    kinds, rates as fractions, ranges, media, markers and metadata all came back. Raises
    ConnectorError that names the first differences, or a rate or time that was never exact.
    """
    wanted = facts(timeline)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}.", suffix=".otio")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(otio.adapters.write_to_string(timeline, "otio_json"))
            file.flush()
            os.fsync(file.fileno())
        compare(wanted, facts(_read(draft)), path.name)
        draft.chmod(0o644)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _read(path: Path) -> otio.schema.Timeline:
    try:
        back = otio.adapters.read_from_file(str(path), "otio_json")
    except (otio.exceptions.OTIOError, ValueError) as error:
        raise ConnectorError(f"{path.name}: the timeline cannot be read back: {error}") from error
    if not isinstance(back, otio.schema.Timeline):
        raise ConnectorError(f"{path.name}: read back as {type(back).__name__}, not as a timeline.")
    return back


def compare(wanted: Facts, found: Facts, name: str) -> None:
    """Raises ConnectorError that names what differs between two sets of facts."""
    differences = [
        f"{key}: wrote {wanted.get(key, 'nothing')}, read {found.get(key, 'nothing')}"
        for key in sorted(wanted.keys() | found.keys())
        if wanted.get(key) != found.get(key)
    ]
    if differences:
        more = f" (and {len(differences) - 3} more)" if len(differences) > 3 else ""
        raise ConnectorError(
            f"{name}: the timeline did not survive writing: {'; '.join(differences[:3])}{more}.",
            differences=tuple(differences),
        )


def facts(timeline: otio.schema.Timeline) -> Facts:
    """Everything that a timeline says, one exact fact per place in it.

    Raises ConnectorError where a rate or a time is not exact.
    """
    return dict(_timeline(timeline))


def _timeline(timeline: otio.schema.Timeline) -> Iterator[tuple[str, str]]:
    yield "name", repr(timeline.name)
    if timeline.global_start_time is not None:
        yield "global start", time_fact(timeline.global_start_time, "global start")
    yield from _metadata("metadata", timeline.metadata)
    yield "tracks", str(len(timeline.tracks))
    for number, track in enumerate(timeline.tracks, 1):
        where = f"track {number}"
        yield f"{where} name", repr(track.name)
        yield f"{where} kind", track.kind
        yield f"{where} length", str(len(track))
        yield from _metadata(f"{where} metadata", track.metadata)
        for position, child in enumerate(track, 1):
            yield from _item(f"{where}.{position}", child)


def _item(where: str, item: otio.core.Composable) -> Iterator[tuple[str, str]]:
    yield f"{where} type", type(item).__name__
    yield f"{where} name", repr(item.name)
    yield from _metadata(f"{where} metadata", item.metadata)
    if not isinstance(item, otio.core.Item):
        return
    yield from _range(f"{where} source range", item.source_range)
    yield f"{where} effects", str([effect.to_json_string() for effect in item.effects])
    for number, marker in enumerate(item.markers, 1):
        place = f"{where} marker {number}"
        yield place, repr((marker.name, marker.color, marker.comment))
        yield from _range(f"{place} range", marker.marked_range)
        yield from _metadata(f"{place} metadata", marker.metadata)
    if isinstance(item, otio.schema.Clip):
        yield f"{where} active media", item.active_media_reference_key
        for key, reference in sorted(item.media_references().items()):
            yield from _media(f"{where} media {key}", reference)


def _media(where: str, reference: otio.core.MediaReference) -> Iterator[tuple[str, str]]:
    yield where, type(reference).__name__
    yield f"{where} name", repr(reference.name)
    yield from _range(f"{where} available range", reference.available_range)
    yield from _metadata(f"{where} metadata", reference.metadata)
    if isinstance(reference, otio.schema.ExternalReference):
        yield f"{where} url", reference.target_url
    if isinstance(reference, otio.schema.ImageSequenceReference):
        yield f"{where} url", reference.abstract_target_url("#")
        yield f"{where} frames", f"{reference.start_frame} step {reference.frame_step}"
        yield f"{where} rate", time_fact(otio.opentime.RationalTime(0, reference.rate), where)


def _range(where: str, value: otio.opentime.TimeRange | None) -> Iterator[tuple[str, str]]:
    if value is not None:
        yield f"{where} start", time_fact(value.start_time, where)
        yield f"{where} duration", time_fact(value.duration, where)


def _metadata(where: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key in value:
            yield from _metadata(f"{where}.{key}", value[key])
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, entry in enumerate(value):
            yield from _metadata(f"{where}.{index}", entry)
    elif isinstance(value, otio.core.SerializableObject):
        yield where, value.to_json_string()
    else:
        yield where, f"{type(value).__name__} {value!r}"
