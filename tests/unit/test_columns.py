"""Columns in all the clothes in which engines deliver them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segmentation.columns import MISSING_LEVEL, require_columns, to_floats, to_levels
from segmentation.errors import UserError

NAN = float("nan")


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1.5, NAN, 2.0]),
        pd.Series([Decimal("1.5"), None, Decimal("2.0000")], dtype=object),
        pd.Series([1.5, pd.NA, 2], dtype="Float64"),
        pd.Series([1.5, None, 2], dtype="float32"),
        pd.Series([Decimal("1.5"), pd.NA, np.int64(2)], dtype=object),
    ],
)
def test_numbers_become_doubles_whatever_their_type(values: pd.Series[Any]) -> None:
    floats, n_infinite = to_floats(values)
    assert floats.dtype == np.float64
    assert floats.tolist()[::2] == [1.5, 2.0]
    assert np.isnan(floats[1])
    assert n_infinite == 0


def test_booleans_and_integers_are_numbers() -> None:
    assert to_floats(pd.Series([True, False]))[0].tolist() == [1.0, 0.0]
    assert to_floats(pd.Series([2**40, None], dtype="Int64"))[0][0] == 2.0**40


def test_infinities_are_missing_and_counted() -> None:
    floats, n_infinite = to_floats(pd.Series([1.0, np.inf, -np.inf, Decimal("Infinity")], dtype=object))
    assert n_infinite == 3
    assert np.isnan(floats[1:]).all()


def test_text_in_a_number_is_a_clear_error() -> None:
    with pytest.raises(UserError, match=r"feature 'age' holds values that are no numbers, as in 'fünf'.*attributes"):
        to_floats(pd.Series([1, "fünf"], name="age", dtype=object))


def test_levels_are_texts_with_one_for_missing() -> None:
    values = pd.Series(["Köln", None, NAN, pd.NA, "", 3], dtype=object)
    assert to_levels(values).tolist() == ["Köln", MISSING_LEVEL, MISSING_LEVEL, MISSING_LEVEL, "", "3"]


@pytest.mark.parametrize("dtype", ["boolean", object])
def test_truth_values_are_spelt_as_in_sql(dtype: Any) -> None:
    values = pd.Series([True, False, None], dtype=dtype)
    assert to_levels(values, boolean=True).tolist() == ["true", "false", MISSING_LEVEL]


def test_truth_values_that_became_floats_are_spelt_alike() -> None:
    assert to_levels(pd.Series([1.0, 0.0, NAN]), boolean=True).tolist() == ["true", "false", MISSING_LEVEL]


def test_an_absent_column_is_a_clear_error() -> None:
    with pytest.raises(UserError, match="training_sample has no column 'b'; it has: a"):
        require_columns(pd.DataFrame({"a": [1]}), ["a", "b"], table="training_sample")
