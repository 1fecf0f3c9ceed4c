"""The blob store's HTTP side: signed uploads and downloads."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, cast

from local.flyte.api.signed_urls import Signer

if TYPE_CHECKING:
    from pathlib import Path

_CHUNK = 1 << 20
_POLL_SECONDS = 0.05  # how soon `stop` is noticed


class BlobServer(ThreadingHTTPServer):
    """Serves the files below a folder to whoever has a signed address.

    Parameters
    ----------
    folder
        Where blobs lie.
    host
        The address to listen on; the port is any free one.
    """

    def __init__(self, folder: Path, host: str) -> None:
        super().__init__((host, 0), _BlobRequest)
        self.folder = folder
        self.url = f"http://{host}:{self.server_address[1]}"
        self.signer = Signer(self.url)
        self._thread = Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), name="blobs", daemon=True
        )

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering."""
        self.shutdown()
        self.server_close()
        self._thread.join()


class _BlobRequest(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - inherited
        """Say nothing: the callers log what they do."""

    def do_GET(self) -> None:
        """Send a file (``/healthcheck``, as flyteadmin has it: an empty answer)."""
        if self.path == "/healthcheck":
            self._answer(HTTPStatus.OK)
            return
        path = self._allowed()
        if path is None:
            return
        if not path.is_file():
            self._answer(HTTPStatus.NOT_FOUND, f"no such blob: {path.name}")
            return
        with path.open("rb") as file:
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.end_headers()
            shutil.copyfileobj(file, self.wfile)

    def do_PUT(self) -> None:
        """Receive a file; it appears whole, and only if its MD5 is the announced one."""
        path = self._allowed()
        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        digest = hashlib.md5(usedforsecurity=False)
        left = int(self.headers.get("Content-Length") or 0)
        with draft.open("wb") as file:
            while left > 0 and (chunk := self.rfile.read(min(left, _CHUNK))):
                digest.update(chunk)
                file.write(chunk)
                left -= len(chunk)
        announced = self.headers.get("Content-MD5")
        if left or announced not in (None, base64.b64encode(digest.digest()).decode()):
            draft.unlink()
            self._answer(HTTPStatus.BAD_REQUEST, "the content does not match its MD5")
            return
        draft.replace(path)
        self._answer(HTTPStatus.OK)

    def _allowed(self) -> Path | None:
        blobs = cast("BlobServer", self.server)
        path = blobs.signer.allowed(self.command, self.path)
        if path is None:
            # The body is not read: the connection cannot be used again.
            self.close_connection = True
            self._answer(HTTPStatus.FORBIDDEN, "the signature does not hold, or no longer")
            return None
        return blobs.folder / path

    def _answer(self, status: HTTPStatus, text: str = "") -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
