"""What makes a picture good: a sum of losses over the activations of VGG19.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import tensorflow as tf

from workflows.engine.arrays import Floats, Pixels, Tensor
from workflows.engine.losses import TUTORIAL, FeatureLoss, Preset
from workflows.engine.mixture import Styles, mixture
from workflows.engine.strips import Outputs, cut, in_strips
from workflows.engine.vgg19 import Block, blocks, preprocess
from workflows.engine.weights import Weights

#: Activations of one layer that a strip has: 64 MiB, 128 rows of a picture of 2048 x 2048. Longer
#: strips take more memory and are no quicker; in shorter ones more rows are there only to be seen.
#: What is less than two strips stays whole: all of 512 x 512, all but the first block of 1024.
STRIP_VALUES: Final = 2**24

#: Pixels of a photo up to which kernels are kept as Winograd's convolution takes them. Then
#: activations leave room for them below 1.6 GiB; an evaluation at 256 x 256 takes 0.17 s with
#: them and 0.185 without.
KEEP_KERNELS_PIXELS: Final = 384 * 384


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
    strip_values
        How many activations of a layer to hold at once. Where there are more than twice as many,
        the picture is evaluated in strips (`workflows.engine.strips`).
    """

    def __init__(
        self,
        content: Pixels,
        style: Styles,
        weights: Weights,
        *,
        strength: float = 1.0,
        preset: Preset = TUTORIAL,
        strip_values: int = STRIP_VALUES,
    ) -> None:
        self._blocks = blocks(
            weights,
            {loss.layer for loss in preset.losses},
            keeps_kernels=content.shape[0] * content.shape[1] <= KEEP_KERNELS_PIXELS,
        )
        self._preset = preset
        self._strip_values = strip_values
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
            f"{type(loss).__name__} {loss.layer}": float(score)
            for loss, score in zip(self._preset.losses, self._scores(picture), strict=True)
        }
        terms["TotalVariation"] = float(self._smoothness(picture))
        return terms

    def _scores(self, pixels: Tensor) -> list[Tensor]:
        return [
            loss.score(mine, target)
            for loss, mine, target in zip(
                self._preset.losses, self._represent(pixels), self._targets, strict=True
            )
        ]

    def _represent(self, pixels: Tensor) -> list[Tensor]:
        x = preprocess(pixels)
        found: dict[FeatureLoss, Tensor] = {}
        for block in self._blocks:
            x, of_block = self._through(block, x)
            found |= of_block
        return [found[loss] for loss in self._preset.losses]

    def _through(self, block: Block, x: Tensor) -> tuple[Tensor, dict[FeatureLoss, Tensor]]:
        """Pass a block, in strips if it is large: what the next one takes, and representations."""
        losses = [loss for loss in self._preset.losses if loss.layer in block.names]
        in_rows = [loss for loss in losses if not loss.adds_up]
        in_sums = [loss for loss in losses if loss.adds_up]
        _, height, width, _ = x.shape

        def look(rows: Tensor, own: slice, switches: Sequence[Tensor] | None) -> Outputs:
            y, activations, switches = block(rows, own, switches)
            of_rows, of_sums = (
                [loss.transform(activations[loss.layer], height * width) for loss in some]
                for some in (in_rows, in_sums)
            )
            return Outputs([y, *of_rows], of_sums, switches)

        strips = cut(height, self._strip_rows(height, width * block.channels), block.halo)
        outputs = in_strips(look, x, strips)
        y, *of_rows = outputs.rows
        return y, dict(zip([*in_rows, *in_sums], [*of_rows, *outputs.sums], strict=True))

    def _strip_rows(self, height: int, values: int) -> int:
        """Choose the rows of a strip, if each row of activations has so many values."""
        if height * values <= 2 * self._strip_values:
            return height
        return max(2, self._strip_values // values // 2 * 2)

    def _smoothness(self, pixels: Tensor) -> Tensor:
        # Scaled by the strength: at 0 nothing but the photo itself may be the optimum.
        return self._strength * self._preset.total_variation.score(pixels)

    def _loss_and_gradient(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(pixels)
            loss = tf.add_n([*self._scores(pixels), self._smoothness(pixels)])
        return loss, tape.gradient(loss, pixels)
