"""The base of every value that crosses a room, a process or a file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """A frozen value: compared by content, refuses unknown keys, round-trips through JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)
