"""What the suite publishes, writes and sends."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from pathlib import Path

from ...schema.tracker import EntityRef, NoteDraft, VersionDraft
from .bench import Bench


def draft(bench: Bench, task: EntityRef, key: str = "1") -> VersionDraft:
    """A version of the task's shot."""
    return VersionDraft(
        key=f"{bench.project}-version-{key}",
        project=bench.project,
        code=f"SH010_{key}_v001",
        entity=bench.tracker.task(task).entity,
        task=task,
        description="Extra removed.",
        first_frame=1001,
        last_frame=1024,
        frame_rate="24000/1001",
        frames_path="/show/SH010/v001/master.%04d.exr",
        movie_path="/show/SH010/v001/review.mp4",
        status=bench.review,
    )


def note_draft(bench: Bench, task: EntityRef, files: Sequence[Path] = (), key: str = "1") -> NoteDraft:
    """A note on the task."""
    return NoteDraft(
        key=f"{bench.project}-note-{key}",
        project=bench.project,
        task=task,
        subject="Found",
        text="Two things.",
        attachments=tuple(files),
    )


def grey_png(width: int, height: int) -> bytes:
    """A grey picture of 8 bits."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + b"\x5a" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
