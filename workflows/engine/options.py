"""What a person may ask for. Every default and every range is written here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

Quality: TypeAlias = Literal["preview", "standard", "high"]

#: Evaluations of the objective (one forward and one backward pass through VGG19) per quality.
#: Those of `preview` took 14.7 s of optimisation at 512 x 512 on two cores of a busy machine, where
#: each took 0.78 s; on a quiet one each takes 0.64 s. After 12 the style is as easy to recognise,
#: but a run that is resumed for the last four ends too far above one that was not.
EVALUATIONS: Final[Mapping[Quality, int]] = MappingProxyType(
    {"preview": 16, "standard": 60, "high": 150}
)

SIZE_RANGE: Final = (64, 2048)
STRENGTH_RANGE: Final = (0.0, 1.0)
STYLE_SCALE_RANGE: Final = (0.5, 2.0)


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
    style_scale
        How large strokes are, as a multiple of those of the style read at `size`. It takes
        effect where a style is read (`workflows.engine.images.read_style`).

    Raises
    ------
    OptionError
        If a value is out of its range.
    """

    size: int = 512
    strength: float = 1.0
    quality: Quality = "standard"
    preserve_colors: bool = False
    style_scale: float = 1.0

    def __post_init__(self) -> None:
        low, high = SIZE_RANGE
        if type(self.size) is not int or not low <= self.size <= high:
            raise OptionError(
                f"size must be a whole number from {low} to {high}, not {self.size!r}"
            )
        _check_number("strength", self.strength, STRENGTH_RANGE)
        _check_number("style_scale", self.style_scale, STYLE_SCALE_RANGE)
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
            "preserve_colors": "false", "style_scale": "1.0"}``.
        """
        return {
            "size": str(self.size),
            "strength": repr(float(self.strength)),
            "quality": self.quality,
            "preserve_colors": "true" if self.preserve_colors else "false",
            "style_scale": repr(float(self.style_scale)),
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
        if text["preserve_colors"] not in ("true", "false"):
            raise OptionError(
                f"preserve_colors must be true or false, not {text['preserve_colors']!r}"
            )
        return cls(
            size=size,
            strength=_read_number("strength", text),
            quality=text["quality"],  # type: ignore[arg-type]  # checked in __post_init__
            preserve_colors=text["preserve_colors"] == "true",
            style_scale=_read_number("style_scale", text),
        )


def _check_number(name: str, value: object, limits: tuple[float, float]) -> None:
    low, high = limits
    # Written so that a NaN fails too; a bool would be an int.
    if type(value) not in (int, float) or not low <= value <= high:  # type: ignore[operator]
        raise OptionError(f"{name} must be a number from {low:g} to {high:g}, not {value!r}")


def _read_number(name: str, strings: Mapping[str, str]) -> float:
    try:
        return float(strings[name])
    except ValueError:
        raise OptionError(f"{name} must be a number, not {strings[name]!r}") from None
