"""Who vouches for MiniStack: a container's image has to trust it before MiniStack is started."""

from __future__ import annotations

from pathlib import Path

import trustme


def authority(folder: Path) -> trustme.CA:
    """Return the certificate authority kept in a folder; it is made once, ``ca.pem`` and its key.

    Base images carry its certificate: another one would mean to build everything anew.
    """
    certificate, key = folder / "ca.pem", folder / "ca.key"
    if certificate.exists():
        return trustme.CA.from_pem(certificate.read_bytes(), key.read_bytes())
    made = trustme.CA()
    folder.mkdir(parents=True, exist_ok=True)
    key.touch(mode=0o600)
    made.private_key_pem.write_to_path(key)
    made.cert_pem.write_to_path(certificate)
    return made
