"""Minimise with L-BFGS under a budget of evaluations.

SciPy's L-BFGS-B spends 0.16 s between two evaluations at 512 x 512, where the network itself takes
0.67 s: it works in float64, on one thread, and looks for bounds that are not there. Here the memory
is in single precision, and a step takes 0.05 s (both by turns on the same quadratic function, the
least of three runs). It multiplies the newest vectors with all others, runs the two-loop recursion
on those inner products alone, in double precision, and makes the direction by one more product
(Chen, Wang & Zhou 2014, "Large-scale L-BFGS using MapReduce").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from workflows.engine.arrays import Floats

#: Loss and gradient at some coefficients.
Evaluate: TypeAlias = Callable[[Floats], tuple[float, Floats]]

#: Told after every evaluation: the lowest loss so far and the coefficients that have it.
Listener: TypeAlias = Callable[[float, Floats], None]

#: Pairs of steps and gradient differences that L-BFGS remembers. 60 were no better.
HISTORY: Final = 20

#: What that memory may take. It binds above 3,360,000 coefficients (1058 pixels square) and leaves
#: five pairs at 2048 pixels square. Measured after 60 evaluations: ten pairs end 2 %, seven 4 %,
#: five 6 % above the loss of twenty.
HISTORY_BYTES: Final = 512 * 2**20

#: With fewer pairs it would be hardly better than gradient descent.
SHORTEST_HISTORY: Final = 5

#: The recursion begins with a guess of the inverse curvature: so many times the mean of what the
#: pairs say. Usual is what the last pair says (Nocedal & Wright, equation 7.20), which is too
#: careful here: with it four pictures of 256 pixels reach the tutorial's 300-step loss in 47, 37,
#: 41 and 52 evaluations, with twice the mean in 43, 34, 35 and 48. Factors from 1.5 to 2.5 are
#: nearly as good, and so is the mean of the last ten.
BOLDNESS: Final = 2.0

#: Root mean square by which the very first step moves the coefficients: L-BFGS knows no
#: scale before it.
FIRST_STEP_RMS: Final = 0.03

#: Wolfe's conditions: a step is too long if the loss falls by less than this share of what the
#: slope promised, too short if more than that share of the slope is left behind it. The values
#: are the usual ones (Nocedal & Wright, "Numerical Optimization", section 3.1).
SUFFICIENT_DECREASE: Final = 1e-4
SUFFICIENT_CURVATURE: Final = 0.9

#: A new trial lies between these shares of the bracket; without an upper end, between these
#: multiples of the last trial.
INTERPOLATION: Final = (0.1, 0.5)
EXTRAPOLATION: Final = (1.5, 4.0)

#: Below this a step is lost in rounding: nothing improves any more.
SHORTEST_STEP: Final = 1e-6


def minimize_within(
    evaluate: Evaluate, start: Floats, *, evaluations: int, on_evaluation: Listener
) -> Floats:
    """Look for the lowest loss with at most so many evaluations.

    Parameters
    ----------
    evaluate
        Loss and gradient.
    start
        Coefficients to start from.
    evaluations
        How many calls of `evaluate` may be made.
    on_evaluation
        Called after each; what it raises ends the search.

    Returns
    -------
    Floats
        The coefficients with the lowest loss that was seen.
    """
    if evaluations == 0:
        return start
    here, (loss, gradient) = start, evaluate(start)
    best, best_loss = here, loss
    on_evaluation(best_loss, best)
    memory = _Memory(start.size)
    direction, slope = memory.direction(gradient)
    search = _LineSearch(loss, slope)
    for _ in range(evaluations - 1):
        if not slope < 0 or search.step < SHORTEST_STEP:
            break
        there = here + np.float32(search.step) * direction
        loss_there, gradient_there = evaluate(there)
        if loss_there < best_loss:
            best, best_loss = there, loss_there
        if search.accepts(loss_there, float(np.vdot(gradient_there, direction))):
            memory.remember(there - here, gradient_there - gradient)
            here, gradient = there, gradient_there
            direction, slope = memory.direction(gradient)
            search = _LineSearch(loss_there, slope)
        on_evaluation(best_loss, best)
    return best


class _LineSearch:
    """Look for a step that meets Wolfe's conditions, by narrowing a bracket.

    The scheme is that of Lewis & Overton 2013, "Nonsmooth optimization via quasi-Newton methods"
    (ReLU and max-pooling make kinks), with parabolas where they only halve and double.
    """

    def __init__(self, loss: float, slope: float) -> None:
        self._loss, self._slope = loss, slope
        self._low, self._low_loss, self._low_slope = 0.0, loss, slope
        self._high = np.inf
        self.step = 1.0

    def accepts(self, loss: float, slope: float) -> bool:
        """Judge the trial at `step` by its loss and slope; choose another `step` if it fails."""
        step = self.step
        if not loss <= self._loss + SUFFICIENT_DECREASE * step * self._slope:
            self._high = step
            width = step - self._low
            excess = loss - self._low_loss - width * self._low_slope
            share = -width * self._low_slope / (2 * excess) if np.isfinite(excess) else 0.0
            self.step = self._low + width * float(np.clip(share, *INTERPOLATION))
            return False
        if slope >= SUFFICIENT_CURVATURE * self._slope:
            return True
        if np.isinf(self._high):
            bend = slope - self._low_slope
            growth = 1 - slope / bend * (1 - self._low / step) if bend > 0 else np.inf
            self.step = step * float(np.clip(growth, *EXTRAPOLATION))
        else:
            self.step = (step + self._high) / 2
        self._low, self._low_loss, self._low_slope = step, loss, slope
        return False


class _Memory:
    """The last steps and gradient differences, with all their inner products."""

    def __init__(self, size: int) -> None:
        self._room = max(SHORTEST_HISTORY, min(HISTORY, HISTORY_BYTES // (2 * 4 * size)))
        self._pairs: list[tuple[int, int]] = []  # rows of step and difference, the oldest first
        self._gradient = 2 * self._room  # row of the newest gradient
        self._vectors = np.zeros((2 * self._room + 1, size), np.float32)
        self._products = np.zeros((2 * self._room + 1, 2 * self._room + 1))
        self._fresh = [self._gradient]  # rows whose products are not known yet

    def remember(self, step: Floats, difference: Floats) -> None:
        """Add a pair, whose curvature Wolfe's conditions made positive; the oldest makes room."""
        full = len(self._pairs) == self._room
        pair = self._pairs.pop(0) if full else (len(self._pairs), self._room + len(self._pairs))
        self._pairs.append(pair)
        for row, vector in zip(pair, (step, difference), strict=True):
            self._vectors[row] = vector.ravel()
            self._fresh.append(row)

    def direction(self, gradient: Floats) -> tuple[Floats, float]:
        """Find the quasi-Newton direction at a gradient, and the slope of the loss along it."""
        self._vectors[self._gradient] = gradient.ravel()
        for row in self._fresh:
            self._products[row] = self._products[:, row] = self._vectors @ self._vectors[row]
        self._fresh = [self._gradient]
        weights = self._two_loops()
        direction = weights.astype(np.float32) @ self._vectors
        return direction.reshape(gradient.shape), float(weights @ self._products[self._gradient])

    def _two_loops(self) -> npt.NDArray[np.float64]:
        """Run the two-loop recursion (Nocedal & Wright, algorithm 7.4) on weights of the rows."""
        products = self._products
        weights = np.zeros(len(products))
        weights[self._gradient] = -1.0
        along = {}
        for step, difference in reversed(self._pairs):
            along[step] = products[step] @ weights / products[step, difference]
            weights[difference] -= along[step]
        weights *= self._scale()
        for step, difference in self._pairs:
            back = products[difference] @ weights / products[step, difference]
            weights[step] += along[step] - back
        return weights

    def _scale(self) -> float:
        """Guess the inverse curvature from the pairs; before there is one, a fixed step."""
        if self._pairs:
            steps, differences = np.transpose(self._pairs)
            products = self._products
            return BOLDNESS * float(
                np.mean(products[steps, differences] / products[differences, differences])
            )
        length = np.sqrt(self._products[self._gradient, self._gradient])
        return float(FIRST_STEP_RMS * np.sqrt(self._vectors.shape[1]) / length) if length else 0.0
