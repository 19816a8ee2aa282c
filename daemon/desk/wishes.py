"""What a phrase of a reply asks for: in words for notes, and as the lines of a brief that say the same."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from ...schema.brief import Line
from ...schema.errors import BriefIncomplete
from ...schema.model import Value


class WishKind(StrEnum):
    """What a phrase asks for."""

    GROW = "grow"
    FEATHER = "feather"
    TAKE = "take"
    ALSO_TAKE = "also take"
    OWN_FRAMES = "own frames"
    FRAMES = "frames"
    EFFECTS = "effects"
    REDO = "redo"
    APPROVE = "approve"


NEEDS: Mapping[WishKind, str] = {
    WishKind.GROW: "grow",
    WishKind.FEATHER: "feather",
    WishKind.OWN_FRAMES: "use_takes",
    WishKind.FRAMES: "frames",
    WishKind.EFFECTS: "effects",
}
"""The option that a wish sets; work without it cannot be asked that."""

_WORDS: Mapping[WishKind, str] = {
    WishKind.TAKE: "picture from {name}",
    WishKind.ALSO_TAKE: "picture also from {name}",
    WishKind.OWN_FRAMES: "picture from the shot's own frames only",
    WishKind.FRAMES: "frames {frames}",
    WishKind.EFFECTS: "shadow, reflection and soft edge taken in",
    WishKind.REDO: "made again",
    WishKind.APPROVE: "approved",
}
_USUAL = {"grow": 0, "feather": 3}


class Wish(Value):
    """One understood phrase; `text` is how it was written. `pixels` are signed, `frames` as people write them."""

    kind: WishKind
    text: str
    pixels: int = 0
    name: str = ""
    frames: str = ""

    @property
    def words(self) -> str:
        """What changes, for notes: `matte 4 px wider on 1012-1040`."""
        size, more = abs(self.pixels), self.pixels > 0
        if self.kind is WishKind.GROW:
            on = f" on {self.frames}" if self.frames else ""
            return f"matte {size} px {'wider' if more else 'tighter'}{on}"
        if self.kind is WishKind.FEATHER:
            return f"edge {size} px {'softer' if more else 'harder'}"
        return _WORDS[self.kind].format(name=self.name, frames=self.frames)

    def lines(self, now: Mapping[str, str]) -> tuple[Line, ...]:
        """The lines of a brief that say the same, where *now* holds what was said before.

        Raises BriefIncomplete where what was said before cannot be counted on from.
        """
        return tuple(Line(key=key, value=value, text=self.text) for key, value in self._values(now).items())

    def _values(self, now: Mapping[str, str]) -> dict[str, str]:
        if self.kind is WishKind.GROW and self.frames:
            return {"grow_on": "; ".join(filter(None, (now.get("grow_on"), f"{self.frames}: {self.pixels}")))}
        if self.kind is WishKind.GROW:
            return {"grow": str(self._counted(now, "grow"))}
        if self.kind is WishKind.FEATHER:
            return {"feather": str(max(0, self._counted(now, "feather")))}
        if self.kind is WishKind.ALSO_TAKE:
            return {"takes": ", ".join(filter(None, (now.get("takes"), self.name))), "use_takes": "on"}
        return {
            WishKind.TAKE: {"takes": self.name, "use_takes": "on"},
            WishKind.OWN_FRAMES: {"use_takes": "off"},
            WishKind.FRAMES: {"frames": self.frames},
            WishKind.EFFECTS: {"effects": "include"},
        }.get(self.kind, {})

    def _counted(self, now: Mapping[str, str], key: str) -> int:
        try:
            return int(now.get(key, _USUAL[key])) + self.pixels
        except ValueError:
            raise BriefIncomplete(
                f"`{self.text}` cannot be counted on from `{key}: {now[key]}`. Write the value itself, as `{key}: 4`."
            ) from None
