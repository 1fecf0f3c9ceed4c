"""VGG19 up to block5_conv2 in plain TensorFlow operations.

Importing this module imports TensorFlow (5 to 10 s); only `stylize` does, when it is called.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Final

import tensorflow as tf

from workflows.engine.arrays import Tensor
from workflows.engine.layers import convolution, relu, relu_and_pool
from workflows.engine.strips import ALL, only
from workflows.engine.weights import Layer, Weights

# Keras's `preprocess_input` in mode "caffe": BGR, 0..255, minus the mean of ImageNet.
MEAN_BGR: Final = (103.939, 116.779, 123.68)


def preprocess(pixels: Tensor) -> Tensor:
    """Turn a picture (height, width, 3; sRGB in [0, 1]) into what the first block takes."""
    return (tf.reverse(pixels, [-1]) * 255.0 - tf.constant(MEAN_BGR))[tf.newaxis]


def blocks(weights: Weights, names: Collection[str], *, keeps_kernels: bool) -> list[Block]:
    """Make the network, block by block.

    Parameters
    ----------
    weights
        Weights of VGG19.
    names
        Convolutions whose activations are wanted, such as ``block5_conv2``; nothing behind the
        last is made or computed.
    keeps_kernels
        Whether kernels are kept in the form that convolves fastest: 370 MiB more.
    """
    layers = list(weights.layers.items())
    last = max(number for number, (name, _) in enumerate(layers) if name in names)
    grouped = [
        dict(group)
        for _, group in groupby(layers[: last + 1], lambda layer: layer[0].partition("_")[0])
    ]
    return [
        Block(group, names, pools=group is not grouped[-1], keeps_kernels=keeps_kernels)
        for group in grouped
    ]


class Block:
    """Some convolutions, and the pooling behind them.

    Parameters
    ----------
    layers
        Convolutions by name.
    names
        Those whose activations are wanted; others than `layers` are ignored.
    pools
        Whether a pooling follows.
    keeps_kernels
        Whether kernels are kept in the form that convolves fastest.

    Attributes
    ----------
    names
        Of `layers`, those that are wanted.
    halo
        Rows that a row of the activations sees above and below it.
    channels
        Of its activations.
    """

    def __init__(
        self,
        layers: Mapping[str, Layer],
        names: Collection[str],
        *,
        pools: bool,
        keeps_kernels: bool,
    ) -> None:
        self.names = [name for name in layers if name in names]
        self.halo = len(layers)
        self.channels = next(iter(layers.values())).bias.size
        self._pools = pools
        self._layers = {
            name: (convolution(layer.kernel, keeps=keeps_kernels), tf.constant(layer.bias))
            for name, layer in layers.items()
        }

    def __call__(
        self, x: Tensor, own: slice = ALL, switches: Sequence[Tensor] | None = None
    ) -> tuple[Tensor, Mapping[str, Tensor], Sequence[Tensor]]:
        """Compute what the next block takes, and activations.

        Parameters
        ----------
        x
            What the block before gave, or some rows of it: 1 x height x width x channels.
        own
            The rows of which something is wanted; those beside them are only seen.
        switches
            What this gave before for the same rows, if it is the gradient that is wanted now:
            then all layers behind the last of `names` need not be computed again.

        Returns
        -------
        x : tensor
            Pooled; behind the last block its last activations.
        activations : mapping of str to tensor
            Of the wanted layers, after ReLU: 1 x height x width x channels.
        switches : sequence of tensors
            Which values passed each ReLU and each pooling, one byte each.
        """
        recalled = iter(switches or ())
        found: dict[str, Tensor] = {}
        kept: list[Tensor] = []
        for number, (name, (convolve, bias)) in enumerate(self._layers.items(), 1):
            before_relu = tf.nn.bias_add(convolve(x), bias)
            if name in self.names:
                x = tf.nn.relu(before_relu)
                found[name] = only(x, own)
            if number == len(self._layers) and self._pools:
                pooled, switch = relu_and_pool(before_relu, next(recalled, None))
                x = only(pooled, _halved(own))
                kept.append(switch)
            elif name not in self.names:
                x, switch = relu(before_relu, next(recalled, None))
                kept.append(switch)
        return x, found, kept


def _halved(rows: slice) -> slice:
    return rows if rows == ALL else slice(rows.start // 2, rows.stop // 2)
