"""Scaling: what it promises about mean and deviation, and what it does with values that cannot be scaled."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from segmentation.scaling import NumericScaler, fit_scaler

NAN = float("nan")
# Values as features have them: counts, money and shares, to a millionth.
VALUES = st.lists(
    st.one_of(st.none(), st.floats(-1e9, 1e9).map(lambda x: round(x, 6)), st.integers(-5, 5).map(float)),
    min_size=2,
    max_size=60,
).map(lambda xs: np.array([NAN if x is None else x for x in xs]))
TRANSFORMS = st.sampled_from(["none", "log", "yeo_johnson"])
CLIPS = st.sampled_from([None, (0.0, 1.0), (0.05, 0.95)])
IMPUTES = st.sampled_from(["median", "mean", "zero", 3.5])


@given(values=VALUES, transform=TRANSFORMS, clip=CLIPS, impute=IMPUTES)
@settings(max_examples=150, deadline=None)
def test_standard_scaling_gives_mean_0_and_deviation_1_after_imputation(
    values: np.ndarray[Any, Any], transform: Any, clip: Any, impute: Any
) -> None:
    scaler = fit_scaler(values, transform=transform, clip=clip, impute=impute)
    scaled = scaler.apply(values)
    assert np.all(np.isfinite(scaled))
    if scaler.weight > 0:
        assert np.mean(scaled) == pytest.approx(0.0, abs=1e-6)
        assert np.std(scaled) == pytest.approx(1.0, abs=1e-6)
    else:
        assert scaler.notes[0].startswith("left out: ")


@given(values=VALUES, transform=TRANSFORMS, scale=st.sampled_from(["standard", "robust", "minmax"]))
@settings(max_examples=100, deadline=None)
def test_scaling_keeps_the_order_of_values(values: np.ndarray[Any, Any], transform: Any, scale: Any) -> None:
    scaler = fit_scaler(values, transform=transform, scale=scale)
    assume(scaler.weight > 0)
    ordered = np.sort(values[np.isfinite(values)])
    steps = np.diff(scaler.apply(ordered))
    assert np.all(steps >= -1e-12 * np.max(np.abs(scaler.apply(ordered)), initial=1.0))


@given(
    values=st.lists(st.floats(-1e4, 1e4).map(lambda x: round(x, 3)), min_size=5, max_size=60).map(np.array),
    transform=TRANSFORMS,
)
@settings(max_examples=100, deadline=None)
def test_inverse_brings_raw_values_back(values: np.ndarray[Any, Any], transform: Any) -> None:
    scaler = fit_scaler(values, transform=transform)
    assume(scaler.weight > 0)
    assume(scaler.yeo_johnson_lambda is None or 0 <= scaler.yeo_johnson_lambda <= 2)
    assert scaler.invert(scaler.apply(values)) == pytest.approx(values, rel=1e-5, abs=1e-3)


@pytest.mark.parametrize(("rate", "scaled", "raw"), [(-1.0, 3.0, np.inf), (3.0, -3.0, -np.inf)])
def test_beyond_what_a_transform_can_give_the_raw_value_is_infinite(rate: float, scaled: float, raw: float) -> None:
    """With rate -1 no value becomes more than 1, with rate 3 none less than -1."""
    scaler = NumericScaler("yeo_johnson", 0.0, None, None, rate, 0.0, 1.0, 1.0)
    assert abs(scaler.apply(np.array([1e12 * np.sign(scaled)]))[0]) <= 1.0
    assert scaler.invert(np.array([scaled]))[0] == raw


@given(values=VALUES, seed=st.integers(0, 9))
@settings(max_examples=50, deadline=None)
def test_order_of_customers_changes_no_more_than_the_last_digits(values: np.ndarray[Any, Any], seed: int) -> None:
    shuffled = np.random.default_rng(seed).permutation(values)
    scaler, other = fit_scaler(values), fit_scaler(shuffled)
    assert (other.impute, other.weight) == (scaler.impute, scaler.weight)
    assert other.center == pytest.approx(scaler.center, rel=1e-9, abs=1e-9)
    assert other.scale == pytest.approx(scaler.scale, rel=1e-9)


@pytest.mark.parametrize(
    ("scale", "reference"), [("standard", StandardScaler()), ("robust", RobustScaler()), ("minmax", MinMaxScaler())]
)
def test_scales_agree_with_scikit_learn(scale: Any, reference: Any) -> None:
    values = np.random.default_rng(1).gamma(2, 30, 500)
    expected = reference.fit_transform(values[:, None])[:, 0]
    assert fit_scaler(values, scale=scale).apply(values) == pytest.approx(expected, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("factor", "shift"), [(1.0, 0.0), (1.0, -20.0), (-1.0, 0.0), (0.01, 0.0)])
def test_yeo_johnson_agrees_with_scipy(factor: float, shift: float) -> None:
    values = factor * np.random.default_rng(2).gamma(2, 30, 2000) + shift
    expected, rate = stats.yeojohnson(values)
    scaler = fit_scaler(values, transform="yeo_johnson", scale="none")
    assert scaler.yeo_johnson_lambda == pytest.approx(rate, abs=2e-4)
    assert scaler.apply(values) == pytest.approx(stats.yeojohnson(values, scaler.yeo_johnson_lambda), rel=1e-12)
    assert np.corrcoef(scaler.apply(values), expected)[0, 1] > 0.999999


def test_yeo_johnson_does_not_squeeze_huge_values_into_rounding_noise() -> None:
    values = 1e15 + 1e12 * np.random.default_rng(3).normal(size=300)
    scaled = fit_scaler(values, transform="yeo_johnson").apply(values)
    assert len(np.unique(scaled)) == 300
    assert np.corrcoef(scaled, values)[0, 1] > 0.99


def test_log_is_symmetric_about_zero() -> None:
    scaler = fit_scaler(np.array([-np.e + 1, 0.0, np.e - 1]), transform="log", scale="none")
    assert scaler.apply(np.array([1 - np.e, 0.0, np.e - 1])).tolist() == pytest.approx([-1.0, 0.0, 1.0])


def test_missing_values_are_imputed_then_clipped() -> None:
    scaler = fit_scaler(np.array([1.0, 2.0, 3.0, NAN]), impute=99.0, clip=(0.0, 1.0), scale="none")
    assert scaler.apply(np.array([NAN, -5.0, 2.5, np.inf])).tolist() == [3.0, 1.0, 2.5, 3.0]


@pytest.mark.parametrize(
    ("values", "impute", "note"),
    [
        ([], "median", "left out: no values"),
        ([NAN, NAN], 5.0, "left out: no values"),
        ([7.0, 7.0, 7.0], "median", "left out: constant"),
        ([7.0, NAN, NAN], "mean", "left out: constant"),
        ([0.1 + 0.2, 0.3, 0.3], "median", "left out: constant"),
        ([1e15, 1e15 + 0.125], "median", "left out: constant"),
        ([1.7e308, -1.7e308], "zero", "left out: range beyond a double"),
    ],
)
def test_a_feature_that_tells_nobody_apart_is_left_out(values: list[float], impute: Any, note: str) -> None:
    scaler = fit_scaler(np.array(values), impute=impute, scale="minmax")
    assert scaler.weight == 0
    assert scaler.notes == (note,)
    assert np.all(np.isfinite(scaler.apply(np.array([*values, NAN]))))


@pytest.mark.parametrize("unit", [1e-200, 1e-12, 1.0, 1e15, 1e200])
def test_the_unit_of_a_feature_decides_nothing(unit: float) -> None:
    values = np.array([1.0, 2.0, 4.0, 8.0])
    scaler = fit_scaler(values * unit)
    assert scaler.weight == 1
    assert scaler.apply(values * unit) == pytest.approx(fit_scaler(values).apply(values), rel=1e-12)


def test_a_mostly_zero_feature_survives_robust_scaling() -> None:
    values = np.array([0.0] * 90 + [1.0] * 10)
    scaler = fit_scaler(values, scale="robust")
    assert scaler.scale == pytest.approx(0.3)
    assert scaler.notes == ("interquartile range is 0: scaled by the standard deviation",)


def test_weight_0_leaves_out_and_says_so() -> None:
    scaler = fit_scaler(np.array([1.0, 2.0]), weight=0.0)
    assert scaler.weight == 0
    assert scaler.notes == ("left out: weight 0",)
    assert isinstance(scaler, NumericScaler)
