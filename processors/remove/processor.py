"""The `remove` processor: plan, fill by chunks, then join, rate, prove and report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import BaseModel, ValidationError

from ...schema.errors import BriefIncomplete
from ...schema.finding import Evidence
from ...schema.media import SourceClass
from ...schema.outcome import Outcome, SelfRating, SourceUse, Verdict
from ...schema.ports import Progress
from ...schema.request import Chunk, Request
from ..identity import LAYOUT, FrameProof, prove_frame, summarise, write_matte
from ..mattes import grown
from ..pictures import Plate
from ..pictures.layout import Image
from ..pictures.master import open_master
from ..pictures.review import write_picture, write_review
from ..pictures.sheets import Row, contact_sheet, overlay, spread
from .fill import OWN, PAINTED, composed, fill_hole
from .options import RemoveOptions
from .probes import Score, place_probes, probe_places, rate, score_probe
from .report import file_words, versions, write_report
from .shot import Shot, holed_frames, open_shot
from .store import load_fill, store_fill
from .takes import align_takes, load_takes, store_takes

_CHUNK = 20
_MISMATCH = 0.25
"""Share of the band around a hole that may differ before the frame is named as one to look at."""
_SHEET_FRAMES = 5


class Remove:
    """Takes out what a matte covers and restores what was behind it from the show's own footage."""

    name: ClassVar[str] = "remove"
    summary: ClassVar[str] = "Take something out of a shot and restore what was behind it from the show's footage."
    needs_takes: ClassVar[bool] = True
    Options: ClassVar[type[BaseModel]] = RemoveOptions

    def plan(self, request: Request) -> Sequence[Chunk]:
        """Check the brief, lay the takes over the plate, and split the frames that have a hole."""
        shot = _open(request)
        try:
            frames = holed_frames(shot)
            _take_sources(shot, frames)
        finally:
            shot.close()
        groups = [frames[i : i + _CHUNK] for i in range(0, len(frames), _CHUNK)]
        bounds = [group[0] for group in groups] + [shot.plate.frames]
        bounds[0] = 0  # frames without a hole belong to the chunk before them, so that all are covered
        return [
            Chunk(
                index=index,
                first=bounds[index],
                last=bounds[index + 1] - 1,
                label=f"frames {bounds[index] + request.first_frame}-{bounds[index + 1] - 1 + request.first_frame}",
            )
            for index in range(len(groups))
        ]

    def run(self, request: Request, chunk: Chunk, progress: Progress) -> None:
        """Fill the holes of one chunk and keep the fills in the work folder."""
        shot = _open(request)
        try:
            _take_sources(shot, None)
            for frame in range(chunk.first, chunk.last + 1):
                fill = fill_hole(shot, frame, shot.matte)
                if fill is not None:
                    store_fill(request.work, fill)
                done = (frame - chunk.first + 1) / (chunk.last - chunk.first + 1)
                progress(done, f"restoring frame {frame + request.first_frame}")
        finally:
            shot.close()

    def finish(self, request: Request, chunks: Sequence[Chunk], progress: Progress) -> Outcome:  # noqa: ARG002 - the fills in the work folder say it all
        """Write master, matte and review, test and prove the result, and decide."""
        started = time.monotonic()
        shot = _open(request)
        try:
            _take_sources(shot, None)
            return _Finish(shot, progress).outcome(started)
        finally:
            shot.close()


def _open(request: Request) -> Shot:
    try:
        return open_shot(request)
    except ValidationError as error:
        first = error.errors()[0]
        option = ".".join(map(str, first["loc"]))
        raise BriefIncomplete(f"The option {option!r} of remove cannot be read: {first['msg']}.") from error


def _take_sources(shot: Shot, frames: Sequence[int] | None) -> None:
    """Give the shot its aligned takes, from the work folder where they are kept already."""
    request, path = shot.request, shot.request.work / "takes.json"
    request.work.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        usable = [s for s in request.sources if s.source_class is not SourceClass.PROXY]
        if not shot.options.use_takes:
            usable = []
        frames = frames if frames is not None else holed_frames(shot)
        sampled = spread(frames, 4)
        avoid = {frame: grown(shot.matte(frame), 8) for frame in sampled}
        places = probe_places(shot, place_probes(shot, frames))
        store_takes(align_takes(shot.plate, usable, sampled, avoid, places), path)
    shot.takes = load_takes(path)


