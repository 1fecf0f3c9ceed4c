"""What makes a picture good: a sum of losses over the activations of VGG19.

A loss splits "turn the picture into what is compared" from "score it against a target"
(as pystiche's does), so that targets are computed once, by construction.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
import tensorflow as tf

from workflows.engine.arrays import Floats, Pixels, Tensor
from workflows.engine.mixture import Styles, mixture
from workflows.engine.vgg19 import VGG19
from workflows.engine.weights import Weights

#: The share of a style, and its representation.
Share: TypeAlias = tuple[float, Tensor]


class FeatureLoss(Protocol):
    """A loss between a representation of the picture and a precomputed target."""

    @property
    def layer(self) -> str:
        """The layer whose activations are looked at."""

    def transform(self, activations: Tensor) -> Tensor:
        """Turn activations (1, height, width, channels) into what is compared."""

    def target(self, content: Tensor, styles: Sequence[Share], strength: float) -> Tensor:
        """Choose the target from the representations of the content and of the styles."""

    def score(self, representation: Tensor, target: Tensor) -> Tensor:
        """Weigh the distance from the target: a scalar."""


@dataclass(frozen=True, slots=True)
class ContentLoss:
    """Mean squared difference of activations from those of the photo (Gatys et al. 2015)."""

    layer: str
    weight: float

    def transform(self, activations: Tensor) -> Tensor:
        """Take the activations as they are."""
        return activations

    def target(self, content: Tensor, styles: Sequence[Share], strength: float) -> Tensor:
        """Keep the photo's."""
        return content

    def score(self, representation: Tensor, target: Tensor) -> Tensor:
        """Weigh the mean over positions and channels."""
        return self.weight * tf.reduce_mean(tf.math.squared_difference(representation, target))


@dataclass(frozen=True, slots=True)
class StyleLoss:
    """Mean squared difference of Gram matrices from those of the style (Gatys et al. 2015)."""

    layer: str
    weight: float

    def transform(self, activations: Tensor) -> Tensor:
        """Compute the Gram matrix over locations: which channels are active together."""
        channels = activations.shape[-1]
        columns = tf.reshape(activations, [-1, channels])
        locations = tf.cast(tf.shape(columns)[0], tf.float32)
        return tf.matmul(columns, columns, transpose_a=True) / locations

    def target(self, content: Tensor, styles: Sequence[Share], strength: float) -> Tensor:
        """Mix the statistics of photo and styles: half a strength asks for half the way."""
        style = tf.add_n([share * statistics for share, statistics in styles])
        return (1.0 - strength) * content + strength * style

    def score(self, representation: Tensor, target: Tensor) -> Tensor:
        """Weigh the mean over all pairs of channels."""
        return self.weight * tf.reduce_mean(tf.math.squared_difference(representation, target))


@dataclass(frozen=True, slots=True)
class TotalVariation:
    """Sum of absolute differences between neighbouring pixels: the price of noise."""

    weight: float

    def score(self, pixels: Tensor) -> Tensor:
        """Weigh the sum over the picture (height, width, 3)."""
        return self.weight * tf.image.total_variation(pixels)


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


class Objective:
    """A preset bound to one photo and its styles: loss and gradient of a picture.

    Parameters
    ----------
    content
        Height x width x 3, sRGB in [0, 1].
    style
        One such picture or several with weights, each of a size of its own.
    weights
        Weights of VGG19.
    strength
        From 0 (the photo is the optimum) to 1 (the preset as published).
    preset
        Losses and their weights.
    """

    def __init__(
        self,
        content: Pixels,
        style: Styles,
        weights: Weights,
        *,
        strength: float = 1.0,
        preset: Preset = TUTORIAL,
    ) -> None:
        self._network = VGG19(weights, {loss.layer for loss in preset.losses})
        self._preset = preset
        self._strength = strength
        # Both passes run eagerly: a graph for each shape would cost more to trace than it saves.
        of_content = self._represent(tf.constant(content))
        parts = mixture(style)
        of_parts = [self._represent(tf.constant(part.pixels)) for part in parts]
        self._targets = [
            loss.target(
                mine,
                [
                    (part.weight, all_of[number])
                    for part, all_of in zip(parts, of_parts, strict=True)
                ],
                strength,
            )
            for number, (loss, mine) in enumerate(zip(preset.losses, of_content, strict=True))
        ]
        self._graph = tf.function(
            self._loss_and_gradient,
            input_signature=[tf.TensorSpec(content.shape, tf.float32)],
            autograph=False,
        )

    def evaluate(self, pixels: Pixels) -> tuple[float, Floats]:
        """Compute the loss of a picture and its gradient.

        Parameters
        ----------
        pixels
            A picture of the photo's shape.

        Returns
        -------
        loss : float
        gradient : array
            Of the loss by each value of `pixels`.
        """
        loss, gradient = self._graph(tf.constant(pixels))
        return float(loss), np.asarray(gradient)

    def terms(self, pixels: Pixels) -> Mapping[str, float]:
        """Compute each loss on its own, by ``<kind> <layer>``; they add up to the whole."""
        picture = tf.constant(pixels)
        terms = {
            f"{type(loss).__name__} {loss.layer}": float(loss.score(mine, target))
            for loss, mine, target in zip(
                self._preset.losses, self._represent(picture), self._targets, strict=True
            )
        }
        terms["TotalVariation"] = float(self._smoothness(picture))
        return terms

    def _represent(self, pixels: Tensor) -> list[Tensor]:
        losses = self._preset.losses
        activations = self._network(pixels)
        return [loss.transform(activations[loss.layer]) for loss in losses]

    def _smoothness(self, pixels: Tensor) -> Tensor:
        # Scaled by the strength: at 0 nothing but the photo itself may be the optimum.
        return self._strength * self._preset.total_variation.score(pixels)

    def _loss_and_gradient(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            scores = [
                loss.score(mine, target)
                for loss, mine, target in zip(
                    self._preset.losses, self._represent(pixels), self._targets, strict=True
                )
            ]
            loss = tf.add_n([*scores, self._smoothness(pixels)])
        return loss, tape.gradient(loss, pixels)
