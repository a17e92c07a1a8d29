"""Samples and configuration rows for tests of the clustering package."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from segmentation.config.methods import Method
from segmentation.config.segmentations import (
    CandidateGates,
    FeatureConfig,
    KRange,
    SegmentationConfig,
    config_hash,
)
from segmentation.fitting import fit_all
from segmentation.parameters import SCHEMA

NO_PREVIOUS = SCHEMA.remove(SCHEMA.get_field_index("is_new")).empty_table().to_pandas()


def number(name: str, **settings: Any) -> FeatureConfig:
    """A numeric feature of customers."""
    defaults: dict[str, Any] = {
        "kind": "number",
        "source": "customers",
        "transform": "none",
        "clip": None,
        "scale": "standard",
        "impute": "median",
        "weight": 1.0,
    }
    return FeatureConfig(name, **{**defaults, **settings})


def category(name: str, *, kind: str = "category", weight: float = 1.0) -> FeatureConfig:
    """A category or boolean of customers."""
    return number(name, kind=kind, scale="none", impute=None, weight=weight)


def configured(
    name: str = "behavior", method: Method = "kmeans", features: Sequence[FeatureConfig] = (), **settings: Any
) -> SegmentationConfig:
    """One segmentation with the project's defaults."""
    defaults: dict[str, Any] = {
        "k": KRange(2, 5),
        "min_share": 0.03,
        "gamma": "auto",
        "borderline_margin": 0.1,
        "smoothing": None,
        "refit": "on_request",
        "update": "frozen",
        "online": None,
        "gates": CandidateGates(smallest_share=0.9, verdict=0, stability=0.1, silhouette=0.02),
        "seed": 7,
        "sample_size": 200_000,
        "uses_orders": method == "rfm",
        "segments": (),
    }
    return SegmentationConfig(
        name=name,
        method=method,
        features=tuple(sorted(features, key=lambda feature: feature.name)),
        **{**defaults, **settings},
    )


def configuration(*segmentations: SegmentationConfig) -> pd.DataFrame:
    """The table resolved_configuration."""
    return pd.DataFrame(
        [
            {
                "segmentation": config.name,
                "position": position,
                "method": config.method,
                "uses_orders": config.uses_orders,
                "config_hash": config_hash(config),
                "definition": config.to_json(),
            }
            for position, config in enumerate(segmentations, start=1)
        ]
    )


def sample_of(columns: dict[str, Any], *, has_purchased: Any = True) -> pd.DataFrame:
    """A training sample with generated ids."""
    n = len(next(iter(columns.values())))
    ids = [f"c{row:06d}" for row in range(n)]
    return pd.DataFrame({"customer_id": ids, "has_purchased": has_purchased, **columns})


def mixed_groups(n: int, *, seed: int = 0, groups: int = 3) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Customers of well separated groups of falling size: features amount, visits, channel, member; and their group."""
    rng = np.random.default_rng(seed)
    group = np.sort(rng.choice(groups, n, p=np.arange(groups, 0, -1) / np.arange(groups, 0, -1).sum()))
    channel = np.array(["web", "shop", "café", "phone"])[np.where(rng.random(n) < 0.9, group, rng.integers(0, 4, n))]
    frame = sample_of(
        {
            "amount": np.exp(3 + 1.5 * group + rng.normal(0, 0.3, n)),
            "visits": 10.0 * (group % 2) + rng.normal(0, 1, n),
            "channel": channel.astype(object),
            "member": np.where(rng.random(n) < 0.9, group == 0, group != 0),
        }
    )
    return frame, group


NUMBERS = (number("amount", transform="log"), number("visits"))
MIXED = (*NUMBERS, category("channel"), category("member", kind="boolean"))


def fitted(
    config: SegmentationConfig, sample: pd.DataFrame, *, previous: pd.DataFrame = NO_PREVIOUS, refit: bool = False
) -> pd.DataFrame:
    """Fit one segmentation and read the result."""
    table = fit_all(configuration(config), sample, previous, refit)
    assert isinstance(table, pa.Table)
    assert table.schema == SCHEMA
    rows: pd.DataFrame = table.to_pandas()
    return rows


def fact(rows: pd.DataFrame, feature: str, column: str = "value_string") -> Any:
    """A value of kind model, None where there is none."""
    found = rows.loc[(rows["kind"] == "model") & (rows["feature"] == feature), column]
    return found.iloc[0] if len(found) else None
