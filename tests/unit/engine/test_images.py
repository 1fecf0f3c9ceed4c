"""Any picture that people upload ends as upright sRGB, or in a reason they understand."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from tests.unit.engine.conftest import landscape
from workflows.engine.arrays import Pixels
from workflows.engine.images import (
    DamagedPictureError,
    EmptyFileError,
    NotAPictureError,
    PictureError,
    PictureTooLargeError,
    PictureTooSmallError,
    TransparentPictureError,
    read_picture,
    read_style,
)

PHOTO = Image.fromarray((landscape(48, 64) * 255).astype(np.uint8))


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)  # type: ignore[arg-type]
    return file.getvalue()


def assert_shows(pixels: Pixels, image: Image.Image, tolerance: float = 0.02) -> None:
    expected = np.asarray(image.convert("RGB"), np.float32) / 255
    assert pixels.shape == expected.shape
    assert pixels.dtype == np.float32
    assert np.abs(pixels - expected).mean() < tolerance


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP", "AVIF", "MPO"])
def test_every_format_shows_the_same_picture(kind: str) -> None:
    picture = read_picture(encode(PHOTO, kind), longest_side=512)
    assert_shows(picture.pixels, PHOTO)
    assert picture.alpha is None
    assert (picture.width, picture.height) == (64, 48)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"),
        ("L", "PNG"),
        ("P", "GIF"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
        ("YCbCr", "TIFF"),
    ],
)
def test_every_mode_becomes_rgb(mode: str, kind: str) -> None:
    image = PHOTO.convert(mode)
    assert_shows(read_picture(encode(image, kind), longest_side=512).pixels, image)


def test_lab_is_converted_through_its_own_profile() -> None:
    lab = ImageCms.profileToProfile(
        PHOTO, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    assert lab is not None
    assert_shows(read_picture(encode(lab, "TIFF"), longest_side=512).pixels, PHOTO)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_greys(kind: str) -> None:
    grey = np.asarray(PHOTO.convert("L"))
    wide = Image.fromarray(grey.astype(np.uint16) * 257)
    assert_shows(read_picture(encode(wide, kind), longest_side=512).pixels, Image.fromarray(grey))


@pytest.mark.parametrize("white", [1.0, 255.0, 65535.0, 1e9])
def test_floats_of_any_usual_range_keep_their_greys(white: float) -> None:
    grey = landscape(48, 64)[:, :, 0] / landscape(48, 64)[:, :, 0].max()
    grey[0, 0] = np.nan
    data = encode(Image.fromarray(grey * np.float32(white)), "TIFF")
    expected = Image.fromarray((np.nan_to_num(grey) * 255).astype(np.uint8))
    assert_shows(read_picture(data, longest_side=512).pixels, expected)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_every_exif_orientation_ends_upright(orientation: int, kind: str) -> None:
    # GIVEN the photo stored as a camera held that way would
    stored_by = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = PHOTO.transpose(stored_by[orientation]) if orientation in stored_by else PHOTO
    exif = Image.Exif()
    exif[0x0112] = orientation
    # WHEN / THEN
    picture = read_picture(encode(stored, kind, exif=exif), longest_side=512)
    assert_shows(picture.pixels, PHOTO)


def test_a_profile_is_honoured_and_a_broken_one_ignored() -> None:
    # GIVEN red and green swapped, and a profile that says so
    swapped = Image.merge("RGB", [PHOTO.getchannel(name) for name in "GRB"])
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    for tag, other in ((b"rXYZ", b"gXYZ"),):
        red, green = profile.index(tag), profile.index(other)
        profile[red : red + 4], profile[green : green + 4] = other, tag
    # WHEN / THEN
    managed = read_picture(encode(swapped, "PNG", icc_profile=bytes(profile)), longest_side=512)
    assert_shows(managed.pixels, PHOTO)
    broken = read_picture(encode(PHOTO, "PNG", icc_profile=b"no profile"), longest_side=512)
    assert_shows(broken.pixels, PHOTO)


def test_a_profile_for_another_mode_is_ignored() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    grey = PHOTO.convert("L")
    assert_shows(read_picture(encode(grey, "PNG", icc_profile=srgb), longest_side=512).pixels, grey)


def half_transparent() -> Image.Image:
    image = PHOTO.convert("RGBA")
    image.paste((0, 255, 0, 0), (0, 0, 32, 48))
    return image


@pytest.mark.parametrize(
    ("mode", "kind"), [("RGBA", "PNG"), ("RGBA", "WEBP"), ("LA", "PNG"), ("P", "PNG")]
)
def test_alpha_is_kept(mode: str, kind: str) -> None:
    image = half_transparent()
    image = image.quantize(255) if mode == "P" else image.convert(mode)
    alpha = read_picture(encode(image, kind), longest_side=512).alpha
    assert alpha is not None
    assert alpha.shape == (48, 64)
    assert alpha[:, :32].max() == 0
    assert alpha[:, 32:].min() == 1


def test_hidden_colours_are_replaced_by_the_mean_of_the_visible_ones() -> None:
    picture = read_picture(encode(half_transparent(), "PNG"), longest_side=512)
    visible = picture.pixels[:, 32:].reshape(-1, 3).mean(axis=0)
    assert np.abs(picture.pixels[:, :32] - visible).max() < 1e-3


def test_shrinking_does_not_let_hidden_colours_bleed() -> None:
    # GIVEN visible black beside hidden white
    image = Image.new("RGBA", (200, 100), (0, 0, 0, 255))
    image.paste((255, 255, 255, 0), (0, 0, 101, 100))
    # WHEN
    picture = read_picture(encode(image, "PNG"), longest_side=64)
    # THEN not even pixels on the border are brighter than black
    assert picture.pixels.max() < 0.02


def test_opaque_alpha_is_no_transparency_and_none_visible_is_refused() -> None:
    assert read_picture(encode(PHOTO.convert("RGBA"), "PNG"), longest_side=512).alpha is None
    with pytest.raises(TransparentPictureError, match="completely transparent"):
        read_picture(encode(Image.new("RGBA", (32, 32)), "PNG"), longest_side=512)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_of_an_animation_the_first_frame_is_read(kind: str) -> None:
    other = Image.new("RGB", PHOTO.size, "red")
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encode(PHOTO, kind, save_all=True, append_images=[other], **options)
    assert_shows(read_picture(data, longest_side=512).pixels, PHOTO)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(16, 300),
    st.integers(16, 300),
    st.integers(64, 256),
    st.sampled_from(["PNG", "JPEG"]),
)
def test_pictures_shrink_to_the_longest_side_and_never_grow(
    width: int, height: int, longest_side: int, kind: str
) -> None:
    data = encode(Image.new("RGB", (width, height), "navy"), kind)
    try:
        picture = read_picture(data, longest_side=longest_side)
    except PictureTooSmallError:
        assert longest_side * min(width, height) / max(width, height) < 16.5
        return
    assert max(picture.width, picture.height) == min(longest_side, max(width, height))
    assert abs(picture.width * height - picture.height * width) <= max(width, height)


@pytest.mark.parametrize(
    ("scale", "side"), [(1.0, 128), (0.5, 64), (1.5, 192), (2.0, 256), (4.0, 512)]
)
def test_a_style_is_read_at_its_scale_with_detail_from_the_file(scale: float, side: int) -> None:
    # GIVEN a style with more detail than the result can show
    stripes = np.tile(np.array([0, 255], np.uint8), (256, 128))
    # WHEN
    data = encode(Image.fromarray(stripes), "PNG")
    picture = read_style(data, longest_side=128, scale=scale)
    # THEN stripes of a pixel each are seen from the scale on at which the file shows them
    assert (picture.width, picture.height) == (side, side)
    assert (picture.pixels.std() > 0.3) == (scale >= 2)


def test_a_small_style_is_enlarged_when_that_is_asked_for() -> None:
    assert read_style(encode(PHOTO, "PNG"), longest_side=512, scale=2.0).width == 128
    assert read_style(encode(PHOTO, "PNG"), longest_side=512).width == 64


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("width", "height", "millions"), [(30_000, 30_000, 900), (12_000, 10_000, 120)]
)
def test_a_bomb_is_refused_by_its_header_in_little_memory(
    width: int, height: int, millions: int
) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(
            PictureTooLargeError, match=f"has {millions} million pixels; the limit is 100 million"
        ):
            read_picture(png_header(width, height), longest_side=512)
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("data", "kind", "reason"),
    [
        (b"", EmptyFileError, "the file is empty"),
        (b"Dear photo,\nwish you were here.\n", NotAPictureError, "it is text"),
        ("Grüße ".encode() * 300, NotAPictureError, "it is text"),
        (bytes(range(256)), NotAPictureError, "its content is unknown"),
        (b"<?xml version='1.0'?>\n<svg/>", NotAPictureError, "it is an SVG drawing"),
        (b"%PDF-1.7", NotAPictureError, "it is a PDF document"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n", NotAPictureError, "it is a PostScript file"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", NotAPictureError, "it is a HEIC photo"),
        (b"<!DOCTYPE html><p>404", NotAPictureError, "it is a web page"),
    ],
)
def test_what_is_no_picture_is_refused_with_what_it_is(
    data: bytes, kind: type[PictureError], reason: str
) -> None:
    with pytest.raises(kind, match=reason):
        read_picture(data, longest_side=512)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"]), st.floats(0, 0.98))
def test_a_truncated_file_is_refused_with_a_reason(kind: str, share: float) -> None:
    whole = encode(PHOTO, kind)
    # PNG and BMP may lose padding at their very end and still be whole.
    with pytest.raises(PictureError):
        read_picture(whole[: int(share * len(whole))], longest_side=512)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP"]),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
)
def test_damage_anywhere_ends_in_a_picture_or_in_a_reason(
    kind: str, damage: list[tuple[float, int]]
) -> None:
    data = bytearray(encode(PHOTO, kind))
    for place, byte in damage:
        data[int(place * len(data))] = byte
    try:
        picture = read_picture(bytes(data), longest_side=64)
    except PictureError:
        return
    assert 0 <= picture.pixels.min() <= picture.pixels.max() <= 1


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.5])
def test_what_begins_as_a_picture_is_called_damaged_not_unknown(kind: str, share: float) -> None:
    data = encode(PHOTO, kind)
    with pytest.raises(DamagedPictureError, match="damaged or incomplete"):
        read_picture(data[: max(12, int(share * len(data)))], longest_side=512)


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        ((1, 1), "too small: 1 x 1 pixels"),
        ((15, 300), "too small: 15 x 300"),
        ((5000, 40), "too narrow: 5000 x 40 pixels would become 512 x 4"),
    ],
)
def test_what_the_network_cannot_see_is_refused(size: tuple[int, int], reason: str) -> None:
    with pytest.raises(PictureTooSmallError, match=reason):
        read_picture(encode(Image.new("RGB", size), "PNG"), longest_side=512)
