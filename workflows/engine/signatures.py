"""Say what a file is that nst cannot read, so that a person knows what to do about it."""

from __future__ import annotations

from typing import Final

#: (offset, bytes, what it is)
_SIGNATURES: Final = (
    (4, b"ftyphei", "it is a HEIC photo"),
    (4, b"ftypmif1", "it is a HEIF photo"),
    (4, b"ftypcrx", "it is a camera's raw file"),
    (4, b"ftyp", "it is a video"),
    (0, b"%PDF", "it is a PDF document"),
    (0, b"%!PS", "it is a PostScript file"),
    (0, b"\xc5\xd0\xd3\xc6", "it is an EPS file"),
    (0, b"8BPS", "it is a Photoshop file"),
    (0, b"PK\x03\x04", "it is a ZIP archive or an office document"),
    (0, b"\x1f\x8b", "it is a compressed archive"),
    (0, b"\x00\x00\x00\x0cjP", "it is a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "it is a JPEG 2000 picture"),
    (0, b"\xff\x0a", "it is a JPEG XL picture"),
    (0, b"\x00\x00\x00\x0cJXL", "it is a JPEG XL picture"),
    (0, b"\x00\x00\x01\x00", "it is an icon"),
)

#: The formats that are read, see `workflows.engine.opening.FORMATS`.
_READABLE: Final = (
    (0, b"\xff\xd8\xff"),
    (0, b"\x89PNG"),
    (8, b"WEBP"),
    (0, b"GIF8"),
    (0, b"II*\x00"),
    (0, b"MM\x00*"),
    (0, b"II+\x00"),  # BigTIFF
    (0, b"MM\x00+"),
    (0, b"BM"),
    (4, b"ftypavi"),
)

# Enough to see a root element behind an XML declaration and a comment.
_HEAD: Final = 1024


def starts_readable(data: bytes) -> bool:
    """Tell whether a file begins like one of a format that nst reads, whatever follows."""
    return any(data[at : at + len(mark)] == mark for at, mark in _READABLE)


def describe(data: bytes) -> str:
    """Name a file by its first bytes.

    Parameters
    ----------
    data
        The file, not empty.

    Returns
    -------
    str
        A clause such as "it is a PDF document", "it is text" or "its content is unknown".
    """
    for offset, signature, name in _SIGNATURES:
        if data[offset : offset + len(signature)] == signature:
            return name
    head = data[:_HEAD]
    if b"<svg" in head:
        return "it is an SVG drawing"
    if b"<html" in head.lower() or b"<!doctype html" in head.lower():
        return "it is a web page"
    if _is_text(head):
        return "it is text"
    return "its content is unknown"


def _is_text(head: bytes) -> bool:
    if b"\x00" in head:
        return False
    # "ignore" forgives a character that the cut has split.
    text = head.decode("utf-8", "ignore")
    return len(text.encode()) > 0.9 * len(head) and all(
        character.isprintable() or character.isspace() for character in text
    )
