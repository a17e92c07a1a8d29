"""Parameter rows: lossless, ordered, and a version that is their content."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.parameters import (
    SCHEMA,
    CategoryWeight,
    ClusterModel,
    FittedModel,
    ParameterRow,
    model_version,
    models_from_frame,
    to_table,
)
from segmentation.scaling import fit_scaler

TEXT = st.one_of(st.none(), st.text(max_size=8))
ROWS = st.lists(
    st.builds(
        ParameterRow,
        kind=st.sampled_from(["weight", "center", "mode", "rfm_cut"]),
        segment_id=st.one_of(st.none(), st.integers(1, 9)),
        feature=TEXT,
        level=TEXT,
        value_double=st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        value_string=TEXT,
    ),
    max_size=12,
)


def example_model() -> ClusterModel:
    values = np.random.default_rng(0).gamma(2, 10, 50)
    return ClusterModel(
        {
            "a": fit_scaler(values, transform="yeo_johnson", clip=(0.1, 0.9)),
            "b": fit_scaler(values, transform="log", weight=2.0),
            "c": fit_scaler(np.ones(3)),
        },
        {"g": CategoryWeight(0.5, 0.8, is_boolean=False), "h": CategoryWeight(0.0, 0.0, is_boolean=True)},
        np.array([[0.1, 1 / 3, 0.0], [-2.0, 1e-17, 0.0]]),
        np.array([["Köln", "true"], ["(missing)", "false"]], dtype=object),
        (3, 7),
    )


@given(rows=ROWS)
@settings(max_examples=60, deadline=None)
def test_rows_survive_the_table_to_the_last_bit(rows: list[ParameterRow]) -> None:
    model = FittedModel("behavior", "v", 3, is_new=True, rows=tuple(rows))
    frame = to_table([model]).to_pandas()
    back = models_from_frame(frame.drop(columns="is_new"))
    if rows:
        assert sorted(map(repr, back["behavior"].rows)) == sorted(map(repr, rows))
        assert (back["behavior"].generation, back["behavior"].is_new) == (3, False)
    else:
        assert back == {}


@given(rows=ROWS, seed=st.integers(0, 5))
@settings(max_examples=40, deadline=None)
def test_the_version_is_the_content_in_any_order(rows: list[ParameterRow], seed: int) -> None:
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert model_version("c", shuffled) == model_version("c", rows)


def test_the_version_changes_with_the_last_bit_and_not_with_a_name() -> None:
    rows = [ParameterRow("center", feature="a", value_double=0.1)]
    other = [ParameterRow("center", feature="a", value_double=np.nextafter(0.1, 1))]
    named = [
        *rows,
        ParameterRow("segment", 1, "name", value_string="High a"),
        ParameterRow("note", feature="a", value_string="left out"),
        ParameterRow("k_search", 2, "inertia", value_double=1.0),
        ParameterRow("model", feature="silhouette", value_double=0.4),
    ]
    assert model_version("c", named) == model_version("c", rows)
    assert len({model_version("c", rows), model_version("c", other), model_version("d", rows)}) == 3


def test_no_models_give_a_table_of_zero_rows_with_all_types() -> None:
    table = to_table([])
    assert table.num_rows == 0
    assert table.schema == SCHEMA
    assert models_from_frame(table.to_pandas()) == {}
    assert pa.types.is_int32(table.schema.field("segment_id").type)


def test_a_cluster_model_survives_its_rows() -> None:
    model = example_model()
    rows = model.to_rows()
    back = ClusterModel.from_rows(random.Random(1).sample(rows, len(rows)))
    assert np.array_equal(back.centroids, model.centroids)
    assert np.array_equal(back.modes, model.modes)
    assert back.categories == model.categories
    assert back.segment_ids == model.segment_ids == (3, 7)
    values = np.array([1.0, 30.0, np.nan])
    for name, scaler in model.scalers.items():
        assert np.array_equal(back.scalers[name].apply(values), scaler.apply(values))


def test_every_feature_has_a_centroid_or_mode_in_every_segment() -> None:
    rows = example_model().to_rows()
    keys = [(row.kind, row.segment_id, row.feature, row.level) for row in rows]
    assert len(set(keys)) == len(keys)
    assert {(row.segment_id, row.feature) for row in rows if row.kind in {"centroid", "mode"}} == {
        (segment_id, feature) for segment_id in (3, 7) for feature in "abcgh"
    }


def test_a_row_that_scoring_needs_and_does_not_find_is_named() -> None:
    rows = [row for row in example_model().to_rows() if row.kind != "center"]
    with pytest.raises(ValueError, match="the model has no center of 'a'"):
        ClusterModel.from_rows(rows)
