"""The pictures to race with: anybody's files, or the demo's photos and styles."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.pictures import PHOTOS, find_photo, find_style, style_pictures
from workflows.engine.arrays import Pixels
from workflows.engine.images import read_picture
from workflows.engine.rejections import PictureError


class UnreadableError(ValueError):
    """A picture cannot be read; the message names its file."""


@dataclass(frozen=True)
class Pair:
    """A photo and a style, with a name for both."""

    name: str
    content: Pixels
    style: Pixels


def choose_pairs(content: Path | None, style: Path | None, count: int, size: int) -> list[Pair]:
    """Read so many pairs of the demo's pictures, with files in place of some.

    Parameters
    ----------
    content, style
        Files to use instead of the demo's.
    count
        How many pairs. Photo and style both change from pair to pair: four photos and seven styles
        make 28 that differ.
    size
        Longest side in pixels; smaller pictures keep theirs.

    Returns
    -------
    list of Pair

    Raises
    ------
    UnreadableError
        If a file cannot be read.
    """
    photos, styles = list(PHOTOS), list(style_pictures())
    return [
        _pair(content, style, photos[number % len(photos)], styles[number % len(styles)], size)
        for number in range(count)
    ]


def _pair(content: Path | None, style: Path | None, photo: str, painting: str, size: int) -> Pair:
    return Pair(
        name=f"{content.stem if content else photo} in {style.stem if style else painting}",
        content=_read(content, size) if content else _read_demo(photo, size),
        style=_read(style or find_style(painting), size),
    )


def _read_demo(name: str, size: int) -> Pixels:
    return read_picture(find_photo(name).read(), longest_side=size).pixels


def _read(path: Path, size: int) -> Pixels:
    try:
        return read_picture(path.read_bytes(), longest_side=size).pixels
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except PictureError as error:
        raise UnreadableError(f"{path}: {error}") from error
