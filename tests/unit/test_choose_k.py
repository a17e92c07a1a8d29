"""The rule that chooses k, and silhouettes against scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from segmentation.choose_k import KTrial, choose_k, silhouettes
from segmentation.distances import MixedData


def trials(*rows: tuple[int, float | None, float | None]) -> list[KTrial]:
    return [KTrial(k, None if share is None else 1.0, silhouette, share) for k, silhouette, share in rows]


def test_the_highest_silhouette_wins() -> None:
    k, reason = choose_k(trials((2, 0.3, 0.4), (3, 0.5, 0.2), (4, 0.4, 0.1)), min_share=0.03)
    assert k == 3
    assert reason == (
        "k = 3 has the highest silhouette, 0.500, among the k whose smallest segment holds at least 3.00% "
        "of the customers."
    )


def test_the_smaller_of_equals_wins() -> None:
    k, reason = choose_k(trials((2, 0.3, 0.4), (3, 0.495, 0.2), (4, 0.5, 0.1)), min_share=0.03)
    assert k == 3
    assert "within 0.01 of the highest, 0.500 at k = 4" in reason


def test_a_k_with_too_small_a_segment_is_passed_over() -> None:
    assert choose_k(trials((2, 0.3, 0.4), (3, 0.9, 0.02)), min_share=0.03)[0] == 2


def test_where_no_k_qualifies_the_best_is_taken_and_the_reason_says_so() -> None:
    k, reason = choose_k(trials((2, 0.3, 0.01), (3, 0.9, 0.02)), min_share=0.03)
    assert k == 3
    assert reason.startswith("No k gives every segment 3.00% of the customers")


def test_a_pinned_k_is_taken() -> None:
    assert choose_k(trials((5, 0.1, 0.2)), min_share=0.03, is_pinned=True) == (
        5,
        "k = 5 is pinned by the configuration.",
    )
    assert "its smallest segment holds 1.00%" in choose_k(trials((5, 0.1, 0.01)), min_share=0.03, is_pinned=True)[1]


def test_a_k_that_was_not_fitted_cannot_win() -> None:
    assert choose_k(trials((2, None, 0.4), (3, None, None)), min_share=0.03)[0] == 2
    with pytest.raises(ValueError, match="no k was fitted"):
        choose_k(trials((3, None, None)), min_share=0.03)


def numeric(points: np.ndarray[Any, Any]) -> MixedData:
    return MixedData(points, np.ones(points.shape[1]), np.empty((len(points), 0), dtype=np.int64), np.empty(0))


@given(seed=st.integers(0, 1000), n=st.integers(5, 40), k=st.integers(2, 4))
@settings(max_examples=40, deadline=None)
def test_silhouettes_agree_with_scikit_learn(seed: int, n: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, 2))
    labels = np.concatenate([np.arange(k), rng.integers(0, k, n - k)])
    assert silhouettes(numeric(points), [labels]) == [pytest.approx(silhouette_score(points, labels), abs=1e-12)]


def test_mixed_silhouettes_are_those_of_the_mixed_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    data = MixedData(rng.normal(size=(60, 2)), np.array([2.0, 0.5]), rng.integers(0, 3, (60, 2)), np.array([0.4, 1.5]))
    squares = (data.weights * (data.numeric[:, None] - data.numeric[None]) ** 2).sum(axis=2)
    squares += (data.gammas * (data.codes[:, None] != data.codes[None])).sum(axis=2)
    labelings = [rng.integers(0, k, 60) for k in (2, 3, 5)]
    expected = [silhouette_score(np.sqrt(squares), labels, metric="precomputed") for labels in labelings]
    monkeypatch.setattr("segmentation.choose_k.SILHOUETTE_CHUNK_CELLS", 60 * 7)
    assert silhouettes(data, labelings) == pytest.approx(expected, abs=1e-12)


def test_a_silhouette_needs_two_segments_and_a_pair() -> None:
    points = np.arange(4.0)[:, None]
    assert silhouettes(numeric(points), [np.zeros(4, dtype=np.int64), np.arange(4)]) == [None, None]
    assert silhouettes(numeric(points[:0]), []) == []


def test_identical_customers_in_two_segments_have_silhouette_0() -> None:
    assert silhouettes(numeric(np.ones((4, 1))), [np.array([0, 0, 1, 1])]) == [0.0]
