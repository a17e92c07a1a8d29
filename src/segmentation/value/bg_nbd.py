"""The BG/NBD model: how often customers order while they are customers, and when they stop being any.

While alive a customer orders at a rate of its own, drawn from a gamma distribution (r, alpha); after every order it
stops with a probability of its own, drawn from a beta distribution (a, b).

Where customers hardly differ, a distribution shrinks to a point: r and alpha, or a and b, grow without end while their
ratio stays. The model's limit then answers, with one rate or one probability to stop for all.

References
----------
Fader, P. S., Hardie, B. G. S. and Lee, K. L. (2005). "Counting your customers" the easy way: an alternative to the
Pareto/NBD model. Marketing Science 24(2), 275-284.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Self, TypeVar

import numpy as np
from scipy.special import digamma, gammaln

from segmentation.columns import FloatArray, IntArray
from segmentation.value.likelihood import LIMIT_GAIN, maximise

HELD_SUM = 1.0
"""Least a + b. Below it stopping is no habit any more: most customers stop for certain, or never. See `fit_bg_nbd`."""

NEAR_LIMIT = 100.0
"""From this r, or a + b, on the limit is held against the model: customers differ by a tenth or less."""

RARE_STOP = 1e-3
"""Below this mean probability to stop, or to go on, it is asked whether anybody does at all."""

BLOCK = 1 << 20
"""Terms of a sum that are in memory at a time."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """A fitted BG/NBD model, or its limit.

    Attributes
    ----------
    r, alpha : float
        Shape and rate of the distribution of order rates; alpha in the unit of time of the data. NaN with `rate`.
    a, b : float
        Of the distribution of the probability to stop after an order. NaN with `stop`.
    rate : float, optional
        The order rate of all customers, where rates hardly differ.
    stop : float, optional
        The probability to stop of all customers, where they hardly differ; 0 where nobody stops.
    log_likelihood : float
        At these parameters.
    converged : bool
        Whether a maximum was found within bounds, or a limit.
    is_held : bool
        Whether a + b was held at `HELD_SUM`, as the likelihood is higher below it.
    """

    r: float
    alpha: float
    a: float
    b: float
    rate: float | None = None
    stop: float | None = None
    log_likelihood: float = float("nan")
    converged: bool = True
    is_held: bool = False

    @property
    def nobody_stops(self) -> bool:
        """Whether the model is the negative binomial one, or that of Poisson, and everybody is alive."""
        return self.stop == 0


def fit_bg_nbd(x: FloatArray, t_x: FloatArray, age: FloatArray, counts: FloatArray) -> BgNbd:
    """Fit by maximum likelihood.

    a + b is at least `HELD_SUM`, as in the prior of PyMC-Marketing. Where customers either go on or have stopped after
    their first repeat order, the likelihood alone rises without end as a and b fall to zero together: everybody would
    stop at once or never, and whoever ordered twice would be alive for ever. Where the likelihood rises towards one of
    the limits, or is hardly higher before it, the limit is the model.

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
    full = _fit(_GAMMA_RATES, _BETA_STOPS, histories)
    beta, is_held = _BETA_STOPS, bool(full.stops[0] + full.stops[1] < HELD_SUM)
    if is_held:
        beta = _HELD_STOPS
        full = _fit(_GAMMA_RATES, beta, histories)
    best = _simplest(full, [_fit(*parts, histories) for parts in _limits_near(full, beta)])
    r, alpha, rate = _ordering(best)
    a, b, stop = _stopping(best)
    return BgNbd(
        r,
        alpha * unit,
        a,
        b,
        rate=None if rate is None else rate / unit,
        stop=stop,
        log_likelihood=best.log_likelihood - float((counts * x).sum()) * float(np.log(unit)),
        converged=best.is_maximum,
        is_held=is_held and stop is None,
    )


# --- The likelihood, in two parts: when customers order, and when they stop ----------------------------------------


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


