"""Clips that may serve as a plate or as another take; never a version that people rejected."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from ...schema.errors import BriefIncomplete, FootageMissing
from ...schema.tables import ClipRow, VersionRow
from ..store.index import Index
from ..store.results import Results
from .landing import one_recording
from .mistakes import Mistakes

_NUMBERED = re.compile(r"take\s*#?0*(\d+)", re.IGNORECASE)
_IN_NAME = re.compile(r"(?:^|[_\-. ])(?:t|tk|take)[_\- ]?0*(\d{1,3})(?=$|[_\-. ])", re.IGNORECASE)
_IN_TAG = re.compile(r"0*(\d{1,3})\s*$")


class Takes:
    """Finds one show's clips by what people call them, and the other takes of a plate."""

    def __init__(
        self, show: str, *, index: Index, results: Results, similar: Callable[[ClipRow, int], list[ClipRow]]
    ) -> None:
        """*similar* answers with the show's clips that look most like one."""
        self._show, self._index, self._results, self._similar = show, index, results, similar

    def clip(self, key: str, name: str) -> ClipRow:
        """The clip that *name* on a line `key: name` means. Raises BriefIncomplete, FootageMissing for none."""
        self.refuse_rejected(key, name)
        found = self._index.find_clip(self._show, name)
        if not found:
            known = {row.name for row in self._index.clips(self._show)}
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
            meant = f" Did you mean `{key}: {near[0]}`?" if near else ""
            raise FootageMissing(
                f"`{key}: {name}` is not in the footage index of {self._show} (yet).{meant} "
                "If it is still being copied, nothing need be done: the work starts when it has arrived."
            )
        if len(found) > 1:
            names = ", ".join(sorted(row.name for row in found)[:8])
            raise BriefIncomplete(f"`{key}: {name}` fits several clips: {names}. Name one of them.")
        for version in self._results.rejected_versions(self._show):
            if self._is_of(found[0], version):
                raise BriefIncomplete(_rejected(key, name, version))
        return found[0]

    def refuse_rejected(self, key: str, name: str) -> None:
        """Raises BriefIncomplete for the name of a rejected version of ours, or a file in its folder."""
        for version in self._results.rejected_versions(self._show):
            if _stem(name) == version.code.casefold() or Path(name).is_relative_to(version.folder):
                raise BriefIncomplete(_rejected(key, name, version))

    def others(self, plate: ClipRow, most: int) -> list[ClipRow]:
        """The clips that look most like *plate*, without those that are no other take and those that were rejected."""
        rejected = self._results.rejected_versions(self._show)
        # The plate's own proxy, original or earlier pull looks most like it, and is no other take.
        similar = (clip for clip in self._similar(plate, most) if not one_recording(clip, plate))
        return [clip for clip in similar if not any(self._is_of(clip, version) for version in rejected)]

    def named(self, names: Sequence[str], plate: ClipRow | None, most: int) -> list[ClipRow]:
        """The takes of these *names*: clips, or `take 3` of the plate's set-up. Raises BriefIncomplete."""
        mistakes, rows = Mistakes(), []
        for name in names:
            with mistakes.noted():
                number = _NUMBERED.fullmatch(name)
                found = self._numbered(name, int(number[1]), plate, most) if number else self.clip("takes", name)
                rows.append(found)
        mistakes.answer()
        return rows

    def _numbered(self, name: str, number: int, plate: ClipRow | None, most: int) -> ClipRow:
        if plate is None:
            raise BriefIncomplete(f"`takes: {name}` can be found when the plate is known. Name it: `takes: A001_C003`.")
        similar = self.others(plate, most)
        fitting = [clip for clip in similar if take_number(clip) == number]
        if len(fitting) == 1:
            return fitting[0]
        names = ", ".join(f"`{clip.name}`" for clip in similar[:8]) or "none"
        what = "none says" if not fitting else "several say"
        raise BriefIncomplete(
            f"`use {name}`: of the clips that look like {plate.name}, {what} that it is take {number}. They are: "
            f"{names}. Write `use {similar[0].name if similar else 'A001_C003'}`."
        )

    def _is_of(self, clip: ClipRow, version: VersionRow) -> bool:
        """Whether a clip is a file of the version, where it was made or under its name elsewhere."""
        if _stem(clip.name) == version.code.casefold():
            return True
        return any(Path(row.path).is_relative_to(version.folder) for row in self._index.locations(clip))


def take_number(clip: ClipRow) -> int | None:
    """The take that a clip says it is: by its tags, or by a name such as `12A_t03` or `sc12_take3`."""
    tags = clip.facts.get("tags") or {}
    told = [str(value) for key, value in tags.items() if str(key).lower().split(".")[-1] in {"take", "scene_take"}]
    found = [_IN_TAG.search(text) for text in told] + [_IN_NAME.search(clip.name)]
    return next((int(match[1]) for match in found if match), None)


def _stem(name: str) -> str:
    return Path(name).name.split(".")[0].casefold()


def _rejected(key: str, name: str, version: VersionRow) -> str:
    return (
        f"`{key}: {name}` is {version.code}, which was rejected: a rejected version is never a source or a plate "
        f"again. Name the clip that it was made from, or another take, as `{key}: A001_C003`."
    )
