"""What a file is known by: the hash of its content."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from blake3 import blake3

from .reading import open_quietly

_BLOCK = 1 << 20


def content_hash(path: Path) -> str:
    """BLAKE3 of the file's bytes, as 64 hexadecimal digits. Raises OSError."""
    digest = blake3()
    _feed(digest, path)
    return digest.hexdigest()


def sequence_hash(frames: Sequence[Path]) -> str:
    """BLAKE3 over each frame's name, size and bytes, in frame order."""
    digest = blake3()
    for frame in frames:
        digest.update(f"{frame.name}\0{frame.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        _feed(digest, frame)
    return digest.hexdigest()


def _feed(digest: blake3, path: Path) -> None:
    with open_quietly(path) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
