"""Everything that a person can type or set is written down where they would look."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_group
from wetgate.daemon.cli import app
from wetgate.schema.settings import Section, Settings

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    """Every verb of the command line."""
    return sorted(get_group(app).commands)


@pytest.mark.parametrize("command", commands())
def test_every_command_is_in_the_readme_and_explains_itself(command: str) -> None:
    """A command stands in the README's table and has help for itself and each of its options."""
    assert re.search(rf"`(wetgate )?{command}[ `]", README), f"README.md does not name `wetgate {command}`"
    found = get_group(app).commands[command]
    assert found.help
    assert any("--json" in parameter.opts for parameter in found.params), f"wetgate {command} has no --json"
    for parameter in found.params:
        assert getattr(parameter, "help", None), f"wetgate {command} {parameter.name} has no help"


def test_a_look_at_the_queue_does_not_wait_for_pictures() -> None:
    """`wetgate jobs` loads nothing of what reads or makes pictures."""
    told = "\n".join([
        "import sys",
        "from typer.main import get_group",
        "from wetgate.daemon.cli import app",
        "get_group(app).commands['jobs']",
        "print(*sys.modules)",
    ])  # fmt: skip
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert "wetgate.daemon.cli.jobs" in loaded
    assert {"cv2", "av", "torch", "scenedetect"}.isdisjoint(loaded)


def sections(section: type[Section], at: str = "") -> list[tuple[str, str | None]]:
    """Every setting with its description."""
    rows: list[tuple[str, str | None]] = []
    for name, field in section.model_fields.items():
        inner = field.annotation
        if isinstance(inner, type) and issubclass(inner, Section):
            rows += sections(inner, f"{at}{name}.")
        else:
            rows.append((f"{at}{name}", field.description))
    return rows


def test_every_setting_says_what_it_is() -> None:
    """Each setting has a description, which `deploy/wetgate.toml` and the errors show."""
    assert [name for name, description in sections(Settings) if not description] == []


def test_the_commands_of_the_readme_exist() -> None:
    """No command is promised that is not there."""
    named = set(re.findall(r"`wetgate ([a-z]+)", README)) | set(re.findall(r"^wetgate ([a-z]+)", README, re.M))
    assert named <= set(commands()), named - set(commands())
