"""From brief to request: what people write, and what they are answered."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlmodel import select
from wetgate.daemon.desk.landing import Landing
from wetgate.daemon.desk.planning import Plan, Planner
from wetgate.daemon.plugins import processor
from wetgate.daemon.store import Database
from wetgate.daemon.store.index import Index
from wetgate.daemon.store.pulls import Pulls
from wetgate.daemon.store.results import Results
from wetgate.schema.brief import parse_brief
from wetgate.schema.errors import BriefIncomplete, FootageMissing
from wetgate.schema.settings import ShowSettings
from wetgate.schema.tables import ArrivalRow, ClipRow, JobRow, VersionRow


class Desk:
    """A planner over a show with three clips on disk."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.folder = folder
        self.index = Index(database)
        with database.write() as session:
            for name in ("A001C001", "B002C001", "B002C002"):
                path = folder / f"{name}.mov"
                path.touch()
                clip = ClipRow(
                    show="PINE",
                    content_hash=name.lower(),
                    name=name,
                    reel=name[:4],
                    frames=100,
                    rate="24",
                    timecode="01:00:10:00",
                    facts={"tags": {"take": name[-1]}},
                    indexed_at=time.time(),
                )
                session.add(clip)
                session.flush()
                session.add(
                    ArrivalRow(
                        show="PINE",
                        root=str(folder),
                        path=str(path),
                        state="indexed",
                        clip_id=clip.id,
                        seen_at=0,
                        changed_at=0,
                    )
                )
        self.planner = Planner(
            "PINE",
            ShowSettings(),
            index=self.index,
            results=Results(database),
            similar=lambda clip, most: [row for row in self.index.clips("PINE") if row.id != clip.id][:most],
            allowed=(folder,),
            landing=Landing("PINE", index=self.index, pulls=Pulls(database), alike=lambda _a, _b, _start: 1.0),
        )

    def plan(self, brief: str, name: str = "remove") -> Plan:
        """Plan a brief."""
        return self.planner.plan(processor(name), parse_brief([brief]), lambda _: None)


@pytest.fixture
def desk(sqlite: Database, tmp_path: Path) -> Desk:
    """A planner over three clips."""
    return Desk(sqlite, tmp_path)


def test_takes_are_found_when_none_is_named(desk: Desk) -> None:
    """Without `takes` the clips that look most alike are handed on; with it only those named."""
    found = desk.plan("plate: A001C001")
    assert found.plate.name == "A001C001"
    assert {source.name for source in found.sources} == {"B002C001", "B002C002"}
    assert [source.name for source in desk.plan("plate: A001C001\ntakes: B002C002").sources] == ["B002C002"]


def test_options_are_read_and_typed(desk: Desk) -> None:
    """What the processor knows is taken from the brief, as values and not as text."""
    plan = desk.plan("plate: A001C001\nGrow: 4\nbox: 10,20,30,40")
    assert plan.options == {"grow": 4, "box": "10,20,30,40"}


def test_holdout_and_painted_frames_are_files_of_the_show(desk: Desk) -> None:
    """Several reference lines add up; each knows its frame, from its name or from the line."""
    for name in ("hand.mov", "paint.1012.png", "sky.png"):
        (desk.folder / name).touch()
    plan = desk.plan("plate: A001C001\nholdout: hand.mov\nreference: paint.1012.png\nreference: 1040=sky.png")
    assert plan.holdout == desk.folder / "hand.mov"
    assert [(one.path.name, one.frame) for one in plan.references] == [("paint.1012.png", 1012), ("sky.png", 1040)]


def test_a_still_is_painted_for_a_removal_and_graded_for_a_match(desk: Desk) -> None:
    """One line, two meanings: the processor decides. A clip is a source for both; a still of no folder is told."""
    (desk.folder / "graded.1012.png").touch()
    brief = "plate: A001C001\nreference: graded.1012.png"
    removal, match = desk.plan(brief), desk.plan(brief, "match_grade")
    assert [one.path.name for one in removal.references] == ["graded.1012.png"]
    assert [(one.path, one.source_class) for one in match.sources] == [(desk.folder / "graded.1012.png", "reference")]
    assert match.references == ()
    named = desk.plan("plate: A001C001\nreference: B002C001", "match_grade")
    assert [one.name for one in named.sources] == ["B002C001"]
    with pytest.raises(BriefIncomplete, match=r"nowhere\.png.*neither attached"):
        desk.plan("plate: A001C001\nreference: nowhere.png", "match_grade")


