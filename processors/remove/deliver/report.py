"""The removal's report: everything that a person or `wetgate verify` needs, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....schema.outcome import SelfRating
from ...identity import FrameProof, summarise
from ...pictures.plate import Plate
from ...pictures.stills import Stills
from ...reports import digest, versions
from ..fill import Origin, unseen_share
from ..grain.measured import Grain
from ..networks.uses import network_uses, trained_share, unseen_words
from ..rating.candidates import Layers, candidates_for
from ..rating.choice import Trial
from ..rating.expected import Expected
from ..rating.verdict import Tally, kept_frames, matte_words, poor_frames, source_uses, torn_frames, unmet_frames
from ..shot import Shot

PACKAGE = {
    "master": "the finished frames, in the plate's own kind of file",
    "master.mkv": "the finished frames, lossless (FFV1)",
    "matte": "the effective matte: white is what the fix was allowed to touch",
    "patch": "the fix alone: RGBA OpenEXR, to be laid over the plate",
    "source_map": "where each filled pixel came from: OpenEXR",
    "comp.nk": "Nuke script that lays the patch over the plate",
    "review.mp4": "movie for looking at; not exact",
    "contact_sheet.png": "before and after, whole and close",
    "source_map.png": "the source map as a picture",
    "effects.png": "what lies beside the matte and belongs to what was removed",
    "thumbnail.png": "thumbnail",
    "filmstrip.jpg": "frames of the movie side by side, for a tracker's list",
}
"""What may lie in a version's folder, and what it is for."""
MADE_WITH = ("wetgate", "av", "numpy", "opencv-python-headless", "OpenImageIO")


def report_words(
    shot: Shot,
    tally: Tally,
    made: Plate,
    proofs: Sequence[FrameProof],
    trial: Trial,
    expected: Expected,
    rating: SelfRating,
) -> dict[str, Any]:
    """The whole report but its verdict; *made* is the master read back."""
    request, first = shot.request, shot.request.first_frame
    area = shot.plate.frames * shot.plate.video.width * shot.plate.video.height
    return {
        "report": "wetgate removal",
        "format": 2,
        "plate": {
            **file_words(shot.plate, str(request.plate.path.resolve())),
            "name": request.plate.name,
            "video": shot.plate.video.model_dump(mode="json"),
            "timecode": shot.plate.timecode,
            "reel": shot.plate.reel,
        },
        "master": file_words(made, made.path.name),
        "matte": {"path": "matte", "given": None if request.matte is None else str(request.matte)},
        "matte_made": matte_words(shot),
        "holdout": None if request.holdout is None else str(request.holdout),
        "references": [{"path": str(one.path), "frame": one.frame} for one in request.references],
        "effects": effects_words(shot),
        "review": {"path": "review.mp4"},
        "first_frame": first,
        "frames": shot.plate.frames,
        "filled_frames": len(tally.frames),
        "hole_share": round(sum(tally.origins.values()) / area, 5),
        "sources": [use.model_dump(mode="json") for use in source_uses(shot, tally)],
        "takes": [
            {
                "name": take.source.name,
                "clip": take.source.clip,
                "words": take.likeness.words,
                "inliers": take.likeness.inliers,
                "grade_psnr_db": [round(take.grade.identity_psnr, 2), round(take.grade.psnr, 2)],
                "grain": take.grain.as_json(),
                "background_only": take.background_only,
                "performer_in_frames": [n + first for n in tally.performers.get(place, [])],
            }
            for place, take in enumerate(shot.takes)
        ],
        "passed_over": [s.name for s in request.sources if s not in [take.source for take in shot.takes]],
        "grain": [{"origin": one, **Grain.mean(found).as_json()} for one, found in sorted(tally.grain.items())],
        "never_seen_share": round(unseen_share(tally.origins), 5),
        "never_seen_by": {
            "painted": round(tally.share(Origin.PAINTED), 5),
            "trained": round(tally.share(Origin.TRAINED), 5),
            "network": round(tally.share(Origin.NETWORK), 5),
        },
        # The other ways of filling paint by themselves.
        "never_seen": unseen_words(shot, tally.origins) if trial.chosen == Layers.name else {},
        "not_taken_out": [
            {"frames": [start + first, end + first], "share": round(share, 3)}
            for (start, end), share in tally.kept.items()
        ],
        "trained_pixels": round(trained_share(tally.origins), 5),
        "networks": [use.model_dump(mode="json") for use in network_uses(shot, tally.origins, trial.chosen)],
        "approval": request.approval.model_dump(mode="json"),
        "rating": rating.model_dump(mode="json"),
        "candidates": trial.words(candidates_for(shot)),
        "probes": [score.words(first) for score in trial.told],
        "curves": expected.curves(first),
        "frames_to_look_at": sorted(
            n + first
            for n in {
                *unmet_frames(tally),
                *torn_frames(tally),
                *poor_frames(expected, shot.options.min_psnr_db),
                *kept_frames(tally),
            }
        ),
        "identity": {
            **summarise(proofs).model_dump(mode="json"),
            "hashes": [proof.as_json() for proof in proofs],
        },
        "options": shot.options.model_dump(mode="json"),
        "versions": versions(MADE_WITH),
    }


def effects_words(shot: Shot) -> dict[str, Any] | None:
    """What lies beside the matte: shot frames by kind, and the mean share of the picture."""
    if shot.effects is None:
        return None
    first = shot.request.first_frame
    return {
        "option": shot.options.effects,
        "frames_looked_at": [n + first for n in shot.effects.frames],
        "found": {
            kind.name.lower(): {"frames": [n + first for n in frames], "share": round(shot.effects.shares[kind], 6)}
            for kind, frames in shot.effects.kinds.items()
        },
    }


def file_words(plate: Plate, path: str) -> dict[str, Any]:
    """Path and SHA-256 of a movie, or of every frame file of a sequence."""
    if isinstance(plate.media, Stills):
        return {"path": path, "sha256": {file.name: digest(file) for file in plate.media.files}}
    return {"path": path, "sha256": digest(plate.path)}
