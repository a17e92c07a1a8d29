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
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score

from segmentation.distances import MixedData, Prototypes, assign, squared_distances
from segmentation.kprototypes import estimate_gamma, fit_kprototypes, refine

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


@pytest.mark.parametrize("seed", range(4))
def test_cost_is_not_above_that_of_kmodes(seed: int) -> None:
    data, _ = mixed(300, seed=seed)
    assert fit_kprototypes(data, 4, seed=seed).cost <= kmodes_cost(data, 4, init="Cao", n_init=3) * (1 + 1e-9)


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
    ("file", "k", "accuracy", "agreement"),
    [("soybean_small", 4, 1.0, 1.0), ("congressional_voting", 2, 0.864368, 0.529821)],
)
def test_k_modes_meets_published_results(file: str, k: int, accuracy: float, agreement: float) -> None:
    """Dinh et al. (2024), arXiv:2408.17244, k-modes under Cao's start."""
    path = SHARED_DATA / f"{file}.parquet"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {SHARED_DATA}")
    frame = pd.read_parquet(path)
    (outcome,) = (name for name in frame if str(name).lower() == "class")
    truth, _ = pd.factorize(frame[outcome])
    features = frame.drop(columns=outcome)
    codes = np.column_stack([pd.factorize(features[name].astype(str), sort=True)[0] for name in features])
    data = MixedData(np.empty((len(codes), 0)), np.empty(0), codes.astype(np.int64), np.ones(codes.shape[1]))
    labels = fit_kprototypes(data, k, seed=0).labels
    table = pd.crosstab(truth, labels).to_numpy()
    rows, columns = linear_sum_assignment(-table)
    assert table[rows, columns].sum() / len(truth) == pytest.approx(accuracy, abs=5e-7)
    assert adjusted_rand_score(truth, labels) == pytest.approx(agreement, abs=5e-7)
