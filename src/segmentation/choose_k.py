"""The number of segments: every k in the range is tried, and one rule chooses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial.distance import cdist

from segmentation.columns import FloatArray, IntArray
from segmentation.distances import MixedData

SILHOUETTE_TOLERANCE = 0.01
"""Silhouettes that differ by no more are as good as equal; the smaller k is then easier to act upon."""

SILHOUETTE_CHUNK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class KTrial:
    """What one k achieved on the search sample.

    Attributes
    ----------
    k : int
        Number of segments.
    inertia : float or None
        Sum of squared distances to the nearest prototype; None where k was not fitted.
    silhouette : float or None
        Mean silhouette in -1..1; None where it is not defined.
    smallest_share : float or None
        Share of customers in the smallest segment, 0..1.
    """

    k: int
    inertia: float | None
    silhouette: float | None
    smallest_share: float | None

    def is_admissible(self, min_share: float) -> bool:
        """Return whether every segment holds at least the share."""
        return self.smallest_share is not None and self.smallest_share >= min_share


def choose_k(trials: Sequence[KTrial], *, min_share: float, is_pinned: bool = False) -> tuple[int, str]:
    """Choose the number of segments.

    Among the k whose smallest segment holds at least `min_share`, the one of highest silhouette; within
    `SILHOUETTE_TOLERANCE` of it the smallest. Where no k qualifies, the highest silhouette of all.

    Parameters
    ----------
    trials : sequence of KTrial
        At least one of them fitted.
    min_share : float
        Smallest admissible share of a segment, 0..1.
    is_pinned : bool, default False
        Whether the configuration names the one k.

    Returns
    -------
    k : int
        The chosen number.
    reason : str
        Why, in one sentence.

    Raises
    ------
    ValueError
        If no k was fitted.
    """
    fitted = sorted((trial for trial in trials if trial.smallest_share is not None), key=lambda trial: trial.k)
    if not fitted:
        raise ValueError("no k was fitted")
    admissible = [trial for trial in fitted if trial.is_admissible(min_share)]
    best = max(admissible or fitted, key=_silhouette_or_worst)
    share = f"{best.smallest_share:.2%}"
    if is_pinned:
        shortfall = "" if admissible else f", although its smallest segment holds {share} and {min_share:.2%} is wanted"
        return best.k, f"k = {best.k} is pinned by the configuration{shortfall}."
    if not admissible:
        return best.k, (
            f"No k gives every segment {min_share:.2%} of the customers: k = {best.k} has the highest silhouette, "
            f"{_text(best)}, but its smallest segment holds {share}."
        )
    floor = _silhouette_or_worst(best) - SILHOUETTE_TOLERANCE
    chosen = next(trial for trial in admissible if _silhouette_or_worst(trial) >= floor)
    if chosen.k == best.k:
        return chosen.k, (
            f"k = {chosen.k} has the highest silhouette, {_text(chosen)}, among the k whose smallest segment holds at "
            f"least {min_share:.2%} of the customers."
        )
    return chosen.k, (
        f"k = {chosen.k} has a silhouette of {_text(chosen)}, within {SILHOUETTE_TOLERANCE} of the highest, "
        f"{_text(best)} at k = {best.k}, and the smaller of equals is preferred."
    )


def _silhouette_or_worst(trial: KTrial) -> float:
    """Return the silhouette, -1 where it is not defined."""
    return -1.0 if trial.silhouette is None else trial.silhouette


def _text(trial: KTrial) -> str:
    """Return the silhouette for a sentence."""
    return "not defined" if trial.silhouette is None else f"{trial.silhouette:.3f}"


def silhouettes(data: MixedData, labelings: Sequence[IntArray]) -> list[float | None]:
    """Return the mean silhouette of several labelings of the same customers.

    Exact, on the root of the mixed squared distance (Rousseeuw 1987). Distances are computed once for all labelings,
    in chunks of rows, so that memory grows with n and not with its square.

    Parameters
    ----------
    data : MixedData
        n customers, about 10,000 at most: time grows with the square of n.
    labelings : sequence of ndarray of shape (n,)
        Labels from 0.

    Returns
    -------
    list of float or None
        One value in -1..1 for each labeling; None where fewer than two segments have customers, or each has one.
    """
    n = len(data)
    if not labelings or n == 0:
        return [None for _ in labelings]
    widths = [int(labels.max()) + 1 for labels in labelings]
    members = np.zeros((n, sum(widths)))
    offsets = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
    for offset, labels in zip(offsets, labelings, strict=False):
        members[np.arange(n), offset + labels] = 1.0
    sums = _distance_sums(data, members)
    return [
        _mean_silhouette(sums[:, low:high], labels)
        for low, high, labels in zip(offsets, offsets[1:], labelings, strict=False)
    ]


def _distance_sums(data: MixedData, members: FloatArray) -> FloatArray:
    """Return for every customer the sum of distances to the members of each column, shape (n, columns)."""
    n = len(data)
    points = data.weighted()
    sums = np.empty_like(members)
    step = max(1, SILHOUETTE_CHUNK_CELLS // n)
    for start in range(0, n, step):
        rows = slice(start, start + step)
        codes = data.codes[rows]
        squares = cdist(points[rows], points, "sqeuclidean") if points.shape[1] else np.zeros((len(codes), n))
        for feature, gamma in enumerate(data.gammas):
            squares += gamma * (codes[:, feature, None] != data.codes[None, :, feature])
        sums[rows] = np.sqrt(squares) @ members
    return sums


def _mean_silhouette(sums: FloatArray, labels: IntArray) -> float | None:
    """Return the mean silhouette from the sums of distances to each segment; a customer alone in a segment counts 0."""
    counts = np.bincount(labels, minlength=sums.shape[1])
    n_segments = int(np.count_nonzero(counts))
    if n_segments in {0, 1, len(labels)}:
        return None
    rows = np.arange(len(labels))
    own = counts[labels]
    within = sums[rows, labels] / np.maximum(own - 1, 1)
    means = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    means[rows, labels] = np.inf
    other = means.min(axis=1)
    widest = np.maximum(within, other)
    values = np.where((own > 1) & (widest > 0), (other - within) / np.where(widest > 0, widest, 1.0), 0.0)
    return float(np.mean(values))
