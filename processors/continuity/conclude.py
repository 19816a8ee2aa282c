"""From stored maps to findings: judged, completed, drawn, reported."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...schema.finding import Evidence, Finding
from ...schema.outcome import Outcome
from ...schema.ports import Progress
from ...schema.request import Chunk, Request, Source
from ..pictures.plate import Plate
from ..pictures.review import write_picture
from ..pictures.sheets import Row, contact_sheet, overlay, spread
from .evidence import frame_name, laid_over, write_pair
from .judge import Judgement, Kind, judge
from .options import Options
from .pair import small_factor
from .regions import place_track
from .store import PairFacts, Store
from .tracks import Track, find_tracks
from .words import label, summary

CHUNK = 50
"""Plate frames in one chunk."""
_EVIDENCE = 3
_COLUMNS = 5


@dataclass(frozen=True)
class _Seen:
    """A judged track of one source."""

    number: int
    source: Source
    facts: PairFacts
    track: Track
    judgement: Judgement


def conclude(
    request: Request, options: Options, sources: Sequence[Source], chunks: Sequence[Chunk], progress: Progress
) -> Outcome:
    """The outcome of a check whose chunks are all done."""
    request.out.mkdir(parents=True, exist_ok=True)
    facts: list[PairFacts] = []
    findings: list[Finding] = []
    rows: list[Row] = []
    judged: list[_Seen] = []
    with Plate.open(request.plate.path) as plate:
        columns: list[int] = []
        for number, source in enumerate(sources):
            store = Store(request, number)
            facts.append(store.facts())
            if not facts[-1].compared:
                continue
            seen = _judged(number, source, store, options, chunks, plate)
            for index, one in enumerate(seen):
                share = 1 / (len(sources) * len(seen))
                start = number / len(sources) + index * share

                def done(part: float, start: float = start, share: float = share) -> None:
                    progress(start + part * share, "drawing what was found")

                finding, pictures, columns = _finding(request, options, one, plate, chunks, len(findings), done)
                findings.append(finding)
                rows += pictures
                judged.append(one)
        sheet = None
        if rows:
            sheet = request.out / "contact_sheet.png"
            heads = [str(request.first_frame + n) for n in columns]
            write_picture(sheet, contact_sheet(f"Continuity of {request.plate.name}", heads, rows[:12]))
        verdict, sentence, reasons = summary(request, facts, findings)
        report = request.out / "report.json"
        report.write_text(json.dumps(_report(request, options, plate, facts, findings, judged, sentence), indent=1))
        return Outcome(
            verdict=verdict,
            summary=sentence,
            reasons=reasons,
            findings=tuple(findings),
            evidence=tuple(picture for finding in findings for picture in finding.evidence),
            report=report,
            contact_sheet=sheet,
            thumbnail=findings[0].evidence[0].path if findings else None,
            frames=plate.frames,
            rate=plate.video.rate,
            timecode=plate.timecode,
            first_frame=request.first_frame,
            last_frame=request.first_frame + plate.frames - 1,
        )


def _judged(
    number: int, source: Source, store: Store, options: Options, chunks: Sequence[Chunk], plate: Plate
) -> list[_Seen]:
    """The differences from one take that are sure enough, surest first."""
    per = -(-plate.frames // CHUNK)
    paths = [store.maps(c) for c in chunks if c.index // per == number]
    moments = store.moments()
    seen = []
    for track in find_tracks(paths, float(plate.video.rate))[: 3 * options.max_findings]:
        judgement = judge(track, moments)
        if judgement.score >= options.min_score:
            seen.append(_Seen(number, source, store.facts(), track, judgement))
    return sorted(seen, key=lambda one: -one.judgement.score)[: options.max_findings]


def _finding(
    request: Request,
    options: Options,
    seen: _Seen,
    plate: Plate,
    chunks: Sequence[Chunk],
    index: int,
    progress: Callable[[float], None],
) -> tuple[Finding, list[Row], list[int]]:
    """One finding with its matte and pictures; rows for the contact sheet, and the sheet's frames."""
    size = (plate.video.height, plate.video.width)
    kind, track = seen.judgement.kind, seen.track
    there = track.seen if len(track.frames) > 1 else list(range(plate.frames))
    shown, columns = spread(there[1:-1] or there, _EVIDENCE), spread(range(plate.frames), _COLUMNS)
    folder = request.out / f"matte-{index + 1:02d}" if kind is not Kind.MISSING else None
    per = -(-plate.frames // CHUNK)
    place = place_track(
        track,
        [Store(request, seen.number).maps(c) for c in chunks if c.index // per == seen.number],
        frames=plate.frames,
        size=size,
        factor=small_factor(plate.video),
        margin=options.margin,
        keep=[*shown, *columns],
        folder=folder,
        first_frame=request.first_frame,
        progress=progress,
    )
    boxes = {region.frame: region.box for region in place.regions}
    largest = max(boxes.values(), key=lambda box: box.width * box.height)
    words = label(kind, seen.source.name, largest, size)
    evidence = []
    with Plate.open(seen.source.path) as other:
        for frame in shown:
            if frame not in boxes:
                continue
            pictures = (plate.picture(frame).rgb(), laid_over(plate, other, seen.facts, frame))
            partner = seen.facts.other_frame(frame, other.frames)
            titles = (
                f"{request.plate.name}\nframe {frame_name(plate, frame, request.first_frame)}",
                f"{seen.source.name}, laid over it\nframe {frame_name(other, partner, request.first_frame)}",
            )
            path = request.out / f"finding-{index + 1:02d}-{request.first_frame + frame}.png"
            write_pair(path, pictures, titles, boxes[frame], place.masks.get(frame))
            caption = f"{words}, frame {request.first_frame + frame}"
            evidence.append(Evidence(path=path, caption=caption, frame=frame))
        mine = tuple(overlay(plate.picture(n).rgb(), place.masks[n]) for n in columns)
        yours = tuple(laid_over(plate, other, seen.facts, n) for n in columns)
    ours, theirs = (request.plate.clip or request.plate.name), (seen.source.clip or seen.source.name)
    present, absent = (theirs, ours) if kind is Kind.MISSING else (ours, theirs)
    finding = Finding(
        label=words,
        first=place.regions[0].frame,
        last=place.regions[-1].frame,
        score=round(seen.judgement.score, 3),
        regions=place.regions,
        present_in=present,
        absent_from=absent,
        evidence=tuple(evidence),
        matte=folder,
    )
    rows = [
        Row(f"Finding {index + 1}", mine, f"score {seen.judgement.score:.2f}"),
        Row("other take", yours, seen.source.name),
    ]
    return finding, rows, columns


def _report(
    request: Request,
    options: Options,
    plate: Plate,
    facts: Sequence[PairFacts],
    findings: Sequence[Finding],
    judged: Sequence[_Seen],
    sentence: str,
) -> dict[str, object]:
    """All there is to know, as JSON. Frames count from 0."""
    return {
        "processor": "continuity",
        "plate": {"name": request.plate.name, "clip": request.plate.clip, "frames": plate.frames},
        "summary": sentence,
        "options": options.model_dump(),
        "takes": [one.model_dump() for one in facts],
        "findings": [
            {
                **finding.model_dump(mode="json"),
                "kind": str(seen.judgement.kind),
                "ownership": round(seen.judgement.ownership, 3),
                "edge_likeness": round(seen.judgement.likeness, 3),
                "level": round(seen.track.level, 1),
                "area": round(seen.track.area, 5),
                "lasts": round(seen.track.lasts, 3),
                "performers": round(seen.track.moving, 3),
            }
            for finding, seen in zip(findings, judged, strict=True)
        ],
    }
