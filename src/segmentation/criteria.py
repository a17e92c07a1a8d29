"""Criteria of a clustering: how compact and separated it is, and whether it comes back on other customers.

All of them are taken on the mixed distance that the clustering minimises, so that they mean the same for k-means,
k-prototypes and k-modes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from segmentation.columns import FloatArray, IntArray
from segmentation.distances import Clustering, MixedData, Prototypes, assign, own_distances, squared_distances
from segmentation.refinement import refine
from segmentation.starts import plus_plus_start

EXACT_ROWS = 5_000
"""Customers up to which a silhouette is exact: its time grows with their square."""

STRATUM_ROWS = 250
"""Customers of each segment that a stratified silhouette looks at."""

PAIR_CELLS = 2_000_000

RESAMPLE_ITERATIONS = 30
RESAMPLE_TOLERANCE = 1e-4
"""Refits to resamples stop early: they are compared by who is with whom, and the last to move decide little."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A criterion with its standard error, 0 where it is exact."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class WithoutGroups:
    """How well segments come back among customers without groups, at best, over some draws of such customers.

    Attributes
    ----------
    lowest_stability : float
        Mean Jaccard similarity of the least stable segment.
    prediction_strength : float or None
        None where the customers are too few to be halved.
    """

    lowest_stability: float
    prediction_strength: float | None


# --- Compact and separated -----------------------------------------------------------------------------------


def silhouettes(data: MixedData, labelings: Sequence[IntArray], *, seed: int) -> list[Estimate | None]:
    """Return the mean silhouette of several labelings of the same customers.

    On the root of the mixed squared distance (Rousseeuw 1987). Exact up to `EXACT_ROWS` customers. Beyond it, of each
    segment `STRATUM_ROWS` customers are drawn and weighted with the segment's share, so that small segments are not
    missed; the standard error is that of a stratified mean.

    Parameters
    ----------
    data : MixedData
        n customers.
    labelings : sequence of ndarray of shape (n,)
        Labels from 0.
    seed : int
        Seed of the draws.

    Returns
    -------
    list of Estimate or None
        One mean in -1..1 for each labeling; None where fewer than two segments have customers, or each has one.
    """
    if len(data) <= EXACT_ROWS:
        return _exact_silhouettes(data, labelings)
    return [_stratified_silhouette(data, labels, np.random.default_rng([seed, 1])) for labels in labelings]


def _exact_silhouettes(data: MixedData, labelings: Sequence[IntArray]) -> list[Estimate | None]:
    """Return exact silhouettes; every distance is computed once for all labelings."""
    n = len(data)
    if not labelings or n == 0:
        return [None for _ in labelings]
    widths = [int(labels.max()) + 1 for labels in labelings]
    members = np.zeros((n, sum(widths)))
    offsets = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
    for offset, labels in zip(offsets, labelings, strict=False):
        members[np.arange(n), offset + labels] = 1.0
    sums = _distance_sums(data, data, members)
    means: list[Estimate | None] = []
    for low, high, labels in zip(offsets, offsets[1:], labelings, strict=False):
        counts = np.bincount(labels, minlength=int(high - low))
        values = _silhouette_values(sums[:, low:high], labels, counts, counts)
        means.append(None if values is None else Estimate(float(values.mean()), 0.0))
    return means


def _stratified_silhouette(data: MixedData, labels: IntArray, rng: np.random.Generator) -> Estimate | None:
    """Return the silhouette estimated from as many customers of every segment."""
    counts = np.bincount(labels)
    drawn = [rng.permutation(np.flatnonzero(labels == segment))[:STRATUM_ROWS] for segment in np.flatnonzero(counts)]
    rows = np.concatenate(drawn)
    few, own = data.take(rows), labels[rows]
    members = (own[:, None] == np.arange(len(counts))).astype(np.float64)
    values = _silhouette_values(_distance_sums(few, few, members), own, np.bincount(own, minlength=len(counts)), counts)
    if values is None:
        return None
    mean = variance = 0.0
    for segment in np.flatnonzero(counts):
        stratum = values[own == segment]
        share = counts[segment] / len(labels)
        is_sampled = len(stratum) < counts[segment]
        mean += share * float(stratum.mean())
        variance += share**2 * float(stratum.var(ddof=1)) / len(stratum) if is_sampled else 0.0
    return Estimate(mean, float(np.sqrt(variance)))


