"""What lies beside a master for compositors, read again from disk: patch, source map and script.

This says nothing about how good they are: only that they are all there, are the files that the
report names, and change nothing outside the effective matte.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813 - the library's own documentation imports it so

from .pictures.layout import Mask

_PARTS = {"patch": "patch", "source_map": "source map"}


@dataclass(frozen=True)
class Beside:
    """One sequence of files beside a master: its `folder`, SHA-256 by file name, channels that end at the matte."""

    what: str
    folder: Path
    listed: Mapping[str, str]
    bounded: tuple[str, ...]

    def missing(self, frames: int) -> list[str]:
        """Sentences about files that are too few or too many."""
        there = {path.name for path in self.folder.glob("*.exr")} if self.folder.is_dir() else set()
        found = []
        if len(self.listed) != frames:
            found.append(f"the report lists {len(self.listed)} files of the {self.what} for {frames} frames.")
        lost, foreign = sorted(set(self.listed) - there), sorted(there - set(self.listed))
        if lost:
            found.append(f"{len(lost)} files of the {self.what} are missing from {self.folder.name}/, first {lost[0]}.")
        if foreign:
            found.append(f"{self.folder.name}/ holds {len(foreign)} files that the report does not know: {foreign[0]}.")
        return found

    def problems(self, number: int, inside: Mask) -> list[str]:
        """Sentences about the file of shot frame *number*, whose effective matte is *inside*."""
        name = next((name for name in self.listed if name.endswith(f".{number:04d}.exr")), None)
        if name is None:
            return [f"frame {number}: the report lists no file of the {self.what}."]
        path = self.folder / name
        if not path.is_file():
            return []  # `missing` has said so
        if hashlib.sha256(path.read_bytes()).hexdigest() != self.listed[name]:
            return [f"{self.folder.name}/{name} is not the file that the report was made with."]
        count = _outside(path, inside, self.bounded)
        if count is None:
            return [f"{self.folder.name}/{name} cannot be read, lacks channels or is of another size than the plate."]
        return [f"{self.folder.name}/{name} reaches {count} pixels beyond the effective matte."] if count else []


def beside(folder: Path, words: Mapping[str, Any]) -> list[Beside]:
    """What the report *words* in *folder* says lies beside its master; raises KeyError for what it lacks."""
    return [
        Beside(
            what,
            folder / words[key]["path"],
            dict(words[key]["sha256"]),
            tuple(words[key]["zero_outside_matte"]),
        )
        for key, what in _PARTS.items()
        if key in words
    ]


def script_problems(folder: Path, words: Mapping[str, Any]) -> list[str]:
    """Sentences about the compositor's script."""
    told = words.get("nuke")
    if told is None:
        return []
    path = folder / told["path"]
    if not path.is_file():
        return [f"{path.name} is missing."]
    same = hashlib.sha256(path.read_bytes()).hexdigest() == told["sha256"]
    return [] if same else [f"{path.name} is not the script that the report was made with."]


def _outside(path: Path, inside: Mask, channels: tuple[str, ...]) -> int | None:
    """Pixels outside *inside* at which one of *channels* is not zero; None where the file does not fit."""
    image = oiio.ImageInput.open(str(path))
    if image is None:
        return None
    spec = image.spec()
    pixels = image.read_image("float")
    image.close()
    names = list(spec.channelnames)
    if pixels is None or (spec.full_height, spec.full_width) != inside.shape or not set(channels) <= set(names):
        return None
    set_ = np.zeros(inside.shape, bool)
    window = (slice(spec.y, spec.y + spec.height), slice(spec.x, spec.x + spec.width))
    if set_[window].shape != (spec.height, spec.width):
        return None
    set_[window] = (pixels[..., [names.index(name) for name in channels]] != 0).any(axis=-1)
    return int((set_ & ~inside).sum())
