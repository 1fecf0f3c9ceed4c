"""The demo's photos and styles are there, readable, named, and made by the code beside them."""

import io

import numpy as np
import pytest
from PIL import Image

from local.pictures import (
    PHOTOS,
    STYLES,
    UnknownPictureError,
    find_photo,
    find_style,
    style_pictures,
)
from styles import record
from styles.make import SIZE, is_current, render
from styles.painters import STYLES as PAINTED

QUICKEST = "stained-glass"  # the style that is painted anew in full, to compare it pixel by pixel


def decoded(data: bytes) -> np.ndarray:
    """Decode a picture: H x W x 3, 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"), np.float32)


@pytest.mark.parametrize("name", PHOTOS)
def test_photo_is_a_picture_with_an_author_and_a_free_licence(name: str) -> None:
    # GIVEN a demo photo
    photo = find_photo(name)

    # WHEN it is read
    picture = Image.open(io.BytesIO(photo.read()))

    # THEN it is worth painting, and says whom to thank
    assert min(picture.size) >= 300
    assert picture.mode == "RGB"
    assert photo.licence in {"CC0", "public domain"}
    assert photo.author in photo.attribution


def test_unknown_photo_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownPictureError, match="'cofee' is not one of astronaut, chelsea"):
        find_photo("cofee")


def test_unknown_style_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UnknownPictureError, match=r"'wve' is not in styles/: great-wave, mosaic"):
        find_style("wve")


def test_every_painted_style_has_its_committed_picture() -> None:
    assert set(style_pictures()) == set(PAINTED)


@pytest.mark.parametrize("name", PAINTED)
def test_style_picture_is_small_in_bytes_and_rich_in_texture(name: str) -> None:
    # GIVEN a committed style picture
    path = find_style(name)

    # WHEN its tiles of 48 pixels are looked at
    pixels = np.asarray(Image.open(path).convert("L"), np.float32)
    height, width = (side // 48 * 48 for side in pixels.shape)
    tiles = pixels[:height, :width].reshape(height // 48, 48, width // 48, 48).swapaxes(1, 2)
    contrast = tiles.std(axis=(2, 3))

    # THEN hardly any is empty: a Gram matrix learns nothing from a blank wall
    assert path.stat().st_size < 350_000
    assert max(pixels.shape) == SIZE
    assert (contrast > 4).mean() > 0.95


@pytest.mark.parametrize("name", PAINTED)
def test_style_picture_is_recorded_as_painted_by_this_code(name: str) -> None:
    # A failure means: a painter or the craft changed, or a picture was edited by hand.
    # `python -m styles.make` paints what is out of date.
    assert is_current(name, STYLES, SIZE, record.read(STYLES))


def test_style_painted_anew_is_the_committed_picture() -> None:
    # GIVEN the style that is quickest to paint
    style = PAINTED[QUICKEST]

    # WHEN it is painted anew, at full size
    anew = decoded(render(style))

    # THEN it is the committed picture, but for the last bits of another CPU or library
    committed = decoded(find_style(QUICKEST).read_bytes())
    assert np.abs(anew - committed).mean() < 1


@pytest.mark.parametrize("name", PAINTED)
def test_painter_paints_the_same_picture_twice_at_any_size(name: str) -> None:
    # GIVEN a small canvas
    style, size = PAINTED[name], 80

    # WHEN it is painted twice from one seed
    first, second = (style.paint(size, np.random.default_rng(style.seed)) for _ in range(2))

    # THEN both are one picture, of that size, within the range of sRGB, and not of one colour
    assert max(first.shape[:2]) == size
    assert np.array_equal(first, second)
    assert first.min() >= 0
    assert first.max() <= 1
    assert first.std() > 0.1
