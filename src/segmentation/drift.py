"""What the customers of a fit looked like, for comparison with those of today: bins, their shares, and distances.

The bins of a number are the deciles of the fit, those of a category its levels. They and their shares are rows beside
the model; SQL counts today's customers in the same bins (models `drift_counts` and `measured_drift`).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from segmentation.columns import MISSING_LEVEL, FloatArray, IntArray, TextArray
from segmentation.parameters import ParameterRow

BINS = 10

MAX_LEVELS = 1_000
"""Levels of a category that are kept by name, the most frequent ones; the others are `OTHER_LEVELS`."""

OTHER_LEVELS = "(other)"

MEASURES: Mapping[str, str] = {
    "feature_psi": "the population stability index of {feature}",
    "segment_psi": "the population stability index of the segments' shares",
    "distance_change": "the change of the mean distance to the own centroid",
    "unseen_share": "the share of unseen levels of {feature}",
}
"""What the measures of the table measured_drift are called in a sentence."""

LEAST_SHARE = 0.0001
"""What an empty bin counts as in the index, whose logarithm knows no zero. The macro `stability_term` has it too."""


def decile_edges(values: FloatArray) -> FloatArray:
    """Return the upper ends of the bins of a number, but for the last bin, which has none.

    Parameters
    ----------
    values : ndarray of shape (n,)
        In the feature's unit; NaN is ignored.

    Returns
    -------
    ndarray of shape (edges,)
        Ascending values that occur, at most nine. Equal deciles are one edge and the largest value is none: every bin
        held somebody. A value lies in the bin of the first edge that it does not exceed.

    Examples
    --------
    >>> decile_edges(np.array([1.0, 1.0, 1.0, 1.0, 2.0, 3.0])).tolist()
    [1.0, 2.0]
    """
    ordered = np.sort(values[np.isfinite(values)])
    n = len(ordered)
    if n == 0:
        return ordered
    # The inverse of the distribution function, in whole numbers: no engine or machine may round it differently.
    positions = [(n * tenth + BINS - 1) // BINS - 1 for tenth in range(1, BINS)]
    edges = np.unique(ordered[positions])
    return np.asarray(edges[edges < ordered[-1]])


def bin_counts(values: FloatArray, edges: FloatArray) -> dict[str, int]:
    """Return how many values lie in every bin, by its number from 1; those missing are a bin of their own.

    Parameters
    ----------
    values : ndarray of shape (n,)
        In the feature's unit; NaN is missing.
    edges : ndarray of shape (edges,)
        Of `decile_edges`.
    """
    present = np.isfinite(values)
    counts = np.bincount(np.searchsorted(edges, values[present], side="left"), minlength=len(edges) + 1)
    bins = {str(number): int(count) for number, count in enumerate(counts, start=1) if present.any()}
    return bins | ({MISSING_LEVEL: int(np.count_nonzero(~present))} if not present.all() else {})


def number_rows(feature: str, values: FloatArray) -> list[ParameterRow]:
    """Return the bins of a number as rows: edges (bin_edge) and shares of all customers (bin_share).

    Parameters
    ----------
    feature : str
        The number.
    values : ndarray of shape (n,)
        In the feature's unit; NaN is missing.
    """
    edges = decile_edges(values)
    return [
        *(
            ParameterRow("bin_edge", feature=feature, level=str(number), value_double=float(edge))
            for number, edge in enumerate(edges, start=1)
        ),
        *_share_rows(feature, bin_counts(values, edges), len(values)),
    ]


def level_rows(feature: str, codes: IntArray, levels: TextArray) -> list[ParameterRow]:
    """Return the share of every level of a category as rows of kind bin_share.

    Parameters
    ----------
    feature : str
        The category.
    codes : ndarray of shape (n,)
        Position of every customer's level.
    levels : ndarray of shape (levels,), dtype object
        The levels.
    """
    counts = np.bincount(codes, minlength=len(levels))
    order = sorted(range(len(levels)), key=lambda place: (-int(counts[place]), str(levels[place])))
    named = {str(levels[place]): int(counts[place]) for place in order[:MAX_LEVELS]}
    if len(order) > MAX_LEVELS:
        named[OTHER_LEVELS] = named.get(OTHER_LEVELS, 0) + sum(int(counts[place]) for place in order[MAX_LEVELS:])
    return _share_rows(feature, named, len(codes))


def _share_rows(feature: str, counts: Mapping[str, int], n: int) -> list[ParameterRow]:
    return [
        ParameterRow("bin_share", feature=feature, level=level, value_double=count / n)
        for level, count in counts.items()
    ]


def distance_row(squares: FloatArray) -> ParameterRow:
    """Return the mean distance of the customers to their own centres as a row.

    Parameters
    ----------
    squares : ndarray of shape (n,)
        Squared distances, n at least 1.
    """
    return ParameterRow("mean_distance", value_double=float(np.sqrt(np.maximum(squares, 0.0)).mean()))


def population_stability(before: FloatArray, now: FloatArray) -> float:
    """Return the population stability index of two distributions over the same bins.

    The sum of (q - p) ln(q / p): the symmetric divergence of Jeffreys (1946), known in credit scoring by this name
    (Siddiqi 2006, Credit Risk Scorecards), where up to 0.1 counts as stable and from 0.25 on as changed.

    Parameters
    ----------
    before, now : ndarray of shape (bins,)
        Shares that sum to one; less than `LEAST_SHARE` counts as that.

    Returns
    -------
    float
        0 for equal shares, and never less.

    Examples
    --------
    >>> round(population_stability(np.array([0.5, 0.5]), np.array([0.6, 0.4])), 4)
    0.0405
    """
    p, q = np.maximum(before, LEAST_SHARE), np.maximum(now, LEAST_SHARE)
    return float(np.sum((q - p) * np.log(q / p)))


def verdicts(measured: pd.DataFrame) -> pd.DataFrame:
    """Return of every segmentation whether its customers have drifted, and a sentence that says how far.

    Parameters
    ----------
    measured : DataFrame
        The table measured_drift: segmentation, measure, feature, value, threshold, is_beyond, state.

    Returns
    -------
    DataFrame
        One row per segmentation: segmentation, has_drifted, reason.
    """
    columns = ["segmentation", "has_drifted", "reason"]
    rows = [(str(name), *_verdict(group)) for name, group in measured.groupby("segmentation", sort=True)]
    return pd.DataFrame(rows, columns=columns)


def _verdict(measured: pd.DataFrame) -> tuple[bool, str]:
    """Name the measure that is nearest to its threshold, or furthest beyond it."""
    known = [
        (float(value) / float(threshold), str(measure), str(feature), float(value), float(threshold))
        for measure, feature, value, threshold in measured.loc[
            measured["value"].notna(), ["measure", "feature", "value", "threshold"]
        ].itertuples(index=False, name=None)
    ]
    if not known:
        return False, "Drift is not known, as the model does not know the customers that it was fitted to."
    known.sort(key=lambda found: (-found[0], *found[1:3]))
    _, measure, feature, value, threshold = known[0]
    beyond = int(measured["is_beyond"].astype(bool).sum())
    what = MEASURES[measure].format(feature=feature)
    if not beyond:
        return False, f"No measure of drift is above its threshold; {what} is nearest, {value:.4g} of {threshold:.4g}."
    others = f", and so are {beyond - 1} other measures of drift" if beyond > 1 else ""
    return True, f"{what[0].upper()}{what[1:]} is {value:.4g}, above {threshold:.4g}{others}."
