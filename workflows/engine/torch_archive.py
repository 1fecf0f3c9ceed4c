"""Read a file of `torch.save` with NumPy alone, and with an unpickler that knows four names."""

from __future__ import annotations

import io
import pickle
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt


def read_torch_archive(data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Read a `torch.save` stream of the time before zip files.

    Four pickles (magic number, protocol, sizes of types, the object), one with the keys of
    the storages, then per key its element count (int64) and its elements, little-endian.
    Source: torch/serialization.py, `_legacy_save`.

    Parameters
    ----------
    data
        The whole file, which must hold one dict of tensors of bytes and floats.

    Returns
    -------
    dict of str to array
        The tensors, as views into `data`.

    Raises
    ------
    pickle.UnpicklingError
        If the pickle names anything that such a dict does not need.
    """
    stream = io.BytesIO(data)
    *_, described, keys = _pickles(stream, 5)
    stubs = {stub.storage.key: (name, stub) for name, stub in described.items()}
    tensors = {}
    position = stream.tell()
    for key in keys:
        name, stub = stubs[key]
        position += 8  # the element count, which the pickle has told already
        values = np.frombuffer(data, stub.storage.dtype, stub.storage.count, position)
        tensors[name] = values.reshape(stub.shape)
        position += values.nbytes
    return tensors


@dataclass(frozen=True, slots=True)
class _Storage:
    """A block of data that follows later in the archive."""

    key: str
    dtype: npt.DTypeLike
    count: int


@dataclass(frozen=True, slots=True)
class _TensorStub:
    """A tensor as the pickle describes it: which storage, which shape."""

    storage: _Storage
    shape: tuple[int, ...]


def _rebuild_tensor(
    storage: _Storage, offset: int, size: tuple[int, ...], stride: object, *_: object
) -> _TensorStub:
    if offset != 0:
        raise pickle.UnpicklingError("a tensor does not start at the start of its storage")
    return _TensorStub(storage, size)


class _ArchiveUnpickler(pickle.Unpickler):
    """Unpickler for torch's legacy archive that can name four things and call two."""

    _allowed: Final[Mapping[tuple[str, str], Any]] = {
        ("torch._utils", "_rebuild_tensor_v2"): _rebuild_tensor,
        ("torch", "FloatStorage"): np.float32,
        ("torch", "ByteStorage"): np.uint8,
        ("collections", "OrderedDict"): OrderedDict,
    }

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._allowed[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed here") from None

    def persistent_load(self, pid: Any) -> _Storage:
        _, dtype, key, _, count, _ = pid
        return _Storage(key, dtype, count)


def _pickles(stream: io.BytesIO, count: int) -> Iterator[Any]:
    for _ in range(count):
        yield _ArchiveUnpickler(stream).load()
