"""Who is calling: script keys, human logins, session tokens; what they may do."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .permissions import EVERYTHING, Permissions, permissions_of
from .records import Records
from .refusal import AUTHENTICATION, PERMISSION, Refusal

SESSION_SECONDS = 24 * 3600.0


@dataclass(frozen=True)
class Caller:
    """The user behind a request. `base` is how they address the site, `address` where they are."""

    user: dict[str, Any]
    name: str
    may: Permissions = EVERYTHING
    logs_events: bool = True
    session_uuid: str | None = None
    base: str = ""
    address: str = ""


class Auth:
    """Checks credentials against digests; keeps no secret in the clear."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        """Keep digests and sessions among the storage's settings."""
        self._records = records
        self._storage = records.storage
        self._now = now

    def set_secret(self, kind: str, number: int, secret: str) -> None:
        """Give a script its key or a person their password."""
        salt = secrets.token_hex(16)
        self._storage.set(f"secret:{kind}:{number}", f"{salt}${_digest(secret, salt)}")

    def deny(self, kind: str, number: int, rules: list[str]) -> None:
        """Take away from one user what *rules* name (globs over `call Type`); an empty list gives it back."""
        self._storage.set(_denied(kind, number), rules or None)

    def caller(self, credentials: Any, base: str) -> Caller:
        """Who these credentials are; raises Refusal (authentication) for anything else."""
        if not isinstance(credentials, dict):
            raise Refusal("Missing authentication parameters.", AUTHENTICATION)
        caller = replace(self._who(credentials), session_uuid=credentials.get("session_uuid"), base=base)
        sudo = credentials.get("sudo_as_login")
        return self._sudo(caller, str(sudo)) if sudo else caller

    def open_session(self, caller: Caller) -> str:
        """A token that stands for the caller for a day."""
        token = secrets.token_hex(16)
        now = self._now()
        for name, session in self._storage.settings("session:").items():
            if session["until"] < now:
                self._storage.set(name, None)
        self._storage.set(_session(token), {"user": caller.user, "until": now + SESSION_SECONDS})
        return token

    def end_sessions(self) -> None:
        """No token that was given out stands for anybody any more, as when its day is over."""
        for name in (*self._storage.settings("session:"), *self._storage.settings("trusted:")):
            self._storage.set(name, None)

    def session(self, token: str | None) -> Caller | None:
        """The caller whom a token stands for."""
        session = self._storage.setting(_session(token)) if token else None
        if session is None or session["until"] < self._now():
            return None
        return self._caller(self._storage.get(session["user"]["type"], session["user"]["id"]))

    def trust(self, address: str) -> None:
        """Let downloads from *address* pass for a day: somebody there has logged in.

        The vendor's client binds its session cookie to "host:port", which no cookie jar ever sends.
        """
        self._storage.set(f"trusted:{address}", self._now() + SESSION_SECONDS)

    def trusted(self, address: str) -> bool:
        """Whether somebody at *address* has logged in."""
        return bool(self._storage.setting(f"trusted:{address}", 0.0) > self._now())

    def _who(self, credentials: dict[str, Any]) -> Caller:
        if credentials.get("session_token"):
            found = self.session(str(credentials["session_token"]))
            if found is None:
                raise Refusal("Can't authenticate session token: it has expired or is unknown.", AUTHENTICATION)
            return found
        if "script_name" in credentials:
            kind, field, secret, word = "ApiUser", "firstname", "script_key", "script"
            login = str(credentials["script_name"])
        else:
            kind, field, secret, word = "HumanUser", "login", "user_password", "user"
            login = str(credentials.get("user_login", ""))
        for record in self._storage.all(kind).values():
            active = not record.get("_retired") and record.get("sg_status_list", "act") == "act"
            if active and str(record.get(field) or "").lower() == login.lower():
                kept = str(self._storage.setting(f"secret:{kind}:{record['id']}", ""))
                salt, _, digest = kept.partition("$")
                given = _digest(str(credentials.get(secret, "")), salt)
                if kept and hmac.compare_digest(digest, given):
                    found = self._caller(record)
                    if found is not None:
                        return found
        raise Refusal(f"Can't authenticate {word} '{login}'", AUTHENTICATION)

    def _caller(self, record: dict[str, Any] | None) -> Caller | None:
        if record is None or record.get("_retired"):
            return None
        rules = record.get("permission_rule_set")
        group = self._storage.get("PermissionRuleSet", rules["id"]) if rules else None
        taken = self._storage.setting(_denied(record["type"], record["id"]), [])
        projects = self._records.schema.field(record["type"], "projects", "read")
        return Caller(
            user={"type": record["type"], "id": record["id"]},
            name=self._records.name(record),
            may=permissions_of(record, group, taken, lambda: self._records.value(record, projects) or []),
            logs_events=record.get("generate_event_log_entries") is not False,
        )

    def _sudo(self, caller: Caller, login: str) -> Caller:
        if caller.user["type"] != "ApiUser":
            raise Refusal(f"The user does not have permission to 'sudo': {caller.name}", PERMISSION)
        for record in self._storage.all("HumanUser").values():
            if record.get("login") == login and not record.get("_retired"):
                user = {"type": "HumanUser", "id": record["id"]}
                person = self._caller(record)
                may = person.may if person else caller.may
                return replace(caller, user=user, name=self._records.name(record), may=may)
        raise Refusal(f"The user to 'sudo' as does not exist: {login}", AUTHENTICATION)


def _denied(kind: str, number: int) -> str:
    return f"denied:{kind}:{number}"


def _session(token: str) -> str:
    return "session:" + hashlib.sha256(token.encode()).hexdigest()


def _digest(secret: str, salt: str) -> str:
    # Light on purpose: the sandbox holds practice accounts on loopback and answers many calls.
    return hashlib.scrypt(secret.encode(), salt=salt.encode(), n=256, r=8, p=1).hex()
