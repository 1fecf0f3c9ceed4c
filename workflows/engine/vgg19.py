"""VGG19 up to block5_conv2 in plain TensorFlow operations.

Importing this module imports TensorFlow (5 to 10 s); only `stylize` does, when it is called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

import tensorflow as tf

from workflows.engine.arrays import Tensor
from workflows.engine.layers import convolution, relu_and_pool
from workflows.engine.weights import Weights

# Keras's `preprocess_input` in mode "caffe": BGR, 0..255, minus the mean of ImageNet.
MEAN_BGR: Final = (103.939, 116.779, 123.68)

#: A pooling follows each.
LAST_OF_BLOCK: Final = ("block1_conv2", "block2_conv2", "block3_conv4", "block4_conv4")

#: Four poolings come before block5: a shorter side vanishes.
MINIMUM_SIDE: Final = 16


class VGG19:
    """The network as a function from a picture to the activations of its layers."""

    def __init__(self, weights: Weights) -> None:
        self._layers = {
            name: (convolution(layer.kernel), tf.constant(layer.bias))
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
        for name, (convolve, bias) in self._layers.items():
            x = tf.nn.bias_add(convolve(x), bias)
            if name in wanted:
                found[name] = tf.nn.relu(x)
            if found.keys() == wanted:
                break
            x = relu_and_pool(x) if name in LAST_OF_BLOCK else found.get(name, tf.nn.relu(x))
        return found
