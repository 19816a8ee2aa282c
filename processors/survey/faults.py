"""Why a file cannot be read, in a sentence that a coordinator understands."""

from __future__ import annotations

from pathlib import Path

import av

from .reading import open_quietly

_LOOK = 1 << 20
_NO_MEDIA = {
    "zip": (b"PK\x03\x04", "a ZIP archive"),
    "pdf": (b"%PDF", "a PDF document"),
    "aaf": (b"\xd0\xcf\x11\xe0", "an AAF or Office document"),
    "gzip": (b"\x1f\x8b", "a compressed archive"),
    "elf": (b"\x7fELF", "a program"),
}


_MEANINGS: tuple[tuple[type[Exception], str], ...] = (
    (av.error.EOFError, "breaks off inside its header: the copy is not complete. Copy it again."),
    (av.error.DecoderNotFoundError, "holds pictures in a format that is not decoded here."),
    (av.error.InvalidDataError, "is not picture or sound that can be read: damaged, or not media at all."),
    (av.error.PermissionError, "only points to other files; it holds no picture or sound of its own."),
)


def sentence(path: Path, error: Exception) -> str:
    """What FFmpeg or the system meant by *error*, with the file's name."""
    if isinstance(error, av.error.InvalidDataError) and _unfinished(path):
        return f"{path.name} is not finished: its index (moov) is missing, so recording or copying was cut off."
    for kind, words in _MEANINGS:
        if isinstance(error, kind):
            return f"{path.name} {words}"
    return f"{path.name} cannot be read as picture or sound ({_words(error)})."


def refusal_by_content(path: Path, head: bytes, size: int) -> str | None:
    """A sentence for what is plainly no media by its first bytes; None for what deserves a try."""
    name = path.name
    if size == 0:
        return f"{name} is empty (0 bytes). Copy it again."
    if not any(head):
        return f"{name} begins with nothing but zeros: space was reserved, the content never arrived. Copy it again."
    for magic, words in _NO_MEDIA.values():
        if head.startswith(magic):
            return f"{name} is {words}, not picture or sound."
    if _is_text(head):
        return f"{name} is a text file, not picture or sound; nothing is done with it."
    return None


def _unfinished(path: Path) -> bool:
    """Whether an ISO or QuickTime movie has begun, and no index follows."""
    with open_quietly(path) as file:
        head = file.read(_LOOK)
        file.seek(max(0, file.seek(0, 2) - _LOOK))
        tail = file.read(_LOOK)
    return head[4:8] in {b"ftyp", b"mdat", b"wide", b"free", b"skip"} and b"moov" not in head + tail


def encrypted(path: Path) -> bool:
    """Whether an ISO movie's tracks are encrypted: its sample entries are `encv` or `enca` (ISO/IEC 23001-7)."""
    with open_quietly(path) as file:
        head = file.read(_LOOK)
        file.seek(max(0, file.seek(0, 2) - _LOOK))
        tail = file.read(_LOOK)
    return any(mark in part for mark in (b"encv", b"enca") for part in (head, tail) if b"sinf" in part)


def _is_text(head: bytes) -> bool:
    for encoding in ("utf-8", "utf-16"):
        if encoding == "utf-16" and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
            continue
        try:
            text = head[: len(head) // 2 * 2].decode(encoding)
        except UnicodeDecodeError as error:
            if error.start < len(head) - 4:  # a character cut at the end of what was read is no fault
                continue
            text = head[: error.start].decode(encoding)
        return all(char.isprintable() or char in "\t\r\n\f\ufeff" for char in text)
    return False


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
