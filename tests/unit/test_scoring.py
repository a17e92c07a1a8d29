"""The reference scorer: nearest segment, memberships, margins, from the rows alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from clustering_cases import MIXED, NUMBERS, configured, fitted, mixed_groups, sample_of
from segmentation.config.segmentations import KRange
from segmentation.errors import UserError
from segmentation.parameters import ClusterModel, rows_from_frame
from segmentation.scoring import memberships, score_clusters, score_rfm

SQUARES = st.integers(1, 5).flatmap(
    lambda k: st.lists(
        st.lists(st.one_of(st.just(0.0), st.floats(0, 1e6), st.floats(0, 1e-300)), min_size=k, max_size=k),
        min_size=1,
        max_size=8,
    ).map(np.array)
)


@given(squares=SQUARES)
@settings(max_examples=150, deadline=None)
def test_memberships_sum_to_1_over_segments(squares: np.ndarray[Any, Any]) -> None:
    shares = memberships(squares)
    assert shares.sum(axis=1) == pytest.approx(np.ones(len(squares)))
    assert shares.min() >= 0
    assert np.all(shares.max(axis=1) <= shares[np.arange(len(squares)), squares.round(12).argmin(axis=1)] + 1e-12)


def test_memberships_are_inverse_squares_as_shares() -> None:
    assert memberships(np.array([[1.0, 4.0, 4.0]]))[0] == pytest.approx([4 / 6, 1 / 6, 1 / 6])
    assert memberships(np.array([[3.0, 0.0]]))[0].tolist() == [0.0, 1.0]


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    return mixed_groups(400)[0]


@pytest.fixture(scope="module")
def parameters(customers: pd.DataFrame) -> pd.DataFrame:
    return fitted(configured("profile", "kprototypes", MIXED, k=KRange(3, 3)), customers)


def test_labels_distances_and_margins_follow_their_definitions(
    customers: pd.DataFrame, parameters: pd.DataFrame
) -> None:
    result = score_clusters(parameters, customers, borderline_margin=0.3)
    model = ClusterModel.from_rows(rows_from_frame(parameters))
    channel, member = (list(model.categories).index(name) for name in ("channel", "member"))
    for row in (0, 57, 399):
        customer = customers.iloc[row]
        squares = np.zeros(model.n_segments)
        for segment in range(model.n_segments):
            for column, (name, scaler) in enumerate(model.scalers.items()):
                z = float(scaler.apply(np.array([customer[name]]))[0])
                squares[segment] += scaler.weight * (z - model.centroids[segment, column]) ** 2
            squares[segment] += model.categories["channel"].gamma * (
                customer["channel"] != model.modes[segment, channel]
            )
            level = "true" if customer["member"] else "false"
            squares[segment] += model.categories["member"].gamma * (level != model.modes[segment, member])
        first, second = np.sqrt(np.sort(squares)[:2])
        got = result.iloc[row]
        assert got["segment_id"] == squares.argmin() + 1
        assert got["runner_up_segment_id"] == squares.argsort()[1] + 1
        assert got["distance"] == pytest.approx(first, rel=1e-12)
        assert got["runner_up_distance"] == pytest.approx(second, rel=1e-12)
        assert got["membership"] == pytest.approx((1 / squares.min()) / (1 / squares).sum(), rel=1e-12)
        assert got["margin"] == pytest.approx((second - first) / second, rel=1e-12)
        assert got["is_borderline"] == (got["margin"] < 0.3)


def test_sizes_in_the_sample_are_the_scored_ones(customers: pd.DataFrame, parameters: pd.DataFrame) -> None:
    labels = score_clusters(parameters, customers, borderline_margin=0.1)["segment_id"]
    sizes = parameters[(parameters["kind"] == "segment") & (parameters["feature"] == "sample_size")]
    assert labels.value_counts().sort_index().tolist() == sizes.sort_values("segment_id")["value_double"].tolist()


def test_order_and_chunks_change_nothing(
    customers: pd.DataFrame, parameters: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = score_clusters(parameters, customers, borderline_margin=0.1)
    monkeypatch.setattr("segmentation.scoring.CHUNK_ROWS", 37)
    shuffled = score_clusters(
        parameters.sample(frac=1, random_state=2), customers.sample(frac=1, random_state=1), borderline_margin=0.1
    )
    pd.testing.assert_frame_equal(shuffled.sort_values("customer_id", ignore_index=True), whole)


def test_unseen_levels_and_missing_values_are_scored(parameters: pd.DataFrame) -> None:
    strange = sample_of(
        {
            "amount": [None, np.inf, 1e15],
            "visits": [None, -1e9, 0.0],
            "channel": [None, "carrier pigeon 🐦", "web"],
            "member": [None, True, False],
        }
    )
    result = score_clusters(parameters, strange, borderline_margin=0.1)
    assert result["segment_id"].between(1, 3).all()
    assert np.isfinite(result["distance"]).all()


def test_no_customers_are_no_rows_of_the_same_columns(customers: pd.DataFrame, parameters: pd.DataFrame) -> None:
    nobody = score_clusters(parameters, customers.iloc[:0], borderline_margin=0.1)
    assert len(nobody) == 0
    assert list(nobody) == list(score_clusters(parameters, customers.iloc[:1], borderline_margin=0.1))


def test_a_customer_on_a_centroid_belongs_to_it_alone() -> None:
    sample = sample_of({"amount": [1.0, 1.0, 2.0, 2.0], "visits": [5.0, 5.0, 7.0, 7.0]})
    rows = fitted(configured(features=NUMBERS, k=KRange(2, 2)), sample)
    result = score_clusters(rows, sample, borderline_margin=0.1)
    assert result["membership"].tolist() == [1.0] * 4
    assert result["margin"].to_list() == pytest.approx([1.0] * 4)


def test_a_single_segment_has_no_runner_up() -> None:
    sample = mixed_groups(50)[0]
    rows = fitted(configured(features=NUMBERS, k=KRange(1, 1)), sample)
    result = score_clusters(rows, sample, borderline_margin=0.1)
    assert result["membership"].tolist() == [1.0] * 50
    assert result["runner_up_segment_id"].isna().all()
    assert not result["is_borderline"].any()


def test_a_missing_feature_is_a_clear_error(customers: pd.DataFrame, parameters: pd.DataFrame) -> None:
    with pytest.raises(UserError, match="the table to score has no column 'visits'"):
        score_clusters(parameters, customers.drop(columns="visits"), borderline_margin=0.1)


def test_rfm_scores_follow_the_stored_cuts() -> None:
    sample = sample_of(
        {"recency_days": np.arange(100), "frequency": np.arange(100) // 10, "monetary": np.arange(100.0)[::-1]}
    )
    rows = fitted(configured("rfm", "rfm"), sample)
    result = score_rfm(rows, sample)
    assert result["recency_score"].value_counts().tolist() == [20] * 5
    assert result.iloc[0][["recency_score", "frequency_score", "monetary_score"]].tolist() == [5, 1, 5]
    assert result["frequency_monetary_score"].iloc[0] == 3
    assert sample.assign(score=result["frequency_score"]).groupby("frequency")["score"].nunique().eq(1).all()


def test_rfm_without_cuts_is_an_error() -> None:
    sample = sample_of({"recency_days": [1], "frequency": [1], "monetary": [1.0]})
    with pytest.raises(ValueError, match="4 cut points"):
        score_rfm(fitted(configured("rfm", "rfm"), sample.iloc[:0]), sample)


def test_known_groups_are_recovered_from_rows_alone(customers: pd.DataFrame, parameters: pd.DataFrame) -> None:
    group = mixed_groups(400)[1]
    labels = score_clusters(parameters, customers, borderline_margin=0.1)["segment_id"]
    assert adjusted_rand_score(group, labels) > 0.95
