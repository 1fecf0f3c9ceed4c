"""Files that must be refused, each with a reason that a person understands."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import tifffile
from PIL import Image

from tests.corpus.case import PHOTO, Case, Either, Refused, Shows, encode
from tests.corpus.chunks import chunk, flat_png, png

DAMAGED = Refused("DamagedPictureError", "damaged or incomplete")
NARROW = "each side must"
SHARES = (0.03, 0.1, 0.25, 0.5, 0.75, 0.9, 0.97)
MEGAPIXEL = 1_000_000


def bad() -> Iterator[Case]:
    """All of them."""
    yield from _torn()
    yield from _foreign()
    yield from _unfit()
    yield from _bombs()


def large() -> Iterator[Case]:
    """Files just below the limit of pixels: dear, but to be shown."""
    navy = Image.new("RGB", (512, 507), (0, 0, 128))
    grey = Image.new("RGB", (512, 507), (128, 128, 128))
    size = (10_000, 9_900)
    half = np.full((507, 512), 128 / 255, np.float32)
    yield Case("99-megapixels.png", flat_png(*size, 8, 2, b"\0\0\x80"), Shows(navy))
    yield Case("99-megapixels-alpha.png", flat_png(*size, 8, 6, b"\0\0\x80\x80"), Shows(navy, half))
    yield Case("99-megapixels-16-bit.png", flat_png(*size, 16, 0, b"\x80\x80"), Shows(grey))
    yield Case(
        "99-megapixels.jpg", encode(Image.new("RGB", size, (0, 0, 128)), "JPEG"), Shows(navy)
    )


def _torn() -> Iterator[Case]:
    whole = {
        "jpg": encode(PHOTO, "JPEG", quality=95),
        "progressive.jpg": encode(PHOTO, "JPEG", quality=95, progressive=True),
        "png": encode(PHOTO, "PNG"),
        "webp": encode(PHOTO, "WEBP"),
        "gif": encode(PHOTO, "GIF"),
        "tif": encode(PHOTO, "TIFF", compression="tiff_lzw"),
        "bmp": encode(PHOTO, "BMP"),
        "avif": encode(PHOTO, "AVIF"),
    }
    for extension, data in whole.items():
        for share in SHARES:
            at = max(16, int(share * len(data)))
            yield Case(f"torn-at-{share:.0%}.{extension}", data[:at], DAMAGED)
    for extension, data in whole.items():
        hole = len(data) // 2
        holed = data[:hole] + bytes(64) + data[hole + 64 :]
        yield Case(f"hole.{extension}", holed, Either())


def _foreign() -> Iterator[Case]:
    def other(name: str, data: bytes, reason: str) -> Case:
        return Case(name, data, Refused("NotAPictureError", reason))

    yield Case("empty.jpg", b"", Refused("EmptyFileError", "the file is empty"))
    yield other("zeros.jpg", bytes(5000), "its content is unknown")
    yield other("letter.jpg", b"Dear photo,\nwish you were here.\n" * 9, "it is text")
    yield other("page.jpg", b"<!DOCTYPE html><title>404</title>", "it is a web page")
    svg = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><rect/></svg>'
    yield other("drawing.svg", svg, "it is an SVG drawing")
    yield other("drawing.eps", encode(PHOTO, "EPS"), "it is a PostScript file")
    yield other("drawing.pdf", encode(PHOTO, "PDF"), "it is a PDF document")
    yield other(
        "photo.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(99), "it is a HEIC photo"
    )
    yield other("film.mp4", b"\0\0\0\x20ftypisom\0\0\2\0isomiso2" + bytes(99), "it is a video")
    yield other("icon.ico", encode(PHOTO, "ICO"), "it is an icon")
    yield other("photo.jp2", encode(PHOTO, "JPEG2000"), "it is a JPEG 2000 picture")
    yield other("layers.psd", b"8BPS\0\1" + bytes(99), "it is a Photoshop file")
    yield other("photos.zip", b"PK\3\4" + bytes(99), "it is a ZIP archive")
    yield other("old.tga", encode(PHOTO, "TGA"), "its content is unknown")
    for name, pixels, options in (
        ("rgb-float.tif", np.asarray(PHOTO, np.float32) / 255, {"photometric": "rgb"}),
        ("half-float.tif", np.asarray(PHOTO.convert("L"), np.float16), {}),
        (
            "planes-16-bit.tif",
            np.moveaxis(np.asarray(PHOTO).astype(np.uint16), 2, 0),
            {"photometric": "rgb", "planarconfig": "separate"},
        ),
    ):
        file = io.BytesIO()
        tifffile.imwrite(file, pixels, **options)
        yield other(name, file.getvalue(), "this kind of TIFF cannot be read")


def _unfit() -> Iterator[Case]:
    for size in ((1, 1), (15, 300), (16, 5000), (5000, 40), (20_000, 40)):
        data = encode(Image.new("RGB", size, "navy"), "PNG")
        yield Case(f"{size[0]}x{size[1]}.png", data, Refused("PictureTooSmallError", NARROW))
    clear = encode(Image.new("RGBA", (32, 32)), "PNG")
    yield Case("clear.png", clear, Refused("TransparentPictureError", "completely transparent"))


def _bombs() -> Iterator[Case]:
    side = 30_000
    refused = Refused("PictureTooLargeError", "has 900 million pixels; the limit is 100 million")
    little = zlib.compress(bytes(1000))
    yield Case("bomb.png", png(side, side, 8, 2, little), refused)
    yield Case("bomb-one-bit.png", flat_png(side, side, 1, 0, b""), refused)
    yield Case("bomb.gif", _patched("GIF", 6, struct.pack("<HH", side, side)), refused)
    yield Case("bomb.bmp", _patched("BMP", 18, struct.pack("<ii", side, side)), refused)
    jpeg = encode(PHOTO, "JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    patched = jpeg[:frame] + struct.pack(">HH", side, side) + jpeg[frame + 4 :]
    yield Case("bomb.jpg", patched, refused)
    yield Case(
        "12000x10000.png",
        png(12_000, 10_000, 8, 2, little),
        Refused("PictureTooLargeError", "has 120 million pixels"),
    )
    # A picture of a postcard whose profile or caption unpacks to 200 MB.
    much = zlib.compress(bytes(200 * MEGAPIXEL), 9)
    small = zlib.compress((b"\0" + b"\0\0\x80" * 32) * 32)
    for kind, body in ((b"iCCP", b"p\0\0" + much), (b"zTXt", b"Comment\0\0" + much)):
        data = png(32, 32, 8, 2, small, extra=chunk(kind, body))
        yield Case(f"bomb-in-{kind.decode()}.png", data, Either())


def _patched(kind: str, offset: int, content: bytes) -> bytes:
    data = encode(PHOTO, kind)
    return data[:offset] + content + data[offset + len(content) :]
