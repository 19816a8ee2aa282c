"""Version names, by the show's own pattern."""

from __future__ import annotations

import re
import string

from .errors import ConfigError, NamingMismatch

DEFAULT_PATTERN = "{show}_{shot}_{task}_{vendor}_v{version:03d}"
"""Netflix Partner Help 360057627473: `AGM_104_065_010_comp_NFX_v001`, the vendor code being a setting."""

_FIELDS = frozenset({"show", "shot", "task", "vendor", "version"})
_LEGAL = re.compile(r"^[A-Za-z0-9._-]+$")


class NamingGrammar:
    """Builds and reads version names. Legal characters are `A-Za-z0-9._-`."""

    def __init__(self, pattern: str = DEFAULT_PATTERN) -> None:
        """Raises ConfigError for a pattern with unknown fields, or without `version`."""
        fields = [(name, spec) for _, name, spec, _ in string.Formatter().parse(pattern) if name is not None]
        unknown = {name for name, _ in fields} - _FIELDS
        if unknown or "version" not in {name for name, _ in fields}:
            raise ConfigError(
                f"The naming pattern {pattern!r} must hold {{version}} and only "
                f"{', '.join(sorted(_FIELDS))}" + (f"; unknown: {', '.join(sorted(unknown))}." if unknown else ".")
            )
        self.pattern = pattern
        self._reader = re.compile(self._expression())

    def name(self, *, show: str, shot: str, task: str, vendor: str, version: int) -> str:
        """The name of one version; characters that are not legal become `_`."""
        words = {"show": show, "shot": shot, "task": task, "vendor": vendor}
        clean = {key: re.sub(r"[^A-Za-z0-9.-]+", "_", word).strip("_") for key, word in words.items()}
        name = self.pattern.format(**clean, version=version)
        if not _LEGAL.match(name):
            raise NamingMismatch(f"{name!r} holds characters that a file name must not have.", name=name)
        return name

    def version(self, name: str) -> int:
        """The version number in a name. Raises NamingMismatch for a foreign name."""
        match = self._reader.match(name)
        if not match:
            raise NamingMismatch(f"{name!r} does not follow the naming {self.pattern!r}.", name=name)
        return int(match["version"])

    def _expression(self) -> str:
        out, seen = [], set()
        for text, field, _, _ in string.Formatter().parse(self.pattern):
            out.append(re.escape(text))
            if field is None:
                continue
            kind = r"\d+" if field == "version" else r"[A-Za-z0-9._-]+?"
            out.append(f"(?P={field})" if field in seen else f"(?P<{field}>{kind})")
            seen.add(field)
        return "^" + "".join(out) + "$"