class _Finish:
    """The last part of a removal, with what it gathers on the way."""

    def __init__(self, shot: Shot, progress: Progress) -> None:
        self.shot, self.progress = shot, progress
        self.request, self.out = shot.request, shot.request.out
        self.origins: Counter[int] = Counter()
        self.mismatch: dict[int, float] = {}
        self.frames: list[int] = []

    def outcome(self, started: float) -> Outcome:
        """Everything, in order; safe to do again from the start."""
        master = self._master()
        proofs = self._proofs(master)
        self._review(master)
        scores = self._scores()
        rating = rate(scores, self.origins)
        reasons, weak = self._judge(rating)
        identity = summarise(proofs)
        verdict = Verdict.PUBLISH if not weak else Verdict(self.shot.options.weak_fix)
        if not identity.holds:
            verdict = Verdict.REFUSE
            reasons.insert(0, "Something outside the matte changed: this must not happen, please report it.")
        sheet, thumbnail = self._pictures(master)
        sources = self._sources()
        summary = self._summary(verdict, rating)
        plate = self.shot.plate
        report = self.out / "report.json"
        with Plate.open(master) as made:
            words = self._words(made, proofs, scores, rating)
        words |= {"verdict": verdict.value, "summary": summary, "reasons": reasons}
        words["seconds"] = round(time.monotonic() - started, 2)
        write_report(report, words)
        return Outcome(
            verdict=verdict,
            summary=summary,
            reasons=tuple(reasons),
            evidence=(Evidence(path=sheet, caption="before, matte, after"),),
            report=report,
            master=master,
            review=self.out / "review.mp4",
            matte=self.out / "matte",
            thumbnail=thumbnail,
            contact_sheet=sheet,
            rating=rating,
            identity=identity,
            sources=sources,
            frames=plate.frames,
            rate=plate.video.rate,
            timecode=plate.timecode,
            first_frame=self.request.first_frame,
            last_frame=self.request.first_frame + plate.frames - 1,
        )

    def _master(self) -> Path:
        shot = self.shot
        with open_master(shot.plate, self.out) as master:
            for frame in range(shot.plate.frames):
                picture = shot.frames.at(frame)
                hole = shot.matte(frame)
                fill = load_fill(self.request.work, frame) if hole.any() else None
                if fill is not None:
                    picture = composed(shot, fill, hole)
                    self.frames.append(frame)
                    self.origins.update(fill.shares(hole))
                    self.mismatch[frame] = fill.mismatch
                master.write(picture.planes)
                write_matte(self.out / "matte", frame, self.request.first_frame, hole)
                self.progress(0.4 * (frame + 1) / shot.plate.frames, "writing the master")
        return master.path

    def _proofs(self, master: Path) -> list[FrameProof]:
        proofs = []
        with Plate.open(master) as made:
            for picture in made.read():
                proofs.append(prove_frame(self.shot.frames.at(picture.frame), picture, self.shot.matte(picture.frame)))
                self.progress(0.4 + 0.2 * (picture.frame + 1) / made.frames, "proving what was not touched")
        return proofs

    def _review(self, master: Path) -> None:
        with Plate.open(master) as made:
            sound = None if self.shot.plate.is_sequence else self.shot.plate.path
            images = (self._told(picture.rgb(), picture.frame) for picture in made.read())
            write_review(self.out / "review.mp4", images, self.shot.plate.video.rate, sound=sound)

    def _told(self, image: Image, frame: int) -> Image:
        self.progress(0.6 + 0.2 * (frame + 1) / self.shot.plate.frames, "making the review movie")
        return image

    def _scores(self) -> list[Score]:
        probes = place_probes(self.shot, self.frames)
        found = []
        for index, probe in enumerate(probes):
            score = score_probe(self.shot, probe)
            if score is not None:
                found.append(score)
            self.progress(0.8 + 0.15 * (index + 1) / len(probes), "testing the fix where the truth is known")
        return found

    def _judge(self, rating: SelfRating) -> tuple[list[str], bool]:
        """Reasons for people, and whether the fix is weak."""
        options, reasons, weak = self.shot.options, [], False
        for source in self.request.sources:
            if source.source_class is SourceClass.PROXY:
                reasons.append(f"{source.name} is a proxy and was not used: a pull of it could help.")
        if rating.expected_psnr_db < options.min_psnr_db:
            weak = True
            reasons.append(
                f"The fix tested itself at {rating.expected_psnr_db:.1f} dB where the truth is known; "
                f"{options.min_psnr_db:.1f} dB are asked for."
            )
        share = self.origins[PAINTED] / max(sum(self.origins.values()), 1)
        if share > 0.0005:
            reasons.append(f"{share:.1%} of the hole was never seen in any frame and is painted from its edges.")
        if share > options.never_seen:
            weak = True
        torn = [frame for frame, value in self.mismatch.items() if value > _MISMATCH]
        if torn:
            weak = weak or len(torn) > 0.05 * len(self.frames)
            reasons.append(
                f"In {len(torn)} frames ({_ranges([n + self.request.first_frame for n in torn])}) the fill does not "
                "meet what stands around the matte: something moves behind it."
            )
        return reasons, weak

    def _sources(self) -> tuple[SourceUse, ...]:
        total = max(sum(self.origins.values()), 1)
        used = [
            SourceUse(
                name=take.source.name,
                source_class=take.source.source_class,
                share=round(self.origins[index + 1] / total, 5),
                frame_offset=take.likeness.offset,
            )
            for index, take in enumerate(self.shot.takes)
        ]
        plate = self.request.plate
        own = round(self.origins[OWN] / total, 5)
        return (*used, SourceUse(name=plate.name, source_class=plate.source_class, share=own))

    def _summary(self, verdict: Verdict, rating: SelfRating) -> str:
        count = len(self.frames)
        start = {
            Verdict.PUBLISH: f"Restored {count} frames",
            Verdict.ASK: f"Restored {count} frames, but somebody should look",
            Verdict.REFUSE: f"Not good enough to publish ({count} frames tried)",
        }[verdict]
        share = self._sources()
        best = max(share, key=lambda use: use.share)
        origin = f", {best.share:.0%} from {best.name}" if best.share else ""
        return f"{start}{origin}; self-test {rating.expected_psnr_db:.1f} dB, {rating.samples} places."

    def _pictures(self, master: Path) -> tuple[Path, Path]:
        shot, first = self.shot, self.request.first_frame
        chosen = spread(self.frames, _SHEET_FRAMES)
        before = [shot.rgb(frame) for frame in chosen]
        mattes = [overlay(image, shot.matte(frame)) for image, frame in zip(before, chosen, strict=True)]
        with Plate.open(master) as made:
            after = [made.picture(frame).rgb() for frame in chosen]
        rows = [
            Row("before", tuple(before), shot.request.plate.name),
            Row("matte", tuple(mattes), "what may change"),
            Row("after", tuple(after), "the master"),
        ]
        rows += self._source_rows(chosen)
        sheet, thumbnail = self.out / "contact_sheet.png", self.out / "thumbnail.png"
        title = f"{shot.request.plate.name}: before, matte, after"
        small = [Row(r.caption, tuple(_small(p) for p in r.pictures), r.note) for r in rows]
        write_picture(sheet, contact_sheet(title, [str(n + first) for n in chosen], small))
        write_picture(thumbnail, after[len(after) // 2], longest=640)
        return sheet, thumbnail

    def _source_rows(self, chosen: Sequence[int]) -> list[Row]:
        """The best take's own pictures of the same moments."""
        for index, take in enumerate(self.shot.takes):
            if not self.origins[index + 1]:
                continue
            pictures = []
            for frame in chosen:
                number = take.likeness.other_frame(frame)
                inside = number is not None and 0 <= number < take.plate.frames
                pictures.append(
                    take.plate.picture(number).rgb()
                    if inside and number is not None
                    else np.zeros((take.plate.video.height, take.plate.video.width, 3), np.float32)
                )
            return [Row("source", tuple(pictures), take.source.name)]
        return []

    def _words(
        self, made: Plate, proofs: Sequence[FrameProof], scores: Sequence[Score], rating: SelfRating
    ) -> dict[str, Any]:
        shot, request, total = self.shot, self.request, max(sum(self.origins.values()), 1)
        master = "master" if shot.plate.is_sequence else "master.mkv"
        return {
            "report": "wetgate removal",
            "format": 1,
            "plate": {
                **file_words(shot.plate, str(request.plate.path.resolve())),
                "name": request.plate.name,
                "video": shot.plate.video.model_dump(mode="json"),
                "timecode": shot.plate.timecode,
                "reel": shot.plate.reel,
            },
            "master": file_words(made, master),
            "matte": {"path": "matte", "given": None if request.matte is None else str(request.matte)},
            "review": {"path": "review.mp4"},
            "first_frame": request.first_frame,
            "frames": shot.plate.frames,
            "filled_frames": len(self.frames),
            "hole_share": round(total / (shot.plate.frames * shot.plate.video.width * shot.plate.video.height), 5),
            "sources": [use.model_dump(mode="json") for use in self._sources()],
            "takes": [
                {
                    "name": take.source.name,
                    "clip": take.source.clip,
                    "words": take.likeness.words,
                    "inliers": take.likeness.inliers,
                    "grade_psnr_db": [round(take.grade.identity_psnr, 2), round(take.grade.psnr, 2)],
                    "grain": take.grain.as_json(),
                }
                for take in shot.takes
            ],
            "never_seen_share": round(self.origins[PAINTED] / total, 5),
            "trained_pixels": 0.0,
            "rating": rating.model_dump(mode="json"),
            "probes": [score.as_json(request.first_frame) for score in scores],
            "frames_to_look_at": [n + request.first_frame for n, v in self.mismatch.items() if v > _MISMATCH],
            "identity": {
                **summarise(list(proofs)).model_dump(mode="json"),
                "layout": LAYOUT,
                "hashes": [proof.as_json() for proof in proofs],
            },
            "options": shot.options.model_dump(mode="json"),
            "versions": versions(),
        }


def _small(image: Image) -> Image:
    """Quarter-size pictures are enough for a sheet, and keep it quick."""
    step = max(1, round(max(image.shape[:2]) / 1000))
    return image[::step, ::step] if step > 1 else image


def _ranges(numbers: Sequence[int]) -> str:
    """`1001-1010, 1050` from frame numbers."""
    out: list[list[int]] = []
    for number in numbers:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
