"""Editorial timelines: exact, whole, and read back before they are believed."""

from __future__ import annotations

import stat
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from wetgate.connectors.editorial import day_timelines, return_timeline, write_checked, write_day
from wetgate.connectors.editorial.checked import compare, facts
from wetgate.connectors.editorial.day import shooting_order
from wetgate.connectors.editorial.times import editing_rate, exact_rate
from wetgate.schema.editorial import DayClip, PlateCut, ReturnPackage, ShootingDay
from wetgate.schema.errors import ConnectorError
from wetgate.schema.timecode import Timecode

NTSC = Fraction(24000, 1001)


def clip(name: str, **changes: object) -> DayClip:
    """A clip of a hundred frames at 23.976."""
    values = {"name": name, "path": Path(f"/dailies/A001/{name}.mov"), "clip": f"hash-{name}", "rate": NTSC}
    return DayClip(**{**values, "frames": 100, **changes})


def day(*clips: DayClip) -> ShootingDay:
    """A day of the show PINE."""
    return ShootingDay(show="PINE", day="2026-11-20", clips=clips)


def package(tmp_path: Path, **changes: object) -> ReturnPackage:
    """A version of the shot frames 1001-1100, whose plate has 8 frames of handle at each end."""
    plate = PlateCut(
        name="A001C001",
        path=tmp_path / "A001 C001.mov",
        clip="hash",
        rate=NTSC,
        frames=100,
        timecode="23:10:00:00",
        reel="A001R1AB",
        head=8,
        tail=8,
    )
    values = {"show": "PINE", "shot": "010", "code": "PINE_010_cleanup_WG_v001", "key": "k1", "plate": plate}
    files = {"master": tmp_path / "master.mkv", "report": tmp_path / "report.json"}
    return ReturnPackage(**{**values, **files, "first_frame": 1001, "last_frame": 1100, **changes})


def label(time: otio.opentime.RationalTime, rate: Fraction) -> str:
    """The timecode of a time, by our own arithmetic."""
    assert time.rate == float(rate)
    return str(Timecode(int(time.value), rate))


def test_day_holds_every_clip_with_exact_rate_and_timecode(tmp_path: Path) -> None:
    """A written day read with plain OTIO gives clips in timecode order with exact times, reels, markers."""
    path, *others = write_day(
        day(
            clip("late", timecode="13:59:59:20", reel="A002"),
            clip("early", timecode="01:02:03:04", reel="A001", cuts=(40, 77)),
            clip("none"),
        ),
        tmp_path,
    )
    assert not others
    assert path.name == "PINE_2026-11-20_23.976fps.otio"
    back = otio.adapters.read_from_file(str(path))
    track = back.tracks[0]
    assert [entry.name for entry in track] == ["early", "late", "none"]
    early = track[0]
    assert label(early.source_range.start_time, NTSC) == "01:02:03:04"
    assert early.media_reference.available_range == early.source_range
    assert early.media_reference.target_url == "file:///dailies/A001/early.mov"
    assert early.metadata["wetgate"]["clip"] == "hash-early"
    assert early.metadata["cmx_3600"]["reel"] == "A001"
    marked = [marker.marked_range.start_time - early.source_range.start_time for marker in early.markers]
    assert [int(offset.value) for offset in marked] == [40, 77]
    assert label(back.global_start_time, NTSC) == "01:00:00:00"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_mixed_rates_make_one_exact_timeline_each() -> None:
    """Clips of two rates never share a timeline, and nominal container rates join their exact neighbour."""
    first, second = day_timelines(
        day(
            clip("a"),
            clip("b", rate=Fraction(2997, 125)),
            clip("c", rate=Fraction(25), timecode="10:00:00:00"),
        )
    )
    assert [c.name for c in first.tracks[0]] == ["a", "b"]
    assert {c.source_range.duration.rate for c in first.tracks[0]} == {float(NTSC)}
    assert first.tracks[0][1].metadata["wetgate"]["file_rate"] == "2997/125"
    assert second.name == "PINE_2026-11-20_25fps"
    assert second.tracks[0][0].source_range.start_time == otio.opentime.RationalTime(900000, 25)


