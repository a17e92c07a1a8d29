"""Models that move with the customers who come in: decayed means and level counts, one batch at a time.

A segment's centroid is the mean of the customers that were counted in it, and its mode the most frequent level; those
who were counted long ago weigh less. What has been counted is a sum, so a batch is `k x p` numbers however many
customers it has, and SQL adds it up. The scaling, the gammas, the segments' ids and names are those of the fit.

With nothing counted before, a batch gives one step of Lloyd (1982); with a weight that grows by each customer and no
decay, the mini-batch step of Sculley (2010), Web-scale k-means clustering, whose learning rate is one over the count.
The half-life takes the place of a learning rate that falls to zero, by which such a model stops to follow anybody.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import pandas as pd

from segmentation.columns import FloatArray, IntArray, TextArray
from segmentation.parameters import ONLINE_KINDS, ParameterRow

LevelWeights = Mapping[str, Mapping[str, FloatArray]]
"""By feature and level, the weight of the customers of every segment, an array of shape (k,)."""

LEAST_WEIGHT = 0.01
"""A level that weighs less than this in every segment is forgotten, so that levels which come and go do not pile up."""

MAX_LEVELS = 1_000
"""Levels of a category that are counted, those that weigh most."""

TIE_DECIMALS = 9
"""Weights of levels that agree to this many decimals are equal, and the mode stays what it was."""


@dataclass(frozen=True, slots=True)
class Decay:
    """How fast customers who were counted lose weight: after the half-life they weigh half.

    Attributes
    ----------
    half_life_customers : float or None
        In customers counted in the same segment since.
    half_life_days : float or None
        In days between the as-of dates of two batches.
    """

    half_life_customers: float | None = None
    half_life_days: float | None = None

    def factors(self, customers: FloatArray, days: float) -> FloatArray:
        """Return what the weight of earlier customers is multiplied by when a batch is counted.

        Parameters
        ----------
        customers : ndarray of shape (k,)
            Customers of the batch in every segment.
        days : float
            Days since the batch before; less than none count as none.

        Returns
        -------
        ndarray of shape (k,)
            0 to 1; 1 where there is no half-life.
        """
        factors = np.ones(len(customers))
        if self.half_life_customers is not None:
            factors *= np.exp2(-customers / self.half_life_customers)
        if self.half_life_days is not None:
            factors *= np.exp2(-max(days, 0.0) / self.half_life_days)
        return factors


@dataclass(frozen=True, slots=True)
class Tally:
    """Customers counted by segment: those of a batch, each with weight 1, or all so far, with what is left of theirs.

    Attributes
    ----------
    weights : ndarray of shape (k,)
        Weight of the customers.
    sums : ndarray of shape (k, p)
        Weighted sums of their numbers, in scaled units.
    levels : mapping of str to mapping of str to ndarray of shape (k,)
        Weight at each level of each category; an absent level has none.
    """

    weights: FloatArray
    sums: FloatArray
    levels: LevelWeights

    def means(self, otherwise: FloatArray) -> FloatArray:
        """Return the means of every segment.

        Parameters
        ----------
        otherwise : ndarray of shape (k, p)
            What stands where a segment has no weight.

        Returns
        -------
        ndarray of shape (k, p)
            Scaled units.
        """
        weights = self.weights[:, None]
        return np.where(weights > 0, self.sums / np.where(weights > 0, weights, 1.0), otherwise)

    def leading_level(self, feature: str, otherwise: TextArray) -> TextArray:
        """Return the most frequent level of a category in every segment.

        Parameters
        ----------
        feature : str
            The category.
        otherwise : ndarray of shape (k,), dtype object
            What stands where nothing was counted, and what wins a tie; else the first in alphabetical order does.

        Returns
        -------
        ndarray of shape (k,), dtype object
            Levels.
        """
        weights = {level: np.round(counts, TIE_DECIMALS) for level, counts in self.levels.get(feature, {}).items()}
        leading = otherwise.copy()
        for segment, before in enumerate(otherwise):
            best = float(weights[before][segment]) if before in weights else 0.0
            for level in sorted(weights):
                if weights[level][segment] > best:
                    best, leading[segment] = float(weights[level][segment]), level
        return leading


def add_batch(counted: Tally, batch: Tally, factors: FloatArray) -> Tally:
    """Count a batch: what was counted before loses weight, and every customer of the batch has weight 1.

    Parameters
    ----------
    counted : Tally
        What was counted before.
    batch : Tally
        The batch, over the same segments and numbers.
    factors : ndarray of shape (k,)
        What the weight of earlier customers is multiplied by, of `Decay.factors`.

    Returns
    -------
    Tally
        All of it. Levels that weigh less than `LEAST_WEIGHT` in every segment are gone.
    """
    levels: dict[str, dict[str, FloatArray]] = {}
    for feature in sorted({*counted.levels, *batch.levels}):
        before, now = counted.levels.get(feature, {}), batch.levels.get(feature, {})
        nobody = np.zeros(len(counted.weights))
        added = {level: factors * before.get(level, nobody) + now.get(level, nobody) for level in {*before, *now}}
        levels[feature] = heaviest({level: weights for level, weights in added.items() if weights.max() >= LEAST_WEIGHT})
    return Tally(factors * counted.weights + batch.weights, factors[:, None] * counted.sums + batch.sums, levels)


def heaviest(levels: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
    """Return the levels of a category, in alphabetical order; of very many the `MAX_LEVELS` that weigh most.

    Parameters
    ----------
    levels : mapping of str to ndarray of shape (k,)
        Weights by level. No level beyond so many can be a mode.
    """
    order = sorted(levels, key=lambda level: (-float(levels[level].sum()), level))
    return {level: levels[level] for level in sorted(order[:MAX_LEVELS])}


def tally_of(numeric: FloatArray, levels: Mapping[str, TextArray], labels: IntArray, k: int) -> Tally:
    """Count customers, each with weight 1: what SQL does with a batch.

    Parameters
    ----------
    numeric : ndarray of shape (n, p)
        Scaled numbers.
    levels : mapping of str to ndarray of shape (n,), dtype object
        Level of every customer in every category.
    labels : ndarray of shape (n,)
        Segments, 0..k-1.
    k : int
        Number of segments.
    """
    sums = np.empty((k, numeric.shape[1]))
    for column, values in enumerate(numeric.T):
        sums[:, column] = np.bincount(labels, weights=values, minlength=k)
    counts = {
        feature: {
            str(level): np.bincount(labels[values == level], minlength=k).astype(np.float64)
            for level in sorted(set(values))
        }
        for feature, values in levels.items()
    }
    return Tally(np.bincount(labels, minlength=k).astype(np.float64), sums, counts)


# --- As rows of a model ------------------------------------------------------------------------------------------


def tally_rows(tally: Tally, segments: Sequence[int], *, as_of_date: str | None, updates: int) -> list[ParameterRow]:
    """Return what has been counted as rows; sums are the model's centroids times the weights and have none.

    Parameters
    ----------
    tally : Tally
        Weights and level weights of k segments.
    segments : sequence of int
        Their ids.
    as_of_date : str or None
        As-of date of the customers that were counted last, in ISO form.
    updates : int
        How many batches have been counted since the fit.
    """
    rows = [ParameterRow("counted", feature="updates", value_double=float(updates))]
    if as_of_date is not None:
        rows.append(ParameterRow("counted", feature="as_of_date", value_string=as_of_date))
    for place, segment in enumerate(segments):
        rows.append(ParameterRow("segment_weight", segment, value_double=float(tally.weights[place])))
        rows += [
            ParameterRow("level_weight", segment, feature, level, value_double=float(weights[place]))
            for feature, levels in tally.levels.items()
            for level, weights in levels.items()
            if weights[place] > 0
        ]
    return rows


def updated_rows(rows: Sequence[ParameterRow], batch: pd.DataFrame, decay: Decay) -> tuple[ParameterRow, ...]:
    """Count a batch of customers and return the rows of the model that has moved with them.

    Parameters
    ----------
    rows : sequence of ParameterRow
        Rows of a fitted model of method kmeans or kprototypes, with what it has counted.
    batch : DataFrame
        Sums of the batch by that model, rows of the table online_batches of one segmentation: segment_id, feature
        (null for the segment as a whole), level (null for a number), customers, total (of the scaled values of a
        number), as_of_date. Segments without customers may be absent.
    decay : Decay
        How fast earlier customers lose weight.

    Returns
    -------
    tuple of ParameterRow
        New centroids, modes and weights; all other rows as they were.

    Raises
    ------
    ValueError
        If the model has not counted its customers, as one of before there were updates (`has_tally`).
    """
    if not has_tally(rows):
        raise ValueError("the model does not know the weight of its customers; it has to be fitted anew once")
    segments = sorted({row.segment_id for row in rows if row.kind == "segment_weight" and row.segment_id is not None})
    numbers = sorted({row.feature for row in rows if row.kind == "centroid" and row.feature is not None})
    categories = sorted({row.feature for row in rows if row.kind == "mode" and row.feature is not None})
    centroids = np.zeros((len(segments), len(numbers)))
    modes = np.full((len(segments), len(categories)), "", dtype=object)
    for row in rows:
        if row.kind == "centroid":
            centroids[segments.index(row.segment_id), numbers.index(row.feature)] = row.value_double
        elif row.kind == "mode":
            modes[segments.index(row.segment_id), categories.index(row.feature)] = row.value_string
    before = _counted(rows, segments, centroids)
    now = _batch_tally(batch, segments, numbers)
    last, today = _last_date(rows), _date_of(batch)
    days = (today - last).days if last is not None and today is not None else 0
    after = add_batch(before, now, decay.factors(now.weights, days))
    means = after.means(centroids)
    leading = [after.leading_level(feature, modes[:, place]) for place, feature in enumerate(categories)]
    moved: list[ParameterRow] = []
    for row in rows:
        if row.kind == "centroid":
            mean = means[segments.index(row.segment_id), numbers.index(row.feature)]
            moved.append(replace(row, value_double=float(mean)))
        elif row.kind == "mode":
            mode = leading[categories.index(row.feature)][segments.index(row.segment_id)]
            moved.append(replace(row, value_string=str(mode)))
        elif row.kind not in ONLINE_KINDS:
            moved.append(row)
    dates = [date for date in (last, today) if date is not None]
    return (
        *moved,
        *tally_rows(
            after,
            segments,
            as_of_date=max(dates).isoformat() if dates else None,
            updates=_updates(rows) + 1,
        ),
    )


def has_tally(rows: Sequence[ParameterRow]) -> bool:
    """Return whether a model knows the weight of the customers that it was made from."""
    return any(row.kind == "segment_weight" for row in rows)


def customers_in(batch: pd.DataFrame) -> int:
    """Return how many customers a batch holds, rows of online_batches of one segmentation."""
    return int(batch.loc[batch["feature"].isna(), "customers"].sum())


def _counted(rows: Sequence[ParameterRow], segments: Sequence[int], centroids: FloatArray) -> Tally:
    weights = np.zeros(len(segments))
    levels: dict[str, dict[str, FloatArray]] = {}
    for row in rows:
        if row.kind == "segment_weight" and row.segment_id is not None:
            weights[segments.index(row.segment_id)] = row.value_double
        elif row.kind == "level_weight" and row.segment_id is not None:
            by_level = levels.setdefault(row.feature or "", {})
            at_level = by_level.setdefault(row.level or "", np.zeros(len(segments)))
            at_level[segments.index(row.segment_id)] = row.value_double
    return Tally(weights, weights[:, None] * centroids, levels)


def _batch_tally(batch: pd.DataFrame, segments: Sequence[int], numbers: Sequence[str]) -> Tally:
    weights, sums = np.zeros(len(segments)), np.zeros((len(segments), len(numbers)))
    levels: dict[str, dict[str, FloatArray]] = {}
    columns = ["segment_id", "feature", "level", "customers", "total"]
    for segment_id, feature, level, customers, total in batch[columns].itertuples(index=False, name=None):
        place = segments.index(int(segment_id))
        if pd.isna(feature):
            weights[place] = customers
        elif pd.isna(level):
            sums[place, numbers.index(feature)] = total
        else:
            levels.setdefault(feature, {}).setdefault(str(level), np.zeros(len(segments)))[place] = customers
    return Tally(weights, sums, levels)


def _updates(rows: Sequence[ParameterRow]) -> int:
    return next((int(row.value_double or 0) for row in rows if row.kind == "counted" and row.feature == "updates"), 0)


def _last_date(rows: Sequence[ParameterRow]) -> datetime.date | None:
    text = next((row.value_string for row in rows if row.kind == "counted" and row.feature == "as_of_date"), None)
    return None if text is None else datetime.date.fromisoformat(text)


def _date_of(batch: pd.DataFrame) -> datetime.date | None:
    dates = batch["as_of_date"].dropna()
    return None if dates.empty else cast("datetime.date", pd.Timestamp(dates.max()).date())
