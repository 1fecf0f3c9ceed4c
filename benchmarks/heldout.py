"""Judge pictures by what neither optimiser was told to improve."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from skimage.metrics import structural_similarity

from benchmarks.tutorial import gram, preprocess, vgg19
from workflows.engine.arrays import Floats, Pixels
from workflows.engine.weights import Weights

#: Layers between those of the objective.
LAYERS = ["block2_conv2", "block3_conv3", "block4_conv3"]

#: ITU-R BT.601.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)


class Heldout:
    """Metrics against one photo and one style."""

    def __init__(self, content: Pixels, style: Pixels, weights: Weights) -> None:
        self._network = vgg19(weights, LAYERS)
        self._luma = content @ LUMA
        self._grams = self._represent(style)

    def measure(self, pixels: Pixels) -> dict[str, float]:
        """Compute ``gram_distance`` (lower is better) and ``luma_ssim`` (higher is better).

        The distance is relative to the style's own Gram matrix, averaged over `LAYERS`.
        """
        grams = self._represent(pixels)
        apart = [
            np.linalg.norm(mine - target) / np.linalg.norm(target)
            for mine, target in zip(grams, self._grams, strict=True)
        ]
        similarity = structural_similarity(  # type: ignore[no-untyped-call]
            pixels @ LUMA, self._luma, data_range=1.0
        )
        return {"gram_distance": float(np.mean(apart)), "luma_ssim": float(similarity)}

    def _represent(self, pixels: Pixels) -> list[Floats]:
        activations = self._network(preprocess(tf.constant(pixels)))
        return [np.asarray(gram(activations[name])) for name in LAYERS]
