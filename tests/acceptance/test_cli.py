"""The command line's promises: names, JSON, files and exit statuses."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import made
import numpy as np
import pytest
from images import write_mattes
from nets import Magenta, write_torchscript
from wetgate.daemon.store import Database
from wetgate.daemon.store.jobs import Jobs
from wetgate.daemon.store.rows import id_of
from wetgate.daemon.store.tasks import Tasks
from wetgate.schema.job import Lane, Order
from wetgate.schema.tracker import EntityRef, TrackerTask


def wetgate(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the real command in *folder* with a workspace of its own."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("WETGATE_")}
    environ |= {"WETGATE__WORK_ROOT": str(folder / "work"), "WETGATE__INGEST__SETTLE_SECONDS": "0.5"}
    command = [sys.executable, "-m", "wetgate.daemon", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environ)


def answer(done: subprocess.CompletedProcess[str]) -> Any:
    """The JSON that a command printed."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a plate, its other take and a matte."""
    folder = tmp_path_factory.mktemp("shot")
    made.write_movie(folder / "a.mp4", made.take(8, intruder=True), timecode="01:00:00:00")
    made.write_movie(folder / "b.mp4", made.take(8, intruder=False), timecode="02:00:00:00")
    write_mattes(folder / "matte", made.matte(8))
    return folder


def test_ingest_answers_for_every_file(tmp_path: Path) -> None:
    """Indexed, duplicate and quarantined are told apart with reasons, and `clips` lists what was indexed."""
    dailies = tmp_path / "dailies"
    made.write_movie(dailies / "A001C001.mp4", made.take(6, intruder=False), timecode="10:00:00:00")
    shutil.copy2(dailies / "A001C001.mp4", dailies / "copy of it.mp4")
    (dailies / "broken.mov").write_bytes(b"this is no movie")
    rows = answer(wetgate(tmp_path, "ingest", "PINE", str(dailies), "--json"))
    states = sorted(row["state"] for row in rows)
    assert states == ["duplicate", "indexed", "quarantined"]
    assert all({"path", "state", "reason"} <= set(row) for row in rows)
    assert "broken.mov" in next(row["reason"] for row in rows if row["state"] == "quarantined")
    (clip,) = answer(wetgate(tmp_path, "clips", "PINE", "--json"))
    assert (clip["rate"], clip["timecode"], clip["frames"], clip["cuts"]) == ("25", "10:00:00:00", 6, [])
    assert {"path", "reel"} <= set(clip)
    assert [hit["name"] for hit in answer(wetgate(tmp_path, "search", "PINE", "25fps", "--json"))] == [clip["name"]]
    like = answer(wetgate(tmp_path, "search", "PINE", "--like", str(dailies / "A001C001.mp4"), "--json"))
    assert like[0]["name"] == clip["name"] and like[0]["score"] > 0.99


def test_a_fix_from_the_command_line(shot: Path, tmp_path: Path) -> None:
    """`process remove` writes master, review and report; the report verifies, and a touched copy does not."""
    out = tmp_path / "o"
    words: tuple[str, ...] = ("process", "remove", "--plate", str(shot / "a.mp4"), "--matte", str(shot / "matte"))
    done = wetgate(
        tmp_path, *words, "--source", str(shot / "b.mp4"), "--set", "min_psnr_db=5", "--out", str(out), "--json"
    )
    outcome = answer(done)
    assert outcome["verdict"] == "publish" and outcome["identity"]["changed_outside"] == 0
    assert {"master.mkv", "review.mp4", "report.json"} <= {path.name for path in out.iterdir()}
    assert wetgate(tmp_path, "verify", str(out / "report.json")).returncode == 0
    shutil.copy2(out / "review.mp4", out / "master.mkv")
    touched = wetgate(tmp_path, "verify", str(out / "report.json"))
    assert touched.returncode == 3 and "does not hold" in touched.stdout


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (("--matte", "matte", "--source", "b.mp4", "--set", "min_psnr_db=99"), 3, "99"),
        ((), 4, "matte"),
        (("--matte", "matte", "--set", "colour=blue"), 4, "colour"),
        (("--matte", "matte", "--set", "grow"), 4, "key=value"),
    ],
)
def test_a_fix_that_cannot_be_made_says_why(
    shot: Path, tmp_path: Path, words: tuple[str, ...], status: int, says: str
) -> None:
    """Refused is 3, an incomplete request 4, and the sentence names what is wrong."""
    named = [str(shot / word) if (shot / word).exists() else word for word in words]
    done = wetgate(tmp_path, "process", "remove", "--plate", str(shot / "a.mp4"), *named, "--out", str(tmp_path / "o"))
    assert done.returncode == status
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_graded_still_is_the_reference_of_a_match(shot: Path, tmp_path: Path) -> None:
    """`--reference` names it as a brief does, though no frame stands in its name; a grade has no proof to verify."""
    still = np.rint(255 * (made.street_rgb() * 0.85 + 0.05)).astype(np.uint8)
    assert cv2.imwrite(str(tmp_path / "look.png"), still[..., ::-1])
    words = ("--plate", str(shot / "b.mp4"), "--reference", "look.png", "--set", "cube=false", "--out", "o", "--json")
    outcome = answer(wetgate(tmp_path, "process", "match_grade", *words))
    assert outcome["verdict"] == "publish" and "to look" in outcome["summary"]
    assert {"grade.cc", "report.html"} <= {Path(path).name for path in outcome["files"]}
    verified = wetgate(tmp_path, "verify", "o/report.json")
    assert verified.returncode == 4 and "no proof to check" in verified.stderr


