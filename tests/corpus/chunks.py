"""PNG by hand: what Pillow cannot write, and headers that promise what does not follow."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

#: The seven passes of Adam7: first column and row, steps (PNG specification, 8.2).
ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
COLOR_TYPES = {1: 0, 3: 2, 4: 6}  # by channels


def chunk(kind: bytes, body: bytes) -> bytes:
    """One chunk: length, kind, body, checksum."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int,
    height: int,
    depth: int,
    color: int,
    data: bytes,
    *,
    extra: bytes = b"",
    lace: int = 0,
) -> bytes:
    """A PNG of compressed data, whatever its header says of it."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, lace))
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def png_of(pixels: npt.NDArray[np.uint8], depth: int, *, interlaced: bool = False) -> bytes:
    """A PNG of 8 or 16 bits per channel, its rows unfiltered."""
    height, width, channels = pixels.shape
    values = pixels if depth == 8 else (pixels.astype(">u2") * 257).astype(">u2")
    passes = [values[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [values]
    rows = (b"\0" + row.tobytes() for part in passes if part.shape[1] for row in part)
    data = zlib.compress(b"".join(rows))
    return png(width, height, depth, COLOR_TYPES[channels], data, lace=int(interlaced))


def flat_png(width: int, height: int, depth: int, color: int, pixel: bytes) -> bytes:
    """A PNG as large as you like, of one colour, made in little memory."""
    row = b"\0" + pixel * width
    return png(width, height, depth, color, deflated(row for _ in range(height)))


def deflated(parts: Iterable[bytes]) -> bytes:
    """Compress what need not be in memory at once."""
    press = zlib.compressobj(1)
    return b"".join([*(press.compress(part) for part in parts), press.flush()])
