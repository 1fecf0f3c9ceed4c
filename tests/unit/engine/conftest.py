"""Small pictures, and what is expensive to make, once per session."""

from __future__ import annotations

import numpy as np
import pytest

from workflows.engine.arrays import Pixels
from workflows.engine.weights import Weights, load_weights


def landscape(height: int, width: int) -> Pixels:
    """A smooth picture, the same everywhere: hills of light in three colours."""
    y = np.linspace(0, 1, height)[:, np.newaxis]
    x = np.linspace(0, 1, width)[np.newaxis, :]
    channels = [
        0.5 + 0.45 * np.sin(5 * x + 3 * y),
        0.5 + 0.40 * np.cos(7 * x * y + 1),
        0.2 + 0.6 * y * x,
    ]
    return np.stack(np.broadcast_arrays(*channels), axis=-1).astype(np.float32)


def stripes(height: int, width: int) -> Pixels:
    """A picture with hard edges and two colours, slanted."""
    y, x = np.mgrid[:height, :width]
    mask = (((x + 2 * y) // 5) % 2 == 0)[:, :, np.newaxis]
    return np.where(mask, [0.9, 0.7, 0.1], [0.05, 0.15, 0.5]).astype(np.float32)


@pytest.fixture(scope="session")
def content() -> Pixels:
    return landscape(48, 64)


@pytest.fixture(scope="session")
def style() -> Pixels:
    return stripes(40, 56)


@pytest.fixture(scope="session")
def weights() -> Weights:
    return load_weights("")
