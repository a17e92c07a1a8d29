"""Rules in SQL that say which customers are in a segment: a shallow decision tree, fitted to the labels of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.tree import DecisionTreeClassifier

from segmentation.columns import BoolArray, FloatArray, IntArray, require_columns, to_floats
from segmentation.configuration import SegmentationConfig

DEPTH = 5
"""Conditions of a rule at most."""

LEAVES_PER_SEGMENT = 5
FEWEST_IN_LEAF = 5
LEVELS = 30
"""Most frequent levels of a category that get a condition."""

RULES = pa.schema(
    [
        pa.field("segmentation", pa.string(), nullable=False),
        pa.field("segment_id", pa.int32(), nullable=False),
        pa.field("rule_number", pa.int32(), nullable=False),
        pa.field("condition", pa.string(), nullable=False),
        pa.field("conditions", pa.int32(), nullable=False),
        pa.field("customers", pa.int64(), nullable=False),
        pa.field("coverage", pa.float64(), nullable=False),
        pa.field("precision", pa.float64(), nullable=False),
        pa.field("fidelity", pa.float64(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column that the tree may split: a number, or whether a category has a level. `values` is NaN where null."""

    feature: str
    values: FloatArray
    level: str | None = None
    is_boolean: bool = False


@dataclass(slots=True)
class _Bounds:
    """What a path through the tree asks of one column: above `low`, at most `high`, and what holds for null."""

    low: float = -np.inf
    high: float = np.inf
    takes_null: bool = True

    def split(self, threshold: float, *, null_goes_left: bool) -> tuple[_Bounds, _Bounds]:
        """Return the bounds at most and above a threshold."""
        return (
            _Bounds(self.low, min(self.high, threshold), self.takes_null and null_goes_left),
            _Bounds(max(self.low, threshold), self.high, self.takes_null and not null_goes_left),
        )


@dataclass(slots=True)
class _Leaf:
    """The end of a path: the bounds of every column on it, the segment that most have there, and who is in it."""

    rows: IntArray
    segment: int
    bounds: dict[int, _Bounds] = field(default_factory=dict)


def fit_rules(configuration: pd.DataFrame, sample: pd.DataFrame) -> pa.Table:
    """Fit a tree to the labels of every clustering segmentation, and write its paths in SQL.

    Parameters
    ----------
    configuration : DataFrame
        One row per segmentation: segmentation, position, method, definition.
    sample : DataFrame
        One row per sampled customer and clustering segmentation, with a label: segmentation, customer_id, segment_id
        and the features in raw units.

    Returns
    -------
    pyarrow.Table
        Rows of `RULES`, ordered. The rules of a segmentation are disjoint and hold for every customer. `coverage` is
        the share of the segment's customers that the rule holds for, `precision` the share of the rule's customers
        that are of the segment, `fidelity` the share of all customers whom the rules place as the model does.

    References
    ----------
    Breiman, Friedman, Olshen and Stone (1984), Classification and Regression Trees; Craven and Shavlik (1996),
    Extracting tree-structured representations of trained networks, for fidelity.
    """
    require_columns(sample, ["segmentation", "customer_id", "segment_id"], table="surrogate_sample")
    rows: list[dict[str, Any]] = []
    for row in configuration.sort_values(["position", "segmentation"]).to_dict("records"):
        own = sample[sample["segmentation"] == row["segmentation"]].sort_values("customer_id", ignore_index=True)
        if row["method"] in ("kmeans", "kprototypes") and len(own):
            rows += _rules(SegmentationConfig.from_json(row["definition"]), own)
    return pa.Table.from_pylist(rows, schema=RULES)


