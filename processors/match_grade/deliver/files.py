"""The grade as files: `.cc` and `.ccc` (ASC CDL 1.2) as OpenColorIO writes them, and `.cube`.

Each CDL says in its descriptions what the format has no field for: working space, clamp style, and
its place before the show LUT.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import PyOpenColorIO as ocio  # noqa: N813 - as OpenImageIO is imported elsewhere

from ..cdl import Clamp
from ..cube import POINTS, Cube
from ..render import studio
from ..store import ShotMatch

PLACE = "Before the show LUT."
_CLAMP_WORDS = {"asc": "ASC clamped to 0..1", "none": "not clamped"}


def write_cc(path: Path, shot: ShotMatch) -> Path:
    """One ColorCorrection."""
    return _write(path, "ColorCorrection", [shot])


def write_ccc(path: Path, shots: Sequence[ShotMatch]) -> Path:
    """A ColorCorrectionCollection with one entry a shot."""
    return _write(path, "ColorCorrectionCollection", shots)


def clamp_words(clamp: Clamp) -> str:
    """The clamp style for people."""
    return _CLAMP_WORDS[clamp]


def write_cube(path: Path, cube: Cube, shot: ShotMatch) -> Path:
    """An Iridas/Resolve `.cube`, red fastest; its head says domain, space and order."""
    head = [
        f"# Residual after the ASC CDL of {shot.id}; never use it without that CDL.",
        f"# Order: CDL ({clamp_words(shot.cdl.clamp)}), this cube, then the show LUT.",
        f"# Working space of input and output: {shot.working_space}",
        f"# Input domain {cube.low:g}..{cube.high:g} in every channel; values beyond it are clamped.",
        f'TITLE "{shot.id} residual"',
        f"LUT_3D_SIZE {POINTS}",
        f"DOMAIN_MIN {cube.low:g} {cube.low:g} {cube.low:g}",
        f"DOMAIN_MAX {cube.high:g} {cube.high:g} {cube.high:g}",
    ]
    rows = np.transpose(cube.nodes, (2, 1, 0, 3)).reshape(-1, 3)
    lines = [" ".join(f"{value:.7f}" for value in row) for row in rows]
    path.write_text("\n".join([*head, *lines, ""]), encoding="ascii", errors="replace")
    return path


def _write(path: Path, kind: str, shots: Sequence[ShotMatch]) -> Path:
    group = ocio.GroupTransform()
    for shot in shots:
        transform = shot.cdl.transform()
        words = transform.getFormatMetadata()
        words.setID(shot.id)
        for name, text in _descriptions(shot):
            words.addChildElement(name, text)
        group.appendTransform(transform)
    path.write_text(group.write(kind, studio()), encoding="utf-8")
    return path


def _descriptions(shot: ShotMatch) -> list[tuple[str, str]]:
    plain = "".join(c for c in f"{shot.shot.name} matched to {shot.reference.name} by Wetgate." if c not in "<>&")
    followed = " A residual .cube follows it." if shot.cube else ""
    return [
        ("Description", plain),
        ("Description", f"Clamp: {clamp_words(shot.cdl.clamp)}. Place: {PLACE}{followed}"),
        ("InputDescription", f"Working space: {shot.working_space}"),
        ("SOPDescription", f"Working space: {shot.working_space}. {clamp_words(shot.cdl.clamp)}. {PLACE}"),
    ]
