"""The losses that an objective is made of.

A loss splits "turn the picture into what is compared" from "score it against a target"
(as pystiche's does), so that targets are computed once, by construction.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

import tensorflow as tf

from workflows.engine.arrays import Tensor

#: The share of a style, and its representation.
Share: TypeAlias = tuple[float, Tensor]


@dataclass(frozen=True, slots=True)
class FeatureLoss(ABC):
    """Weighted mean squared difference between a representation and a precomputed target.

    Attributes
    ----------
    layer
        The layer whose activations are looked at.
    weight
        What the difference counts.
    adds_up
        Whether what is made of strips of a picture adds up; else it follows one another.
    """

    layer: str
    weight: float
    adds_up: ClassVar[bool]

    @abstractmethod
    def transform(self, activations: Tensor, locations: int) -> Tensor:
        """Turn activations (1, height, width, channels) into what is compared.

        They may be those of a strip; `locations` counts those of the whole picture.
        """

    @abstractmethod
    def target(self, content: Tensor, styles: Sequence[Share], strength: float) -> Tensor:
        """Choose the target from the representations of the content and of the styles."""

    def score(self, representation: Tensor, target: Tensor) -> Tensor:
        """Weigh the distance from the target: a scalar."""
        return self.weight * tf.reduce_mean(tf.math.squared_difference(representation, target))


@dataclass(frozen=True, slots=True)
class ContentLoss(FeatureLoss):
    """Distance of activations from those of the photo (Gatys et al. 2015)."""

    adds_up: ClassVar[bool] = False

    def transform(self, activations: Tensor, locations: int) -> Tensor:
        """Take the activations as they are."""
        return activations

    def target(self, content: Tensor, styles: Sequence[Share], strength: float) -> Tensor:
        """Keep the photo's."""
        return content


@tf.custom_gradient  # type: ignore[untyped-decorator]
def _gram(columns: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
    """Multiply with itself; autodiff would take two products for the gradient, and add them."""
    return (
        tf.matmul(columns, columns, transpose_a=True),
        lambda by_gram: tf.matmul(columns, by_gram + tf.transpose(by_gram)),
    )


@dataclass(frozen=True, slots=True)
class StyleLoss(FeatureLoss):
    """Distance of Gram matrices from those of the style (Gatys et al. 2015)."""

    adds_up: ClassVar[bool] = True

    def transform(self, activations: Tensor, locations: int) -> Tensor:
        """Compute the Gram matrix over locations: which channels are active together."""
        return _gram(tf.reshape(activations, [-1, activations.shape[-1]])) / locations

    def target(self, content: Tensor, styles: Sequence[Share], strength: float) -> Tensor:
        """Mix the statistics of photo and styles: half a strength asks for half the way."""
        style = tf.add_n([share * statistics for share, statistics in styles])
        return (1.0 - strength) * content + strength * style


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Sum of absolute differences between neighbouring pixels: the price of noise."""

    weight: float

    def score(self, pixels: Tensor) -> Tensor:
        """Weigh the sum over the picture (height, width, 3)."""
        height, width, _ = pixels.shape
        # As tf.image.total_variation; but the gradient of tf.slice is quicker than of [1:], by far.
        down = tf.slice(pixels, [1, 0, 0], [-1, -1, -1]) - tf.slice(
            pixels, [0, 0, 0], [height - 1, -1, -1]
        )
        across = tf.slice(pixels, [0, 1, 0], [-1, -1, -1]) - tf.slice(
            pixels, [0, 0, 0], [-1, width - 1, -1]
        )
        return self.weight * (tf.reduce_sum(tf.abs(down)) + tf.reduce_sum(tf.abs(across)))


@dataclass(frozen=True, slots=True)
class Preset:
    """A named choice of losses and weights."""

    name: str
    losses: tuple[FeatureLoss, ...]
    total_variation: TotalVariation


_STYLE_LAYERS: Final = tuple(f"block{number}_conv1" for number in range(1, 6))

#: The objective of TensorFlow's tutorial "Neural style transfer" (tensorflow/docs,
#: site/en/tutorials/generative/style_transfer.ipynb): style weight 1e-2 averaged over the
#: layers, content weight 1e4, total variation 30 on a sum.
TUTORIAL: Final = Preset(
    name="tutorial",
    losses=(
        *(StyleLoss(layer, 1e-2 / len(_STYLE_LAYERS)) for layer in _STYLE_LAYERS),
        ContentLoss("block5_conv2", 1e4),
    ),
    total_variation=TotalVariation(30.0),
)
