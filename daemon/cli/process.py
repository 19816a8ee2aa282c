"""`wetgate process NAME`: any processor on plain files; no show, no tracker."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from ...connectors.editorial import video_format, write_pulls
from ...processors.pictures import Plate
from ...processors.runner import run_processor
from ...schema.errors import BriefIncomplete, NeedsPull
from ...schema.media import SourceClass
from ...schema.outcome import Outcome, Verdict
from ...schema.ports import Processor
from ...schema.pull import PullList
from ...schema.request import Request, Source, reference_of
from .. import plugins
from ..publish.words import trained_words
from .networks import approval_of, networks_of
from .screen import AsJson, Screen

_EXIT_REFUSED = 3


def process(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The processor: remove, match_grade, continuity, or an installed one.")],
    plate: Annotated[
        Path | None, typer.Option(help="The plate: a movie, a folder of frames or a frame pattern.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the result: master or grade, review.mp4, report.json.")
    ] = None,
    matte: Annotated[
        Path | None,
        typer.Option(help="The matte: frames or a movie, white where to work; or --set box=... or points=...."),
    ] = None,
    holdout: Annotated[Path | None, typer.Option(help="A second matte, of what must not be touched.")] = None,
    reference: Annotated[
        list[str] | None,
        typer.Option(
            help="remove: a still painted for one frame, paint.1012.png or 1012=PATH; match_grade: what the shot "
            "should look like, a clip or a graded still. May be given several times."
        ),
    ] = None,
    source: Annotated[
        list[Path] | None,
        typer.Option(
            help="Another take or clean plate; for match_grade with --set scene=true a shot that is to be matched to "
            "the plate. May be given several times."
        ),
    ] = None,
    proxy: Annotated[
        list[Path] | None,
        typer.Option(help="A take that is here only as a proxy: never put into the plate, but asked for as a pull."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="An option, key=value, as --options lists them; may be given several times."),
    ] = None,
    plate_class: Annotated[SourceClass, typer.Option(help="What the plate is; a proxy is never fixed.")] = (
        SourceClass.CAMERA
    ),
    first_frame: Annotated[int, typer.Option(help="Shot frame of the plate's first frame.")] = 1001,
    network: Annotated[
        list[Path] | None,
        typer.Option(
            help="An inpainting network, .pt or .onnx, that competes; a fix that uses it is weak without an --approval "
            "that covers it. May be given several times."
        ),
    ] = None,
    network_licence: Annotated[str, typer.Option(help="The licence of the networks' weights.")] = "",
    approval: Annotated[
        str,
        typer.Option(
            help="Consent to network-made pixels: 'DOCUMENT; SCOPE; SIGNER; DATE; EXPIRES', or a .toml file with "
            "[approval]. SCOPE is network (for --network), trained (for fill_unseen=trained), or network, trained."
        ),
    ] = "",
    options: Annotated[bool, typer.Option("--options", help="Print the processor's options and stop.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run a processor on files.

    Exit status: 0 done, 3 refused (not confident), 4 the request lacks something, 1 an error. Where
    frames are needed that are here only as a proxy, OUT/pulls.edl and OUT/pulls.ale name them, as
    far as they have a timecode.
    """
    screen: Screen = context.obj
    processor = plugins.processor(name)
    if options:
        _show_options(screen, processor, as_json)
        return
    if plate is None or out is None:
        raise BriefIncomplete("Say what to work on and where the result goes: --plate CLIP --out DIR.")
    chosen = _options(processor, settings or [])
    consent = approval_of(approval)
    painted, looked_at = (reference or [], []) if processor.painted_references else ([], reference or [])
    out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".work-", dir=out))
    request = Request(
        plate=_source(plate, plate_class),
        matte=matte.absolute() if matte else None,
        holdout=holdout.absolute() if holdout else None,
        references=tuple(reference_of(text, Path) for text in painted),
        sources=(
            *(_source(Path(text), SourceClass.REFERENCE) for text in looked_at),
            *(_source(path, SourceClass.CAMERA) for path in source or []),
            *(_source(path, SourceClass.PROXY) for path in proxy or []),
        ),
        options=chosen,
        work=work,
        out=out.absolute(),
        first_frame=first_frame,
        networks=networks_of(network or [], network_licence),
        approval=consent,
    )
    try:
        with screen.progress(name) as progress:
            outcome = run_processor(processor, request, progress)
    except NeedsPull as error:
        lists = error.data["pulls"]
        assert isinstance(lists, PullList)
        with Plate.open(lists.pulls[0].path) as wanted:
            size = (wanted.video.width, wanted.video.height)
        write_pulls(lists.pulls, out, "pulls", video_format=video_format(*size))
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    screen.answer(outcome.model_dump(mode="json"), as_json=as_json, text=_words(outcome))
    if outcome.verdict is Verdict.REFUSE:
        raise typer.Exit(_EXIT_REFUSED)


def _source(path: Path, source_class: SourceClass) -> Source:
    return Source(path=path.absolute(), name=path.stem, source_class=source_class)


def _options(processor: Processor, pairs: list[str]) -> dict[str, Any]:
    chosen: dict[str, Any] = {}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not mark:
            raise BriefIncomplete(f"--set {pair}: write it as key=value.")
        chosen[key.strip()] = value.strip()
    try:
        return processor.Options.model_validate(chosen).model_dump(mode="json", exclude_unset=True)
    except ValidationError as error:
        known = ", ".join(processor.Options.model_fields)
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors()
        )
        raise BriefIncomplete(f"{faults}. Options of {processor.name}: {known}.") from None


def _show_options(screen: Screen, processor: Processor, as_json: bool) -> None:
    rows = [
        {"option": name, "default": field.get_default(call_default_factory=True), "meaning": field.description}
        for name, field in processor.Options.model_fields.items()
    ]
    screen.table(rows, ("option", "default", "meaning"), as_json=as_json, empty="no options")


def _words(outcome: Outcome) -> str:
    lines = [outcome.summary, *(f"- {reason}" for reason in outcome.reasons)]
    for place, finding in enumerate(outcome.findings, start=1):
        first = outcome.first_frame
        lines.append(f"{place}. {finding.label} Frames {first + finding.first}-{first + finding.last}.")
    if outcome.trained_pixels > 0:
        lines.append(trained_words(outcome))
    named = (("master", outcome.master), ("review", outcome.review), ("report", outcome.report))
    for label, path in (*named, *((path.name, path) for path in outcome.files)):
        if path is not None:
            lines.append(f"{label}: {path}")
    return "\n".join(lines)
