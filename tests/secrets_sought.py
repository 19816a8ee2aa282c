"""Looks for a site's secrets in whatever Wetgate wrote or said: its key, tokens, and addresses as good as those."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_TOKEN = re.compile(rb"eyJ[\w-]{8,}\.[\w-]+\.[\w-]+")
_SIGNED = re.compile(rb"(?i)[?&;][\w-]*(?:sig|signature|token|credential)=([^\s&;\"'<>\\]+)")
_HIDDEN = (b"***", b"%2A%2A%2A", b"removed", b"hidden")


def assert_hidden(said: bytes | str, secrets: Iterable[str], where: str) -> None:
    """None of *secrets*, no token and no signed address is in what was said."""
    text = said if isinstance(said, bytes) else said.encode()
    for secret in secrets:
        assert secret.encode() not in text, f"{where}: a secret stands there"
    found = _TOKEN.search(text)
    assert found is None, f"{where}: a token stands there"
    for signed in _SIGNED.finditer(text):
        assert signed[1].startswith(_HIDDEN), f"{where}: {signed[0][:80]!r}"


def assert_hidden_in(folder: Path, secrets: Iterable[str], *, but: Iterable[str] = ()) -> int:
    """The same of every file below *folder* but those of some names; how many files that were."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in but]
    for path in files:
        assert_hidden(path.read_bytes(), secrets, str(path))
    return len(files)
