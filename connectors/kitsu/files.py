"""Files to and from the site, each sent once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ...schema.errors import AmbiguousResult, ConnectorError, EntityNotFound, TrackerRejected, TrackerUnavailable
from ...schema.tracker import Attachment, EntityRef, MediaKind
from ..files import check_sendable, fetched
from .client import Client, Json
from .comments import Comments, home
from .versions import Versions

FIRST_PAUSE_SECONDS, LAST_PAUSE_SECONDS = 0.5, 5.0
"""Between two looks at a movie that the site is at work on; each pause is half as long again."""
EXTENSION = 6
"""Letters that the site keeps of a file's extension; one more and it fails."""
_MOVIES = frozenset({"avi", "m4v", "mkv", "mov", "mp4", "webm", "wmv"})
_PICTURES = frozenset({"jpe", "jpeg", "jpg", "png"})


class Files:
    """Uploads that look first, downloads that never leave half a file.

    A movie becomes the version's preview file, which holds exactly one. Everything else is attached to
    its comment: Kitsu makes thumbnails and filmstrips from the movie itself, and ours is seen where
    the version is told of.
    """

    def __init__(self, client: Client, comments: Comments, versions: Versions, working_seconds: float) -> None:
        """*working_seconds* is how long the site may take to make its own movie from ours, in one call."""
        self._client = client
        self._comments = comments
        self._versions = versions
        self._working = working_seconds
        self._gone_out: set[str] = set()

    def upload(self, version: EntityRef, kind: MediaKind, path: Path) -> None:
        """Put a file on the version, unless one of that name is there."""
        check_sendable(path)
        if kind is MediaKind.FILMSTRIP:
            return
        preview = self._versions.one(version.id)
        if kind is MediaKind.MOVIE:
            self._movie(preview, path)
        else:
            self.attach(preview["task_id"], home(preview), path)

    def attach(self, task: str, comment: str, path: Path) -> None:
        """Attach a file to a comment, unless one of that name is on it."""
        check_sendable(path)
        if len(path.suffix) - 1 > EXTENSION:
            raise TrackerRejected(
                f"{path.name}: Kitsu takes extensions of at most {EXTENSION} letters; give the file a shorter one."
            )
        there = self._comments.one(comment)["attachment_files"]
        if any(one["name"] == path.name for one in there):
            return
        self._client.upload(f"file {path.name}", f"actions/tasks/{task}/comments/{comment}/add-attachment", path)

    def download(self, attachment: Attachment, folder: Path) -> Path:
        """Fetch an attachment under its own, cleaned name."""
        what = f"attachment {attachment.name}"
        return fetched(folder, attachment.name, lambda part: self._client.download(what, attachment.url, part))

    def _movie(self, preview: Json, path: Path) -> None:
        kind = path.suffix[1:].lower()
        if kind not in _MOVIES | _PICTURES:
            raise TrackerRejected(f"{path.name} is no movie that Kitsu takes; it takes {', '.join(sorted(_MOVIES))}.")
        number = preview["id"]
        if preview["original_name"]:
            if preview["original_name"] != path.stem:
                raise TrackerRejected(
                    f"The version holds '{preview['original_name']}' already, and a Kitsu revision holds one movie."
                )
            self._wait(number, path)
            return
        if number in self._gone_out:
            # All of it went out before and was not answered: the site may be at work on it.
            if self._shows(number):
                self._wait(number, path)
                return
            self._gone_out.discard(number)
        try:
            self._client.upload(
                f"movie {path.name}",
                f"pictures/preview-files/{number}",
                path,
                arrived=lambda: self._gone_out.add(number),
            )
        except AmbiguousResult as error:
            self._settle(number, path, error)
        except ConnectorError:
            # All of it went out, and the site said that it did nothing with it.
            self._gone_out.discard(number)
            raise
        self._wait(number, path)

    def _settle(self, number: str, path: Path, error: AmbiguousResult) -> None:
        """After a lost answer: the movie is there, or is known not to be, or may still come."""
        try:
            if number in self._gone_out and self._shows(number):
                return
        except EntityNotFound:
            raise self._broken(path) from error
        raise error

    def _shows(self, number: str) -> bool:
        """Whether the movie shows up within the time that the site may work on it."""
        return any(self._versions.one(number)["original_name"] for _ in self._looks())

    def _wait(self, number: str, path: Path) -> None:
        """Until the site's own movie is made: an upload is answered with 200 though it may fail."""
        for _ in self._looks():
            try:
                status = self._versions.one(number)["status"]
            except EntityNotFound as error:
                raise self._broken(path) from error
            if status == "ready":
                self._gone_out.discard(number)
                return
            if status != "processing":
                raise self._broken(path)
        raise TrackerUnavailable(f"{path.name} arrived; {self._client.url} is still at work on it.")

    def _looks(self) -> Iterator[None]:
        """One look and then another, as long as the site may work on a movie."""
        end, pause = time.monotonic() + self._working, FIRST_PAUSE_SECONDS
        yield
        while time.monotonic() < end:
            time.sleep(pause)
            pause = min(1.5 * pause, LAST_PAUSE_SECONDS)
            yield

    def _broken(self, path: Path) -> TrackerRejected:
        return TrackerRejected(
            f"{path.name} arrived, but Kitsu could not make its own movie from it and shows the version as broken. "
            "A movie without a sound track does this: send one with a silent track."
        )
