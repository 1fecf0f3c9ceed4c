"""Names for the arrays that the engine passes around."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

#: A picture: height x width x 3, sRGB, values in [0, 1].
Pixels: TypeAlias = npt.NDArray[np.float32]

#: Opacity: height x width, values in [0, 1].
Alpha: TypeAlias = npt.NDArray[np.float32]

#: Any other array of single precision: kernels, coefficients, gradients.
Floats: TypeAlias = npt.NDArray[np.float32]

#: A tf.Tensor; TensorFlow ships no types.
Tensor: TypeAlias = Any
