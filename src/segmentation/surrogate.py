"""Rules in readable SQL that say who belongs to a segment: a shallow decision tree in place of distances.

The tree learns the labels that the model gave (Craven and Shavlik 1996, Extracting tree-structured representations of
trained networks, NeurIPS 8), so it explains the model and not the customers. Every leaf is a rule; the rules of a
segmentation exclude one another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.tree import DecisionTreeClassifier

from segmentation.columns import MISSING_LEVEL, FloatArray, IntArray, TextArray, encode_levels, to_floats
from segmentation.config.methods import METHODS
from segmentation.config.segmentations import SegmentationConfig

MAX_CONDITIONS = 5
"""Conditions in a rule at most."""

MIN_LEAF_SHARE = 0.005
"""Share of the sample below which a leaf is not worth a rule."""

MAX_LEAVES = 24
MAX_LEVELS = 25
"""Most frequent levels of a category that a rule may name."""

SCHEMA = pa.schema(
    [
        pa.field("segmentation", pa.string(), nullable=False),
        pa.field("segment_id", pa.int32(), nullable=False),
        pa.field("rule_number", pa.int32(), nullable=False),
        pa.field("rule_sql", pa.string(), nullable=False),
        pa.field("conditions", pa.int32(), nullable=False),
        pa.field("sample_customers", pa.int64(), nullable=False),
        pa.field("fidelity", pa.float64(), nullable=False),
        pa.field("coverage", pa.float64(), nullable=False),
        pa.field("segmentation_fidelity", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the tree's input: a number, or whether a category has a level.

    Attributes
    ----------
    feature : str
        The column of customers.
    values : ndarray of shape (n,)
        Numbers with missing ones filled, or 0 and 1.
    level : str or None
        The level of a category; None for a number.
    fill : float or None
        What missing numbers count as; None where none is missing.
    """

    feature: str
    values: FloatArray
    level: str | None = None
    fill: float | None = None


@dataclass(slots=True)
class Bounds:
    """What a path through the tree says of one feature."""

    above: float | None = None
    up_to: float | None = None
    level: str | None = None
    not_levels: list[str] = field(default_factory=list)

    def count(self) -> int:
        """Return the number of conditions; `not in` over several levels counts once."""
        if self.level is not None:
            return 1
        return (self.above is not None) + (self.up_to is not None) + bool(self.not_levels)


@dataclass(frozen=True, slots=True)
class Rule:
    """One leaf: the segment, the condition in SQL, and the sampled customers that meet it."""

    segment_id: int
    sql: str
    conditions: int
    rows: IntArray


def explain_by_rules(configuration: pd.DataFrame, sample: pd.DataFrame, labels: pd.DataFrame, seed: int) -> pa.Table:
    """Write the rules of every clustering segmentation.

    Parameters
    ----------
    configuration : DataFrame
        One row per segmentation: segmentation, position, method, definition.
    sample : DataFrame
        One row per sampled customer: customer_id and the features in raw units.
    labels : DataFrame
        segmentation, customer_id, segment_id of sampled customers, as the model scores them.
    seed : int
        Decides between splits that are equally good.

    Returns
    -------
    pyarrow.Table
        Rows of `SCHEMA`. `fidelity` is the share of a rule's customers who have its segment, `coverage` the share of
        the segment's customers who meet the rule; a segmentation without labels has no rows.
    """
    records: list[dict[str, Any]] = []
    ordered = sample.sort_values("customer_id", kind="stable", ignore_index=True)
    for row in configuration.sort_values("position").to_dict("records"):
        own = labels[labels["segmentation"] == row["segmentation"]]
        if not METHODS[row["method"]].is_clustering or own.empty:
            continue
        config = SegmentationConfig.from_json(row["definition"])
        merged = ordered.merge(own[["customer_id", "segment_id"]], on="customer_id", how="inner")
        segment_ids = merged["segment_id"].to_numpy(dtype=np.int64)
        rules = find_rules(columns_of(config, merged), segment_ids, seed=seed)
        agreeing = sum(int(np.count_nonzero(segment_ids[rule.rows] == rule.segment_id)) for rule in rules)
        sizes = {
            int(value): int(count) for value, count in zip(*np.unique(segment_ids, return_counts=True), strict=True)
        }
        numbers: dict[int, int] = {}
        for rule in sorted(rules, key=lambda rule: (rule.segment_id, -len(rule.rows), rule.sql)):
            numbers[rule.segment_id] = numbers.get(rule.segment_id, 0) + 1
            right = int(np.count_nonzero(segment_ids[rule.rows] == rule.segment_id))
            records.append(
                {
                    "segmentation": config.name,
                    "segment_id": rule.segment_id,
                    "rule_number": numbers[rule.segment_id],
                    "rule_sql": rule.sql,
                    "conditions": rule.conditions,
                    "sample_customers": len(rule.rows),
                    "fidelity": round(right / len(rule.rows), 6),
                    "coverage": round(right / sizes[rule.segment_id], 6),
                    "segmentation_fidelity": round(agreeing / len(segment_ids), 6),
                }
            )
    return pa.Table.from_pylist(records, schema=SCHEMA)


