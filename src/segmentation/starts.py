"""Starts of k-prototypes: Cao, Huang, and k-means++ on mixed distances."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from segmentation.columns import FloatArray, IntArray
from segmentation.distances import MixedData, Prototypes, assign, squared_distances

StartName = Literal["cao", "huang", "k-means++"]
START_NAMES: tuple[StartName, ...] = get_args(StartName)


def find_start(
    data: MixedData, k: int, method: StartName, *, rng: np.random.Generator, row_weights: FloatArray | None = None
) -> Prototypes:
    """Return k prototypes to start from.

    Parameters
    ----------
    data : MixedData
        At least k customers, with codes from 0.
    k : int
        Number of prototypes.
    method : {"cao", "huang", "k-means++"}
        The first two begin with levels and want at least one categorical feature.
    rng : numpy.random.Generator
        Source of every draw; Cao's start draws nothing.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer.

    Raises
    ------
    ValueError
        If the method is unknown, or needs a categorical feature and there is none.
    """
    if method not in START_NAMES:
        raise ValueError(f"init must be one of {', '.join(START_NAMES)}, not {method!r}")
    if method == "k-means++":
        return plus_plus_start(data, k, rng=rng, row_weights=row_weights)
    if data.codes.shape[1] == 0:
        raise ValueError(f"init={method!r} begins with levels, and there is no categorical feature: use 'k-means++'")
    weights = np.ones(len(data)) if row_weights is None else row_weights
    return _cao(data, k, weights) if method == "cao" else _huang(data, k, weights, rng)


def plus_plus_start(
    data: MixedData, k: int, *, rng: np.random.Generator, row_weights: FloatArray | None = None
) -> Prototypes:
    """Draw k customers, each with a probability proportional to the squared distance from those drawn before.

    Of several draws the one that leaves the lowest cost is kept (greedy k-means++, Arthur and Vassilvitskii 2007,
    section 8), on mixed squared distances.

    Parameters
    ----------
    data : MixedData
        At least k customers.
    k : int
        Number of prototypes.
    rng : numpy.random.Generator
        Source of every draw.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer in draws and cost.
    """
    weights = np.ones(len(data)) if row_weights is None else row_weights
    trials = 2 + int(np.log(k))
    chosen = [_draw(weights, rng)]
    closest = _to_customers(data, chosen)[:, 0]
    while len(chosen) < k:
        pull = closest * weights
        drawn = [_draw(pull if pull.any() else weights, rng) for _ in range(trials)]
        candidates = np.minimum(_to_customers(data, drawn), closest[:, None])
        best = int(np.argmin(weights @ candidates))
        chosen.append(drawn[best])
        closest = candidates[:, best]
    return Prototypes(data.numeric[chosen], data.codes[chosen])


def _draw(pull: FloatArray, rng: np.random.Generator) -> int:
    """Draw a position with a probability proportional to its pull."""
    sums = np.cumsum(pull)
    return min(int(np.searchsorted(sums, rng.random() * sums[-1], side="right")), len(pull) - 1)


def _to_customers(data: MixedData, rows: list[int]) -> FloatArray:
    """Return squared distances of all customers to some of them."""
    return squared_distances(data, Prototypes(data.numeric[rows], data.codes[rows]))


def _cao(data: MixedData, k: int, weights: FloatArray) -> Prototypes:
    """Begin with the densest customer, then by turns the one that is dense and far from those before.

    Cao, Liang and Bai (2009), Expert Systems with Applications 36:7. Density and distance are those of the levels, and
    nothing is drawn. The numeric part of a prototype is the mean of the customers nearest to its levels.
    """
    counts = [np.bincount(column, weights=weights) for column in data.codes.T]
    shares = np.stack([count[column] for count, column in zip(counts, data.codes.T, strict=True)])
    density = shares.sum(axis=0) / (weights.sum() * data.codes.shape[1])
    levels = MixedData(np.empty((len(data), 0)), np.empty(0), data.codes, data.gammas)
    chosen = [int(np.argmax(np.where(weights > 0, density, -1.0)))]
    farthest = np.full(len(data), np.inf)
    while len(chosen) < k:
        farthest = np.minimum(farthest, _to_customers(levels, [chosen[-1]])[:, 0] * density)
        chosen.append(int(np.argmax(np.where(weights > 0, farthest, -1.0))))
    modes = data.codes[chosen]
    return Prototypes(_means_of_nearest(data, levels, modes, data.numeric[chosen], weights), modes)


def _means_of_nearest(
    data: MixedData, levels: MixedData, modes: IntArray, otherwise: FloatArray, weights: FloatArray
) -> FloatArray:
    """Return means of the customers whose levels are nearest to each mode."""
    k = len(modes)
    labels = assign(levels, Prototypes(np.empty((k, 0)), modes)).labels
    totals = np.bincount(labels, weights=weights, minlength=k)
    means = otherwise.copy()
    for column, values in enumerate(data.numeric.T):
        sums = np.bincount(labels, weights=values * weights, minlength=k)
        means[totals > 0, column] = (sums / np.where(totals > 0, totals, 1.0))[totals > 0]
    return means


def _huang(data: MixedData, k: int, weights: FloatArray, rng: np.random.Generator) -> Prototypes:
    """Draw levels by their frequency, then take the customers nearest to them.

    Huang (1998), section 3.2.3 for modes; the customer brings its numbers along.
    """
    draws = np.array([[column[_draw(weights, rng)] for _ in range(k)] for column in data.codes.T]).T
    levels = MixedData(np.empty((len(data), 0)), np.empty(0), data.codes, data.gammas)
    squares = squared_distances(levels, Prototypes(np.empty((k, 0)), draws))
    taken: list[int] = []
    for segment in range(k):
        distance = np.where(weights > 0, squares[:, segment], np.inf)
        distance[taken] = np.inf
        nearest = np.flatnonzero(distance == distance.min())
        taken.append(int(rng.choice(nearest)))
    return Prototypes(data.numeric[taken], data.codes[taken])
