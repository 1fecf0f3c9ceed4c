"""The layers of VGG19 in the forms that are fastest on a CPU, their gradients written by hand.

What autodiff would run instead is right but slow. Measured at 512 x 512 on two AVX-512 cores:
the gradient of the first max-pooling 78 ms against 14 here, that of the first convolution 27
against 15; see `workflows.engine.winograd` for the deep convolutions.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import tensorflow as tf

from workflows.engine import winograd
from workflows.engine.arrays import Floats, Tensor

#: From 1 x height x width x channels to as many positions and other channels.
Convolution: TypeAlias = Callable[[Tensor], Tensor]

#: Channels of a picture. A gradient by so few wastes most lanes of a vector unit.
_COLORS: Final = 3


def convolution(kernel: Floats, *, keeps: bool) -> Convolution:
    """Choose the fastest convolution for a kernel: stride 1, zeros around.

    Parameters
    ----------
    kernel
        3 x 3 x channels in x channels out.
    keeps
        Whether a transformed kernel is kept. It takes four times the memory of the kernel and
        saves the 3 ms that it takes to make one of 512 x 512 channels for each use.
    """
    if winograd.is_worthwhile(kernel):
        return _winograd(kernel, _keep if keeps else _make_each_time)
    return _first(kernel) if kernel.shape[2] == _COLORS else _direct(kernel)


def _direct(kernel: Floats) -> Convolution:
    constant = tf.constant(kernel)
    return lambda x: tf.nn.conv2d(x, constant, 1, "SAME")


def _winograd(kernel: Floats, transformed: Callable[[Tensor], Convolution]) -> Convolution:
    forward = transformed(tf.constant(kernel))
    # The adjoint of a convolution is one with the kernel turned by 180 degrees.
    backward = transformed(tf.constant(_turned(kernel)))

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def convolve(x: Tensor) -> tuple[Tensor, Convolution]:
        return (
            winograd.convolve(x, forward(x)),
            lambda dy: winograd.convolve(dy, backward(dy)),
        )

    return convolve  # type: ignore[no-any-return]


def _keep(kernel: Tensor) -> Convolution:
    kept = winograd.transform_kernel(kernel)
    return lambda x: kept


def _make_each_time(kernel: Tensor) -> Convolution:
    def make(x: Tensor) -> Tensor:
        with tf.control_dependencies([x]):  # or a graph would make them all at its start
            return winograd.transform_kernel(tf.identity(kernel))

    return make


def _first(kernel: Floats) -> Convolution:
    constant = tf.constant(kernel)
    # The gradient by 2 x 2 pixels at once: 12 channels of one convolution with stride 2.
    turned = _turned(kernel)
    quad = np.zeros((4, 4, turned.shape[2], 2, 2, _COLORS), np.float32)
    for row in range(2):
        for column in range(2):
            quad[row : row + 3, column : column + 3, :, row, column] = turned
    backward = tf.constant(quad.reshape(4, 4, -1, 4 * _COLORS))

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def convolve(x: Tensor) -> tuple[Tensor, Convolution]:
        _, height, width, _ = x.shape

        def gradient(dy: Tensor) -> Tensor:
            margins = [[0, 0], [1, 1 + height % 2], [1, 1 + width % 2], [0, 0]]
            quads = tf.nn.conv2d(dy, backward, 2, margins)
            return tf.nn.depth_to_space(quads, 2)[:, :height, :width]

        return tf.nn.conv2d(x, constant, 1, "SAME"), gradient

    return convolve  # type: ignore[no-any-return]


def _turned(kernel: Floats) -> Floats:
    return kernel[::-1, ::-1].transpose(0, 1, 3, 2)


def relu(x: Tensor, gates: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """Apply ReLU.

    Parameters
    ----------
    x
        Any shape.
    gates
        What this gave before for the same `x`. The gradient then needs no `x` at all.

    Returns
    -------
    y : tensor
    gates : tensor of bool
        Which values passed: all that is kept for the way back. None outside of a graph.
    """
    if tf.executing_eagerly():  # targets need no gradient
        return tf.nn.relu(x), None

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def apply(x: Tensor) -> tuple[tuple[Tensor, Tensor], Callable[..., Tensor]]:
        y = tf.nn.relu(x)
        known = y > 0.0 if gates is None else gates
        return (y, known), lambda dy, _: _let_pass(dy, known)

    return apply(x)  # type: ignore[no-any-return]


def relu_and_pool(x: Tensor, winners: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
    """Apply ReLU, then take the maximum of each 2 x 2 positions.

    Parameters
    ----------
    x
        1 x height x width x channels, before ReLU; an odd last row or column is left out.
    winners
        What this gave before for the same `x`. The gradient then needs no `x` at all.

    Returns
    -------
    y : tensor
    winners : tensor of uint8
        Which position had the maximum: all that is kept for the way back. None outside of a graph.
    """
    if tf.executing_eagerly():
        return _relu_of_pooled(x), None
    _, height, width, _ = x.shape

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def apply(x: Tensor) -> tuple[tuple[Tensor, Tensor], Callable[..., Tensor]]:
        y = _relu_of_pooled(x)
        known = _winners(x, y) if winners is None else winners

        def gradient(dy: Tensor, _: Tensor) -> Tensor:
            return tf.pad(_spread(dy, known), [[0, 0], [0, height % 2], [0, width % 2], [0, 0]])

        return (y, known), gradient

    return apply(x)  # type: ignore[no-any-return]


def _relu_of_pooled(x: Tensor) -> Tensor:
    return tf.nn.relu(tf.nn.max_pool2d(x, 2, 2, "VALID"))


def _fused(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let XLA make one loop of it: it does nothing for convolutions, but much for these."""
    fused: Callable[..., Any] = tf.function(function, jit_compile=True, autograph=False)
    return fused


@_fused
def _let_pass(dy: Tensor, gates: Tensor) -> Tensor:
    return tf.where(gates, dy, 0.0)


@_fused
def _winners(x: Tensor, y: Tensor) -> Tensor:
    """Find which of each 2 x 2 positions is the first that has the maximum; 4 if ReLU cuts it."""
    _, height, width, channels = y.shape
    quads = tf.reshape(x[:, : 2 * height, : 2 * width], [height, 2, width, 2, channels])
    winner = tf.fill(y.shape[1:], tf.constant(3, tf.uint8))
    for number in (2, 1, 0):
        row, column = divmod(number, 2)
        winner = tf.where(quads[:, row, :, column] == y[0], tf.constant(number, tf.uint8), winner)
    return tf.where(y[0] > 0.0, winner, tf.constant(4, tf.uint8))


@_fused
def _spread(dy: Tensor, winners: Tensor) -> Tensor:
    """Give each gradient to the position that had the maximum."""
    _, height, width, channels = dy.shape
    numbers = tf.constant([[0, 1], [2, 3]], tf.uint8)[:, tf.newaxis, :, tf.newaxis]
    hit = winners[:, tf.newaxis, :, tf.newaxis] == numbers
    dx = tf.where(hit, dy[0][:, tf.newaxis, :, tf.newaxis], 0.0)
    return tf.reshape(dx, [1, 2 * height, 2 * width, channels])
