"""What people drew in red over our versions: the matte's seeds of the next one."""

from __future__ import annotations

from collections.abc import Collection

from ...processors.mattes.drawing import Drawing, open_drawing
from ...schema.errors import BriefIncomplete, IngestError
from ...schema.tables import TaskRow, VersionRow
from ...schema.tracker import Attachment, BriefSource
from ..store.index import Index
from ..store.results import Results, outcome_of
from ..store.rows import id_of
from .attached import Attached
from .hearing import Drawn


class Drawings:
    """Reads the drawings on a task's versions; each picture is looked at once while the daemon runs."""

    def __init__(self, index: Index, results: Results) -> None:
        """Versions in *results*, their plates in *index*."""
        self._index, self._results = index, results
        self._seen: dict[tuple[str, str, str], Drawn | str | None] = {}

    def of_task(
        self, task: TaskRow, source: BriefSource, attached: Attached, *, heard: Collection[str], acted: Collection[str]
    ) -> tuple[list[Drawn], list[tuple[str, str]]]:
        """The drawings that count, new ones and those acted on; and what cannot be used: (id, sentence)."""
        drawn, faults = [], []
        versions = {version.tracker_ref: version for version in self._results.versions_of(id_of(task))}
        for one in source.attachments:
            key = f"drawn {one.id}"
            version = versions.get(one.version.id) if one.version is not None else None
            if not one.drawn or version is None or (key in heard and key not in acted):
                continue
            place = (task.tracker, task.tracker_ref, one.id)
            if place not in self._seen:
                self._seen[place] = self._read(one, key, version, attached)
            found = self._seen[place]
            if isinstance(found, str):
                faults.append((key, found))
            elif found is not None:
                drawn.append(found)
        return drawn, faults

    def _read(self, one: Attachment, key: str, version: VersionRow, attached: Attached) -> Drawn | str | None:
        """The drawing as options; a sentence where it cannot be used, None where it holds nothing red."""
        if one.frame is None or version.plate_clip_id is None:
            said = f"The drawing {one.name} on {version.code} does not say its frame."
            return f"{said} Write `box: FRAME: x,y,width,height`."
        outcome = outcome_of(version)
        frame = outcome.first_frame + one.frame
        if not outcome.first_frame <= frame <= outcome.last_frame:
            return f"The drawing {one.name} is on frame {frame}, which {version.code} has not."
        clip = self._index.clip(version.plate_clip_id)
        under = (outcome.review, one.frame) if outcome.review is not None and outcome.review.is_file() else None
        try:
            drawing = open_drawing(attached.fetch(one), (clip.height, clip.width), under)
        except (BriefIncomplete, IngestError) as error:
            return str(error)
        marks = drawing.marks(frame)
        return Drawn(key, one.at, marks, _words(drawing, frame, version.code, marks)) if marks else None


def _words(drawing: Drawing, frame: int, code: str, marks: dict[str, str]) -> str:
    kinds = [(len(drawing.boxes), "box"), (len(drawing.points), "point")]
    told = " and ".join(
        f"{count} {what}{'' if count == 1 else 'es' if what == 'box' else 's'}" for count, what in kinds if count
    )
    written = ", ".join(f"`{key}: {value}`" for key, value in marks.items())
    return f"what was drawn in red on frame {frame} of {code} taken into the matte ({told}: {written})"
