"""What is said where a show's tracker needs a package that only an extra brings: on an interpreter without it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from without import interpreter_without

LACKS = {"kitsu": ("gazu", "gazu"), "ftrack": ("ftrack-python-api", "ftrack_api")}


def install(kind: str) -> str:
    """The command that every message must name."""
    return f'pip install "wetgate[{kind}]"'


class Machine:
    """A machine on which one connector's package is missing, with a show in a tracker."""

    def __init__(self, folder: Path, kind: str) -> None:
        self.folder, self.kind = folder, kind
        name, self.module = LACKS[kind]
        self.python = interpreter_without(folder / "python", name)
        self.environ = {key: value for key, value in os.environ.items() if not key.startswith("WETGATE_")}

    def settle(self, kind: str) -> None:
        """Have the show in a tracker of that kind."""
        (self.folder / "shows").mkdir(exist_ok=True)
        (self.folder / "shows" / "PINE.toml").write_text('project = "PINE"\n')
        site = 'url = "https://tracker.example.com"\napi_key = "key"\n' if kind != "sandbox" else "port = 0\n"
        text = f'work_root = "work"\n[pages]\nport = 0\n[trackers.main]\nkind = "{kind}"\n{site}'
        (self.folder / "wetgate.toml").write_text(text)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run to the end."""
        command = [str(self.python), *words]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=self.folder, env=self.environ, timeout=120
        )

    def wetgate(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run one command of Wetgate's."""
        return self.run("-m", "wetgate.daemon", *words)

    @contextmanager
    def daemon(self) -> Iterator[subprocess.Popen[str]]:
        """The daemon, its log as JSON on its output."""
        command = [str(self.python), "-m", "wetgate.daemon", "run", "--json"]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder,
            env=self.environ,
        )
        late = threading.Timer(90, process.kill)
        late.start()
        try:
            yield process
        finally:
            late.cancel()
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(scope="module", params=LACKS)
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """One for each connector that has an extra."""
    return Machine(tmp_path_factory.mktemp("machine"), request.param)


def test_the_package_is_not_there(machine: Machine) -> None:
    """The premise: that import fails on this machine, and the others do not."""
    done = machine.run("-c", f"import shotgun_api3, httpx\nimport {machine.module}")
    assert f"No module named '{machine.module}'" in done.stderr


def test_the_list_of_plugins_says_it(machine: Machine) -> None:
    """Only that connector has a fault, and it names package and command."""
    rows: list[dict[str, Any]] = json.loads(machine.wetgate("plugins", "--json").stdout)
    faults = {row["name"]: row["fault"] for row in rows if row["fault"]}
    assert list(faults) == [machine.kind]
    assert repr(machine.module) in faults[machine.kind]
    assert install(machine.kind) in faults[machine.kind]


def test_the_doctor_says_it(machine: Machine) -> None:
    """A tracker of that kind is one problem, whose mend is the command."""
    machine.settle(machine.kind)
    done = machine.wetgate("doctor", "--json")
    problems = [one for one in json.loads(done.stdout) if machine.kind in one["what"]]
    assert done.returncode == 1
    (problem,) = problems
    assert problem["what"].startswith("trackers.main: ")
    assert problem["mend"] == install(machine.kind)


def test_the_doctor_does_not_ask_for_what_nobody_needs(machine: Machine) -> None:
    """Where no tracker is of that kind, nothing is wrong."""
    machine.settle("sandbox")
    assert json.loads(machine.wetgate("doctor", "--json").stdout) == []


def test_the_settings_say_it(machine: Machine) -> None:
    """`config` prints the settings and names the tracker beside them."""
    machine.settle(machine.kind)
    done = machine.wetgate("config", "--json")
    assert done.returncode == 0, done.stderr
    assert any(row["value"] == machine.kind for row in json.loads(done.stdout))
    assert done.stderr.startswith("trackers.main: ")
    assert install(machine.kind) in done.stderr


def test_the_daemon_says_it_at_start(machine: Machine) -> None:
    """The tracker is left out by name; the rest of the house runs, and ends when it is told to."""
    machine.settle(machine.kind)
    said = []
    with machine.daemon() as process:
        assert process.stdout is not None
        for line in process.stdout:
            said.append(json.loads(line))
            if said[-1]["event"] == "status page":
                process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    (left_out,) = [one for one in said if one["event"] == "tracker left out"]
    assert (left_out["level"], left_out["tracker"], left_out["shows"]) == ("error", "main", ["PINE"])
    assert install(machine.kind) in left_out["fault"]
    assert not [one for one in said if one["event"] == "desk stumbled"]


def test_the_practice_tracker_says_it(tmp_path: Path) -> None:
    """ftrack's practice site needs a package of the same extra."""
    python = interpreter_without(tmp_path / "python", "wsproto")
    command = [str(python), "-m", "wetgate.daemon", "sandbox", "--kind", "ftrack", "--folder", "box", "--port", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, timeout=60)
    assert done.returncode == 1
    assert "'wsproto'" in done.stderr
    assert install("ftrack") in done.stderr
