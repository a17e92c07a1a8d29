"""Mixed distances between customers and prototypes, by direct differences.

``d**2 = sum_f weight_f * (z_f - c_f)**2 + sum_g gamma_g * [level differs]``, as in Huang (1998), with a weight for each
numeric and a gamma for each categorical feature. The expanded square x**2 - 2xc + c**2 would be faster and loses the
digits of customers that lie close to their prototype; it serves the iterations of a fit, whose end is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from segmentation.columns import FloatArray, IntArray

TIE_DECIMALS = 12
"""Squared distances that agree to this many decimals are equal: the lower segment_id wins.

Sums of gammas tie often (0.1 + 0.2 against 0.3) and would be decided by the order of summation, which differs between
engines.
"""

CHUNK_CELLS = 200_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class MixedData:
    """Scaled customers.

    Attributes
    ----------
    numeric : ndarray of shape (n, p)
        Scaled numeric features.
    weights : ndarray of shape (p,)
        Weight of each squared difference.
    codes : ndarray of shape (n, q)
        Levels of the categorical features as integers; -1 is a level that no prototype has.
    gammas : ndarray of shape (q,)
        Cost of a differing level, weight included.
    """

    numeric: FloatArray
    weights: FloatArray
    codes: IntArray
    gammas: FloatArray

    def __len__(self) -> int:
        """Return the number of customers."""
        return int(self.numeric.shape[0])

    def take(self, rows: IntArray | slice) -> MixedData:
        """Return the customers at the given positions."""
        return MixedData(self.numeric[rows], self.weights, self.codes[rows], self.gammas)

    def weighted(self) -> FloatArray:
        """Return numeric features times the root of their weights: plain squared distances are then weighted ones."""
        return np.asarray(self.numeric * np.sqrt(self.weights))


@dataclass(frozen=True, slots=True)
class Prototypes:
    """Centres of segments.

    Attributes
    ----------
    centroids : ndarray of shape (k, p)
        Means in the scaled, unweighted space.
    modes : ndarray of shape (k, q)
        Most frequent level codes.
    """

    centroids: FloatArray
    modes: IntArray

    def __len__(self) -> int:
        """Return the number of segments."""
        return int(self.centroids.shape[0])


@dataclass(frozen=True, slots=True)
class Clustering:
    """Prototypes with the labels, 0..k-1, and the cost (sum of squared distances) that they give to some customers."""

    prototypes: Prototypes
    labels: IntArray
    cost: float


def squared_distances(data: MixedData, prototypes: Prototypes) -> FloatArray:
    """Return squared distances of every customer to every prototype.

    Parameters
    ----------
    data : MixedData
        n customers.
    prototypes : Prototypes
        k prototypes over the same features.

    Returns
    -------
    ndarray of shape (n, k)
        Squared distances. The caller chunks where n * k is large.
    """
    # Each prototype fills a row of its own, which is contiguous; the caller sees the transpose.
    squares = np.zeros((len(prototypes), len(data)))
    for feature in np.flatnonzero(data.weights):
        values = np.ascontiguousarray(data.numeric[:, feature])
        for segment, centroid in enumerate(prototypes.centroids[:, feature]):
            difference = values - centroid
            difference *= difference
            if data.weights[feature] != 1.0:
                difference *= data.weights[feature]
            squares[segment] += difference
    for feature in np.flatnonzero(data.gammas):
        codes = np.ascontiguousarray(data.codes[:, feature])
        for segment, mode in enumerate(prototypes.modes[:, feature]):
            squares[segment] += data.gammas[feature] * (codes != mode)
    return squares.T


def nearest(squares: FloatArray) -> IntArray:
    """Return the position of the smallest squared distance in each row; ties go to the lower position.

    Parameters
    ----------
    squares : ndarray of shape (n, k)
        Squared distances, k at least 1.

    Returns
    -------
    ndarray of shape (n,)
        Positions 0..k-1.
    """
    rounded = np.round(squares, TIE_DECIMALS)
    labels = np.zeros(len(rounded), dtype=np.int64)
    smallest = rounded[:, 0].copy()
    for position in range(1, rounded.shape[1]):
        closer = rounded[:, position] < smallest
        np.copyto(labels, position, where=closer)
        np.minimum(smallest, rounded[:, position], out=smallest)
    return labels


def in_order(function: Callable[[slice], T], chunks: list[slice]) -> list[T]:
    """Apply a function to chunks one after the other, on the calling thread."""
    return [function(rows) for rows in chunks]


def assign(
    data: MixedData,
    prototypes: Prototypes,
    *,
    row_weights: FloatArray | None = None,
    over: Callable[..., list[float]] = in_order,
) -> Clustering:
    """Give every customer the nearest prototype, in chunks of bounded memory.

    Parameters
    ----------
    data : MixedData
        n customers.
    prototypes : Prototypes
        k prototypes.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer in the cost.
    over : callable, default in_order
        Maps a function over chunks and returns the results in their order.

    Returns
    -------
    Clustering
        The prototypes as given, labels and cost.
    """
    labels = np.empty(len(data), dtype=np.int64)

    def label(rows: slice) -> float:
        squares = squared_distances(data.take(rows), prototypes)
        labels[rows] = nearest(squares)
        own = squares[np.arange(len(squares)), labels[rows]]
        return float(own.sum() if row_weights is None else own @ row_weights[rows])

    return Clustering(prototypes, labels, float(sum(over(label, chunks_of(len(data), len(prototypes))))))


def own_distances(
    data: MixedData, prototypes: Prototypes, labels: IntArray, *, over: Callable[..., list[None]] = in_order
) -> FloatArray:
    """Return the squared distance of every customer to the prototype of its label.

    Parameters
    ----------
    data : MixedData
        n customers.
    prototypes : Prototypes
        k prototypes.
    labels : ndarray of shape (n,)
        Positions of prototypes.
    over : callable, default in_order
        Maps a function over chunks.

    Returns
    -------
    ndarray of shape (n,)
        Squared distances.
    """
    own = np.empty(len(data))

    def measure(rows: slice) -> None:
        squares = squared_distances(data.take(rows), prototypes)
        own[rows] = squares[np.arange(len(squares)), labels[rows]]

    over(measure, chunks_of(len(data), len(prototypes)))
    return own


def chunks_of(n: int, k: int) -> list[slice]:
    """Return slices over n customers whose distances to k prototypes fit into the cache of a core."""
    step = max(1, CHUNK_CELLS // max(1, k))
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def count_distinct(data: MixedData) -> int:
    """Return the number of distinct customers in the scaled space.

    Parameters
    ----------
    data : MixedData
        n customers.
    """
    if len(data) == 0:
        return 0
    columns = [*data.numeric.T + 0.0, *data.codes.T]
    group = np.zeros(len(data), dtype=np.int64)
    for column in columns:
        _, codes = np.unique(column, return_inverse=True)
        _, group = np.unique(group * (int(codes.max()) + 1) + codes, return_inverse=True)
    return int(group.max()) + 1
