"""The BG/NBD model: how often customers order while they are customers, and when they stop being any.

While alive a customer orders at a rate of its own, drawn from a gamma distribution (r, alpha); after every order it
stops with a probability of its own, drawn from a beta distribution (a, b).

References
----------
Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your customers" the easy way: an alternative to the
Pareto/NBD model. Marketing Science 24(2), 275-284.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import digamma, gammaln, hyp2f1

from segmentation.columns import FloatArray, IntArray
from segmentation.value.likelihood import maximise

STARTS = ((1.0, 1.0, 1.0, 1.0), (0.3, 1.0, 0.5, 2.0), (2.0, 3.0, 0.2, 4.0))
"""Parameters to begin from, alpha in units of the mean age; the highest likelihood wins."""

HELD_STARTS = ((1.0, 1.0, 0.1), (0.3, 1.0, 0.5), (2.0, 3.0, 0.02))
"""The same with the odds of stopping, a / b, where a + b is held."""

HELD_SUM = 1.0
"""Least a + b. Below it stopping is no habit any more: most customers stop for certain, or never. See `fit_bg_nbd`."""

POLE = 1e-7
"""How near to a pole of its terms the expectation is taken at a distance; the limit is reached to as many digits."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the distribution of order rates; alpha in the unit of time of the data.
    a, b : float
        Of the distribution of the probability to stop after an order.
    log_likelihood : float
        At these parameters.
    converged : bool
        Whether a maximum was found within bounds, or where nobody stops.
    is_held : bool
        Whether a + b was held at `HELD_SUM`, as the likelihood is higher below it.
    nobody_stops : bool
        Whether a is at its lower bound: the model is the negative binomial one, and everybody is alive.
    """

    r: float
    alpha: float
    a: float
    b: float
    log_likelihood: float = float("nan")
    converged: bool = True
    is_held: bool = False
    nobody_stops: bool = False


def fit_bg_nbd(x: FloatArray, t_x: FloatArray, age: FloatArray, counts: FloatArray) -> BgNbd:
    """Fit by maximum likelihood.

    a + b is at least `HELD_SUM`, as in the prior of PyMC-Marketing. Where customers either go on or have stopped after
    their first repeat order, the likelihood alone rises without end as a and b fall to zero together: everybody would
    stop at once or never, and whoever ordered twice would be alive for ever. Where a alone falls to zero nobody stops,
    and the end of the bounds stands for it.

    Parameters
    ----------
    x : ndarray of shape (n,)
        Repeat orders: one less than all orders, 0 or more.
    t_x : ndarray of shape (n,)
        Time from the first to the last order, 0 where x is 0.
    age : ndarray of shape (n,)
        Time from the first order to the end of observation (T), above 0 for some.
    counts : ndarray of shape (n,)
        How many customers each row stands for.

    Raises
    ------
    ValueError
        If there is no repeat order, so that nothing tells when customers come back.

    References
    ----------
    Fader, Hardie and Lee (2005), equation 6. PyMC-Marketing, `BetaGeoModel`: kappa_dropout ~ Pareto(1, 1).
    """
    if not (x > 0).any():
        raise ValueError("there are no repeat orders")
    unit = float(np.average(age, weights=counts))
    histories = _Histories.of(x, t_x / unit, age / unit, counts)
    total = float(counts.sum())
    best, value, inside = maximise(lambda parameters: _log_likelihood(parameters, histories), STARTS, total=total)
    is_held = bool(best[2] + best[3] < HELD_SUM)
    if is_held:
        held, value, inside = maximise(
            lambda parameters: _held_log_likelihood(parameters, histories), HELD_STARTS, total=total
        )
        best = np.array([*held[:2], *_held(float(held[2]))])
    # a, or its odds, vanishes where nobody stops. That is a model too, and b is of no account in it.
    nobody_stops = bool(not inside[2] and best[2] < best[3])
    r, alpha, a, b = (float(parameter) for parameter in best)
    return BgNbd(
        r,
        alpha * unit,
        a,
        b,
        log_likelihood=value - float((counts * x).sum()) * float(np.log(unit)),
        converged=bool(inside[:2].all() and (nobody_stops or inside.all())),
        is_held=is_held,
        nobody_stops=nobody_stops,
    )


def _held(odds: float) -> tuple[float, float]:
    """Return a and b of given odds a / b that add up to `HELD_SUM`."""
    return HELD_SUM * odds / (1 + odds), HELD_SUM / (1 + odds)


@dataclass(frozen=True, slots=True)
class _Histories:
    """Histories of purchases, ready for a likelihood that is asked for hundreds of times.

    Orders and days are whole numbers of which there are few different ones: gamma functions and logarithms are taken of
    those, and `of_x`, `of_last` and `of_age` say which of them is a row's.
    """

    counts: FloatArray
    x: FloatArray
    different_x: FloatArray
    of_x: IntArray
    counts_of_x: FloatArray
    lasts: FloatArray
    of_last: IntArray
    ages: FloatArray
    of_age: IntArray

    @classmethod
    def of(cls, x: FloatArray, t_x: FloatArray, age: FloatArray, counts: FloatArray) -> Self:
        different_x, of_x = np.unique(x, return_inverse=True)
        lasts, of_last = np.unique(t_x, return_inverse=True)
        ages, of_age = np.unique(age, return_inverse=True)
        counts_of_x = np.bincount(of_x, weights=counts).astype(np.float64)
        return cls(counts, x, different_x, of_x, counts_of_x, lasts, of_last, ages, of_age)


def _held_log_likelihood(parameters: FloatArray, histories: _Histories) -> tuple[float, FloatArray]:
    """Return the log-likelihood and its derivatives by r, alpha and the odds a / b."""
    r, alpha, odds = parameters
    value, gradient = _log_likelihood(np.array([r, alpha, *_held(float(odds))]), histories)
    by_odds = HELD_SUM * (gradient[2] - gradient[3]) / (1 + odds) ** 2
    return value, np.array([gradient[0], gradient[1], by_odds])


def _log_likelihood(parameters: FloatArray, histories: _Histories) -> tuple[float, FloatArray]:
    """Return the log-likelihood and its derivatives by r, alpha, a and b."""
    r, alpha, a, b = parameters
    counts, x = histories.counts, histories.different_x
    fixed = (
        gammaln(r + x)
        - gammaln(r)
        + r * np.log(alpha)
        + gammaln(a + b)
        + gammaln(b + x)
        - gammaln(b)
        - gammaln(a + b + x)
    )
    # Without a repeat order nobody has stopped.
    before_stop = np.where(x > 0, b + x - 1, 1.0)
    stop = np.where(x > 0, np.log(a) - np.log(before_stop), -np.inf)
    log_last, log_age = (
        np.log(alpha + histories.lasts)[histories.of_last],
        np.log(alpha + histories.ages)[histories.of_age],
    )
    power = r + histories.x
    alive, stopped = -power * log_age, stop[histories.of_x] - power * log_last
    higher = np.maximum(alive, stopped)
    is_alive = np.exp(alive - higher)
    either = is_alive + np.exp(stopped - higher)
    # Sums of products, as those of BLAS depend on its threads.
    log_likelihood = (histories.counts_of_x * fixed).sum() + (counts * (higher + np.log(either))).sum()
    count_alive = counts * is_alive / either
    count_stopped = counts - count_alive
    stopped_of_x = np.bincount(histories.of_x, weights=count_stopped, minlength=len(x))
    by_alpha = (
        count_alive / (alpha + histories.ages)[histories.of_age]
        + count_stopped / (alpha + histories.lasts)[histories.of_last]
    )
    both = digamma(a + b) - digamma(a + b + x)
    gradient = np.array(
        [
            (histories.counts_of_x * (digamma(r + x) - digamma(r) + np.log(alpha))).sum()
            - (count_alive * log_age + count_stopped * log_last).sum(),
            counts.sum() * r / alpha - (power * by_alpha).sum(),
            (histories.counts_of_x * both).sum() + stopped_of_x.sum() / a,
            (histories.counts_of_x * (both + digamma(b + x) - digamma(b))).sum()
            - np.where(x > 0, stopped_of_x / before_stop, 0.0).sum(),
        ]
    )
    return float(log_likelihood), gradient


def probability_alive(model: BgNbd, x: FloatArray, t_x: FloatArray, age: FloatArray) -> FloatArray:
    """Return the probability that a customer has not stopped.

    Parameters
    ----------
    model : BgNbd
        The fitted model.
    x, t_x, age : ndarray of shape (n,)
        As in `fit_bg_nbd`. Without a repeat order nobody can have stopped, by the model: 1.

    References
    ----------
    Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2008). Computing P(alive) using the BG/NBD model, equation 6.
    """
    odds = np.exp((model.r + x) * (np.log(model.alpha + age) - np.log(model.alpha + t_x)))
    stopped = np.where(x > 0, model.a / np.where(x > 0, model.b + x - 1, 1.0) * odds, 0.0)
    return np.asarray(1.0 / (1.0 + stopped))


def orders_if_alive(model: BgNbd, x: FloatArray, age: FloatArray, horizon: float) -> FloatArray:
    """Return the expected orders within a horizon, divided by the probability to be alive.

    It does not depend on the time of the last order, so a table by x and age serves all customers.

    Parameters
    ----------
    model : BgNbd
        The fitted model.
    x, age : ndarray of shape (n,)
        As in `fit_bg_nbd`.
    horizon : float
        Time from the end of observation, in the unit of the model.

    References
    ----------
    Fader, Hardie and Lee (2005), equation 10, with Euler's transformation of the hypergeometric function: the terms of
    the original grow beyond the range of floating point for frequent customers. Where customers hardly differ in how
    they stop, a and b are so large that those of the transformed one do, and the original serves.
    """
    # At a = 1, and without a repeat order at a + b = 1, the expression has the form 0 / 0.
    a = 1 + POLE if abs(model.a - 1) < POLE else model.a
    b = 1 + POLE - a if abs(a + model.b - 1) < POLE else model.b
    z = horizon / (model.alpha + age + horizon)
    with np.errstate(over="ignore", invalid="ignore"):
        gone = (1 - z) ** (a - 1) * hyp2f1(a + b - 1 - model.r, a - 1, a + b + x - 1, z)
        if not np.isfinite(gone).all():
            power = model.r + x
            gone = np.where(np.isfinite(gone), gone, (1 - z) ** power * hyp2f1(power, b + x, a + b + x - 1, z))
    return np.asarray((a + b + x - 1) / (a - 1) * (1 - gone))


def expected_orders(model: BgNbd, x: FloatArray, t_x: FloatArray, age: FloatArray, horizon: float) -> FloatArray:
    """Return the expected orders of each customer within a horizon; parameters as above."""
    return orders_if_alive(model, x, age, horizon) * probability_alive(model, x, t_x, age)