def columns_of(config: SegmentationConfig, customers: pd.DataFrame) -> list[Column]:
    """Return the features of a segmentation as columns for a tree; a feature without a value has none."""
    columns: list[Column] = []
    for feature in config.features:
        if feature.kind == "number":
            values, _ = to_floats(customers[feature.name])
            missing = np.isnan(values)
            if missing.all():
                continue
            fill = float(np.median(values[~missing])) if missing.any() else None
            columns.append(Column(feature.name, np.where(missing, 0.0 if fill is None else fill, values), fill=fill))
        else:
            codes, levels = encode_levels(customers[feature.name], boolean=feature.kind == "boolean")
            columns += _level_columns(feature.name, codes, levels)
    return columns


def _level_columns(feature: str, codes: IntArray, levels: TextArray) -> list[Column]:
    counts = np.bincount(codes, minlength=len(levels))
    frequent = sorted(range(len(levels)), key=lambda code: (-counts[code], str(levels[code])))[:MAX_LEVELS]
    return [
        Column(feature, (codes == code).astype(np.float64), level=str(levels[code]))
        for code in frequent
        # The engines escape these two differently within quotes, and one text is to hold on both.
        if not set("'\\") & set(str(levels[code]))
    ]


def find_rules(
    columns: Sequence[Column], segment_ids: IntArray, *, seed: int, max_conditions: int = MAX_CONDITIONS
) -> list[Rule]:
    """Fit a tree to labels and return its leaves as rules that exclude one another and leave nobody out.

    The tree may be deeper than a rule is long, as conditions on one feature merge. Where a rule would still have too
    many, its branch is cut back to the split above; then leaves of one segment side by side are joined.

    Parameters
    ----------
    columns : sequence of Column
        Over the same n customers, n > 0.
    segment_ids : ndarray of shape (n,)
        The label of each.
    seed : int
        Decides between splits that are equally good.
    max_conditions : int, default 5
        Conditions in a rule at most.
    """
    if not columns:
        values, counts = np.unique(segment_ids, return_counts=True)
        return [Rule(int(values[np.argmax(counts)]), "true", 0, np.arange(len(segment_ids)))]
    matrix = np.column_stack([column.values for column in columns])
    # Trees compare in single precision, where a value beyond its range would be infinite.
    matrix = np.clip(matrix, -1e38, 1e38)
    tree = DecisionTreeClassifier(
        criterion="entropy",
        max_depth=2 * max_conditions,
        max_leaf_nodes=MAX_LEAVES,
        min_samples_leaf=max(1, math.ceil(MIN_LEAF_SHARE * len(segment_ids))),
        random_state=seed,
    ).fit(matrix, segment_ids)
    return _Walk(tree, columns, matrix, segment_ids, max_conditions).rules()


