"""`wetgate verify`: re-check a version's proof."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from ...processors.identity import has_no_proof, verify_report
from ...schema.errors import BriefIncomplete
from .screen import AsJson, Screen


def verify(
    context: typer.Context,
    report: Annotated[Path, typer.Argument(help="The version's report.json.", exists=True, dir_okay=False)],
    plate: Annotated[Path | None, typer.Option(help="The plate, where it is no longer at the report's path.")] = None,
    as_json: AsJson = False,
) -> None:
    """Read plate, matte and master again and check that nothing outside the matte changed.

    Patch, source map and Nuke script are checked to be the reported ones and to end at the matte.
    Exit status 0 when the proof holds and all is there, 3 when not. Only a removal's report has a proof:
    a grade or a check changes no pixel.
    """
    screen: Screen = context.obj
    if has_no_proof(report):
        raise BriefIncomplete(
            f"{report.name} has no proof to check: it is of a grade or a check, which changes no pixel."
        )
    verification = verify_report(report, plate=plate)
    faults = (*verification.problems, *verification.beside)
    text = "\n".join([verification.sentence, *(f"- {fault}" for fault in faults)])
    screen.answer(asdict(verification), as_json=as_json, text=text)
    if faults:
        raise typer.Exit(3)
