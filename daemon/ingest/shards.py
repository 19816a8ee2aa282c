"""Looking like: brute-force cosine search over a show's frame features.

The truth is each clip's own `features.npz`, written whole by its survey. Shards, large files of
float16 rows that are memory-mapped, are made from them when a search has had to open many, and can
be deleted at any time. A shard counts only when its list (`.json`), written after it, is there.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
import structlog
from numpy.typing import NDArray

from ...processors.survey import SIZE
from ...schema.tables import ClipRow
from ..store.index import Index

log = structlog.get_logger(__name__)

Rows = NDArray[np.float16]

FOLDER = "features"
"""Folder inside a show's own folder that holds the shards."""

_LOOSE = 256
_CHUNK = 16384
_QUERIES = 32


@dataclass(frozen=True)
class Likeness:
    """A clip that looks like what was asked for: its best frame (from 0), and the cosine, 1 for the same."""

    clip: ClipRow
    frame: int
    score: float


@dataclass(frozen=True)
class _Block:
    """Rows of several clips: `clips` are (content hash, first row, frame numbers)."""

    rows: Rows
    clips: tuple[tuple[str, int, tuple[int, ...]], ...]


class Shards:
    """Search by picture over every show."""

    def __init__(self, index: Index, work_root: Path) -> None:
        """Features lie below *work_root*, at the paths that the clips' rows state."""
        self._index = index
        self._work_root = work_root

    def search_like(self, show: str, rows: Rows, limit: int = 10) -> list[Likeness]:
        """Clips that look like the pictures of *rows* (float16, n x SIZE), the best first.

        A clip's score is the mean, over the pictures asked for, of its most similar frame.
        """
        if not len(rows):
            return []
        queries = _thinned(rows).astype(np.float32)
        found: list[Likeness] = []
        clips = {clip.content_hash: clip for clip in self._index.clips(show) if clip.features}
        for block in self._blocks(show, clips):
            for content_hash, frame, score in _best(block, queries):
                if clip := clips.get(content_hash):
                    found.append(Likeness(clip, frame, score))
        return sorted(found, key=lambda hit: (-hit.score, hit.clip.id))[:limit]

    def similar_clips(self, show: str, clip: ClipRow, limit: int = 10) -> list[Likeness]:
        """Other clips of the show that look like *clip*, the best first."""
        loaded = self._load(clip)
        if loaded is None:
            return []
        hits = self.search_like(show, loaded[1], limit + 1)
        return [hit for hit in hits if hit.clip.id != clip.id][:limit]

    def resemblance(self, one: ClipRow, other: ClipRow, start: int) -> float:
        """Mean cosine of two clips at the same moments, *other*'s frame 0 being *one*'s frame *start*; 0 unread."""
        mine, theirs = self._load(one), self._load(other)
        if mine is None or theirs is None or not len(mine[1]) or not len(theirs[1]):
            return 0.0
        shifted = theirs[0].astype(np.int64) + start
        nearest = np.abs(mine[0].astype(np.int64)[None, :] - shifted[:, None]).argmin(axis=1)
        return float((mine[1][nearest].astype(np.float32) * theirs[1].astype(np.float32)).sum(axis=1).mean())

    def compact(self, show: str) -> None:
        """Join the features of clips that are in no shard yet into a new one."""
        clips = {clip.content_hash: clip for clip in self._index.clips(show) if clip.features}
        known = {content_hash for shard in self._shards(show) for content_hash, _, _ in shard.clips}
        block = self._loose([clip for key, clip in clips.items() if key not in known])
        if block.clips:
            self._write(show, block)

    def _blocks(self, show: str, clips: dict[str, ClipRow]) -> list[_Block]:
        shards = self._shards(show)
        known = {content_hash for shard in shards for content_hash, _, _ in shard.clips}
        loose = self._loose([clip for key, clip in clips.items() if key not in known])
        if len(loose.clips) >= _LOOSE:
            self._write(show, loose)
        return [*shards, loose] if loose.clips else shards

    def _shards(self, show: str) -> list[_Block]:
        blocks, seen = [], set[str]()
        for path in sorted((self._work_root / show / FOLDER).glob("shard-*.json")):
            try:
                listed = json.loads(path.read_text())
                rows = np.load(path.with_suffix(".npy"), mmap_mode="r")
                clips = tuple((c, int(first), tuple(frames)) for c, first, frames in listed if c not in seen)
            except (OSError, ValueError) as error:
                log.warning("feature shard passed over; it is made again", path=str(path), why=str(error))
                path.unlink(missing_ok=True)
                continue
            seen.update(content_hash for content_hash, _, _ in clips)
            blocks.append(_Block(rows, clips))
        return blocks

    def _loose(self, clips: Sequence[ClipRow]) -> _Block:
        rows: list[Rows] = []
        listed: list[tuple[str, int, tuple[int, ...]]] = []
        count = 0
        for clip in clips:
            loaded = self._load(clip)
            if loaded is not None and len(loaded[1]):
                listed.append((clip.content_hash, count, tuple(loaded[0].tolist())))
                rows.append(loaded[1])
                count += len(loaded[1])
        return _Block(np.concatenate(rows) if rows else np.zeros((0, SIZE), np.float16), tuple(listed))

    def _load(self, clip: ClipRow) -> tuple[NDArray[np.int32], Rows] | None:
        """Frame numbers and rows of one clip; None where it has no pictures."""
        if not clip.features:
            return None
        try:
            with np.load(self._work_root / clip.features) as stored:
                return stored["frames"], stored["rows"]
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            log.warning("features of a clip cannot be read", clip=clip.name, show=clip.show, why=str(error))
            return None

    def _write(self, show: str, block: _Block) -> None:
        folder = self._work_root / show / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        # A name of its own: a command and the daemon may both write one at this moment.
        shard = folder / f"shard-{uuid.uuid4().hex}.npy"
        partial = shard.with_suffix(f".{os.getpid()}.part")
        with partial.open("wb") as file:
            np.save(file, block.rows)
        partial.replace(shard)
        partial.write_text(json.dumps(block.clips))
        partial.replace(shard.with_suffix(".json"))


