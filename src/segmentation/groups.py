"""Groups of customers of whatever shape: what the number of segments is read from.

K-means and k-prototypes cut halfway between prototypes, as if groups were round and of one size. Long or unequal groups
are therefore cut across at their own number, and no valley between cells tells that the groups are there. A mixture,
whose parts have a spread of their own, follows them. It alone would fit a crowd that is not normal with several parts,
so what counts is whether there are valleys between the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segmentation.choose_k import VALLEY_DEPTH, VALLEY_STRENGTH
from segmentation.columns import FloatArray, IntArray
from segmentation.distances import Clustering, MixedData, Prototypes
from segmentation.refinement import mapping
from segmentation.separation import Valleys, half_steps, valleys

CHAIN_TOP = 12
"""Segments from which parts are merged down to 2; doubled until it exceeds the largest k by two."""

DEGREES = 8.0
"""Of freedom, of the t distribution of each part: single customers far out do not widen it."""

SHARED_SPREAD = 0.1
"""Share of the spread common to all parts in that of each, so that no part shrinks to a line."""

LEAST_SPREAD = 1e-3
"""Of the variance of each number, added to that of each part; where customers share values, half a step squared is."""

LEVEL_WEIGHT = 2.0
"""Customers of the common distribution of levels that each part begins with."""

MAX_ITERATIONS = 60
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Groups:
    """Groups and the valleys between them.

    Attributes
    ----------
    clustering : Clustering
        Means, modes and labels of k groups; its cost is not computed.
    valleys : Valleys
        Between every two groups.
    """

    clustering: Clustering
    valleys: Valleys

    @property
    def k(self) -> int:
        """Return the number of groups."""
        return len(self.clustering.prototypes)

    @property
    def depth(self) -> float:
        """Return the depth of the shallowest valley."""
        return float(self.valleys.depth[np.triu_indices(self.k, 1)].min())

    @property
    def strength(self) -> float:
        """Return the strength of the weakest valley in standard errors."""
        return float(self.valleys.strength[np.triu_indices(self.k, 1)].min())

    @property
    def clarity(self) -> float:
        """Return by what factor the least clear valley exceeds what a valley needs."""
        return float(self._clarities().min())

    def least_clear(self) -> tuple[int, int]:
        """Return the two groups with the least clear valley, the first of equals."""
        one, other = np.unravel_index(int(np.argmin(self._clarities())), (self.k, self.k))
        return int(one), int(other)

    def _clarities(self) -> FloatArray:
        """Return the clarity of every valley, infinite on the diagonal."""
        clarities = np.minimum(self.valleys.depth / VALLEY_DEPTH, self.valleys.strength / VALLEY_STRENGTH)
        return np.asarray(np.where(np.eye(self.k, dtype=bool), np.inf, clarities))


def chain_top(k: int) -> int:
    """Return the number of segments from which parts are merged down to k groups: the same whatever the range.

    Parameters
    ----------
    k : int
        Number of groups.
    """
    top = CHAIN_TOP
    while top < k + 2:
        top *= 2
    return top


def find_groups(data: MixedData, cells: Mapping[int, IntArray], many: Mapping[int, IntArray]) -> dict[int, Groups]:
    """Find for every k the groups with the clearest valleys.

    A mixture is fitted from the segments of each k, and another one from more segments than wanted, of which the two
    parts with the least clear valley are merged again and again. Of both, the groups whose least clear valley is the
    clearer are kept.

    Parameters
    ----------
    data : MixedData
        n customers, some thousand are plenty, with codes from 0.
    cells : mapping of int to ndarray of shape (n,)
        Labels of k segments, for each k that is wanted.
    many : mapping of int to ndarray of shape (n,)
        Labels of as many segments as `chain_top` says, for each k.

    Returns
    -------
    dict of int to Groups
        Without a k where parts of the mixture lost all of their customers, and without 1.

    References
    ----------
    Peel, D. and McLachlan, G. J. (2000). Robust mixture modelling using the t distribution. Statistics and Computing
    10, 339-348. Hennig, C. (2010). Methods for merging Gaussian mixture components. Advances in Data Analysis and
    Classification 4, 3-34.
    """
    wanted = [k for k in cells if k > 1]
    found: dict[int, Groups] = {}
    with mapping(1):  # threads of the matrix library might add up in another order
        mixture = _Mixture(data)
        for k in wanted:
            _keep(found, _settled(data, mixture, cells[k]), k)
        for top in sorted({chain_top(k) for k in wanted}):
            served = [k for k in wanted if chain_top(k) == top]
            groups = _settled(data, mixture, many[top])
            while groups is not None and groups.k >= min(served):
                if groups.k in served:
                    _keep(found, groups, groups.k)
                one, other = groups.least_clear()
                labels = groups.clustering.labels
                groups = _settled(data, mixture, np.where(labels == other, one, labels))
    return found


def _keep(found: dict[int, Groups], groups: Groups | None, k: int) -> None:
    """Keep groups if there are as many as wanted, and clearer than those found before."""
    if groups is not None and groups.k == k and (k not in found or groups.clarity > found[k].clarity):
        found[k] = groups


def _settled(data: MixedData, mixture: _Mixture, labels: IntArray) -> Groups | None:
    """Return the groups at which a mixture settles from some labels, None where fewer than two remain."""
    labels = _from_zero(mixture.fit(_from_zero(labels)))
    k = int(labels.max()) + 1
    if k == 1:
        return None
    sizes = np.bincount(labels, minlength=k)
    centroids = np.column_stack(
        [np.empty((k, 0)), *(np.bincount(labels, column, k) / sizes for column in data.numeric.T)]
    )
    modes = np.empty((k, data.codes.shape[1]), dtype=np.int64)
    for feature, column in enumerate(data.codes.T):
        width = int(column.max()) + 1
        modes[:, feature] = np.bincount(labels * width + column, minlength=k * width).reshape(k, width).argmax(axis=1)
    clustering = Clustering(Prototypes(centroids, modes), labels, float("nan"))
    return Groups(clustering, valleys(data, clustering))


def _from_zero(labels: IntArray) -> IntArray:
    """Return labels without numbers that nobody has."""
    return np.asarray(np.unique(labels, return_inverse=True)[1], dtype=np.int64)


class _Mixture:
    """A mixture of t distributions with a spread of their own, and of independent categories, fitted by EM.

    Parameters
    ----------
    data : MixedData
        n customers with p numbers and q categories.
    """

    def __init__(self, data: MixedData) -> None:
        self.points = data.weighted()
        self.n, self.p = self.points.shape
        self.indicators = [
            (column[:, None] == np.arange(int(column.max()) + 1)).astype(float) for column in data.codes.T
        ]
        least = np.maximum(LEAST_SPREAD * self.points.var(axis=0), half_steps(self.points) ** 2)
        self.least = np.diag(least + np.finfo(float).tiny)

    def fit(self, labels: IntArray) -> IntArray:
        """Return for each customer the part that it most likely belongs to, from labels 0..k-1 to begin with.

        Parameters
        ----------
        labels : ndarray of shape (n,)
            Every part has a customer at first; some may have none in the end.
        """
        shares = np.eye(int(labels.max()) + 1)[labels]
        pulls = np.ones_like(shares)
        before = -np.inf
        for _ in range(MAX_ITERATIONS):
            log_densities, pulls = self._log_densities(shares, pulls)
            highest = log_densities.max(axis=1, keepdims=True)
            shares = np.exp(log_densities - highest)
            sums = shares.sum(axis=1, keepdims=True)
            shares /= sums
            likelihood = float((highest + np.log(sums)).sum())
            if likelihood - before <= TOLERANCE * abs(likelihood):
                break
            before = likelihood
        return np.asarray(shares.argmax(axis=1), dtype=np.int64)

    def _log_densities(self, shares: FloatArray, pulls: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return log densities of customers in parts that are estimated from their shares, and the pull of each.

        Both of shape (n, k), as are shares and pulls: a customer far from a part has little pull on its mean.
        """
        sizes = shares.sum(axis=0) + np.finfo(float).tiny
        logs = np.tile(np.log(sizes / self.n), (self.n, 1))
        if self.p:
            squares, half_log_determinants = self._mahalanobis(shares * pulls, sizes)
            logs -= (DEGREES + self.p) / 2 * np.log1p(squares / DEGREES) + half_log_determinants
            pulls = (DEGREES + self.p) / (DEGREES + squares)
        for indicator in self.indicators:
            prior = LEVEL_WEIGHT * indicator.mean(axis=0)
            levels = (shares.T @ indicator + prior) / (sizes + LEVEL_WEIGHT)[:, None]
            logs += indicator @ np.log(np.maximum(levels, np.finfo(float).tiny)).T
        return logs, pulls

    def _mahalanobis(self, weights: FloatArray, sizes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return squared distances of shape (n, k) in the spread of each part, and half the logs of determinants."""
        totals = weights.sum(axis=0) + np.finfo(float).tiny
        means = (weights.T @ self.points) / totals[:, None]
        residuals = self.points[None] - means[:, None]
        scatters = np.matmul((residuals * weights.T[:, :, None]).transpose(0, 2, 1), residuals)
        common = scatters.sum(axis=0) / self.n
        prior = self.p + 2.0
        own = (scatters + prior * common) / (sizes + prior)[:, None, None]
        roots = np.linalg.cholesky((1 - SHARED_SPREAD) * own + SHARED_SPREAD * common + self.least)
        scaled = np.matmul(residuals, np.linalg.inv(roots).transpose(0, 2, 1))
        half_logs = np.log(np.einsum("kii->ki", roots)).sum(axis=1)
        return np.asarray(np.einsum("knp,knp->nk", scaled, scaled)), half_logs
