"""Who may talk to the server: this machine's own page, and nobody else.

A server on this machine can be reached by every page that a browser has open, even by a foreign
name that was made to point here. So a request must name a host that is meant (`Host`), must not
come from another page (`Origin`), and needs a token where others can reach the machine.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlsplit

__all__ = ["Guard", "is_loopback"]

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("localhost", "127.0.0.1", "::1")
POLICY_VIOLATION = 1008  # of a websocket's close
ENTERED = b"""<!doctype html><meta charset="utf-8"><title>nudgegrad</title>
<meta http-equiv="refresh" content="0;url=/"><a href="/">nudgegrad</a>"""


def is_loopback(host: str) -> bool:
    """Tell whether only this machine itself can reach a server on `host`."""
    return _plain(host) in LOOPBACK or (_is_address(host) and _address(host).is_loopback)


class Guard:
    """An ASGI application in front of another, for HTTP and websockets.

    Parameters
    ----------
    app
        What is guarded.
    host, port
        Where the server listens. With a wildcard address such as 0.0.0.0, all addresses and this
        machine's name are allowed as hosts, since a foreign *name* is what must not lead here.
    token
        Asked of everybody, once as ``?token=…`` and then in a cookie; None asks nobody.
    """

    def __init__(self, app: App, *, host: str, port: int, token: str | None = None) -> None:
        self.app = app
        self._port = port
        self._any_address = _is_address(host) and _address(host).is_unspecified
        names = {*LOOPBACK, _plain(host)}
        if self._any_address:
            names.add(socket.gethostname().lower())
        self._names = frozenset(names)
        self._token = None if token is None else token.encode()
        # Cookies are shared by all ports of a host. The token itself is not kept in the browser.
        self._cookie = f"nudgegrad_{port}"
        self._pass = None if token is None else hashlib.sha256(token.encode()).hexdigest()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        fault = self._fault(headers)
        if fault is not None:
            await _refuse(scope, send, fault)
            return
        if self._pass is not None and not self._knows_pass(headers):
            if not self._knows_token(scope):
                await _refuse(
                    scope, send, "This server asks for its token: open its address with ?token=…"
                )
                return
            await self._enter(send)
            return

        async def send_with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_headers(headers)]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _fault(self, headers: list[tuple[bytes, str]]) -> str | None:
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        if len(hosts) != 1 or not self._is_meant(hosts[0]):
            return "This server does not answer to that host name."
        for origin in origins:
            parts = urlsplit(origin)
            same = parts.scheme in ("http", "https") and parts.netloc.lower() == hosts[0].lower()
            if not same:
                return "This server does not answer to other pages."
        return None

    def _is_meant(self, value: str) -> bool:
        try:
            parts = urlsplit(f"//{value}")
            name, port = parts.hostname, parts.port
        except ValueError:
            return False
        if not name or parts.path or parts.query or parts.fragment or "@" in value:
            return False
        if (80 if port is None else port) != self._port:
            return False
        return name in self._names or (self._any_address and _is_address(name))

    def _knows_pass(self, headers: list[tuple[bytes, str]]) -> bool:
        for name, value in headers:
            if name != b"cookie":
                continue
            try:
                cookie = SimpleCookie(value).get(self._cookie)
            except CookieError:
                continue
            if cookie is not None and self._pass is not None:
                return hmac.compare_digest(cookie.value.encode(), self._pass.encode())
        return False

    def _knows_token(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET" or self._token is None:
            return False
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        return any(hmac.compare_digest(t.encode(), self._token) for t in query.get("token", []))

    async def _enter(self, send: Send) -> None:
        """Set the cookie, and lead on to the page, so that the token leaves the address bar.

        Not by a redirection: one that began on another page would come without a strict cookie.
        """
        cookie = f"{self._cookie}={self._pass}; Path=/; HttpOnly; SameSite=Strict"
        extra = [(b"set-cookie", cookie.encode()), (b"cache-control", b"no-store")]
        await _answer(send, 200, b"text/html; charset=utf-8", ENTERED, extra)


def _headers(request: list[tuple[bytes, str]]) -> list[tuple[bytes, bytes]]:
    host = next(value for name, value in request if name == b"host")
    policy = (
        "default-src 'self'; "
        # Templates of the page are compiled in the browser, which takes both exceptions.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
        f"connect-src 'self' ws://{host} wss://{host}; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    )
    return [
        (b"content-security-policy", policy.encode("latin-1")),
        (b"x-content-type-options", b"nosniff"),
        (b"x-frame-options", b"DENY"),
        (b"referrer-policy", b"no-referrer"),
        (b"cross-origin-opener-policy", b"same-origin"),
        (b"cross-origin-resource-policy", b"same-origin"),
    ]


async def _refuse(scope: Scope, send: Send, fault: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": POLICY_VIOLATION, "reason": fault})
        return
    await _answer(send, 403, b"text/plain; charset=utf-8", fault.encode() + b"\n", [])


async def _answer(
    send: Send, status: int, kind: bytes, body: bytes, extra: list[tuple[bytes, bytes]]
) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"referrer-policy", b"no-referrer"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _plain(host: str) -> str:
    return host.strip("[]").lower()


def _is_address(host: str) -> bool:
    try:
        _address(host)
    except ValueError:
        return False
    return True


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    return ipaddress.ip_address(_plain(host))
