"""The gamma-gamma model: what an order of a customer is worth, shrunk towards all where few orders tell.

References
----------
Fader, P. S. and Hardie, B. G. S. (2013). The gamma-gamma model of monetary value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import digamma, gammaln

from segmentation.columns import FloatArray, IntArray
from segmentation.value.likelihood import maximise

STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 1.0), (2.0, 8.0, 3.0))
"""Parameters to begin from, v in units of the mean value."""


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted gamma-gamma model.

    Attributes
    ----------
    p, q, v : float
        Shape of the value of an order, and shape and rate of the distribution of its rate; v in units of money. The
        source calls v gamma.
    log_likelihood : float
        At these parameters.
    converged : bool
        Whether a maximum was found within bounds, with a mean that exists (q above 1).
    """

    p: float
    q: float
    v: float
    log_likelihood: float = float("nan")
    converged: bool = True


def fit_gamma_gamma(x: FloatArray, mean_value: FloatArray) -> GammaGamma:
    """Fit by maximum likelihood.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Orders that the mean is of, 1 or more.
    mean_value : ndarray of shape (n,)
        Mean value of these orders, above 0.

    Raises
    ------
    ValueError
        If there is no customer.

    References
    ----------
    Fader and Hardie (2013), equation 1a.
    """
    if len(x) == 0:
        raise ValueError("there are no repeat orders of positive value")
    unit = float(mean_value.mean())
    m = mean_value / unit

    orders = _Orders.of(x, m)
    best, value, inside = maximise(lambda parameters: _log_likelihood(parameters, orders), STARTS, total=float(len(x)))
    p, q, v = (float(parameter) for parameter in best)
    return GammaGamma(p, q, v * unit, value - len(x) * float(np.log(unit)), bool(inside.all()) and q > 1)


@dataclass(frozen=True, slots=True)
class _Orders:
    """What customers ordered, ready for a likelihood that is asked for hundreds of times.

    Gamma functions depend on the number of orders alone, of which there are few different ones: `of_x` says which of
    them is a customer's, and `counts` how many customers have it.
    """

    different_x: FloatArray
    counts: IntArray
    of_x: IntArray
    totals: FloatArray
    sum_of_logs: float
    sum_of_log_means: float

    @classmethod
    def of(cls, x: FloatArray, mean_value: FloatArray) -> Self:
        different_x, of_x, counts = np.unique(x, return_inverse=True, return_counts=True)
        logs = np.log(mean_value)
        return cls(different_x, counts, of_x, x * mean_value, float((x * logs).sum()), float(logs.sum()))


def _log_likelihood(parameters: FloatArray, orders: _Orders) -> tuple[float, FloatArray]:
    """Return the log-likelihood and its derivatives by p, q and v."""
    p, q, v = parameters
    x, counts = orders.different_x, orders.counts
    px = p * x
    paid = v + orders.totals
    logs_paid = np.bincount(orders.of_x, weights=np.log(paid))
    value = (
        (counts * (gammaln(px + q) - gammaln(px) - gammaln(q) + q * np.log(v) + px * np.log(x))).sum()
        + p * orders.sum_of_logs
        - orders.sum_of_log_means
        - ((px + q) * logs_paid).sum()
    )
    gradient = np.array(
        [
            (counts * x * (digamma(px + q) - digamma(px) + np.log(x)) - x * logs_paid).sum() + orders.sum_of_logs,
            (counts * (digamma(px + q) - digamma(q) + np.log(v)) - logs_paid).sum(),
            counts.sum() * q / v - ((px + q) * np.bincount(orders.of_x, weights=1 / paid)).sum(),
        ]
    )
    return float(value), gradient


def expected_value(model: GammaGamma, x: FloatArray, mean_value: FloatArray) -> FloatArray:
    """Return the expected value of an order of each customer.

    Parameters
    ----------
    model : GammaGamma
        The fitted model, with q above 1.
    x : ndarray of shape (n,)
        Orders that the mean is of; 0 gives the mean of all customers.
    mean_value : ndarray of shape (n,)
        Mean value of these orders.

    References
    ----------
    Fader and Hardie (2013), equation 5.
    """
    return np.asarray(model.p * (model.v + x * np.maximum(mean_value, 0.0)) / (model.p * x + model.q - 1))
