"""Customers without clusters, otherwise like those given: what structure has to stand out against.

Each number keeps its distribution as far as one peak allows, each category its levels; what goes together goes together
as before. Clusters that are found among such customers are the doing of the method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import isotonic_regression
from scipy.special import ndtr, ndtri

from segmentation.columns import FloatArray, IntArray
from segmentation.distances import MixedData

BINS = 48

TAIL = 0.005
"""Share of customers at either end whose values are kept as they are."""

FEW_VALUES = 60
"""A number with at most so many distinct values is drawn from these, as counts and ratings are."""


@dataclass(frozen=True, slots=True)
class NullModel:
    """A population with given one-peaked marginals and correlations, and nothing else (a normal copula).

    Attributes
    ----------
    data : MixedData
        The customers that it is like.
    quantiles : list of (ndarray, ndarray)
        For each number, cumulated shares and the values at them.
    snap : list of (ndarray or None)
        For each number, the distinct values where they are few.
    orders : list of ndarray
        For each category, its levels in the order in which they go with the other features.
    thresholds : list of ndarray
        For each category, cumulated shares of the levels in that order.
    root : ndarray of shape (p + q, p + q)
        Root of the correlation matrix of normal scores.
    """

    data: MixedData
    quantiles: list[tuple[FloatArray, FloatArray]]
    snap: list[FloatArray | None]
    orders: list[IntArray]
    thresholds: list[FloatArray]
    root: FloatArray

    @classmethod
    def of(cls, data: MixedData) -> NullModel:
        """Learn marginals and correlations.

        Parameters
        ----------
        data : MixedData
            n customers, a few thousand are plenty, with codes from 0.
        """
        orders, thresholds = [], []
        ranked = [column.astype(np.float64) for column in data.numeric.T]
        axis = _first_axis(data)
        for column in data.codes.T:
            counts = np.bincount(column)
            means = np.bincount(column, weights=axis) / np.maximum(counts, 1)
            order = np.lexsort((np.arange(len(counts)), means))
            place = np.empty(len(counts))
            place[order] = np.arange(len(counts))
            ranked.append(place[column])
            orders.append(order.astype(np.int64))
            thresholds.append(np.cumsum(counts[order])[:-1] / len(column))
        scores = np.array([_normal_scores(values) for values in ranked])
        with np.errstate(invalid="ignore"):  # a feature that does not vary
            correlations = np.atleast_2d(np.corrcoef(scores))
        distinct = [np.unique(column) for column in data.numeric.T]
        return cls(
            data,
            [_one_peak(column) for column in data.numeric.T],
            [values if len(values) <= FEW_VALUES else None for values in distinct],
            orders,
            thresholds,
            _root(correlations),
        )

    def draw(self, n: int, rng: np.random.Generator) -> MixedData:
        """Draw customers.

        Parameters
        ----------
        n : int
            Number of customers.
        rng : numpy.random.Generator
            Source of the draw.

        Returns
        -------
        MixedData
            With the weights and gammas of the customers that it is like.
        """
        shares = ndtr(rng.standard_normal((n, len(self.root))) @ self.root.T)
        p = len(self.quantiles)
        numeric = np.empty((n, p))
        for feature, (cumulated, values) in enumerate(self.quantiles):
            numeric[:, feature] = np.interp(shares[:, feature], cumulated, values)
            atoms = self.snap[feature]
            if atoms is not None:
                middles = (atoms[1:] + atoms[:-1]) / 2
                numeric[:, feature] = atoms[np.searchsorted(middles, numeric[:, feature])]
        codes = np.empty((n, len(self.orders)), dtype=np.int64)
        for feature, (order, cuts) in enumerate(zip(self.orders, self.thresholds, strict=True)):
            codes[:, feature] = order[np.searchsorted(cuts, shares[:, p + feature], side="right")]
        return MixedData(numeric, self.data.weights, codes, self.data.gammas)


def _one_peak(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the cumulated shares and values of the one-peaked distribution nearest to the values.

    Within the tails it is that of the values. Between them, densities in bins of equal width rise to a peak and fall
    from it, by isotonic regression on either side; the peak is where the squared error is least.
    """
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    counts, edges = np.histogram(values, bins=BINS, range=(float(low), float(high)))
    if not (high > low and counts.any()):
        ordered = np.sort(values)
        return (np.arange(len(ordered)) + 0.5) / len(ordered), ordered
    best, least = counts.astype(np.float64), np.inf
    for peak in range(BINS):
        rising = isotonic_regression(counts[: peak + 1]).x
        falling = isotonic_regression(counts[peak:], increasing=False).x
        fitted = np.concatenate([rising[:-1], [max(rising[-1], falling[0])], falling[1:]])
        error = float(((fitted - counts) ** 2).sum())
        if error < least:
            best, least = fitted, error
    inner = TAIL + (1 - 2 * TAIL) * np.concatenate([[0.0], np.cumsum(best) / best.sum()])
    outside = np.linspace(0, TAIL, 6)[:-1]
    shares = np.concatenate([outside, inner, 1 - outside[::-1]])
    return shares, np.concatenate([np.quantile(values, outside), edges, np.quantile(values, 1 - outside[::-1])])


def _first_axis(data: MixedData) -> FloatArray:
    """Return the position of each customer on the first principal axis of numbers and indicators of levels."""
    blocks = [data.weighted()]
    for column, gamma in zip(data.codes.T, data.gammas, strict=True):
        indicators = (column[:, None] == np.arange(int(column.max()) + 1)).astype(np.float64)
        blocks.append(np.sqrt(gamma / 2) * indicators)
    table = np.column_stack(blocks)
    table -= table.mean(axis=0)
    _, axes = np.linalg.eigh(table.T @ table)
    axis = axes[:, -1]
    return np.asarray(table @ (axis * np.sign(axis[np.argmax(np.abs(axis))])))


def _normal_scores(values: FloatArray) -> FloatArray:
    """Return normal quantiles of the mean ranks."""
    return np.asarray(ndtri((pd.Series(values).rank().to_numpy() - 0.5) / len(values)))


def _root(correlations: FloatArray) -> FloatArray:
    """Return a square root of a correlation matrix; a feature that does not vary goes with no other."""
    clean = np.where(np.isfinite(correlations), correlations, 0.0)
    np.fill_diagonal(clean, 1.0)
    values, vectors = np.linalg.eigh(clean)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    return np.asarray(root / np.sqrt((root**2).sum(axis=1, keepdims=True)))
