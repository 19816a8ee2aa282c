"""The written consent to pixels that a network made."""

from __future__ import annotations

import datetime
from enum import StrEnum

from pydantic import Field, model_validator

from .model import Value


class Consent(StrEnum):
    """What an approval may allow; the one does not imply the other."""

    NETWORK = "network"
    """Pixels by a network that the studio brings."""
    TRAINED = "trained"
    """A small network trained for one job on the frames of its plate and takes, and pixels by it."""


class Approval(Value):
    """A show's record of one signed document; without `document` nothing is approved."""

    document: str = Field("", description="The signed document that allows network-made pixels, by its name or number.")
    scope: tuple[Consent, ...] = Field(
        (),
        description="What it allows: network (networks named in [[networks]]), trained (a small network trained for "
        "one job on the frames of its plate and takes), or both.",
    )
    signer: str = Field("", description="Who signed it.")
    date: datetime.date | None = Field(None, description="The day on which it was signed.")
    expires: datetime.date | None = Field(None, description="The last day on which it holds.")

    @model_validator(mode="after")
    def _is_whole(self) -> Approval:
        if not self.document:
            if self.signer or self.scope:
                raise ValueError("an approval needs the name of its document")
            return self
        lacking = [name for name in ("scope", "signer", "date", "expires") if not getattr(self, name)]
        if lacking:
            raise ValueError(f"the approval {self.document} lacks {', '.join(lacking)}")
        if self.date and self.expires and self.date > self.expires:
            raise ValueError(f"the approval {self.document} expires before it was signed")
        return self

    def covers(self, consent: Consent, on: datetime.date) -> bool:
        """Whether it allows *consent* on the day *on*."""
        if not self.document or self.date is None or self.expires is None:
            return False
        return consent in self.scope and self.date <= on <= self.expires

    @property
    def words(self) -> str:
        """`under approval DOC, signed by S on D, expires E`, or that there is none."""
        if not self.document:
            return "no approval is recorded"
        return f"under approval {self.document}, signed by {self.signer} on {self.date}, expires {self.expires}"


def today() -> datetime.date:
    """The day by which approvals are judged, in UTC."""
    return datetime.datetime.now(datetime.UTC).date()
