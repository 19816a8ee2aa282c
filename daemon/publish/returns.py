"""A version's package for editorial: its return timeline, read back and compared before it goes out."""

from __future__ import annotations

from pathlib import Path

from ...connectors.editorial import return_timeline, write_checked
from ...schema.editorial import PlateCut, ReturnPackage
from ...schema.errors import PublishError
from ...schema.media import SourceClass
from ...schema.outcome import Outcome
from ...schema.rate import snap_rate
from ...schema.settings import ShowSettings
from ...schema.tables import ClipRow, VersionRow
from ..store.index import Index


def write_return(index: Index, show: ShowSettings, version: VersionRow, outcome: Outcome, shot: str) -> Path:
    """Write `<version>.otio` into the version's folder and return its path.

    A pull has the show's handles at both ends; a camera take is used whole.
    Raises PublishError when the plate is no longer known, ConnectorError when the file reads back
    differently.
    """
    clip = index.clip(version.plate_clip_id) if version.plate_clip_id is not None else None
    path = index.path_of(clip) if clip is not None else None
    if clip is None or path is None or clip.rate is None or outcome.master is None:
        raise PublishError(f"{version.code}: its plate is not in the index any more, so no timeline can be made.")
    package = ReturnPackage(
        show=version.show,
        shot=shot,
        code=version.code,
        key=version.key,
        plate=_plate(clip, path, show),
        master=outcome.master,
        review=outcome.review,
        report=outcome.report,
        first_frame=outcome.first_frame,
        last_frame=outcome.last_frame,
        summary=outcome.summary,
    )
    return write_checked(return_timeline(package), Path(version.folder) / f"{version.code}.otio")


def _plate(clip: ClipRow, path: Path, show: ShowSettings) -> PlateCut:
    handles = show.handles if clip.source_class == SourceClass.PULL and clip.frames > 2 * show.handles else 0
    return PlateCut(
        name=clip.name,
        path=path,
        clip=clip.content_hash,
        rate=snap_rate(clip.rate or ""),
        frames=clip.frames,
        timecode=clip.timecode,
        reel=clip.reel,
        head=handles,
        tail=handles,
        first_frame=show.first_frame,
    )
