"""Valleys: deep between groups, none where one group was cut in two."""

from __future__ import annotations

import numpy as np

from segmentation.choose_k import VALLEY_DEPTH, VALLEY_STRENGTH
from segmentation.distances import Clustering, MixedData, Prototypes, assign
from segmentation.k_search import groups_at
from segmentation.kprototypes import fit_kprototypes
from segmentation.separation import half_steps, valleys


def numeric(points: np.ndarray) -> MixedData:
    return MixedData(points, np.ones(points.shape[1]), np.empty((len(points), 0), dtype=np.int64), np.empty(0))


def test_two_groups_have_a_valley_and_a_third_segment_has_none_towards_its_other_half() -> None:
    rng = np.random.default_rng(0)
    data = numeric(np.array([[0.0, 0.0], [6.0, 0.0]])[np.arange(1_000) % 2] + rng.normal(size=(1_000, 2)))
    two = valleys(data, fit_kprototypes(data, 2, seed=0))
    assert two.depth[0, 1] == two.depth[1, 0] > 0.9
    assert two.strength[0, 1] > 10
    three = valleys(data, fit_kprototypes(data, 3, seed=0))
    others = ~np.eye(3, dtype=bool)
    assert three.depth[others].min() < VALLEY_DEPTH
    assert np.count_nonzero(three.strength[others] > VALLEY_STRENGTH) == 4


def test_one_group_has_hardly_ever_a_valley_however_it_is_cut() -> None:
    """The discriminant is turned towards the deepest valley, so now and then noise looks like one."""
    false_valleys = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        for points in (rng.normal(size=(2_000, 3)), np.exp(rng.normal(size=(2_000, 3))), rng.random((2_000, 3))):
            for k in (2, 3):
                found = valleys(numeric(points), fit_kprototypes(numeric(points), k, seed=0))
                others = ~np.eye(k, dtype=bool)
                depth, strength = found.depth[others].min(), found.strength[others].min()
                false_valleys.append(depth >= VALLEY_DEPTH and strength >= VALLEY_STRENGTH)
    assert np.mean(false_valleys) <= 0.05


def test_long_groups_side_by_side_are_told_apart_although_means_cut_them_askew() -> None:
    rng = np.random.default_rng(1)
    points = rng.normal(size=(2_000, 2)) * [3.0, 1.0] + np.array([[0.0, -2.5], [0.0, 2.5]])[np.arange(2_000) % 2]
    turned = points @ np.array([[0.8, 0.6], [-0.6, 0.8]])
    start = Prototypes(np.array([[2.4, -1.0], [-2.4, 1.0]]), np.empty((2, 0), dtype=np.int64))
    askew = assign(numeric(turned), start)
    assert 0.05 < np.mean(askew.labels != np.arange(2_000) % 2) < 0.95
    assert valleys(numeric(turned), askew).depth[0, 1] > VALLEY_DEPTH


def test_a_gap_between_two_parts_where_a_third_lies_is_no_valley() -> None:
    """Four parts of a cube, each two of them without a part of the cube between them or with another part in it."""
    points = np.random.default_rng(0).uniform(-1, 1, (3_000, 3))
    left = points[:, 0] < 0
    labels = np.where(left, np.where(points[:, 1] < 0, 0, 1), np.where(points[:, 2] < 0, 2, 3))
    data = numeric(points)
    means = np.array([points[labels == part].mean(axis=0) for part in range(4)])
    prototypes = Prototypes(means, np.empty((4, 0), dtype=np.int64))
    pair = np.isin(labels, [0, 2])
    alone = numeric(points[pair])
    gap = valleys(alone, Clustering(Prototypes(means[[0, 2]], prototypes.modes[:2]), labels[pair] // 2, 0.0))
    assert gap.depth[0, 1] > VALLEY_DEPTH
    filled = valleys(data, Clustering(prototypes, labels, 0.0))
    assert filled.depth[0, 2] < VALLEY_DEPTH


def test_one_category_makes_no_valley_and_several_that_go_together_do() -> None:
    rng = np.random.default_rng(0)
    group = np.arange(1_500) % 2
    alone = MixedData(rng.normal(size=(1_500, 1)), np.ones(1), group[:, None], np.full(1, 2.0))
    found = valleys(alone, fit_kprototypes(alone, 2, seed=0))
    assert found.depth[0, 1] < VALLEY_DEPTH
    codes = np.where(rng.random((1_500, 5)) < 0.95, group[:, None], 1 - group[:, None])
    together = MixedData(rng.normal(size=(1_500, 1)), np.ones(1), codes, np.full(5, 2.0))
    found = valleys(together, fit_kprototypes(together, 2, seed=0))
    assert found.depth[0, 1] > VALLEY_DEPTH
    assert found.strength[0, 1] > VALLEY_STRENGTH


def test_steps_are_those_of_values_that_many_share() -> None:
    rng = np.random.default_rng(0)
    numbers = np.column_stack(
        [
            rng.normal(size=3_000),
            np.arange(3_000) % 4,
            np.where(np.arange(3_000) < 2_000, 0.0, rng.uniform(1, 2, 3_000)),
        ]
    )
    continuous, counts, zeros = half_steps(numbers)
    assert continuous == 0
    assert 0.5 <= counts <= 1.0
    assert 0.7 < zeros < 0.8
    assert half_steps(np.ones((50, 1))).tolist() == [0.0]


def test_zeros_and_counts_alone_make_no_groups() -> None:
    """Nothing goes together, but one number is zero for many and the other takes four values."""
    rng = np.random.default_rng(0)
    zeros = np.where(rng.random(3_000) < 0.6, 0.0, rng.uniform(2, 3, 3_000))
    data = numeric(np.column_stack([rng.normal(size=3_000), zeros, 2.0 * rng.poisson(0.8, 3_000)]))
    for k in (2, 3, 4):
        fit = fit_kprototypes(data, k, seed=0)
        assert valleys(data, fit).depth[np.triu_indices(k, 1)].min() < VALLEY_DEPTH
        groups = groups_at(data, {k: fit}, seed=0)
        assert all(found.clarity < 1 for found in groups.values())


def test_segments_of_one_customer_and_identical_customers() -> None:
    data = numeric(np.array([[0.0], [0.0], [0.0], [5.0]]))
    found = valleys(data, assign(data, Prototypes(np.array([[0.0], [5.0]]), np.empty((2, 0), dtype=np.int64))))
    assert found.depth.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    same = numeric(np.ones((6, 1)))
    assert np.all(np.isfinite(valleys(same, fit_kprototypes(same, 2, seed=0)).depth))
