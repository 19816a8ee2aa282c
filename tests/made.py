"""Small clips that the tests make themselves: known picture, known truth."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

Frame = NDArray[np.uint8]


def street(width: int = 320, height: int = 192, seed: int = 7) -> Frame:
    """A still, richly textured picture (HxWx3 RGB), the same for the same seed."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.float32)
    for scale in (4, 8, 16, 32):
        small = rng.random((height // scale + 2, width // scale + 2, 3)).astype(np.float32)
        picture += cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC) * scale**0.5
    picture -= picture.min()
    picture *= 200 / picture.max()
    for _ in range(40):
        x, y = int(rng.integers(width)), int(rng.integers(height))
        colour = tuple(float(c) for c in rng.integers(30, 220, 3))
        cv2.rectangle(picture, (x, y), (x + int(rng.integers(6, 30)), y + int(rng.integers(6, 30))), colour, -1)
    return (cv2.GaussianBlur(picture, (0, 0), 0.8) + 20).clip(16, 235).astype(np.uint8)


def street_rgb(width: int = 320, height: int = 192, seed: int = 7) -> NDArray[np.float32]:
    """The street as display-referred RGB, 0..1."""
    return street(width, height, seed).astype(np.float32) / np.float32(255)


def take(frames: int = 12, *, intruder: bool, seed: int = 7, grain: float = 2.0) -> list[Frame]:
    """A take of the street with fresh grain in every frame; *intruder* puts a dark box in front."""
    rng = np.random.default_rng(seed * 1000 + intruder)
    still = street(seed=seed).astype(np.float32)
    made = []
    for _ in range(frames):
        picture = still.copy()
        if intruder:
            x, y, width, height = INTRUDER
            picture[y : y + height, x : x + width] = (60, 30, 90)
        noise = rng.normal(0, grain, picture.shape)
        made.append((picture + noise).clip(0, 255).astype(np.uint8))
    return made


INTRUDER = (130, 60, 44, 90)
"""Where the intruder stands: x, y, width, height in pixels."""


def matte(frames: int = 12, width: int = 320, height: int = 192, grow: int = 4) -> list[Frame]:
    """The intruder's matte, 8-bit grey, one a frame."""
    x, y, w, h = INTRUDER
    still = np.zeros((height, width), np.uint8)
    still[y - grow : y + h + grow, x - grow : x + w + grow] = 255
    return [still] * frames


def write_movie(
    path: Path,
    frames: list[Frame],
    *,
    rate: Fraction = Fraction(25),
    timecode: str | None = None,
    reel: str | None = None,
) -> Path:
    """An H.264 4:2:0 movie of RGB frames, high quality, in one go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "14", "preset": "veryfast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        if timecode:
            stream.metadata["timecode"] = timecode
        if reel:
            stream.metadata["reel_name"] = reel
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path
