"""A checkpoint survives the way through bytes; anything else is refused."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows.engine import Checkpoint

CHECKPOINT = Checkpoint(
    digest="abc",
    coefficients=np.linspace(-3, 3, 4 * 5 * 3, dtype=np.float32).reshape(4, 5, 3),
    loss=((1, 0.5, 100.0), (2, 1.1, 60.25)),
)


def test_what_is_written_is_read_back() -> None:
    read = Checkpoint.from_bytes(CHECKPOINT.to_bytes())
    assert (read.digest, read.loss, read.evaluation) == ("abc", CHECKPOINT.loss, 2)
    np.testing.assert_array_equal(read.coefficients, CHECKPOINT.coefficients)


def test_one_from_before_the_first_evaluation_is_read_back_too() -> None:
    fresh = Checkpoint("abc", np.zeros((2, 2, 3), np.float32), ())
    assert Checkpoint.from_bytes(fresh.to_bytes()).evaluation == 0


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_garbage_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a checkpoint of nst"):
        Checkpoint.from_bytes(data)


@settings(deadline=None)
@given(st.integers(0, len(CHECKPOINT.to_bytes()) - 1))
def test_a_truncated_one_is_a_value_error(length: int) -> None:
    with pytest.raises(ValueError, match="not a checkpoint of nst"):
        Checkpoint.from_bytes(CHECKPOINT.to_bytes()[:length])


@settings(deadline=None)
@given(st.integers(0, len(CHECKPOINT.to_bytes()) - 1), st.integers(1, 255))
def test_a_flipped_byte_is_a_value_error_or_does_no_harm(position: int, mask: int) -> None:
    data = bytearray(CHECKPOINT.to_bytes())
    data[position] ^= mask
    try:
        read = Checkpoint.from_bytes(bytes(data))
    except ValueError:
        return
    np.testing.assert_array_equal(read.coefficients, CHECKPOINT.coefficients)


def test_pickles_are_never_loaded() -> None:
    blob = io.BytesIO()
    np.savez(blob, digest="x", loss=np.zeros((0, 3)), coefficients=np.array([print], object))
    for data in (blob.getvalue(), pickle.dumps(CHECKPOINT.loss)):
        with pytest.raises(ValueError, match="not a checkpoint of nst"):
            Checkpoint.from_bytes(data)
