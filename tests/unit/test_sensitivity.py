"""Sensitivity: a choice that makes the segments is told from one that does not matter."""

from __future__ import annotations

import numpy as np
import pytest

from clustering_cases import category, configured, fitted, number, sample_of
from segmentation.columns import IntArray
from segmentation.config.segmentations import KRange, SegmentationConfig
from segmentation.sensitivity import AS_CONFIGURED, changes, sensitivities


def test_every_choice_is_changed_alone() -> None:
    config = configured(
        "profile", "kprototypes", [number("spend", transform="log"), category("region"), number("unused", weight=0.0)]
    )
    found = list(changes(config))
    assert [(feature, change) for feature, change, _ in found] == [
        ("", AS_CONFIGURED),
        ("region", "without it"),
        ("region", "weight times 0.5"),
        ("region", "weight times 2"),
        ("spend", "without it"),
        ("spend", "scale robust"),
        ("spend", "scale minmax"),
        ("spend", "transform none"),
    ]
    for name, _, changed in found[1:]:
        different = [new.name for old, new in zip(config.features, changed.features, strict=True) if old != new]
        assert different == [name]


def test_agreement_is_the_adjusted_rand_index_and_what_cannot_be_fitted_is_left_out() -> None:
    config = configured(features=[number("a"), number("b")])
    labels = np.array([0, 0, 1, 1])

    def refit(changed: SegmentationConfig) -> IntArray | None:
        if changed.features[0].weight == 0:
            return None
        return np.array([0, 1, 0, 1]) if changed.features[1].weight == 0 else np.array([1, 1, 0, 0])

    found = {(row.feature, row.change): row.adjusted_rand for row in sensitivities(config, labels, refit)}
    assert ("a", "without it") not in found
    assert found["b", "without it"] == pytest.approx(-0.5)
    assert found["", AS_CONFIGURED] == 1.0


def test_the_feature_that_separates_the_customers_decides_the_segments() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 600)
    sample = sample_of({"telling": 8.0 * group + rng.normal(size=600), "noise": 0.1 * rng.normal(size=600)})
    features = [number("telling", scale="none"), number("noise", scale="none")]
    rows = fitted(configured(features=features, k=KRange(2, 2)), sample).query("kind == 'sensitivity'")
    names = rows["feature"].fillna("") + ": " + rows["level"]
    found = dict(zip(names, rows["value_double"].astype(float), strict=True))
    assert found[f": {AS_CONFIGURED}"] == 1.0
    assert found["telling: without it"] < 0.1
    assert found["noise: without it"] == 1.0
