"""The contact sheet shows what came of every upload, whatever it was."""

import io

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from local.contact_sheet import CELL, EMPTY, Panel, Row, draw_contact_sheet

RED, GREEN, BLUE = (200, 30, 30), (30, 160, 60), (30, 60, 200)


def encoded(colour: tuple[int, ...], size: tuple[int, int] = (90, 60), **save: object) -> bytes:
    """Encode a picture of one colour."""
    file = io.BytesIO()
    Image.new("RGB" if len(colour) == 3 else "RGBA", size, colour).save(file, "PNG", **save)
    return file.getvalue()


def row(result: Panel) -> Row:
    return Row(Panel(encoded(RED), "photo"), Panel(encoded(GREEN), "style"), result)


def drawn(*rows: Row, title: str = "") -> Image.Image:
    return Image.open(io.BytesIO(draw_contact_sheet(rows, title=title)))


def place_of(sheet: Image.Image, colour: tuple[int, int, int]) -> tuple[int, int, int, int]:
    """Find the box that a colour fills."""
    rows, columns = np.nonzero((np.asarray(sheet) == colour).all(axis=-1))
    return int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1


def test_photo_style_and_result_stand_side_by_side() -> None:
    # WHEN a row is drawn
    sheet = drawn(row(Panel(encoded(BLUE), "result", "12 s")))

    # THEN the three pictures fill their cells, from left to right at one height
    photo, style, result = (place_of(sheet, colour) for colour in (RED, GREEN, BLUE))
    assert photo[2] < style[0] < style[2] < result[0]
    assert photo[1] == style[1] == result[1]
    assert photo[2] - photo[0] == CELL[0]


def test_every_row_adds_the_same_height() -> None:
    one, two, three = (drawn(*[row(Panel(None, ""))] * count).height for count in (1, 2, 3))
    assert three - two == two - one > CELL[1]


@pytest.mark.parametrize("data", [None, b"", b"no picture at all", encoded(BLUE)[:60]])
def test_upload_without_a_result_shows_an_empty_card(data: bytes | None) -> None:
    sheet = drawn(row(Panel(data, "broken.jpg", "the file is empty")))
    assert place_of(sheet, EMPTY)[2] - place_of(sheet, EMPTY)[0] == CELL[0]


def test_tall_picture_keeps_its_shape() -> None:
    left, top, right, bottom = place_of(drawn(row(Panel(encoded(BLUE, (50, 100)), ""))), BLUE)
    assert (bottom - top, right - left) == (CELL[1], CELL[1] // 2)


def test_picture_is_shown_upright_as_its_exif_says() -> None:
    # GIVEN a wide picture that its camera says to turn by a quarter
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(BLUE, (100, 50), exif=exif)

    # WHEN it is drawn THEN it stands tall
    left, top, right, bottom = place_of(drawn(row(Panel(turned, ""))), BLUE)
    assert bottom - top > right - left


def test_transparency_lies_on_white() -> None:
    sheet = drawn(row(Panel(encoded((30, 60, 200, 0)), "cut out")))
    middle = sheet.width - 44 - 8 - CELL[0] // 2
    assert sheet.getpixel((middle, 44 + 8 + CELL[1] // 2)) == (255, 255, 255)


def test_title_stands_above_the_first_row() -> None:
    plain, titled = drawn(row(Panel(None, ""))), drawn(row(Panel(None, "")), title="nst")
    assert place_of(titled, RED)[1] > place_of(plain, RED)[1]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=300), st.text(max_size=300))
@example("two\nlines", "\n")
def test_any_name_can_be_a_caption(caption: str, note: str) -> None:
    # GIVEN any key that S3 allows, WHEN it is a caption, THEN the sheet keeps its width
    sheet = drawn(Row(*[Panel(None, caption, note)] * 3), title=caption)
    assert sheet.width == drawn().width