class _Walk:
    """A walk over a fitted tree that writes its leaves as rules."""

    def __init__(
        self,
        tree: DecisionTreeClassifier,
        columns: Sequence[Column],
        matrix: FloatArray,
        segment_ids: IntArray,
        max_conditions: int,
    ) -> None:
        self.tree = tree.tree_
        self.columns = columns
        self.single = matrix.astype(np.float32)
        self.segment_ids = segment_ids
        self.max_conditions = max_conditions

    def rules(self) -> list[Rule]:
        """Return the rules, in the order of the tree."""
        return self._below(0, {}, np.arange(len(self.segment_ids)))

    def _below(self, node: int, path: Mapping[str, Bounds], rows: IntArray) -> list[Rule]:
        leaf = [self._rule(path, rows)]
        column = int(self.tree.feature[node])
        if column < 0:
            return leaf
        threshold = float(self.tree.threshold[node])
        goes_left = self.single[rows, column] <= threshold
        if goes_left.all() or not goes_left.any():
            return leaf
        branches: list[Rule] = []
        for child, is_left, chosen in (
            (int(self.tree.children_left[node]), True, rows[goes_left]),
            (int(self.tree.children_right[node]), False, rows[~goes_left]),
        ):
            extended = self._extend(path, column, threshold, is_left=is_left)
            if sum(bounds.count() for bounds in extended.values()) > self.max_conditions:
                return leaf
            branches += self._below(child, extended, chosen)
        # A split whose both sides say the same only lengthens the rules.
        return leaf if len({rule.segment_id for rule in branches}) == 1 else branches

    def _extend(
        self, path: Mapping[str, Bounds], position: int, threshold: float, *, is_left: bool
    ) -> dict[str, Bounds]:
        column = self.columns[position]
        old = path.get(column.feature, Bounds())
        new = Bounds(old.above, old.up_to, old.level, list(old.not_levels))
        if column.level is not None:
            if is_left:
                new.not_levels.append(column.level)
            else:
                new.level, new.not_levels = column.level, []
        else:
            below = self.single[:, position] <= threshold
            cut = round_between(float(column.values[below].max()), float(column.values[~below].min()))
            if is_left:
                new.up_to = cut
            else:
                new.above = cut
        return {**path, column.feature: new}

    def _rule(self, path: Mapping[str, Bounds], rows: IntArray) -> Rule:
        values, counts = np.unique(self.segment_ids[rows], return_counts=True)
        fills = {column.feature: column.fill for column in self.columns}
        parts = [text for feature, bounds in path.items() for text in conditions(feature, bounds, fill=fills[feature])]
        count = sum(bounds.count() for bounds in path.values())
        return Rule(int(values[np.argmax(counts)]), " and ".join(parts) or "true", count, rows)


def conditions(feature: str, bounds: Bounds, *, fill: float | None = None) -> list[str]:
    """Write what a path says of a feature as conditions that both engines read.

    A missing number goes where the sample's median goes, and the condition says so; a missing category is a level.

    Examples
    --------
    >>> conditions("frequency", Bounds(above=3, up_to=12.5))
    ['frequency > 3', 'frequency <= 12.5']
    >>> conditions("age", Bounds(up_to=40), fill=35.0)
    ['(age <= 40 or age is null)']
    """
    if bounds.level is not None or bounds.not_levels:
        text = f"coalesce(cast({feature} as string), '{MISSING_LEVEL}')"
        if bounds.level is not None:
            return [f"{text} = {_quoted(bounds.level)}"]
        if len(bounds.not_levels) == 1:
            return [f"{text} <> {_quoted(bounds.not_levels[0])}"]
        return [f"{text} not in ({', '.join(_quoted(level) for level in bounds.not_levels)})"]
    found: list[str] = []
    for operator, cut in ((">", bounds.above), ("<=", bounds.up_to)):
        if cut is not None:
            text = f"{feature} {operator} {plain_number(cut)}"
            holds = fill is not None and (fill > cut if operator == ">" else fill <= cut)
            found.append(f"({text} or {feature} is null)" if holds else text)
    return found


def round_between(low: float, high: float) -> float:
    """Return a number with fewest digits that is at least `low` and below `high`, next to the middle.

    Examples
    --------
    >>> round_between(12.37, 14.9)
    14.0
    >>> round_between(0.1234, 0.1299)
    0.127
    """
    for digits in range(-12, 18):
        step = 10.0**-digits
        for multiple in (5.0, 2.0, 1.0) if digits < 0 else (1.0,):
            cut = round(math.ceil(low / (step * multiple)) * step * multiple, max(digits, 0))
            # Zero is the roundest number of all, and on the wrong side of what is small and above it.
            if low <= cut < high:
                return _tidy(low, high, digits, cut)
    return low


def _tidy(low: float, high: float, digits: int, cut: float) -> float:
    """Return of the numbers with so many digits the one next to the middle, ending in 0 or 5 where one does."""
    if digits < 0:
        return cut
    step = 10.0**-digits
    candidates = {round(cut + number * step, digits) for number in range(10)} | {cut}
    inside = [number for number in candidates if low <= number < high]
    middle = (low + high) / 2
    return min(inside, key=lambda number: (abs(number - middle), number))


def plain_number(value: float) -> str:
    """Return a number without an exponent, exactly as it compares."""
    return np.format_float_positional(value, trim="-")


def _quoted(text: str) -> str:
    return f"'{text}'"
