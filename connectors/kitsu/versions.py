"""Our versions: each a comment that sets a status, with a preview file of a revision of its own."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence

from ...schema.errors import EntityNotFound
from ...schema.tracker import EntityRef, Review, VersionDraft
from .client import Client, Json
from .comments import Comments, quiet
from .site import Site
from .times import stamp

KIND = "PreviewFile"


class Versions:
    """Preview files that carry our key.

    The key lies in a preview file's `data`. Sites do not search there, so its hash is also the
    preview file's `name`, which nobody is shown.
    """

    def __init__(self, client: Client, site: Site, comments: Comments) -> None:
        """All on one site."""
        self._client = client
        self._site = site
        self._comments = comments

    def find(self, key: str) -> Json | None:
        """The preview file that carries a key."""
        return next(iter(self._keyed(key)), None)

    def one(self, number: str) -> Json:
        """A preview file of an id; raises EntityNotFound when it is gone."""
        found: Json = self._client.get("version", f"data/preview-files/{number}")
        return found

    def of(self, task: str) -> list[Json]:
        """Our versions of a task, oldest first."""
        rows: list[Json] = self._client.get(f"versions of task {task}", f"data/tasks/{task}/previews")
        ours = [row for row in rows if self.key(row)]
        return sorted(ours, key=lambda row: (row["revision"], row["position"]))

    def key(self, preview: Json) -> str | None:
        """Our key on a preview file."""
        return (preview["data"] or {}).get(self._comments.key_field)

    def ref(self, preview: Json) -> EntityRef:
        """A preview file in our words."""
        return EntityRef(type=KIND, id=preview["id"], name=(preview["data"] or {}).get("code", ""))

    def publish(self, draft: VersionDraft) -> EntityRef:
        """Create the version, or return the one that carries its key.

        Three writes, each of which is looked for before it is done: the comment, the preview file on it
        (the site counts the revision, so that it never clashes with a person's), the key on that.
        """
        found = self._keyed(draft.key)
        if not found:
            found = self._make(draft)
        for extra in found[1:]:
            self._remove(extra, draft.code)
        return self.ref(found[0])

    def reviews(self, task: str) -> tuple[Review, ...]:
        """What stands on our versions: the last status that a comment set before the next version came.

        A comment always carries a status; it was set by whoever changed it, not by those who wrote on.
        """
        ours = {row["id"]: row for row in self.of(task)}
        comments = self._comments.of(task)
        reviews = []
        for place, comment in enumerate(comments):
            for preview in comment["previews"]:
                if preview["id"] in ours:
                    reviews.append(self._review(ours[preview["id"]], comments[place:]))
        return tuple(reviews)

    def _keyed(self, key: str) -> list[Json]:
        """The preview files that carry a key, oldest first: more than one where two made it at once."""
        wanted = {"name": _name(key), "relations": "true"}
        rows: list[Json] = self._client.get("version by key", "data/preview-files", **wanted)
        return sorted(rows, key=lambda row: (row["created_at"], row["id"]))

    def _make(self, draft: VersionDraft) -> list[Json]:
        status = self._site.status(draft.status)
        try:
            comment = self._comments.write(draft.task.id, draft.key, _text(draft), status["id"], kind="version")
            made = self._preview(draft, comment)
        except EntityNotFound:
            # Somebody who published the same at once was first, and took ours away.
            found = self._keyed(draft.key)
            if not found:
                raise
            return found
        return self._keyed(draft.key) or [made]

    def _remove(self, preview: Json, code: str) -> None:
        for path in (*(f"data/comments/{one}" for one in preview["comments"]), f"data/preview-files/{preview['id']}"):
            # A preview file may go with its comment, and both at the hands of another.
            with contextlib.suppress(EntityNotFound):
                self._client.delete(f"remove the second '{code}'", f"{path}?force=true")

    def _review(self, preview: Json, comments: Sequence[Json]) -> Review:
        status, by, at = comments[0]["task_status_id"], "", stamp(comments[0]["created_at"])
        for comment in comments[1:]:
            if comment["previews"]:
                break
            if comment["task_status_id"] != status:
                status, at = comment["task_status_id"], stamp(comment["created_at"])
                by = "" if self._comments.ours(comment) else self._site.login(comment["person_id"])
        key = self.key(preview)
        assert key is not None
        return Review(version=self.ref(preview), key=key, status=self._site.code(status), by=by, at=at)

    def _preview(self, draft: VersionDraft, comment: Json) -> Json:
        if comment["previews"]:
            first = min(comment["previews"], key=lambda one: int(one["position"]))
            number = first["id"]
        else:
            path = f"actions/tasks/{draft.task.id}/comments/{comment['id']}/add-preview"
            number = self._client.post(f"create version {draft.code}", path, {})["id"]
        kept = self.one(number)["data"] or {}
        data = {
            **kept,
            self._comments.key_field: draft.key,
            "code": draft.code,
            "first_frame": draft.first_frame,
            "last_frame": draft.last_frame,
            "frame_rate": draft.frame_rate,
        }
        changed: Json = self._client.put(
            f"key of version {draft.code}", f"data/preview-files/{number}", {"name": _name(draft.key), "data": data}
        )
        return changed


def _name(key: str) -> str:
    return f"wetgate-{uuid.uuid5(uuid.NAMESPACE_URL, f'wetgate:{key}').hex}"


def _text(draft: VersionDraft) -> str:
    lines = [f"**{draft.code}**", "", draft.description, ""]
    lines.append(f"Frames {draft.first_frame}-{draft.last_frame} at {draft.frame_rate}")
    lines += [f"- `{path}`" for path in (draft.frames_path, draft.movie_path) if path]
    return quiet("\n".join(lines))
