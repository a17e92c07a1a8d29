"""K-prototypes for mixed and k-modes for purely categorical customers.

kmodes finds starts on a bounded number of customers, since it assigns row by row in Python. Every start is then refined
by batch iterations in numpy over all the customers that were given, the cheapest result wins.
"""

from __future__ import annotations

import warnings
from functools import partial

import numpy as np
from kmodes.kmodes import KModes
from kmodes.kprototypes import KPrototypes

from segmentation.columns import BoolArray, FloatArray, IntArray
from segmentation.distances import Clustering, MixedData, Prototypes, assign, squared_distances

KMODES_ROWS = 1_000
"""Customers that kmodes sees when it looks for a start."""

KMODES_ITERATIONS = 20

SEEDED_STARTS = 6
"""Starts of k-means++ on mixed distances beside the one of kmodes."""

MAX_ITERATIONS = 100


def estimate_gamma(data: MixedData) -> float:
    """Return the cost of a differing level that balances categorical against numeric features.

    The mean variance of the weighted numeric features over the mean heterogeneity, 1 - sum p**2, of the categorical
    ones, as `lambdaest` of the R package clustMixType (Szepannek 2018, R Journal 10:2, section 3).

    Parameters
    ----------
    data : MixedData
        The sample, with features that vary; its gammas are not read.

    Returns
    -------
    float
        Gamma of a categorical feature of weight 1; 1 where either kind of feature is absent.
    """
    if data.numeric.shape[1] == 0 or data.codes.shape[1] == 0:
        return 1.0
    variance = float(np.mean(np.var(data.weighted(), axis=0)))
    shares = [np.bincount(column) / len(data) for column in data.codes.T]
    heterogeneity = float(np.mean([1.0 - np.sum(share**2) for share in shares]))
    return variance / heterogeneity


def fit_kprototypes(data: MixedData, k: int, *, seed: int, start: Prototypes | None = None) -> Clustering:
    """Fit k prototypes to customers with at least one categorical feature.

    One start is the result of kmodes under Cao's initialisation (Cao et al. 2009), which depends on the data alone,
    where Huang's draws modes at random and wants many more runs. The others are of k-means++ on mixed distances:
    kmodes draws the numeric part of a start from a normal distribution and may miss a group. At equal cost the start
    of kmodes wins. Purely categorical customers are fitted by k-modes.

    Parameters
    ----------
    data : MixedData
        At least k distinct customers with codes from 0; about 5,000 are plenty.
    k : int
        Number of segments.
    seed : int
        Seed of every draw.
    start : Prototypes or None, default None
        Prototypes to refine in place of looking for starts.

    Returns
    -------
    Clustering
        Labels are those of the nearest prototype; modes that tie are the lowest code.

    References
    ----------
    Huang, Z. (1998). Extensions to the k-means algorithm for clustering large data sets with categorical values.
    Data Mining and Knowledge Discovery 2, 283-304.
    """
    if start is not None:
        return refine(data, start)
    rng = np.random.default_rng([seed, k])
    starts = [_seeded_start(data, k, rng) for _ in range(SEEDED_STARTS)]
    rows = np.sort(rng.permutation(len(data))[:KMODES_ROWS])
    find = _kprototypes_start if data.numeric.shape[1] else _kmodes_start
    found = find(data.take(rows), k, seed)
    fits = [refine(data, prototypes) for prototypes in ([] if found is None else [found]) + starts]
    return min(fits, key=lambda fit: fit.cost)


def refine(data: MixedData, start: Prototypes) -> Clustering:
    """Alternate assignment and update in batches until no customer moves.

    An empty segment takes the customer farthest from its prototype. Stops after `MAX_ITERATIONS` at the latest, with
    labels that fit the returned prototypes in every case.

    Parameters
    ----------
    data : MixedData
        n customers.
    start : Prototypes
        k prototypes, k at most n.

    Returns
    -------
    Clustering
        Of a cost not above the start's.
    """
    best = assign(data, start)
    for _ in range(MAX_ITERATIONS):
        following = assign(data, _update(data, best))
        if not following.cost < best.cost:
            break
        best = following
    return best


