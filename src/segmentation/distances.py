"""Mixed distances between customers and prototypes, by direct differences.

``d**2 = sum_f weight_f * (z_f - c_f)**2 + sum_g gamma_g * [level differs]``, as in Huang (1998), with a weight for each
numeric and a gamma for each categorical feature. The expanded square x**2 - 2xc + c**2 would be faster and loses the
digits of customers that lie close to their prototype.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segmentation.columns import FloatArray, IntArray

TIE_DECIMALS = 12
"""Squared distances that agree to this many decimals are equal: the lower segment_id wins.

Sums of gammas tie often (0.1 + 0.2 against 0.3) and would be decided by the order of summation, which differs between
engines.
"""

CHUNK_CELLS = 4_000_000


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
    squares = np.zeros((len(data), len(prototypes)))
    for segment in range(len(prototypes)):
        column = squares[:, segment]
        for feature in np.flatnonzero(data.weights):
            column += data.weights[feature] * (data.numeric[:, feature] - prototypes.centroids[segment, feature]) ** 2
        for feature in np.flatnonzero(data.gammas):
            column += data.gammas[feature] * (data.codes[:, feature] != prototypes.modes[segment, feature])
    return squares


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
    return np.asarray(np.argmin(np.round(squares, TIE_DECIMALS), axis=1), dtype=np.int64)


def assign(data: MixedData, prototypes: Prototypes) -> Clustering:
    """Give every customer the nearest prototype, in chunks of bounded memory.

    Parameters
    ----------
    data : MixedData
        n customers.
    prototypes : Prototypes
        k prototypes.

    Returns
    -------
    Clustering
        The prototypes as given, labels and cost.
    """
    step = max(1, CHUNK_CELLS // max(1, len(prototypes)))
    labels = np.empty(len(data), dtype=np.int64)
    cost = 0.0
    for start in range(0, len(data), step):
        rows = slice(start, start + step)
        squares = squared_distances(data.take(rows), prototypes)
        labels[rows] = nearest(squares)
        cost += float(np.take_along_axis(squares, labels[rows, None], axis=1).sum())
    return Clustering(prototypes, labels, cost)


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
