"""The search for k: every criterion for every k, whatever the range."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

import numpy as np

from segmentation.choose_k import choose_k
from segmentation.distances import MixedData, count_distinct
from segmentation.k_search import KSearch, search_k, subsample
from segmentation.kprototypes import fit_kprototypes


def mixed(n: int, groups: int = 3) -> MixedData:
    rng = np.random.default_rng(0)
    group = np.arange(n) % groups
    numbers = 6 * np.column_stack([group, group % 2]) + rng.normal(size=(n, 2))
    codes = np.where(rng.random((n, 1)) < 0.8, group[:, None], rng.integers(0, groups, (n, 1)))
    return MixedData(numbers, np.ones(2), codes, np.ones(1))


def searched(data: MixedData, ks: range, *, all_criteria: bool = True) -> KSearch:
    fit = partial(fit_kprototypes, seed=1)
    return search_k(data, ks, fit=fit, seed=1, n_distinct=count_distinct(data), all_criteria=all_criteria)


def test_every_criterion_of_every_k_and_the_planted_number_wins() -> None:
    search = searched(mixed(400), range(2, 6))
    for trial in search.trials:
        assert None not in asdict(trial).values()
    assert choose_k(search.trials, min_share=0.03)[0] == 3
    by_k = {trial.k: trial for trial in search.trials}
    assert max(by_k.values(), key=lambda trial: trial.gap or 0.0).k == 3
    assert (by_k[3].prediction_strength or 0.0) > 0.95
    assert (by_k[4].prediction_strength or 1.0) < 0.8
    assert (by_k[3].silhouette or 0.0) > (by_k[3].null_silhouette or 1.0) + 5 * (by_k[3].null_deviation or 1.0)
    assert {k: len(values) for k, values in search.stability.items()} == {k: k for k in range(2, 6)}


def test_criteria_of_a_k_do_not_depend_on_the_range() -> None:
    data = mixed(300)
    wide, narrow = searched(data, range(2, 5)), searched(data, range(3, 4))
    assert wide.trials[1] == narrow.trials[0]


def test_silhouettes_alone_need_no_further_fits() -> None:
    search = searched(mixed(300), range(2, 5), all_criteria=False)
    assert [trial.gap for trial in search.trials] == [None] * 3
    assert choose_k(search.trials, min_share=0.03)[0] == 3
    assert search.stability == {}


def test_more_segments_than_distinct_customers_are_not_fitted() -> None:
    data = MixedData(
        np.repeat([[0.0], [1.0], [5.0]], 3, axis=0), np.ones(1), np.empty((9, 0), dtype=np.int64), np.empty(0)
    )
    search = searched(data, range(2, 6))
    assert sorted(search.fits) == [2, 3]
    assert search.trials[3].inertia is None
    assert searched(data, range(5, 6)).fits == {}


def test_progress_is_told() -> None:
    told: list[str] = []
    fit = partial(fit_kprototypes, seed=0)
    search_k(mixed(60), range(2, 4), fit=fit, seed=0, n_distinct=60, report=told.append)
    assert told[0] == "fit of k = 2"
    assert told[-1] == "resamples for k = 3"


def test_a_subsample_keeps_the_order_and_is_drawn_without_replacement() -> None:
    data = MixedData(np.arange(50.0)[:, None], np.ones(1), np.empty((50, 0), dtype=np.int64), np.empty(0))
    found = subsample(data, 20, 3).numeric[:, 0]
    assert len(np.unique(found)) == 20
    assert np.all(np.diff(found) > 0)
    assert subsample(data, 50, 3) is data


def test_what_comes_back_by_itself_comes_back_without_groups_too() -> None:
    """Three groups come back better than any crowd does; the halves of a long crowd do not, stable as they are."""
    groups = searched(mixed(400), range(3, 4))
    crowds = groups.without_groups(3, seed=1)
    assert crowds is not None
    assert groups.stability[3].min() > crowds.lowest_stability
    assert (groups.trials[0].prediction_strength or 0.0) > (crowds.prediction_strength or 1.0)
    numbers = np.random.default_rng(3).normal(size=(400, 2)) * [3.0, 1.0]
    long = searched(MixedData(numbers, np.ones(2), np.empty((400, 0), dtype=np.int64), np.empty(0)), range(2, 3))
    crowds = long.without_groups(2, seed=1)
    assert crowds is not None
    assert 0.75 < long.stability[2].min() <= crowds.lowest_stability
    assert searched(mixed(300), range(2, 3), all_criteria=False).without_groups(2, seed=1) is None
