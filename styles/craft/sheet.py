"""The sheet that is painted on: larger than the picture, and reduced at the end."""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from styles.craft.colour import Colours

FULL_SIZE = 960  # painters give lengths in pixels of a picture of this size


@dataclass(frozen=True)
class Sheet:
    """How large to work, so that edges come out smooth at the size that was asked for.

    Parameters
    ----------
    size
        Longest side of the finished picture, in pixels.
    aspect
        Width over height.
    oversampling
        How many times larger to work.
    """

    size: int
    aspect: float
    oversampling: float = 1.5

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width to work at."""
        height, width = self._finished
        return round(height * self.oversampling), round(width * self.oversampling)

    @property
    def _finished(self) -> tuple[int, int]:
        if self.aspect >= 1:
            return round(self.size / self.aspect), self.size
        return self.size, round(self.size * self.aspect)

    def px(self, length: float) -> float:
        """Turn a length in pixels of the full-size picture into pixels of this sheet."""
        return length * self.size * self.oversampling / FULL_SIZE

    def finish(self, pixels: Colours) -> Colours:
        """Reduce the work to the size that was asked for."""
        picture = Image.fromarray((np.clip(pixels, 0, 1) * 255).round().astype(np.uint8))
        height, width = self._finished
        reduced = picture.resize((width, height), Image.Resampling.LANCZOS)
        return np.asarray(reduced, np.float32) / 255
