"""One file or image sequence in, all that the index keeps out."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...schema.errors import SourceOffline, UnreadableMedia
from ...schema.media import MediaFacts
from ...schema.model import Value
from ...schema.ports import Progress
from .content import content_hash, sequence_hash
from .editorial import editorial_kind
from .faults import refusal_by_content
from .movie import watch_movie
from .probe import probe
from .raw import raw_format, raw_note
from .reading import open_quietly
from .sequence import IMAGES, frames_of, is_pattern
from .sound import recorder_words, start_timecode
from .stills import watch_stills
from .viewing import Viewing
from .words import words_of

_HEAD = 4096


class Survey(Value):
    """What is known of one piece of footage.

    `thumbnail`, `filmstrip` (JPEG) and `features` (`.npz`: `rows`, float16, one a frame, and `frames`, their
    numbers) are paths below the folder that the survey was given; None where there is no
    picture. `cuts` and `feature_frames` count frames from 0.
    """

    name: str
    content_hash: str
    facts: MediaFacts
    cuts: tuple[int, ...] = ()
    words: str
    thumbnail: str | None = None
    filmstrip: str | None = None
    features: str | None = None
    feature_frames: tuple[int, ...] = ()


def clip_name(path: Path) -> str:
    """What people call it: the file without extension; a sequence's stem, or its folder where it has none."""
    if not is_pattern(path):
        return path.stem
    return path.stem.rstrip("#@").rstrip("._- ") or path.parent.name


def survey(path: Path, root: Path, out: Path, progress: Progress) -> Survey:
    """Read *path* (a file, or the pattern of a sequence) once and write its pictures below *out*.

    The words come from the path below *root*. Nothing is written beside the footage. Raises
    UnreadableMedia with a sentence that names the file, SourceOffline when it is not there.
    """
    try:
        if is_pattern(path):
            found, digest = _sequence(path, progress)
        else:
            found, digest = _file(path, progress)
    except FileNotFoundError as error:
        raise SourceOffline(f"{path.name} is not there (any more).", path=str(path)) from error
    except PermissionError as error:
        raise UnreadableMedia(f"{path.name} may not be read: the permission is missing.", path=str(path)) from error
    except OSError as error:
        raise SourceOffline(f"{path.name} cannot be read now: {error.strerror or error}.", path=str(path)) from error
    facts, viewing, heard = found
    relative = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    result = Survey(
        name=clip_name(path),
        content_hash=digest,
        facts=facts.model_copy(update={"reel": facts.reel or heard.get("tape")}),
        words=words_of(relative, facts, heard),
    )
    return _pictures(result, viewing, out) if viewing is not None else result


Found = tuple[MediaFacts, Viewing | None, dict[str, str]]


def features_of(path: Path) -> NDArray[np.float16]:
    """The feature rows (n x 512) of a picture, movie or sequence. Raises UnreadableMedia."""
    found, _ = _sequence(path, _silent) if is_pattern(path) else _file(path, _silent)
    if found[1] is None:
        raise UnreadableMedia(f"{path.name} holds no picture.", path=str(path))
    return found[1].features


def _silent(_share: float, _doing: str) -> None:
    pass


def _sequence(path: Path, progress: Progress) -> tuple[Found, str]:
    frames = frames_of(path)
    files = [file for _, file in frames]
    digest = sequence_hash(files)
    if raw := raw_format(path, files[0].stat().st_size):
        return (MediaFacts(container=raw, note=raw_note(raw)), None, {}), digest
    facts, viewing = watch_stills(frames, _share(progress))
    return (facts, viewing, {}), digest


def _file(path: Path, progress: Progress) -> tuple[Found, str]:
    with open_quietly(path) as file:
        head, size = file.read(_HEAD), os.fstat(file.fileno()).st_size
        if kind := editorial_kind(path, head):
            facts = MediaFacts(container="editorial", note=f"{kind}; kept to be found, not a piece of footage.")
            return (facts, None, {}), content_hash(path)
        if refusal := refusal_by_content(path, head, size):
            raise UnreadableMedia(refusal, path=str(path))
        if raw := raw_format(path, size):
            return (MediaFacts(container=raw, note=raw_note(raw)), None, {}), content_hash(path)
        if path.suffix.lower() in IMAGES:
            facts, viewing = watch_stills([(0, path)], _share(progress))
            return (facts, viewing, {}), content_hash(path)
        heard = recorder_words(file)
        file.seek(0)
        container, facts = probe(path, file)
        if heard and facts.video is None and facts.audio:
            facts = facts.model_copy(update={"timecode": start_timecode(heard, facts.audio[0].sample_rate)})
        with container:
            facts, seen = watch_movie(path, container, facts, _share(progress))
    return (facts, seen, heard), content_hash(path)


def _share(progress: Progress) -> Callable[[float], None]:
    return lambda share: progress(min(share, 1.0) * 0.9, "looking at the pictures")


def _pictures(result: Survey, viewing: Viewing, out: Path) -> Survey:
    folder = f"{result.content_hash[:2]}/{result.content_hash}"
    rows = io.BytesIO()
    np.savez(rows, frames=np.array(viewing.feature_frames, np.int32), rows=viewing.features)
    names = {"thumbnail": "poster.jpg", "filmstrip": "strip.jpg", "features": "features.npz"}
    content = {"thumbnail": viewing.poster(), "filmstrip": viewing.filmstrip(), "features": rows.getvalue()}
    (out / folder).mkdir(parents=True, exist_ok=True)
    for field, name in names.items():
        _put(out / folder / name, content[field])
    update = {field: f"{folder}/{name}" for field, name in names.items()}
    return result.model_copy(update={**update, "cuts": viewing.cuts, "feature_frames": viewing.feature_frames})


def _put(path: Path, content: bytes) -> None:
    """Whole or not at all, however the process ends."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    partial.write_bytes(content)
    partial.replace(path)
