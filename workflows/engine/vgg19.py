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
    """The network as a function from a picture to the activations of some layers.

    Parameters
    ----------
    weights
        Weights of VGG19.
    names
        Convolutions, such as ``block5_conv2``; nothing behind the last is made or computed.
    """

    def __init__(self, weights: Weights, names: Collection[str]) -> None:
        layers = list(weights.layers.items())
        last = max(number for number, (name, _) in enumerate(layers) if name in names)
        self._names = frozenset(names)
        self._layers = {
            name: (convolution(layer.kernel), tf.constant(layer.bias))
            for name, layer in layers[: last + 1]
        }

    def __call__(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Compute the activations (after ReLU) of the named layers.

        Parameters
        ----------
        pixels
            Height x width x 3, sRGB in [0, 1].

        Returns
        -------
        mapping of str to tensor
            Activations, 1 x height x width x channels.
        """
        x = (tf.reverse(pixels, [-1]) * 255.0 - tf.constant(MEAN_BGR))[tf.newaxis]
        found: dict[str, Tensor] = {}
        for name, (convolve, bias) in self._layers.items():
            before_relu = tf.nn.bias_add(convolve(x), bias)
            if name in self._names:
                found[name] = tf.nn.relu(before_relu)
            if name in LAST_OF_BLOCK:
                x = relu_and_pool(before_relu)
            else:
                x = found[name] if name in found else tf.nn.relu(before_relu)
        return found
