"""Image sequences: which files of a folder are the frames of one piece of footage."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from fileseq.filesequence import FileSequence

from ...schema.errors import UnreadableMedia
from .raw import RAW_FRAMES

IMAGES = frozenset({".exr", ".dpx", ".cin", ".tif", ".tiff", ".png", ".jpg", ".jpeg", ".tga", ".sgi", ".bmp"})
"""Extensions of still pictures that are read here."""

_FRAMES = IMAGES | RAW_FRAMES

_LEAST_DIGITS = 3


def group(folder: Path, names: Iterable[str]) -> tuple[list[FileSequence], list[str]]:
    """Split the file names of one folder into image sequences and single files.

    Frames of a sequence share stem, extension and padding, and are numbered with three digits or
    more: `shot.1001.exr` is a frame, `IMG_1.jpg` and `plate2.png` are pictures of their own.
    """
    pictures: list[str] = []
    singles: list[str] = []
    for name in names:
        (pictures if Path(name).suffix.lower() in _FRAMES else singles).append(name)
    found = []
    for sequence in FileSequence.yield_sequences_in_list(pictures):
        frames = list(sequence)
        if len(frames) > 1 and len(sequence.padding()) and _digits(sequence) >= _LEAST_DIGITS:
            sequence.setDirname(f"{folder}/")
            found.append(sequence)
        else:
            singles += [Path(frame).name for frame in frames]
    return found, singles


def pattern(sequence: FileSequence) -> str:
    """The sequence's path without its range, `/roll/shot.#.exr`: it stays as frames keep arriving."""
    return str(sequence.format("{dirname}{basename}{padding}{extension}"))


def is_pattern(path: Path) -> bool:
    """Whether a path is the pattern of a sequence rather than a file (`logo@2x.png` is a file)."""
    return path.suffix.lower() in _FRAMES and path.stem.endswith(("#", "@")) and not path.is_file()


def frames_of(path: Path) -> list[tuple[int, Path]]:
    """The frames that a pattern stands for, by number. Raises UnreadableMedia where there are none."""
    stem = path.stem.rstrip("#@")
    try:
        names = [file.name for file in path.parent.iterdir() if file.name.startswith(stem)]
    except (FileNotFoundError, NotADirectoryError):
        names = []
    for sequence in group(path.parent, names)[0]:
        if pattern(sequence) == str(path):
            numbers = sorted(int(number) for number in sequence.frameSet() or ())
            return [(number, Path(str(sequence.frame(number)))) for number in numbers]
    raise UnreadableMedia(f"{path.name} has no frames on disk any more.", path=str(path))


def _digits(sequence: FileSequence) -> int:
    return max(int(sequence.zfill()), len(str(abs(int(sequence.start())))))