def test_sound_lies_on_an_audio_track_in_samples_and_raw_is_named() -> None:
    """Sound-only clips keep their samples on A1, and what cannot be placed is listed, not dropped."""
    sound = clip("T01", rate=Fraction(25), frames=0, timecode="10:00:00:12", sample_rate=48000, samples=480001)
    raw = clip("R3D", rate=None, frames=0)
    (timeline,) = day_timelines(day(clip("a"), sound, raw))
    assert [(track.name, track.kind) for track in timeline.tracks] == [("V1", "Video"), ("A1", "Audio")]
    entry = timeline.tracks[1][0]
    assert entry.source_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime((36000 * 25 + 12) * 1920, 48000), otio.opentime.RationalTime(480001, 48000)
    )
    assert timeline.metadata["wetgate"]["not_placed"][0]["name"] == "R3D"


def test_sound_alone_and_an_empty_day_still_make_a_timeline() -> None:
    """A day without picture gives one sound timeline; a day without clips an empty one."""
    (sound,) = day_timelines(day(clip("T01", rate=None, frames=0, sample_rate=48000, samples=10)))
    (empty,) = day_timelines(day())
    assert [track.name for track in sound.tracks] == ["A1"]
    assert (sound.name, len(empty.tracks)) == ("PINE_2026-11-20_sound", 0)


@pytest.mark.parametrize(
    ("codes", "order"),
    [
        (("23:50:00:00", "00:10:00:00", "22:00:00:00"), ["22:00:00:00", "23:50:00:00", "00:10:00:00"]),
        (("13:00:00:00", "01:00:00:00", "07:00:00:00"), ["01:00:00:00", "07:00:00:00", "13:00:00:00"]),
        (("01:00:00:00", "02:00:00:00"), ["01:00:00:00", "02:00:00:00"]),
    ],
)
def test_a_night_runs_past_midnight(codes: tuple[str, ...], order: list[str]) -> None:
    """Clips around midnight stay in the order in which they were shot; a day's clips are left alone."""
    clips = [clip(code, timecode=code) for code in codes]
    assert [entry.name for entry in shooting_order(clips)] == order


def test_timecode_that_the_rate_lacks_is_told_not_guessed(tmp_path: Path) -> None:
    """A label outside the rate leaves the clip at 0 and says so in the metadata."""
    (timeline,) = day_timelines(day(clip("a", timecode="01:00:00:29")))
    plate = PlateCut(name="a", path=tmp_path / "a.mov", clip="h", rate=NTSC, frames=100, timecode="01:00:00:29")
    for entry in (timeline.tracks[0][0], return_timeline(package(tmp_path, plate=plate)).tracks[0][0]):
        assert entry.source_range.start_time.value == 0
        assert "01:00:00:29" in entry.metadata["wetgate"]["timecode_problem"]


def test_drop_frame_counts_frames_not_labels() -> None:
    """10 minutes of drop-frame timecode are 17982 frames."""
    rate = Fraction(30000, 1001)
    (timeline,) = day_timelines(day(clip("a", rate=rate, timecode="00:10:00;00")))
    entry = timeline.tracks[0][0]
    assert entry.source_range.start_time.value == 17982
    assert entry.metadata["wetgate"]["drop_frame"] is True


def test_version_lies_exactly_above_its_plate(tmp_path: Path) -> None:
    """V2 has V1's record position and source timecode; handles stay in the available range."""
    path = write_checked(return_timeline(package(tmp_path, review=tmp_path / "review.mp4")), tmp_path / "r.otio")
    back = otio.adapters.read_from_file(str(path))
    below, above = back.tracks[0][0], back.tracks[1][0]
    assert below.range_in_parent() == above.range_in_parent()
    assert below.source_range == above.source_range
    assert label(below.source_range.start_time, NTSC) == "23:10:00:08"
    assert (below.source_range.duration.value, below.available_range().duration.value) == (84, 100)
    assert otio.url_utils.filepath_from_url(below.media_reference.target_url) == str(tmp_path / "A001 C001.mov")
    assert set(above.media_references()) == {"DEFAULT_MEDIA", "review"}
    assert above.metadata["wetgate"]["key"] == "k1"
    assert above.metadata["wetgate"]["report"] == str(tmp_path / "report.json")


def test_partial_version_starts_after_a_gap(tmp_path: Path) -> None:
    """A version of a few frames sits over exactly those frames of the plate."""
    late = return_timeline(package(tmp_path, first_frame=1090)).tracks[1][1]
    assert late.source_range.end_time_inclusive().value == Timecode.parse("23:10:00:00", NTSC).frame + 91
    timeline = return_timeline(package(tmp_path, first_frame=1021, last_frame=1030))
    gap, above = timeline.tracks[1]
    assert gap.duration().value == 12
    assert (above.source_range.duration.value, label(above.source_range.start_time, NTSC)) == (
        10,
        "23:10:00:20",
    )


