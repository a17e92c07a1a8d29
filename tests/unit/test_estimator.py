"""The estimator: frames and arrays in, prototypes in their own terms out, and what it says about mistakes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from segmentation.columns import MISSING_LEVEL
from segmentation.distances import Prototypes
from segmentation.estimator import KPrototypes


def customers(n: int = 200, *, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n)
    return pd.DataFrame(
        {
            "spend": 5.0 * group + rng.normal(size=n),
            "channel": np.array(["web", "shop", "phone"], dtype=object)[group],
            "visits": rng.normal(size=n),
            "member": rng.random(n) < 0.5,
        }
    )


def test_labels_are_those_of_the_nearest_prototype_and_the_cost_is_the_sum_of_squares() -> None:
    frame = customers()
    model = KPrototypes(3).fit(frame)
    distances = model.transform(frame)
    assert distances.shape == (200, 3)
    assert np.array_equal(model.predict(frame), model.labels_)
    assert np.array_equal(distances.argmin(axis=1), model.labels_)
    assert (distances.min(axis=1) ** 2).sum() == pytest.approx(model.cost_)


def test_categories_are_found_in_a_frame_and_named_in_an_array() -> None:
    frame = customers()
    assert KPrototypes(2).fit(frame).categories_ == ["channel", "member"]
    array = KPrototypes(2, categorical=[1, 3]).fit(frame.to_numpy(dtype=object))
    assert array.categories_ == [1, 3]
    assert array.cost_ == pytest.approx(KPrototypes(2).fit(frame).cost_)


def test_a_missing_number_is_the_mean_and_a_missing_category_a_level() -> None:
    frame = pd.DataFrame({"x": [0.0, 1.0, None, 11.0], "c": ["a", "a", None, None]})
    model = KPrototypes(2, gamma=1.0).fit(frame)
    assert model.imputation_.tolist() == [4.0]
    assert model.levels_[0].tolist() == [MISSING_LEVEL, "a"]
    filled = pd.DataFrame({"x": [0.0, 1.0, 4.0, 11.0], "c": ["a", "a", MISSING_LEVEL, MISSING_LEVEL]})
    assert np.array_equal(model.transform(frame), model.transform(filled))


def test_an_unseen_level_differs_from_every_prototype() -> None:
    frame = pd.DataFrame({"x": [0.0, 0.0, 5.0, 5.0], "c": ["a", "a", "b", "b"]})
    model = KPrototypes(2, gamma=4.0).fit(frame)
    new = pd.DataFrame({"x": [0.0], "c": ["z"]})
    assert sorted((model.transform(new) ** 2)[0]) == pytest.approx([4.0, 29.0])


@pytest.mark.parametrize(
    ("fitted", "later"),
    [
        (pd.Series([True, False, True]), pd.Series([True, False, None], dtype=object)),
        (pd.Series([True, False, True]), pd.Series([True, False, None], dtype="boolean")),
        (pd.Series([True, False, True]), pd.Series([1.0, 0.0, None])),
        (pd.Series([7, 8, 7]), pd.Series([7.0, 8.0, None])),
        (pd.Series([7, 8, 7]), pd.Series([Decimal("7.00"), Decimal(8), None], dtype=object)),
        (pd.Series([7, 8, 7]), pd.Series(["7", "8", None], dtype=object)),
        (pd.Series([0.5, 0.25, 0.5]), pd.Series([Decimal("0.50"), Decimal("0.25"), None], dtype=object)),
        (pd.Series([True, False, "web"], dtype=object), pd.Series(["true", "false", None], dtype=object)),
        (pd.Series(["a", "b", "a"]), pd.Series(["a", "b", None], dtype="category")),
        (
            pd.to_datetime(pd.Series(["2024-01-31", "2024-02-29"] * 2)),
            pd.Series([date(2024, 1, 31), date(2024, 2, 29)]),
        ),
    ],
)
def test_a_level_is_the_same_whatever_the_type_of_its_column(fitted: pd.Series[Any], later: pd.Series[Any]) -> None:
    model = KPrototypes(2, categorical=["c"]).fit(pd.DataFrame({"c": fitted}))
    first, second = (int(label) for label in model.labels_[:2])
    assert first != second
    assert model.predict(pd.DataFrame({"c": later})).tolist()[:2] == [first, second]


def test_one_and_true_are_two_levels_of_one_column() -> None:
    model = KPrototypes(2, categorical=["c"]).fit(pd.DataFrame({"c": pd.Series([1, True, 1, True], dtype=object)}))
    assert model.levels_[0].tolist() == ["1", "true"]
    assert model.labels_[0] == model.labels_[2] != model.labels_[1] == model.labels_[3]


def test_decimals_are_numbers() -> None:
    prices = pd.Series([Decimal("1.10"), Decimal("1.20"), None, Decimal("9.00")], dtype=object)
    assert KPrototypes(2).fit(pd.DataFrame({"price": prices})).categories_ == []


def test_purely_numeric_and_purely_categorical_data() -> None:
    frame = customers()
    assert KPrototypes(3).fit(frame[["spend", "visits"]]).cluster_modes_.size == 0
    modes = KPrototypes(3).fit(frame[["channel"]])
    assert modes.cost_ == 0.0
    assert sorted(modes.cluster_modes_[:, 0]) == ["phone", "shop", "web"]


def test_row_weights_count_as_repetitions() -> None:
    frame = customers(60)
    times = np.random.default_rng(1).integers(1, 4, 60)
    repeated = frame.loc[np.repeat(frame.index, times)]
    weighted = KPrototypes(3, init="cao").fit(frame, sample_weight=times)
    assert weighted.cost_ == pytest.approx(KPrototypes(3, init="cao").fit(repeated).cost_)
    assert weighted.gamma_ == pytest.approx(KPrototypes(3).fit(repeated).gamma_)


def test_feature_weights_and_gamma_by_column() -> None:
    frame = customers()
    model = KPrototypes(3, gamma={"channel": 2.0, "member": 0.5}, feature_weights={"visits": 0.0, "member": 0.0})
    model.fit(frame)
    assert model.gamma_.tolist() == [2.0, 0.5]
    changed = frame.assign(visits=1e3, member=~frame["member"])
    assert np.array_equal(model.transform(changed), model.transform(frame))


def test_a_warm_start_goes_on_from_what_was_found() -> None:
    frame = customers()
    model = KPrototypes(3).fit(frame)
    again = KPrototypes(3, init=(model.cluster_centroids_, model.cluster_modes_)).fit(frame)
    assert np.array_equal(again.labels_, model.labels_)
    unknown = np.array([["fax", False], ["web", True], ["shop", True]], dtype=object)
    assert KPrototypes(3, init=(model.cluster_centroids_, unknown)).fit(frame).cost_ <= 2 * model.cost_


def test_threads_and_precision() -> None:
    frame = customers(3_000)
    one, two = (KPrototypes(4, n_threads=threads).fit(frame) for threads in (1, 2))
    assert one.cost_ == two.cost_
    assert np.array_equal(one.transform(frame), two.transform(frame))
    assert KPrototypes(4, dtype="float32").fit(frame).cost_ == pytest.approx(one.cost_, rel=1e-3)


def test_it_behaves_like_an_estimator() -> None:
    model = clone(KPrototypes(3, gamma=0.5, random_state=4))
    assert model.get_params()["gamma"] == 0.5
    labels = make_pipeline(FunctionTransformer(), model).fit_predict(customers())
    assert set(labels) == {0, 1, 2}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_clusters": 0}, "n_clusters must be from 1 to the number of rows, 200"),
        ({"n_clusters": 201}, "n_clusters must be from 1"),
        ({"init": "random"}, "init must be one of auto, cao"),
        ({"init": (np.zeros((3, 1)), np.zeros((3, 2)))}, "init must be centroids of shape"),
        ({"dtype": "float16"}, "dtype must be"),
        ({"n_init": 0}, "n_init must be at least 1"),
        ({"gamma": "estimated"}, "gamma must be 'auto'"),
        ({"gamma": -1.0}, "gamma must be finite and at least 0"),
        ({"gamma": [1.0]}, "gamma must have one value for each of 2"),
        ({"gamma": {"channel": 1.0}}, "gamma has no value for member"),
        ({"feature_weights": {"spent": 1.0}}, "feature_weights names columns that are absent: spent"),
        ({"feature_weights": {"spend": -1.0}}, "feature_weights must be finite"),
        ({"categorical": ["chanel"]}, "categorical names columns that are absent"),
        ({"categorical": "all"}, "categorical must be a list"),
    ],
)
def test_mistakes_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        KPrototypes(**{"n_clusters": 3, **settings}).fit(customers())


@pytest.mark.parametrize(
    "weights", [[1.0], [-1.0] * 200, [0.0] * 200, [float("nan")] * 200, [1.0] * 199 + [float("inf")]]
)
def test_row_weights_are_checked(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="sample_weight must"):
        KPrototypes(3).fit(customers(), sample_weight=weights)


def test_a_column_of_the_fit_must_be_there() -> None:
    model = KPrototypes(3, init=Prototypes(np.zeros((3, 2)), np.array([["web", True]] * 3))).fit(customers())
    with pytest.raises(ValueError, match="columns of the fit are absent: spend"):
        model.predict(customers().drop(columns="spend"))
