"""The pictures of the demo: photos that anybody may use, and the styles of this project.

The photos come with scikit-image, which is installed anyway; nothing is downloaded. Only photos
whose authors gave them to the public are listed: see the notes in `skimage/data/_fetchers.py`.
"""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path

STYLES = Path(__file__).resolve().parent.parent / "styles"


class UnknownPictureError(LookupError):
    """There is no photo or style of that name; the message lists those there are."""


@dataclass(frozen=True)
class Photo:
    """One photo, with the names that its author should be remembered by."""

    name: str
    file: str
    title: str
    author: str
    licence: str

    @property
    def attribution(self) -> str:
        """One line for captions and reports."""
        return f"{self.title}, by {self.author} ({self.licence})"

    def read(self) -> bytes:
        """Read the file as it is: PNG or JPEG, at most 640 pixels wide or high."""
        return resources.files("skimage.data").joinpath(self.file).read_bytes()


_PUBLIC = "public domain"
_CC0 = "CC0"
PHOTOS = {
    photo.name: photo
    for photo in (
        Photo("astronaut", "astronaut.png", "Eileen Collins", "NASA", _PUBLIC),
        Photo("chelsea", "chelsea.png", "Chelsea the cat", "Stefan van der Walt", _CC0),
        Photo("coffee", "coffee.png", "A cup at Pikolo Espresso Bar", "Rachel Michetti", _CC0),
        Photo("rocket", "rocket.jpg", "Falcon 9 launches DSCOVR", "SpaceX", _PUBLIC),
    )
}


def find_photo(name: str) -> Photo:
    """Find a demo photo.

    Parameters
    ----------
    name
        One of `PHOTOS`.

    Raises
    ------
    UnknownPictureError
        If there is none of that name.
    """
    if name not in PHOTOS:
        raise UnknownPictureError(f"photo {name!r} is not one of {', '.join(PHOTOS)}")
    return PHOTOS[name]


def style_pictures(folder: Path = STYLES) -> dict[str, Path]:
    """List the style pictures of a folder by their names, which are their files' stems."""
    return {path.stem: path for path in sorted(folder.glob("*.jpg"))}


def find_style(name: str, folder: Path = STYLES) -> Path:
    """Find the picture of a style.

    Parameters
    ----------
    name
        The file's stem: ``mosaic`` for ``mosaic.jpg``.
    folder
        Where style pictures are.

    Raises
    ------
    UnknownPictureError
        If there is none of that name.
    """
    styles = style_pictures(folder)
    if name not in styles:
        raise UnknownPictureError(f"style {name!r} is not in {folder.name}/: {', '.join(styles)}")
    return styles[name]
