"""A second decoder: the ffmpeg program of `imageio-ffmpeg`, which Wetgate itself never uses."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np
from numpy.typing import NDArray

from ...schema.errors import UnreadableMedia

Planes = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]
Mask = NDArray[np.bool_]


def matte_of(path: Path) -> NDArray[np.uint8]:
    """An 8-bit grey PNG, HxW."""
    image = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_GRAYSCALE)
    if image is None:
        raise UnreadableMedia(f"{path} is no picture.")
    return image.astype(np.uint8, copy=False)


def frames(path: Path, width: int, height: int) -> Iterator[Planes]:
    """Every frame's Y, U and V samples (8-bit 4:2:0) as the second decoder reads them."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(path), "-fps_mode", "passthrough"]
    command += ["-f", "rawvideo", "-pix_fmt", "yuv420p", "-"]
    luma, chroma = width * height, (width // 2) * (height // 2)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        while len(data := process.stdout.read(luma + 2 * chroma)) == luma + 2 * chroma:
            flat = np.frombuffer(data, np.uint8)
            yield (
                flat[:luma].reshape(height, width),
                flat[luma : luma + chroma].reshape(height // 2, width // 2),
                flat[luma + chroma :].reshape(height // 2, width // 2),
            )
    if process.returncode:
        raise UnreadableMedia(f"The second decoder cannot read {path}.")


def changed_outside(plate: Path, master: Path, mattes: Path) -> tuple[int, int, int]:
    """Frames compared, samples compared and samples that differ outside the effective matte.

    A chroma sample is outside when all four pixels that share it are.
    """
    names = sorted(mattes.glob("*.png"))
    height, width = matte_of(names[0]).shape
    compared = samples = changed = 0
    pairs = zip(frames(plate, width, height), frames(master, width, height), strict=True)
    for (ours, theirs), name in zip(pairs, names, strict=True):
        inside = np.asarray(matte_of(name) > 0)
        for a, b, outside in zip(ours, theirs, _outside(inside), strict=True):
            samples += int(outside.sum())
            changed += int(((a != b) & outside).sum())
        compared += 1
    return compared, samples, changed


def _outside(inside: Mask) -> tuple[Mask, Mask, Mask]:
    height, width = inside.shape
    shared = np.asarray(inside.reshape(height // 2, 2, width // 2, 2).any(axis=(1, 3)))
    return ~inside, ~shared, ~shared


def corrupted_copy(version: Path, master: Path, folder: Path) -> Path:
    """A copy of a version's folder whose master differs in ONE luma value outside the matte.

    Returns the copy's report. The change is made in the middle frame, one code value up or down.
    """
    if folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(version, folder, ignore=shutil.ignore_patterns(master.name, "review.mp4", "compare"))
    names = sorted((version / "matte").glob("*.png"))
    middle = len(names) // 2
    inside = np.asarray(matte_of(names[middle]) > 0)
    rows, columns = np.nonzero(~inside)
    spot = (rows[len(rows) // 2], columns[len(columns) // 2])
    height, width = inside.shape
    report = json.loads((version / "report.json").read_text(encoding="utf-8"))
    rate = report.get("rate") or "25"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    command += ["-s", f"{width}x{height}", "-r", str(rate), "-i", "-", "-c:v", "ffv1", "-level", "3"]
    command += [str(folder / master.name)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None
        for place, planes in enumerate(frames(master, width, height)):
            luma = planes[0].copy()
            if place == middle:
                luma[spot] = luma[spot] + 1 if luma[spot] < 255 else 254
            for plane in (luma, *planes[1:]):
                process.stdin.write(plane.tobytes())
    return folder / "report.json"