@dataclass(frozen=True, slots=True)
class _Ordering:
    """What the order rate adds to a log-likelihood, with derivatives by its parameters in rows.

    `fixed` by number of orders; `until_last` and `until_age` are taken off, by row, for whoever has stopped after the
    last order and for whoever has not.
    """

    fixed: FloatArray
    by_fixed: FloatArray
    until_last: FloatArray
    by_last: FloatArray
    until_age: FloatArray
    by_age: FloatArray


@dataclass(frozen=True, slots=True)
class _Stopping:
    """What stopping adds, by number of orders: `fixed`, and the log odds to have stopped after the last order."""

    fixed: FloatArray
    by_fixed: FloatArray
    odds: FloatArray
    by_odds: FloatArray


Terms = TypeVar("Terms", _Ordering, _Stopping)


def _gamma_rates(parameters: FloatArray, histories: _Histories) -> _Ordering:
    r, alpha = parameters
    x, power = histories.different_x, r + histories.x

    def until(times: FloatArray, of_time: IntArray) -> tuple[FloatArray, FloatArray]:
        logs = np.log(alpha + times)[of_time]
        return power * logs, np.stack([logs, power / (alpha + times)[of_time]])

    return _Ordering(
        gammaln(r + x) - gammaln(r) + r * np.log(alpha),
        np.stack([digamma(r + x) - digamma(r) + np.log(alpha), np.full_like(x, r / alpha)]),
        *until(histories.lasts, histories.of_last),
        *until(histories.ages, histories.of_age),
    )


def _one_rate(parameters: FloatArray, histories: _Histories) -> _Ordering:
    (rate,) = parameters
    x = histories.different_x
    last, age = histories.lasts[histories.of_last], histories.ages[histories.of_age]
    return _Ordering(x * np.log(rate), (x / rate)[None], rate * last, last[None], rate * age, age[None])


def _beta_stops(parameters: FloatArray, histories: _Histories) -> _Stopping:
    a, b = parameters
    x = histories.different_x
    # Without a repeat order nobody has stopped.
    before = np.where(x > 0, b + x - 1, 1.0)
    both = digamma(a + b) - digamma(a + b + x)
    return _Stopping(
        gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x),
        np.stack([both, both + digamma(b + x) - digamma(b)]),
        np.where(x > 0, np.log(a) - np.log(before), -np.inf),
        np.stack([np.full_like(x, 1 / a), np.where(x > 0, -1 / before, 0.0)]),
    )


def _held_stops(parameters: FloatArray, histories: _Histories) -> _Stopping:
    """Beta of which a + b is held, by the odds a / b."""
    odds = float(parameters[0])
    free = _beta_stops(np.array(_held(odds)), histories)
    slope = HELD_SUM / (1 + odds) ** 2
    by_fixed, by_odds = (slope * (by[0] - by[1])[None] for by in (free.by_fixed, free.by_odds))
    return _Stopping(free.fixed, by_fixed, free.odds, by_odds)


def _one_stop(parameters: FloatArray, histories: _Histories) -> _Stopping:
    """One probability for all, by its odds."""
    odds = float(parameters[0])
    x = histories.different_x
    has_stopped = np.where(x > 0, np.log(odds), -np.inf)
    return _Stopping(-x * np.log1p(odds), (-x / (1 + odds))[None], has_stopped, np.full_like(x, 1 / odds)[None])


def _no_stops(_: FloatArray, histories: _Histories) -> _Stopping:
    x = histories.different_x
    nothing = np.empty((0, len(x)))
    return _Stopping(np.zeros_like(x), nothing, np.full_like(x, -np.inf), nothing)


def _all_stop(_: FloatArray, histories: _Histories) -> _Stopping:
    """Everybody stops after the first repeat order: odds beyond which a double sees no difference."""
    certain = _one_stop(np.exp([60.0]), histories)
    nothing = np.empty((0, len(certain.fixed)))
    return _Stopping(certain.fixed, nothing, certain.odds, nothing)


