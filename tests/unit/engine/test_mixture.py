"""Several styles share one target, and a large style needs no more memory than a small one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.conftest import landscape, stripes
from workflows.engine import Options, WeightedStyle, stylize
from workflows.engine.arrays import Pixels
from workflows.engine.mixture import mixture, tiled
from workflows.engine.objective import Objective
from workflows.engine.weights import Weights

PREVIEW = Options(size=64, quality="preview")


def dots(height: int, width: int) -> Pixels:
    """Red and white, nothing like the stripes."""
    y, x = np.mgrid[:height, :width]
    mask = ((y % 8 - 4) ** 2 + (x % 8 - 4) ** 2 < 9)[:, :, np.newaxis]
    return np.where(mask, [0.8, 0.1, 0.1], [0.95, 0.95, 0.9]).astype(np.float32)


def test_one_picture_is_a_mixture_of_one(style: Pixels) -> None:
    (whole,) = mixture(style)
    assert whole.pixels is style
    assert whole.weight == 1


def test_only_the_ratios_of_weights_matter(style: Pixels) -> None:
    parts = mixture([WeightedStyle(style, 6), WeightedStyle(style, 2)])
    assert [part.weight for part in parts] == [0.75, 0.25]


@pytest.mark.parametrize("weight", [0.0, -1.0, float("nan"), float("inf")])
def test_a_weight_that_is_none_is_refused(style: Pixels, weight: float) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        mixture([WeightedStyle(style, weight)])


def test_no_style_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one style"):
        mixture([])


@settings(deadline=None)
@given(st.integers(16, 200), st.integers(16, 200), st.integers(64, 128))
def test_tiles_cover_the_picture_once(height: int, width: int, longest_side: int) -> None:
    picture = landscape(height, width)
    tiles = tiled([WeightedStyle(picture, 0.5)], longest_side)
    assert max(max(tile.pixels.shape[:2]) for tile in tiles) <= longest_side
    assert min(min(tile.pixels.shape[:2]) for tile in tiles) >= 16
    assert sum(tile.weight for tile in tiles) == pytest.approx(0.5)
    mean = sum(tile.weight * tile.pixels.mean(axis=(0, 1)) for tile in tiles)
    np.testing.assert_allclose(mean, 0.5 * picture.mean(axis=(0, 1)), rtol=1e-4)


def test_the_same_style_twice_is_that_style(
    content: Pixels, style: Pixels, weights: Weights
) -> None:
    once = Objective(content, style, weights).evaluate(content)[0]
    twice = Objective(content, [WeightedStyle(style, 3), WeightedStyle(style)], weights)
    assert twice.evaluate(content)[0] == pytest.approx(once, rel=1e-5)


def test_tiles_have_the_statistics_of_the_whole(content: Pixels, weights: Weights) -> None:
    large = stripes(128, 128)
    whole = Objective(content, large, weights).evaluate(content)[0]
    pieces = Objective(content, tiled([WeightedStyle(large)], 64), weights).evaluate(content)[0]
    # What is cut apart is seen with zeros around it, as every border is.
    assert pieces == pytest.approx(whole, rel=0.1)


def test_a_blend_lies_between_its_styles_and_leans_to_the_heavier(
    content: Pixels, style: Pixels, weights: Weights
) -> None:
    # GIVEN how far a picture is from the statistics of each of two styles
    other = dots(40, 56)
    of_style, of_other = (Objective(content, one, weights) for one in (style, other))

    def lean(weight: float) -> float:
        blend = [WeightedStyle(style, weight), WeightedStyle(other)]
        pixels = stylize(content, blend, PREVIEW).pixels
        return of_style.evaluate(pixels)[0] / of_other.evaluate(pixels)[0]

    # THEN the more a style weighs, the nearer the picture is to it, relative to the other
    ratios = [lean(weight) for weight in (0.1, 1.0, 10.0)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[0] > 1 > ratios[-1]


def test_results_name_the_weights_that_judged_them(
    content: Pixels, style: Pixels, weights: Weights
) -> None:
    painted = stylize(content, [WeightedStyle(style)], PREVIEW)
    assert (painted.weights_source, painted.weights_sha256) == (weights.source, weights.sha256)
