"""`--network` and `--approval` of `wetgate process`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from ...schema.approval import Approval
from ...schema.errors import BriefIncomplete
from ...schema.request import Network

_SHAPE = "DOCUMENT; SCOPE; SIGNER; DATE; EXPIRES, with network, trained or both as scope and days as 2026-11-30"


def networks_of(files: list[Path], licence: str) -> tuple[Network, ...]:
    """The networks of files, named as their files are. Raises BriefIncomplete for two of one name."""
    names = [file.stem for file in files]
    if len(set(names)) < len(names):
        raise BriefIncomplete("Two files given with --network have the same name: rename one of them.")
    return tuple(Network(name=file.stem, path=file.absolute(), licence=licence) for file in files)


def approval_of(text: str) -> Approval:
    """From `DOCUMENT; SCOPE; SIGNER; DATE; EXPIRES`, or from a TOML file's [approval].

    It covers what it names: `network`, `trained`, or both with a comma between. Raises BriefIncomplete, which says
    how it is written.
    """
    if not text:
        return Approval()
    try:
        if text.endswith(".toml"):
            tree = tomllib.loads(Path(text).read_text(encoding="utf-8"))
            return Approval.model_validate(tree.get("approval", tree))
        parts = [part.strip() for part in text.split(";")]
        keys = ("document", "scope", "signer", "date", "expires")
        words: dict[str, object] = dict(zip(keys, parts, strict=True))
        scope = [name.strip() for name in str(words["scope"]).split(",")]
        return Approval.model_validate({**words, "scope": scope})
    except OSError as error:
        raise BriefIncomplete(f"--approval {text} cannot be read: {error.strerror}.") from None
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise BriefIncomplete(
            f"--approval: {where} {fault['msg']}. Write it as {_SHAPE}, or name a file.toml."
        ) from None
    except ValueError:  # another number of parts, or text that is no TOML
        raise BriefIncomplete(f"--approval {text}: write it as {_SHAPE}, or name a file.toml.") from None
