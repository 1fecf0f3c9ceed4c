"""Pixels as a function of free coefficients: always in [0, 1], and quick to optimise.

A picture is ``x = (sin(u) + 1) / 2`` with ``u = u0 + P z``. The sine keeps pixels in range
without clipping, which would undo much of what an unbounded optimiser gained. ``P`` filters
with ``1 / f**0.35``: it lets a quasi-Newton method move large shapes as easily as single
pixels, in the way that the spectrum of natural pictures falls with frequency. Four pairs at 256
pixels reach the loss of 300 Adam steps of the tutorial in 160 evaluations together; with exponents
of 0.3, 0.42 and 0.5 they take 162, 162 and 160.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import scipy.fft

from workflows.engine.arrays import Floats, Pixels
from workflows.engine.optimizer import Evaluate

#: Exponent of the filter.
FALL_OFF: Final = 0.35

#: The sine is flat at 0 and 1, where no gradient could ever move a pixel again; the start
#: keeps this distance from both: half of one of 256 levels, less than anyone can see.
MARGIN: Final = 0.5 / 255


class Parametrization:
    """The map from coefficients to pixels around one picture, and its adjoint.

    Parameters
    ----------
    start
        Height x width x 3 in [0, 1]: the picture at coefficients zero.
    """

    def __init__(self, start: Pixels) -> None:
        self.shape = start.shape
        inside = np.clip(start, MARGIN, 1 - MARGIN)
        self._base = np.arcsin(2 * inside - 1).astype(np.float32)
        self._filter = _fourier_filter(start.shape[0], start.shape[1])

    def pixels(self, coefficients: Floats) -> Pixels:
        """Map coefficients to a picture.

        Parameters
        ----------
        coefficients
            Array of the picture's shape.

        Returns
        -------
        Pixels
            In [0, 1].
        """
        return self._wave(self._angles(coefficients))

    def linearize(self, coefficients: Floats) -> tuple[Pixels, Callable[[Floats], Floats]]:
        """Map coefficients to a picture, and keep what its gradients need.

        Parameters
        ----------
        coefficients
            Array of the picture's shape.

        Returns
        -------
        pixels : Pixels
            As `pixels` gives them.
        pull_back : callable
            Turns the gradient of any function by these pixels into its gradient by the
            coefficients.
        """
        angles = self._angles(coefficients)
        slope = np.cos(angles) / np.float32(2)
        # The filter is real and even, so P is its own adjoint.
        return self._wave(angles), lambda gradient: self._smooth(gradient * slope)

    def by_coefficients(self, evaluate: Evaluate) -> Evaluate:
        """Turn loss and gradient as a function of pixels into one of coefficients."""

        def evaluate_at(coefficients: Floats) -> tuple[float, Floats]:
            pixels, pull_back = self.linearize(coefficients)
            loss, gradient = evaluate(pixels)
            return loss, pull_back(gradient)

        return evaluate_at

    def _angles(self, coefficients: Floats) -> Floats:
        return self._base + self._smooth(coefficients)

    @staticmethod
    def _wave(angles: Floats) -> Pixels:
        pixels: Pixels = (np.sin(angles) + np.float32(1)) / np.float32(2)
        return pixels

    def _smooth(self, values: Floats) -> Floats:
        spectrum = scipy.fft.rfft2(values, axes=(0, 1))
        smooth: Floats = scipy.fft.irfft2(spectrum * self._filter, s=self.shape[:2], axes=(0, 1))
        return smooth


def _fourier_filter(height: int, width: int) -> Floats:
    """Build ``1 / f**FALL_OFF`` for `rfft2`, with unit RMS over the whole plane.

    Returns
    -------
    Floats
        Height x (width // 2 + 1) x 1; the mean's frequency counts as the lowest other one.
    """
    rows = np.fft.fftfreq(height)[:, np.newaxis]
    columns = np.fft.fftfreq(width)[np.newaxis, :]
    frequency = np.maximum(np.hypot(rows, columns), 1 / max(height, width))
    gain = frequency**-FALL_OFF
    gain /= np.sqrt(np.mean(gain**2))
    half: Floats = gain[:, : width // 2 + 1, np.newaxis].astype(np.float32)
    return half
