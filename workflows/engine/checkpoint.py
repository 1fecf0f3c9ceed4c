"""The state of an optimisation as one blob of bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from workflows.engine.arrays import Floats

#: One evaluation: its number, seconds of optimisation until its end, lowest loss so far.
LossPoint: TypeAlias = tuple[int, float, float]


class CheckpointMismatch(ValueError):
    """The checkpoint belongs to other pictures, options or weights."""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Where an optimisation stands.

    It holds the best coefficients but not the memory of L-BFGS, which would be forty times
    as large: a resumed run has to learn the curvature again, and for the same number of
    evaluations ends slightly above the loss of one that was never interrupted.

    Attributes
    ----------
    digest
        Names the pictures, the options and the weights that it belongs to.
    coefficients
        Of the best picture so far, see `workflows.engine.parametrization`.
    loss
        The history so far; its length is the number of evaluations made.
    """

    digest: str
    coefficients: Floats
    loss: tuple[LossPoint, ...]

    @property
    def evaluation(self) -> int:
        """Evaluations made so far."""
        return self.loss[-1][0] if self.loss else 0

    def to_bytes(self) -> bytes:
        """Write the checkpoint as an .npz archive."""
        blob = io.BytesIO()
        np.savez(
            blob,
            digest=np.array(self.digest),
            coefficients=self.coefficients,
            loss=np.array(self.loss, np.float64).reshape(-1, 3),
        )
        return blob.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Checkpoint:
        """Read what `to_bytes` wrote.

        Parameters
        ----------
        data
            Bytes from anywhere; nothing in them is executed.

        Returns
        -------
        Checkpoint

        Raises
        ------
        ValueError
            If they are no checkpoint, or a damaged one.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as archive:
                digest = str(archive["digest"][()])
                coefficients = archive["coefficients"]
                history = archive["loss"]
        except Exception as error:  # zipfile and NumPy raise a dozen kinds on damaged bytes
            raise ValueError(f"this is not a checkpoint of nst ({error})") from error
        if coefficients.dtype != np.float32 or coefficients.ndim != 3 or history.ndim != 2:
            raise ValueError("this is not a checkpoint of nst (its arrays are of another kind)")
        loss = tuple((int(row[0]), float(row[1]), float(row[2])) for row in history)
        return cls(digest, coefficients, loss)
