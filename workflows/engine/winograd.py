"""Convolution with 3 x 3 kernels by Winograd's minimal filtering, in plain TensorFlow operations.

Lavin & Gray 2015, "Fast Algorithms for Convolutional Neural Networks" (arXiv 1509.09308): an
output tile of 4 x 4 is ``Aᵀ [(G g Gᵀ) * (Bᵀ d B)] A`` with ``d`` the 6 x 6 inputs that it sees and
``g`` the kernel. That takes 36 multiplications for each pair of channels instead of 144, and the
36 positions of all tiles are 36 matrix products over the channels. ``Bᵀ d B`` and ``Aᵀ m A`` are
linear in the tile, so each is one product with a Kronecker square. Their cost does not depend on
the other side's channels: with few of them direct convolution is quicker.

Importing this module imports TensorFlow.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import tensorflow as tf

from workflows.engine.arrays import Floats, Tensor

#: Outputs of a tile, and inputs that they see, along each axis.
OUTPUTS: Final = 4
INPUTS: Final = 6

# The matrices of F(4x4, 3x3): section 4.3 of the paper, interpolation at 0, 1, -1, 2, -2, infinity.
_B: Final = np.array(
    [
        [4, 0, -5, 0, 1, 0],
        [0, -4, -4, 1, 1, 0],
        [0, 4, -4, -1, 1, 0],
        [0, -2, -1, 2, 1, 0],
        [0, 2, -1, -2, 1, 0],
        [0, 4, 0, -5, 0, 1],
    ]
)
_G: Final = np.array(
    [
        [1 / 4, 0, 0],
        [-1 / 6, -1 / 6, -1 / 6],
        [-1 / 6, 1 / 6, -1 / 6],
        [1 / 24, 1 / 12, 1 / 6],
        [1 / 24, -1 / 12, 1 / 6],
        [0, 0, 1],
    ]
)
_A: Final = np.array(
    [[1, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)

# np.kron(_A, _A) applied to a flattened tile m is the flattened _A m _Aᵀ.
_TRANSFORM_INPUTS: Final = np.kron(_B, _B).astype(np.float32)
_TRANSFORM_KERNEL: Final = np.kron(_G, _G).astype(np.float32)
_TRANSFORM_OUTPUTS: Final = np.kron(_A, _A).astype(np.float32)

#: Channels in times channels out from which this beats direct convolution. Measured on two
#: AVX-512 cores, Winograd against direct: 44 ms against 47 for 256 x 256 x 128 -> 128,
#: 18 against 23 for 128 x 128 x 128 -> 256, 24 against 52 for 128 x 128 x 256 -> 256.
WORTHWHILE_CHANNELS: Final = 128 * 256

#: Values that a strip of transformed tiles may have. What is transformed is 2.25 times the input;
#: strips keep that from becoming the peak of memory for large pictures (128 MiB each).
STRIP_VALUES: Final = 2**25


def is_worthwhile(kernel: Floats) -> bool:
    """Tell whether a kernel (3, 3, channels in, channels out) is convolved faster this way."""
    return bool(kernel.shape[2] * kernel.shape[3] >= WORTHWHILE_CHANNELS)


def transform_kernel(kernel: Tensor) -> Tensor:
    """Compute ``G g Gᵀ`` for each pair of channels.

    Parameters
    ----------
    kernel
        3 x 3 x channels in x channels out.

    Returns
    -------
    Tensor
        36 x channels in x channels out.
    """
    pairs = tf.reshape(kernel, [9, -1])
    return tf.reshape(tf.matmul(_TRANSFORM_KERNEL, pairs), [INPUTS**2, *kernel.shape[2:]])


def convolve(x: Tensor, transformed: Tensor, *, strip_values: int = STRIP_VALUES) -> Tensor:
    """Convolve with stride 1 and zeros around, as ``tf.nn.conv2d(x, kernel, 1, "SAME")`` does.

    Parameters
    ----------
    x
        1 x height x width x channels in.
    transformed
        What `transform_kernel` made of the kernel.
    strip_values
        How many transformed values to hold at once.

    Returns
    -------
    Tensor
        1 x height x width x channels out, within rounding (3e-6, relative) of the direct one's.
    """
    _, height, width, channels = x.shape
    down, across = -(-height // OUTPUTS), -(-width // OUTPUTS)
    values_per_row = across * INPUTS**2 * max(channels, transformed.shape[-1])
    step = OUTPUTS * max(1, strip_values // values_per_row)
    # Zeros on all sides, and so many more at the end that whole tiles fit.
    padded = tf.pad(
        x[0], [[1, down * OUTPUTS - height + 1], [1, across * OUTPUTS - width + 1], [0, 0]]
    )
    strips = [
        _convolve_strip(padded[top : top + step + 2], transformed) for top in range(0, height, step)
    ]
    return tf.concat(strips, 0)[tf.newaxis, :height, :width]


def _convolve_strip(padded: Tensor, transformed: Tensor) -> Tensor:
    """Convolve rows that bring their margins; height and width less 2 are multiples of 4."""
    height, width, channels = padded.shape
    down, across = height // OUTPUTS, width // OUTPUTS
    # Gathering rows of channels by a table copies at the speed of memory; strided slices are
    # eight times slower.
    tiles = tf.gather(tf.reshape(padded, [-1, channels]), _tile_table(down, across))
    tiles = tf.matmul(_TRANSFORM_INPUTS, tf.reshape(tiles, [INPUTS**2, -1]))
    products = tf.matmul(tf.reshape(tiles, [INPUTS**2, -1, channels]), transformed)
    channels_out = transformed.shape[-1]
    outputs = tf.matmul(_TRANSFORM_OUTPUTS, tf.reshape(products, [INPUTS**2, -1]))
    outputs = tf.gather(tf.reshape(outputs, [-1, channels_out]), _picture_table(down, across))
    return tf.reshape(outputs, [down * OUTPUTS, across * OUTPUTS, channels_out])


def _tile_table(down: int, across: int) -> Tensor:
    """List the padded inputs in the order (row in tile, column in tile, tile)."""
    row = np.arange(INPUTS)[:, None, None, None] + OUTPUTS * np.arange(down)[:, None]
    column = np.arange(INPUTS)[:, None, None] + OUTPUTS * np.arange(across)
    return tf.constant((row * (OUTPUTS * across + 2) + column).ravel(), tf.int32)


def _picture_table(down: int, across: int) -> Tensor:
    """List the outputs, which are in the order (row in tile, column in tile, tile), by rows."""
    row = np.arange(down * OUTPUTS)[:, None]
    column = np.arange(across * OUTPUTS)
    in_tile = row % OUTPUTS * OUTPUTS + column % OUTPUTS
    tile = row // OUTPUTS * across + column // OUTPUTS
    return tf.constant((in_tile * down * across + tile).ravel(), tf.int32)