def _best(block: _Block, queries: NDArray[np.float32]) -> list[tuple[str, int, float]]:
    """Each clip's best frame and score. Rows are read in chunks, so that a large shard is never whole in memory."""
    starts = np.array([first for _, first, _ in block.clips], np.int64)
    ends = np.array([first + len(frames) for _, first, frames in block.clips], np.int64)
    peaks = np.full((len(queries), len(starts)), -1.0, np.float32)
    places = np.zeros((len(queries), len(starts)), np.int64)
    for begin in range(0, len(block.rows), _CHUNK):
        chunk = np.array(block.rows[begin : begin + _CHUNK], np.float32)
        scores = queries @ chunk.T
        for i in np.flatnonzero((starts < begin + len(chunk)) & (ends > begin)):
            part = scores[:, max(starts[i] - begin, 0) : ends[i] - begin]
            top = part.argmax(axis=1)
            values = part[np.arange(len(queries)), top]
            better = values > peaks[:, i]
            peaks[better, i] = values[better]
            places[better, i] = top[better] + max(begin, starts[i]) - starts[i]
    best = peaks.argmax(axis=0)
    return [
        (content_hash, frames[places[best[i], i]], float(peaks[:, i].mean()))
        for i, (content_hash, _, frames) in enumerate(block.clips)
    ]


def _thinned(rows: Rows) -> Rows:
    """At most _QUERIES of the rows, evenly spread."""
    if len(rows) <= _QUERIES:
        return rows
    return np.asarray(rows[np.linspace(0, len(rows) - 1, _QUERIES).astype(int)], np.float16)
