"""Columns of a frame as the arrays that clustering works on: doubles for numbers, text levels for everything else.

Engines deliver the same column in different clothes (Decimal objects, nullable extension types, floats with NaN for
null), and infinities have no place in a distance. Both are settled here, once, for fitting and for scoring.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from segmentation.config.methods import for_categories
from segmentation.errors import UserError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.object_]

MISSING_LEVEL = "(missing)"
"""The level of a null in a category or boolean feature."""

_WHOLE = 1e18
"""Below it a whole number is written without a fraction, as staging does (`whole_number_text`)."""


def require_columns(frame: pd.DataFrame, columns: Iterable[str], *, table: str) -> None:
    """Raise unless the frame has all the columns.

    Parameters
    ----------
    frame : DataFrame
        The table to look at.
    columns : iterable of str
        Names that must be present.
    table : str
        What the table is called in the message.

    Raises
    ------
    UserError
        If a column is absent.
    """
    absent = [column for column in columns if column not in frame.columns]
    if absent:
        raise UserError(
            f"{table} has no column {', '.join(map(repr, absent))}; it has: {', '.join(map(str, frame.columns))}. "
            "Build the models before it (dbt build) so that configuration and features agree."
        )


def to_floats(values: pd.Series[Any]) -> tuple[FloatArray, int]:
    """Convert a numeric column to doubles, with NaN for what is missing.

    Parameters
    ----------
    values : Series of shape (n,)
        Floats, integers, booleans, `decimal.Decimal` objects or a nullable extension type.

    Returns
    -------
    floats : ndarray of shape (n,)
        The values; NaN for null, NaN and infinities.
    n_infinite : int
        How many infinities were turned into NaN.

    Raises
    ------
    UserError
        If a value is no number.
    """
    present = values.notna().to_numpy(dtype=bool)
    floats = np.full(len(values), np.nan)
    try:
        floats[present] = np.asarray(values[present].to_numpy(dtype=object), dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise UserError(
            f"feature {values.name!r} holds values that are no numbers, as in {_first_text(values[present])!r}; "
            f"declare it as string under `attributes` and use it under {for_categories()}, "
            "or map a numeric column to it."
        ) from None
    infinite = np.isinf(floats)
    floats[infinite] = np.nan
    return floats, int(infinite.sum())


def to_levels(values: pd.Series[Any], *, boolean: bool = False) -> TextArray:
    """Convert a category or boolean column to text levels.

    A value has one text whatever the type of its column, that of the warehouse: `True` is 'true', and 3, 3.0 and
    `Decimal("3.00")` are all '3', so that a column read again with or without missing values keeps its levels.

    Parameters
    ----------
    values : Series of shape (n,)
        The column; null becomes `MISSING_LEVEL`.
    boolean : bool, default False
        Whether numbers are truth values too, whose levels are 'true' and 'false'.

    Returns
    -------
    ndarray of shape (n,), dtype object
        One str for each row.
    """
    present = values.notna().to_numpy(dtype=bool)
    levels = np.full(len(values), MISSING_LEVEL, dtype=object)
    known = values[present].to_numpy(dtype=object)
    if boolean:
        levels[present] = np.where(known.astype(bool), "true", "false").astype(object)
    else:
        levels[present] = [_level(value) for value in known]
    return levels


def _level(value: Any) -> str:
    """Return the text of one value that is not null."""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating, Decimal)):
        # The shortest digits that give the number back, as `double_as_text` writes them; none of them for a whole one.
        if abs(float(value)) < _WHOLE and int(value) == value:
            return str(int(value))
        return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime) and value.tzinfo is None and value.time() == time():
        return value.date().isoformat()
    return str(value)


def encode_levels(values: pd.Series[Any], *, boolean: bool = False) -> tuple[IntArray, TextArray]:
    """Return a category or boolean column as codes of its levels, which are sorted.

    Parameters
    ----------
    values : Series of shape (n,)
        The column; null becomes `MISSING_LEVEL`.
    boolean : bool, default False
        Whether the values are truth values.

    Returns
    -------
    codes : ndarray of shape (n,)
        Position of each row's level.
    levels : ndarray of shape (levels,), dtype object
        The levels that occur.
    """
    objects = values.to_numpy(dtype=object)
    if not boolean and values.dtype == object and pd.api.types.infer_dtype(values).startswith("mixed"):
        # True is 1 to a hash table, and their texts differ.
        objects = to_levels(values).astype(object)
    # Text is made of distinct values alone: there are few of them, and making it takes longer than all the rest.
    positions, distinct = pd.factorize(objects, use_na_sentinel=True)
    texts = np.append(to_levels(pd.Series(distinct, dtype=object), boolean=boolean), MISSING_LEVEL)
    if positions.size == 0 or positions.min() >= 0:
        texts = texts[:-1]
    places, levels = pd.factorize(texts, sort=True)
    return places.astype(np.int64)[positions], np.asarray(levels, dtype=object)


def _first_text(values: pd.Series[Any]) -> str:
    """Return the first value that does not convert, shortened for a message."""
    for value in values:
        try:
            float(value)
        except (TypeError, ValueError, OverflowError):
            return str(value)[:60]
    return ""
