"""Groups of whatever shape: found where k-means cuts across them, and none where there are none."""

from __future__ import annotations

import numpy as np
import pytest
from planted import SEPARABLE_ERROR, planted, structureless
from sklearn.metrics import adjusted_rand_score

from segmentation.choose_k import VALLEY_DEPTH, KTrial, choose_k
from segmentation.distances import Clustering, MixedData, Prototypes, assign
from segmentation.groups import chain_top, find_groups
from segmentation.k_search import groups_at, search_k
from segmentation.kprototypes import fit_kprototypes
from segmentation.separation import valleys

KS = range(2, 11)


def numeric(points: np.ndarray) -> MixedData:
    return MixedData(points, np.ones(points.shape[1]), np.empty((len(points), 0), dtype=np.int64), np.empty(0))


def long_groups(n: int = 1_500) -> tuple[MixedData, np.ndarray]:
    """Three groups side by side, each six times as long as wide: k-means cuts them across."""
    rng = np.random.default_rng(0)
    group = np.arange(n) % 3
    return numeric(rng.normal(size=(n, 2)) * [6.0, 1.0] + np.column_stack([0.0 * group, 6.0 * group])), group


def chosen(data: MixedData) -> int | None:
    """Return the number of groups with valleys between all of them, None where there is none."""
    fits = {k: fit_kprototypes(data, k, seed=0) for k in KS}
    groups = groups_at(data, fits, seed=0)
    trials = [
        KTrial(
            k,
            smallest_share=float(np.bincount(fit.labels, minlength=k).min() / len(data)),
            valley_depth=groups[k].depth if k in groups else None,
            valley_strength=groups[k].strength if k in groups else None,
        )
        for k, fit in fits.items()
    ]
    if not any(trial.is_separated and trial.is_admissible(0.03) for trial in trials):
        return None
    return choose_k(trials, min_share=0.03)[0]


def test_long_groups_are_found_where_cells_have_no_valley() -> None:
    data, group = long_groups()
    fits = {k: fit_kprototypes(data, k, seed=0) for k in range(2, 6)}
    assert adjusted_rand_score(group, fits[3].labels) < 0.5
    assert valleys(data, fits[3]).depth[np.triu_indices(3, 1)].min() < 0.1
    found = groups_at(data, fits, seed=0)
    assert adjusted_rand_score(group, found[3].clustering.labels) > 0.95
    assert found[3].depth > 0.8
    assert found[3].clarity > 1 > found[4].clarity


def test_groups_of_unequal_size_and_tails_are_found_and_categories_count() -> None:
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1, 2, 2], [100, 700, 600, 600])
    numbers = np.array([[6.0, 0.0], [0.0, 0.0], [0.0, 0.0]])[group] + rng.standard_t(5, (2_000, 2))
    codes = np.where(rng.random((2_000, 4)) < 0.9, (group == 1)[:, None], (group != 1)[:, None]).astype(np.int64)
    data = MixedData(numbers, np.ones(2), codes, np.full(4, 2.0))
    assert chosen(data) == 3


@pytest.mark.parametrize(("seed", "k"), [(1_113, 6), (1_139, 5), (1_162, 4), (1_195, 8)])
def test_planted_numbers_are_found_where_cells_cut_across(seed: int, k: int) -> None:
    """Data sets at whose own number some cells of k-means or k-prototypes have no valley between them."""
    world = planted(seed)
    assert world.k == k
    assert world.bayes_error <= SEPARABLE_ERROR
    cells = valleys(world.data, fit_kprototypes(world.data, k, seed=0))
    assert cells.depth[np.triu_indices(k, 1)].min() < VALLEY_DEPTH
    assert chosen(world.data) == k


@pytest.mark.parametrize("seed", range(2_000, 2_005))
def test_customers_without_groups_have_none(seed: int) -> None:
    """Normal, correlated, uniform, log-normal, and independent categories."""
    assert chosen(structureless(seed)[0]) is None


