"""The proof that nothing outside the effective matte was touched.

The claim is about plane samples, not about RGB. The effective matte is a picture-sized mask, shipped
as an 8-bit PNG sequence (255 inside, 0 outside). **A sample is outside when its whole support lies
outside**: a luma, R, G, B or alpha sample is its own pixel; a chroma sample's support are the pixels
that it is shared by (2x2 for 4:2:0, 2x1 for 4:2:2), cut at the picture's border.

For each frame one SHA-256 is taken over the outside samples of the plate and one over those of the
master: channel after channel in the plate's plane order (Y, U, V, A for YUV; G, B, R, A for RGB
movies, FFmpeg's gbrp; the file's own order for image sequences), within a channel row by row from
the top, left to right, every sample little-endian in its native type (one byte to 8 bits; two bytes
to 16, the value in the low bits; IEEE half or single), nothing between. A picture is its display
window; samples of it that an OpenEXR file's data window lacks count as zero, and what the file holds
beyond the display window follows after all channels: channel after channel, row by row. The
effective matte has a SHA-256 of its own: one byte a pixel, 0 or 255, row by row.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..schema.errors import IngestError, WetgateError
from ..schema.outcome import IdentityProof
from .package import Beside, beside, script_problems
from .pictures import Layout, Picture, Plate
from .pictures.layout import Mask, Plane, frame_layout
from .pictures.master import write_still

LAYOUT = (
    "SHA-256 over the samples outside the effective matte; a sample is outside when its whole support "
    "lies outside; channels in plane order, rows from the top, left to right, little-endian, native "
    "type, nothing between; after them, in the same order, what lies beyond an OpenEXR display window"
)
_GREY = frame_layout(("Y",), "uint8", 8)


@dataclass(frozen=True, slots=True)
class FrameProof:
    """One frame's hashes; `frame` counts from 0."""

    frame: int
    outside: int
    changed: int
    plate: str
    master: str
    matte: str

    def as_json(self) -> dict[str, Any]:
        """For the report."""
        return {name: getattr(self, name) for name in self.__slots__}


def inside_planes(matte: Mask, layout: Layout) -> tuple[Mask, ...]:
    """For each channel the samples that are inside: those with any pixel of their support in *matte*."""
    by_size = {size: largest(matte, *size) for size in {(channel.x, channel.y) for channel in layout.channels}}
    return tuple(by_size[channel.x, channel.y] for channel in layout.channels)


def largest(plane: Plane, x: int, y: int) -> Plane:
    """A picture-sized plane or mask at chroma size: the largest over the pixels of each sample's support."""
    if not x and not y:
        return plane
    height, width = plane.shape
    if height % (1 << y) or width % (1 << x):
        plane = np.pad(plane, ((0, -height % (1 << y)), (0, -width % (1 << x))))
    for _ in range(y):
        plane = np.maximum(plane[::2], plane[1::2])
    for _ in range(x):
        plane = np.maximum(plane[:, ::2], plane[:, 1::2])
    return plane


def outside_digest(picture: Picture, inside: tuple[Mask, ...]) -> tuple[str, int]:
    """SHA-256 (hex) over the samples outside, and how many there are."""
    digest, count = hashlib.sha256(), 0
    outside = [plane[~mask] for plane, mask in zip(picture.planes, inside, strict=True)]
    for samples in (*outside, *picture.overscan):
        digest.update(np.ascontiguousarray(samples, samples.dtype.newbyteorder("<")).data)
        count += samples.size
    return digest.hexdigest(), count


def matte_digest(matte: Mask) -> str:
    """SHA-256 (hex) of an effective matte."""
    return hashlib.sha256((matte.astype(np.uint8) * 255).tobytes()).hexdigest()


def prove_frame(plate: Picture, master: Picture, matte: Mask) -> FrameProof:
    """Hash one frame of both; equal hashes are the proof, `changed` counts samples that differ."""
    inside = inside_planes(matte, plate.encoding.layout)
    ours, count = outside_digest(plate, inside)
    theirs, _ = outside_digest(master, inside)
    changed = 0
    if ours != theirs:
        changed = sum(int(spots.sum()) for spots in _changes(plate, master, inside)) + _overscan_changes(plate, master)
    return FrameProof(plate.frame, count, changed, ours, theirs, matte_digest(matte))


def _changes(plate: Picture, master: Picture, inside: tuple[Mask, ...]) -> list[Mask]:
    return [(_raw(a) != _raw(b)) & ~mask for a, b, mask in zip(plate.planes, master.planes, inside, strict=True)]


def _overscan_changes(plate: Picture, master: Picture) -> int:
    """Samples beyond the display window that differ; a window of another size counts whole."""
    if [a.shape for a in plate.overscan] != [b.shape for b in master.overscan]:
        return max(sum(a.size for a in plate.overscan), 1)
    return sum(int((_raw(a) != _raw(b)).sum()) for a, b in zip(plate.overscan, master.overscan, strict=True))


def _raw(plane: Plane) -> NDArray[Any]:
    """Bits instead of values: two NaNs with the same bits are the same sample."""
    return plane.view(f"u{plane.dtype.itemsize}")


def write_matte(folder: Path, frame: int, first_frame: int, matte: Mask) -> Path:
    """The effective matte of one frame as `matte.NNNN.png`, numbered by shot frame."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"matte.{frame + first_frame:04d}.png"
    write_still(path, (matte.astype(np.uint8) * 255,), _GREY)
    return path


def summarise(proofs: Sequence[FrameProof]) -> IdentityProof:
    """The outcome's short form."""
    return IdentityProof(
        holds=all(proof.plate == proof.master for proof in proofs),
        frames=len(proofs),
        samples_outside=sum(proof.outside for proof in proofs),
        changed_outside=sum(proof.changed for proof in proofs),
        layout=LAYOUT,
    )


