"""Colours of one picture, strokes of another."""

from __future__ import annotations

import numpy as np

from tests.unit.engine.conftest import landscape, stripes
from workflows.engine.colors import match_colors, with_chroma_of


def test_a_matched_picture_has_the_mean_colour_of_the_other() -> None:
    # GIVEN pictures so muted that nothing is clipped
    photo, style = 0.4 + 0.2 * landscape(40, 50), 0.4 + 0.2 * stripes(30, 30)
    # WHEN
    matched = match_colors(style, photo)
    # THEN the mean is the photo's
    np.testing.assert_allclose(matched.mean(axis=(0, 1)), photo.mean(axis=(0, 1)), atol=1e-3)
    assert matched.shape == style.shape


def test_a_matched_picture_has_the_colour_covariance_of_the_other() -> None:
    photo, other = 0.4 + 0.2 * landscape(40, 50), 0.4 + 0.1 * landscape(25, 90)[:, :, ::-1]
    matched = match_colors(other, photo)
    covariance, wanted = (np.cov(p.reshape(-1, 3), rowvar=False) for p in (matched, photo))
    np.testing.assert_allclose(covariance, wanted, rtol=0.1, atol=1e-4)


def test_matching_a_picture_to_itself_changes_nothing() -> None:
    photo = landscape(20, 30)
    np.testing.assert_allclose(match_colors(photo, photo), photo, atol=1e-4)


def test_a_picture_in_one_colour_can_be_matched_both_ways() -> None:
    grey, photo = np.full((16, 16, 3), 0.5, np.float32), landscape(20, 30)
    assert np.isfinite(match_colors(grey, photo)).all()
    np.testing.assert_allclose(match_colors(photo, grey), 0.5, atol=0.02)


def test_chroma_comes_from_the_photo_and_luma_from_the_painting() -> None:
    photo, painting = 0.4 + 0.2 * landscape(40, 50), 0.4 + 0.2 * stripes(40, 50)
    luma = np.array([0.299, 0.587, 0.114], np.float32)
    mixed = with_chroma_of(painting, photo)
    np.testing.assert_allclose(mixed @ luma, painting @ luma, atol=1e-5)
    np.testing.assert_allclose(
        mixed[:, :, 0] - mixed[:, :, 2], photo[:, :, 0] - photo[:, :, 2], atol=1e-5
    )
