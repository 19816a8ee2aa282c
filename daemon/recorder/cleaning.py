"""Takes out of traffic what must not leave a site: secrets, pictures, and who people are.

Secrets go by the name of the field that holds them and, wherever else they stand, by their value.
People's addresses become `person-1@example.com`, the same one each time, so that answers still fit
together. Whatever is no JSON, form or short text is left out but for its size and digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from email.message import Message
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from .recording import Body

HIDDEN = "***"
_SECRET = re.compile(
    r"(^|[_-])(key|apikey|api_key|secret|password|passwd|token|jwt|cookie|authorization|signature|credential|sid)$"
    r"|^x-amz-(signature|credential|security-token)$|^(script_key|auth_token|session_id|_session_id)$",
    re.IGNORECASE,
)
_NOT_SECRET = frozenset({"primary_key", "entity_key", "sort_key", "dedupe_key", "key_field"})
_MAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}")
_URL = re.compile(r"https?://[^\s\"'<>]+")
_KEPT_HEADERS = ("content-type", "retry-after", "etag", "location", "x-total-count")
_LONGEST_TEXT = 20_000


class Cleaner:
    """Cleans one site's traffic; remembers the secrets it met and the names it gave."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """*secrets* are known beforehand and hidden wherever they stand."""
        self._secrets = {secret for secret in secrets if len(secret) >= 4}
        self._people: dict[str, str] = {}

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The few headers that say how a site behaves."""
        small = {name.lower(): value for name, value in headers.items()}
        return {name: self._text(small[name]) for name in _KEPT_HEADERS if name in small}

    def query(self, query: str) -> dict[str, str]:
        """A query string's values."""
        return {name: self._named(name, value) for name, value in parse_qsl(query, keep_blank_values=True)}

    def path(self, path: str) -> str:
        """A path, in which a token may stand."""
        return self._text(path)

    def body(self, content: bytes, content_type: str) -> Body:
        """A body by its kind."""
        kind = content_type.partition(";")[0].strip().lower()
        if not content:
            return Body(content_type=kind)
        if kind.endswith("json") or (kind in {"", "text/javascript"} and content[:1] in b"{["):
            try:
                return Body(json_value=self.value(json.loads(content)), content_type=kind)
            except ValueError:
                pass
        if kind == "application/x-www-form-urlencoded":
            return Body(fields=self.query(content.decode("utf-8", "replace")), content_type=kind)
        if kind == "multipart/form-data":
            return Body(fields=self._parts(content, content_type), content_type=kind)
        if (kind.startswith("text/") or not kind) and len(content) <= _LONGEST_TEXT:
            try:
                return Body(text=self._text(content.decode("utf-8")), content_type=kind)
            except UnicodeDecodeError:
                pass
        return Body(omitted_bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), content_type=kind)

    def value(self, value: Any, name: str = "") -> Any:
        """A JSON value."""
        if isinstance(value, dict):
            return {key: self.value(one, key) for key, one in value.items()}
        if isinstance(value, list):
            return [self.value(one, name) for one in value]
        return self._named(name, value) if isinstance(value, str) else value

    def _named(self, name: str, text: str) -> str:
        # A site's own fields (sg_...) may end in `key` and are none.
        if text and _SECRET.search(name) and name.lower() not in _NOT_SECRET and not name.startswith("sg_"):
            if len(text) >= 8:
                self._secrets.add(text)
            return HIDDEN
        return self._text(text)

    def _text(self, text: str) -> str:
        text = _URL.sub(lambda found: self._url(found[0]), text)
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, HIDDEN)
        return _MAIL.sub(lambda found: self._person(found[0]), text)

    def _url(self, url: str) -> str:
        """An address: what is signed or held in its query is hidden."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return url
        if not parts.query and "@" not in parts.netloc:
            return url
        query = "&".join(f"{name}={self._named(name, value)}" for name, value in parse_qsl(parts.query))
        return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query))

    def _person(self, address: str) -> str:
        if address.endswith("@example.com"):
            return address
        return self._people.setdefault(address.lower(), f"person-{len(self._people) + 1}@example.com")

    def _parts(self, content: bytes, content_type: str) -> dict[str, str]:
        """The fields of a form with files; a file is told by its name, size and digest."""
        head = Message()
        head["content-type"] = content_type
        boundary = str(head.get_param("boundary") or "").encode()
        fields: dict[str, str] = {}
        for part in content.split(b"--" + boundary)[1:-1] if boundary else []:
            raw, _, data = part.strip(b"\r\n").partition(b"\r\n\r\n")
            told = Message()
            for line in raw.decode("utf-8", "replace").splitlines():
                name, _, value = line.partition(":")
                told[name.strip()] = value.strip()
            name = str(told.get_param("name", header="content-disposition") or "")
            file = told.get_filename()
            digest = hashlib.sha256(data).hexdigest()[:16]
            text = data.decode("utf-8", "replace")
            fields[name] = f"file {file}: {len(data)} bytes, {digest}" if file else self._named(name, text)
        return fields
