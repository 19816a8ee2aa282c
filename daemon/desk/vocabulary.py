"""What the keys of a brief mean: ours, the processor's options, and what people call them."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType

from ...schema.brief import Brief, Line
from ...schema.ports import Processor

OURS: Mapping[str, str] = MappingProxyType(
    {
        "plate": "plate",
        "clip": "plate",
        "shot_plate": "plate",
        "bg": "plate",
        "finding": "finding",
        "matte": "matte",
        "mask": "matte",
        "roto": "matte",
        "holdout": "holdout",
        "hold_out": "holdout",
        "holdout_matte": "holdout",
        "keep": "holdout",
        "reference": "references",
        "references": "references",
        "ref": "references",
        "paint": "references",
        "painted": "references",
        "painted_frame": "references",
    }
    | dict.fromkeys(
        ("take", "takes", "source", "sources", "other_take", "against", "shots", "clean_plate", "cleanplate"), "takes"
    )
)
"""Keys that the daemon reads itself, and what each gives: plate, takes, matte ..."""

SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "frame_range": "frames",
        "range": "frames",
        "frame": "frames",
        "cut_range": "frames",
        "widen": "grow",
        "dilate": "grow",
        "expand": "grow",
        "grow_matte": "grow",
        "matte_grow": "grow",
        "soften": "feather",
        "softness": "feather",
        "blur": "feather",
        "edge": "feather",
        "bbox": "box",
        "rectangle": "box",
        "rect": "box",
        "roi": "box",
        "point": "points",
        "dots": "points",
        "shadow": "effects",
        "shadows": "effects",
        "space": "working_space",
    }
)
"""What people call an option, used where the processor has the option and none of the name itself."""

_TALK = frozenset({"slate", "scene", "setup", "roll", "camera", "note", "notes", "date", "day", "time", "status"})
"""Words before a colon that people use among themselves: no slip of the pen for a key that looks like them."""

_STILL = re.compile(r"^\s*[\d:;]+\s*=|\.(png|tiff?|exr|dpx|jpe?g)\s*(,|$)", re.IGNORECASE)


def is_still(name: str) -> bool:
    """Whether people name a still: `graded.png`, `paint.1012.png`, `1012=name`."""
    return bool(_STILL.search(name))


class Vocabulary:
    """The keys that one processor's briefs may use, tolerant of case, blanks, dashes and common names."""

    def __init__(self, processor: Processor) -> None:
        """The keys of *processor*'s options, and ours."""
        self.options = frozenset(processor.Options.model_fields)
        self._painted = processor.painted_references
        told = {**{key: option for key, option in SYNONYMS.items() if option in self.options}}
        told |= {key: key for key in OURS} | {key: key for key in self.options}
        self._keys = {_squashed(key): meant for key, meant in told.items()}

    def key(self, key: str) -> str | None:
        """The key of ours or of the options that *key* stands for; None for what is nobody's."""
        return self._keys.get(_squashed(key))

    def meaning(self, key: str, value: str) -> str | None:
        """What a line gives the daemon itself (plate, takes, matte ...); None where it is the processor's or nobody's.

        A reference is a painted frame where it is a still and the processor takes such, else a clip or still
        to work from.
        """
        known = self.key(key)
        meant = OURS.get(known) if known else None
        painted = self._painted and is_still(value)
        return "takes" if meant == "references" and not painted else meant

    def values(self, lines: Iterable[Line]) -> dict[str, str]:
        """What the lines set, by the one name of each key (`take: A` and `clean plate: A` set `takes`)."""
        known = ((self.key(line.key) or line.key, line.value) for line in lines)
        return {OURS.get(key, key): value for key, value in known}

    def near(self, key: str) -> str | None:
        """The key that was perhaps meant by one that is not known."""
        wanted = _squashed(key)
        if wanted in _TALK:
            return None
        found = difflib.get_close_matches(wanted, list(self._keys), n=3, cutoff=0.75)
        found.sort(key=lambda one: sorted(one) != sorted(wanted))  # letters that changed places come first
        return self._keys[found[0]] if found else None

    def speaks(self, brief: Brief) -> bool:
        """Whether any line is meant for us, as far as its key tells."""
        return any(self.key(line.key) or self.near(line.key) for line in brief.lines)

    def names_takes(self, brief: Brief) -> bool:
        """Whether the brief says itself which takes to use."""
        return any(self.meaning(key, value) == "takes" for key, value in brief.values.items())


def _squashed(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.lower())