def _held(odds: float) -> tuple[float, float]:
    """Return a and b of given odds a / b that add up to `HELD_SUM`."""
    return HELD_SUM * odds / (1 + odds), HELD_SUM / (1 + odds)


@dataclass(frozen=True, slots=True)
class _Part(Generic[Terms]):
    """One of the parts, and where a search begins: one set of parameters for each of three starts.

    alpha is in units of the mean age, and so is one over a rate; `a, b` are odds where their sum is held.
    """

    terms: Callable[[FloatArray, _Histories], Terms]
    starts: tuple[tuple[float, ...], ...]


_GAMMA_RATES = _Part(_gamma_rates, ((1.0, 1.0), (0.3, 1.0), (2.0, 3.0)))
_ONE_RATE = _Part(_one_rate, ((1.0,), (0.3,), (3.0,)))
_BETA_STOPS = _Part(_beta_stops, ((1.0, 1.0), (0.5, 2.0), (0.2, 4.0)))
_HELD_STOPS = _Part(_held_stops, ((0.1,), (0.5,), (0.02,)))
_ONE_STOP = _Part(_one_stop, ((0.1,), (0.5,), (0.02,)))
_NO_STOPS = _Part(_no_stops, ((), (), ()))
_ALL_STOP = _Part(_all_stop, ((), (), ()))


def _log_likelihood(
    parameters: FloatArray, histories: _Histories, rates: _Part[_Ordering], stops: _Part[_Stopping]
) -> tuple[float, FloatArray]:
    """Return the log-likelihood and its derivatives by the parameters of both parts."""
    counts, size = histories.counts, len(rates.starts[0])
    ordering, stopping = rates.terms(parameters[:size], histories), stops.terms(parameters[size:], histories)
    alive, stopped = -ordering.until_age, stopping.odds[histories.of_x] - ordering.until_last
    higher = np.maximum(alive, stopped)
    is_alive = np.exp(alive - higher)
    either = is_alive + np.exp(stopped - higher)
    fixed = ordering.fixed + stopping.fixed
    # Sums of products, as those of BLAS depend on its threads.
    log_likelihood = (histories.counts_of_x * fixed).sum() + (counts * (higher + np.log(either))).sum()
    count_alive = counts * is_alive / either
    count_stopped = counts - count_alive
    stopped_of_x = np.bincount(histories.of_x, weights=count_stopped, minlength=len(histories.different_x))
    by_rates = (
        (histories.counts_of_x * ordering.by_fixed).sum(axis=1)
        - (count_alive * ordering.by_age).sum(axis=1)
        - (count_stopped * ordering.by_last).sum(axis=1)
    )
    by_stops = (histories.counts_of_x * stopping.by_fixed).sum(axis=1) + (stopped_of_x * stopping.by_odds).sum(axis=1)
    return float(log_likelihood), np.concatenate([by_rates, by_stops])


# --- The model and its limits --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Fit:
    """Parameters of one pair of parts. `is_maximum`: they are an estimate, and no end of the bounds."""

    of_rates: _Part[_Ordering]
    of_stops: _Part[_Stopping]
    rates: FloatArray
    stops: FloatArray
    log_likelihood: float
    is_maximum: bool

    @property
    def size(self) -> int:
        return len(self.rates) + len(self.stops)


def _fit(rates: _Part[_Ordering], stops: _Part[_Stopping], histories: _Histories) -> _Fit:
    starts = [(*ordering, *stopping) for ordering, stopping in zip(rates.starts, stops.starts, strict=True)]
    best, value, inside = maximise(
        lambda parameters: _log_likelihood(parameters, histories, rates, stops),
        starts,
        total=float(histories.counts.sum()),
    )
    size = len(rates.starts[0])
    found = best[size:] if stops is not _HELD_STOPS else np.array(_held(float(best[size])))
    return _Fit(rates, stops, best[:size], found, value, bool(inside.all()))


