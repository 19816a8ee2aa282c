"""The last part of a removal: master, matte, proof, review movie, self-test, verdict, report."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...schema.finding import Evidence
from ...schema.media import SourceClass
from ...schema.outcome import Outcome, SelfRating, SourceUse, Verdict
from ...schema.ports import Progress
from ..identity import FrameProof, prove_frame, summarise, write_matte
from ..pictures import Plate
from ..pictures.layout import Image
from ..pictures.master import open_master
from ..pictures.review import write_review
from .fill import OWN, PAINTED, composed
from .grain import Grain
from .probes import Score, place_probes, rate, score_probe
from .report import file_words, versions, write_report
from .sheet import write_sheet
from .shot import Shot
from .store import load_fill

_MISMATCH = 0.25
"""Share of the band around a hole that may differ before the frame is named as one to look at."""
_MOST_TORN = 0.05
"""Share of the frames that may be named so before the fix is weak."""


class Finish:
    """Joins the fills of one shot; gathers on the way what the report says."""

    def __init__(self, shot: Shot, progress: Progress) -> None:
        self.shot, self.progress = shot, progress
        self.request, self.out = shot.request, shot.request.out
        self.origins: Counter[int] = Counter()
        self.mismatch: dict[int, float] = {}
        self.frames: list[int] = []
        self.own_grain = Grain()

    def outcome(self, chunks: int) -> Outcome:
        """Everything, in order; safe to do again from the start."""
        started = time.monotonic()
        self._gather()
        master = self._master()
        proofs = self._proved_review(master)
        scores = self._scores()
        rating = rate(scores, self.origins)
        identity = summarise(proofs)
        reasons, weak = self._judge(rating)
        verdict = Verdict(self.shot.options.weak_fix) if weak else Verdict.PUBLISH
        if not identity.holds:
            verdict = Verdict.REFUSE
            reasons.insert(0, "Something outside the matte changed: this must not happen, please report it.")
        sheet, thumbnail = write_sheet(self.shot, master, self.frames, self._best_take())
        summary = self._summary(verdict, rating)
        with Plate.open(master) as made:
            words = self._words(made, proofs, scores, rating)
        words |= {"verdict": verdict.value, "summary": summary, "reasons": reasons, "chunks": chunks}
        words["seconds_to_finish"] = round(time.monotonic() - started, 2)
        report = self.out / "report.json"
        write_report(report, words)
        plate, first = self.shot.plate, self.request.first_frame
        return Outcome(
            verdict=verdict,
            summary=summary,
            reasons=tuple(reasons),
            evidence=(Evidence(path=sheet, caption="before, matte, after, source"),),
            report=report,
            master=master,
            review=self.out / "review.mp4",
            matte=self.out / "matte",
            thumbnail=thumbnail,
            contact_sheet=sheet,
            rating=rating,
            identity=identity,
            sources=self._sources(),
            frames=plate.frames,
            rate=plate.video.rate,
            timecode=plate.timecode,
            first_frame=first,
            last_frame=first + plate.frames - 1,
        )

    def _gather(self) -> None:
        """Read what the fills say about themselves, before any of them is laid in."""
        grains = []
        for frame in range(self.shot.plate.frames):
            fill = load_fill(self.request.work, frame) if self.shot.matte(frame).any() else None
            if fill is not None:
                self.frames.append(frame)
                self.origins.update(fill.shares(self.shot.matte(frame)))
                self.mismatch[frame] = fill.mismatch
                grains.append(fill.grain)
        self.own_grain = Grain.mean(grains)

    def _master(self) -> Path:
        shot, filled = self.shot, set(self.frames)
        with open_master(shot.plate, self.out) as master:
            for frame in range(shot.plate.frames):
                picture = shot.frames.at(frame)
                hole = shot.matte(frame)
                fill = load_fill(self.request.work, frame) if frame in filled else None
                if fill is not None:
                    picture = composed(shot, fill, hole, self.own_grain)
                master.write(picture.planes)
                write_matte(self.out / "matte", frame, self.request.first_frame, hole)
                self.progress(0.4 * (frame + 1) / shot.plate.frames, "writing the master")
        return master.path

    def _proved_review(self, master: Path) -> list[FrameProof]:
        """Read the master back once: prove every frame, and make the review movie of what was read."""
        shot, proofs = self.shot, []

        def images(made: Plate) -> Iterator[Image]:
            for picture in made.read():
                frame = picture.frame
                proofs.append(prove_frame(shot.frames.at(frame), picture, shot.matte(frame)))
                self.progress(0.4 + 0.4 * (frame + 1) / made.frames, "proving what was not touched")
                yield picture.rgb()

        with Plate.open(master) as made:
            sound = None if shot.plate.is_sequence else shot.plate.path
            write_review(self.out / "review.mp4", images(made), shot.plate.video.rate, sound=sound)
        return proofs

    def _scores(self) -> list[Score]:
        probes = place_probes(self.shot, self.frames)
        found = []
        for index, probe in enumerate(probes):
            score = score_probe(self.shot, probe, self.own_grain)
            if score is not None:
                found.append(score)
            self.progress(0.8 + 0.15 * (index + 1) / len(probes), "testing the fix where the truth is known")
        return found

    def _judge(self, rating: SelfRating) -> tuple[list[str], bool]:
        """Reasons for people, and whether the fix is weak."""
        options, reasons, first = self.shot.options, [], self.request.first_frame
        reasons += [
            f"{source.name} is a proxy and was not used: a pull of it could help."
            for source in self.request.sources
            if source.source_class is SourceClass.PROXY
        ]
        weak = rating.expected_psnr_db < options.min_psnr_db
        if weak:
            reasons.append(
                f"The fix tested itself at {rating.expected_psnr_db:.1f} dB where the truth is known; "
                f"{options.min_psnr_db:.1f} dB are asked for."
            )
        share = self._share(PAINTED)
        if share > 0.0005:
            reasons.append(f"{share:.1%} of the hole was never seen in any frame and is painted from its edges.")
        weak = weak or share > options.never_seen
        torn = [frame for frame, value in self.mismatch.items() if value > _MISMATCH]
        if torn:
            weak = weak or len(torn) > _MOST_TORN * len(self.frames)
            reasons.append(
                f"In {len(torn)} frames ({ranges([n + first for n in torn])}) the fill does not meet what "
                "stands around the matte: something moves behind it, or the matte is too small."
            )
        take = self._best_take()
        held = [n + first for n in self.frames if self.shot.takes[take].held(n)] if take is not None else []
        if held and take is not None:
            name = self.shot.takes[take].source.name
            reasons.append(f"{name} does not hold the moment of {ranges(held)}: its nearest frame stands there.")
        return reasons, weak

    def _share(self, origin: int) -> float:
        return self.origins[origin] / max(sum(self.origins.values()), 1)

    def _best_take(self) -> int | None:
        """The take that gave the most, by its place in the list."""
        used = [(self.origins[i + 1], -i) for i in range(len(self.shot.takes)) if self.origins[i + 1]]
        return -max(used)[1] if used else None

    def _sources(self) -> tuple[SourceUse, ...]:
        used = [
            SourceUse(
                name=take.source.name,
                source_class=take.source.source_class,
                share=round(self._share(index + 1), 5),
                frame_offset=take.likeness.offset,
            )
            for index, take in enumerate(self.shot.takes)
        ]
        plate = self.request.plate
        own = SourceUse(name=plate.name, source_class=plate.source_class, share=round(self._share(OWN), 5))
        return (*used, own)

    def _summary(self, verdict: Verdict, rating: SelfRating) -> str:
        count = len(self.frames)
        start = {
            Verdict.PUBLISH: f"Restored {count} frames",
            Verdict.ASK: f"Restored {count} frames, but somebody should look",
            Verdict.REFUSE: f"Not good enough to publish ({count} frames tried)",
        }[verdict]
        best = max(self._sources(), key=lambda use: use.share)
        own = best.name == self.request.plate.name
        origin = f", {best.share:.0%} from {'its own other frames' if own else best.name}" if best.share else ""
        return f"{start}{origin}; self-test {rating.expected_psnr_db:.1f} dB at {rating.samples} places."

    def _words(
        self, made: Plate, proofs: Sequence[FrameProof], scores: Sequence[Score], rating: SelfRating
    ) -> dict[str, Any]:
        shot, request, first = self.shot, self.request, self.request.first_frame
        area = shot.plate.frames * shot.plate.video.width * shot.plate.video.height
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
            "master": file_words(made, made.path.name),
            "matte": {"path": "matte", "given": None if request.matte is None else str(request.matte)},
            "review": {"path": "review.mp4"},
            "first_frame": first,
            "frames": shot.plate.frames,
            "filled_frames": len(self.frames),
            "hole_share": round(sum(self.origins.values()) / area, 5),
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
            "passed_over": [s.name for s in request.sources if s not in [take.source for take in shot.takes]],
            "own_grain": self.own_grain.as_json(),
            "never_seen_share": round(self._share(PAINTED), 5),
            "trained_pixels": 0.0,
            "rating": rating.model_dump(mode="json"),
            "probes": [score.as_json(first) for score in scores],
            "frames_to_look_at": [n + first for n, v in self.mismatch.items() if v > _MISMATCH],
            "identity": {
                **summarise(proofs).model_dump(mode="json"),
                "hashes": [proof.as_json() for proof in proofs],
            },
            "options": shot.options.model_dump(mode="json"),
            "versions": versions(),
        }


def ranges(numbers: Sequence[int]) -> str:
    """`1001-1010, 1050` from frame numbers in order."""
    out: list[list[int]] = []
    for number in numbers:
        if out and number == out[-1][1] + 1:
            out[-1][1] = number
        else:
            out.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)
