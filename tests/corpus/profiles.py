"""ICC profiles made from numbers: a wide gamut, and a printer with inks of its own."""

from __future__ import annotations

import itertools
import struct

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageCms

Array = npt.NDArray[np.float64]

#: Colorants under D50, as in the profiles of sRGB (IEC 61966-2-1) and of Adobe RGB (1998).
SRGB = np.array([[0.4361, 0.3851, 0.1431], [0.2225, 0.7169, 0.0606], [0.0139, 0.0971, 0.7141]])
WIDE = np.array([[0.6097, 0.2053, 0.1492], [0.3111, 0.6257, 0.0632], [0.0195, 0.0609, 0.7446]])
D50 = np.array([0.9642, 1.0, 0.8249])

#: Light that is left by one layer of cyan, magenta, yellow and black ink: no ink is pure.
INKS = np.array([[0.05, 0.60, 0.85], [0.85, 0.10, 0.50], [0.98, 0.90, 0.10], [0.15, 0.13, 0.12]])

#: All 16 ways to print or not to print each ink.
OVERPRINTS = np.array(list(itertools.product((0, 1), repeat=4)))


def srgb() -> bytes:
    """The usual profile."""
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def wide_gamut() -> bytes:
    """A profile with sRGB's curve and Adobe RGB's colorants."""
    profile = bytearray(srgb())
    for column, tag in enumerate((b"rXYZ", b"gXYZ", b"bXYZ")):
        entry = profile.index(tag)  # signature, offset, size
        (offset,) = struct.unpack_from(">I", profile, entry + 4)
        profile[offset + 8 : offset + 20] = _fixed(WIDE[:, column])
    return bytes(profile)


def in_wide_gamut(image: Image.Image) -> Image.Image:
    """The numbers that mean the same colours under `wide_gamut`."""
    light = _linear(np.asarray(image, np.float64) / 255)
    wide = light @ SRGB.T @ np.linalg.inv(WIDE).T
    return Image.fromarray(np.rint(255 * _encoded(np.clip(wide, 0, 1))).astype(np.uint8))


def printer() -> bytes:
    """A CMYK profile: a table of what all 16 overprints look like."""
    lab = _lab(overprint_colors())
    table = np.rint(lab * [2.55, 1, 1] + [0, 128, 128]).clip(0, 255).astype(np.uint8)
    ramp = bytes(range(256))
    identity = _fixed(np.eye(3).ravel())
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + 4 * ramp + table.tobytes() + 3 * ramp
    name = b"inks of a test\0"
    described = b"desc\0\0\0\0" + struct.pack(">I", len(name)) + name + bytes(78)
    tags = {
        b"desc": described,
        b"cprt": b"text\0\0\0\0nobody\0",
        b"wtpt": b"XYZ \0\0\0\0" + _fixed(D50),
        b"A2B0": lut,
    }
    directory, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        directory += tag + struct.pack(">II", start + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    kinds = (b"prtr", b"CMYK", b"Lab ")
    header = struct.pack(">I4sI4s4s4s", start + len(body), b"lcms", 0x02400000, *kinds)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp"
    header = header.ljust(68, b"\0") + _fixed(D50)
    return header.ljust(128, b"\0") + directory + body


def overprints() -> Image.Image:
    """Patches of all overprints, as ink."""
    return Image.fromarray(_patches(255 * OVERPRINTS).astype(np.uint8), "CMYK")


def overprints_seen() -> Image.Image:
    """The same patches, as they look."""
    return Image.fromarray(np.rint(255 * _patches(overprint_colors())).astype(np.uint8))


def overprint_colors() -> Array:
    """sRGB of each overprint: what all its inks let through."""
    return np.where(OVERPRINTS[:, :, None] == 1, INKS, 1.0).prod(axis=1)


def _patches(values: Array) -> Array:
    grid = values.reshape(4, 4, -1)
    return grid.repeat(16, axis=0).repeat(16, axis=1)


def _linear(values: Array) -> Array:
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def _encoded(light: Array) -> Array:
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def _lab(colors: Array) -> Array:
    ratio = _linear(colors) @ SRGB.T / D50
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


def _fixed(values: Array) -> bytes:
    """s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(65536 * float(value))) for value in values)
