"""Parameters of fitted models as rows: the long table that SQL scores from, and the way back into arrays.

One row per segmentation, kind, segment_id, feature and level. Everything that scoring needs is here, at full precision;
names, notes and the search for k stand beside it and do not take part in the model version.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd
import pyarrow as pa

from segmentation.columns import MISSING_LEVEL, FloatArray, TextArray
from segmentation.scaling import NumericScaler, Transform

SCHEMA = pa.schema(
    [
        pa.field("segmentation", pa.string(), nullable=False),
        pa.field("model_version", pa.string(), nullable=False),
        pa.field("generation", pa.int32(), nullable=False),
        pa.field("is_new", pa.bool_(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("segment_id", pa.int32()),
        pa.field("feature", pa.string()),
        pa.field("level", pa.string()),
        pa.field("value_double", pa.float64()),
        pa.field("value_string", pa.string()),
    ]
)

KINDS = (
    "model",
    "note",
    "transform",
    "clip_low",
    "clip_high",
    "impute",
    "lambda",
    "center",
    "scale",
    "weight",
    "gamma",
    "rfm_cut",
    "centroid",
    "mode",
    "segment",
    "k_search",
    "sensitivity",
    "quality",
    "lineage",
    "decision",
    "bin_edge",
    "bin_share",
    "mean_distance",
    "segment_weight",
    "level_weight",
    "counted",
)
"""Kinds of rows, in the order in which they are written."""

BASELINE_KINDS = frozenset({"bin_edge", "bin_share", "mean_distance"})
"""What the customers of the fit looked like: drift is measured against it."""

ONLINE_KINDS = frozenset({"segment_weight", "level_weight", "counted"})
"""What online updates go on from: the weight of the customers counted so far, and up to when they were."""

DESCRIPTIVE_KINDS = (
    frozenset({"note", "segment", "k_search", "sensitivity", "quality", "lineage", "decision"})
    | BASELINE_KINDS
    | ONLINE_KINDS
)
"""Kinds that tell about a model and are no part of it."""

VERSIONED_FACTS = frozenset({"method", "status", "reason", "k"})
"""Rows of kind model that take part in the version; the configuration's hash does on its own account."""


@dataclass(frozen=True, slots=True)
class ParameterRow:
    """One value of a model. `segment_id` is null where the value belongs to no segment (k for kind k_search)."""

    kind: str
    segment_id: int | None = None
    feature: str | None = None
    level: str | None = None
    value_double: float | None = None
    value_string: str | None = None

    def sort_key(self) -> tuple[int, int, str, str]:
        """Return the place of the row within its model."""
        return KINDS.index(self.kind), self.segment_id or 0, self.feature or "", self.level or ""


@dataclass(frozen=True, slots=True)
class FittedModel:
    """The rows of one segmentation's model with what identifies it."""

    segmentation: str
    model_version: str
    generation: int
    is_new: bool
    rows: tuple[ParameterRow, ...]

    def fact(self, name: str) -> str | None:
        """Return the text of a row of kind model, such as status or config_hash."""
        return next((row.value_string for row in self.rows if row.kind == "model" and row.feature == name), None)


def model_version(config_hash: str, rows: Iterable[ParameterRow]) -> str:
    """Return the md5 of a model's content.

    Parameters
    ----------
    config_hash : str
        Hash of the configuration that the model was fitted under.
    rows : iterable of ParameterRow
        In any order; descriptive rows, sample size and silhouette are ignored.

    Returns
    -------
    str
        32 hexadecimal digits. Equal content gives an equal version on every machine and in every order of rows.
    """
    content = sorted(
        json.dumps(
            [
                row.kind,
                row.segment_id,
                row.feature,
                row.level,
                None if row.value_double is None else float(row.value_double).hex(),
                row.value_string,
            ],
            ensure_ascii=True,
        )
        for row in rows
        if row.kind not in DESCRIPTIVE_KINDS and (row.kind != "model" or row.feature in VERSIONED_FACTS)
    )
    return hashlib.md5("\n".join([config_hash, *content]).encode(), usedforsecurity=False).hexdigest()