def test_a_graded_still_may_be_attached(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is fetched from the task, also where the show has a file of that name."""
    (desk.folder / "look.tif").touch()
    fetched = tmp_path_factory.mktemp("attachments") / "look.tif"
    plan = desk.planner.plan(
        processor("match_grade"), parse_brief(["plate: A001C001\nreference: look.tif"]), {"look.tif": fetched}.get
    )
    assert [one.path for one in plan.sources] == [fetched]


@pytest.mark.parametrize(
    ("brief", "says"),
    [
        ("please remove her", "plate: A001_C003"),
        ("plate: Z9", "Z9"),
        ("plate: B002", "B002C001, B002C002"),
        ("finding: F9", "F9"),
        ("plate: A001C001\ngrow: lots", "grow: lots"),
        ("plate: A001C001\nbox: 1012: 3,4", "box: 1012: 3,4"),
        ("plate: A001C001\nreference: sky.png", "paint.1012.png"),
        ("plate: A001C001\nholdout: nowhere.mov", "holdout: nowhere.mov"),
        ("plate: A001C001\ngrwo: 4", "grow: 4"),
        ("plate: A001C001\nmatte: nowhere.mov", "nowhere.mov"),
        ("plate: A001C001\nmatte: ../../../etc/hostname", "neither attached"),
        ("plate: A001C001\nmatte: /etc/hostname", "neither attached"),
    ],
)
def test_what_is_wrong_is_answered_in_its_own_words(desk: Desk, brief: str, says: str) -> None:
    """Each mistake is quoted with what to write; a path outside the show's folders is not there for a brief."""
    with pytest.raises(BriefIncomplete) as caught:
        desk.plan(brief)
    assert says in str(caught.value)


def test_all_mistakes_are_answered_at_once(desk: Desk) -> None:
    """Each line that is wrong is quoted with an example, in one answer; what lacks but a plate is told apart."""
    with pytest.raises(BriefIncomplete) as caught:
        desk.plan("plate: Z9\nmatte: nowhere.mov\ngrow: lots\nfeather: 900\ngrwo_on: 4\nframes: 1012 until Easter")
    told = str(caught.value).splitlines()
    for line in ("plate: Z9", "matte: nowhere.mov", "grow: lots", "feather: 900", "grwo_on: 4", "1012 until Easter"):
        assert sum(line in sentence for sentence in told) == 1, line
    assert not isinstance(caught.value, FootageMissing)
    with pytest.raises(FootageMissing, match="Did you mean `plate: A001C001`"):
        desk.plan("plate: A001C00")


@pytest.mark.parametrize(
    "brief",
    [
        "Plate: A001C001\nFrame Range: 1012-1040\nFEATHER = 2",
        "feather: 2\n- frames: 01:00:10:11-01:00:11:15\n* clip: A001C001",
        "softness: 2\nframes: head+11 - tail-60\nplate: A001C001",
    ],
)
def test_keys_and_frames_are_read_as_people_write_them(desk: Desk, brief: str) -> None:
    """Case, order, dashes, common names for a key, and every way of naming frames come to one plan."""
    plan = desk.plan(brief)
    assert plan.plate.name == "A001C001"
    assert plan.options == {"frames": [1012, 1040], "feather": 2}


def test_boxes_may_name_their_frame_by_timecode(desk: Desk) -> None:
    """What is handed to the processor counts shot frames."""
    plan = desk.plan("plate: A001C001\nbbox: 01:00:10:11: 10,20,30,40\ngrow_on: head - head+3: 4")
    assert plan.options == {"box": "1012: 10,20,30,40", "grow_on": "1001-1004: 4"}


def test_a_take_is_found_by_its_number(desk: Desk) -> None:
    """`use take 2` means the clip of this set-up that says so; where none or several do, all are named."""
    assert [one.name for one in desk.plan("plate: A001C001\ntakes: take 2").sources] == ["B002C002"]
    with pytest.raises(BriefIncomplete, match=r"none says that it is take 7\. They are: `B002C001`, `B002C002`"):
        desk.plan("plate: A001C001\ntakes: take 7")


def test_a_rejected_version_is_never_a_source(desk: Desk, sqlite: Database) -> None:
    """Its name is refused with a sentence, and its files in the index are left out of the takes."""
    folder = desk.folder / "versions" / "PINE_SH010_cleanup_WG_v001"
    with sqlite.write() as session:
        session.add(JobRow(id=1, show="PINE", kind="process", lane="process", state="done", created_at=0))
        session.flush()
        session.add(
            VersionRow(
                show="PINE",
                job_id=1,
                code=folder.name,
                number=1,
                key="k1",
                state="rejected",
                folder=str(folder),
                made_at=0,
            )
        )
        taken = session.exec(select(ArrivalRow).where(ArrivalRow.path == str(desk.folder / "B002C001.mov"))).one()
        taken.path = str(folder / "master.mkv")
        session.add(taken)
    assert [one.name for one in desk.plan("plate: A001C001").sources] == ["B002C002"]
    for brief in (f"plate: {folder.name}", f"plate: A001C001\ntakes: {folder.name.lower()}.mov"):
        with pytest.raises(BriefIncomplete, match="was rejected"):
            desk.plan(brief)


def test_painted_frames_may_be_a_sequence(desk: Desk) -> None:
    """One line with a pattern names every frame that is there."""
    for frame in (1012, 1013):
        (desk.folder / f"paint.{frame}.png").touch()
    plan = desk.plan("plate: A001C001\nreference: paint.####.png")
    assert [(one.path.name, one.frame) for one in plan.references] == [
        ("paint.1012.png", 1012),
        ("paint.1013.png", 1013),
    ]


def test_a_clip_whose_storage_is_away_waits(desk: Desk, sqlite: Database) -> None:
    """A plate that is known but cannot be read is told as that."""
    with sqlite.write() as session:
        for row in desk.index.arrivals.of("PINE"):
            row.state = "offline"
            session.add(row)
    with pytest.raises(BriefIncomplete, match="storage is away"):
        desk.plan("plate: A001C001")


def test_prose_does_not_disturb(desk: Desk) -> None:
    """Lines that are nobody's keys are left alone."""
    assert desk.plan("Note: she asked nicely\nplate: A001C001\nThanks: Cora").plate.name == "A001C001"
