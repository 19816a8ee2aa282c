"""Who may ask: a user name with a key. The site's own key speaks for any active user, a personal key for one."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from ..storage import Record
from .entities import TYPE
from .refusal import Refusal
from .storage import Storage
from .values import now

GLOBAL = "wetgate practice"
_BAD_KEY = (
    "The supplied API key is not valid. API keys are created from Settings under the page API keys. "
    'The api key should be passed in the request header "ftrack-api-key".'
)


class Auth:
    """Checks and makes keys; only their digests are kept."""

    def __init__(self, storage: Storage) -> None:
        """Keys lie among the storage's settings."""
        self._storage = storage

    def set_key(self, whose: str, key: str) -> None:
        """Let *key* speak for a user's id, or for all (`GLOBAL`)."""
        with self._storage.transaction():
            self._storage.set(f"key:{whose}", _digest(key))

    def new_key(self, user: Record) -> str:
        """A fresh personal key; the last one is void."""
        key = secrets.token_urlsafe(24)
        self.set_key(user["id"], key)
        return key

    def user(self, name: str, key: str) -> Record:
        """The user that a name and key stand for."""
        digest = _digest(key)
        users = [one for one in self._storage.where("Resource", "username", name) if one.get(TYPE) == "User"]
        found = users[0] if name and users and users[0].get("is_active") else None
        allowed = [self._storage.setting(f"key:{found['id']}", "")] if found else []
        if self._global_enabled():
            allowed.append(self._storage.setting(f"key:{GLOBAL}", ""))
        if not any(one and hmac.compare_digest(one, digest) for one in allowed):
            raise Refusal(_BAD_KEY, "InvalidCredentialsError", 401)
        if found is None:
            raise Refusal(f"The supplied username {name!r} is not valid.", "InvalidCredentialsError", 401)
        return found

    def may_write(self, user: Record) -> bool:
        """Whether the user has a role at all."""
        return bool(self._storage.where("UserSecurityRole", "user_id", user["id"]))

    def sign(self, what: str) -> str:
        """A mark that lets an address be used without logging in."""
        secret = self._storage.setting("secret") or self._new_secret()
        return hmac.new(secret.encode(), what.encode(), "sha256").hexdigest()[:32]

    def signed(self, what: str, mark: str) -> bool:
        """Whether the mark is ours."""
        return hmac.compare_digest(self.sign(what), mark)

    def _new_secret(self) -> str:
        with self._storage.transaction():
            made = str(self._storage.setting("secret") or secrets.token_hex(32))
            self._storage.set("secret", made)
        return made

    def _global_enabled(self) -> bool:
        keys = [one for one in self._storage.all("ApiKey") if one.get("identifier") == GLOBAL]
        return not keys or bool(keys[0].get("enabled"))


def api_key_record(key: str) -> Record:
    """The row that stands for the site's own key."""
    record = {"identifier": GLOBAL, "prefix": key[:4], "description": "practice", "enabled": True, "created_at": now()}
    return {TYPE: "ApiKey", "resource_id": None, "last_used": None, **record}


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
