"""The gamma-gamma model: what an order of a customer is worth, shrunk towards all where few orders tell.

Where orders of a customer hardly differ, p grows without end, and the customer's own mean is the answer; where
customers hardly differ, q does, and the mean of all is. Both limits are models of their own.

References
----------
Fader, P. S. and Hardie, B. G. S. (2013). The gamma-gamma model of monetary value.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self, cast

import numpy as np
from scipy.special import digamma, gammaln

from segmentation.columns import FloatArray, IntArray
from segmentation.value.likelihood import LIMIT_GAIN, maximise

STARTS = ((1.0, 2.0, 1.0), (6.0, 4.0, 1.0), (2.0, 8.0, 3.0))
"""Parameters to begin from, v in units of the mean value."""

NEAR_LIMIT = 100.0
"""From this p, or q, on the limit is held against the model: values differ by a tenth or less."""

SAME = 1e-9
"""Means that differ by less, in units of their mean, are one and the same, worked out twice."""


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """A fitted gamma-gamma model, or its limit.

    Attributes
    ----------
    p, q, v : float
        Shape of the value of an order, and shape and rate of the distribution of its rate; v in units of money. The
        source calls v gamma. Infinite or NaN in a limit.
    limit_mean : float, optional
        In a limit, the mean value of an order.
    log_likelihood : float
        At these parameters; NaN where all orders are worth the same, since a point has no density.
    converged : bool
        Whether a maximum was found within bounds, or a limit, with a mean that exists (q above 1).
    """

    p: float
    q: float
    v: float
    limit_mean: float | None = None
    log_likelihood: float = float("nan")
    converged: bool = True

    @property
    def mean_value(self) -> float:
        """The expected value of an order of somebody of whom nothing is known.

        Raises
        ------
        ValueError
            If there is none, because q is not above 1.
        """
        if not self.q > 1:
            raise ValueError(f"the mean value of an order is not finite: q must be above 1, not {self.q}")
        return self.limit_mean if self.limit_mean is not None else self.p * self.v / (self.q - 1)

    @property
    def prior_orders(self) -> float:
        """How many orders of a customer's own weigh as much as the mean of all; infinite where they tell nothing."""
        return float("inf") if np.isinf(self.q) else (self.q - 1) / self.p


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
    if np.ptp(m) <= SAME:
        return GammaGamma(np.inf, np.inf, np.nan, limit_mean=unit)
    orders = _Orders.of(x, m)
    best, value, inside = maximise(lambda parameters: _log_likelihood(parameters, orders), STARTS, total=float(len(x)))
    p, q, v = (float(parameter) for parameter in best)
    is_inside = bool(inside.all())
    full = GammaGamma(p, q, v * unit, log_likelihood=value, converged=is_inside and q > 1)
    limits = [
        *([_alike_within(m)] if p > NEAR_LIMIT or not is_inside else []),
        *([_alike_between(x, m)] if q > NEAR_LIMIT or not is_inside else []),
    ]
    highest = max(model.log_likelihood for model in (full, *limits))
    likely = [model for model in limits if model.log_likelihood >= highest - LIMIT_GAIN]
    found = max(likely, key=lambda model: model.log_likelihood, default=full)
    return replace(
        found,
        limit_mean=None if found.limit_mean is None else found.limit_mean * unit,
        log_likelihood=found.log_likelihood - len(x) * float(np.log(unit)),
    )


def _alike_within(mean_value: FloatArray) -> GammaGamma:
    """Return the limit of large p: a customer's orders are all alike, and their value is inverse gamma (q, p v)."""
    rates = 1 / mean_value
    # The likelihood of a gamma distribution of the rates, with the mean that it always has.
    spread = float(np.log(rates.mean()) - np.log(rates).mean())
    q = _root(lambda shape: float(np.log(shape) - digamma(shape)) - spread)
    scale = q / float(rates.mean())
    value = len(rates) * (q * np.log(scale) - gammaln(q)) + float(((q + 1) * np.log(rates) - scale * rates).sum())
    is_finite = q > 1
    mean = scale / (q - 1) if is_finite else np.nan
    return GammaGamma(np.inf, q, np.nan, limit_mean=mean, log_likelihood=float(value), converged=is_finite)


def _alike_between(x: FloatArray, mean_value: FloatArray) -> GammaGamma:
    """Return the limit of large q: the value of any order is gamma (p, p / mean), whoever the customer is."""
    mean = float((x * mean_value).sum() / x.sum())
    share = mean_value / mean
    slope = float((x * (1 + np.log(share) - share)).sum())
    p = _root(lambda shape: float((x * (np.log(shape * x) - digamma(shape * x))).sum()) + slope)
    px = p * x
    value = px * np.log(px / mean) - gammaln(px) + (px - 1) * np.log(mean_value) - px * share
    return GammaGamma(p, np.inf, np.nan, limit_mean=mean, log_likelihood=float(value.sum()))


def _root(falling: Callable[[float], float]) -> float:
    """Return the shape at which a falling function is zero; the end where there is none within sixty powers of e."""
    ends = np.exp([-30.0, 30.0])
    if falling(ends[1]) >= 0:
        return float(ends[1])
    from scipy.optimize import brentq  # noqa: PLC0415

    return float(np.exp(cast(float, brentq(lambda log: falling(float(np.exp(log))), -30.0, 30.0, xtol=1e-13))))


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

    Raises
    ------
    ValueError
        If the mean of all customers is not finite.

    References
    ----------
    Fader and Hardie (2013), equation 5, as the mean of all customers and the customer's own, weighted by orders.
    """
    everybody, weight = model.mean_value, model.prior_orders
    if np.isinf(weight):
        return np.full(len(x), everybody)
    own = x * np.maximum(mean_value, 0.0)
    return np.asarray(np.where(x > 0, (weight * everybody + own) / np.where(x > 0, weight + x, 1.0), everybody))
