"""Reads the settings, and remembers where each value came from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr, ValidationError

from ..schema.errors import ConfigError
from ..schema.settings import Settings

PREFIX = "WETGATE__"
Tree = dict[str, Any]


@dataclass(frozen=True)
class Configuration:
    """The settings and, for each dotted key that is not a default, its origin."""

    settings: Settings
    origins: Mapping[str, str]
    folder: Path
    """Where `wetgate.toml` stands (or would): relative paths in it start here."""

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """(dotted key, value, origin) for every setting; secrets are shown as `********`."""
        for key, value in _flatten(self.settings):
            yield key, _shown(value), self._origin(key)

    def secrets(self) -> tuple[str, ...]:
        """Every secret, for the log's scrubber."""
        return tuple(v.get_secret_value() for _, v in _flatten(self.settings) if isinstance(v, SecretStr))

    def _origin(self, key: str) -> str:
        parts = key.split(".")
        for end in range(len(parts), 0, -1):
            origin = self.origins.get(".".join(parts[:end]))
            if origin:
                return origin
        return "default"


def load(path: Path | None = None, environ: Mapping[str, str] | None = None) -> Configuration:
    """Read `wetgate.toml` (or *path*), `shows/*.toml` beside it and the environment.

    Without a file the defaults hold. Raises ConfigError that names key, origin and fault.
    """
    environ = os.environ if environ is None else environ
    named = path or (Path(environ["WETGATE_CONFIG"]) if environ.get("WETGATE_CONFIG") else None)
    file = (named or Path("wetgate.toml")).absolute()
    if named and not file.is_file():
        raise ConfigError(f"The settings file {file} does not exist.")
    tree: Tree = {}
    origins: dict[str, str] = {}
    if file.is_file():
        _merge(tree, _rooted(_toml(file), file.parent), str(file), origins)
    for show in sorted((file.parent / "shows").glob("*.toml")):
        if show.stem != "EXAMPLE":
            _merge(tree, {"shows": {show.stem: _rooted(_toml(show), show.parent.parent)}}, str(show), origins)
    for name, value in sorted(environ.items()):
        if name.startswith(PREFIX):
            _merge(tree, _from_environment(name, value, tree), f"environment {name}", origins)
    _read_secrets(tree, origins)
    try:
        settings = Settings.model_validate(tree)
    except ValidationError as error:
        raise ConfigError(_explain(error, origins)) from None
    settings = settings.model_copy(update={"work_root": settings.work_root.absolute()})
    return Configuration(settings, origins, file.parent)


def database_url(settings: Settings) -> str:
    """Where the database is: the setting, or SQLite inside the workspace."""
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    return f"sqlite:///{settings.work_root / 'wetgate.db'}"


def _toml(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None


_PATH_KEYS = frozenset({"work_root", "api_key_file", "token_file", "roots", "path"})


def _rooted(tree: Tree, folder: Path) -> Tree:
    """Paths in a file are meant from the file's folder."""
    out: Tree = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            out[key] = _rooted(value, folder)
        elif key in _PATH_KEYS and isinstance(value, str):
            out[key] = str(folder / value)
        elif isinstance(value, list):
            out[key] = [_rooted_item(key, item, folder) for item in value]
        else:
            out[key] = value
    return out


def _rooted_item(key: str, item: Any, folder: Path) -> Any:
    if isinstance(item, dict):
        return _rooted(item, folder)
    return str(folder / item) if key in _PATH_KEYS and isinstance(item, str) else item


def _from_environment(name: str, value: str, tree: Tree) -> Tree:
    keys = [part.lower() for part in name.removeprefix(PREFIX).split("__")]
    if keys[0] == "shows" and len(keys) > 1:
        known = {show.lower(): show for show in tree.get("shows", {})}
        keys[1] = known.get(keys[1], name.removeprefix(PREFIX).split("__")[1])
    out: Any = json.loads(value) if value[:1] in {"[", "{"} and _is_json(value) else value
    for key in reversed(keys):
        out = {key: out}
    assert isinstance(out, dict)
    return out


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _merge(tree: Tree, more: Tree, origin: str, origins: dict[str, str], at: str = "") -> None:
    for key, value in more.items():
        dotted = f"{at}{key}"
        if isinstance(value, dict):
            branch = tree.setdefault(key, {})
            if not isinstance(branch, dict):
                raise ConfigError(f"{dotted} ({origin}) is a table here, and a value elsewhere.")
            _merge(branch, value, origin, origins, f"{dotted}.")
        else:
            tree[key] = value
            origins[dotted] = origin


def _read_secrets(tree: Tree, origins: dict[str, str], at: str = "") -> None:
    for key in list(tree):
        value = tree[key]
        if isinstance(value, dict):
            _read_secrets(value, origins, f"{at}{key}.")
        elif key in {"api_key_file", "token_file"}:
            secret = key.removesuffix("_file")
            if tree.get(secret) is None:
                try:
                    tree[secret] = Path(value).read_text(encoding="utf-8").strip()
                except OSError as error:
                    raise ConfigError(f"{at}{key}: {value} cannot be read: {error.strerror}") from None
                origins[f"{at}{secret}"] = f"file {value}"


def _explain(error: ValidationError, origins: Mapping[str, str]) -> str:
    lines = []
    for fault in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in fault["loc"])
        origin = next((o for k, o in origins.items() if k == key or k.startswith(f"{key}.")), "")
        what = "no such setting" if fault["type"] == "extra_forbidden" else fault["msg"]
        lines.append(f"{key}: {what}" + (f" ({origin})" if origin else ""))
    return "The settings are wrong.\n" + "\n".join(lines)


def _flatten(section: BaseModel, at: str = "") -> Iterator[tuple[str, Any]]:
    for name in type(section).model_fields:
        value = getattr(section, name)
        if isinstance(value, BaseModel):
            yield from _flatten(value, f"{at}{name}.")
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, BaseModel):
                    yield from _flatten(item, f"{at}{name}.{key}.")
                else:
                    yield f"{at}{name}.{key}", item
        else:
            yield f"{at}{name}", value


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(_shown(item) for item in value)
    if isinstance(value, BaseModel):
        return " ".join(f"{k}={v}" for k, v in value.model_dump().items())
    return str(value)
