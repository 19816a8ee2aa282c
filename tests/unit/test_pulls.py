"""Source classes, pull lists, and what counts as landed."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import cv2
import made
import numpy as np
import pytest
from images import write_mattes
from wetgate.connectors.editorial import write_pulls
from wetgate.connectors.editorial.pulls import read_ale, read_edl
from wetgate.daemon.desk.landing import Landing
from wetgate.daemon.ingest.classes import SourceClasses
from wetgate.daemon.store import Database
from wetgate.daemon.store.index import Index
from wetgate.daemon.store.pulls import Pulls
from wetgate.processors.conform import conform
from wetgate.processors.mattes import open_mattes
from wetgate.processors.pictures import Plate
from wetgate.processors.remove import Remove
from wetgate.processors.remove.open import open_shot
from wetgate.schema.errors import BriefIncomplete, NeedsPull
from wetgate.schema.media import SourceClass
from wetgate.schema.pull import Pull, PullList, Stretch
from wetgate.schema.request import Request, Source
from wetgate.schema.settings import ShowSettings
from wetgate.schema.tables import ArrivalRow, ClipRow, TaskRow

NTSC = Fraction(24000, 1001)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/mnt/pine/A001/A001C003.mov"], SourceClass.CAMERA),
        (["/mnt/pine/Proxies/A001C003.mov"], SourceClass.PROXY),
        (["/mnt/pine/A001/A001C003_Proxy.mov"], SourceClass.PROXY),
        (["/mnt/pine/VFX_Pulls/010/PL01.####.exr"], SourceClass.PULL),
        (["/mnt/pine/desk/A001C003.mov", "/mnt/pine/proxy/A001C003.mov"], SourceClass.PROXY),
        (["/mnt/pine/proxyless/A001C003.mov"], SourceClass.CAMERA),
    ],
)
def test_the_path_says_the_class(paths: list[str], expected: SourceClass) -> None:
    """Folder and file names of post houses in any case; one path that says proxy makes it one."""
    assert SourceClasses({}).of("PINE")([("/mnt/pine", path) for path in paths]) is expected


def test_a_show_names_its_own_folders() -> None:
    """Patterns in a show's settings replace the defaults, for that show alone."""
    classes = SourceClasses({"PINE": ShowSettings(proxies=("*/dnx36/*", "/mnt/nearline/*"))})
    assert classes.of("PINE")([("/x", "/x/DNX36/a.mxf")]) is SourceClass.PROXY
    assert classes.of("PINE")([("/x", "/x/proxies/a.mxf")]) is SourceClass.CAMERA
    assert classes.of("PINE")([("/mnt/nearline", "/mnt/nearline/a.mxf")]) is SourceClass.PROXY
    assert classes.of("OAK")([("/x", "/x/proxies/a.mxf")]) is SourceClass.PROXY


def test_where_a_storage_is_mounted_says_nothing() -> None:
    """The root's own name counts, the folders above it do not."""
    class_of = SourceClasses({}).of("PINE")
    assert class_of([("/mnt/Proxies", "/mnt/Proxies/A001.mov")]) is SourceClass.PROXY
    assert class_of([("/srv/pulls/dailies", "/srv/pulls/dailies/A001.mov")]) is SourceClass.CAMERA


def pull(**changes: object) -> Pull:
    """208 frames of reel A004R2EC_LONG, eight handles at each end among them."""
    words: dict[str, object] = {"role": "plate", "name": "A004C003", "path": Path("/px/A004C003.mov"), "rate": NTSC}
    words |= {"reel": "A004R2EC_LONG", "start": "13:59:50:00", "first": 36, "last": 243, "head": 8, "tail": 8}
    return Pull.model_validate({**words, **changes})


def test_a_pull_is_said_as_editors_say_it() -> None:
    """The wanted frames without their handles, by label; without a timecode, by frame."""
    assert pull().words == "reel A004R2EC_LONG, 13:59:51:20-13:59:59:19 with 8 handles (A004C003, 208 frames)"
    assert pull(start=None, head=3).words.startswith("reel A004R2EC_LONG, frames 39-235 counted from 0 with 3 and 8")


