"""The server of the page: a socket, the guard, NiceGUI, and an orderly end."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

import uvicorn
from fastapi import FastAPI
from nicegui import ui

from nudgegrad.app.guard import Guard
from nudgegrad.app.page import add_page
from nudgegrad.app.session import Session
from nudgegrad.files import FileError

__all__ = ["PortError", "address", "bind", "serve"]

FAREWELL_SECONDS = 2


class PortError(OSError):
    """The server cannot listen there; the message says what to do."""


def address(host: str, port: int, token: str | None = None) -> str:
    """Return what to open in a browser."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}/" + (f"?token={quote(token, safe='')}" if token else "")


def bind(host: str, port: int) -> socket.socket:
    """Return a socket that is bound there.

    Raises
    ------
    PortError
        If the port is taken, or the host is none of this machine's.
    """
    plain = host.strip("[]")
    family = socket.AF_INET6 if ":" in plain else socket.AF_INET
    made = socket.socket(family)
    if os.name == "posix":  # elsewhere it would let two servers share a port
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((plain, port))
        made.listen(128)
    except OSError as error:
        made.close()
        raise PortError(
            f"cannot listen on {host}, port {port} ({error.strerror}); choose another port, "
            f"such as --port {port + 1}"
        ) from error
    return made


def serve(
    bound: socket.socket, session: Session, *, host: str, token: str | None = None,
    show: bool = False,
) -> None:  # fmt: skip
    """Serve the page until a signal ends it; then all trainings are ended and saved.

    Parameters
    ----------
    bound
        What `bind` returned.
    session
    host, token
        As for `Guard`.
    show
        Whether to open a browser.
    """
    port = bound.getsockname()[1]

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        # The data take a moment to read, which the first page need not wait for.
        reading = asyncio.get_running_loop().run_in_executor(None, _read_data, session)
        if show:
            url = address(host, port, token)
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()
        yield
        await reading

    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan)
    add_page(session)
    ui.run_with(app, title="nudgegrad", dark=None, show_welcome_message=False)
    config = uvicorn.Config(
        Guard(app, host=host, port=port, token=token),
        log_level="warning",
        ws="wsproto",
        lifespan="on",
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=FAREWELL_SECONDS,
    )
    from nudgegrad.gradient.kernels.threads import one_blas_thread

    try:
        with one_blas_thread():  # trainings beside it need the cores, and products here are small
            uvicorn.Server(config).run(sockets=[bound])
    finally:
        session.close()


def _read_data(session: Session) -> None:
    with suppress(FileError, ValueError, OSError):  # the page tells when it is asked for them
        session.data.features  # noqa: B018  # what counts is that it has been read