def test_a_proxy_is_answered_with_lists_in_its_own_format(tmp_path: Path) -> None:
    """Exit status 4; EDL and ALE lie in the folder, and VIDEO_FORMAT is that of the proxy's size."""
    proxy = made.write_movie(tmp_path / "px.mov", [made.street(1280, 720)] * 3, timecode="01:00:00:00", reel="A009")
    words = ("--plate-class", "proxy", "--set", "box=300,200,80,90", "--set", "box_is=area", "--out", "o")
    done = wetgate(tmp_path, "process", "remove", "--plate", str(proxy), *words)
    assert done.returncode == 4 and "needs a pull" in done.stderr
    assert "VIDEO_FORMAT\t720\n" in (tmp_path / "o" / "pulls.ale").read_text()
    assert (tmp_path / "o" / "pulls.edl").is_file()


def test_a_plate_that_is_no_movie_is_an_error_with_its_name(tmp_path: Path) -> None:
    """Exit status 1, one sentence with the file's name, no traceback."""
    (tmp_path / "bad.mp4").write_bytes(b"nothing")
    words = ("--set", "box=1,1,8,8", "--out", str(tmp_path / "o"))
    done = wetgate(tmp_path, "process", "remove", "--plate", str(tmp_path / "bad.mp4"), *words)
    assert done.returncode == 1 and "bad.mp4" in done.stderr and "Traceback" not in done.stderr


def test_wrong_words_are_an_error_of_usage(tmp_path: Path) -> None:
    """An unknown command and a missing file end with a sentence and not with a traceback."""
    for words in (("dance",), ("verify", "nowhere.json"), ("ingest", "PINE", "nowhere"), ("search", "PINE")):
        done = wetgate(tmp_path, *words)
        assert done.returncode != 0 and done.stderr and "Traceback" not in done.stderr


def test_each_command_speaks_json(tmp_path: Path) -> None:
    """What people read as a table, scripts read as JSON."""
    assert {row["name"] for row in answer(wetgate(tmp_path, "plugins", "--json"))} >= {
        "continuity",
        "remove",
        "shotgrid",
    }
    assert any(row["from"].startswith("environment") for row in answer(wetgate(tmp_path, "config", "--json")))
    options = answer(wetgate(tmp_path, "process", "remove", "--options", "--json"))
    assert {"grow", "feather", "frames"} <= {row["option"] for row in options}
    assert answer(wetgate(tmp_path, "migrate", "--json"))["state"] == "up to date"
    assert answer(wetgate(tmp_path, "jobs", "--json")) == []
    assert answer(wetgate(tmp_path, "pause", "--json"))["paused"] is True
    assert answer(wetgate(tmp_path, "resume", "--json"))["paused"] is False
    doctor = wetgate(tmp_path, "doctor", "--json")
    assert doctor.returncode == 1 and "No show" in json.loads(doctor.stdout)[0]["what"]


def test_where_a_task_stands_is_asked_by_its_address(tmp_path: Path) -> None:
    """The task's own jobs and its place, by what a coordinator pastes; without it, every job."""
    (tmp_path / "work").mkdir()
    database = Database(f"sqlite:///{tmp_path / 'work' / 'wetgate.db'}")
    database.migrate()
    tasks, jobs = Tasks(database), Jobs(database)
    with database.write() as session:
        for number in ("11", "12"):
            ref = EntityRef(type="Task", id=number, name="cleanup")
            row = tasks.seen(session, "PINE", "main", TrackerTask(
                ref=ref, project="PINE", name="cleanup", entity=EntityRef(type="Shot", id="3", name="SH010"),
                status="rdy", assigned_to_us=True,
            ))  # fmt: skip
            tasks.move(session, id_of(row), "queued")
            jobs.enqueue(session, Order(show="PINE", kind="process", lane=Lane.PROCESS, task_id=row.id))
    database.close()
    assert len(answer(wetgate(tmp_path, "jobs", "--json"))) == 2
    told = answer(wetgate(tmp_path, "jobs", "https://pine.example/detail/Task/12", "--json"))
    assert (told["task"], told["entity"], told["stands"]) == ("12", "SH010", "In the queue, number 2.")
    assert [job["job"] for job in told["jobs"]] == [2]
    assert "SH010 cleanup (PINE): In the queue, next." in wetgate(tmp_path, "jobs", "11").stdout
    strange = wetgate(tmp_path, "jobs", "13")
    assert strange.returncode == 1
    assert "knows no task 13" in strange.stderr


def test_a_network_competes_and_a_missing_one_is_named(shot: Path, tmp_path: Path) -> None:
    """A bad network leaves no pixel and stands in the report with its licence; a missing file is told by name."""
    network = write_torchscript(tmp_path / "magenta.pt", Magenta(), 1)
    words: tuple[str, ...] = ("process", "remove", "--plate", str(shot / "a.mp4"), "--source", str(shot / "b.mp4"))
    words += (
        "--matte",
        str(shot / "matte"),
        "--set",
        "probes=2",
        "--set",
        "weak_fix=ask",
        "--out",
        str(tmp_path / "out"),
    )
    told = (
        "--network",
        str(network),
        "--network-licence",
        "in-house",
        "--approval",
        "GA-7; network; S; 2020-01-01; 2999-01-01",
    )
    outcome = answer(wetgate(tmp_path, *words, *told, "--json"))
    assert outcome["trained_pixels"] == 0.0
    report = json.loads(Path(outcome["report"]).read_text())
    assert [(use["name"], use["licence"], use["share"]) for use in report["networks"]] == [("magenta", "in-house", 0.0)]
    gone = wetgate(tmp_path, *words, "--network", str(tmp_path / "gone.pt"))
    assert gone.returncode == 1
    assert "gone" in gone.stderr and "take it out of the settings" in gone.stderr
