"""Several styles share one target, and a large style needs no more memory than a small one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.engine.conftest import landscape, stripes
from workflows.engine import (
    CheckpointMismatch,
    Options,
    Progress,
    StylizedImage,
    WeightedStyle,
    stylize,
)
from workflows.engine.arrays import Pixels
from workflows.engine.losses import StyleLoss
from workflows.engine.mixture import mixture, tiled
from workflows.engine.objective import Objective
from workflows.engine.weights import Weights

PREVIEW = Options(size=64, quality="preview")


def dots(height: int, width: int) -> Pixels:
    """Red and white, nothing like the stripes."""
    y, x = np.mgrid[:height, :width]
    mask = ((y % 8 - 4) ** 2 + (x % 8 - 4) ** 2 < 9)[:, :, np.newaxis]
    return np.where(mask, [0.8, 0.1, 0.1], [0.95, 0.95, 0.9]).astype(np.float32)


@pytest.fixture(scope="module")
def blend(style: Pixels) -> list[WeightedStyle]:
    return [WeightedStyle(style), WeightedStyle(dots(40, 56), 2)]


@pytest.fixture(scope="module")
def told() -> list[Progress]:
    return []


@pytest.fixture(scope="module")
def painted(content: Pixels, blend: list[WeightedStyle], told: list[Progress]) -> StylizedImage:
    return stylize(content, blend, PREVIEW, progress=told.append)


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
    whole = Objective(content, large, weights).terms(content)
    pieces = Objective(content, tiled([WeightedStyle(large)], 64), weights).terms(content)
    # What is cut apart is seen with zeros around it, as every border is: the deeper the layer,
    # the wider the border.
    for layer, tolerance in (("block1_conv1", 0.05), ("block2_conv1", 0.1), ("block3_conv1", 0.2)):
        name = f"StyleLoss {layer}"
        assert pieces[name] == pytest.approx(whole[name], rel=tolerance)


def test_a_target_is_the_weighted_mean_of_statistics() -> None:
    one, other, photo = (np.full((3, 3), value, np.float32) for value in (1, 5, 100))
    loss = StyleLoss("block1_conv1", 1.0)
    np.testing.assert_allclose(loss.target(photo, [(0.75, one), (0.25, other)], 1.0), 2.0)
    np.testing.assert_allclose(loss.target(photo, [(0.75, one), (0.25, other)], 0.5), 51.0)


def test_a_blend_is_painted_and_names_the_network_that_judged_it(
    painted: StylizedImage, content: Pixels, weights: Weights
) -> None:
    assert painted.pixels.shape == content.shape
    assert painted.loss[-1][2] < 0.3 * painted.loss[0][2]
    assert (painted.weights_source, painted.weights_sha256) == (weights.source, weights.sha256)


def test_a_checkpoint_of_another_blend_is_refused(
    painted: StylizedImage, told: list[Progress], blend: list[WeightedStyle], content: Pixels
) -> None:
    # GIVEN a checkpoint of a blend
    checkpoint = told[-1].checkpoint()

    # THEN it goes on with the same ratios, and with no others
    doubled = [WeightedStyle(one.pixels, 2 * one.weight) for one in blend]
    resumed = stylize(content, doubled, PREVIEW, resume=checkpoint)
    np.testing.assert_array_equal(resumed.pixels, painted.pixels)
    shifted = [WeightedStyle(blend[0].pixels, 3), blend[1]]
    with pytest.raises(CheckpointMismatch):
        stylize(content, shifted, PREVIEW, resume=checkpoint)