def test_frame_sequence_is_referenced_frame_by_frame(tmp_path: Path) -> None:
    """A master folder becomes an image sequence whose URLs are the files; a gap in it is refused."""
    master = tmp_path / "master"
    master.mkdir()
    for frame in range(1001, 1101):
        (master / f"v001.{frame:04}.exr").touch()
    timeline = return_timeline(package(tmp_path, master=master))
    reference = timeline.tracks[1][0].media_reference
    assert reference.target_url_for_image_number(0) == (master / "v001.1001.exr").as_uri()
    assert reference.target_url_for_image_number(99) == (master / "v001.1100.exr").as_uri()
    write_checked(timeline, tmp_path / "r.otio")
    (master / "v001.1050.exr").unlink()
    with pytest.raises(ConnectorError, match="99 frames from 1001 to 1100"):
        return_timeline(package(tmp_path, master=master))


@pytest.mark.parametrize(
    "frames", [{"first_frame": 1000}, {"last_frame": 1101}, {"first_frame": 1001, "last_frame": 1008}]
)
def test_frames_that_are_not_the_plates_are_refused(tmp_path: Path, frames: dict[str, int]) -> None:
    """A version outside its plate, or only in the handles, has no place in the cut."""
    with pytest.raises(ConnectorError, match="PINE_010_cleanup_WG_v001"):
        return_timeline(package(tmp_path, **frames))


def test_nominal_rate_and_part_frames_never_reach_the_disk(tmp_path: Path) -> None:
    """A timeline with a float 23.976 or half a frame is refused, and no file is left."""
    for time in (otio.opentime.RationalTime(1, 23.976), otio.opentime.RationalTime(1.5, 24)):
        timeline = return_timeline(package(tmp_path))
        timeline.global_start_time = time
        with pytest.raises(ConnectorError, match="global start"):
            write_checked(timeline, tmp_path / "r.otio")
    assert list(tmp_path.iterdir()) == []


def test_one_changed_frame_is_named(tmp_path: Path) -> None:
    """Comparison names the place, what was written and what was read."""
    timeline = return_timeline(package(tmp_path))
    wanted = facts(timeline)
    clip_above = timeline.tracks[1][0]
    moved = clip_above.source_range.start_time + otio.opentime.RationalTime(1, float(NTSC))
    clip_above.source_range = otio.opentime.TimeRange(moved, clip_above.source_range.duration)
    with pytest.raises(ConnectorError, match=r"track 2.1 source range start: wrote 2001608 @ 24000/1001, read"):
        compare(wanted, facts(timeline), "r.otio")


def test_changed_metadata_and_a_lost_marker_are_named() -> None:
    """Metadata and markers are compared like everything else."""
    (timeline,) = day_timelines(day(clip("a", cuts=(4,))))
    wanted = facts(timeline)
    timeline.tracks[0][0].metadata["wetgate"]["clip"] = "other"
    with pytest.raises(ConnectorError, match=r"wetgate.clip: wrote str 'hash-a', read str 'other'"):
        compare(wanted, facts(timeline), "r.otio")
    timeline.tracks[0][0].metadata["wetgate"]["clip"] = "hash-a"
    timeline.tracks[0][0].markers.clear()
    with pytest.raises(ConnectorError, match=r"marker 1: wrote .*cut 1.*, read nothing"):
        compare(wanted, facts(timeline), "r.otio")


def test_an_existing_file_stays_until_the_new_one_is_proven(tmp_path: Path) -> None:
    """A failed write leaves the earlier file as it was."""
    path = write_checked(return_timeline(package(tmp_path)), tmp_path / "r.otio")
    before = path.read_bytes()
    broken = return_timeline(package(tmp_path, key="k2"))
    broken.global_start_time = otio.opentime.RationalTime(0, 29.97)
    with pytest.raises(ConnectorError):
        write_checked(broken, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["r.otio"]


def test_rates_are_exact_or_refused() -> None:
    """Every NTSC spelling is caught, every true fraction comes back."""
    for fraction in (NTSC, Fraction(25), Fraction(120000, 1001), Fraction(48000), Fraction(15, 2)):
        assert exact_rate(float(fraction), "x") == fraction
    for nominal in (23.976, 23.98, 29.97, 47.95, 59.94, 119.88, 0.0, -1.0):
        with pytest.raises(ConnectorError):
            exact_rate(nominal, "x")
    assert editing_rate(Fraction(24)) == 24
