"""K-prototypes for mixed and k-modes for purely categorical customers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segmentation.columns import FloatArray
from segmentation.distances import Clustering, MixedData, Prototypes
from segmentation.exchange import exchange
from segmentation.refinement import ROUNDING, Real, refine
from segmentation.starts import StartName, find_start

START_ROWS = 5_000
"""Customers among whom starts compete; the cheapest result then goes on with all of them."""

STARTS = 7
"""Starts where nobody says how many."""

EXCHANGE_ROWS = 1_000
"""Up to this many customers, single ones are moved where batch iterations rest; among more it changes nothing."""

SWAP_ROWS = 5_000
"""Up to this many customers, prototypes are put in other places at random after the starts."""

SWAPS_PER_START = 2

TOLERANCE = 1e-5
"""Share of the cost that an iteration over more than `START_ROWS` customers must save to be followed by another.

Fewer customers are iterated until none moves.
"""


def estimate_gamma(data: MixedData, *, row_weights: FloatArray | None = None) -> float:
    """Return the cost of a differing level that balances categorical against numeric features.

    The mean variance of the weighted numeric features over the mean heterogeneity, 1 - sum p**2, of the categorical
    ones, as `lambdaest` of the R package clustMixType (Szepannek 2018, R Journal 10:2, section 3).

    Parameters
    ----------
    data : MixedData
        The sample, with codes from 0 and features that vary; its gammas are not read.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer.

    Returns
    -------
    float
        Gamma of a categorical feature of weight 1; 1 where either kind of feature is absent or does not vary.
    """
    if data.numeric.shape[1] == 0 or data.codes.shape[1] == 0:
        return 1.0
    weights = np.ones(len(data)) if row_weights is None else row_weights
    numbers = data.weighted()
    means = np.average(numbers, axis=0, weights=weights)
    variance = float(np.mean(np.average((numbers - means) ** 2, axis=0, weights=weights)))
    shares = [np.bincount(column, weights=weights) / weights.sum() for column in data.codes.T]
    heterogeneity = float(np.mean([1.0 - np.sum(share**2) for share in shares]))
    return variance / heterogeneity if variance > 0 and heterogeneity > 0 else 1.0


def default_starts(data: MixedData, n_init: int) -> tuple[StartName, ...]:
    """Return one start of Cao, where there are levels to begin with, then k-means++ and Huang by turns.

    Cao's depends on the data alone, so one is enough. The other two fail on different data.

    Parameters
    ----------
    data : MixedData
        What is to be fitted.
    n_init : int
        Number of starts, at least 1.
    """
    starts: list[StartName] = ["k-means++"] * n_init
    if data.codes.shape[1] == 0:
        return tuple(starts)
    drawn: tuple[StartName, ...] = ("k-means++", "huang")
    starts = ["cao", *(drawn[number % 2] for number in range(n_init - 1))]
    return tuple(starts)


def fit_kprototypes(
    data: MixedData,
    k: int,
    *,
    seed: int,
    start: Prototypes | None = None,
    starts: Sequence[StartName] | None = None,
    row_weights: FloatArray | None = None,
    dtype: type[Real] = np.float64,
    n_threads: int = 1,
    max_iterations: int = 100,
) -> Clustering:
    """Fit k prototypes.

    Every start is refined on at most `START_ROWS` customers; the cheapest result, the first of equals, is then refined
    on all of them. Purely categorical customers are fitted by k-modes, purely numeric ones by k-means.

    Parameters
    ----------
    data : MixedData
        At least k distinct customers with codes from 0.
    k : int
        Number of segments.
    seed : int
        Seed of every draw.
    start : Prototypes or None, default None
        Prototypes to refine in place of looking for starts.
    starts : sequence of {"cao", "huang", "k-means++"} or None, default None
        Starts to try; None tries `STARTS` of `default_starts`. One alone is refined and no more, as in kmodes; among
        several, single moves and random swaps look for what lies between them.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer, such as the number of equal ones.
    dtype : {numpy.float32, numpy.float64}, default numpy.float64
        Precision of the iterations.
    n_threads : int, default 1
        Threads; the result does not depend on them.
    max_iterations : int, default 100
        Iterations of each start, and of the last refinement, at most.

    Returns
    -------
    Clustering
        Labels are those of the nearest prototype; modes that tie are the lowest code.

    References
    ----------
    Huang, Z. (1998). Extensions to the k-means algorithm for clustering large data sets with categorical values.
    Data Mining and Knowledge Discovery 2, 283-304.
    """
    if start is None:
        rng = np.random.default_rng([seed, k])
        few, few_weights = data, row_weights
        if len(data) > START_ROWS:
            rows = np.sort(rng.choice(len(data), START_ROWS, replace=False)).astype(np.int64)
            few = data.take(rows)
            few_weights = None if row_weights is None else row_weights[rows]
        names = default_starts(few, STARTS) if starts is None else starts
        fits = [
            refine(
                few,
                find_start(few, k, name, rng=rng, row_weights=few_weights),
                row_weights=few_weights,
                dtype=dtype,
                n_threads=n_threads,
                tolerance=0.0 if few is data else TOLERANCE,
                max_iterations=max_iterations,
            )
            for name in names
        ]
        best = min(fits, key=lambda fit: fit.cost)
        if len(few) <= SWAP_ROWS and len(names) > 1:
            best = _improved(few, fits, rng=rng, row_weights=few_weights)
        if few is data:
            return best
        start = best.prototypes
    fit = refine(
        data,
        start,
        row_weights=row_weights,
        dtype=dtype,
        n_threads=n_threads,
        tolerance=TOLERANCE if len(data) > START_ROWS else 0.0,
        max_iterations=max_iterations,
    )
    return _exchanged(data, fit, row_weights)


def _exchanged(data: MixedData, fit: Clustering, row_weights: FloatArray | None) -> Clustering:
    """Return the fit after single moves, where these may matter."""
    return exchange(data, fit, row_weights=row_weights) if len(data) <= EXCHANGE_ROWS else fit


def _improved(
    data: MixedData, fits: list[Clustering], *, rng: np.random.Generator, row_weights: FloatArray | None
) -> Clustering:
    """Return the best of some fits after single moves, and after prototypes were put in another place at random.

    Random swaps leave optima that no number of single moves leaves (Fränti 2018, Journal of Big Data 5:13).
    """
    fits = [_exchanged(data, fit, row_weights) for fit in fits]
    best = min(fits, key=lambda fit: fit.cost)
    for _ in range(SWAPS_PER_START * len(fits)):
        segment, row = int(rng.integers(len(best.prototypes))), int(rng.integers(len(data)))
        centroids, modes = best.prototypes.centroids.copy(), best.prototypes.modes.copy()
        centroids[segment], modes[segment] = data.numeric[row], data.codes[row]
        swapped = refine(data, Prototypes(centroids, modes), row_weights=row_weights)
        swapped = _exchanged(data, swapped, row_weights)
        best = swapped if swapped.cost < best.cost * (1 - ROUNDING) else best
    return best
