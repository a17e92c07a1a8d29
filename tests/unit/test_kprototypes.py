"""K-prototypes and k-modes against kmodes itself, published results and planted groups."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kmodes.kprototypes import KPrototypes
from kmodes.util.init_methods import init_cao
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from segmentation.distances import MixedData, Prototypes, assign, squared_distances
from segmentation.estimator import KPrototypes as Estimator
from segmentation.exchange import exchange
from segmentation.kprototypes import default_starts, estimate_gamma, fit_kprototypes
from segmentation.refinement import refine
from segmentation.starts import find_start

SHARED_DATA = Path(__file__).parents[3] / "shared" / "data"


def mixed(n: int, *, seed: int, groups: int = 4, gamma: float = 1.0) -> tuple[MixedData, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, groups, n)
    numbers = 4 * rng.normal(size=(groups, 3))[group] + rng.normal(size=(n, 3))
    codes = np.where(rng.random((n, 2)) < 0.8, group[:, None] % 4, rng.integers(0, 4, (n, 2)))
    return MixedData(numbers, np.ones(3), codes.astype(np.int64), np.full(2, gamma)), group


def kmodes_cost(data: MixedData, k: int, **settings: Any) -> float:
    table = np.hstack([data.numeric, data.codes.astype(float)])
    p = data.numeric.shape[1]
    fit = KPrototypes(k, gamma=float(data.gammas[0]), random_state=0, **settings).fit(
        table, categorical=list(range(p, table.shape[1]))
    )
    return float(fit.cost_)


def random_mixed(seed: int) -> tuple[MixedData, int]:
    """Customers of random number, features, levels and overlap, with a number of segments."""
    rng = np.random.default_rng([1, seed])
    n, k = int(rng.integers(80, 160)), int(rng.integers(2, 6))
    p, q, levels = (int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(2, 6)))
    group = rng.integers(0, k, n)
    numbers = rng.uniform(0, 3) * rng.normal(size=(k, p))[group] + rng.normal(size=(n, p))
    is_own = rng.random((n, q)) < rng.uniform(0.2, 0.9)
    codes = np.where(is_own, group[:, None] % levels, rng.integers(0, levels, (n, q))).astype(np.int64)
    return MixedData(numbers, np.ones(p), codes, np.full(q, float(rng.uniform(0.3, 2)))), k


def test_costs_of_50_data_sets_are_not_above_those_of_kmodes() -> None:
    one_start: list[tuple[float, float]] = []
    for seed in range(50):
        data, k = random_mixed(seed)
        rows = np.random.default_rng(seed).choice(len(data), k, replace=False)
        start = Prototypes(data.numeric[rows], data.codes[rows])
        theirs = kmodes_cost(data, k, init=[start.centroids, start.modes], n_init=1)
        one_start.append((fit_kprototypes(data, k, seed=0, start=start).cost, theirs))
        best = fit_kprototypes(data, k, seed=0, starts=default_starts(data, 10)).cost
        assert best <= 1.001 * min(kmodes_cost(data, k, init=name, n_init=10) for name in ("Cao", "Huang")), seed
    ours, theirs = np.median(one_start, axis=0)
    assert ours <= theirs


@pytest.mark.parametrize("with_weights", [False, True])
def test_more_customers_than_starts_are_tried_on_are_fitted_as_well(with_weights: bool) -> None:
    """Starts compete on 5,000 of 7,000 customers; what comes out is what the planted groups themselves lead to."""
    data, group = mixed(7_000, seed=5)
    weights = np.random.default_rng(1).integers(1, 4, len(data)).astype(float) if with_weights else None
    planted = Prototypes(
        np.array([data.numeric[group == one].mean(axis=0) for one in range(4)]),
        np.array([[np.bincount(column[group == one]).argmax() for column in data.codes.T] for one in range(4)]),
    )
    best = refine(data, planted, row_weights=weights)
    fit = fit_kprototypes(data, 4, seed=0, row_weights=weights)
    assert fit.cost == pytest.approx(best.cost, rel=1e-4)
    assert adjusted_rand_score(fit.labels, best.labels) > 0.995
    assert len(fit.labels) == len(data)
    again = fit_kprototypes(data, 4, seed=0, row_weights=weights, n_threads=2)
    assert np.array_equal(fit.labels, again.labels)
    # Of the labels each is that of the nearest prototype, and the cost is the sum of these distances.
    distances = squared_distances(data, fit.prototypes)
    assert np.array_equal(distances.argmin(axis=1), fit.labels)
    assert fit.cost == pytest.approx((distances.min(axis=1) * (1.0 if weights is None else weights)).sum())


def test_a_segment_of_weight_n_is_n_equal_customers() -> None:
    data, _ = mixed(120, seed=3)
    times = np.random.default_rng(0).integers(1, 5, len(data))
    repeated = data.take(np.repeat(np.arange(len(data)), times))
    start = Prototypes(data.numeric[:4], data.codes[:4])
    weighted = refine(data, start, row_weights=times.astype(float))
    unweighted = refine(repeated, start)
    assert weighted.cost == pytest.approx(unweighted.cost)
    assert np.array_equal(np.repeat(weighted.labels, times), unweighted.labels)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_and_chunks_change_nothing(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentation.refinement.CHUNK_ROWS", 100)
    monkeypatch.setattr("segmentation.distances.CHUNK_CELLS", 200)
    data, _ = mixed(1_500, seed=2)
    fits = [fit_kprototypes(data, 5, seed=1, dtype=dtype, n_threads=threads) for threads in (1, 2, 3)]
    for fit in fits[1:]:
        assert fit.cost == fits[0].cost
        assert np.array_equal(fit.labels, fits[0].labels)
        assert np.array_equal(fit.prototypes.centroids, fits[0].prototypes.centroids)
    # Refined until nothing moves, prototypes are the means and modes of their own customers, whatever the chunks.
    for segment in range(5):
        own = fits[0].labels == segment
        assert fits[0].prototypes.centroids[segment] == pytest.approx(data.numeric[own].mean(axis=0))
        modes = [np.bincount(codes[own]).argmax() for codes in data.codes.T]
        assert fits[0].prototypes.modes[segment].tolist() == modes


def test_one_start_alone_is_refined_and_no_more() -> None:
    data, k = random_mixed(0)
    start = find_start(data, k, "cao", rng=np.random.default_rng(0))
    alone = fit_kprototypes(data, k, seed=0, starts=["cao"])
    assert alone.cost == refine(data, start).cost
    assert fit_kprototypes(data, k, seed=0).cost < alone.cost, "here the best is elsewhere"


def test_single_precision_costs_the_same() -> None:
    data, _ = mixed(3_000, seed=8)
    start = Prototypes(data.numeric[:4], data.codes[:4])
    double, single = (refine(data, start, dtype=dtype) for dtype in (np.float64, np.float32))
    assert single.cost == pytest.approx(double.cost, rel=1e-5)


def test_cao_starts_with_the_levels_that_kmodes_starts_with() -> None:
    for seed in range(5):
        data, k = random_mixed(seed)
        start = find_start(data, k, "cao", rng=np.random.default_rng(0))
        reference = init_cao(data.codes, k, lambda x, mode: (x != mode).sum(axis=1))
        assert np.array_equal(start.modes, np.asarray(reference, dtype=np.int64))


@pytest.mark.parametrize("method", ["huang", "k-means++"])
def test_drawn_starts_are_customers_and_never_of_weight_0(method: Any) -> None:
    data, _ = mixed(60, seed=5)
    weights = np.zeros(60)
    weights[:6] = 1.0
    start = find_start(data, 4, method, rng=np.random.default_rng(1), row_weights=weights)
    rows = [int(np.flatnonzero((data.numeric == centroid).all(axis=1))[0]) for centroid in start.centroids]
    assert set(rows) <= set(range(6))
    assert np.array_equal(data.codes[rows], start.modes)


def test_a_start_from_levels_needs_levels() -> None:
    numbers = MixedData(np.zeros((3, 1)), np.ones(1), np.empty((3, 0), dtype=np.int64), np.empty(0))
    with pytest.raises(ValueError, match="no categorical feature"):
        find_start(numbers, 2, "cao", rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="must be one of"):
        find_start(numbers, 2, "random", rng=np.random.default_rng(0))  # type: ignore[arg-type]


@given(seed=st.integers(0, 1000))
@settings(max_examples=30, deadline=None)
def test_no_single_move_pays_after_an_exchange(seed: int) -> None:
    data, k = random_mixed(seed)
    data = data.take(slice(0, 30))
    labels = exchange(data, refine(data, Prototypes(data.numeric[:k], data.codes[:k]))).labels
    cost = cost_of(data, labels)
    for row in range(len(data)):
        for segment in range(k):
            moved = labels.copy()
            moved[row] = segment
            assert cost_of(data, moved) >= cost * (1 - 1e-8)


def cost_of(data: MixedData, labels: np.ndarray[Any, Any]) -> float:
    """The cost of labels under the means and modes that they have."""
    cost = 0.0
    for segment in np.unique(labels):
        own = data.take(np.flatnonzero(labels == segment))
        cost += float(((own.numeric - own.numeric.mean(axis=0)) ** 2).sum())
        cost += sum(
            gamma * (len(own) - np.bincount(column).max())
            for gamma, column in zip(data.gammas, own.codes.T, strict=True)
        )
    return cost


def test_cost_of_given_prototypes_is_that_of_kmodes() -> None:
    data, _ = mixed(200, seed=1, gamma=0.7)
    table = np.hstack([data.numeric, data.codes.astype(float)])
    reference = KPrototypes(3, gamma=0.7, random_state=0, n_init=1).fit(table, categorical=[3, 4])
    found = np.asarray(reference.cluster_centroids_, dtype=float)
    ours = assign(data, Prototypes(found[:, :3], found[:, 3:].astype(np.int64)))
    assert ours.cost == pytest.approx(reference.cost_, rel=1e-9)
    assert np.array_equal(ours.labels, reference.labels_)


@pytest.mark.parametrize("seed", range(3, 7))
def test_no_costlier_than_a_start_from_the_planted_groups(seed: int) -> None:
    data, group = mixed(1_200, seed=seed)
    means = np.array([data.numeric[group == segment].mean(axis=0) for segment in range(4)])
    planted = refine(data, Prototypes(means, np.repeat(np.arange(4)[:, None], 2, axis=1)))
    assert fit_kprototypes(data, 4, seed=0).cost <= planted.cost * 1.0005


@given(seed=st.integers(0, 1000), k=st.integers(1, 5), n=st.integers(6, 40))
@settings(max_examples=40, deadline=None)
def test_refining_never_costs_and_leaves_nearest_labels(seed: int, k: int, n: int) -> None:
    data, _ = mixed(n, seed=seed)
    start = Prototypes(data.numeric[:k], data.codes[:k])
    fit = refine(data, start)
    squares = squared_distances(data, fit.prototypes)
    assert fit.cost <= assign(data, start).cost
    assert fit.cost == pytest.approx(squares.min(axis=1).sum())
    assert np.array_equal(fit.labels, squares.round(12).argmin(axis=1))


def test_an_empty_segment_takes_the_farthest_customer() -> None:
    numbers = np.array([[0.0], [0.1], [0.2], [9.0]])
    data = MixedData(numbers, np.ones(1), np.zeros((4, 1), dtype=np.int64), np.ones(1))
    fit = refine(data, Prototypes(np.array([[0.0], [500.0]]), np.zeros((2, 1), dtype=np.int64)))
    assert fit.labels.tolist() == [0, 0, 0, 1]


def test_modes_that_tie_are_the_lowest_code() -> None:
    data = MixedData(np.empty((4, 0)), np.empty(0), np.array([[2], [1], [2], [1]]), np.ones(1))
    fit = refine(data, Prototypes(np.empty((1, 0)), np.array([[0]])))
    assert fit.prototypes.modes.tolist() == [[1]]


def test_gamma_is_mean_variance_over_mean_heterogeneity() -> None:
    numbers = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    codes = np.array([[0, 0], [0, 1], [1, 2], [1, 3]])
    data = MixedData(numbers, np.array([1.0, 3.0]), codes, np.ones(2))
    assert estimate_gamma(data) == pytest.approx(2.0 / ((0.5 + 0.75) / 2))


def test_gamma_is_1_without_numbers() -> None:
    assert estimate_gamma(MixedData(np.empty((2, 0)), np.empty(0), np.array([[0], [1]]), np.ones(1))) == 1.0


def test_the_same_seed_gives_the_same_answer_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    data, _ = mixed(400, seed=9)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first, second = (fit_kprototypes(data, 5, seed=4) for _ in range(2))
    assert np.array_equal(first.labels, second.labels)
    assert np.array_equal(first.prototypes.centroids, second.prototypes.centroids)
    assert capfd.readouterr() == ("", "")


def test_more_identical_customers_than_starts_can_tell_apart() -> None:
    data = MixedData(np.repeat([[0.0], [1.0]], 50, axis=0), np.ones(1), np.zeros((100, 1), dtype=np.int64), np.ones(1))
    assert fit_kprototypes(data, 2, seed=0).cost == 0.0


@pytest.mark.parametrize(
    ("file", "k", "accuracy", "purity", "agreement", "information"),
    [
        ("soybean_small", 4, 1.0, 1.0, 1.0, 1.0),
        ("congressional_voting", 2, 0.864368, 0.864368, 0.529821, 0.439327),
    ],
)
def test_k_modes_meets_published_results(
    file: str, k: int, accuracy: float, purity: float, agreement: float, information: float
) -> None:
    """Dinh et al. (2024), arXiv:2408.17244, k-modes under Cao's start."""
    path = SHARED_DATA / f"{file}.parquet"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {SHARED_DATA}")
    frame = pd.read_parquet(path)
    (outcome,) = (name for name in frame if str(name).lower() == "class")
    truth, _ = pd.factorize(frame[outcome])
    model = Estimator(k, init="cao", gamma=1.0).fit(frame.drop(columns=outcome).astype(str))
    table = pd.crosstab(truth, model.labels_).to_numpy()
    rows, columns = linear_sum_assignment(-table)
    assert table[rows, columns].sum() / len(truth) == pytest.approx(accuracy, abs=5e-7)
    assert table.max(axis=0).sum() / len(truth) == pytest.approx(purity, abs=5e-7)
    assert adjusted_rand_score(truth, model.labels_) == pytest.approx(agreement, abs=5e-7)
    assert normalized_mutual_info_score(truth, model.labels_) == pytest.approx(information, abs=5e-7)


@pytest.mark.parametrize(
    ("file", "numbers", "published"),
    [
        (
            "heart_statlog",
            "age resting_blood_pressure serum_cholestoral maximum_heart_rate_achieved oldpeak number_of_major_vessels",
            0.7830,
        ),
        ("australian_credit", "A2 A3 A7 A10 A13 A14", 0.7955),
    ],
)
def test_mixed_data_reach_the_published_accuracy_with_standard_scaling_and_gamma_auto(
    file: str, numbers: str, published: float
) -> None:
    """Jiang et al. (2018), doi:10.3969/j.issn.1001-3695.2018.02.0080, k-prototypes with k = 2 and a tuned gamma."""
    path = SHARED_DATA / f"{file}.parquet"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {SHARED_DATA}")
    frame = pd.read_parquet(path)
    truth = pd.factorize(frame["class"])[0]
    features = frame.drop(columns="class").astype(float)
    scaled = features[numbers.split()]
    features[numbers.split()] = (scaled - scaled.mean()) / scaled.std(ddof=0)
    categories = [str(name) for name in features if name not in numbers.split()]
    accuracy = float(np.mean(Estimator(2, categorical=categories).fit_predict(features) == truth))
    assert max(accuracy, 1 - accuracy) >= published