def test_the_lists_ask_for_every_frame(tmp_path: Path) -> None:
    """EDL and ALE hold whole reels, handles, record time from one hour, the nominal rate; a pair for each rate."""
    other = pull(name="B", reel=None, start="00:59:59;28", rate=Fraction(30000, 1001), first=0, last=3)
    files = write_pulls([pull(), pull(start="23:59:59:00"), other], tmp_path, "P", video_format="CUSTOM")
    assert [file.name for file in files] == ["P_23.976.edl", "P_23.976.ale", "P_29.97.edl", "P_29.97.ale"]
    assert read_edl(files[0].read_text()) == [
        ("A004R2EC_LONG", "13:59:51:12", "14:00:00:04", "01:00:00:00", "01:00:08:16"),
        ("A004R2EC_LONG", "00:00:00:12", "00:00:09:04", "01:00:08:16", "01:00:17:08"),
    ]
    ale = files[1].read_text()
    assert "FPS\t23.976\n" in ale and "VIDEO_FORMAT\tCUSTOM\n" in ale
    assert read_ale(ale)[0]["Duration"] == "00:00:08:16"
    assert files[0].read_bytes().count(b"\r\n") == 11
    assert "FCM: DROP FRAME" in files[2].read_text()
    assert read_edl(files[2].read_text()) == [("B", "00:59:59;28", "01:00:00;02", "01:00:00;00", "01:00:00;04")]
    assert write_pulls([pull(start=None)], tmp_path / "none", "P", video_format="1080") == ()


def test_a_stretch_covers_what_lies_inside_it() -> None:
    """The same reel, also cut short, and all the moments; another rate or reel never."""
    whole, part = Stretch("A004R2EC", NTSC, 100, 200), Stretch("A004", NTSC, 110, 200)
    assert whole.covers(part) and not part.covers(whole) and part.meets(whole)
    assert whole.covers(Stretch("a004r2ec", Fraction(2997, 125), 100, 100))
    assert not whole.covers(Stretch("A004R2EC", Fraction(24), 110, 120))
    assert not whole.covers(Stretch("A0", NTSC, 110, 120))
    assert Stretch.of("A004", "01:00:00:24", NTSC, 0, 9) is None


def clip(database: Database, name: str, timecode: str, frames: int, source_class: str = "camera") -> ClipRow:
    """A clip of reel A004 in the index of PINE."""
    with database.write() as session:
        row = ClipRow(show="PINE", content_hash=name, name=name, reel="A004", frames=frames, indexed_at=time.time())
        row.rate, row.timecode, row.source_class = "24000/1001", timecode, source_class
        session.add(row)
        session.flush()
        place = ArrivalRow(show="PINE", root="/", path=f"/{name}.mov", state="indexed", seen_at=0, changed_at=0)
        place.clip_id = row.id
        session.add(place)
    return row


def test_what_lands_is_known_by_reel_timecode_and_picture(sqlite: Database) -> None:
    """Too short, another moment, another proxy and another picture do not count; a pull goes before the camera."""
    index, pulls = Index(sqlite), Pulls(sqlite)
    strangers = {"stranger"}
    landing = Landing("PINE", index=index, pulls=pulls, alike=lambda _, other, __: float(other.name not in strangers))
    proxy = clip(sqlite, "px", "01:00:00:00", 100, "proxy")
    with sqlite.write() as session:
        task = TaskRow(show="PINE", tracker="main", tracker_ref="1", name="cleanup", changed_at=0)
        session.add(task)
        session.flush()
        wanted = pull(clip="px", start="01:00:00:00", reel="A004", first=32, last=67)
        pulls.ask(session, "PINE", task.id or 0, [wanted])
    for name, timecode, frames in (
        ("short", "01:00:01:16", 10),
        ("late", "01:00:01:17", 90),
        ("stranger", "01:00:00:00", 200),
    ):
        clip(sqlite, name, timecode, frames)
    clip(sqlite, "px2", "01:00:00:00", 100, "proxy")
    assert landing.of_task(task.id or 0).missing == (wanted,)
    clip(sqlite, "camera", "00:59:59:00", 300)
    found = landing.of_task(task.id or 0)
    assert (found.missing, found.pulled["px"].clip.name, found.pulled["px"].start) == ((), "camera", -24)
    exact = clip(sqlite, "pull", "01:00:01:16", 20, "pull")
    found = landing.of_task(task.id or 0)
    assert (found.pulled["px"].clip.name, found.pulled["px"].start) == ("pull", 40)
    whole = landing.whole(proxy)
    assert whole is not None and whole.clip.name == "camera"
    with sqlite.write() as session:
        pulls.settle(session, task.id or 0, found.fresh)
    assert landing.of_task(task.id or 0).fresh == {}
    assert pulls.of_task(task.id or 0)[0].clip_id == exact.id


