"""The last part of a removal: master, matte, proof, review movie, self-test, verdict, report."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ....schema.finding import Evidence
from ....schema.outcome import Outcome, Verdict
from ....schema.ports import Progress
from ...identity import FrameProof, prove_frame, summarise, write_matte
from ...pictures import Picture, Plate
from ...pictures.layout import Image
from ...pictures.master import open_master
from ...pictures.review import FILMSTRIP, write_review
from ...reports import digest, files_words, write_report
from ...threads import in_order
from ..coherent.sweeps import coherent
from ..fill import Fill, Origin, around, composed
from ..grain.measured import Grain
from ..grain.regrain import regrained
from ..networks.uses import network_uses, trained_share
from ..rating.choice import held_trial
from ..rating.expected import Facts, expect, facts_of, rate
from ..rating.kept import kept_runs
from ..rating.verdict import (
    Tally,
    cut_frames,
    judge,
    kept_frames,
    matte_is_doubtful,
    source_uses,
    summarised,
    torn_often,
)
from ..shot import Shot
from ..steady import Steady
from ..store import load_fill
from .effects import write_effects
from .nuke import NAME as SCRIPT
from .nuke import write_nuke
from .page import write_removal_page
from .patch import Patch
from .report import PACKAGE, report_words
from .sheet import frames_shown, write_sheet
from .source_map import SourceMap


@dataclass(frozen=True)
class _Made:
    """A frame of the master, and what is told of the fill in it."""

    picture: Picture
    facts: Facts | None = None
    grain: Mapping[int, Grain] = field(default_factory=dict)


class Finish:
    """Joins the fills of one shot; gathers on the way what the report says."""

    def __init__(self, shot: Shot, progress: Progress) -> None:
        self.shot, self.progress = shot, progress
        self.request, self.out = shot.request, shot.request.out
        self.tally = Tally()
        self.facts: list[Facts] = []

    def outcome(self, chunks: int) -> Outcome:
        """Everything, in order; safe to do again from the start."""
        started = time.monotonic()
        shot, first = self.shot, self.request.first_frame
        self._gather()
        patch = Patch(shot.plate, self.out, first, grain=shot.options.grain)
        maps = SourceMap(shot, self.out)
        master = self._master(patch, maps)
        shown = frames_shown(self.tally)
        proofs, pictures = self._proved_review(master, shown)
        trial = held_trial(self.shot, lambda done, words: self.progress(0.8 + 0.15 * done, words))
        expected = expect(trial, self.facts)
        rating = rate(trial, expected, self.tally.origins)
        identity = summarise(proofs)
        reasons, weak = judge(self.shot, self.tally, rating, expected)
        cut = cut_frames(self.tally, expected, shot.options.min_psnr_db)
        unsure = bool(matte_is_doubtful(shot) or kept_frames(self.tally) or cut or torn_often(self.tally))
        verdict = Verdict(self.shot.options.weak_fix) if weak else Verdict.ASK if unsure else Verdict.PUBLISH
        if not identity.holds:
            verdict = Verdict.REFUSE
            reasons.insert(0, "Something outside the matte changed: this must not happen, please report it.")
        take = self.tally.best_take(len(shot.takes))
        sheet, thumbnail = write_sheet(shot, pictures, self.tally, take, maps.words())
        effects = write_effects(shot)
        summary = summarised(shot, self.tally, verdict, rating)
        with Plate.open(master) as made:
            words = report_words(shot, self.tally, made, proofs, trial, expected, rating)
        told = (
            summary,
            *reasons,
            f"Trained pixels: {words['trained_pixels']:.0%}.",
            "More in report.html beside this script.",
        )
        script = self.out / SCRIPT
        write_nuke(script, shot.plate, first, grain=patch.grain, words="\n".join(told))
        words |= {"verdict": verdict.value, "summary": summary, "reasons": reasons, "chunks": chunks}
        words |= {"patch": patch.words(), "source_map": maps.words()}
        words |= {"nuke": {"path": SCRIPT, "sha256": digest(script)}, "files": files_words(self.out, PACKAGE)}
        words["seconds_to_finish"] = round(time.monotonic() - started, 2)
        report = self.out / "report.json"
        write_report(report, words)
        page = write_removal_page(self.out, words)
        plate = shot.plate
        return Outcome(
            verdict=verdict,
            summary=summary,
            reasons=tuple(reasons),
            evidence=(
                Evidence(path=sheet, caption="before and after, whole and close, and where it came from"),
                *effects,
            ),
            report=report,
            master=master,
            review=self.out / "review.mp4",
            matte=self.out / "matte",
            thumbnail=thumbnail,
            filmstrip=self.out / FILMSTRIP,
            contact_sheet=sheet,
            files=(page, script),
            rating=rating,
            identity=identity,
            sources=source_uses(self.shot, self.tally),
            trained_pixels=round(trained_share(self.tally.origins), 5),
            networks=network_uses(self.shot, self.tally.origins, trial.chosen),
            approval=self.request.approval,
            frames=plate.frames,
            rate=plate.video.rate,
            timecode=plate.timecode,
            first_frame=first,
            last_frame=first + plate.frames - 1,
        )

    def _gather(self) -> None:
        """Read what the fills say about themselves, before any of them is laid in."""
        tally = self.tally
        for frame in range(self.shot.plate.frames):
            fill = load_fill(self.request.work, frame) if self.shot.matte(frame).any() else None
            if fill is not None:
                tally.frames.append(frame)
                tally.origins.update(fill.shares(self.shot.matte(frame)))
                tally.mismatch[frame] = fill.mismatch
                tally.torn[frame] = fill.torn
                if fill.performer:
                    tally.performers.setdefault(fill.performer - 1, []).append(frame)
        tally.kept = kept_runs(self.shot, tally.frames, lambda frame: load_fill(self.request.work, frame))

    def _master(self, patch: Patch, maps: SourceMap) -> Path:
        """One pass over the fills: the master, and frame by frame what goes with it."""
        shot, filled = self.shot, set(self.tally.frames)
        steady = Steady(shot, lambda frame: load_fill(self.request.work, frame) if frame in filled else None)
        agreed = self.tally.origins[Origin.MOVER] > 0
        fill_at = (
            coherent(shot, steady.at, self.tally.frames, self.request.work, self._agreeing) if agreed else steady.at
        )
        fills = ((frame, fill_at(frame)) for frame in range(shot.plate.frames))
        with open_master(shot.plate, self.out) as master:
            for done, made in enumerate(in_order(lambda one: self._made(*one, patch, maps), fills, shot.abreast), 1):
                if made.facts is not None:
                    self.facts.append(made.facts)
                for layer, found in made.grain.items():
                    self.tally.grain.setdefault(layer, []).append(found)
                master.write(made.picture.planes)
                self.progress(0.2 + 0.2 * done / shot.plate.frames, "writing the master")
        return master.path

    def _agreeing(self, share: float) -> None:
        self.progress(0.2 * share, "making movers agree from frame to frame")

    def _made(self, frame: int, fill: Fill | None, patch: Patch, maps: SourceMap) -> _Made:
        """A frame of the master out of its *fill*, and its files beside the master; from any thread."""
        shot, plate, hole = self.shot, self.shot.frames.at(frame), self.shot.matte(frame)
        made, plain, changed = _Made(plate), None, np.zeros_like(hole)
        if fill is not None:
            fill = around(fill, hole)
            facts = facts_of(plate.crop(*fill.region.bounds).rgb(), fill, hole[fill.region.window])
            given = regrained(shot, fill, hole)
            made = _Made(composed(shot, given.fill, hole), facts, given.layers)
            plain = composed(shot, fill, hole) if patch.grain else None
            changed = hole
        write_matte(self.out / "matte", frame, self.request.first_frame, hole)
        patch.write(plate, made.picture, changed, shot.strength(frame), plain)
        maps.write(frame, hole, fill)
        return made

    def _proved_review(self, master: Path, wanted: Collection[int]) -> tuple[list[FrameProof], dict[int, Picture]]:
        """Read the master back once: prove every frame, make the review movie of what was read, and keep the frames
        that are *wanted* for the contact sheet."""
        shot, proofs, kept = self.shot, list[FrameProof](), dict[int, Picture]()

        def proved(picture: Picture) -> tuple[Picture, FrameProof, Image]:
            proof = prove_frame(shot.frames.at(picture.frame), picture, shot.matte(picture.frame))
            return picture, proof, picture.rgb()

        def images(made: Plate) -> Iterator[Image]:
            for picture, proof, image in in_order(proved, made.read(), shot.abreast):
                proofs.append(proof)
                if picture.frame in wanted:
                    kept[picture.frame] = picture
                self.progress(0.4 + 0.4 * (picture.frame + 1) / made.frames, "proving what was not touched")
                yield image

        with Plate.open(master) as made:
            sound = None if shot.plate.is_sequence else shot.plate.path
            write_review(self.out / "review.mp4", images(made), shot.plate.video.rate, sound=sound)
        return proofs, kept
