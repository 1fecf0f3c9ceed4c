"""Results look the same everywhere, tell how they were made, and nothing of the photographer."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.unit.engine.conftest import landscape
from workflows.engine.arrays import Alpha
from workflows.engine.images import read_picture, write_picture

PIXELS = landscape(48, 64)
ALPHA = np.linspace(0, 1, 48 * 64, dtype=np.float32).reshape(48, 64)
PARAMETERS = {"style": "große-welle", "strength": "1.0"}


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_an_opaque_picture_becomes_a_jpeg_with_full_chroma() -> None:
    encoded = write_picture(PIXELS, parameters=PARAMETERS)
    image = opened(encoded.data)
    assert (encoded.extension, encoded.content_type) == ("jpg", "image/jpeg")
    assert image.format == "JPEG"
    assert [part[1:3] for part in image.layer] == [(1, 1)] * 3  # type: ignore[attr-defined]


def test_a_transparent_picture_becomes_a_png_with_its_alpha() -> None:
    encoded = write_picture(PIXELS, ALPHA, parameters=PARAMETERS)
    image = opened(encoded.data)
    assert (encoded.extension, encoded.content_type) == ("png", "image/png")
    assert (image.format, image.mode) == ("PNG", "RGBA")
    np.testing.assert_allclose(np.asarray(image)[:, :, 3] / 255, ALPHA, atol=0.5 / 255 + 1e-6)


@pytest.mark.parametrize("alpha", [None, ALPHA])
def test_files_carry_srgb_and_their_parameters_and_no_exif(alpha: Alpha | None) -> None:
    image = opened(write_picture(PIXELS, alpha, parameters=PARAMETERS).data)
    comment = image.info.get("comment") or image.info.get("Comment")
    assert json.loads(comment) == PARAMETERS
    assert not image.getexif()
    profile = ImageCms.getOpenProfile(io.BytesIO(image.info["icc_profile"]))
    assert "sRGB" in ImageCms.getProfileDescription(profile)


@pytest.mark.parametrize("alpha", [None, ALPHA])
def test_equal_pictures_are_equal_bytes(alpha: Alpha | None) -> None:
    first, second = (write_picture(PIXELS, alpha, parameters=PARAMETERS) for _ in range(2))
    assert first.data == second.data


def test_levels_are_rounded_not_cut_off() -> None:
    levels = np.arange(256, dtype=np.float32).reshape(16, 16)
    pixels = np.repeat(((levels - 0.4).clip(0) / 255)[:, :, np.newaxis], 3, axis=2)
    written = opened(write_picture(pixels, np.ones((16, 16), np.float32), parameters={}).data)
    np.testing.assert_array_equal(np.asarray(written)[:, :, 0], levels)


def test_what_is_written_can_be_read_again() -> None:
    visible = np.maximum(ALPHA, np.float32(0.1))
    again = read_picture(write_picture(PIXELS, visible, parameters={}).data, longest_side=512)
    np.testing.assert_allclose(again.pixels, PIXELS, atol=1 / 255)
