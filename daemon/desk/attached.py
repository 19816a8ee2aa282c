"""Files that people attached to a task, fetched when a brief names them: single files, sequences, zips of frames."""

from __future__ import annotations

import hashlib
import re
import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ...processors.pictures.stills import SUFFIXES
from ...schema.errors import BriefIncomplete
from ...schema.ports import Tracker
from ...schema.tracker import Attachment

_PLACE = re.compile(r"#+|@+|%0?\d*d")
_MOVIES = (".mov", ".mp4", ".mkv", ".mxf", ".avi")
_MOST_FILES = 50_000
_MOST_BYTES = 200 * 10**9
_SPARE = 10 * 10**9
"""Bytes that stay free on the disk: a zip that needs more is not unpacked."""


def is_pattern(name: str) -> bool:
    """Whether a name stands for a sequence: `matte.####.png`, `matte.%04d.png`, `matte.@.png`."""
    return bool(_PLACE.search(name))


class Attached:
    """What is attached to one task; each file is fetched once, into a folder of its own."""

    def __init__(self, tracker: Tracker, attachments: Sequence[Attachment], folder: Path) -> None:
        """*attachments* as the tracker lists them, oldest first; of one name the newest counts."""
        self._tracker, self._folder = tracker, folder
        self._files = sorted(attachments, key=lambda one: one.at)

    def path(self, name: str) -> Path | None:
        """The file, or the folder of frames, that *name* stands for; None where nothing like it is attached.

        Raises BriefIncomplete for a zip that holds no frames, or cannot be unpacked.
        """
        wanted = name.strip()
        if is_pattern(wanted):
            return self._sequence(wanted)
        for one in reversed(self._files):
            if one.name.casefold() == wanted.casefold() and not one.drawn:
                path = self.fetch(one)
                return unpack(path) if path.suffix.lower() == ".zip" else path
        return None

    def fetch(self, attachment: Attachment) -> Path:
        """One file."""
        folder = self._folder / re.sub(r"[^A-Za-z0-9_-]", "_", attachment.id)
        there = [path for path in folder.glob("*") if path.is_file() and path.stat().st_size] if folder.is_dir() else []
        return there[0] if there else self._tracker.download(attachment, folder)

    def _sequence(self, pattern: str) -> Path | None:
        parts = _PLACE.split(pattern, maxsplit=1)
        fits = re.compile(rf"{re.escape(parts[0])}\d+{re.escape(parts[1])}", re.IGNORECASE)
        frames = {one.name.casefold(): one for one in self._files if fits.fullmatch(one.name) and not one.drawn}
        if not frames:
            return None
        ids = hashlib.sha256("\n".join(sorted(one.id for one in frames.values())).encode()).hexdigest()[:16]
        folder = self._folder / f"sequence-{ids}"
        if not folder.is_dir():
            fetching = folder.with_name(f"{folder.name}.part")
            shutil.rmtree(fetching, ignore_errors=True)
            for one in frames.values():
                self._tracker.download(one, fetching)
            fetching.rename(folder)
        return folder


def unpack(path: Path) -> Path:
    """The frames of a zip as a folder beside it, or its only movie.

    Names are taken without their folders, so nothing can be written elsewhere; links, and whatever is no
    picture or movie, stay in the zip. Raises BriefIncomplete.
    """
    folder = path.with_suffix(".frames")
    if not folder.is_dir():
        fetching = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(fetching, ignore_errors=True)
        fetching.mkdir(parents=True)
        try:
            _extract(path, fetching)
        # What zipfile raises for a damaged, encrypted (RuntimeError), unknown (NotImplementedError) or cut-off one.
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
            raise BriefIncomplete(
                f"The attachment {path.name} cannot be unpacked ({error}). Attach it again."
            ) from error
        fetching.rename(folder)
    movies = [one for one in folder.iterdir() if one.suffix.lower() in _MOVIES]
    return movies[0] if movies else folder


def _extract(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as packed:
        frames: dict[str, zipfile.ZipInfo] = {}
        for info in packed.infolist():
            name = PurePosixPath(info.filename.replace("\\", "/")).name
            plain = not info.is_dir() and (info.external_attr >> 28) in {0, 0o10}  # a link's target is no picture
            hidden = name.startswith(".") or "__MACOSX" in info.filename
            if plain and not hidden and Path(name).suffix.lower() in (*SUFFIXES, *_MOVIES):
                if name.casefold() in frames:
                    raise BriefIncomplete(f"The attachment {path.name} holds {name} twice. Pack one sequence alone.")
                frames[name.casefold()] = info
        if not frames:
            raise BriefIncomplete(f"The attachment {path.name} holds no frames ({', '.join(SUFFIXES)}) and no movie.")
        movies = sum(Path(name).suffix in _MOVIES for name in frames)
        if movies and len(frames) > 1:
            raise BriefIncomplete(f"The attachment {path.name} holds a movie and other files. Pack one of them alone.")
        _room_for(path, list(frames.values()), folder)
        for info in frames.values():
            name = re.sub(r"[^A-Za-z0-9._-]+", "_", PurePosixPath(info.filename.replace("\\", "/")).name)
            with packed.open(info) as source, (folder / name).open("wb") as target:
                left = info.file_size
                while left > 0 and (data := source.read(min(1 << 20, left))):
                    target.write(data)
                    left -= len(data)


def _room_for(path: Path, infos: list[zipfile.ZipInfo], folder: Path) -> None:
    size = sum(info.file_size for info in infos)
    free = shutil.disk_usage(folder).free - _SPARE
    if len(infos) > _MOST_FILES or size > min(_MOST_BYTES, free):
        raise BriefIncomplete(
            f"The attachment {path.name} would unpack to {len(infos):,} files and {size / 1e9:.1f} GB, for which "
            "there is no room. Put the sequence on the show's storage and write its path."
        )
