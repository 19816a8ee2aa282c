"""A look at the storage: which files and image sequences are there. Only lists and stats; opens nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

import structlog

from ...processors.survey import frames_of, group, is_pattern, pattern
from ...schema.errors import UnreadableMedia
from ..store.arrivals import Sighting

log = structlog.get_logger(__name__)


@dataclass
class Look:
    """What one look saw below `scopes`, and everything below them where it was `deep`.

    `listed` are the folders that were read, `missing` those that are not there, `unreadable` those
    that could not be read. `frames` maps the path of each frame to the sequence that stands for it.
    """

    scopes: tuple[str, ...] = ()
    deep: bool = True

    sightings: dict[str, Sighting] = field(default_factory=dict)
    frames: dict[str, Path] = field(default_factory=dict)
    listed: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    def speaks_for(self, path: str) -> bool:
        """Whether the absence of *path* from this look means that it is not there."""
        if os.path.dirname(path) in self.listed:  # noqa: PTH120 - called for every row; Path is ten times slower
            return True
        whole = (*self.missing, *self.scopes) if self.deep else self.missing
        return any(_below(path, folder) for folder in whole) and not any(
            _below(path, folder) for folder in self.unreadable
        )


def look(root: Path, folders: Iterable[Path], ignore: Sequence[str], *, deep: bool) -> Look:
    """List *folders* of *root*, with everything below them when *deep*."""
    stack = list(folders)
    found = Look(scopes=tuple(map(str, stack)), deep=deep)
    seen: set[tuple[int, int]] = set()
    while stack:
        folder = stack.pop()
        try:
            inside = _list(root, folder, ignore, found, seen)
        except FileNotFoundError:
            found.missing.append(str(folder))
        except OSError as error:
            log.warning("folder cannot be read", folder=str(folder), why=error.strerror or str(error))
            found.unreadable.append(str(folder))
        else:
            stack += inside if deep else []
    return found


def sight(root: Path, path: Path) -> Sighting | None:
    """One path as it is now (a sequence as a whole); None when it is not there. Raises OSError otherwise."""
    if not is_pattern(path):
        try:
            status = path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return Sighting(root, path, status.st_size, status.st_mtime_ns)
    try:
        statuses = [frame.stat() for _, frame in frames_of(path)]
    except (UnreadableMedia, FileNotFoundError):
        return None
    return _joined(root, path, statuses)


def ignored(name: str, patterns: Sequence[str]) -> bool:
    """Whether a file's or folder's name is passed over."""
    return any(fnmatch(name, pattern) for pattern in patterns)


def _list(root: Path, folder: Path, ignore: Sequence[str], found: Look, seen: set[tuple[int, int]]) -> list[Path]:
    status = folder.stat()
    if (status.st_dev, status.st_ino) in seen:  # a link back to a folder above
        return []
    seen.add((status.st_dev, status.st_ino))
    files: dict[str, os.stat_result] = {}
    folders = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if ignored(entry.name, ignore) or not _writable_name(entry.path):
                continue
            try:
                status = entry.stat()
            except OSError as error:
                log.info("file cannot be looked at", path=entry.path, why=error.strerror or str(error))
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(Path(entry.path))
            elif stat.S_ISREG(status.st_mode):
                files[entry.name] = status
    found.listed.add(str(folder))
    _gather(root, folder, files, found)
    return folders


def _gather(root: Path, folder: Path, files: dict[str, os.stat_result], found: Look) -> None:
    sequences, singles = group(folder, files)
    for sequence in sequences:
        path = Path(pattern(sequence))
        frames = [Path(str(frame)) for frame in sequence]
        found.frames.update((str(frame), path) for frame in frames)
        found.sightings[str(path)] = _joined(root, path, [files[frame.name] for frame in frames])
    for name in singles:
        path, status = folder / name, files[name]
        found.sightings[str(path)] = Sighting(root, path, status.st_size, status.st_mtime_ns)


def _joined(root: Path, path: Path, statuses: Sequence[os.stat_result]) -> Sighting:
    return Sighting(root, path, sum(s.st_size for s in statuses), max(s.st_mtime_ns for s in statuses))


def _writable_name(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        log.warning("file name is not UTF-8 and is passed over; rename it", path=ascii(path))
        return False
    return True


def _below(path: str, folder: str) -> bool:
    return path.startswith(folder.rstrip("/") + "/")