@dataclass(frozen=True)
class Verification:
    """What re-reading plate, matte and master from disk found. `problems` are sentences.

    `beside` are sentences about what lies beside the master (patch, source map, script): it may be
    gone or spoilt though the proof of the master holds. `checked` says in words what was looked at.
    """

    holds: bool
    frames: int
    samples_outside: int
    problems: tuple[str, ...] = field(default=())
    beside: tuple[str, ...] = field(default=())
    checked: tuple[str, ...] = field(default=())

    @property
    def sentence(self) -> str:
        """The result in words."""
        if not self.holds:
            return f"The proof does not hold: {self.problems[0]}"
        proof = (
            f"All {self.samples_outside} samples outside the effective matte equal the plate's, in all "
            f"{self.frames} frames."
        )
        if self.beside:
            return f"{proof} What lies beside the master is not as reported: {self.beside[0]}"
        return " ".join([proof, *self.checked])


def has_no_proof(report: Path) -> bool:
    """Whether it is the report of something that changes no pixel, such as a colour match."""
    try:
        words = json.loads(report.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(words, dict) and "processor" in words and "identity" not in words


def verify_report(report: Path, *, plate: Path | None = None) -> Verification:
    """Check a report against the disk: re-read plate, effective matte and master and hash again.

    Patch, source map and script are checked with it, where the report names them. *plate* replaces
    the path in the report, for a plate that has moved. Never raises for what it finds: missing files
    and differences are problems in the answer.
    """
    try:
        words = json.loads(report.read_text("utf-8"))
        told = words["identity"]
        master_path, matte_path = (
            report.parent / words["master"]["path"],
            report.parent / words["matte"]["path"],
        )
        plate_path = plate or Path(words["plate"]["path"])
        first_frame = int(words["first_frame"])
        listed = {entry["frame"]: entry for entry in told["hashes"]}
        parts = beside(report.parent, words)
        script = script_problems(report.parent, words)
    except (OSError, ValueError, KeyError, TypeError) as error:
        return Verification(False, 0, 0, (f"{report.name} is no removal report that can be read ({error}).",))
    try:
        with Plate.open(plate_path) as a, Plate.open(master_path) as b, Plate.open(matte_path) as m:
            found = _compare(a, b, m, listed, first_frame, parts)
    except WetgateError as error:
        return Verification(False, 0, 0, (str(error),))
    return replace(found, beside=(*found.beside, *script))


def _compare(
    plate: Plate,
    master: Plate,
    matte: Plate,
    listed: dict[int, dict[str, Any]],
    first_frame: int,
    parts: Sequence[Beside],
) -> Verification:
    if not plate.frames == master.frames == matte.frames == len(listed):
        return Verification(
            False, 0, 0,
            (f"frame counts differ: plate {plate.frames}, master {master.frames}, matte {matte.frames}, "
             f"report {len(listed)}.",),
        )  # fmt: skip
    if plate.layout.names != master.layout.names or plate.layout.sample != master.layout.sample:
        return Verification(False, 0, 0, (f"the master is {master.layout.name}, the plate {plate.layout.name}.",))
    problems: list[str] = []
    aside = [sentence for part in parts for sentence in part.missing(plate.frames)]
    samples = 0
    for ours, theirs, mask in zip(plate.read(), master.read(), matte.read(), strict=True):
        inside = np.asarray(mask.planes[0] > 0)
        if inside.shape != ours.planes[0].shape or theirs.planes[0].shape != ours.planes[0].shape:
            raise IngestError("plate, master and matte are not of one size.")
        proof = prove_frame(ours, theirs, inside)
        samples += proof.outside
        problems += _frame_problems(
            ours, theirs, inside, proof=proof, told=listed.get(ours.frame), first_frame=first_frame
        )
        for part in parts:
            aside += part.problems(ours.frame + first_frame, inside)
    checked = (
        "The effective matte is the reported one.",
        *(
            f"The {part.what}: {plate.frames} files as reported, nothing of it beyond the effective matte."
            for part in parts
        ),
    )
    return Verification(not problems, plate.frames, samples, tuple(problems), tuple(aside), checked)


def _frame_problems(
    ours: Picture,
    theirs: Picture,
    matte: Mask,
    *,
    proof: FrameProof,
    told: dict[str, Any] | None,
    first_frame: int,
) -> list[str]:
    """Sentences about one frame; a difference names the first sample."""
    shot = proof.frame + first_frame
    if told is None:
        return [f"frame {shot} is not in the report."]
    found: list[str] = []
    if proof.changed:
        layout = ours.encoding.layout
        for channel, spots, a, b in zip(
            layout.names, _changes(ours, theirs, inside_planes(matte, layout)), ours.planes, theirs.planes,
            strict=True,
        ):  # fmt: skip
            if spots.any():
                row, column = map(int, np.argwhere(spots)[0])
                found.append(
                    f"frame {shot}: channel {channel}, row {row}, column {column} is {b[row, column]} in the "
                    f"master and {a[row, column]} in the plate ({int(spots.sum())} such samples)."
                )
        if _overscan_changes(ours, theirs):
            found.append(f"frame {shot}: what lies beyond the display window differs from the plate.")
    if proof.plate != told.get("plate"):
        found.append(f"frame {shot}: the plate is not the one that the report was made from.")
    if proof.matte != told.get("matte"):
        found.append(f"frame {shot}: the effective matte is not the one in the report.")
    if not found and proof.master != told.get("master"):
        found.append(f"frame {shot}: the master is not the one that the report was made from.")
    return found