def _limits_near(full: _Fit, beta: _Part[_Stopping]) -> list[tuple[_Part[_Ordering], _Part[_Stopping]]]:
    """Return the limits that a fit may have been on its way to."""
    r, (a, b) = full.rates[0], full.stops
    rates = [_GAMMA_RATES, *([_ONE_RATE] if r > NEAR_LIMIT or not full.is_maximum else [])]
    stops = [
        beta,
        *([_ONE_STOP] if a + b > NEAR_LIMIT or not full.is_maximum else []),
        *([_NO_STOPS] if a < RARE_STOP * (a + b) or not full.is_maximum else []),
        *([_ALL_STOP] if b < RARE_STOP * (a + b) or not full.is_maximum else []),
    ]
    return [(one, other) for one in rates for other in stops if (one, other) != (_GAMMA_RATES, beta)]


def _simplest(full: _Fit, limits: list[_Fit]) -> _Fit:
    """Return the fit with the fewest parameters of those as likely as any; the full one where none is an estimate."""
    highest = max(fit.log_likelihood for fit in (full, *limits))
    likely = [fit for fit in (*limits, full) if fit.is_maximum and fit.log_likelihood >= highest - LIMIT_GAIN]
    return min(likely, key=lambda fit: (fit.size, -fit.log_likelihood), default=full)


def _ordering(fit: _Fit) -> tuple[float, float, float | None]:
    """Return r, alpha and the one rate."""
    if fit.of_rates is _ONE_RATE:
        return np.nan, np.nan, float(fit.rates[0])
    return float(fit.rates[0]), float(fit.rates[1]), None


def _stopping(fit: _Fit) -> tuple[float, float, float | None]:
    """Return a, b and the one probability to stop."""
    if fit.of_stops is _NO_STOPS:
        return np.nan, np.nan, 0.0
    if fit.of_stops is _ALL_STOP:
        return np.nan, np.nan, 1.0
    if fit.of_stops is _ONE_STOP:
        return np.nan, np.nan, float(fit.stops[0] / (1 + fit.stops[0]))
    return float(fit.stops[0]), float(fit.stops[1]), None


# --- What the model says of a customer -----------------------------------------------------------------------------


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
    if model.rate is None:
        silence = (model.r + x) * (np.log(model.alpha + age) - np.log(model.alpha + t_x))
    else:
        silence = model.rate * (age - t_x)
    alive, stopped = (model.b + x - 1, model.a) if model.stop is None else (1 - model.stop, model.stop)
    # A power beyond the range of floating point makes nobody more dead.
    odds = stopped * np.exp(np.minimum(silence, 600.0))
    return np.asarray(np.where(x > 0, alive / np.where(x > 0, alive + odds, 1.0), 1.0))


def orders_if_alive(model: BgNbd, x: FloatArray, age: FloatArray, horizon: FloatArray | float) -> FloatArray:
    """Return the expected orders within a horizon, divided by the probability to be alive.

    It does not depend on the time of the last order, so a table by x and age serves all customers.

    Parameters
    ----------
    model : BgNbd
        The fitted model.
    x, age : ndarray
        As in `fit_bg_nbd`.
    horizon : ndarray or float
        Time from the end of observation, in the unit of the model. The three are broadcast against each other.

    Notes
    -----
    Whoever is alive has the rate gamma(r + x, alpha + T) and stops with a probability beta(a, b + x), independently.
    Were nobody to stop, n orders would follow with the probability of a negative binomial distribution; the j-th of
    them is made if the customer has gone on after the j - 1 before it. Equation 10 of Fader, Hardie and Lee (2005) says
    the same by a hypergeometric function. Its terms cancel, it has the form 0 / 0 at a = 1, and functions for it fail
    where its arguments differ by whole numbers; all terms of this sum are positive.
    """
    x, age, horizon = np.broadcast_arrays(*(np.asarray(values, dtype=np.float64) for values in (x, age, horizon)))
    if model.stop is not None:
        return _orders_of_one_stop(model, x, age, horizon)
    orders = np.empty(x.size)
    flat_x, flat_age, flat_horizon = x.ravel(), age.ravel(), horizon.ravel()
    # All of one number of orders share the weights of their terms.
    by_x = np.argsort(flat_x, kind="stable")
    different, firsts = np.unique(flat_x[by_x], return_index=True)
    for number, rows in zip(different, np.split(by_x, firsts)[1:], strict=True):
        orders[rows] = _sum_of_orders(model, float(number), flat_age[rows], flat_horizon[rows])
    return orders.reshape(x.shape)


