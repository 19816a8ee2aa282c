"""What a continuity brief may say."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Options(BaseModel):
    """Parameters of a continuity check."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_score: float = Field(0.45, ge=0, le=1, description="Least score (0..1) of a difference that is reported.")
    max_findings: int = Field(6, ge=1, le=50, description="Most differences reported for each other take.")
    max_takes: int = Field(3, ge=1, le=20, description="Most other takes that are compared, best first.")
    margin: int = Field(8, ge=0, le=64, description="Pixels by which a matte is wider than what was found.")
