"""Addresses that allow one thing until a moment: put this file, or get it.

What an object store's presigned URLs are to FlyteAdmin.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit


class Signer:
    """Signs and checks addresses with a key that lives as long as the server.

    Parameters
    ----------
    base_url
        Where the server listens, for example ``http://127.0.0.1:8080``.
    """

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._key = secrets.token_bytes(32)

    def sign(self, method: str, path: str, seconds: float) -> str:
        """Return an address that allows `method` on a blob's `path` for some seconds."""
        expires = str(int(time.time() + seconds))
        query = urlencode({"expires": expires, "signature": self._mac(method, path, expires)})
        return f"{self.base_url}/{quote(path)}?{query}"

    def allowed(self, method: str, target: str) -> str | None:
        """Return the path that a request's target names, None if its signature does not hold."""
        parts = urlsplit(target)
        query = parse_qs(parts.query)
        path = unquote(parts.path).removeprefix("/")
        expires = query.get("expires", ["0"])[0]
        signature = query.get("signature", [""])[0]
        if not expires.isdigit() or time.time() > int(expires):
            return None
        if not hmac.compare_digest(signature, self._mac(method, path, expires)):
            return None
        return path

    def _mac(self, method: str, path: str, expires: str) -> str:
        message = "\n".join((method, path, expires)).encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
