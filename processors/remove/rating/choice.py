"""Which candidate fills a shot: tried on the same probes before anything is filled, and kept.

The layered default beat the hindsight choice among twelve candidates on five clips of six
(research/processors.md, section 8), so it is replaced only where another wins clearly.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from ....schema.ports import Progress
from ...threads import in_order
from ..shot import Shot, holed_frames
from .candidates import Candidate, candidates_for
from .probes import Probe, place_probes
from .scores import Score, score_probe

_MARGIN_DB = 2.0
"""What another candidate must gain over all probes; predictions are about as far off."""
_WINS = 0.75
"""Share of the probes that it must win."""
_FEWEST = 3


@dataclass(frozen=True)
class Trial:
    """What the probes said. `scores` holds, by candidate, one score a probe, in the same order for all."""

    chosen: str
    scores: dict[str, list[Score]]

    @property
    def told(self) -> list[Score]:
        """The chosen candidate's."""
        return self.scores.get(self.chosen, [])

    def words(self, candidates: list[Candidate]) -> list[dict[str, Any]]:
        """For the report: every candidate with its name, licence, digest and result."""
        return [
            {
                "name": one.name,
                "licence": one.licence,
                "digest": one.digest,
                "probe_psnr_db": round(_db([score.capped for score in self.scores[one.name]]), 2),
                "chosen": one.name == self.chosen,
            }
            for one in candidates
            if self.scores.get(one.name)
        ]


def held_trial(shot: Shot, progress: Progress) -> Trial:
    """The shot's trial: from the work folder, or made now and kept there."""
    path = shot.request.work / "trial.json"
    key = hashlib.sha256(shot.request.model_dump_json().encode()).hexdigest()
    if path.exists():
        kept = json.loads(path.read_text("utf-8"))
        if kept["key"] == key:
            scores = {name: [Score.from_json(one) for one in many] for name, many in kept["scores"].items()}
            return Trial(kept["chosen"], scores)
    trial = try_candidates(shot, candidates_for(shot), progress)
    words = {
        "key": key,
        "chosen": trial.chosen,
        "scores": {name: [score.as_json() for score in many] for name, many in trial.scores.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(words), "utf-8")
    part.replace(path)
    return trial


def try_candidates(shot: Shot, candidates: list[Candidate], progress: Progress) -> Trial:
    """Every probe by every candidate; the first is the default."""
    scores: dict[str, list[Score]] = {one.name: [] for one in candidates}
    probes = place_probes(shot, holed_frames(shot))

    def tried(probe: Probe) -> list[tuple[str, Score | None]]:
        return [(one.name, score_probe(shot, probe, one)) for one in candidates]

    for index, found in enumerate(in_order(tried, probes, shot.abreast)):
        if all(score is not None for _, score in found):
            for name, score in found:
                assert score is not None
                scores[name].append(score)
        progress((index + 1) / len(probes), "testing the fix where the truth is known")
    return Trial(choose(scores, candidates[0].name), scores)


def choose(scores: dict[str, list[Score]], default: str) -> str:
    """*default*, or the best of those that beat it clearly."""
    mine = [score.capped for score in scores[default]]
    best, gain = default, _MARGIN_DB
    if len(mine) < _FEWEST:
        return default
    for name, many in scores.items():
        theirs = [score.capped for score in many]
        won = float(np.mean(np.array(theirs) < np.array(mine)))
        more = _db(theirs) - _db(mine)
        if won >= _WINS and more > gain:
            best, gain = name, more
    return best


def _db(errors: list[float]) -> float:
    return -10 * float(np.log10(max(float(np.mean(errors)), 1e-9)))
