"""Minimise with SciPy's L-BFGS-B under a budget of evaluations."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from workflows.engine.arrays import Floats

#: Loss and gradient at some coefficients.
Evaluate: TypeAlias = Callable[[Floats], tuple[float, Floats]]

#: Told after every evaluation: the lowest loss so far and the coefficients that have it.
Listener: TypeAlias = Callable[[float, Floats], None]

#: Pairs of steps and gradient differences that L-BFGS remembers. 60 were no better.
HISTORY: Final = 20

#: What that memory may take. It binds above 840,000 coefficients (530 pixels square), so that
#: 1024 pixels square fit a pod of 4 GiB. Measured after 60 evaluations: ten pairs end 2 %, seven
#: 4 %, five 6 % above the loss of twenty.
HISTORY_BYTES: Final = 256 * 2**20

#: With fewer pairs it would be hardly better than gradient descent.
SHORTEST_HISTORY: Final = 5

#: Root mean square by which the very first step moves the coefficients. L-BFGS knows no
#: scale before it and makes a step of length one: split over all pixels that would be
#: nothing, and the line search would waste evaluations on growing it.
FIRST_STEP_RMS: Final = 0.03


class _BudgetSpentError(Exception):
    """Raised through SciPy, whose own `maxfun` is looked at only between line searches."""


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
        The coefficients with the lowest loss that was seen. The last ones need not be: an
        evaluation may be a line search's trial.
    """
    scale = FIRST_STEP_RMS * np.sqrt(start.size)
    best_loss, best, spent = np.inf, start, 0

    def evaluate_scaled(steps: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[Any]]:
        nonlocal best_loss, best, spent
        if spent == evaluations:
            raise _BudgetSpentError
        coefficients = (start + scale * steps.reshape(start.shape)).astype(np.float32)
        loss, gradient = evaluate(coefficients)
        spent += 1
        if loss < best_loss:
            best_loss, best = loss, coefficients
        on_evaluation(best_loss, best)
        return loss, scale * gradient.ravel().astype(np.float64)

    # Tolerances of zero: how good is good enough is decided by the budget.
    options: Final[Any] = {
        "maxcor": _history(start.size),
        "maxiter": evaluations,
        "maxfun": evaluations,
        "ftol": 0.0,
        "gtol": 0.0,
    }
    with contextlib.suppress(_BudgetSpentError):
        minimize(
            evaluate_scaled, np.zeros(start.size), jac=True, method="L-BFGS-B", options=options
        )
    return best


def _history(size: int) -> int:
    """Count the pairs that fit: two vectors of float64 each."""
    return max(SHORTEST_HISTORY, min(HISTORY, HISTORY_BYTES // (2 * 8 * size)))
