"""Plates of noise in any pixel format, and how they are compared."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from wetgate.processors.pictures import Layout
from wetgate.processors.pictures.layout import movie_layout
from wetgate.processors.pictures.master import frame_of


def noise(layout: Layout, width: int, height: int, seed: int) -> tuple[np.ndarray, ...]:
    """Every code value there is, at random."""
    rng = np.random.default_rng(seed)
    top = 1 << layout.bits
    return tuple(rng.integers(0, top, c.shape(width, height)).astype(layout.dtype) for c in layout.channels)


def make_movie(path: Path, name: str, frames: int, *, size: tuple[int, int] = (66, 50)) -> list[tuple[np.ndarray, ...]]:
    """An FFV1 movie of noise in one pixel format, 24000/1001, tagged; returns what was written."""
    layout = movie_layout(name)
    written = [noise(layout, *size, seed) for seed in range(frames)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(24000, 1001))
        stream.width, stream.height, stream.pix_fmt = *size, name
        stream.codec_context.color_range, stream.codec_context.colorspace = 1, 1
        for tags in (stream.metadata, container.metadata):
            tags["timecode"], tags["reel_name"] = "13:59:59:20", "A002R2EC"
        for planes in written:
            container.mux(stream.encode(frame_of(planes, layout, name, size)))
        container.mux(stream.encode(None))
    return written


def same(one: tuple[np.ndarray, ...], other: tuple[np.ndarray, ...]) -> bool:
    """Equal bit for bit, NaNs too."""
    return len(one) == len(other) and all(
        a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
        for a, b in zip(one, other, strict=True)
    )
