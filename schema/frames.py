"""Frames as people write them: shot frames, source timecode, or counted from the ends of plate and cut.

`1012-1040`, `01:00:10:05-01:00:11:00`, `head+4 - tail-2`, `cut`. The plate's first frame, head handle
included, is `head`, its last `tail`; `cut_in` and `cut_out` lie a handle further in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from .errors import ConfigError
from .timecode import Timecode

_TIMECODE = r"\d{1,2}:\d{2}:\d{2}[:;.]\d{2,3}(?!\d)"
# An offset has up to three digits: `cut_in-1040` ends at frame 1040.
_UP, _DOWN, _BOTH = (rf"(?:\s*{sign}\s*\d{{1,3}}(?!\d))?" for sign in (r"\+", "-", "[+-]"))
_ANCHOR = rf"(?:head|first|start){_UP}|(?:tail|last|end){_DOWN}|cut[ _-]?(?:in|out)\b{_BOTH}"
FRAME = rf"(?:{_TIMECODE}|\b(?:{_ANCHOR})|\d+)"
"""The pattern of one frame."""
SPAN = rf"(?:{FRAME}(?:\s*(?:-|\u2013|\u2014|\.\.+|\bto\b)\s*{FRAME})?|\bcut\b)"
"""The pattern of one frame or of a stretch."""

_WORDS = re.compile(rf"({FRAME})(?:\s*(?:-|\u2013|\u2014|\.\.+|\bto\b)\s*({FRAME}))?", re.IGNORECASE)
_NAMED = re.compile(r"([a-z]+)[ _-]?(in|out)?\s*(?:([+-])\s*(\d+))?", re.IGNORECASE)
_MARK = re.compile(rf"((?:^|;)\s*)({FRAME})(?=\s*[:=])", re.IGNORECASE)
_STRETCH = re.compile(rf"((?:^|;)\s*)({SPAN})(?=\s*[:=]\s*[+-]?\d)", re.IGNORECASE)
_ALL = {"all", "everything", "whole", "all frames", "whole shot", "the whole shot"}


@dataclass(frozen=True)
class FrameCount:
    """How a plate's frames are counted: shot frames `first`.., `frames` of them (0: not known).

    `timecode` is the label of the first one at `rate`. Every reading raises ValueError in words.
    """

    name: str
    first: int
    frames: int
    handles: int = 0
    timecode: str | None = None
    rate: Fraction | None = None

    @property
    def last(self) -> int:
        """The last shot frame."""
        return self.first + self.frames - 1

    def frame(self, text: str) -> int:
        """The shot frame that *text* names."""
        wanted = text.strip()
        if wanted.isdigit():
            found = int(wanted)
        elif re.fullmatch(_TIMECODE, wanted):
            found = self._of_timecode(wanted)
        elif named := _NAMED.fullmatch(wanted):
            found = self._of_name(named)
        else:
            raise ValueError(f"{wanted!r} names no frame")
        if self.frames and not self.first <= found <= self.last:
            shown = wanted if wanted == str(found) else f"{wanted} (frame {found})"
            raise ValueError(f"{shown} lies outside {self.name}, whose frames are {self.first}-{self.last}")
        return found

    def span(self, text: str) -> tuple[int, int] | None:
        """First and last shot frame of a stretch; None for all."""
        wanted = text.strip()
        if wanted.lower() in _ALL:
            return None
        if wanted.lower() == "cut":
            wanted = "cut_in - cut_out"
        match = _WORDS.fullmatch(wanted)
        if match is None:
            raise ValueError(f"{wanted!r} is no stretch of frames")
        first = self.frame(match[1])
        last = self.frame(match[2]) if match[2] else first
        if last < first:
            raise ValueError(f"{wanted} ends before it begins")
        return first, last

    def marks(self, text: str) -> str:
        """`FRAME: values; ...` with every frame as a shot frame."""
        return _MARK.sub(lambda match: f"{match[1]}{self.frame(match[2])}", text)

    def stretches(self, text: str) -> str:
        """`STRETCH: number; ...` with every stretch as shot frames."""

        def counted(match: re.Match[str]) -> str:
            first, last = self.span(match[2]) or (self.first, self.last)
            return f"{match[1]}{first}-{last}"

        return _STRETCH.sub(counted, text)

    def _of_timecode(self, text: str) -> int:
        if not self.timecode or not self.rate:
            raise ValueError(f"{self.name} has no timecode, so {text} cannot be found in it: write shot frames")
        label = text.rjust(len("00:00:00:00"), "0")
        if self.timecode[-3] in ";.," and label[-3] == ":":
            label = f"{label[:-3]};{label[-2:]}"  # people write colons, whatever the reel counts by
        try:
            start = Timecode.parse(self.timecode, self.rate)
            wanted = Timecode.parse(label, self.rate)
        except ConfigError as error:
            raise ValueError(str(error).rstrip(".")) from None
        offset = wanted.frame - start.frame
        if offset < 0 or (self.frames and offset >= self.frames):
            end = start + max(0, self.frames - 1)
            raise ValueError(f"{text} lies outside {self.name}, whose source timecode is {start}-{end}")
        return self.first + offset

    def _of_name(self, match: re.Match[str]) -> int:
        base, side, sign, digits = (part.lower() if part else "" for part in match.groups())
        if base in {"head", "first", "start"}:
            at = self.first
        elif base in {"tail", "last", "end"}:
            at = self.last
        elif base == "cut" and side:
            at = self.first + self.handles if side == "in" else self.last - self.handles
        else:
            raise ValueError(f"{match[0]!r} names no frame")
        if not self.frames and (base in {"tail", "last", "end"} or side == "out"):
            raise ValueError(f"how many frames {self.name} has is not known, so {match[0]} cannot be counted")
        return at + int(f"{sign or '+'}{digits or 0}")
