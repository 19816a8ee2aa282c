"""What a user may do: the rules of their permission group, and what was taken away from them alone."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .refusal import PERMISSION, Refusal

JsonObject = dict[str, Any]

RULE_SETS: dict[str, tuple[str, ...]] = {
    "api_admin": (),
    "read_only": ("* *",),
    # Artists work in their projects; how the site is set up is not theirs to change.
    "artist": (
        *(f"{call} {kind}" for call in ("create", "update", "delete", "revive") for kind in (
            "ApiUser", "Department", "Group", "HumanUser", "LocalStorage", "PermissionRuleSet", "Project",
            "PublishedFileType", "Status", "Step", "TaskTemplate",
        )),
        "schema_field_* *",
    ),
}  # fmt: skip
"""What each built-in group denies, as globs over `call Type` and `update Type.field`."""
LIMITED = {"artist"}
"""Groups whose people see nothing but their own projects. A script is limited by its `projects` alone."""

_WORDS = {"create": "created", "upload": "created", "delete": "deleted", "revive": "revived"}


@dataclass(frozen=True)
class Permissions:
    """*denied* globs; *projects* are all that can be seen, None for every one."""

    denied: tuple[str, ...] = ()
    projects: frozenset[int] | None = None

    def demand(self, call: str, kind: str, field: str | None = None) -> None:
        """Refuse a call that a rule denies, in the site's words."""
        rule = next((rule for rule in self.denied if _meets(rule, call, kind, field)), None)
        if rule is None:
            return
        if call in _WORDS:
            said = f"API {call}() Entity of type {kind} cannot be {_WORDS[call]} by this user."
        elif call == "update":
            said = f"API update() The field is not editable for this user: [{kind}.{field}]."
        else:
            said = f"API {call}() {kind}: permission denied."
        raise Refusal(f"{said} Rule: DENY {rule}", PERMISSION)

    def sees(self, record: JsonObject) -> bool:
        """Whether the record shows up at all."""
        if self.projects is None:
            return True
        if record["type"] == "Project":
            return record["id"] in self.projects
        project = record.get("project")
        return not project or project["id"] in self.projects


EVERYTHING = Permissions()
"""What an administrator may do."""


def _meets(rule: str, call: str, kind: str, field: str | None) -> bool:
    calls = {call, "create"} if call == "upload" else {call}
    return any(
        fnmatch.fnmatchcase(f"{one} {kind}", rule) or (field and fnmatch.fnmatchcase(f"{one} {kind}.{field}", rule))
        for one in calls
    )


def permissions_of(
    user: JsonObject, group: JsonObject | None, taken: list[str], projects: Callable[[], Any]
) -> Permissions:
    """The permissions of a user with their group's code, what was taken away, and their projects."""
    code = str((group or {}).get("code") or "")
    denied = next((rules for name, rules in RULE_SETS.items() if name in code), ())
    linked = projects() if code in LIMITED or user["type"] == "ApiUser" else []
    limited = code in LIMITED or bool(linked)
    return Permissions((*denied, *taken), frozenset(one["id"] for one in linked) if limited else None)
