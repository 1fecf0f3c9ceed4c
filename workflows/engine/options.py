"""What a person may ask for. Every default and every range is written here and nowhere else."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

Quality: TypeAlias = Literal["preview", "standard", "high"]

#: Evaluations of the objective (one forward and one backward pass through VGG19) per quality.
EVALUATIONS: Final[Mapping[Quality, int]] = MappingProxyType(
    {"preview": 20, "standard": 60, "high": 150}
)

SIZE_RANGE: Final = (64, 2048)
STRENGTH_RANGE: Final = (0.0, 1.0)


class OptionError(ValueError):
    """An option has a value that nst does not offer; the message says which values it does."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one style transfer.

    Parameters
    ----------
    size
        Longest side of the result in pixels. It takes effect where a picture is read
        (`workflows.engine.images.read_picture`, for the photo and for the style alike);
        the engine itself paints the pixels that it is given.
    strength
        0 gives the photo back, 1 asks for the statistics of the style alone; between them
        the target statistics are mixed (see `workflows.engine.objective`).
    quality
        How many evaluations to spend, see `EVALUATIONS`.
    preserve_colors
        Keep the colours of the photo and take only the strokes from the style.

    Raises
    ------
    OptionError
        If a value is out of its range.
    """

    size: int = 512
    strength: float = 1.0
    quality: Quality = "standard"
    preserve_colors: bool = False

    def __post_init__(self) -> None:
        low, high = SIZE_RANGE
        if type(self.size) is not int or not low <= self.size <= high:
            raise OptionError(
                f"size must be a whole number from {low} to {high}, not {self.size!r}"
            )
        weakest, strongest = STRENGTH_RANGE
        if type(self.strength) not in (int, float) or not (
            math.isfinite(self.strength) and weakest <= self.strength <= strongest
        ):
            raise OptionError(
                f"strength must be a number from {weakest:g} to {strongest:g}, "
                f"not {self.strength!r}"
            )
        if self.quality not in EVALUATIONS:
            raise OptionError(
                f"quality must be one of {', '.join(get_args(Quality))}, not {self.quality!r}"
            )
        if type(self.preserve_colors) is not bool:
            raise OptionError(
                f"preserve_colors must be true or false, not {self.preserve_colors!r}"
            )

    @property
    def evaluations(self) -> int:
        """Evaluations of the objective that the quality pays for."""
        return EVALUATIONS[self.quality]

    def to_strings(self) -> dict[str, str]:
        """Write the options as they travel: every one present, in its canonical spelling.

        Returns
        -------
        dict of str to str
            For example ``{"size": "512", "strength": "1.0", "quality": "standard",
            "preserve_colors": "false"}``.
        """
        return {
            "size": str(self.size),
            "strength": repr(float(self.strength)),
            "quality": self.quality,
            "preserve_colors": "true" if self.preserve_colors else "false",
        }

    @classmethod
    def from_strings(cls, strings: Mapping[str, str]) -> Options:
        """Read what `to_strings` wrote; an option that is missing takes its default.

        Parameters
        ----------
        strings
            Option names and their values as text.

        Returns
        -------
        Options

        Raises
        ------
        OptionError
            If a name is unknown, or a value cannot be read or is out of its range.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(set(strings) - set(known))
        if unknown:
            raise OptionError(f"unknown option {unknown[0]!r}; nst has {', '.join(known)}")
        default = cls().to_strings()
        text = {**default, **strings}
        try:
            size = int(text["size"])
        except ValueError:
            raise OptionError(f"size must be a whole number, not {text['size']!r}") from None
        try:
            strength = float(text["strength"])
        except ValueError:
            raise OptionError(f"strength must be a number, not {text['strength']!r}") from None
        if text["preserve_colors"] not in ("true", "false"):
            raise OptionError(
                f"preserve_colors must be true or false, not {text['preserve_colors']!r}"
            )
        return cls(
            size=size,
            strength=strength,
            quality=text["quality"],  # type: ignore[arg-type]  # checked in __post_init__
            preserve_colors=text["preserve_colors"] == "true",
        )
