"""Maximum likelihood over positive parameters."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from threadpoolctl import threadpool_limits

from segmentation.columns import BoolArray, FloatArray

BOUND = 12.0
"""Logarithms of parameters beyond it, up or down, are no estimates any more: the likelihood is flat there."""

LIMIT_GAIN = 1e-3
"""By so much at most a model is more likely than its limit with fewer parameters, where the limit is taken for it."""


def maximise(
    likelihood: Callable[[FloatArray], tuple[float, FloatArray]], starts: Sequence[Sequence[float]], *, total: float
) -> tuple[FloatArray, float, BoolArray]:
    """Return the parameters of the highest likelihood, its logarithm, and which of them lie within bounds.

    Parameters
    ----------
    likelihood : callable
        Returns the log-likelihood of positive parameters and its derivatives by them.
    starts : sequence of sequence of float
        Parameters to begin from; the best end counts.
    total : float
        Number of customers, by which the likelihood is divided, so that tolerances mean the same for all data.
    """
    # A quarter of a second, which whoever only applies a model need not spend.
    from scipy.optimize import minimize  # noqa: PLC0415

    def objective(logs: FloatArray) -> tuple[float, FloatArray]:
        parameters = np.exp(logs)
        value, gradient = likelihood(parameters)
        return -value / total, -gradient * parameters / total

    def descend(start: FloatArray, **options: float) -> tuple[float, FloatArray]:
        bounds = [(-BOUND, BOUND)] * len(start)
        found = minimize(objective, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
        return float(found.fun), np.asarray(found.x)

    # The search itself multiplies matrices of a few rows, for which threads cost more than they save.
    with threadpool_limits(limits=1, user_api="blas"):
        _, best = min((descend(np.log(start)) for start in starts), key=lambda end: end[0])
        # A second run from the maximum sharpens it beyond the tolerance of the first.
        value, best = descend(best, ftol=1e-15, gtol=1e-9)
    return np.exp(best), -value * total, np.abs(best) < BOUND - 1e-6
