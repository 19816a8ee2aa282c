"""Settings: files, environment, secrets, and where each value came from."""

from __future__ import annotations

from pathlib import Path

import pytest
from wetgate.daemon.configuration import load
from wetgate.schema.errors import ConfigError


def write(folder: Path, name: str, text: str) -> Path:
    """A settings file."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_each_value_knows_its_origin(tmp_path: Path) -> None:
    """Default, file, show file and environment are told apart, the environment winning."""
    file = write(tmp_path, "wetgate.toml", 'work_root = "work"\n[pages]\nport = 9000\nhost = "127.0.0.1"\n')
    show = write(tmp_path, "shows/PINE.toml", 'roots = ["dailies"]\n')
    found = load(file, {"WETGATE__PAGES__PORT": "9001", "WETGATE__SHOWS__PINE__FIRST_FRAME": "1"})
    rows = {key: (value, origin) for key, value, origin in found.rows()}
    assert rows["work_root"] == (str(tmp_path / "work"), str(file))
    assert rows["pages.port"] == ("9001", "environment WETGATE__PAGES__PORT")
    assert rows["shows.PINE.roots"] == (str(tmp_path / "dailies"), str(show))
    assert rows["shows.PINE.first_frame"][0] == "1"
    assert rows["workers.index"][1] == "default"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[page]\nport = 1\n", "page: no such setting"),
        ("[pages]\nport = 'many'\n", "pages.port"),
        ("[pages\n", "not valid TOML"),
        ("[shows.PINE.statuses]\ndone = 'apr'\n", "`done` is 'apr', which also stands under `approved`"),
        ("[shows.PINE.statuses]\nversion = 'ok'\napproved = ['ok']\n", "`version` is 'ok'"),
        ("[shows.PINE.statuses]\nwaiting = 'rej'\n", "under `rejected`"),
    ],
)
def test_a_wrong_file_is_told_by_key_and_place(tmp_path: Path, text: str, says: str) -> None:
    """An unknown key, a wrong value and broken TOML each name what is wrong and where."""
    file = write(tmp_path, "wetgate.toml", text)
    with pytest.raises(ConfigError, match=says) as caught:
        load(file, {})
    assert str(file) in str(caught.value)


def test_secrets_come_from_files_and_are_never_shown(tmp_path: Path) -> None:
    """A key is read from its file, handed to the scrubber, and shown by nobody."""
    write(tmp_path, "key", "s3cret-key\n")
    file = write(tmp_path, "wetgate.toml", '[trackers.main]\nkind = "shotgrid"\napi_key_file = "key"\n')
    found = load(file, {})
    assert found.secrets() == ("s3cret-key",)
    assert "s3cret" not in str(list(found.rows())) + repr(found.settings)


def test_a_missing_secret_file_is_told(tmp_path: Path) -> None:
    """A secret that cannot be read names the setting and the file."""
    file = write(tmp_path, "wetgate.toml", '[pages]\ntoken_file = "nowhere"\n')
    with pytest.raises(ConfigError, match=r"pages\.token_file.*nowhere"):
        load(file, {})


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    """`--config` with a wrong path is an error, never a silent default."""
    with pytest.raises(ConfigError, match="does not exist"):
        load(tmp_path / "nope.toml", {})


def test_a_network_is_meant_from_the_settings_folder(tmp_path: Path) -> None:
    """The file of a `[[networks]]` entry is found where the other paths of the settings start."""
    file = write(tmp_path, "wetgate.toml", "")
    write(tmp_path, "shows/PINE.toml", '[[networks]]\nname = "house fill"\npath = "nets/fill.pt"\n')
    (network,) = load(file, {}).settings.shows["PINE"].networks
    assert network.path == tmp_path / "nets" / "fill.pt"


def test_settings_by_names_of_ones_own_are_shown_like_the_others(tmp_path: Path) -> None:
    """A site's fields and a connector's own settings stand in the list with their origin."""
    file = write(tmp_path, "wetgate.toml", '[trackers.main.options]\nevent_url = "http://127.0.0.1:1"\n')
    show = write(tmp_path, "shows/PINE.toml", '[version_fields]\nsg_kind = "fix of {shot}"\n')
    rows = {key: (value, origin) for key, value, origin in load(file, {}).rows()}
    assert rows["trackers.main.options.event_url"] == ("http://127.0.0.1:1", str(file))
    assert rows["shows.PINE.version_fields.sg_kind"] == ("fix of {shot}", str(show))
