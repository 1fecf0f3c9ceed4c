"""Pixels as a function of coefficients."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.unit.engine.conftest import landscape
from workflows.engine.arrays import Pixels
from workflows.engine.parametrization import Parametrization

shapes = st.tuples(st.integers(16, 33), st.integers(16, 33), st.just(3))
pictures = shapes.flatmap(
    lambda shape: hnp.arrays(
        np.float32, shape, elements=st.floats(0, 1, width=32), fill=st.just(0.5)
    )
)


@settings(max_examples=30, deadline=None)
@given(pictures)
def test_it_starts_at_the_photo(photo: Pixels) -> None:
    start = Parametrization(photo).pixels(np.zeros_like(photo))
    assert np.abs(start - photo).max() <= 1 / 255
    assert start.dtype == np.float32


@settings(max_examples=30, deadline=None)
@given(pictures, st.floats(-1e4, 1e4), st.integers(0, 2**32 - 1))
def test_pixels_stay_in_range_wherever_the_optimiser_goes(
    photo: Pixels, scale: float, seed: int
) -> None:
    far = (scale * np.random.default_rng(seed).normal(size=photo.shape)).astype(np.float32)
    pixels = Parametrization(photo).pixels(far)
    assert pixels.shape == photo.shape
    assert pixels.min() >= 0
    assert pixels.max() <= 1


def test_the_gradient_is_that_of_the_pixels() -> None:
    # GIVEN a linear function of the pixels, for odd and even sides
    random = np.random.default_rng(7)
    for height, width in ((16, 20), (17, 21)):
        photo = landscape(height, width)
        parametrization = Parametrization(photo)
        weights = random.normal(size=photo.shape).astype(np.float32)
        here, step = random.normal(size=(2, *photo.shape)).astype(np.float32)
        # WHEN its gradient by the coefficients is taken along a direction
        pixels, pull_back = parametrization.linearize(here)
        slope = float(np.sum(pull_back(weights) * step))
        # THEN it is what differences say
        eps = np.float32(1e-2)
        ahead, behind = (
            np.sum(weights * parametrization.pixels(here + sign * eps * step).astype(np.float64))
            for sign in (1, -1)
        )
        np.testing.assert_array_equal(pixels, parametrization.pixels(here))
        np.testing.assert_allclose(slope, (ahead - behind) / (2 * eps), rtol=1e-2)


def test_the_filter_keeps_the_energy_of_white_noise() -> None:
    # The first step's size relies on it.
    noise = np.random.default_rng(1).normal(size=(64, 80, 3)).astype(np.float32)
    photo = np.full((64, 80, 3), 0.5, np.float32)
    # Around grey the sine is linear with slope one half.
    moved = 2 * (Parametrization(photo).pixels(noise * np.float32(1e-2)) - 0.5) / 1e-2
    np.testing.assert_allclose(np.sqrt(np.mean(moved**2)), 1.0, rtol=0.05)
