"""The class of a source, from the folders and names that the show's settings give for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase

from ...schema.media import SourceClass
from ...schema.settings import ShowSettings


class SourceClasses:
    """Tells camera, pull and proxy apart by the path, as each show's settings say."""

    def __init__(self, shows: Mapping[str, ShowSettings]) -> None:
        """Settings of *shows*; a show without settings has the defaults."""
        self._shows = shows

    def of(self, show: str) -> Callable[[Sequence[str]], SourceClass]:
        """What answers with the class of a clip of *show* from all the paths at which it lies.

        One path that says proxy makes it a proxy: a copy of a proxy in another folder is no better.
        """
        settings = self._shows.get(show, ShowSettings())

        def class_of(paths: Sequence[str]) -> SourceClass:
            if any(_fits(path, settings.proxies) for path in paths):
                return SourceClass.PROXY
            return SourceClass.PULL if any(_fits(path, settings.pulls) for path in paths) else SourceClass.CAMERA

        return class_of


def _fits(path: str, patterns: Sequence[str]) -> bool:
    name = path.casefold().replace("\\", "/")
    return any(fnmatchcase(name, pattern.casefold()) for pattern in patterns)
