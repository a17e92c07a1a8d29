"""Customers without clusters: same marginals as far as one peak allows, same correlations, no groups."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau, ks_2samp, spearmanr
from scipy.stats.contingency import association, crosstab

from segmentation.distances import MixedData
from segmentation.null_model import NullModel


def drawn(numeric: np.ndarray, codes: np.ndarray | None = None, n: int = 4_000) -> MixedData:
    given = np.empty((len(numeric), 0), dtype=np.int64) if codes is None else codes
    data = MixedData(numeric, np.ones(numeric.shape[1]), given, np.ones(given.shape[1]))
    return NullModel.of(data).draw(n, np.random.default_rng(1))


@pytest.mark.parametrize("shape", ["normal", "uniform", "log-normal", "heavy tails"])
def test_distributions_of_one_peak_are_kept(shape: str) -> None:
    rng = np.random.default_rng(0)
    values = {
        "normal": rng.normal(size=3_000),
        "uniform": rng.random(3_000),
        "log-normal": np.exp(rng.normal(size=3_000)),
        "heavy tails": rng.standard_t(3, 3_000),
    }[shape]
    assert ks_2samp(values, drawn(values[:, None]).numeric[:, 0]).statistic < 0.05


def test_two_peaks_become_one() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(-3, 0.5, 1_500), rng.normal(3, 0.5, 1_500)])
    found = drawn(values[:, None]).numeric[:, 0]
    assert np.mean(np.abs(values) < 1) < 0.01
    assert np.mean(np.abs(found) < 1) > 0.1
    assert found.min() >= values.min()
    assert found.max() <= values.max()


def test_correlations_are_kept() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=3_000)
    other = np.exp(0.8 * one + 0.6 * rng.normal(size=3_000))
    found = drawn(np.column_stack([one, other])).numeric
    assert spearmanr(found[:, 0], found[:, 1])[0] == pytest.approx(spearmanr(one, other)[0], abs=0.04)


def test_categories_keep_their_shares_and_go_with_numbers_as_before() -> None:
    rng = np.random.default_rng(0)
    number = rng.normal(size=3_000)
    level = np.searchsorted([-1.0, 0.5], number + rng.normal(size=3_000))
    code = np.array([2, 0, 1])[level]
    found = drawn(number[:, None], code[:, None])
    assert np.bincount(found.codes[:, 0]) / 4_000 == pytest.approx(np.bincount(code) / 3_000, abs=0.03)
    place = np.array([1, 2, 0])
    before = kendalltau(number, level)[0]
    assert kendalltau(found.numeric[:, 0], place[found.codes[:, 0]])[0] == pytest.approx(before, abs=0.08)


def test_counts_stay_counts_and_constants_constant() -> None:
    rng = np.random.default_rng(0)
    found = drawn(np.column_stack([rng.poisson(3, 2_000).astype(float), np.full(2_000, 7.0)])).numeric
    assert set(found[:, 0]) <= set(range(20))
    assert np.unique(found[:, 1]).tolist() == [7.0]


@pytest.mark.parametrize("is_kept", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("with_number", [True, False])
def test_two_categories_go_together_if_they_did(is_kept: float, with_number: bool) -> None:
    """By Cramér's V, which knows no order: nought stays nought, and what there is may become less, not more."""
    rng = np.random.default_rng(3)
    one = rng.choice(3, 4_000, p=[0.5, 0.3, 0.2])
    other = np.where(rng.random(4_000) < is_kept, one, rng.choice(3, 4_000, p=[0.5, 0.3, 0.2]))
    numeric = rng.normal(size=(4_000, 1)) if with_number else np.empty((4_000, 0))
    codes = np.column_stack([one, np.array([1, 2, 0])[other]])
    found = drawn(numeric, codes).codes

    def v(pair: np.ndarray) -> float:
        return float(association(crosstab(pair[:, 0], pair[:, 1]).count, method="cramer"))

    for column in (0, 1):
        shares = np.bincount(codes[:, column]) / 4_000
        assert np.bincount(found[:, column]) / 4_000 == pytest.approx(shares, abs=0.03)
    assert is_kept / 3 <= v(found) <= v(codes) + 0.05
