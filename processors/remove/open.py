"""Opening a shot: plate, mattes and painted frames, with what can be checked at once."""

from __future__ import annotations

from ...schema.errors import NotConfident, WetgateError
from ...schema.request import Request
from ..briefs import read_options
from ..mattes import MatteWishes, open_mattes
from ..pictures import Plate
from ..pictures.master import check_master
from .frames import Frames
from .options import RemoveOptions
from .shot import Shot
from .sources.painted import open_painted


def open_shot(request: Request) -> Shot:
    """Open plate and mattes and check what can be checked at once.

    Raises BriefIncomplete for missing or unfitting mattes and unknown options;
    NotConfident for an interlaced plate; UnreadableMedia.
    """
    options = read_options(RemoveOptions, request, "The removal")
    name = request.plate.name or request.plate.path.name
    plate = Plate.open(request.plate.path)
    if plate.video.interlaced:
        plate.close()
        raise NotConfident(f"{name} is interlaced: its fields must be separated or deinterlaced first.")
    try:
        check_master(plate)
        wishes = MatteWishes(
            boxes=options.box or (),
            points=options.points or (),
            frames=options.frames,
            grow=options.grow,
            growths=options.grow_on or (),
            scale=options.matte_size == "scale",
            levels=options.matte_values,
            area=options.box_is == "area",
            first_frame=request.first_frame,
        )
        mattes = open_mattes(plate, request.matte, wishes, holdout=request.holdout, work=request.work)
    except WetgateError:
        plate.close()
        raise
    try:
        paintings = open_painted(plate, request.references, request.first_frame)
    except WetgateError:
        plate.close()
        mattes.close()
        raise
    return Shot(request, options, plate, mattes, Frames(plate), paintings=paintings)
