"""Our comments: each written once, whatever happens to its answer.

A comment has a free JSON field, `data`, which people never see: our key lies there. It cannot be sent
with a new comment, only with a change of one. So a comment of ours that has no key yet, and says what
we were about to say, is the one whose answer was lost.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from ...schema.errors import EntityNotFound
from .client import Client, Json

_JOINER = "\N{WORD JOINER}"
_CALLS = re.compile(r"#(?=[A-Za-z])|(?<!\w)@(?=\w)")
_PAGE = 500


class Comments:
    """Reads and writes comments of tasks."""

    def __init__(self, client: Client, key_field: str) -> None:
        """*key_field* is the name in a comment's `data` under which our key stands."""
        self._client = client
        self.key_field = key_field

    def of(self, task: str) -> list[Json]:
        """Every comment of a task, oldest first."""
        rows: list[Json] = self._client.get(f"comments of task {task}", f"data/tasks/{task}/comments")
        return rows[::-1]

    def one(self, number: str) -> Json:
        """A comment of an id; raises EntityNotFound when it is gone."""
        found: Json = self._client.get("comment", f"data/comments/{number}")
        return found

    def key(self, comment: Json) -> str | None:
        """Our key on a comment."""
        return (comment["data"] or {}).get(self.key_field)

    def ours(self, comment: Json) -> bool:
        """Whether we wrote it."""
        return bool(comment["person_id"] == self._client.me["id"])

    def find(self, key: str, projects: Iterator[Json]) -> Json | None:
        """The comment that carries a key, looked for in whole projects, what changed last first."""
        for project in projects:
            page = 1
            while True:
                path = f"data/projects/{project['id']}/comments"
                answer = self._client.get("comments", path, page=page, limit=_PAGE)
                for comment in answer["data"]:
                    if self.key(comment) == key and self.ours(comment):
                        found: Json = comment
                        return found
                if page >= answer["nb_pages"]:
                    break
                page += 1
        return None

    def write(self, task: str, key: str, text: str, status: str | None = None, **data: str) -> Json:
        """Write a comment with our key, or return and complete the one that is there; of several one is left.

        *status* is a status's id that the comment sets. Every comment sets one: without it, the
        task's own is repeated.
        """
        before = self.of(task)
        found = self._ours(before, key, text)
        if found:
            made = self._only(found)
        else:
            repeated = status or self._client.get(f"task {task}", f"data/tasks/{task}")["task_status_id"]
            made = self._client.post(
                f"comment on task {task}",
                f"actions/tasks/{task}/comment",
                {"task_status_id": repeated, "comment": text},
            )
        change: Json = {}
        if status is None and not found:
            after = self.of(task)
            made = self._only(self._ours(after, key, text) or [made])
            change = self._undo(before, after, made)
        if self.key(made) != key:
            change["data"] = {**(made["data"] or {}), self.key_field: key, **data}
            try:
                self._client.put("key of a comment", f"data/comments/{made['id']}", change)
            except EntityNotFound:
                # Another, who wrote the same at once, was first, and took ours away.
                left = self._ours(self.of(task), key, text)
                if status is not None or not left:
                    raise
                made = left[0]
        return made

    def edit(self, number: str, text: str) -> None:
        """Let a comment say something else."""
        self._client.put("change of a comment", f"data/comments/{number}", {"text": text})

    def _ours(self, comments: list[Json], key: str, text: str) -> list[Json]:
        """What we wrote under a key; two who both saw nothing wrote twice. First those that have it, oldest first."""
        mine = [one for one in comments if self.ours(one)]
        same = [one for one in mine if self.key(one) == key or (self.key(one) is None and one["text"] == text)]
        return sorted(same, key=lambda one: self.key(one) is None)

    def _only(self, found: list[Json]) -> Json:
        """The first; the others are removed, unless somebody else did so."""
        for extra in found[1:]:
            with contextlib.suppress(EntityNotFound):
                self._client.delete("remove the second comment", f"data/comments/{extra['id']}")
        return found[0]

    def _undo(self, before: list[Json], after: list[Json], made: Json) -> Json:
        """The status that a person set between our look and our comment, which would have undone it."""
        known = {one["id"] for one in before}
        meanwhile = []
        for one in after:
            if one["id"] == made["id"]:
                break
            if one["id"] not in known and not self.ours(one):
                meanwhile.append(one)
        if meanwhile and meanwhile[-1]["task_status_id"] != made["task_status_id"]:
            return {"task_status_id": meanwhile[-1]["task_status_id"]}
        return {}


def quiet(text: str) -> str:
    """A text that calls nobody: Kitsu sends `#words` to other tasks and mails `@names`."""
    return _CALLS.sub(rf"\g<0>{_JOINER}", text)


def loud(text: str) -> str:
    """What `quiet` was given."""
    return text.replace(_JOINER, "")


def home(preview: Json) -> str:
    """The id of the comment that a preview file is on. Raises EntityNotFound where there is none."""
    if not preview["comments"]:
        raise EntityNotFound("The version's comment is not in the tracker (any more).")
    return str(preview["comments"][0])
