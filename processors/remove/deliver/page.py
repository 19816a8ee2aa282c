"""A removal's page: contact sheet, curves over the frames, sources and their map, self-test, proof."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...reports import Curve, drawn_curves, embedded, write_page
from ..rating.verdict import MISMATCH

CURVES = (
    Curve(
        "expected_psnr_db",
        "Expected quality",
        "How close the fix is expected to be to what was really there; more is better, the grey band is how far "
        "this can be off.",
        "dB",
        floor=None,
        least_span=10.0,
    ),
    Curve(
        "mismatch",
        "Edge that does not meet the plate",
        "Share of the band around the matte where fix and plate show different things; high where somebody is cut "
        "off by the matte.",
        "%",
        factor=100.0,
        least_span=30.0,
    ),
    Curve(
        "never_seen",
        "From no source",
        "Share of the hole that no source gave, so that it is painted from what stands around it or made by a network.",
        "%",
        factor=100.0,
        least_span=5.0,
    ),
    Curve("support", "Support", "How many source frames agree on an average pixel.", "frames", least_span=4.0),
)


def write_removal_page(out: Path, words: dict[str, Any]) -> Path:
    """Write `report.html` for the report *words* beside it; the pictures are read from *out*."""
    limits = {"mismatch": MISMATCH}
    if "min_psnr_db" in words["options"]:
        limits["expected_psnr_db"] = float(words["options"]["min_psnr_db"])
    return write_page(
        out,
        __package__,
        words,
        kind="removal report",
        heading=words["plate"]["name"],
        curves=drawn_curves(CURVES, words["curves"], limits, {"expected_psnr_db": words["rating"]["spread_db"] or 0.0}),
        sheet=embedded(out / "contact_sheet.png"),
        mapped=embedded(out / "source_map.png"),
        missed=embedded(out / "effects.png") if words["effects"] and words["effects"]["found"] else "",
        last_frame=words["first_frame"] + words["frames"] - 1,
    )
