"""Media references that editing programs find again."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from ...schema.errors import ConnectorError

_FRAME = re.compile(r"^(?P<prefix>.*?[._])?(?P<frame>\d+)(?P<suffix>\.[A-Za-z0-9]+)$")


def external(path: Path, available: otio.opentime.TimeRange, reel: str | None) -> otio.schema.ExternalReference:
    """A file, with the reel where the FCP7 XML adapter looks for it."""
    reference = otio.schema.ExternalReference(target_url=path.absolute().as_uri(), available_range=available)
    reference.name = path.name
    if reel:
        reference.metadata["fcp_xml"] = {"timecode": {"reel": {"name": reel}}}
    return reference


def frames_reference(
    folder: Path, available: otio.opentime.TimeRange, rate: Fraction, reel: str | None
) -> otio.schema.ImageSequenceReference:
    """A folder of numbered frames. Raises ConnectorError when it holds none, or several sequences."""
    found: dict[tuple[str, str, int], list[int]] = {}
    for file in folder.iterdir() if folder.is_dir() else ():
        if match := _FRAME.match(file.name):
            place = (match["prefix"] or "", match["suffix"], len(match["frame"]))
            found.setdefault(place, []).append(int(match["frame"]))
    if len(found) != 1:
        raise ConnectorError(f"{folder}: holds {len(found) or 'no'} frame sequences where one is needed.")
    ((prefix, suffix, padding), numbers), *_ = found.items()
    if len(numbers) != int(available.duration.value) or max(numbers) - min(numbers) + 1 != len(numbers):
        raise ConnectorError(
            f"{folder}: holds {len(numbers)} frames from {min(numbers)} to {max(numbers)}, "
            f"where {int(available.duration.value)} without a gap are needed."
        )
    reference = otio.schema.ImageSequenceReference(
        target_url_base=folder.absolute().as_uri() + "/",
        name_prefix=prefix,
        name_suffix=suffix,
        start_frame=min(numbers),
        frame_step=1,
        rate=float(rate),
        frame_zero_padding=padding,
        available_range=available,
    )
    reference.name = folder.name
    if reel:
        reference.metadata["wetgate"] = {"reel": reel}
    return reference


def reel_metadata(reel: str | None) -> dict[str, object]:
    """The reel where the EDL and ALE adapters look for it."""
    return {"cmx_3600": {"reel": reel}, "ALE": {"Tape": reel}} if reel else {}
