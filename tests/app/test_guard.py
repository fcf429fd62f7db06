"""Who may talk to the server."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from nudgegrad.app.guard import Guard, is_loopback

HOME = "127.0.0.1:8080"
Message = MutableMapping[str, Any]


async def application(scope: Message, _receive: Any, send: Any) -> None:
    """Answer 200, or accept."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"in"})
    else:
        await send({"type": f"{scope['type']}.accept"})


def ask(
    guard: Guard, kind: str = "http", method: str = "GET", query: str = "", **headers: str
) -> list[Message]:
    """Send a request, and return what comes back; Host is `HOME` unless told."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError("nothing to receive")

    told = {"host": HOME, **headers}
    scope = {
        "type": kind,
        "method": method,
        "path": "/",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in told.items()],
    }
    asyncio.run(guard(scope, receive, send))
    return sent


def passed(messages: list[Message]) -> bool:
    """Tell whether the application answered."""
    first = messages[0]
    return bool(first.get("status", 200) == 200 and first["type"] != "websocket.close")


def make_guard(host: str = "127.0.0.1", token: str | None = None) -> Guard:
    return Guard(application, host=host, port=8080, token=token)


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    ("host", "fine"),
    [
        ("127.0.0.1:8080", True),
        ("localhost:8080", True),
        ("LOCALHOST:8080", True),
        ("[::1]:8080", True),
        ("127.0.0.1:8081", False),
        ("127.0.0.1", False),
        ("evil.example:8080", False),
        ("127.0.0.1.evil.example:8080", False),
        ("evil@127.0.0.1:8080", False),
        ("192.0.2.1:8080", False),
        ("127.0.0.1:x", False),
        ("[::1:8080", False),
        ("", False),
    ],
)
def test_hosts(kind: str, host: str, fine: bool) -> None:
    messages = ask(make_guard(), kind, host=host)
    assert passed(messages) is fine
    if not fine and kind == "http":
        assert messages[0]["status"] == 403
        assert b"does not answer to that host name" in messages[1]["body"]


@pytest.mark.parametrize(
    ("listening", "host", "fine"),
    [
        ("192.0.2.1", "192.0.2.1:8080", True),
        ("192.0.2.1", "192.0.2.2:8080", False),
        ("box.example", "box.example:8080", True),
        ("0.0.0.0", "192.0.2.2:8080", True),
        ("::", "[2001:db8::1]:8080", True),
        ("0.0.0.0", "evil.example:8080", False),
    ],
)
def test_the_chosen_host_is_meant(listening: str, host: str, fine: bool) -> None:
    assert passed(ask(make_guard(listening), host=host)) is fine


def test_two_hosts_are_refused() -> None:
    async def run() -> list[Message]:
        sent: list[Message] = []

        async def send(message: Message) -> None:
            sent.append(message)

        headers = [(b"host", HOME.encode()), (b"host", b"evil.example")]
        await make_guard()({"type": "http", "headers": headers}, None, send)  # type: ignore[arg-type]
        return sent

    assert not passed(asyncio.run(run()))


@pytest.mark.parametrize(("kind", "method"), [("http", "GET"), ("http", "POST"), ("websocket", "")])
@pytest.mark.parametrize(
    ("origin", "fine"),
    [
        (f"http://{HOME}", True),
        (f"https://{HOME}", True),
        ("http://evil.example", False),
        ("http://127.0.0.1:8081", False),
        ("http://localhost:8080", False),
        ("null", False),
        (f"file://{HOME}", False),
        ("", False),
    ],
)
def test_origins(kind: str, method: str, origin: str, fine: bool) -> None:
    assert passed(ask(make_guard(), kind, method, origin=origin)) is fine


def test_a_lifespan_passes() -> None:
    assert ask(make_guard(token="secret"), "lifespan") == [{"type": "lifespan.accept"}]


def test_headers_of_an_answer() -> None:
    headers = dict(ask(make_guard())[0]["headers"])
    assert headers[b"x-content-type-options"] == b"nosniff"
    assert b"frame-ancestors 'none'" in headers[b"content-security-policy"]
    assert b"default-src 'self'" in headers[b"content-security-policy"]


@pytest.mark.parametrize("token", ["secret", "秘密 &;="])
def test_a_token_is_asked_once_and_then_kept_in_a_cookie(token: str) -> None:
    from urllib.parse import urlencode

    guard = make_guard(token=token)
    for query in ("", urlencode({"token": "wrong"}), "token="):
        assert ask(guard, query=query)[0]["status"] == 403
    assert not passed(ask(guard, "websocket", query=urlencode({"token": token})))
    assert not passed(ask(guard, method="POST", query=urlencode({"token": token})))
    start, body = ask(guard, query=urlencode({"token": token}))
    headers = dict(start["headers"])
    cookie, *attributes = headers[b"set-cookie"].decode().split("; ")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} == set(attributes)
    assert token not in cookie
    assert body["body"] != b"in"  # it leads on, without the token in the address
    for kind in ("http", "websocket"):
        assert passed(ask(guard, kind, cookie=f"other=1; {cookie}"))
        assert not passed(ask(guard, kind, cookie=cookie[:-1]))
        assert not passed(ask(guard, kind, cookie=cookie, origin="http://evil.example"))


@pytest.mark.parametrize(
    ("host", "answer"),
    [
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("localhost", True),
        ("::1", True),
        ("[::1]", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.2", False),
        ("box.example", False),
    ],
)
def test_loopback(host: str, answer: bool) -> None:
    assert is_loopback(host) is answer
