"""From a brief to a request: what is asked for, on which plate, with which sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...processors.pictures.stills import numbered_paths
from ...schema.brief import Brief, Line
from ...schema.errors import BriefIncomplete, FootageMissing, UnreadableMedia
from ...schema.finding import Finding
from ...schema.frames import FrameCount
from ...schema.media import SourceClass
from ...schema.model import Value
from ...schema.ports import Processor
from ...schema.rate import snap_rate
from ...schema.request import Reference, Source, reference_of
from ...schema.settings import ShowSettings
from ...schema.tables import ClipRow
from ..store.index import Index
from ..store.results import Results
from ..store.rows import id_of
from .attached import is_pattern
from .landing import Landing, Pulled
from .mistakes import Mistakes
from .options import read_options
from .takes import Takes
from .vocabulary import Vocabulary, is_still

_EXAMPLES = {"matte": "matte_v002.mov", "holdout": "hand_v001.mov", "reference": "paint.1012.png"}

LOOKED_AT, TAKES_LOOKED_AT = 8, 4
"""How many similar clips are looked at, and how many of them are handed to a processor; it keeps those that are."""


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
        self._takes = Takes(show, index=index, results=results, similar=similar)
        self._allowed, self._landing = allowed, landing

    def plan(
        self,
        processor: Processor,
        brief: Brief,
        attached: Callable[[str], Path | None],
        pulled: Mapping[str, Pulled] = MappingProxyType({}),
    ) -> Plan:
        """What *brief* asks *processor* to do; *attached* fetches an attachment by its name.

        A proxy is replaced by what was *pulled* for it (by content hash), or by an original that holds all of it.
        Raises BriefIncomplete whose message tells a person all that is wrong and what to write, FootageMissing
        where only footage is lacking.
        """
        vocabulary = Vocabulary(processor)
        words = {
            meaning: value for line in brief.lines if (meaning := vocabulary.meaning(line.key, value := line.value))
        }
        mistakes = Mistakes()
        finding: tuple[int, Finding] | None = None
        named: ClipRow | None = None
        files: dict[str, Path] = {}
        references: tuple[Reference, ...] = ()
        sources: tuple[Source, ...] = ()
        if "finding" in words:
            with mistakes.noted():
                finding = self._finding(words["finding"])
        if "plate" in words or "finding" not in words or finding is not None:
            with mistakes.noted():
                named = self._plate(processor, words, finding)
        for key in ("matte", "holdout"):
            with mistakes.noted():
                if key in words:
                    files[key] = self._file(key, words[key], attached)
        if finding is not None and named is not None and "matte" not in words:
            with mistakes.noted():
                files["matte"] = self._finding_matte(words["finding"], finding, named)
        count = self._count(named)
        with mistakes.noted():
            references = self._references(vocabulary, brief, attached, count)
        original = self._original(named, pulled) if named is not None else None
        plate = original.clip if original else named
        with mistakes.noted():
            sources = self._sources(processor, words, finding, plate, pulled, attached)
        options = read_options(processor, vocabulary, brief, count, mistakes)
        at: Source | None = None
        with mistakes.noted():
            at = self._source(plate) if plate is not None else None
        mistakes.answer()
        assert plate is not None
        assert named is not None
        assert at is not None
        return Plan(
            processor=processor.name,
            plate=at,
            plate_clip_id=id_of(plate),
            matte=files.get("matte"),
            holdout=files.get("holdout"),
            references=references,
            sources=sources,
            options=options,
            proxy=self._source(named).path if original else None,
            proxy_start=original.start if original else 0,
        )

    def _count(self, clip: ClipRow | None) -> FrameCount:
        """How the frames of the clip that a brief is written for are counted."""
        first, handles = self._settings.first_frame, self._settings.handles
        if clip is None:
            return FrameCount("the plate", first, 0, handles)
        rate = snap_rate(clip.rate) if clip.rate else None
        return FrameCount(clip.name, first, clip.frames, handles, clip.timecode, rate)

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
            return self._takes.clip("plate", words["plate"])
        if finding is not None:
            return self._index.clip(finding[0])
        example = "`finding: F1` or `plate: A001_C003`" if processor.fixes else "`plate: A001_C003`"
        raise BriefIncomplete(f"The brief does not say which clip to work on. Add a line such as {example}.")

    def _references(
        self, vocabulary: Vocabulary, brief: Brief, attached: Callable[[str], Path | None], count: FrameCount
    ) -> tuple[Reference, ...]:
        """Painted frames: each of its own line, several on one after commas, or all of a sequence."""
        found: list[Reference] = []
        mistakes = Mistakes()
        for line in brief.lines:
            if vocabulary.meaning(line.key, line.value) != "references":
                continue
            for name in filter(None, map(str.strip, line.value.split(","))):
                with mistakes.noted():
                    found += self._painted(name, line, attached, count)
        mistakes.answer()
        return tuple(found)

    def _painted(
        self, name: str, line: Line, attached: Callable[[str], Path | None], count: FrameCount
    ) -> list[Reference]:
        if is_pattern(name):
            files = _frames(self._file("reference", name, attached))
            return [Reference(path=path, frame=frame) for frame, path in sorted(files.items())]
        try:
            counted = count.marks(name) if "=" in name else name
        except ValueError as error:
            raise BriefIncomplete(
                f"`{line.text}` cannot be used: {error}. Write it as `reference: 1012={name}`."
            ) from None
        return [reference_of(counted, lambda text: self._file("reference", text, attached))]

    def _file(self, key: str, text: str, attached: Callable[[str], Path | None]) -> Path:
        """A file that the brief names: attached to the task, or below the show's folders."""
        self._takes.refuse_rejected(key, text)
        path = attached(text)
        if path is not None:
            return path
        wanted = Path(text)
        candidates = [wanted] if wanted.is_absolute() else [root / wanted for root in self._allowed]
        for candidate in candidates:
            real = candidate.resolve()
            if self._may(real) and real.exists():
                return real
            if is_pattern(candidate.name) and real.parent.is_dir() and self._may(real) and _frames(real):
                return real
        raise BriefIncomplete(
            f"`{key}: {text}` is neither attached to the task nor found below the show's folders. Attach it, or write "
            f"its path, as `{key}: {_EXAMPLES[key]}`."
        )

    def _may(self, real: Path) -> bool:
        """Whether briefs may name a file: it lies below the show's folders."""
        return any(real.is_relative_to(root.resolve()) for root in self._allowed)

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
        plate: ClipRow | None,
        pulled: Mapping[str, Pulled],
        attached: Callable[[str], Path | None],
    ) -> tuple[Source, ...]:
        """The takes that the brief names, or those found; without a *plate* only the names are looked at."""
        rows: list[ClipRow] = []
        stills: list[Source] = []
        if "takes" in words:
            names = [name for part in words["takes"].split(",") if (name := part.strip())]
            if not processor.painted_references:
                found = {name: still for name in names if (still := self._still(name, attached)) is not None}
                stills, names = list(found.values()), [name for name in names if name not in found]
            rows = self._takes.named(names, plate, LOOKED_AT)
        elif processor.needs_takes and plate is not None:
            row = self._index.clip_by_hash(self._show, finding[1].absent_from) if finding is not None else None
            rows = [*([row] if row else []), *self._takes.others(plate, LOOKED_AT)[:TAKES_LOOKED_AT]]
        if plate is None:
            return ()
        originals = [(self._original(row, pulled), row) for row in rows]
        unique = {clip.id: clip for clip in (found.clip if found else row for found, row in originals)}
        return (*stills, *(self._source(clip) for clip in unique.values() if clip.id != plate.id))

    def _still(self, name: str, attached: Callable[[str], Path | None]) -> Source | None:
        """A graded still: attached, or a file of the show that is no clip of the index; None for all else."""
        if not is_still(name):
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
            raise FootageMissing(
                f"{row.name} is in the index, but its storage is away. The work starts when it is back."
            )
        return Source(path=path, name=row.name, source_class=SourceClass(row.source_class), clip=row.content_hash)


def _frames(path: Path) -> dict[int, Path]:
    """The files of a sequence by number; none where there are none."""
    try:
        return numbered_paths(path)
    except UnreadableMedia:
        return {}
