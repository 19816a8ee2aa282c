"""From a brief to a request: what is asked for, on which plate, with which sources."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from ...schema.brief import Brief
from ...schema.errors import BriefIncomplete
from ...schema.finding import Finding
from ...schema.media import SourceClass
from ...schema.model import Value
from ...schema.ports import Processor
from ...schema.request import Reference, Source, reference_of
from ...schema.settings import ShowSettings
from ...schema.tables import ClipRow
from ..store.index import Index
from ..store.results import Results
from .landing import Landing, Pulled, one_recording

TAKES_LOOKED_AT = 4
"""How many similar clips are handed to a processor as possible takes; it keeps those that are."""

_OURS = {
    "plate": "plate",
    "clip": "plate",
    "finding": "finding",
    "matte": "matte",
    "holdout": "holdout",
    "reference": "references",
    "references": "references",
} | dict.fromkeys(("take", "takes", "source", "sources", "against", "shots"), "takes")


_STILL = re.compile(r"^\s*\d+\s*=|\.(png|tiff?|exr|dpx|jpe?g)\s*(,|$)", re.IGNORECASE)
"""A still as people name it: `graded.png`, `paint.1012.png`, `1012=name`."""


def _meaning(processor: Processor, key: str, value: str) -> str | None:
    """What a line of a brief gives us: plate, takes, matte ...; None where it is the processor's own.

    A reference is a painted frame where it is a still and the processor takes such, else a clip or still
    to work from.
    """
    meaning = _OURS.get(key)
    painted = processor.painted_references and _STILL.search(value)
    return "takes" if meaning == "references" and not painted else meaning


def names_takes(processor: Processor, brief: Brief) -> bool:
    """Whether the brief says itself which takes to use."""
    return any(_meaning(processor, key, value) == "takes" for key, value in brief.values.items())


class Plan(Value):
    """A brief understood: everything of a request but its folders.

    Where the brief was written for a `proxy`, the plate stands for it, and its frame 0 shows the proxy's
    frame `proxy_start`.
    """

    processor: str
    plate: Source
    plate_clip_id: int
    matte: Path | None
    holdout: Path | None = None
    references: tuple[Reference, ...] = ()
    sources: tuple[Source, ...]
    options: dict[str, Any]
    proxy: Path | None = None
    proxy_start: int = 0


class Planner:
    """Understands briefs of one show."""

    def __init__(
        self,
        show: str,
        settings: ShowSettings,
        *,
        index: Index,
        results: Results,
        similar: Callable[[ClipRow, int], list[ClipRow]],
        allowed: tuple[Path, ...],
        landing: Landing,
    ) -> None:
        """*similar* answers with the show's clips that look most like one; briefs may name paths below *allowed*.

        *landing* knows the originals of proxies.
        """
        self._show, self._settings = show, settings
        self._index, self._results = index, results
        self._similar, self._allowed, self._landing = similar, allowed, landing

    def plan(
        self,
        processor: Processor,
        brief: Brief,
        attached: Callable[[str], Path | None],
        pulled: Mapping[str, Pulled] = MappingProxyType({}),
    ) -> Plan:
        """What *brief* asks *processor* to do; *attached* fetches an attachment by its name.

        A proxy is replaced by what was *pulled* for it (by content hash), or by an original that holds all of it.
        Raises BriefIncomplete whose message tells a person what to write.
        """
        words = {meaning: value for key, value in brief.values.items() if (meaning := _meaning(processor, key, value))}
        finding = self._finding(words["finding"]) if "finding" in words else None
        named = self._plate(processor, words, finding)
        matte, holdout = (
            self._file(key, words[key], attached) if key in words else None for key in ("matte", "holdout")
        )
        if finding is not None and matte is None:
            matte = self._finding_matte(words["finding"], finding, named)
        original = self._original(named, pulled)
        plate = original.clip if original else named
        return Plan(
            processor=processor.name,
            plate=self._source(plate),
            plate_clip_id=_id(plate),
            matte=matte,
            holdout=holdout,
            references=self._references(processor, brief, attached),
            sources=self._sources(processor, words, finding, plate, pulled, attached),
            options=self._options(processor, brief),
            proxy=self._source(named).path if original else None,
            proxy_start=original.start if original else 0,
        )

    def _original(self, clip: ClipRow, pulled: Mapping[str, Pulled]) -> Pulled | None:
        if clip.source_class != SourceClass.PROXY:
            return None
        return pulled.get(clip.content_hash) or self._landing.whole(clip)

    def _finding(self, text: str) -> tuple[int, Finding]:
        match = re.fullmatch(r"[Ff]?\s*(\d+)", text.strip())
        row = self._results.finding(self._show, int(match[1])) if match else None
        if row is None:
            raise BriefIncomplete(
                f"`finding: {text}` is not a finding of this show. Our notes name them, as in `finding: F1`."
            )
        return row.clip_id, Finding.model_validate(row.finding)

    def _plate(self, processor: Processor, words: Mapping[str, str], finding: tuple[int, Finding] | None) -> ClipRow:
        if "plate" in words:
            return self._clip("plate", words["plate"])
        if finding is not None:
            return self._index.clip(finding[0])
        example = "`finding: F1` or `plate: A001_C003`" if processor.fixes else "`plate: A001_C003`"
        raise BriefIncomplete(f"The brief does not say which clip to work on. Add a line such as {example}.")

    def _clip(self, key: str, name: str) -> ClipRow:
        found = self._index.find_clip(self._show, name)
        if not found:
            raise BriefIncomplete(
                f"`{key}: {name}` is not in the footage index of {self._show} (yet). "
                "If it is still being copied, nothing need be done: the work starts when it has arrived."
            )
        if len(found) > 1:
            names = ", ".join(sorted(row.name for row in found)[:8])
            raise BriefIncomplete(f"`{key}: {name}` fits several clips: {names}. Name one of them.")
        return found[0]

    def _references(
        self, processor: Processor, brief: Brief, attached: Callable[[str], Path | None]
    ) -> tuple[Reference, ...]:
        """Painted frames: each of its own line, or several on one after commas."""
        named = [
            name.strip()
            for line in brief.lines
            if _meaning(processor, line.key, line.value) == "references"
            for name in line.value.split(",")
            if name.strip()
        ]
        return tuple(reference_of(name, lambda text: self._file("reference", text, attached)) for name in named)

    def _file(self, key: str, text: str, attached: Callable[[str], Path | None]) -> Path:
        """A file that the brief names: attached to the task, or below the show's folders."""
        path = attached(text)
        if path is not None:
            return path
        wanted = Path(text)
        candidates = [wanted] if wanted.is_absolute() else [root / wanted for root in self._allowed]
        for candidate in candidates:
            real = candidate.resolve()
            if any(real.is_relative_to(root.resolve()) for root in self._allowed) and real.exists():
                return real
        raise BriefIncomplete(f"`{key}: {text}` is neither attached to the task nor found below the show's folders.")

    def _finding_matte(self, name: str, finding: tuple[int, Finding], plate: ClipRow) -> Path:
        _, found = finding
        if found.matte is None or found.present_in != plate.content_hash:
            raise BriefIncomplete(
                f"`finding: {name}` has no matte for {plate.name}: what it shows is missing there, not too much. "
                "Attach a matte and add a line `matte: <name of the attachment>`."
            )
        return found.matte

    def _sources(
        self,
        processor: Processor,
        words: Mapping[str, str],
        finding: tuple[int, Finding] | None,
        plate: ClipRow,
        pulled: Mapping[str, Pulled],
        attached: Callable[[str], Path | None],
    ) -> tuple[Source, ...]:
        rows: list[ClipRow] = []
        stills: list[Source] = []
        if "takes" in words:
            for name in (part.strip() for part in words["takes"].split(",") if part.strip()):
                still = None if processor.painted_references else self._still(name, attached)
                if still is not None:
                    stills.append(still)
                else:
                    rows.append(self._clip("takes", name))
        elif processor.needs_takes:
            row = self._index.clip_by_hash(self._show, finding[1].absent_from) if finding is not None else None
            similar = self._similar(plate, 2 * TAKES_LOOKED_AT)
            # The plate's own proxy, original or earlier pull looks most like it, and is no other take.
            takes = [clip for clip in similar if not one_recording(clip, plate)][:TAKES_LOOKED_AT]
            rows = [*([row] if row else []), *takes]
        originals = [(self._original(row, pulled), row) for row in rows]
        unique = {clip.id: clip for clip in (found.clip if found else row for found, row in originals)}
        return (*stills, *(self._source(clip) for clip in unique.values() if clip.id != plate.id))

    def _still(self, name: str, attached: Callable[[str], Path | None]) -> Source | None:
        """A graded still: attached, or a file of the show that is no clip of the index; None for all else."""
        if not _STILL.search(name):
            return None
        path = attached(name)
        if path is None:
            if self._index.find_clip(self._show, name):
                return None
            path = self._file("reference", name, lambda _: None)
        return Source(path=path, name=path.stem, source_class=SourceClass.REFERENCE)

    def _source(self, row: ClipRow) -> Source:
        path = self._index.path_of(row)
        if path is None:
            raise BriefIncomplete(
                f"{row.name} is in the index, but its storage is away. The work starts when it is back."
            )
        return Source(path=path, name=row.name, source_class=SourceClass(row.source_class), clip=row.content_hash)

    def _options(self, processor: Processor, brief: Brief) -> dict[str, Any]:
        fields = processor.Options.model_fields
        options: dict[str, Any] = {}
        for line in brief.lines:
            if line.key in _OURS:
                continue
            if line.key in fields:
                options[line.key] = line.value
            elif near := difflib.get_close_matches(line.key, [*fields, *_OURS], n=1, cutoff=0.75):
                raise BriefIncomplete(f"`{line.text}` was not understood. Did you mean `{near[0]}: {line.value}`?")
        try:
            return processor.Options.model_validate(options).model_dump(mode="json", exclude_unset=True)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            key = str(fault["loc"][0]) if fault["loc"] else ""
            line_text = next((line.text for line in brief.lines if line.key == key), key)
            meant = fields[key].description if key in fields else ""
            raise BriefIncomplete(f"`{line_text}` cannot be used: {fault['msg']}. {key}: {meant}") from None


def _id(row: ClipRow) -> int:
    if row.id is None:
        raise ValueError("a clip that was read has an id")
    return row.id
