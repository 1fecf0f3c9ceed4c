"""The painters, by the name of the style that they paint.

A painter is a function of the longest side in pixels and a generator; it returns sRGB pixels in
[0, 1]. The same size and seed give the same picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from styles.craft.colour import Colours
from styles.painters.great_wave import paint as great_wave
from styles.painters.mosaic import paint as mosaic
from styles.painters.oil_flow import paint as oil_flow
from styles.painters.pointillism import paint as pointillism
from styles.painters.stained_glass import paint as stained_glass
from styles.painters.starry_swirl import paint as starry_swirl
from styles.painters.woodcut import paint as woodcut


@dataclass(frozen=True)
class Style:
    """One style picture: who paints it, from which seed, and what it is of."""

    paint: Callable[[int, np.random.Generator], Colours]
    seed: int
    about: str


STYLES: dict[str, Style] = {
    "great-wave": Style(great_wave, 5, "Japanese woodblock print: a wave with claws of foam"),
    "mosaic": Style(mosaic, 5, "Roman floor: three fish, laid in small stones"),
    "oil-flow": Style(oil_flow, 7, "Thick oil: hills and blossoms under a windy sunset"),
    "pointillism": Style(pointillism, 5, "Dots of pure colour: autumn trees by a pond"),
    "stained-glass": Style(stained_glass, 5, "Leaded glass: a tree of life before the sun"),
    "starry-swirl": Style(starry_swirl, 3, "Short strokes of oil: a night sky in whirls"),
    "woodcut": Style(woodcut, 8, "Three-block woodcut: sun, mountains and a lake"),
}
