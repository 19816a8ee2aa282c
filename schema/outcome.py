"""What a processor hands back."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from .approval import Approval, Consent
from .finding import Evidence, Finding
from .media import SourceClass
from .model import Value
from .rate import Rate


class Verdict(StrEnum):
    """The gate's three answers."""

    PUBLISH = "publish"
    ASK = "ask"
    REFUSE = "refuse"


class SelfRating(Value):
    """How good the fix is by the processor's own test where the truth is known.

    `expected_psnr_db` inside the matte, 8-bit scale, after a sigma-1.5 low-pass on both sides,
    right to about `spread_db`; `covered` is the share (0..1) of the region that the test speaks for; `grain_ratio` and
    `edge_ratio` compare the fill with the truth (1.0 = the same amount).
    """

    expected_psnr_db: float
    spread_db: float | None = None
    covered: float
    samples: int
    grain_ratio: float | None = None
    edge_ratio: float | None = None
    words: str = ""


class IdentityProof(Value):
    """The claim that every code value outside the effective matte equals the plate's."""

    holds: bool
    frames: int
    samples_outside: int
    changed_outside: int
    layout: str


class SourceUse(Value):
    """A clip that gave pixels, and the share (0..1) of the filled area that came from it."""

    name: str
    source_class: SourceClass
    share: float
    frame_offset: int | None = None

    @property
    def share_words(self) -> str:
        """The share for people; a trace is not rounded to nothing."""
        return "under 1%" if 0 < self.share < 0.005 else f"{self.share:.0%}"


class NetworkUse(Value):
    """A network that made pixels, and the share (0..1) of the filled area that is its work."""

    name: str
    consent: Consent
    share: float
    licence: str = ""
    trained_on: str = ""
    sha256: str = ""

    @property
    def words(self) -> str:
        """For people: name, licence and the first digits of the hash."""
        known = [f"licence {self.licence or 'not stated'}", f"SHA-256 {self.sha256[:16]}" if self.sha256 else ""]
        if self.trained_on:
            known.insert(0, f"trained on {self.trained_on}")
        return f"{self.name} ({', '.join(part for part in known if part)})"


class Outcome(Value):
    """A processor's result. Paths are absolute and lie in the request's `out` folder.

    A check (continuity) returns `findings`; a fix (remove) returns `master`, `matte` and the rest. A fix
    whose result is no picture (a grade) returns no `master`. `files` are small files that go to the
    tracker with the version, beside the report.
    `first_frame`/`last_frame` are shot frames (the plate's first frame is 1001 by default).
    `trained_pixels` is the share (0..1) of the filled area that `networks` made, `approval` what the
    request recorded about that.
    """

    verdict: Verdict
    summary: str
    reasons: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    report: Path
    master: Path | None = None
    review: Path | None = None
    matte: Path | None = None
    thumbnail: Path | None = None
    filmstrip: Path | None = None
    contact_sheet: Path | None = None
    files: tuple[Path, ...] = ()
    rating: SelfRating | None = None
    identity: IdentityProof | None = None
    sources: tuple[SourceUse, ...] = ()
    trained_pixels: float = 0.0
    networks: tuple[NetworkUse, ...] = ()
    approval: Approval = Approval()
    frames: int = 0
    rate: Rate | None = None
    timecode: str | None = None
    first_frame: int = 1001
    last_frame: int = 1001
