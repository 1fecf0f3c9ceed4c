"""What may vary per upload, read from the metadata that people set on their objects."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

SIZE_RANGE = (64, 2048)  # pixels of the longest side
STRENGTH_RANGE = (0.0, 1.0)  # of the style; 0 gives the photo back
STYLE_SCALE_RANGE = (0.5, 2.0)  # of the strokes


class Quality(StrEnum):
    """How much time the optimisation may take."""

    PREVIEW = "preview"
    STANDARD = "standard"
    HIGH = "high"


class OptionsError(ValueError):
    """Options that cannot be granted; the message says which, and what would be accepted."""


@dataclass(frozen=True, slots=True)
class Options:
    """What may vary per upload. The defaults are written here and nowhere else."""

    size: int = 512
    strength: float = 1.0
    quality: Quality = Quality.STANDARD
    preserve_colors: bool = False
    style_scale: float = 1.0

    @classmethod
    def parse(cls, metadata: Mapping[str, str]) -> Self:
        """Read options from an object's user metadata; what is absent keeps its default.

        Parameters
        ----------
        metadata
            User metadata without the ``x-amz-meta-`` prefix; foreign names are ignored.

        Raises
        ------
        OptionsError
            When values are out of range; the message names all of them.
        """
        values: dict[str, Any] = {}
        problems: list[str] = []
        for field in fields(cls):
            name = field.name.replace("_", "-")
            if (text := metadata.get(name)) is None:
                continue
            read, expected = _OPTION_READERS[field.name]
            try:
                values[field.name] = read(text.strip())
            except ValueError:
                problems.append(f"{name} must be {expected}, not '{text}'")
        if problems:
            raise OptionsError("; ".join(problems))
        return cls(**values)

    def wire(self) -> dict[str, str]:
        """All options as canonical strings: what Flyte, the ledger and the names are made of."""
        return {
            "size": str(self.size),
            "strength": repr(self.strength),
            "quality": self.quality.value,
            "preserve_colors": "true" if self.preserve_colors else "false",
            "style_scale": repr(self.style_scale),
        }


def _size(text: str) -> int:
    value = int(text)
    if not SIZE_RANGE[0] <= value <= SIZE_RANGE[1]:
        raise ValueError
    return value


def _number(text: str, limits: tuple[float, float]) -> float:
    value = float(text)
    if not limits[0] <= value <= limits[1]:  # which is how a NaN fails, too
        raise ValueError
    return value + 0.0  # -0.0 and 0.0 are one number, so they must have one spelling


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower() == "true"


_OPTION_READERS: dict[str, tuple[Any, str]] = {
    "size": (_size, f"a whole number from {SIZE_RANGE[0]} to {SIZE_RANGE[1]}"),
    "strength": (partial(_number, limits=STRENGTH_RANGE), "a number from 0 to 1"),
    "quality": (lambda text: Quality(text.lower()), "preview, standard or high"),
    "preserve_colors": (_truth, "true or false"),
    "style_scale": (partial(_number, limits=STYLE_SCALE_RANGE), "a number from 0.5 to 2"),
}
