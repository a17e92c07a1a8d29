"""Moves of single customers between segments, where batch iterations rest although a move would pay."""

from __future__ import annotations

import numpy as np

from segmentation.columns import FloatArray, IntArray
from segmentation.distances import Clustering, MixedData, Prototypes, assign

WORTHWHILE = 1e-9
"""Share of the cost that a move must save; less is rounding."""


def exchange(data: MixedData, fit: Clustering, *, row_weights: FloatArray | None = None) -> Clustering:
    """Move customers one by one, the most rewarding first, until no move saves cost.

    Batch iterations compare distances to prototypes as they stand. A move also changes both prototypes, which counts
    where segments are small (Hartigan and Wong 1979, Applied Statistics 28:1, for means; the same holds for modes).

    Parameters
    ----------
    data : MixedData
        n customers, about a thousand at most: every move looks at all of them.
    fit : Clustering
        Where to begin.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer.

    Returns
    -------
    Clustering
        Of a cost not above that of `fit`, with the nearest prototypes as labels.
    """
    n, k = len(data), len(fit.prototypes)
    weights = np.ones(n) if row_weights is None else row_weights
    labels = fit.labels.copy()
    for _ in range(n):
        savings, prototypes = _savings(data, labels, weights, k)
        row, segment = np.unravel_index(int(np.argmax(savings)), savings.shape)
        if savings[row, segment] <= WORTHWHILE * fit.cost:
            break
        labels[row] = segment
    else:
        _, prototypes = _savings(data, labels, weights, k)
    moved = assign(data, prototypes, row_weights=row_weights)
    return moved if moved.cost < fit.cost else fit


def _savings(data: MixedData, labels: IntArray, weights: FloatArray, k: int) -> tuple[FloatArray, Prototypes]:
    """Return what moving each customer to each segment saves, shape (n, k), and the prototypes before the move."""
    n = len(labels)
    rows = np.arange(n)
    totals = np.bincount(labels, weights=weights, minlength=k)
    filled = np.where(totals > 0, totals, 1.0)
    sums = [np.bincount(labels, weights=column * weights, minlength=k) for column in data.numeric.T]
    centroids = np.array(sums).reshape(data.numeric.shape[1], k).T / filled[:, None]
    squares = np.zeros((n, k))
    for feature, weight in enumerate(data.weights):
        squares += weight * (data.numeric[:, feature, None] - centroids[:, feature]) ** 2
    own = totals[labels]
    gain = squares[rows, labels] * weights * own / np.where(own > weights, own - weights, 1.0)
    loss = squares * weights[:, None] * totals / np.where(totals + weights[:, None] > 0, totals + weights[:, None], 1.0)
    modes = np.zeros((k, data.codes.shape[1]), dtype=np.int64)
    for feature, (codes, gamma) in enumerate(zip(data.codes.T, data.gammas, strict=True)):
        n_levels = int(codes.max()) + 1
        table = np.bincount(labels * n_levels + codes, weights=weights, minlength=k * n_levels).reshape(k, n_levels)
        modes[:, feature] = np.argmax(table, axis=1)
        first = table.max(axis=1)
        others = table.copy()
        others[np.arange(k), modes[:, feature]] = 0.0
        second = others.max(axis=1)
        is_mode = codes == modes[labels, feature]
        left = np.where(is_mode, np.maximum(second[labels], first[labels] - weights), first[labels])
        gain += gamma * (weights - (first[labels] - left))
        joined = np.maximum(first, table[:, codes].T + weights[:, None])
        loss += gamma * (weights[:, None] - (joined - first))
    savings = gain[:, None] - loss
    savings[rows, labels] = 0.0
    savings[np.bincount(labels, minlength=k)[labels] == 1] = 0.0
    return savings, Prototypes(centroids, modes)
