"""A version of the day, checked: against the plate, against known truth, and against the take that it came from."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import decoder, footage, measure
from .command import Command
from .coordinator import Entity
from .stage import SHOTS, SHOW, Stage
from .table import Row, require

LEAST_DB = 28.0
EDGES, GRAIN = (0.75, 1.3), (0.6, 1.5)


@dataclass(frozen=True)
class Returned:
    """What came back for one camera: its task's versions, the movie that was downloaded, and after how long."""

    camera: str
    versions: list[Entity]
    movie: Path
    seconds: float


class VersionCheck:
    """Checks the versions that came back to a stage."""

    def __init__(self, stage: Stage, command: Command) -> None:
        """*command* runs `wetgate` on the stage."""
        self._stage, self._command = stage, command

    def row(self, returned: Returned) -> Row:
        """The table's row: what was measured, and which promises were kept."""
        camera, versions = returned.camera, returned.versions
        version = versions[0]
        code, master = version["code"], Path(version["sg_path_to_frames"])
        folder = master.parent
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        plate = self._stage.dailies / footage.clip(f"{camera} take 2").name
        take = self._stage.dailies / footage.clip(f"{camera} take 1").name
        frames, samples, changed = decoder.changed_outside(plate, master, folder / "matte")
        proven = self._command.verify(folder / "report.json") == 0
        broken = decoder.corrupted_copy(folder, master, self._stage.folder / "corrupted" / code)
        caught = (
            self._command.verify(broken) == 3
            and decoder.changed_outside(plate, broken.parent / master.name, folder / "matte")[2] == 1
        )
        shutil.rmtree(broken.parent)
        truth, places = self._known_truth(camera, plate, take, folder)
        region = self._region(master, folder, take, report)
        self._keep(camera, code, folder)
        rating = report["rating"] or {}
        row = Row(
            task=f"cleanup {SHOTS[camera]}",
            result=f"{code} in the tracker",
            self_rating=f"{rating.get('expected_psnr_db', 0):.1f} dB",
            measured=(
                f"{truth.psnr_db:.1f} dB, edges {truth.edges:.2f}, grain {_two(truth.grain)} at {places} places; "
                f"against take 1: {region.psnr_db:.1f} dB, edges {region.edges:.2f}"
            ),
            identity=(
                f"{samples:,} values in {frames} frames, {changed} changed; "
                f"altered copy {'caught' if caught else 'MISSED'}"
            ),
            seconds=returned.seconds,
            figures={
                "self_rating_db": rating.get("expected_psnr_db"),
                "truth_psnr_db": truth.psnr_db,
                "truth_edges": truth.edges,
                "truth_grain": truth.grain,
                "truth_places": places,
                "region_psnr_db": region.psnr_db,
                "region_edges": region.edges,
                "values_outside": samples,
                "values_changed": changed,
            },
        )
        return require(
            row,
            (len(versions) == 1, "more than one version came"),
            (returned.movie.stat().st_size > 10_000, "the movie cannot be downloaded"),
            (bool(version["image"]), "no thumbnail"),
            (version["sg_status_list"] == "rev", "the version is not up for review"),
            (changed == 0 and proven, "values outside the matte changed"),
            (caught, "an altered copy was not caught"),
            (truth.psnr_db >= LEAST_DB, f"the measured error is below {LEAST_DB} dB"),
            (EDGES[0] <= truth.edges <= EDGES[1], "edges are too soft or too hard"),
            (truth.grain is None or GRAIN[0] <= truth.grain <= GRAIN[1], "the grain is off"),
        )

    def _known_truth(self, camera: str, plate: Path, take: Path, folder: Path) -> tuple[measure.Figures, int]:
        work = self._stage.folder / "known_truth" / camera
        places = measure.write_truth_mattes(folder / "matte", plate, work / "matte")
        self._command.ask(
            "process", "remove", "--plate", str(plate), "--matte", str(work / "matte"), "--source", str(take),
            "--set", f"frames={measure.shot_frames(1001)}", "--set", "min_psnr_db=0", "--out", str(work / "fill"),
        )  # fmt: skip
        figures = measure.known_truth(plate, work / "fill" / "master.mkv", work / "matte")
        shutil.rmtree(work)
        return figures, places

    def _region(self, master: Path, folder: Path, take: Path, report: dict[str, Any]) -> measure.Figures:
        clips = {clip["name"]: clip for clip in self._command.ask("clips", SHOW)}
        width, height = (int(part) for part in clips[take.stem]["size"].split("x"))
        source = next(item for item in report["sources"] if item["name"] == take.stem)
        return measure.against_take(master, folder / "matte", take, (width, height), source["frame_offset"] or 0)

    def _keep(self, camera: str, code: str, folder: Path) -> None:
        out = self._stage.folder
        shutil.copy2(folder / "contact_sheet.png", out / f"contact_sheet_{camera}.png")
        for name, target in (("review.mp4", f"{code}.mp4"), ("report.json", f"{code}.json"), (f"{code}.otio",) * 2):
            shutil.copy2(folder / name, out / target)


def _two(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
