"""TensorFlow's tutorial "Neural style transfer", as strong as its own text allows.

Its objective, its Adam and its start (tensorflow/docs, site/en/tutorials/generative/
style_transfer.ipynb), in graph mode, with Keras's own VGG19 and the weights that the engine uses.
Targets are computed once, the network ends at the last layer that is needed. `SeedStyle` is the
same with nothing kept from step to step, which is what this project once did in one Flyte task
for each step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from workflows.engine.arrays import Pixels, Tensor
from workflows.engine.weights import Weights

STYLE_LAYERS = [f"block{number}_conv1" for number in range(1, 6)]
CONTENT_LAYER = "block5_conv2"
STYLE_WEIGHT, CONTENT_WEIGHT, VARIATION_WEIGHT = 1e-2, 1e4, 30.0


def vgg19(weights: Weights, layers: list[str]) -> Any:
    """Build Keras's VGG19 with outputs by layer name."""
    whole = keras.applications.VGG19(include_top=False, weights=None)
    for name, layer in weights.layers.items():
        whole.get_layer(name).set_weights([layer.kernel, layer.bias])
    return keras.Model(whole.input, {name: whole.get_layer(name).output for name in layers})


def preprocess(pixels: Tensor) -> Tensor:
    """Do what Keras's VGG19 expects to be done to pixels in [0, 1]."""
    return keras.applications.vgg19.preprocess_input(pixels[tf.newaxis] * 255.0)


def gram(activations: Tensor) -> Tensor:
    """Compute the tutorial's Gram matrix."""
    locations = tf.cast(tf.shape(activations)[1] * tf.shape(activations)[2], tf.float32)
    return tf.linalg.einsum("bijc,bijd->bcd", activations, activations) / locations


@contextlib.contextmanager
def with_grappler() -> Iterator[None]:
    """Let TensorFlow rewrite graphs, as it does by itself but the engine does not let it.

    A step of the tutorial takes 1.5 % less time with it: medians of ten by turns at 256 pixels,
    0.565 s against 0.574 s on a busy machine.
    """
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})


class Tutorial:
    """The tutorial's optimisation of one picture."""

    def __init__(self, content: Pixels, style: Pixels, weights: Weights) -> None:
        self._network = vgg19(weights, [*STYLE_LAYERS, CONTENT_LAYER])
        of_style = self._network(preprocess(tf.constant(style)))
        self._grams = {name: gram(of_style[name]) for name in STYLE_LAYERS}
        self._content = self._network(preprocess(tf.constant(content)))[CONTENT_LAYER]
        self._picture = tf.Variable(content)
        self._optimizer = keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
        self._optimizer.build([self._picture])
        self._compiled_step = tf.function(self._step)
        self._compiled_loss = tf.function(self._loss)

    @property
    def pixels(self) -> Pixels:
        """The picture as it is now."""
        return np.asarray(self._picture)

    def step(self) -> float:
        """Make one step; give the loss before it."""
        return float(self._compiled_step())

    def loss(self, pixels: Pixels) -> float:
        """Judge any picture of the same size."""
        return float(self._compiled_loss(tf.constant(pixels)))

    def _loss(self, pixels: Tensor) -> Tensor:
        activations = self._network(preprocess(pixels))
        style = tf.add_n(
            [
                tf.reduce_mean((gram(activations[name]) - target) ** 2)
                for name, target in self._grams.items()
            ]
        )
        content = tf.reduce_mean((activations[CONTENT_LAYER] - self._content) ** 2)
        return (
            style * STYLE_WEIGHT / len(STYLE_LAYERS)
            + content * CONTENT_WEIGHT
            + VARIATION_WEIGHT * tf.image.total_variation(pixels)
        )

    def _step(self) -> Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(self._picture)
        gradient = tape.gradient(loss, self._picture)
        self._optimizer.apply_gradients([(gradient, self._picture)])
        self._picture.assign(tf.clip_by_value(self._picture, 0.0, 1.0))
        return loss


class SeedStyle:
    """The same with nothing kept: network, targets and Adam are made anew for each step."""

    def __init__(self, content: Pixels, style: Pixels, weights: Weights) -> None:
        self._content, self._style, self._weights = content, style, weights
        self.pixels = content

    def step(self) -> float:
        """Make one step, without a graph; give the loss before it."""
        tutorial = Tutorial(self._content, self._style, self._weights)
        tutorial._picture.assign(self.pixels)
        loss = float(tutorial._step())
        self.pixels = tutorial.pixels
        return loss
