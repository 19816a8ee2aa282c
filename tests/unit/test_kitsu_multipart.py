"""A form with one file, sent piece by piece."""

from __future__ import annotations

import email.parser
import email.policy
import tracemalloc
from pathlib import Path

import pytest
from wetgate.connectors.kitsu.multipart import FileForm


@pytest.mark.parametrize("piece", [1, 7, 64, 10_000])
def test_the_form_holds_the_very_file(tmp_path: Path, piece: int) -> None:
    """However it is read, a parser finds the file's bytes and name, and the length was right."""
    path = tmp_path / 'a "b" é.bin'
    path.write_bytes(bytes(range(256)) * 3 + b"\r\n--")
    with FileForm("file", path) as form:
        body = b""
        while part := form.read(piece):
            body += part
            assert form.sent == (len(body) == len(form))
        assert len(body) == len(form)
        assert form.sent
        header = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(header + body)
    (found,) = message.iter_parts()
    assert found.get_payload(decode=True) == path.read_bytes()
    assert found.get_param("name", header="content-disposition") == "file"


def test_memory_stays_flat(tmp_path: Path) -> None:
    """A file of 256 MB is read without ever holding more than a piece of it."""
    path = tmp_path / "large.mov"
    with path.open("wb") as out:
        out.truncate(256 << 20)
    tracemalloc.start()
    with FileForm("file", path) as form:
        while form.read(1 << 16):
            pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 << 20


def test_a_file_that_shrinks_is_an_error(tmp_path: Path) -> None:
    """What was promised can no longer be sent."""
    path = tmp_path / "cut.mov"
    path.write_bytes(b"x" * 1000)
    with FileForm("file", path) as form:
        path.write_bytes(b"x" * 10)
        with pytest.raises(OSError, match="shorter"):
            form.read()