def _orders_of_one_stop(model: BgNbd, x: FloatArray, age: FloatArray, horizon: FloatArray) -> FloatArray:
    """Return (1 - mean of exp(-rate stop horizon)) / stop, or the mean number of orders where nobody stops."""
    stop = float(model.stop or 0.0)
    if model.rate is not None:
        expected = model.rate * horizon
        return np.asarray(expected if stop == 0 else -np.expm1(-expected * stop) / stop)
    reach = horizon / (model.alpha + age)
    return np.asarray((model.r + x) * reach if stop == 0 else -np.expm1(-(model.r + x) * np.log1p(stop * reach)) / stop)


def _sum_of_orders(model: BgNbd, x: float, age: FloatArray, horizon: FloatArray) -> FloatArray:
    """Return the expected orders of customers with the same x."""
    if model.rate is None:
        reach = horizon / (model.alpha + age)
        mean, variance = (model.r + x) * reach, (model.r + x) * reach * (1 + reach)
        with np.errstate(divide="ignore"):
            log_step, log_none = -np.log1p(1 / reach), -(model.r + x) * np.log1p(reach)
    else:
        mean = variance = model.rate * horizon
        with np.errstate(divide="ignore"):
            log_step, log_none = np.log(mean), -mean
    # Beyond these many orders lies less than a part in 10^12: eight deviations, and where terms fall by a constant
    # factor, thirty powers of e.
    falling = 30 / np.maximum(-log_step, 1e-12) if model.rate is None else 30.0
    last = np.ceil(mean + 8 * np.sqrt(variance) + falling + 5)
    orders = np.empty(len(age))
    longest_first = np.argsort(-last, kind="stable")
    start = 0
    while start < len(longest_first):
        terms = int(last[longest_first[start]])
        rows = longest_first[start : start + max(1, BLOCK // terms)]
        orders[rows] = _sum_of_terms(model, x, log_step[rows], log_none[rows], terms)
        start += len(rows)
    return orders


def _sum_of_terms(model: BgNbd, x: float, log_step: FloatArray, log_none: FloatArray, terms: int) -> FloatArray:
    """Return the sum over n of the probability of n orders times how many of them are made."""
    total = np.zeros(len(log_step))
    going_on, made = 1.0, 0.0
    for first in range(1, terms + 1, BLOCK):
        n = np.arange(first, min(first + BLOCK, terms + 1), dtype=np.float64)
        # To the n-th order a customer has gone on n - 1 times.
        before = np.maximum(n - 2, 0)
        ratios = np.where(n > 1, (model.b + x + before) / (model.a + model.b + x + before), 1.0)
        products = going_on * np.cumprod(ratios)
        sums = made + np.cumsum(products)
        going_on, made = float(products[-1]), float(sums[-1])
        log_ways = -gammaln(n + 1)
        if model.rate is None:
            log_ways += gammaln(model.r + x + n) - gammaln(model.r + x)
        total += (np.exp(log_ways + n * log_step[:, None] + log_none[:, None]) * sums).sum(axis=1)
    return total


def expected_orders(model: BgNbd, x: FloatArray, t_x: FloatArray, age: FloatArray, horizon: float) -> FloatArray:
    """Return the expected orders of each customer within a horizon; parameters as above."""
    return orders_if_alive(model, x, age, horizon) * probability_alive(model, x, t_x, age)
