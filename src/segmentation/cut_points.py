"""Cut points of RFM scores: the quintiles of recency, frequency and monetary among purchasers, stored and reused."""

from __future__ import annotations

import numpy as np

from segmentation.columns import FloatArray, IntArray

RFM_FEATURES = ("recency_days", "frequency", "monetary")

N_SCORES = 5


def quintile_cuts(values: FloatArray) -> FloatArray:
    """Return the four values that cut a feature into fifths.

    The inverse of the empirical distribution function (numpy's `inverted_cdf`): every cut is a value that occurs. An
    interpolated quantile would be a sum of products whose last digit depends on the engine, and the score of whoever
    lies on it with it. The position is found in whole numbers, since 0.6 * 5 is not 3 in every arithmetic.

    Parameters
    ----------
    values : ndarray of shape (n,)
        In the feature's unit; NaN is ignored. At least one value.

    Returns
    -------
    ndarray of shape (4,)
        Not descending; equal cuts where one value fills more than a fifth.

    Examples
    --------
    >>> quintile_cuts(np.array([10.0, 20.0, 30.0, 40.0, 50.0])).tolist()
    [10.0, 20.0, 30.0, 40.0]
    """
    ordered = np.sort(values[np.isfinite(values)])
    n = len(ordered)
    positions = [(n * fifth + N_SCORES - 1) // N_SCORES - 1 for fifth in range(1, N_SCORES)]
    return np.asarray(ordered[positions])


def scores(values: FloatArray, cuts: FloatArray, *, is_lower_better: bool = False) -> IntArray:
    """Return scores 1 to 5 of values; equal values have equal scores.

    Parameters
    ----------
    values : ndarray of shape (n,)
        In the feature's unit.
    cuts : ndarray of shape (4,)
        Not descending.
    is_lower_better : bool, default False
        Whether the smallest values score 5, as for recency.

    Returns
    -------
    ndarray of shape (n,)
        One more than the number of cuts below the value, or 5 less that number where lower is better.
    """
    passed = np.searchsorted(cuts, values, side="left").astype(np.int64)
    return np.asarray(N_SCORES - passed if is_lower_better else passed + 1)