def _update(data: MixedData, fit: Clustering) -> Prototypes:
    """Return means and modes of the labelled customers."""
    k = len(fit.prototypes)
    labels = _without_empty(data, fit)
    counts = np.bincount(labels, minlength=k)
    sums = [np.bincount(labels, weights=column, minlength=k) for column in data.numeric.T]
    centroids = np.array(sums).reshape(data.numeric.shape[1], k).T / counts[:, None]
    modes = np.empty((k, data.codes.shape[1]), dtype=np.int64)
    for feature, column in enumerate(data.codes.T):
        levels = int(column.max()) + 1
        table = np.bincount(labels * levels + column, minlength=k * levels).reshape(k, levels)
        modes[:, feature] = np.argmax(table, axis=1)
    return Prototypes(centroids, modes)


def _without_empty(data: MixedData, fit: Clustering) -> IntArray:
    """Return labels in which every segment has a customer."""
    k = len(fit.prototypes)
    counts = np.bincount(fit.labels, minlength=k)
    if counts.min() > 0:
        return fit.labels
    labels = fit.labels.copy()
    own = squared_distances(data, fit.prototypes)[np.arange(len(data)), labels]
    for segment in np.flatnonzero(counts == 0):
        movable = np.where(counts[labels] > 1, own, -1.0)
        farthest = int(np.argmax(movable))
        counts[labels[farthest]] -= 1
        counts[segment] = 1
        labels[farthest] = segment
        own[farthest] = -1.0
    return labels


def _seeded_start(data: MixedData, k: int, rng: np.random.Generator) -> Prototypes:
    """Draw k customers, each with a probability proportional to the squared distance from those drawn before."""
    chosen = [int(rng.integers(len(data)))]
    closest = _to_customer(data, chosen[0])
    while len(chosen) < k:
        total = float(closest.sum())
        draw = rng.random()
        row = int(np.searchsorted(np.cumsum(closest), draw * total, side="right")) if total > 0 else 0
        chosen.append(min(row, len(data) - 1))
        closest = np.minimum(closest, _to_customer(data, chosen[-1]))
    return Prototypes(data.numeric[chosen], data.codes[chosen])


def _to_customer(data: MixedData, row: int) -> FloatArray:
    """Return squared distances of all customers to one of them."""
    return squared_distances(data, Prototypes(data.numeric[[row]], data.codes[[row]]))[:, 0]


def _weighted_mismatch(a: IntArray, b: IntArray, *, gammas: FloatArray, **_: object) -> FloatArray:
    """Return the cost of differing levels, in the form in which kmodes asks for it."""
    differs: BoolArray = np.asarray(a != b)
    return np.asarray(differs @ gammas)


def _kprototypes_start(data: MixedData, k: int, seed: int) -> Prototypes | None:
    """Return prototypes that kmodes finds, or None where it finds none without an empty segment."""
    n_numeric, n_codes = data.numeric.shape[1], data.codes.shape[1]
    estimator = KPrototypes(
        k,
        init="Cao",
        n_init=1,
        max_iter=KMODES_ITERATIONS,
        gamma=1.0,
        cat_dissim=partial(_weighted_mismatch, gammas=data.gammas),
        random_state=seed,
        verbose=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            estimator.fit(
                np.hstack([data.weighted(), data.codes.astype(np.float64)]),
                categorical=list(range(n_numeric, n_numeric + n_codes)),
            )
        except (ValueError, AssertionError):
            return None
    found = np.asarray(estimator.cluster_centroids_, dtype=np.float64)
    if found.shape[0] != k:
        return None
    return Prototypes(found[:, :n_numeric] / np.sqrt(data.weights), found[:, n_numeric:].astype(np.int64))


def _kmodes_start(data: MixedData, k: int, seed: int) -> Prototypes | None:
    """Return modes that kmodes finds from Cao's start, or None where there are fewer distinct customers."""
    estimator = KModes(
        k,
        init="Cao",
        n_init=1,
        max_iter=KMODES_ITERATIONS,
        cat_dissim=partial(_weighted_mismatch, gammas=data.gammas),
        random_state=seed,
        verbose=0,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator.fit(data.codes)
    modes = np.asarray(estimator.cluster_centroids_, dtype=np.int64)
    return Prototypes(np.empty((k, 0)), modes) if len(modes) == k else None
