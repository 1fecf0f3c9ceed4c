"""Files that must be shown: every kind, every mode, upright and in their colours."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import tifffile
from PIL import Image, ImageChops, ImageCms

from tests.corpus import profiles
from tests.corpus.case import GREY, LOSSY, PHOTO, Case, Shows, alpha_of, encode, see_through
from tests.corpus.chunks import png_of

#: How a camera that is held so stores a picture; the value says how to turn it back.
STORED_BY = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATION = 0x0112
WHITE = 65535


def good() -> Iterator[Case]:
    """All of them."""
    yield from _formats()
    yield from _orientations()
    yield from _transparent()
    yield from _profiled()
    yield from _tiffs()
    yield from _sized()


def _formats() -> Iterator[Case]:
    palette = PHOTO.quantize(64)
    lossy = Shows(PHOTO, tolerance=LOSSY)
    yield Case("plain.jpg", encode(PHOTO, "JPEG", quality=95), lossy)
    yield Case("progressive.jpg", encode(PHOTO, "JPEG", quality=95, progressive=True), lossy)
    yield Case("grey.jpg", encode(GREY, "JPEG", quality=95), Shows(GREY, tolerance=LOSSY))
    yield Case("two-photos.mpo", encode(PHOTO, "MPO", save_all=True, append_images=[GREY]), lossy)
    yield Case("trailing-bytes.jpg", encode(PHOTO, "JPEG", quality=95) + b"more" * 99, lossy)
    yield Case("plain.png", encode(PHOTO, "PNG"), Shows(PHOTO))
    yield Case("palette.png", encode(palette, "PNG"), Shows(palette))
    yield Case(
        "four-colours.png", encode(PHOTO.quantize(4), "PNG", bits=2), Shows(PHOTO.quantize(4))
    )
    yield Case("one-bit.png", encode(PHOTO.convert("1"), "PNG"), Shows(PHOTO.convert("1")))
    yield Case("grey.png", encode(GREY, "PNG"), Shows(GREY))
    yield Case("grey-16-bit.png", encode(_wide(GREY), "PNG"), Shows(GREY))
    yield Case("rgb-16-bit.png", png_of(np.asarray(PHOTO), 16), Shows(PHOTO))
    yield Case("interlaced.png", png_of(np.asarray(PHOTO), 8, interlaced=True), Shows(PHOTO))
    yield Case("lossy.webp", encode(PHOTO, "WEBP", quality=95), lossy)
    yield Case("lossless.webp", encode(PHOTO, "WEBP", lossless=True), Shows(PHOTO))
    yield Case("plain.avif", encode(PHOTO, "AVIF", quality=90), lossy)
    yield Case("plain.gif", encode(palette, "GIF"), Shows(palette))
    yield Case("interlaced.gif", encode(palette, "GIF", interlace=1), Shows(palette))
    yield Case("plain.bmp", encode(PHOTO, "BMP"), Shows(PHOTO))
    yield Case("palette.bmp", encode(palette, "BMP"), Shows(palette))
    yield Case("one-bit.bmp", encode(PHOTO.convert("1"), "BMP"), Shows(PHOTO.convert("1")))
    yield Case("really-a-jpeg.png", encode(PHOTO, "JPEG", quality=95), lossy)
    yield Case("really-a-png.jpg", encode(PHOTO, "PNG"), Shows(PHOTO))
    frames = {"save_all": True, "append_images": [Image.new("RGB", PHOTO.size, "red")] * 3}
    animated = encode(PHOTO, "WEBP", lossless=True, **frames)
    yield Case("animated.webp", animated, Shows(PHOTO))
    yield Case("animated.gif", encode(PHOTO, "GIF", **frames), Shows(PHOTO, tolerance=0.06))
    yield Case("animated.png", encode(PHOTO, "PNG", **frames), Shows(PHOTO))


def _orientations() -> Iterator[Case]:
    for kind, extension in (("JPEG", "jpg"), ("TIFF", "tif"), ("AVIF", "avif"), ("WEBP", "webp")):
        for orientation, stored_by in STORED_BY.items():
            exif = Image.Exif()
            exif[ORIENTATION] = orientation
            stored = PHOTO if stored_by is None else PHOTO.transpose(stored_by)
            data = encode(stored, kind, exif=exif, quality=95)
            yield Case(f"held-{orientation}.{extension}", data, Shows(PHOTO, tolerance=LOSSY))
    for name, exif in (
        ("no-such", b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0\0\0\0\0"),
        ("in-words", b"II*\0\x08\0\0\0\x01\0\x12\x01\x02\0\x04\0\0\0six\0\0\0\0\0"),
        ("loop", b"II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0"),
        ("garbage", b"nothing that anybody wrote"),
    ):
        data = encode(PHOTO, "JPEG", exif=b"Exif\0\0" + exif, quality=95)
        yield Case(f"orientation-{name}.jpg", data, Shows(PHOTO, tolerance=LOSSY))


def _transparent() -> Iterator[Case]:
    faded = see_through()
    alpha = alpha_of(faded)
    grey = Image.merge("LA", [GREY, faded.getchannel("A")])
    yield Case("alpha.png", encode(faded, "PNG"), Shows(PHOTO, alpha))
    yield Case("alpha-grey.png", encode(grey, "PNG"), Shows(GREY, alpha))
    yield Case("alpha-16-bit.png", png_of(np.asarray(faded), 16), Shows(PHOTO, alpha))
    yield Case("alpha.webp", encode(faded, "WEBP", lossless=True), Shows(PHOTO, alpha))
    yield Case("alpha.avif", encode(faded, "AVIF", quality=95), Shows(PHOTO, alpha, LOSSY))
    yield Case("alpha.tif", encode(faded, "TIFF"), Shows(PHOTO, alpha))
    palette = PHOTO.quantize(64)
    fading = bytes(range(255, 255 - 64, -1))
    hidden = np.array(list(fading), np.float32)[np.asarray(palette)] / 255
    yield Case(
        "alpha-palette.png", encode(palette, "PNG", transparency=fading), Shows(palette, hidden)
    )
    black = np.asarray(GREY) > 0
    shown = black.astype(np.float32)
    # What is hidden takes the mean of what is not, so only this much can be said of colours.
    loose = 0.5
    for name, image in (("", GREY), ("-16-bit", _wide(GREY))):
        data = encode(image, "PNG", transparency=0)
        yield Case(f"black-is-clear{name}.png", data, Shows(GREY, shown, loose))
    yield Case("opaque-alpha.png", encode(PHOTO.convert("RGBA"), "PNG"), Shows(PHOTO))


def _profiled() -> Iterator[Case]:
    wide = profiles.in_wide_gamut(PHOTO)
    with_wide = {"icc_profile": profiles.wide_gamut()}
    yield Case("wide-gamut.png", encode(wide, "PNG", **with_wide), Shows(PHOTO, tolerance=0.01))
    data = encode(wide, "JPEG", quality=95, subsampling=0, **with_wide)
    yield Case("wide-gamut.jpg", data, Shows(PHOTO, tolerance=LOSSY))
    data = encode(PHOTO, "PNG", icc_profile=b"no profile")
    yield Case("broken-profile.png", data, Shows(PHOTO))
    data = encode(PHOTO, "PNG", icc_profile=profiles.wide_gamut()[:-200])
    yield Case("torn-profile.png", data, Shows(PHOTO, tolerance=0.1))
    data = encode(GREY, "PNG", icc_profile=profiles.srgb())
    yield Case("profile-of-another-mode.png", data, Shows(GREY))
    cmyk = PHOTO.convert("CMYK")
    inverted = encode(cmyk, "JPEG", quality=95)
    yield Case("cmyk-adobe.jpg", inverted, Shows(PHOTO, tolerance=LOSSY))
    plain = _without_adobe(encode(ImageChops.invert(cmyk), "JPEG", quality=95))
    yield Case("cmyk-not-adobe.jpg", plain, Shows(PHOTO, tolerance=LOSSY))
    yield Case("cmyk.tif", encode(cmyk, "TIFF"), Shows(PHOTO))
    inks, seen = profiles.overprints(), Shows(profiles.overprints_seen(), tolerance=LOSSY)
    with_inks = {"icc_profile": profiles.printer(), "quality": 95}
    yield Case("cmyk-profile.jpg", encode(inks, "JPEG", **with_inks), seen)
    yield Case("cmyk-profile.tif", encode(inks, "TIFF", **with_inks), seen)
    lab = ImageCms.profileToProfile(
        PHOTO, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    yield Case("lab.tif", encode(lab, "TIFF"), Shows(PHOTO, tolerance=LOSSY))


def _tiffs() -> Iterator[Case]:
    rgb, grey = np.asarray(PHOTO), np.asarray(GREY)
    deep, deep_grey = rgb.astype(np.uint16) * 257, grey.astype(np.uint16) * 257
    color, plain = {"photometric": "rgb"}, {"photometric": "minisblack"}
    yield Case("rgb-16-bit.tif", _tiff(deep, **color), Shows(PHOTO))
    yield Case("rgb-16-bit-motorola.tif", _tiff(deep, **color, byteorder=">"), Shows(PHOTO))
    yield Case("grey-16-bit.tif", _tiff(deep_grey, **plain), Shows(GREY))
    white_is_zero = _tiff(WHITE - deep_grey, photometric="miniswhite")
    yield Case("grey-16-bit-white-is-zero.tif", white_is_zero, Shows(GREY))
    yield Case("grey-32-bit.tif", _tiff(grey.astype(np.uint32) * 0x01010101, **plain), Shows(GREY))
    yield Case("grey-in-32-bits.tif", _tiff(grey.astype(np.int32), **plain), Shows(GREY))
    for white in (1.0, 255.0, 65535.0):
        data = _tiff(grey.astype(np.float32) / 255 * np.float32(white), **plain)
        yield Case(f"float-{white:g}.tif", data, Shows(GREY))
    holes = grey.astype(np.float32) / 255
    holes[0, :2] = np.nan, np.inf
    yield Case("float-with-holes.tif", _tiff(holes, **plain), Shows(GREY, tolerance=0.01))
    yield Case("big.tif", _tiff(rgb, **color, bigtiff=True), Shows(PHOTO))
    yield Case("tiles.tif", _tiff(rgb, **color, tile=(16, 16)), Shows(PHOTO))
    planes = np.moveaxis(rgb, 2, 0)
    yield Case("planes.tif", _tiff(planes, **color, planarconfig="separate"), Shows(PHOTO))
    yield Case("pages.tif", _tiff(np.stack([rgb, 255 - rgb]), **color), Shows(PHOTO))
    one_bit = PHOTO.convert("1")
    yield Case("fax.tif", encode(one_bit, "TIFF", compression="group4"), Shows(one_bit))
    for name in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd"):
        yield Case(f"{name}.tif", encode(PHOTO, "TIFF", compression=name), Shows(PHOTO))
    data = encode(PHOTO.convert("YCbCr"), "TIFF", compression="jpeg", quality=95)
    yield Case("jpeg-inside.tif", data, Shows(PHOTO, tolerance=LOSSY))


def _sized() -> Iterator[Case]:
    small = PHOTO.resize((16, 16))
    yield Case("16x16.png", encode(small, "PNG"), Shows(small))
    large = PHOTO.resize((3000, 2000), Image.Resampling.BICUBIC)
    seen = Shows(large.resize((512, 341), Image.Resampling.LANCZOS), tolerance=LOSSY)
    yield Case("3000x2000.jpg", encode(large, "JPEG", quality=95), seen)
    strip = PHOTO.resize((9000, 300), Image.Resampling.BICUBIC)
    seen = Shows(strip.resize((512, 17), Image.Resampling.LANCZOS), tolerance=LOSSY)
    yield Case("9000x300.jpg", encode(strip, "JPEG", quality=95), seen)


def _wide(image: Image.Image) -> Image.Image:
    return Image.fromarray(np.asarray(image).astype(np.uint16) * 257)


def _tiff(pixels: npt.NDArray[np.generic], **options: object) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **options)  # type: ignore[arg-type]
    return file.getvalue()


def _without_adobe(jpeg: bytes) -> bytes:
    start = jpeg.index(b"\xff\xee")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]
