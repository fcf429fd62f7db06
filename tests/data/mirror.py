"""A server of files on this machine, which misbehaves on demand."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Mirror:
    """What it serves, how, and what it was asked for.

    Attributes
    ----------
    files
        Path → content.
    address
        Of the folder that holds them.
    breaks_after
        Hang up after so many bytes of an answer's body; None: never.
    ranges
        Whether parts can be asked for.
    wrong_range
        Whether parts begin elsewhere than asked.
    asked
        (path, the Range header or None) of each request.
    """

    files: dict[str, bytes] = field(default_factory=dict)
    address: str = ""
    breaks_after: int | None = None
    ranges: bool = True
    wrong_range: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list)


@contextmanager
def serve(mirror: Mirror) -> Iterator[Mirror]:
    """Serve on a free port of this machine until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            mirror.asked.append((self.path, wanted))
            content = mirror.files.get(self.path.removeprefix("/"))
            if content is None:
                self.send_error(404)
                return
            begin = 0
            if wanted and mirror.ranges:
                match = re.fullmatch(r"bytes=(\d+)-", wanted)
                assert match
                begin = int(match[1])
                if begin >= len(content):
                    self.send_error(416)
                    return
                begin -= mirror.wrong_range
                self.send_response(206)
                end = len(content) - 1
                self.send_header("Content-Range", f"bytes {begin}-{end}/{len(content)}")
            else:
                self.send_response(200)
            self.send_header("Content-Length", str(len(content) - begin))
            self.end_headers()
            end = len(content) if mirror.breaks_after is None else begin + mirror.breaks_after
            self.wfile.write(content[begin:end])

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    mirror.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield mirror
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
