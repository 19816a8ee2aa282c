"""What a brief may ask of a removal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _numbers(value: Any) -> Any:
    """`x,y,w,h` or `first-last` as people write it."""
    if isinstance(value, str):
        return [int(part) for part in value.replace("-", ",").replace(" ", ",").split(",") if part]
    return value


Box = Annotated[tuple[int, int, int, int], BeforeValidator(_numbers)]
Range = Annotated[tuple[int, int], BeforeValidator(_numbers)]


class RemoveOptions(BaseModel):
    """The brief's parameters of `remove`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grow: int = Field(0, ge=0, le=100, description="Pixels by which the matte is widened beyond what was drawn.")
    feather: int = Field(3, ge=0, le=50, description="Pixels inside the matte's edge over which the fill fades in.")
    box: Box | None = Field(None, description="x,y,width,height in pixels, in place of a matte.")
    frames: Range | None = Field(
        None, description="first-last shot frames (as 1001-1100) that may be touched; all when empty."
    )
    min_psnr_db: float = Field(
        26.0, description="Self-rating, in dB where the truth is known, below which a fix is weak."
    )
    weak_fix: Literal["ask", "refuse"] = Field(
        "refuse", description="What happens to a weak fix: a person is asked, or it is refused."
    )
    use_takes: bool = Field(True, description="Take picture from other takes and clean plates.")
    use_own_frames: bool = Field(True, description="Take picture from the shot's own other frames.")
    effects: bool = Field(
        False, description="Widen the matte by a tenth of its size, to take soft shadows and reflections along."
    )
    grain: bool = Field(True, description="Give the fill the grain that it lacks against the plate.")
    probes: int = Field(6, ge=1, le=40, description="Places at which the fix tests itself.")
    fill_unseen: Literal["paint", "trained"] = Field(
        "paint",
        description="What may fill what no source shows: paint from around it, or also a small network trained on "
        "this shot alone (only under an approval).",
    )
    never_seen: float = Field(
        0.05, ge=0, le=1, description="Share of the hole that may be painted from its edges before a fix is weak."
    )
