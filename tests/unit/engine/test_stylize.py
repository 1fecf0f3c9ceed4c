"""A photo goes in and comes out painted, whatever interrupts it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from tests.unit.engine.conftest import landscape, stripes
from workflows.engine import (
    Checkpoint,
    CheckpointMismatch,
    Options,
    Progress,
    StylizedImage,
    WeightsError,
    stylize,
)
from workflows.engine.arrays import Pixels
from workflows.engine.colors import match_colors
from workflows.engine.parametrization import MARGIN
from workflows.engine.weights import VARIABLE

PREVIEW = Options(quality="preview")
RESUMED_AT = 8

#: A resumed run has forgotten the curvature; so much higher may its loss end.
RESUME_TOLERANCE = 0.25


def distance(one: Pixels, other: Pixels) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


@pytest.fixture(scope="session")
def heard() -> list[Progress]:
    return []


@pytest.fixture(scope="session")
def painted(content: Pixels, style: Pixels, heard: list[Progress]) -> StylizedImage:
    return stylize(content, style, PREVIEW, progress=heard.append)


@pytest.fixture(scope="session")
def saved(painted: StylizedImage, heard: list[Progress]) -> bytes:
    return heard[RESUMED_AT - 1].checkpoint().to_bytes()


def test_the_result_is_a_picture_of_the_photos_size(
    painted: StylizedImage, content: Pixels
) -> None:
    assert painted.pixels.shape == content.shape
    assert painted.pixels.dtype == np.float32
    assert 0 <= painted.pixels.min() <= painted.pixels.max() <= 1
    assert painted.resumed_from == 0


def test_it_begins_with_the_photo_in_the_colours_of_the_style(
    heard: list[Progress], painted: StylizedImage, content: Pixels, style: Pixels
) -> None:
    first = heard[0].image()
    np.testing.assert_allclose(first, match_colors(content, style), atol=MARGIN + 1e-6)


def test_a_preview_takes_the_style_to_a_tenth_of_the_loss(painted: StylizedImage) -> None:
    assert painted.loss[-1][2] < 0.1 * painted.loss[0][2]


def test_progress_is_told_after_every_evaluation(
    painted: StylizedImage, heard: list[Progress]
) -> None:
    planned = PREVIEW.evaluations
    assert painted.evaluations == planned
    assert [told.evaluation for told in heard] == list(range(1, planned + 1))
    assert {told.evaluations for told in heard} == {planned}
    assert [(told.evaluation, told.seconds, told.loss) for told in heard] == list(painted.loss)
    for earlier, later in pairwise(heard):
        assert later.loss <= earlier.loss
        assert later.seconds >= earlier.seconds


def test_what_was_told_stays_valid_after_the_end(
    painted: StylizedImage, heard: list[Progress], content: Pixels
) -> None:
    np.testing.assert_array_equal(heard[-1].image(), painted.pixels)
    moved = [distance(told.image(), content) for told in (heard[2], heard[9], heard[-1])]
    assert moved == sorted(moved)


def test_the_same_inputs_give_the_same_bits_on_one_machine(
    painted: StylizedImage, content: Pixels, style: Pixels
) -> None:
    np.testing.assert_array_equal(stylize(content, style, PREVIEW).pixels, painted.pixels)


def test_an_interrupted_run_goes_on_where_it_was(
    painted: StylizedImage, saved: bytes, content: Pixels, style: Pixels
) -> None:
    # WHEN a run is resumed from a checkpoint of its eighth evaluation
    checkpoint = Checkpoint.from_bytes(saved)
    resumed = stylize(content, style, PREVIEW, resume=checkpoint)
    # THEN it makes only the evaluations that were left, and keeps history and time
    assert resumed.resumed_from == RESUMED_AT
    assert resumed.evaluations == PREVIEW.evaluations
    assert resumed.loss[:RESUMED_AT] == painted.loss[:RESUMED_AT]
    assert resumed.seconds > checkpoint.loss[-1][1]
    # AND it is never worse than its checkpoint, and ends near the uninterrupted one
    losses = [loss for _, _, loss in resumed.loss]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < (1 + RESUME_TOLERANCE) * painted.loss[-1][2]


def test_a_finished_run_is_resumed_without_another_evaluation(
    painted: StylizedImage, heard: list[Progress], content: Pixels, style: Pixels
) -> None:
    again = stylize(content, style, PREVIEW, resume=heard[-1].checkpoint())
    assert again.loss == painted.loss
    np.testing.assert_array_equal(again.pixels, painted.pixels)


def test_a_checkpoint_of_another_run_is_refused(
    saved: bytes, content: Pixels, style: Pixels
) -> None:
    checkpoint = Checkpoint.from_bytes(saved)
    others = [
        (content[::-1], style, PREVIEW),
        (content, style[::-1], PREVIEW),
        (content, style, Options(quality="standard")),
    ]
    for other_content, other_style, options in others:
        with pytest.raises(CheckpointMismatch, match="belongs to another"):
            stylize(other_content, other_style, options, resume=checkpoint)


def test_what_a_listener_raises_ends_the_run(content: Pixels, style: Pixels) -> None:
    class DeadlineError(Exception):
        pass

    def stop(progress: Progress) -> None:
        raise DeadlineError

    with pytest.raises(DeadlineError):
        stylize(content, style, PREVIEW, progress=stop)


def test_strength_zero_gives_the_photo_back_without_any_work(
    content: Pixels, style: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere")
    result = stylize(content, style, Options(strength=0.0))
    np.testing.assert_array_equal(result.pixels, content)
    assert result.evaluations == 0
    assert result.pixels is not content


def test_more_strength_goes_further_from_the_photo(
    painted: StylizedImage, content: Pixels, style: Pixels
) -> None:
    distances = [
        distance(
            stylize(content, style, Options(quality="preview", strength=strength)).pixels, content
        )
        for strength in (0.1, 0.4, 0.7)
    ]
    distances.append(distance(painted.pixels, content))
    assert distances == sorted(distances)
    assert distances[0] < 0.5 * distances[-1]


def test_preserved_colours_are_the_photos(
    painted: StylizedImage, content: Pixels, style: Pixels
) -> None:
    def chroma(pixels: Pixels) -> Pixels:
        return np.stack([pixels[..., 0] - pixels[..., 1], pixels[..., 2] - pixels[..., 1]])

    kept = stylize(content, style, Options(quality="preview", preserve_colors=True)).pixels
    assert distance(chroma(kept), chroma(content)) < 0.5 * distance(
        chroma(painted.pixels), chroma(content)
    )
    assert distance(kept, content) > 0.02


@pytest.mark.parametrize(
    ("content", "style", "reason"),
    [
        (landscape(15, 64), stripes(32, 32), "content is 64 x 15 pixels"),
        (landscape(32, 32), stripes(8, 32), "style is 32 x 8 pixels"),
        (landscape(32, 32) * 255, stripes(32, 32), r"content must have values in \[0, 1\]"),
        (landscape(32, 32) * np.nan, stripes(32, 32), r"content must have values in \[0, 1\]"),
        (landscape(32, 32)[:, :, 0], stripes(32, 32), "content must be a float32 array"),
        (landscape(32, 32), stripes(32, 32).astype(float), "style must be a float32 array"),
    ],
)
def test_what_is_no_picture_is_refused(content: Pixels, style: Pixels, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        stylize(content, style, PREVIEW)


def test_without_weights_there_is_no_picture(
    content: Pixels, style: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "/nowhere/vgg19.h5")
    with pytest.raises(WeightsError, match=r"/nowhere/vgg19\.h5"):
        stylize(content, style, PREVIEW)