def request(folder: Path, plate: Source, *sources: Source, **changes: object) -> Request:
    """A removal of the intruder."""
    words = {"plate": plate, "sources": sources, "matte": folder / "m", "work": folder / "w", "out": folder / "o"}
    return Request.model_validate({**words, **changes})


def source(path: Path, source_class: SourceClass = SourceClass.CAMERA) -> Source:
    """A source by its file's stem."""
    return Source(path=path, name=path.stem, source_class=source_class)


def test_the_best_take_as_a_proxy_is_asked_for(tmp_path: Path) -> None:
    """The frames of the take that the holes need, with handles; not where another take or the brief does without."""
    plate = made.write_movie(tmp_path / "plate.mp4", made.take(30, intruder=True))
    clean = made.write_movie(tmp_path / "clean.mov", made.take(60, intruder=False), timecode="02:00:00:00", reel="A007")
    write_mattes(tmp_path / "m", made.matte(30))
    proxy = source(clean, SourceClass.PROXY)
    with pytest.raises(
        NeedsPull, match=r"clean is the best other take and is here only as a proxy.*reel A007"
    ) as caught:
        Remove().plan(request(tmp_path, source(plate), proxy))
    lists = caught.value.data["pulls"]
    assert isinstance(lists, PullList)
    assert [(one.role, one.first, one.last, one.reel) for one in lists.pulls] == [("source", 0, 55, "A007")]
    with pytest.raises(NeedsPull) as both:
        Remove().plan(request(tmp_path, source(plate, SourceClass.PROXY), proxy))
    assert [one.role for one in both.value.data["pulls"].pulls] == ["plate", "source"]  # type: ignore[attr-defined]  # data are objects
    assert Remove().plan(request(tmp_path, source(plate), proxy, source(clean)))
    assert Remove().plan(request(tmp_path, source(plate), proxy, options={"pull": False}))


