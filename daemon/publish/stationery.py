"""How notes and pictures leave the house: the show's first and last line, its burn-in, or only a path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ...processors.pictures.burn_in import burn_in
from ...schema.settings import ShowSettings
from ...schema.tracker import NoteDraft

PICTURES = frozenset({".png", ".jpg", ".jpeg"})


def words_of(show: str, task: str, shot: str = "", version: str = "") -> dict[str, str]:
    """What the patterns of [notes] may hold."""
    return {"show": show, "shot": shot, "task": task, "version": version}


class Stationery:
    """Dresses what goes out, by each show's [notes]."""

    def __init__(self, shows: Mapping[str, ShowSettings], folder: Path) -> None:
        """Pictures with a burn-in are kept below `folder/<SHOW>/burnt_in`."""
        self._shows, self._folder = shows, folder

    def note(self, show: str, draft: NoteDraft, words: Mapping[str, str]) -> NoteDraft:
        """The note between the show's lines, its pictures burnt in, or named instead of attached."""
        wishes = self._shows[show].notes
        lines = [wishes.head.format(**words), draft.text, wishes.foot.format(**words)]
        attached = draft.attachments
        if wishes.pictures == "link":
            linked = [path for path in attached if path.suffix.lower() in PICTURES]
            attached = tuple(path for path in attached if path not in linked)
            lines[1:2] = [draft.text, *(f"Picture: {path}" for path in linked)]
        pictures = tuple(self.picture(show, path, draft.key, words) for path in attached)
        return draft.model_copy(update={"text": "\n".join(filter(None, lines)), "attachments": pictures})

    def picture(self, show: str, path: Path, key: str, words: Mapping[str, str]) -> Path:
        """The picture to send for *path*: a copy with the show's words, or itself; *key* tells copies apart."""
        pattern = self._shows[show].notes.burn_in
        if not pattern or path.suffix.lower() not in PICTURES:
            return path
        return burn_in(path, pattern.format(**words), self._folder / show / "burnt_in" / key)
