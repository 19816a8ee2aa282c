"""What a brief for a colour match may say."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Parameters of a colour match."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    scene: bool = Field(
        False, description="true: the plate is the reference, and every source is a shot that is matched to it."
    )
    working_space: str = Field(
        "auto",
        description="Where the CDL works: plate (code values as they are), or an OpenColorIO name such as ACEScct. "
        "auto is plate, and ACEScct for floating-point pictures.",
    )
    plate_space: str = Field(
        "", description="How the plate is coded, by its OpenColorIO name, such as ARRI LogC3 (EI800)."
    )
    reference_space: str = Field("", description="How the reference is coded; as the plate if empty.")
    clamp: Literal["auto", "asc", "none"] = Field(
        "auto",
        description="CDL clamp style: asc clamps to 0..1, none does not. auto is none for floating-point pictures and "
        "in ACES spaces.",
    )
    cube: bool = Field(True, description="Add a 17-point .cube where held-out pixels gain by it.")
    match: Literal["auto", "aligned", "statistics"] = Field(
        "auto",
        description="auto: where the two show the same thing, else no grade; aligned: the same, and a question instead "
        "of no grade; statistics: for one set framed alike with other people in it, to be looked at by a person.",
    )
    frames: int = Field(8, ge=1, le=64, description="Moments of each clip that are compared.")
    max_delta_e: float = Field(
        3.0, gt=0, description="Mean dE2000 on held-out pixels above which a person is asked to look."
    )
    review_frames: int = Field(240, ge=1, description="Most frames of the review movie, from the plate's middle.")