def test_what_was_drawn_on_a_proxy_lies_on_its_pull(tmp_path: Path) -> None:
    """Matte and box follow to the pull's frames, size and framing to a pixel or two; frame ranges are recounted."""
    frames = made.take(20, intruder=True)
    proxy = made.write_movie(
        tmp_path / "proxy.mp4", [np.asarray(cv2.resize(f[16:176], (160, 80)), np.uint8) for f in frames]
    )
    pulled = made.write_movie(tmp_path / "pull.mp4", frames[4:16])
    x, y, w, h = made.INTRUDER
    mask = np.zeros((80, 160), bool)
    mask[(y - 16) // 2 : (y - 16 + h) // 2, x // 2 : (x + w) // 2] = True
    empty = np.zeros_like(mask)
    write_mattes(tmp_path / "m", [mask if n < 10 else empty for n in range(20)])
    wider = {"grow_on": "1001-1004: 9; 1003-1006: 2; 1010-1012: -1", "box": "1009: 10,10,20,20"}
    asked = request(tmp_path, source(pulled), options={"frames": [1006, 1010], **wider})
    done = conform(asked, proxy, 4)
    assert done.options["frames"] == [1002, 1006]
    assert done.options["grow_on"] == "1001-1002: 2; 1006-1008: -1"
    assert done.options["box"].startswith("1005: ")  # beside the matte, which it adds to
    expected = np.zeros((192, 320), bool)
    expected[y : y + h, x : x + w] = True
    with Plate.open(pulled) as plate:
        mattes = open_mattes(plate, done.matte)
        shared = (mattes.at(0) & expected).sum() / (mattes.at(0) | expected).sum()
        assert shared > 0.93
        assert mattes.at(5).any() and not mattes.at(6).any()
        mattes.close()
    area = {"box": [x // 2, (y - 16) // 2, w // 2, h // 2], "box_is": "area"}
    with Plate.open(pulled) as plate:
        asked = request(tmp_path, source(pulled), matte=None, holdout=tmp_path / "m", options=area)
        done = conform(asked, proxy, 4)
        mattes = open_mattes(plate, done.matte)
        assert (mattes.at(11) & expected).sum() / (mattes.at(11) | expected).sum() > 0.93
        mattes.close()
        held = open_mattes(plate, done.holdout)
        assert (held.at(0) & expected).sum() / (held.at(0) | expected).sum() > 0.93
        held.close()


BALL = np.random.default_rng(3).integers(0, 40, (192, 320, 3)) + np.array([200, 150, 20])


def ball(frame: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where a ball is that rolls before the street, 192x320."""
    rows, columns = np.mgrid[:192, :320]
    return np.asarray((columns - 70 - 6 * frame) ** 2 + (rows - 96) ** 2 < 22**2)


@pytest.mark.parametrize(
    ("key", "drawn", "meant"),
    [
        ("box", "1009: 45,28,26,26", "1005: 90,72,52,52"),
        ("box", "1009: 45,28,26,26; 1014: 60,28,26,26", "1005: 90,72,52,52; 1010: 120,72,52,52"),
        ("points", "1009: 59,40", "1005: 118,96"),
    ],
)
def test_a_mark_on_a_proxy_means_the_object_on_its_pull(tmp_path: Path, key: str, drawn: str, meant: str) -> None:
    """What stands there is cut out of the pull and followed, as by the mark that would have been drawn on the pull."""
    frames = [np.asarray(np.where(ball(n)[..., None], BALL, made.street()), np.uint8) for n in range(22)]
    proxy = made.write_movie(
        tmp_path / "proxy.mp4", [np.asarray(cv2.resize(f[16:176], (160, 80)), np.uint8) for f in frames]
    )
    pulled = made.write_movie(tmp_path / "pull.mp4", frames[4:18])
    on_pull = request(tmp_path, source(pulled), matte=None, options={key: meant})
    done = conform(on_pull.model_copy(update={"options": {key: drawn}}), proxy, 4)
    assert done.matte is None and done.options["frames"] == [1001, 1014]
    shot, other = open_shot(done), open_shot(on_pull)
    for frame in range(14):
        matte, theirs, truth = shot.matte(frame), other.matte(frame), ball(frame + 4)
        assert (matte & truth).sum() > 0.95 * truth.sum(), frame
        assert (matte & theirs).sum() / (matte | theirs).sum() > 0.9, frame
    shot.close()
    other.close()


def test_marks_that_the_pull_does_not_hold_are_told(tmp_path: Path) -> None:
    """A frame before the pull's first, and a place beyond its picture, are named with the clip."""
    frames = made.take(12, intruder=False)
    proxy = made.write_movie(tmp_path / "proxy.mp4", frames)
    pulled = made.write_movie(tmp_path / "pull.mp4", [f[:, 80:] for f in frames[4:]])
    for mark, says in (("1003: 130,60,44,90", "frame 1003 of the proxy"), ("1007: 10,60,44,90", "has no picture")):
        with pytest.raises(BriefIncomplete, match=says):
            conform(request(tmp_path, source(pulled), matte=None, options={"box": mark}), proxy, 4)


def test_a_request_without_marks_is_left_as_it_is(tmp_path: Path) -> None:
    """Another processor's `frames` is a number of moments, not a range."""
    clip = made.write_movie(tmp_path / "a.mp4", made.take(3, intruder=False))
    asked = request(tmp_path, source(clip), matte=None, options={"frames": 4})
    assert conform(asked, clip, 0) == asked