def _distance_sums(data: MixedData, others: MixedData, members: FloatArray) -> FloatArray:
    """Return for every customer the sum of distances to the members of each column, shape (n, columns)."""
    n = len(data)
    points, other_points = data.weighted(), others.weighted()
    sums = np.empty((n, members.shape[1]))
    step = max(1, PAIR_CELLS // max(1, len(others)))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        codes = data.codes[rows]
        shape = (len(codes), len(others))
        squares = cdist(points[rows], other_points, "sqeuclidean") if points.shape[1] else np.zeros(shape)
        for feature, gamma in enumerate(data.gammas):
            squares += gamma * (codes[:, feature, None] != others.codes[None, :, feature])
        sums[rows] = np.sqrt(squares, out=squares) @ members
    return sums


def _silhouette_values(sums: FloatArray, labels: IntArray, counts: IntArray, sizes: IntArray) -> FloatArray | None:
    """Return silhouettes from the sums of distances to `counts` members of each segment of the given size.

    A customer alone in a segment counts 0. None where fewer than two segments have customers, or each has one.
    """
    n_segments = int(np.count_nonzero(sizes))
    if n_segments in {0, 1, int(sizes.sum())}:
        return None
    rows = np.arange(len(labels))
    own = counts[labels]
    within = sums[rows, labels] / np.maximum(own - 1, 1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    means[rows, labels] = np.inf
    other = means.min(axis=1)
    widest = np.maximum(within, other)
    return np.where((own > 1) & (widest > 0), (other - within) / np.where(widest > 0, widest, 1.0), 0.0)


def davies_bouldin(data: MixedData, fit: Clustering) -> float | None:
    """Return the index of Davies and Bouldin (1979): mean over segments of the worst ratio of spread to separation.

    Parameters
    ----------
    data : MixedData
        n customers.
    fit : Clustering
        Their clustering.

    Returns
    -------
    float or None
        At least 0, smaller is better; None for fewer than two segments with customers or for coinciding prototypes.
    """
    k = len(fit.prototypes)
    counts = np.bincount(fit.labels, minlength=k)
    filled = np.flatnonzero(counts)
    own = np.sqrt(own_distances(data, fit.prototypes, fit.labels))
    spread = np.bincount(fit.labels, weights=own, minlength=k)[filled] / counts[filled]
    between = np.sqrt(prototype_distances(data, fit.prototypes))[np.ix_(filled, filled)]
    np.fill_diagonal(between, np.inf)
    if len(filled) < 2 or between.min() == 0:  # noqa: PLR2004
        return None
    return float(np.mean(np.max((spread[:, None] + spread[None, :]) / between, axis=1)))


def prototype_distances(data: MixedData, prototypes: Prototypes) -> FloatArray:
    """Return squared distances between prototypes.

    Parameters
    ----------
    data : MixedData
        Customers whose weights and gammas count.
    prototypes : Prototypes
        k prototypes.

    Returns
    -------
    ndarray of shape (k, k)
        Squared distances.
    """
    return squared_distances(MixedData(prototypes.centroids, data.weights, prototypes.modes, data.gammas), prototypes)


def calinski_harabasz(data: MixedData, fit: Clustering, *, total: float) -> float | None:
    """Return the index of Calinski and Harabasz (1974): cost explained per segment over cost left per customer.

    Parameters
    ----------
    data : MixedData
        n customers.
    fit : Clustering
        Their clustering in k segments.
    total : float
        Cost of all of them in one segment.

    Returns
    -------
    float or None
        At least 0, larger is better; None where it is not defined (one segment, no cost left).
    """
    n, k = len(data), len(fit.prototypes)
    if k == 1 or n <= k or fit.cost <= 0:
        return None
    return ((total - fit.cost) / (k - 1)) / (fit.cost / (n - k))


def total_cost(data: MixedData) -> float:
    """Return the cost of all customers in one segment.

    Parameters
    ----------
    data : MixedData
        n customers, at least one.
    """
    return refine(data, Prototypes(data.numeric[:1], data.codes[:1])).cost


# --- Coming back ---------------------------------------------------------------------------------------------


def quick_fit(data: MixedData, k: int, rng: np.random.Generator, *, warm: Prototypes | None = None) -> Clustering:
    """Fit k prototypes in haste: one start of k-means++, and the warm start if there is one; the cheaper result.

    Parameters
    ----------
    data : MixedData
        At least k customers, with codes from 0.
    k : int
        Number of segments.
    rng : numpy.random.Generator
        Source of the start.
    warm : Prototypes or None, default None
        Prototypes of other customers of the same population.
    """
    starts = [plus_plus_start(data, k, rng=rng), *([] if warm is None else [warm])]
    fits = [refine(data, start, tolerance=RESAMPLE_TOLERANCE, max_iterations=RESAMPLE_ITERATIONS) for start in starts]
    return min(fits, key=lambda fit: fit.cost)


def prediction_strength(
    data: MixedData, k: int, *, splits: int, rng: np.random.Generator, warm: Prototypes | None = None
) -> Estimate:
    """Return how well segments of one half of the customers predict who is together in the other.

    For every segment of one half, the share of its pairs that the prototypes of the other half put together; the
    smallest share over the segments, averaged over random halves (Tibshirani and Walther 2005).

    Parameters
    ----------
    data : MixedData
        n customers, 4 k at least.
    k : int
        Number of segments.
    splits : int
        Number of random halvings.
    rng : numpy.random.Generator
        Source of every draw.
    warm : Prototypes or None, default None
        A start for the fits beside their own.

    Returns
    -------
    Estimate
        A share in 0..1 and its standard error over the halvings.
    """
    values = []
    for _ in range(splits):
        order = rng.permutation(len(data))
        halves = [data.take(np.sort(half).astype(np.int64)) for half in np.array_split(order, 2)]
        fits = [quick_fit(half, k, rng, warm=warm) for half in halves]
        for one, other in ((0, 1), (1, 0)):
            table = contingency(fits[one].labels, assign(halves[one], fits[other].prototypes).labels, k)
            sizes = table.sum(axis=1)
            pairs = (table * (table - 1)).sum(axis=1) / np.maximum(sizes * (sizes - 1), 1)
            values.append(float(pairs[sizes > 1].min()) if np.any(sizes > 1) else 0.0)
    means = np.array(values).reshape(splits, 2).mean(axis=1)
    return Estimate(float(means.mean()), float(means.std(ddof=1) / np.sqrt(splits)) if splits > 1 else 0.0)


def bootstrap_stability(data: MixedData, fit: Clustering, *, resamples: int, rng: np.random.Generator) -> FloatArray:
    """Return how well each segment comes back when customers are drawn again.

    For every resample, the largest Jaccard similarity of the segment's drawn customers with any segment of the refit,
    averaged over resamples (Hennig 2007; `clusterboot` of the R package fpc). Above 0.75 a segment is stable, below 0.5
    it is dissolved.

    Parameters
    ----------
    data : MixedData
        n customers.
    fit : Clustering
        Their clustering in k segments.
    resamples : int
        Number of resamples of n customers with replacement.
    rng : numpy.random.Generator
        Source of every draw.

    Returns
    -------
    ndarray of shape (k,)
        Mean Jaccard similarity, 0..1.
    """
    n, k = len(data), len(fit.prototypes)
    sums, seen = np.zeros(k), np.zeros(k)
    for _ in range(resamples):
        rows = np.sort(rng.integers(0, n, n))
        found = quick_fit(data.take(rows), k, rng, warm=fit.prototypes)
        # A customer that was drawn twice is one customer.
        once = np.concatenate([[True], rows[1:] != rows[:-1]])
        table = contingency(fit.labels[rows[once]], found.labels[once], k)
        own, other = table.sum(axis=1, keepdims=True), table.sum(axis=0, keepdims=True)
        similarity = (table / np.maximum(own + other - table, 1)).max(axis=1)
        present = own[:, 0] > 0
        sums += np.where(present, similarity, 0.0)
        seen += present
    return np.asarray(sums / np.maximum(seen, 1))


def contingency(one: IntArray, other: IntArray, k: int) -> FloatArray:
    """Return how many customers each pair of segments shares.

    Parameters
    ----------
    one, other : ndarray of shape (n,)
        Labels from 0 to k - 1.
    k : int
        Number of segments of each.

    Returns
    -------
    ndarray of shape (k, k)
        Counts, rows by `one`.
    """
    return np.bincount(one * k + other, minlength=k * k).reshape(k, k).astype(np.float64)
