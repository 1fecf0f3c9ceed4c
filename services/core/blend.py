"""Several styles for one picture: ``mosaic*2 + woodcut`` is two parts of one, one of the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from services.core.model import Style

MOST_STYLES = 8  # each is downloaded and looked at once; nobody sees more of them in a picture
WEIGHT_RANGE = (0.01, 100.0)  # beyond, one style alone is what comes out

Ingredient = tuple[str, float]  # the name of a style and its weight


class BlendError(ValueError):
    """A blend that cannot be read; the message says what would be."""


def read_blend(text: str) -> tuple[Ingredient, ...]:
    """Read names and weights from how people write them.

    Parameters
    ----------
    text
        Names joined by ``+``, each with ``*`` and a weight behind it if it is not to count 1.
        Only the ratios of the weights matter.

    Raises
    ------
    BlendError
        When a name is missing or doubled, or a weight cannot be granted.
    """
    blend = tuple(_ingredient(part) for part in text.split("+"))
    names = [name for name, _ in blend]
    if len(blend) > MOST_STYLES:
        raise BlendError(f"at most {MOST_STYLES} styles can be blended, not {len(blend)}")
    if doubled := next((name for name in names if names.count(name) > 1), ""):
        raise BlendError(f"style '{doubled}' is named twice; give it one weight")
    return blend if len(blend) > 1 else ((names[0], 1.0),)


def blend_label(styles: Iterable[Style]) -> str:
    """Write a blend as people write it: what `read_blend` reads."""
    return label([(style.name, style.weight) for style in styles])


def label(blend: Sequence[Ingredient]) -> str:
    """Write names and weights, leaving out the weight 1."""
    return " + ".join(name if weight == 1 else f"{name}*{weight:g}" for name, weight in blend)


def _ingredient(part: str) -> Ingredient:
    name, star, text = part.strip().rpartition("*")
    if not star:
        name, text = text, "1"
    name = name.strip()
    if not name:
        raise BlendError("a style is missing; write a blend as 'mosaic*2 + woodcut'")
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    low, high = WEIGHT_RANGE
    if not low <= weight <= high:  # which is how a NaN fails, too
        raise BlendError(
            f"the weight of style '{name}' must be a number from {low:g} to {high:g}, "
            f"not '{text.strip()}'"
        )
    return name, weight