def _rules(config: SegmentationConfig, sample: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of one segmentation."""
    labels = sample["segment_id"].to_numpy(dtype=np.int64)
    columns = _columns(config, sample)
    leaves = _leaves(columns, labels)
    agreed = sum(int(np.count_nonzero(labels[leaf.rows] == leaf.segment)) for leaf in leaves)
    rows: list[dict[str, Any]] = []
    numbers: dict[int, int] = {}
    for leaf in sorted(leaves, key=lambda leaf: (leaf.segment, -len(leaf.rows), int(leaf.rows[0]))):
        numbers[leaf.segment] = numbers.get(leaf.segment, 0) + 1
        conditions = _conditions(columns, leaf.bounds)
        hits = int(np.count_nonzero(labels[leaf.rows] == leaf.segment))
        rows.append(
            {
                "segmentation": config.name,
                "segment_id": leaf.segment,
                "rule_number": numbers[leaf.segment],
                "condition": " and ".join(conditions) or "true",
                "conditions": len(conditions),
                "customers": len(leaf.rows),
                "coverage": round(hits / int(np.count_nonzero(labels == leaf.segment)), 6),
                "precision": round(hits / len(leaf.rows), 6),
                "fidelity": round(agreed / len(labels), 6),
            }
        )
    return rows


def _columns(config: SegmentationConfig, sample: pd.DataFrame) -> list[_Column]:
    """Return what the tree may split: only what takes part in distances."""
    columns: list[_Column] = []
    for feature in config.features:
        if feature.weight == 0:
            continue
        if feature.kind == "number":
            columns.append(_Column(feature.name, to_floats(sample[feature.name])[0]))
            continue
        values = sample[feature.name]
        is_null = values.isna().to_numpy()
        if feature.kind == "boolean":
            flags = np.where(is_null, np.nan, values.map({True: 1.0, False: 0.0}).to_numpy(dtype=np.float64))
            columns.append(_Column(feature.name, flags, is_boolean=True))
            continue
        texts = values.astype(str)
        counts = texts[~is_null].value_counts()
        frequent = sorted(counts.index, key=lambda level: (-int(counts[level]), level))[:LEVELS]
        for level in frequent:
            has_level = np.where(is_null, np.nan, (texts == level).to_numpy(dtype=np.float64))
            columns.append(_Column(feature.name, has_level, level))
    return columns


def _leaves(columns: Sequence[_Column], labels: IntArray) -> list[_Leaf]:
    """Fit the tree and walk down to its leaves with all customers.

    The walk uses thresholds that a person can read. Each separates the same customers as the tree's own.
    """
    rows = np.arange(len(labels), dtype=np.int64)
    if not columns or len(np.unique(labels)) == 1:
        return [_Leaf(rows, int(np.bincount(labels).argmax()))]
    matrix = np.column_stack([column.values for column in columns])
    segments = len(np.unique(labels))
    model = DecisionTreeClassifier(
        max_depth=DEPTH,
        max_leaf_nodes=max(LEAVES_PER_SEGMENT * segments, 2),
        min_samples_leaf=FEWEST_IN_LEAF,
        random_state=0,
    ).fit(matrix, labels)
    tree = model.tree_
    found: list[_Leaf] = []

    def walk(node: int, members: IntArray, bounds: dict[int, _Bounds]) -> None:
        left, right = int(tree.children_left[node]), int(tree.children_right[node])
        if left < 0:
            # A customer may fall the other way by the single precision of the tree: the majority is counted again.
            found.append(_Leaf(members, int(np.bincount(labels[members]).argmax()), bounds))
            return
        column = int(tree.feature[node])
        values = matrix[members, column]
        threshold = _readable(values, float(tree.threshold[node]))
        null_goes_left = bool(tree.missing_go_to_left[node])
        is_null = np.isnan(values)
        goes_left: BoolArray = np.where(is_null, null_goes_left, values <= threshold)
        if goes_left.all() or not goes_left.any():
            walk(left if goes_left.all() else right, members, bounds)
            return
        before = bounds.get(column, _Bounds())
        walk(
            left,
            members[goes_left],
            bounds | {column: _Bounds(before.low, min(before.high, threshold), before.takes_null and null_goes_left)},
        )
        walk(
            right,
            members[~goes_left],
            bounds
            | {column: _Bounds(max(before.low, threshold), before.high, before.takes_null and not null_goes_left)},
        )

    walk(0, rows, {})
    return found


def _readable(values: FloatArray, threshold: float) -> float:
    """Return the shortest number that separates the values as the threshold does."""
    below, above = values[values <= threshold], values[values > threshold]
    if not len(below) or not len(above):
        return threshold
    low, high = float(below.max()), float(above.min())
    for digits in range(-6, 16):
        rounded = round((low + high) / 2, digits)
        if low <= rounded < high:
            return rounded
    return low


def _conditions(columns: Sequence[_Column], bounds: dict[int, _Bounds]) -> list[str]:
    """Return the conditions of a path. Of a category that has one level, the levels that it has not say nothing."""
    named = {
        columns[index].feature for index, bound in bounds.items() if columns[index].level is not None and bound.low >= 0
    }
    conditions: list[str] = []
    others: dict[str, list[tuple[str, bool]]] = {}
    for index, bound in sorted(bounds.items(), key=lambda item: (columns[item[0]].feature, item[0])):
        column = columns[index]
        if column.is_boolean:
            text = column.feature if bound.low >= 0 else f"not {column.feature}"
            conditions.append(_with_null(text, column, bound))
        elif column.level is None:
            conditions.append(_with_null(_range(column.feature, bound), column, bound))
        elif bound.low >= 0:
            conditions.append(_with_null(f"{column.feature} = {_literal(column.level)}", column, bound))
        elif column.feature not in named:
            others.setdefault(column.feature, []).append((_literal(column.level), bound.takes_null))
    for feature, levels in others.items():
        names = ", ".join(level for level, _ in levels)
        text = f"{feature} <> {names}" if len(levels) == 1 else f"{feature} not in ({names})"
        takes_null = all(takes for _, takes in levels)
        conditions.append(f"({text} or {feature} is null)" if takes_null else text)
    return conditions


def _with_null(text: str, column: _Column, bound: _Bounds) -> str:
    """Return a condition that also says what holds for null, where null occurs."""
    if bound.takes_null and np.isnan(column.values).any():
        return f"({text} or {column.feature} is null)"
    return text


def _range(feature: str, bound: _Bounds) -> str:
    """Return a condition on a number."""
    parts = []
    if np.isfinite(bound.low):
        parts.append(f"{feature} > {_number(bound.low)}")
    if np.isfinite(bound.high):
        parts.append(f"{feature} <= {_number(bound.high)}")
    return " and ".join(parts)


def _number(value: float) -> str:
    """Return a number as SQL reads it back exactly; a cast keeps an engine from taking it for a decimal."""
    if value == round(value) and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    return f"cast('{value!r}' as double)" if "e" in repr(value) else repr(value)


def _literal(text: str) -> str:
    """Return a text as a SQL literal that both engines read alike."""
    return "'" + text.replace("'", "''") + "'"
