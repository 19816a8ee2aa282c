"""What people wrote, attached and drew for a task."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...schema.tracker import Attachment, BriefSource, EntityRef, NoteText, TrackerTask
from .client import Json
from .comments import Comments, loud
from .drawings import drawings
from .site import Site
from .times import stamp
from .versions import Versions

_PLACES = {"png": "pictures/originals/preview-files/{id}.png", "mp4": "movies/originals/preview-files/{id}.mp4"}
_OTHER = "pictures/originals/preview-files/{id}.{extension}"


class BriefReader:
    """Reads briefs: the task's description, its comments with replies and checklists, files and drawings.

    A comment belongs to our version that came last before it, unless somebody published after that.
    """

    def __init__(self, site: Site, comments: Comments, versions: Versions) -> None:
        """All on one site."""
        self._site = site
        self._comments = comments
        self._versions = versions

    def brief(self, task: TrackerTask, row: Json) -> BriefSource:
        """Everything about the task, oldest first; our own notes are marked, our own files left out."""
        number = task.ref.id
        versions = {one["id"]: one for one in self._versions.of(number)}
        texts: list[NoteText] = []
        files: list[Attachment] = []
        about: EntityRef | None = None
        for comment in self._comments.of(number):
            ours = self._comments.ours(comment)
            published = [one for one in comment["previews"] if one["id"] in versions]
            if comment["previews"]:
                about = self._versions.ref(versions[published[0]["id"]]) if published else None
            texts += self._texts(comment, about, ours=ours)
            files += self._files(comment, about, ours=ours)
        rate = self._site.project_of(row["project_id"])["fps"]
        for preview in versions.values():
            files += drawings(preview, self._versions.ref(preview), rate)
        return BriefSource(
            task=task,
            description=row["description"] or "",
            notes=tuple(sorted(texts, key=lambda one: one.at)),
            attachments=tuple(files),
        )

    def _texts(self, comment: Json, about: EntityRef | None, *, ours: bool) -> Iterator[NoteText]:
        text = _own(comment) if ours else _said(comment)
        if text:
            yield self._text(f"Comment:{comment['id']}", comment, text, stamp(comment["created_at"]), about)
        for reply in comment["replies"] or []:
            # A reply's own time has no date of the site's form on old sites.
            yield self._text(f"Reply:{reply['id']}", reply, reply["text"] or "", _when(reply), about)

    def _text(self, name: str, said: Json, text: str, at: float, about: EntityRef | None) -> NoteText:
        ours = self._comments.ours(said)
        person = self._site.person(said["person_id"])
        return NoteText(
            id=name,
            author=str(person.get("full_name") or ""),
            text=text,
            at=at,
            by_us=ours,
            login=self._site.login(said["person_id"]),
            version=None if ours else about,
        )

    def _files(self, comment: Json, about: EntityRef | None, *, ours: bool) -> Iterator[Attachment]:
        replies = {reply["id"]: (self._comments.ours(reply), _when(reply)) for reply in comment["replies"] or []}
        written = ours, stamp(comment["created_at"])
        for one in comment["attachment_files"]:
            by_us, at = replies.get(one.get("reply_id"), written)
            if not by_us:
                url = f"data/attachment-files/{one['id']}/file/{one['name']}"
                yield Attachment(id=one["id"], name=one["name"], url=url, at=at, version=about)
        for one in [] if ours else comment["previews"]:
            if one["original_name"]:
                name = f"{one['original_name']}.{one['extension']}"
                url = _PLACES.get(one["extension"], _OTHER).format(**one)
                yield Attachment(id=one["id"], name=name, url=url, at=written[1])


def _said(comment: Json) -> str:
    """A person's comment with its checklist, a line each."""
    ticks = [str(item["text"]) for item in comment["checklist"] or [] if item.get("text")]
    return "\n".join([*([comment["text"]] if comment["text"] else []), *ticks])


def _own(comment: Json) -> str:
    """What we were asked to write, without the head that it got."""
    text = loud(comment["text"] or "")
    return text.removeprefix(str((comment["data"] or {}).get("head") or ""))


def _when(reply: dict[str, Any]) -> float:
    return stamp(reply.get("created_at") or reply.get("date"))
