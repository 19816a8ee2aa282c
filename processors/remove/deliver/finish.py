"""The last part of a removal: master, matte, proof, review movie, self-test, verdict, report."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from ....schema.finding import Evidence
from ....schema.outcome import Outcome, Verdict
from ....schema.ports import Progress
from ...identity import FrameProof, prove_frame, summarise, write_matte
from ...pictures import Plate
from ...pictures.layout import Image
from ...pictures.master import open_master
from ...pictures.review import write_review
from ..fill import composed
from ..grain import Grain
from ..rating.probes import Score, place_probes, rate, score_probe
from ..rating.verdict import Tally, judge, source_uses, summarised
from ..shot import Shot
from ..store import load_fill
from .report import report_words, write_report
from .sheet import write_sheet


class Finish:
    """Joins the fills of one shot; gathers on the way what the report says."""

    def __init__(self, shot: Shot, progress: Progress) -> None:
        self.shot, self.progress = shot, progress
        self.request, self.out = shot.request, shot.request.out
        self.tally = Tally()

    def outcome(self, chunks: int) -> Outcome:
        """Everything, in order; safe to do again from the start."""
        started = time.monotonic()
        self._gather()
        master = self._master()
        proofs = self._proved_review(master)
        scores = self._scores()
        rating = rate(scores, self.tally.origins)
        identity = summarise(proofs)
        reasons, weak = judge(self.shot, self.tally, rating)
        verdict = Verdict(self.shot.options.weak_fix) if weak else Verdict.PUBLISH
        if not identity.holds:
            verdict = Verdict.REFUSE
            reasons.insert(0, "Something outside the matte changed: this must not happen, please report it.")
        sheet, thumbnail = write_sheet(self.shot, master, self.tally.frames, self.tally.best_take(len(self.shot.takes)))
        summary = summarised(self.shot, self.tally, verdict, rating)
        with Plate.open(master) as made:
            words = report_words(self.shot, self.tally, made, proofs, scores, rating)
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
            sources=source_uses(self.shot, self.tally),
            frames=plate.frames,
            rate=plate.video.rate,
            timecode=plate.timecode,
            first_frame=first,
            last_frame=first + plate.frames - 1,
        )

    def _gather(self) -> None:
        """Read what the fills say about themselves, before any of them is laid in."""
        grains, tally = [], self.tally
        for frame in range(self.shot.plate.frames):
            fill = load_fill(self.request.work, frame) if self.shot.matte(frame).any() else None
            if fill is not None:
                tally.frames.append(frame)
                tally.origins.update(fill.shares(self.shot.matte(frame)))
                tally.mismatch[frame] = fill.mismatch
                tally.torn[frame] = fill.torn
                grains.append(fill.grain)
        tally.own_grain = Grain.mean(grains)

    def _master(self) -> Path:
        shot, filled = self.shot, set(self.tally.frames)
        with open_master(shot.plate, self.out) as master:
            for frame in range(shot.plate.frames):
                picture = shot.frames.at(frame)
                hole = shot.matte(frame)
                fill = load_fill(self.request.work, frame) if frame in filled else None
                if fill is not None:
                    picture = composed(shot, fill, hole, self.tally.own_grain)
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
        probes = place_probes(self.shot, self.tally.frames)
        found = []
        for index, probe in enumerate(probes):
            score = score_probe(self.shot, probe, self.tally.own_grain)
            if score is not None:
                found.append(score)
            self.progress(0.8 + 0.15 * (index + 1) / len(probes), "testing the fix where the truth is known")
        return found
