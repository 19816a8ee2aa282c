"""Whether two briefs ask for the very same, and whether two daemons do the same work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from .planning import Plan

_PART = 1 << 16
"""Bytes of each file that are compared, beside its size: attached copies of one matte lie at several paths."""


def digest_of(plan: Plan) -> str:
    """A digest of all that a plan comes to: processor, plate, sources, options, and the content of its files."""
    # Without the row's number: another database gives the same clip another one.
    told = plan.model_dump(mode="json", exclude={"plate_clip_id", "matte", "holdout", "references"})
    return _with_files(repr(sorted(told.items())), plan)


def work_of(plan: Plan, asked: Mapping[str, str]) -> str:
    """A digest of what makes a task's work what it is, whoever does it: the words that *asked* for it, and the content
    of plate and files.

    Not where the plate lies, and not what other footage is there: another daemon's mounts and index may differ.
    """
    return _with_files(repr((plan.processor, sorted(asked.items()), plan.plate.clip or plan.plate.name)), plan)


def _with_files(told: str, plan: Plan) -> str:
    digest = hashlib.sha256(told.encode())
    named = [("matte", plan.matte), ("holdout", plan.holdout)]
    named += [(f"reference {one.frame}", one.path) for one in plan.references]
    for name, path in named:
        digest.update(f"\n{name}".encode())
        for file in _files(path) if path is not None else ():
            digest.update(f"\n{file.stat().st_size} ".encode())
            with file.open("rb") as stream:
                digest.update(stream.read(_PART))
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(one for one in path.rglob("*") if one.is_file())
    elif path.is_file():
        yield path
    else:
        yield from sorted(one for one in path.parent.iterdir() if one.is_file() and one.suffix == path.suffix)