def test_groups_that_differ_in_shares_of_levels_alone_do_no_harm() -> None:
    """Both have the same modes and there are no numbers: there is nothing to measure a valley on."""
    rng = np.random.default_rng(0)
    codes = np.column_stack([rng.choice(3, 400, p=[0.5, 0.3, 0.2]) for _ in range(3)]).astype(np.int64)
    data = MixedData(np.empty((400, 0)), np.empty(0), codes, np.ones(3))
    clustering = assign(data, Prototypes(np.empty((2, 0)), np.zeros((2, 3), dtype=np.int64)))
    labels = np.arange(400) % 2
    assert valleys(data, Clustering(clustering.prototypes, labels, clustering.cost)).depth.max() == 0.0


def test_groups_of_a_k_do_not_depend_on_the_others_and_come_back() -> None:
    data, _ = long_groups(600)
    fits = {k: fit_kprototypes(data, k, seed=0) for k in (2, 3, 4, 13)}
    every = groups_at(data, fits, seed=0)
    for k in (3, 13):
        alone = groups_at(data, {k: fits[k]}, seed=0)
        assert list(alone) == [k]
        assert np.array_equal(alone[k].clustering.labels, every[k].clustering.labels)
        assert alone[k].depth == every[k].depth


@pytest.mark.parametrize(("k", "top"), [(2, 12), (10, 12), (11, 24), (20, 24), (23, 48)])
def test_parts_are_merged_from_more_than_wanted(k: int, top: int) -> None:
    assert chain_top(k) == top


def test_segments_follow_groups_where_this_costs_little() -> None:
    """Two optima of k-means of nearly the same cost: the one that begins at the groups is taken."""
    rng = np.random.default_rng(0)
    group = np.arange(2_000) % 2
    side = 4.0
    points = rng.normal(size=(2_000, 2)) * [0.29 * side, 1.0] + np.column_stack([0.0 * group, side * group])
    points[:, 0] = rng.uniform(-1, 1, 2_000) * side * 1.01
    data = numeric(points)
    across = assign(data, Prototypes(np.array([[-2.0, 2.0], [2.0, 2.0]]), np.empty((2, 0), dtype=np.int64)))

    def cuts_across(given: MixedData, k: int) -> object:
        return fit_kprototypes(given, k, seed=0, start=across.prototypes)

    fit = cuts_across(data, 2)
    assert abs(adjusted_rand_score(group, fit.labels)) < 0.1  # type: ignore[attr-defined]
    found = search_k(data, range(2, 3), fit=cuts_across, seed=0, n_distinct=2_000)  # type: ignore[arg-type]
    assert adjusted_rand_score(group, found.fits[2].labels) > 0.9
    assert found.fits[2].cost <= 1.02 * fit.cost  # type: ignore[attr-defined]


@pytest.mark.parametrize("shape", ["identical", "few", "constant", "rare level", "one column of levels"])
def test_data_that_vary_little_do_no_harm(shape: str) -> None:
    rng = np.random.default_rng(0)
    two = np.array([0, 1] * 30)
    numbers = {
        "identical": np.ones((60, 2)),
        "few": rng.normal(size=(4, 3)),
        "constant": np.column_stack([np.ones(60), rng.normal(size=60)]),
        "rare level": np.repeat([[0.0], [1.0]], [59, 1], axis=0),
        "one column of levels": np.empty((60, 0)),
    }[shape]
    codes = two[:, None] if numbers.shape[1] == 0 else np.empty((len(numbers), 0), dtype=np.int64)
    data = MixedData(numbers, np.ones(numbers.shape[1]), codes, np.ones(codes.shape[1]))
    labels = np.arange(len(numbers)) % 2
    found = find_groups(data, {2: labels}, {12: np.arange(len(numbers)) % min(12, len(numbers))})
    for groups in found.values():
        assert np.isfinite(groups.clarity)
        assert 0 <= groups.depth <= 1
