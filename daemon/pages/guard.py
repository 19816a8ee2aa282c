"""Who may look at the page: token, Host header and the headers that keep a browser in line."""

from __future__ import annotations

import hashlib
import hmac
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ...schema.errors import ConfigError

COOKIE = "wetgate"
PROBES = frozenset({"/healthz", "/readyz"})
_MONTH = 30 * 86400
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether an address reaches this machine alone. `localhost` does, no other name is believed."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_exposure(host: str, token: str | None) -> None:
    """Raises ConfigError for an address that others can reach without a token, and for a blank token."""
    if token is not None and len(token.strip()) < 16:
        raise ConfigError("[pages] token must have at least 16 characters.")
    if token is None and not is_loopback(host):
        raise ConfigError(
            f"[pages] host = {host!r} can be reached by others: set [pages] token (or token_file), "
            "or listen on 127.0.0.1."
        )


class Guard:
    """ASGI middleware around the page.

    Without a token only loopback names are answered, whatever a rebound DNS name points at. With a
    token every request needs it, once as `?token=` (which is taken out of the address and kept as
    an HttpOnly cookie) or as `Authorization: Bearer`. The two probes say nothing and need none.
    """

    def __init__(self, app: ASGIApp, token: str | None) -> None:
        """Guard *app*; None asks for no token."""
        self._app = app
        self._token = token.strip().encode() if token else None
        # What the cookie holds is made from the token, so that a cookie jar does not give it away.
        self._ticket = hmac.new(self._token, b"wetgate page", hashlib.sha256).hexdigest() if self._token else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, refuse or let pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        answer = self._refusal(scope)
        await (answer or self._app)(scope, receive, send_with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("This page is read-only.\n", 405, {"Allow": "GET, HEAD"})
        if self._token is None:
            if _own_name(headers.get("host", "")):
                return None
            return PlainTextResponse("This page answers to 127.0.0.1 and localhost alone.\n", 421)
        if scope["path"] in PROBES or self._known(headers):
            return None
        return self._first_visit(scope)

    def _known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and self._is_token(given):
            return True
        try:
            morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
        except CookieError:
            return False
        return morsel is not None and hmac.compare_digest(morsel.value.encode(), self._ticket.encode())

    def _is_token(self, given: str) -> bool:
        return self._token is not None and hmac.compare_digest(given.strip().encode(), self._token)

    def _first_visit(self, scope: Scope) -> Response:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = next((value for name, value in query if name == "token"), "")
        if not self._is_token(given):
            return PlainTextResponse(
                "A token is needed: open this address with ?token=... once. It stands in [pages] of wetgate.toml.\n",
                401,
                {"WWW-Authenticate": "Bearer", "Cache-Control": "no-store"},
            )
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        # "//host" would lead away from here.
        path = "/" + scope["path"].lstrip("/\\")
        answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303, {"Cache-Control": "no-store"})
        secure = scope.get("scheme") == "https"
        answer.set_cookie(COOKIE, self._ticket, max_age=_MONTH, httponly=True, samesite="lax", secure=secure, path="/")
        return answer


def _own_name(host: str) -> bool:
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        return False
    return name is not None and is_loopback(name)
