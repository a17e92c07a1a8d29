"""Batch iterations of k-prototypes: nearest prototype for every customer, then means and modes, until nothing moves.

Customers are cut into chunks of fixed size. A chunk is small enough to stay in the cache of a core, threads share the
chunks, and what the chunks return is added up in their order: the number of threads can therefore not change the
result, and memory beyond the data does not grow with the number of customers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from threadpoolctl import ThreadpoolController

from segmentation.columns import FloatArray, IntArray
from segmentation.distances import Clustering, MixedData, Prototypes, assign, in_order, own_distances

CHUNK_ROWS = 16_384

PACKED_LEVELS = 4_096
"""Categorical features are joined into one code while their combinations do not exceed this: one lookup serves all."""

MAX_ITERATIONS = 100

ROUNDING = 1e-9
"""Costs of iterations, whose squares are expanded, agree with exact ones to about this share in double precision."""

Real = np.float32 | np.float64
RealArray = npt.NDArray[Any]
T = TypeVar("T")
U = TypeVar("U")
Mapper = Callable[[Callable[[T], U], list[T]], list[U]]


def refine(
    data: MixedData,
    start: Prototypes,
    *,
    row_weights: FloatArray | None = None,
    dtype: type[Real] = np.float64,
    n_threads: int = 1,
    tolerance: float = 0.0,
    max_iterations: int = MAX_ITERATIONS,
) -> Clustering:
    """Alternate assignment and update in batches until no customer moves.

    A segment that loses its last customer takes the one farthest from its prototype.

    Parameters
    ----------
    data : MixedData
        n customers with codes from 0.
    start : Prototypes
        k prototypes, k at most n.
    row_weights : ndarray of shape (n,) or None, default None
        Weight of every customer, at least 0 and not all 0; None weighs all the same.
    dtype : {numpy.float32, numpy.float64}, default numpy.float64
        Precision of the iterations. The last update, labels and cost are of double precision in either case.
    n_threads : int, default 1
        Threads that share the chunks; the result does not depend on it.
    tolerance : float, default 0
        Stops as soon as an iteration lowers the cost by no more than this share of it.
    max_iterations : int, default MAX_ITERATIONS
        Iterations at most.

    Returns
    -------
    Clustering
        Of a cost not above the start's, with the nearest prototypes as labels.

    Raises
    ------
    ValueError
        If a code is negative.
    """
    with mapping(n_threads) as over:
        packed = _Packed.of(data, row_weights, dtype)
        labels, cost = _iterate(packed, data, start, over, tolerance=tolerance, max_iterations=max_iterations)
        # Labels found in single precision, or from squares that were expanded, may be off for customers that lie
        # between two prototypes. What is returned rests on means in double precision and on direct differences.
        last = assign(data, _update(packed, labels, start, over)[0], row_weights=row_weights, over=over)
        if last.cost < cost * (1 - ROUNDING):
            return last
        first = assign(data, start, row_weights=row_weights, over=over)
    return last if last.cost <= first.cost else first


@contextmanager
def mapping(n_threads: int) -> Iterator[Mapper[Any, Any]]:
    """Give a function that maps over chunks on some threads and returns the results in the order of the chunks.

    Parameters
    ----------
    n_threads : int
        1 maps without a pool.
    """
    # Threads of the matrix library on top of ours would wait for each other, and might add up in another order.
    with _libraries().limit(limits=1):
        if n_threads <= 1:
            yield in_order
            return
        with ThreadPoolExecutor(n_threads) as pool:
            yield lambda function, items: list(pool.map(function, items))


@cache
def _libraries() -> ThreadpoolController:
    """Return the controller of the thread pools of numerical libraries; to look for them takes milliseconds."""
    return ThreadpoolController()


@dataclass(frozen=True, slots=True)
class _Group:
    """Categorical features whose levels are joined into one code."""

    features: tuple[int, ...]
    radices: tuple[int, ...]
    codes: IntArray

    @property
    def size(self) -> int:
        """Return the number of combinations."""
        return int(np.prod(self.radices))


@dataclass(frozen=True, slots=True)
class _Packed:
    """Customers in the form that iterations read: centred, weighted numbers and joined codes, in chunks.

    Attributes
    ----------
    numbers : ndarray of shape (n, p)
        Numeric features, centred and times the root of their weight. Expanded squares lose digits where values are
        large against their spread, which centring prevents.
    center, roots : ndarray of shape (p,)
        What was taken off and multiplied by.
    groups : tuple of _Group
        Joined codes.
    gammas : ndarray of shape (q,)
        Cost of a differing level.
    weights : ndarray of shape (n,) or None
        Row weights.
    constant : float
        Weighted sum of squared norms: what the squared distances lack.
    """

    numbers: RealArray
    center: FloatArray
    roots: FloatArray
    groups: tuple[_Group, ...]
    gammas: FloatArray
    weights: FloatArray | None
    constant: float
    chunks: list[slice]

    @classmethod
    def of(cls, data: MixedData, weights: FloatArray | None, dtype: type[Real]) -> _Packed:
        """Pack customers."""
        n = len(data)
        center = data.numeric.mean(axis=0) if n else np.zeros(data.numeric.shape[1])
        roots = np.sqrt(data.weights)
        numbers = np.empty(data.numeric.shape, dtype=dtype)
        np.multiply(data.numeric - center, roots, out=numbers, casting="same_kind")
        squares = np.einsum("ij,ij->i", numbers, numbers, dtype=np.float64)
        constant = float(squares.sum() if weights is None else squares @ weights)
        chunks = [slice(start, min(start + CHUNK_ROWS, n)) for start in range(0, n, CHUNK_ROWS)]
        return cls(numbers, center, roots, _pack(data.codes), data.gammas, weights, constant, chunks)


def _pack(codes: IntArray) -> tuple[_Group, ...]:
    """Join neighbouring categorical features while their combinations stay few."""
    if codes.size and codes.min() < 0:
        raise ValueError("codes must not be negative: only a level that no prototype has is -1, and only in scoring")
    limit = min(PACKED_LEVELS, max(16, len(codes)))
    groups: list[_Group] = []
    for feature, column in enumerate(codes.T):
        radix = int(column.max()) + 1 if len(column) else 1
        if groups and groups[-1].size * radix <= limit:
            last = groups.pop()
            groups.append(_Group((*last.features, feature), (*last.radices, radix), last.codes * radix + column))
        else:
            groups.append(_Group((feature,), (radix,), np.ascontiguousarray(column)))
    return tuple(groups)


def _iterate(
    packed: _Packed,
    data: MixedData,
    start: Prototypes,
    over: Mapper[Any, Any],
    *,
    tolerance: float,
    max_iterations: int,
) -> tuple[IntArray, float]:
    """Return the labels on which the iterations settle, and about what the start costs."""
    labels = np.full(len(data), -1, dtype=np.int64)
    prototypes, first, cost = start, np.inf, np.inf
    for iteration in range(max_iterations):
        scorer = _Scorer(packed, prototypes)
        parts = over(partial(scorer.label, labels=labels), packed.chunks)
        following = packed.constant + sum(part[0] for part in parts)
        first = following if iteration == 0 else first
        following_prototypes, totals = _update(packed, labels, prototypes, over)
        if totals.min() == 0:
            labels = _without_empty(data, Clustering(prototypes, labels, following), over)
            following_prototypes, _ = _update(packed, labels, prototypes, over)
        elif not any(part[1] for part in parts) or not following < cost * (1 - tolerance):
            break
        prototypes, cost = following_prototypes, following
    return labels, first


class _Scorer:
    """The prototypes of one iteration as a matrix for numbers and a lookup table for each group of codes."""

    def __init__(self, packed: _Packed, prototypes: Prototypes) -> None:
        self.packed = packed
        self.k = len(prototypes)
        dtype = packed.numbers.dtype
        centroids = (prototypes.centroids - packed.center) * packed.roots
        self.factors = (-2.0 * centroids).astype(dtype)
        self.norms = ((centroids**2).sum(axis=1) + packed.gammas.sum()).astype(dtype)
        self.tables = [self._table(group, prototypes.modes).astype(dtype) for group in packed.groups]

    def _table(self, group: _Group, modes: IntArray) -> FloatArray:
        """Return minus the gammas of the features in which a combination agrees with each mode, shape (k, size)."""
        table = np.zeros((self.k, 1))
        for feature, radix in zip(group.features, group.radices, strict=True):
            agrees = np.arange(radix) == modes[:, feature, None]
            step = -self.packed.gammas[feature] * agrees
            table = (table[:, :, None] + step[:, None, :]).reshape(self.k, -1)
        return table

    def label(self, rows: slice, labels: IntArray) -> tuple[float, bool]:
        """Write the nearest prototypes of a chunk; return its squared distances less the constant, and any change."""
        squares = self.factors @ self.packed.numbers[rows].T
        squares += self.norms[:, None]
        for group, table in zip(self.packed.groups, self.tables, strict=True):
            codes = group.codes[rows]
            for segment in range(self.k):
                squares[segment] += table[segment].take(codes)
        nearest = squares[0].copy()
        own = np.zeros(squares.shape[1], dtype=np.int64)
        for segment in range(1, self.k):
            closer = squares[segment] < nearest
            np.copyto(own, segment, where=closer)
            np.minimum(nearest, squares[segment], out=nearest)
        changed = not np.array_equal(labels[rows], own)
        labels[rows] = own
        weights = self.packed.weights
        return float(nearest.sum(dtype=np.float64) if weights is None else nearest @ weights[rows]), changed


def _update(
    packed: _Packed, labels: IntArray, before: Prototypes, over: Mapper[Any, Any]
) -> tuple[Prototypes, FloatArray]:
    """Return means and modes, and the weight of each segment; one without weight keeps its prototype."""
    k = len(before)

    def sums(rows: slice) -> tuple[FloatArray, FloatArray, list[FloatArray]]:
        own = labels[rows]
        weights = None if packed.weights is None else packed.weights[rows]
        totals = np.bincount(own, weights=weights, minlength=k).astype(np.float64)
        numbers = np.empty((k, packed.numbers.shape[1]))
        for column, values in enumerate(packed.numbers[rows].T):
            weighted = values if weights is None else values * weights
            numbers[:, column] = np.bincount(own, weights=weighted, minlength=k)
        tables = [
            np.asarray(
                np.bincount(own * group.size + group.codes[rows], weights=weights, minlength=k * group.size),
                dtype=np.float64,
            )
            for group in packed.groups
        ]
        return totals, numbers, tables

    parts = over(sums, packed.chunks)
    totals = np.sum([part[0] for part in parts], axis=0)
    means = np.sum([part[1] for part in parts], axis=0) / np.where(totals > 0, totals, 1.0)[:, None]
    used = packed.roots > 0
    centroids = before.centroids.astype(np.float64).copy()
    has_weight = totals > 0
    unscaled = means / np.where(used, packed.roots, 1.0) + packed.center
    centroids[has_weight] = np.where(used, unscaled, centroids)[has_weight]
    modes = before.modes.copy()
    for position, group in enumerate(packed.groups):
        table = np.sum([part[2][position] for part in parts], axis=0).reshape(k, *group.radices)
        for axis, feature in enumerate(group.features):
            others = tuple(other + 1 for other in range(len(group.features)) if other != axis)
            modes[has_weight, feature] = np.argmax(table.sum(axis=others), axis=1)[has_weight]
    return Prototypes(centroids, modes), totals


def _without_empty(data: MixedData, fit: Clustering, over: Mapper[Any, Any]) -> IntArray:
    """Return labels in which every segment has a customer."""
    counts = np.bincount(fit.labels, minlength=len(fit.prototypes))
    labels = fit.labels.copy()
    own = own_distances(data, fit.prototypes, labels, over=over)
    for segment in np.flatnonzero(counts == 0):
        movable = np.where(counts[labels] > 1, own, -1.0)
        farthest = int(np.argmax(movable))
        counts[labels[farthest]] -= 1
        counts[segment] = 1
        labels[farthest] = segment
        own[farthest] = -1.0
    return labels