def to_table(models: Iterable[FittedModel]) -> pa.Table:
    """Return models as one table of the declared schema.

    Parameters
    ----------
    models : iterable of FittedModel
        In the order in which they are to stand; none gives a table of zero rows.
    """
    records = [
        {
            "segmentation": model.segmentation,
            "model_version": model.model_version,
            "generation": model.generation,
            "is_new": model.is_new,
            "kind": row.kind,
            "segment_id": row.segment_id,
            "feature": row.feature,
            "level": row.level,
            "value_double": row.value_double,
            "value_string": row.value_string,
        }
        for model in models
        for row in sorted(model.rows, key=ParameterRow.sort_key)
    ]
    return pa.Table.from_pylist(records, schema=SCHEMA)


def rows_from_frame(frame: pd.DataFrame) -> tuple[ParameterRow, ...]:
    """Read the rows of one model.

    Parameters
    ----------
    frame : DataFrame
        Columns kind, segment_id, feature, level, value_double, value_string; NaN, NaT and None are null.
    """
    columns = ["kind", "segment_id", "feature", "level", "value_double", "value_string"]
    return tuple(
        ParameterRow(
            kind=str(kind),
            segment_id=None if pd.isna(segment_id) else int(segment_id),
            feature=None if pd.isna(feature) else str(feature),
            level=None if pd.isna(level) else str(level),
            value_double=None if pd.isna(number) else float(number),
            value_string=None if pd.isna(text) else str(text),
        )
        for kind, segment_id, feature, level, number, text in frame[columns].itertuples(index=False, name=None)
    )


def models_from_frame(frame: pd.DataFrame) -> dict[str, FittedModel]:
    """Read the active models by name of their segmentation; they are not new, and what was decided on them is past.

    Parameters
    ----------
    frame : DataFrame
        Columns of `SCHEMA`, without is_new, of any number of segmentations; zero rows are allowed.
    """
    models: dict[str, FittedModel] = {}
    if frame.empty:
        return models
    for name, group in frame.groupby("segmentation", sort=True):
        models[str(name)] = FittedModel(
            segmentation=str(name),
            model_version=str(group["model_version"].iloc[0]),
            generation=int(group["generation"].max()),
            is_new=False,
            rows=rows_from_frame(group[group["kind"] != "decision"]),
        )
    return models


