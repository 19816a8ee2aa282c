"""The class of a source, from the folders and names that the show's settings give for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ...schema.media import SourceClass
from ...schema.settings import ShowSettings


class SourceClasses:
    """Tells camera, pull and proxy apart by the path, as each show's settings say."""

    def __init__(self, shows: Mapping[str, ShowSettings]) -> None:
        """Settings of *shows*; a show without settings has the defaults."""
        self._shows = shows

    def of(self, show: str) -> Callable[[Sequence[tuple[str, str]]], SourceClass]:
        """What answers with the class of a clip of *show* from all the (root, path) at which it lies.

        A pattern sees the path from the root's own name on, so that where a storage is mounted says
        nothing; one that begins with a slash sees all of it. One path that says proxy makes it a
        proxy: a copy of a proxy in another folder is no better.
        """
        settings = self._shows.get(show, ShowSettings())

        def class_of(paths: Sequence[tuple[str, str]]) -> SourceClass:
            if any(_fits(*place, settings.proxies) for place in paths):
                return SourceClass.PROXY
            return SourceClass.PULL if any(_fits(*place, settings.pulls) for place in paths) else SourceClass.CAMERA

        return class_of


def _fits(root: str, path: str, patterns: Sequence[str]) -> bool:
    whole = path.casefold()
    short = f"/{Path(root).name}{path.removeprefix(root)}".casefold() if path.startswith(root) else whole
    return any(fnmatchcase(whole if pattern.startswith("/") else short, pattern.casefold()) for pattern in patterns)
