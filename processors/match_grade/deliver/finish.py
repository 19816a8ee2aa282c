"""Joins the shots into what is handed over, read back, with a report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ....schema.outcome import Outcome, SelfRating
from ....schema.ports import Progress
from ....schema.request import Request
from ...pictures.review import FILMSTRIP, write_picture
from ...reports import files_words, versions, write_report
from ..options import Options
from ..render import studio
from ..store import ShotMatch, Store
from .edl import write_edl
from .files import PLACE, clamp_words, write_cc, write_ccc, write_cube
from .page import greys, write_grade_page
from .readback import TOLERANCE, check_cdl_file, check_cube, check_edl
from .review import write_movie, write_sheet
from .words import cuts, judged

_MADE_WITH = ("wetgate", "av", "numpy", "opencv-python-headless", "opencolorio")
_MEANINGS = {
    ".ccc": "the ASC CDL of every shot, as a collection",
    ".cc": "the ASC CDL of one shot",
    ".edl": "the ASC CDLs as comments of a CMX 3600 EDL, with source timecode",
    ".cube": "17-point cube: what the CDL leaves, to be used after it and never alone",
}
_PICTURES = {
    "review.mp4": "before, after and reference side by side; not exact",
    "contact_sheet.png": "the same as stills",
    "thumbnail.png": "thumbnail",
}


def finish(request: Request, options: Options, shots: Sequence[ShotMatch], store: Store, told: Progress) -> Outcome:
    """The outcome of a match whose shots are all done."""
    out = request.out
    out.mkdir(parents=True, exist_ok=True)
    told(0.0, "writing the grades")
    files, checks = _write(out, options, shots, store)
    sheet, review, thumbnail = out / "contact_sheet.png", out / "review.mp4", out / "thumbnail.png"
    graded = write_sheet(sheet, request, shots, options, store)
    write_picture(thumbnail, graded, longest=480)
    write_movie(review, request, shots, options, store, lambda part: told(0.2 + 0.75 * part, "rendering the review"))
    verdict, summary, reasons = judged(shots, options)
    words = _report(request, options, shots, store, checks)
    words |= {"verdict": verdict.value, "summary": summary, "reasons": list(reasons)}
    words |= {"files": files_words(out, _package(files))}
    report = out / "report.json"
    write_report(report, words)
    page = write_grade_page(out, words)
    first = shots[0]
    return Outcome(
        verdict=verdict,
        summary=summary,
        reasons=reasons,
        report=report,
        review=review,
        thumbnail=thumbnail,
        filmstrip=out / FILMSTRIP,
        contact_sheet=sheet,
        files=(page, *files),
        rating=_rating(shots),
        frames=first.frames,
        rate=first.rate,
        timecode=first.timecode,
        first_frame=request.first_frame,
        last_frame=request.first_frame + first.frames - 1,
    )


def _write(
    out: Path, options: Options, shots: Sequence[ShotMatch], store: Store
) -> tuple[tuple[Path, ...], dict[str, float]]:
    """The grades' files, and by how much each reads back differently from what was measured."""
    ccc, edl = write_ccc(out / "grade.ccc", shots), write_edl(out / "grade.edl", "WETGATE GRADE", shots)
    checks = {ccc.name: check_cdl_file(ccc, shots), edl.name: check_edl(edl, shots)}
    files = [ccc, edl]
    for shot in shots:
        stem = f"{shot.id}." if options.scene else "grade."
        cc = write_cc(out / f"{stem}cc", shot)
        checks[cc.name] = check_cdl_file(cc, [shot])
        files.append(cc)
        cube = store.cube(shot)
        if cube is not None:
            path = write_cube(out / f"{stem}cube", cube, shot)
            checks[path.name] = check_cube(path, cube)
            files.append(path)
    return tuple(files), checks


def _rating(shots: Sequence[ShotMatch]) -> SelfRating | None:
    """Over all shots that could be judged; `covered` is their share."""
    known = [shot.scores for shot in shots if shot.scores is not None]
    if not known:
        return None
    before = sum(one.delta_e_before for one in known) / len(known)
    after = sum(one.delta_e_after for one in known) / len(known)
    return SelfRating(
        expected_psnr_db=sum(one.psnr_after for one in known) / len(known),
        covered=len(known) / len(shots),
        samples=sum(one.pixels for one in known),
        words=f"mean dE2000 {before:.1f} before and {after:.1f} after on held-out pixels",
    )


def _report(
    request: Request,
    options: Options,
    shots: Sequence[ShotMatch],
    store: Store,
    checks: dict[str, float],
) -> dict[str, Any]:
    """Everything but the verdict and the list of files."""
    plate = request.plate
    return {
        "report": "wetgate colour match",
        "format": 2,
        "processor": "match_grade",
        "plate": {"name": plate.name or plate.path.name, "path": str(plate.path.resolve())},
        "options": options.model_dump(mode="json"),
        "first_frame": request.first_frame,
        "rendered_with": studio().getName(),
        "place": f"{PLACE[:1].lower()}{PLACE[1:-1]}; CDL first, then the cube where there is one",
        "read_back": {"tolerance": TOLERANCE, "greatest_difference": checks},
        "skin_is": "a box in L*a*b* (hue 25..75 degrees, chroma 10..50, L* 25..90): a heuristic",
        "cuts": cuts(shots),
        "shots": [_row(shot, store) for shot in shots],
        "versions": versions(_MADE_WITH),
    }


def _row(shot: ShotMatch, store: Store) -> dict[str, Any]:
    row = shot.model_dump(mode="json")
    row["clamp"] = clamp_words(shot.cdl.clamp)
    row["greys"] = greys(store.renderer(shot)).model_dump(mode="json")
    return row


def _package(files: Sequence[Path]) -> dict[str, str]:
    """What lies in the version's folder, and what it is for."""
    return {path.name: _MEANINGS[path.suffix] for path in files} | _PICTURES
