"""The gamma-gamma model: what an order of a customer is worth, shrunk towards all where few orders tell.

References
----------
Fader, P. S. and Hardie, B. G. S. (2013). The gamma-gamma model of monetary value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import digamma, gammaln

from segmentation.columns import FloatArray
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

    best, value, inside = maximise(lambda parameters: _log_likelihood(parameters, x, m), STARTS, total=float(len(x)))
    p, q, v = (float(parameter) for parameter in best)
    return GammaGamma(p, q, v * unit, value - len(x) * float(np.log(unit)), bool(inside.all()) and q > 1)


def _log_likelihood(parameters: FloatArray, x: FloatArray, m: FloatArray) -> tuple[float, FloatArray]:
    """Return the log-likelihood and its derivatives by p, q and v."""
    p, q, v = parameters
    px = p * x
    log_sum = np.log(v + x * m)
    value = (
        gammaln(px + q)
        - gammaln(px)
        - gammaln(q)
        + q * np.log(v)
        + (px - 1) * np.log(m)
        + px * np.log(x)
        - (px + q) * log_sum
    )
    gradient = np.array(
        [
            x * (digamma(px + q) - digamma(px) + np.log(m) + np.log(x) - log_sum),
            digamma(px + q) - digamma(q) + np.log(v) - log_sum,
            q / v - (px + q) / (v + x * m),
        ]
    )
    return float(value.sum()), gradient.sum(axis=1)


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
