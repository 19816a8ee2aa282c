"""Text out of file headers, made fit for a database and a page."""

from __future__ import annotations


def plain_text(text: str) -> str:
    """Without control characters; bytes that are no UTF-8, which arrive as lone surrogates, are read as Latin-1."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = "".join(chr(ord(char) & 0xFF) if "\ud800" <= char <= "\udfff" else char for char in text)
    return "".join(char if char.isprintable() else " " for char in text).strip()
