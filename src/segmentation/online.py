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
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from segmentation.columns import FloatArray, IntArray, TextArray
from segmentation.config.segmentations import SegmentationConfig
from segmentation.parameters import ONLINE_KINDS, FittedModel, ParameterRow

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
        levels[feature] = heaviest(
            {level: weights for level, weights in added.items() if weights.max() >= LEAST_WEIGHT}
        )
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


def learner(batches: pd.DataFrame) -> Callable[[SegmentationConfig, FittedModel], tuple[ParameterRow, ...] | None]:
    """Return what moves a model by the customers who have come in.

    Parameters
    ----------
    batches : DataFrame
        The table online_batches: segmentation and the columns that `updated_rows` reads. Zero rows are allowed.

    Returns
    -------
    callable
        From configuration and active model to the rows of the moved one; None where fewer customers have come in than
        the configuration asks for. They are part of a later batch.
    """

    def update(config: SegmentationConfig, model: FittedModel) -> tuple[ParameterRow, ...] | None:
        batch = batches[batches["segmentation"] == config.name]
        if config.online is None or customers_in(batch) < config.online.min_customers:
            return None
        return updated_rows(model.rows, batch, Decay(config.online.half_life_customers, config.online.half_life_days))

    return update


def customers_in(batch: pd.DataFrame) -> int:
    """Return how many customers a batch holds, rows of online_batches of one segmentation."""
    return int(batch.loc[batch["feature"].isna(), "customers"].sum())


def updated_rows(rows: Sequence[ParameterRow], batch: pd.DataFrame, decay: Decay) -> tuple[ParameterRow, ...]:
    """Count a batch of customers and return the rows of the model that has moved with them.

    Parameters
    ----------
    rows : sequence of ParameterRow
        Rows of a fitted model of a method that clusters, with what it has counted. One of before there were
        updates begins with its segments' sizes at the fit, and with the mode as everybody's level.
    batch : DataFrame
        Sums of the batch by that model: segment_id, feature (null for the segment as a whole), level (null for a
        number), customers, total (of the scaled values of a number), as_of_date. Segments without customers may be
        absent.
    decay : Decay
        How fast earlier customers lose weight.

    Returns
    -------
    tuple of ParameterRow
        New centroids, modes and weights; all other rows as they were.
    """
    before = _State.of(rows)
    now = before.tally_of_batch(batch)
    dates = batch["as_of_date"].dropna()
    today = before.as_of_date if dates.empty else pd.Timestamp(dates.max()).date()
    days = (today - before.as_of_date).days if today is not None and before.as_of_date is not None else 0
    after = add_batch(before.tally, now, decay.factors(now.weights, days))
    means = after.means(before.centroids)
    leading = {
        feature: after.leading_level(feature, before.modes[:, place]) for place, feature in enumerate(before.categories)
    }
    moved: list[ParameterRow] = []
    for row in rows:
        if row.kind == "centroid":
            mean = means[before.segment(row.segment_id), before.numbers.index(str(row.feature))]
            moved.append(replace(row, value_double=float(mean)))
        elif row.kind == "mode":
            moved.append(replace(row, value_string=str(leading[str(row.feature)][before.segment(row.segment_id)])))
        elif row.kind not in ONLINE_KINDS:
            moved.append(row)
    last = max((date for date in (before.as_of_date, today) if date is not None), default=None)
    as_of_date = None if last is None else last.isoformat()
    return (*moved, *tally_rows(after, before.segments, as_of_date=as_of_date, updates=before.updates + 1))


@dataclass(frozen=True, slots=True)
class _State:
    """What the rows of a model say of its prototypes and of what it has counted."""

    segments: list[int]
    numbers: list[str]
    categories: list[str]
    centroids: FloatArray
    modes: TextArray
    tally: Tally
    updates: int
    as_of_date: datetime.date | None

    @classmethod
    def of(cls, rows: Sequence[ParameterRow]) -> _State:
        by_kind: dict[str, list[ParameterRow]] = {}
        for row in rows:
            by_kind.setdefault(row.kind, []).append(row)
        centroid_rows, mode_rows = by_kind.get("centroid", []), by_kind.get("mode", [])
        segments = sorted({row.segment_id or 0 for row in (*centroid_rows, *mode_rows)})
        numbers = sorted({str(row.feature) for row in centroid_rows})
        categories = sorted({str(row.feature) for row in mode_rows})
        centroids = np.zeros((len(segments), len(numbers)))
        for row in centroid_rows:
            centroids[segments.index(row.segment_id or 0), numbers.index(str(row.feature))] = row.value_double
        modes = np.full((len(segments), len(categories)), "", dtype=object)
        for row in mode_rows:
            modes[segments.index(row.segment_id or 0), categories.index(str(row.feature))] = row.value_string
        sizes = [row for row in by_kind.get("segment", []) if row.feature == "sample_size"]
        weights = np.zeros(len(segments))
        for row in by_kind.get("segment_weight") or sizes:
            weights[segments.index(row.segment_id or 0)] = row.value_double
        levels: dict[str, dict[str, FloatArray]] = {}
        for row in by_kind.get("level_weight") or [
            replace(row, level=row.value_string, value_double=weights[segments.index(row.segment_id or 0)])
            for row in mode_rows
        ]:
            at_level = levels.setdefault(str(row.feature), {}).setdefault(str(row.level), np.zeros(len(segments)))
            at_level[segments.index(row.segment_id or 0)] = row.value_double
        counted = {row.feature: row for row in by_kind.get("counted", [])}
        date = counted["as_of_date"].value_string if "as_of_date" in counted else None
        return cls(
            segments,
            numbers,
            categories,
            centroids,
            modes,
            Tally(weights, weights[:, None] * centroids, levels),
            int(counted["updates"].value_double or 0) if "updates" in counted else 0,
            None if date is None else datetime.date.fromisoformat(date),
        )

    def segment(self, segment_id: int | None) -> int:
        """Return the place of a segment."""
        return self.segments.index(segment_id or 0)

    def tally_of_batch(self, batch: pd.DataFrame) -> Tally:
        """Read the sums of a batch."""
        weights, sums = np.zeros(len(self.segments)), np.zeros((len(self.segments), len(self.numbers)))
        levels: dict[str, dict[str, FloatArray]] = {}
        columns = ["segment_id", "feature", "level", "customers", "total"]
        for segment_id, feature, level, customers, total in batch[columns].itertuples(index=False, name=None):
            place = self.segment(int(segment_id))
            if pd.isna(feature):
                weights[place] = customers
            elif pd.isna(level):
                sums[place, self.numbers.index(str(feature))] = total
            else:
                at_level = levels.setdefault(str(feature), {}).setdefault(str(level), np.zeros(len(self.segments)))
                at_level[place] = customers
        return Tally(weights, sums, levels)