@dataclass(frozen=True, slots=True)
class CategoryWeight:
    """How a category or boolean enters a distance: `gamma` is the cost of a differing level and includes `weight`.

    Both are 0 where the feature is left out.
    """

    weight: float
    gamma: float
    is_boolean: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """Everything that scoring by distance needs.

    Attributes
    ----------
    scalers : dict of str to NumericScaler
        Numeric features, those left out included.
    categories : dict of str to CategoryWeight
        Categorical features, those left out included.
    centroids : ndarray of shape (k, p)
        Scaled centroids over `scalers`.
    modes : ndarray of shape (k, q), dtype object
        Levels over `categories`.
    segment_ids : tuple of int
        Ids of the k segments, rising: of equal distances the lower id wins.
    """

    scalers: dict[str, NumericScaler]
    categories: dict[str, CategoryWeight]
    centroids: FloatArray
    modes: TextArray
    segment_ids: tuple[int, ...]

    @property
    def numeric_names(self) -> list[str]:
        """Return the numeric features, in the order of the columns of `centroids`."""
        return list(self.scalers)

    @property
    def category_names(self) -> list[str]:
        """Return the categorical features, in the order of the columns of `modes`."""
        return list(self.categories)

    def to_rows(self) -> list[ParameterRow]:
        """Return the model as rows; a feature that is left out has them too, with weight or gamma 0."""
        rows: list[ParameterRow] = []
        for name, scaler in self.scalers.items():
            rows.append(ParameterRow("transform", feature=name, value_string=scaler.transform))
            numbers = {
                "impute": scaler.impute,
                "clip_low": scaler.clip_low,
                "clip_high": scaler.clip_high,
                "lambda": scaler.yeo_johnson_lambda,
                "center": scaler.center,
                "scale": scaler.scale,
                "weight": scaler.weight,
            }
            rows += [
                ParameterRow(kind, feature=name, value_double=value)
                for kind, value in numbers.items()
                if value is not None
            ]
        for name, category in self.categories.items():
            # The level of a null: text where a number has its imputation value.
            rows += [
                ParameterRow("transform", feature=name, value_string="boolean" if category.is_boolean else "category"),
                ParameterRow("impute", feature=name, value_string=MISSING_LEVEL),
                ParameterRow("weight", feature=name, value_double=category.weight),
                ParameterRow("gamma", feature=name, value_double=category.gamma),
            ]
        for segment, segment_id in enumerate(self.segment_ids):
            rows += [
                ParameterRow("centroid", segment_id, name, value_double=float(self.centroids[segment, column]))
                for column, name in enumerate(self.numeric_names)
            ]
            rows += [
                ParameterRow("mode", segment_id, name, value_string=str(self.modes[segment, column]))
                for column, name in enumerate(self.category_names)
            ]
        return rows

    @property
    def n_segments(self) -> int:
        """Return the number of segments."""
        return len(self.segment_ids)

    @classmethod
    def from_rows(cls, rows: Sequence[ParameterRow]) -> ClusterModel:
        """Read a model from the rows of one segmentation.

        Parameters
        ----------
        rows : sequence of ParameterRow
            Rows of a fitted model of a method that clusters; kinds that scoring does not need are ignored.

        Raises
        ------
        ValueError
            If a value that scoring needs is absent.
        """
        numbers = {(row.kind, row.segment_id, row.feature): row.value_double for row in rows}
        texts = {(row.kind, row.segment_id, row.feature): row.value_string for row in rows}
        transforms = {row.feature or "": row.value_string for row in rows if row.kind == "transform"}

        def number(kind: str, feature: str, segment_id: int | None = None) -> float:
            value = numbers.get((kind, segment_id, feature))
            if value is None:
                raise ValueError(f"the model has no {kind} of {feature!r}, segment {segment_id}")
            return value

        scalers: dict[str, NumericScaler] = {}
        categories: dict[str, CategoryWeight] = {}
        for name, transform in sorted(transforms.items()):
            if transform in {"category", "boolean"}:
                categories[name] = CategoryWeight(
                    number("weight", name), number("gamma", name), is_boolean=transform == "boolean"
                )
            else:
                scalers[name] = NumericScaler(
                    transform=cast("Transform", transform),
                    impute=number("impute", name),
                    clip_low=numbers.get(("clip_low", None, name)),
                    clip_high=numbers.get(("clip_high", None, name)),
                    yeo_johnson_lambda=numbers.get(("lambda", None, name)),
                    center=number("center", name),
                    scale=number("scale", name),
                    weight=number("weight", name),
                )
        segments = sorted({row.segment_id for row in rows if row.kind in {"centroid", "mode"} and row.segment_id})
        empty = cls(scalers, categories, np.empty((0, 0)), np.empty((0, 0), dtype=object), ())
        centroids = [[number("centroid", name, segment) for name in empty.numeric_names] for segment in segments]
        modes = [[texts[("mode", segment, name)] for name in empty.category_names] for segment in segments]
        return cls(
            scalers,
            categories,
            np.array(centroids, dtype=np.float64).reshape(len(segments), len(empty.numeric_names)),
            np.array(modes, dtype=object).reshape(len(segments), len(empty.category_names)),
            tuple(segments),
        )
