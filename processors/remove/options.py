"""What a brief may ask of a removal."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ..mattes import Boxes, Dots, Growths


def _numbers(value: Any) -> Any:
    """`first-last` as people write it."""
    if isinstance(value, str):
        return [int(part) for part in value.replace("-", ",").replace(" ", ",").split(",") if part]
    return value


Range = Annotated[tuple[int, int], BeforeValidator(_numbers)]


class RemoveOptions(BaseModel):
    """The brief's parameters of `remove`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    grow: int = Field(
        0,
        ge=-100,
        le=100,
        description="Pixels by which the matte is widened, or narrowed where it is below zero.",
        examples=["4"],
    )
    grow_on: Growths | None = Field(
        None,
        description="FIRST-LAST: pixels, by which the matte is widened further on those shot frames.",
        examples=["1012-1040: 4"],
        json_schema_extra={"frames": "stretches"},
    )
    feather: int = Field(
        3,
        ge=0,
        le=50,
        description="Pixels inside a hard matte's edge over which the fill fades in; soft ones fade "
        "as they are drawn, unless this is given.",
        examples=["3"],
    )
    box: Boxes | None = Field(
        None,
        description="x,y,width,height in place of a matte, or FRAME: x,y,width,height; several frames after "
        "semicolons. What stands out in it is cut out and followed through the shot.",
        examples=["1012: 640,300,180,420"],
        json_schema_extra={"frames": "marks"},
    )
    points: Dots | None = Field(
        None,
        description="FRAME: x,y; x,y on the thing, -x,y beside it; cut out and followed like a box.",
        examples=["1012: 700,420; -820,450"],
        json_schema_extra={"frames": "marks"},
    )
    box_is: Literal["object", "area"] = Field(
        "object", description="object: what stands in the box is followed; area: the box itself, on every frame."
    )
    matte_size: Literal["refuse", "scale"] = Field(
        "refuse", description="What happens to a matte of another size than the plate's: refused, or scaled."
    )
    matte_values: Range | None = Field(
        None,
        description="first-last grey (0-255) that is inside, for mattes whose greys are names, as 0-95 of a "
        "quadmask; when empty grey is strength.",
        examples=["0-95"],
    )
    frames: Range | None = Field(
        None,
        description="first-last shot frames (as 1001-1100) that may be touched; all when empty.",
        examples=["1012-1040", "01:00:10:05-01:00:11:00", "head+4 - tail-2"],
        json_schema_extra={"frames": "span"},
    )
    min_psnr_db: float = Field(
        26.0, description="Self-rating, in dB where the truth is known, below which a fix is weak."
    )
    weak_fix: Literal["ask", "refuse"] = Field(
        "refuse", description="What happens to a weak fix: a person is asked, or it is refused."
    )
    use_takes: bool = Field(True, description="Take picture from other takes and clean plates.")
    pull: bool = Field(
        True, description="Ask for a pull where the best take is here only as a proxy; off: work from what is here."
    )
    handles: int = Field(8, ge=0, le=1000, description="Frames of handle at each end of a pull that is asked for.")
    use_own_frames: bool = Field(True, description="Take picture from the shot's own other frames.")
    effects: Literal["report", "include", "ignore"] = Field(
        "report",
        description="Shadow, reflection, soft edge and parts that the matte misses: shown in a picture, taken into the "
        "matte, or not looked for.",
    )
    grain: bool = Field(True, description="Give the fill the grain that it lacks against the plate.")
    probes: int = Field(6, ge=1, le=40, description="Places at which the fix tests itself.")
    fill_unseen: Literal["paint", "trained"] = Field(
        "paint",
        description="What may fill what no source shows: paint from around it, or also a small network trained for "
        "this job on the frames of its plate and takes (only under an approval).",
    )
    never_seen: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of the hole that no source shows and that may be painted from around it before a fix is "
        "weak; what a network makes needs an approval and does not count here.",
    )
