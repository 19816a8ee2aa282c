"""`comp.nk`: a Nuke script that lays the patch over the plate again, to be finished or rejected by piece.

Everything is read raw, so that values meet values; our own files are found beside the script,
wherever the folder has gone. The effective matte is the Merge's mask: what is painted black there
is taken back from the fix. Nuke's script language is Tcl, and file names and labels are run through
it a second time when they are used: words are quoted for both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

from ...pictures import Plate
from ...pictures.stills import Stills

NAME = "comp.nk"
_HERE = "[file dirname [value root.name]]"
_STEP = 110
Knobs = Mapping[str, str]


def write_nuke(path: Path, plate: Plate, first_frame: int, *, grain: bool, words: str) -> None:
    """Write the script; *grain*: the patch has a layer of added grain that a switch takes off again."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(nuke_script(plate, first_frame, grain=grain, words=words), "utf-8")
    part.replace(path)


def nuke_script(plate: Plate, first_frame: int, *, grain: bool, words: str) -> str:
    """The script's text. *words* stand on a note beside the nodes."""
    video, last_frame = plate.video, first_frame + plate.frames - 1
    across, down = (Fraction(int(part)) for part in video.pixel_aspect.split(":"))
    shape = f"{video.width} {video.height}"
    root = {
        "inputs": "0", "frame": str(first_frame), "first_frame": str(first_frame), "last_frame": str(last_frame),
        "lock_range": "true", "fps": f"{float(video.rate):.6g}", "colorManagement": "Nuke",
        "format": _quoted(f"{shape} 0 0 {shape} {float(across / down):.6g} wetgate_plate"),
    }  # fmt: skip
    ours = {"first": str(first_frame), "last": str(last_frame), "origfirst": str(first_frame),
            "origlast": str(last_frame), "origset": "true", "raw": "true"}  # fmt: skip
    lines = ["version 13.0 v1", _node("Root", root)]
    if grain:
        lines.append("add_layer {grain grain.red grain.green grain.blue}")
    lines += [
        _node("StickyNote", {"inputs": "0", "label": _quoted(_literal(words)), "name": "Read_me"}, (-420, 0)),
        _read("Source_map", f"{_HERE}/source_map/source_map.%04d.exr", ours, (-220, 0)),
        _read("Matte", f"{_HERE}/matte/matte.%04d.png", ours, (440, 0)),
        _read("Patch", f"{_HERE}/patch/patch.%04d.exr", ours, (220, 0)),
    ]
    if grain:
        lines.append(_node("Expression", _grain_off(), (220, _STEP)))
    lines += [
        _read("Plate", *_plate_file(plate, first_frame), (0, 0)),
        # Nuke takes inputs from a stack: the plate lies on top (B), then the patch (A), then the mask.
        _node(
            "Merge2",
            {"inputs": "2+1", "operation": "over", "output": "rgb", "maskChannelMask": "rgba.red", "name": "Over"},
            (0, 2 * _STEP),
        ),
        _node("Write", _write(plate), (0, 3 * _STEP)),
    ]
    return "\n".join(lines) + "\n"


def _plate_file(plate: Plate, first_frame: int) -> tuple[str, Knobs]:
    """The plate's own path, and the knobs that put its first frame at *first_frame*."""
    if not isinstance(plate.media, Stills):
        first, last, name = 1, plate.frames, str(plate.path.resolve())
    else:
        file = plate.media.files[0].resolve()
        found = re.search(r"(\d+)(\.[^.]+)$", file.name)
        if found is None:
            first, last, name = 1, 1, str(file)
        else:
            first = int(found[1])
            last = first + plate.frames - 1
            name = str(file.parent / f"{file.name[: found.start()]}%0{len(found[1])}d{found[2]}")
    knobs = {"first": str(first), "last": str(last), "frame_mode": _quoted("start at"), "frame": str(first_frame),
             "origfirst": str(first), "origlast": str(last), "origset": "true", "raw": "true"}  # fmt: skip
    return _literal(name), knobs


def _grain_off() -> Knobs:
    knobs = {f"channel{i}": f"rgba.{colour}" for i, colour in enumerate(("red", "green", "blue"))}
    knobs |= {f"expr{i}": _quoted(f"{colour[0]}-grain.{colour}") for i, colour in enumerate(("red", "green", "blue"))}
    return knobs | {
        "name": "Grain_off",
        "label": _quoted("enable: takes off the grain given to the fill"),
        "disable": "true",
    }


def _write(plate: Plate) -> Knobs:
    """A sequence in the plate's own kind of file, or 16-bit TIFF, beside the script."""
    suffix = plate.media.files[0].suffix.lower() if isinstance(plate.media, Stills) else ""
    deep = plate.layout.sample == "float32"
    kinds = {
        ".exr": ("exr", "exr", "32 bit float" if deep else "16 bit half"),
        ".dpx": ("dpx", "dpx", "10 bit" if plate.layout.bits <= 10 else "16 bit"),
    }
    ending, kind, datatype = kinds.get(suffix, ("tif", "tiff", "16 bit"))
    return {
        "file": _quoted(f"{_HERE}/comp/comp.%04d.{ending}"),
        "file_type": kind,
        "datatype": _quoted(datatype),
        "raw": "true",
        "create_directories": "true",
        "name": "Write_comp",
    }


def _read(name: str, file: str, knobs: Knobs, at: tuple[int, int]) -> str:
    return _node("Read", {"inputs": "0", "file": _quoted(file), **knobs, "name": name}, at)


def _node(kind: str, knobs: Knobs, at: tuple[int, int] | None = None) -> str:
    place = {} if at is None else {"xpos": str(at[0]), "ypos": str(at[1])}
    return "\n".join([f"{kind} {{", *(f" {name} {value}" for name, value in {**knobs, **place}.items()), "}"])


def _literal(words: str) -> str:
    """Text of a knob that Nuke evaluates, with nothing in it to evaluate."""
    return re.sub(r"([\\\[\]$])", r"\\\1", words)


def _quoted(words: str) -> str:
    r"""A Tcl word: nothing in it is run when the script is read; a line break becomes \n."""
    escaped = re.sub(r'([\\"\[\]$\{\}])', r"\\\1", words).replace("\n", "\\n")
    return f'"{escaped}"'
