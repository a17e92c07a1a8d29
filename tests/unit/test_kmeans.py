"""K-means against scikit-learn, and distances against their definition."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from threadpoolctl import threadpool_limits

from segmentation.distances import MixedData, Prototypes, assign, chunks_of, count_distinct, nearest, squared_distances
from segmentation.kprototypes import fit_kprototypes


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Test workers that share a machine spend their time waiting for each other's threads otherwise."""
    with threadpool_limits(limits=1):
        yield


def numeric(points: np.ndarray[Any, Any], weights: Any = None) -> MixedData:
    n, p = points.shape
    return MixedData(
        points, np.ones(p) if weights is None else np.array(weights), np.empty((n, 0), dtype=np.int64), np.empty(0)
    )


def blobs(n: int = 600, groups: int = 4) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    rng = np.random.default_rng(5)
    group = rng.integers(0, groups, n)
    return 6 * rng.normal(size=(groups, 3))[group] + rng.normal(size=(n, 3)), group


def test_inertia_and_labels_agree_with_scikit_learn() -> None:
    points, group = blobs()
    fit = fit_kprototypes(numeric(points), 4, seed=1)
    reference = KMeans(4, n_init=20, random_state=0).fit(points)
    assert fit.cost == pytest.approx(reference.inertia_, rel=1e-9)
    assert adjusted_rand_score(fit.labels, reference.labels_) == 1.0
    assert adjusted_rand_score(fit.labels, group) > 0.95


def test_a_weight_is_the_same_as_a_wider_column() -> None:
    points, _ = blobs()
    weighted = fit_kprototypes(numeric(points, [4.0, 1.0, 0.25]), 3, seed=1)
    wider = fit_kprototypes(numeric(points * [2.0, 1.0, 0.5]), 3, seed=1)
    assert weighted.cost == pytest.approx(wider.cost, rel=1e-12)
    assert np.array_equal(weighted.labels, wider.labels)
    assert weighted.prototypes.centroids * [2.0, 1.0, 0.5] == pytest.approx(wider.prototypes.centroids, rel=1e-12)


def test_a_start_is_refined_and_not_forgotten() -> None:
    points, _ = blobs()
    found = fit_kprototypes(numeric(points), 4, seed=1)
    again = fit_kprototypes(numeric(points), 4, seed=99, start=found.prototypes)
    assert again.cost <= found.cost * (1 + 1e-12)
    assert np.array_equal(again.labels, found.labels)


def test_as_many_segments_as_distinct_customers() -> None:
    points = np.repeat(np.array([[0.0], [1.0], [5.0]]), 4, axis=0)
    assert fit_kprototypes(numeric(points), 3, seed=1).cost == pytest.approx(0.0, abs=1e-20)


def test_distances_are_weighted_squares_and_mismatches() -> None:
    data = MixedData(np.array([[1.0, 2.0]]), np.array([2.0, 0.5]), np.array([[0, 1]]), np.array([0.3, 0.7]))
    prototypes = Prototypes(np.array([[0.0, 0.0], [1.0, 2.0]]), np.array([[0, 0], [-2, 1]]))
    assert squared_distances(data, prototypes)[0] == pytest.approx([2.0 + 2.0 + 0.7, 0.3])


def test_distances_close_to_a_far_centroid_keep_their_digits() -> None:
    data = numeric(np.array([[1e8 + 1e-3]]))
    squares = squared_distances(data, Prototypes(np.array([[1e8]]), np.empty((1, 0), dtype=np.int64)))
    assert np.sqrt(squares[0, 0]) == pytest.approx(1e-3, rel=1e-4)


def test_ties_go_to_the_lower_segment_even_if_sums_differ_in_the_last_digit() -> None:
    assert (0.1 + 0.2) > 0.3
    assert nearest(np.array([[0.1 + 0.2, 0.3], [1.0, 0.5]])).tolist() == [0, 1]


def test_assignment_in_chunks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    points, _ = blobs(100)
    prototypes = Prototypes(points[:4], np.empty((4, 0), dtype=np.int64))
    whole = assign(numeric(points), prototypes)
    monkeypatch.setattr("segmentation.distances.CHUNK_CELLS", 28)
    chunked = assign(numeric(points), prototypes)
    assert np.array_equal(whole.labels, chunked.labels)
    assert whole.cost == pytest.approx(chunked.cost)


def test_a_chunk_has_as_many_distances_however_many_segments_there_are() -> None:
    rows = {k: max(part.stop - part.start for part in chunks_of(10**6, k)) for k in (1, 8, 50)}
    assert rows[1] // 2 < rows[8] * 8 <= rows[1]
    assert rows[1] // 2 < rows[50] * 50 <= rows[1]


def test_distinct_customers_are_counted_over_all_features() -> None:
    data = MixedData(np.array([[0.0], [-0.0], [0.0], [1.0]]), np.ones(1), np.array([[1], [1], [2], [2]]), np.ones(1))
    assert count_distinct(data) == 3
    assert count_distinct(data.take(slice(0, 0))) == 0
