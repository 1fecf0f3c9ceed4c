"""VGG19 up to block5_conv2 in plain TensorFlow operations.

Importing this module imports TensorFlow (5 to 10 s); only `stylize` does, when it is called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final, TypeAlias

import tensorflow as tf

from workflows.engine.weights import Weights

#: A tf.Tensor; TensorFlow ships no types.
Tensor: TypeAlias = Any

# Keras's `preprocess_input` in mode "caffe": BGR, 0..255, minus the mean of ImageNet.
MEAN_BGR: Final = (103.939, 116.779, 123.68)

#: Four poolings come before block5: a shorter side vanishes.
MINIMUM_SIDE: Final = 16


class VGG19:
    """The network as a function from a picture to the activations of its layers."""

    def __init__(self, weights: Weights) -> None:
        self._layers = {
            name: (tf.constant(layer.kernel), tf.constant(layer.bias))
            for name, layer in weights.layers.items()
        }

    def __call__(self, pixels: Tensor, names: Collection[str]) -> Mapping[str, Tensor]:
        """Compute the activations (after ReLU) of the named layers.

        Parameters
        ----------
        pixels
            Height x width x 3, sRGB in [0, 1].
        names
            Convolutions, such as ``block5_conv2``; nothing behind the last is computed.

        Returns
        -------
        mapping of str to tensor
            Activations, 1 x height x width x channels.
        """
        x = (tf.reverse(pixels, [-1]) * 255.0 - tf.constant(MEAN_BGR))[tf.newaxis]
        wanted = set(names)
        found: dict[str, Tensor] = {}
        block = "block1"
        for name, (kernel, bias) in self._layers.items():
            if not name.startswith(block):
                x = tf.nn.max_pool2d(x, 2, 2, "VALID")
                block = name.partition("_")[0]
            x = tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME"), bias))
            if name in wanted:
                found[name] = x
            if found.keys() == wanted:
                break
        return found
