"""The fast layers against TensorFlow's own, values and gradients."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine.arrays import Floats
from workflows.engine.threads import available_cpus, start_tensorflow

#: Winograd's sums are longer and its constants up to 8: it rounds a few times as much as direct
#: convolution, whose own error is about 3e-7.
ROUNDING = 2e-5

SIDE = st.integers(1, 23)
CHANNELS = st.sampled_from([1, 3, 5, 8])


@pytest.fixture(scope="module", autouse=True)
def _tensorflow() -> None:
    start_tensorflow(available_cpus())


def normal(*shape: int) -> Floats:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def apart(one: Any, other: Any) -> float:
    return float(np.linalg.norm(one - other) / np.linalg.norm(other))


def value_and_gradient(function: Callable[[Any], Any], x: Floats) -> tuple[Any, Any]:
    """The function, and the gradient of its product with fixed random numbers."""
    import tensorflow as tf

    @tf.function(autograph=False)
    def both(x: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            product = tf.reduce_sum(y * normal(*y.shape))
        return y, tape.gradient(product, x)

    y, gradient = both(tf.constant(x))
    return y.numpy(), gradient.numpy()


def first_of(layer: Callable[..., Any], x: Any, noted: Any = None) -> Any:
    return layer(x, noted)[0]


def direct(kernel: Floats) -> Callable[[Any], Any]:
    import tensorflow as tf

    return lambda x: tf.nn.conv2d(x, kernel, 1, "SAME")


@given(height=SIDE, width=SIDE, channels=CHANNELS, channels_out=CHANNELS)
@settings(max_examples=30, deadline=None)
def test_winograd_is_a_convolution(
    height: int, width: int, channels: int, channels_out: int
) -> None:
    from workflows.engine import winograd

    x, kernel = normal(1, height, width, channels), normal(3, 3, channels, channels_out)
    ours = winograd.convolve(x, winograd.transform_kernel(kernel))
    assert apart(ours, direct(kernel)(x)) < ROUNDING


@given(height=SIDE, width=SIDE, strip_values=st.integers(1, 4000))
@settings(max_examples=30, deadline=None)
def test_strips_change_nothing(height: int, width: int, strip_values: int) -> None:
    from workflows.engine import winograd

    x, transformed = normal(1, height, width, 5), winograd.transform_kernel(normal(3, 3, 5, 4))
    whole = winograd.convolve(x, transformed)
    strips = winograd.convolve(x, transformed, strip_values=strip_values)
    assert apart(strips, whole) < 1e-6


@pytest.mark.parametrize("channels", [(3, 64), (64, 64), (128, 256), (256, 256)])
@pytest.mark.parametrize("size", [(16, 16), (9, 14), (13, 7)])
@pytest.mark.parametrize("keeps", [True, False])
def test_every_convolution_and_its_gradient_agree_with_autodiff(
    channels: tuple[int, int], size: tuple[int, int], keeps: bool
) -> None:
    from workflows.engine.layers import convolution

    x, kernel = normal(1, *size, channels[0]), normal(3, 3, *channels)
    ours = value_and_gradient(convolution(kernel, keeps=keeps), x)
    theirs = value_and_gradient(direct(kernel), x)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.shape == other.shape
        assert apart(mine, other) < ROUNDING


@pytest.mark.parametrize("size", [(2, 2), (8, 6), (7, 9)])
@pytest.mark.parametrize("levels", [0, 2])
def test_pooling_and_its_gradient_agree_with_autodiff(size: tuple[int, int], levels: int) -> None:
    import tensorflow as tf

    from workflows.engine.layers import relu_and_pool

    # GIVEN activations, with few levels many maxima are shared: the first takes the gradient
    x = normal(1, *size, 6)
    x = np.round(x * levels) if levels else x
    # WHEN they are pooled, THEN values and gradients are TensorFlow's, bit for bit
    ours = value_and_gradient(partial(first_of, relu_and_pool), x)
    theirs = value_and_gradient(lambda x: tf.nn.max_pool2d(tf.nn.relu(x), 2, 2, "VALID"), x)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_what_a_pooling_and_a_relu_gave_before_is_all_that_their_gradients_need() -> None:
    import tensorflow as tf

    from workflows.engine.layers import relu, relu_and_pool

    x = normal(1, 7, 9, 6)
    for layer in (relu, relu_and_pool):
        # GIVEN what a layer noted when it saw x
        _, noted = tf.function(layer, autograph=False)(x)
        # WHEN it sees something else, and the note
        _, gradient = value_and_gradient(partial(first_of, layer, noted=noted), -x)
        # THEN the gradient is the one at x
        _, expected = value_and_gradient(partial(first_of, layer), x)
        np.testing.assert_array_equal(gradient, expected)
