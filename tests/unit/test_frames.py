"""What an engine hands over becomes one and the same frame."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from segmentation.frames import to_pandas

TABLE = pa.table(
    {
        "key": pa.array(["b", None]),
        "whole": pa.array([1, None], pa.int32()),
        "money": pa.array([Decimal("1.5000"), None], pa.decimal128(18, 4)),
        "day": pa.array([date(2026, 1, 2), None]),
        "is_new": pa.array([True, None]),
        "at": pa.array([datetime(2026, 1, 2, 3, 4), None], pa.timestamp("us")),
    }
)


class SparkFrame:
    """What is used of a Spark frame; Spark marks points in time with the zone of the session."""

    def toArrow(self) -> pa.Table:  # noqa: N802 Spark's own spelling
        zoned = pa.array([datetime(2026, 1, 2, 3, 4, tzinfo=UTC), None], pa.timestamp("us", tz="UTC"))
        return TABLE.set_column(TABLE.column_names.index("at"), "at", zoned)


def test_a_spark_frame_is_read_as_a_duckdb_relation_is() -> None:
    expected: Any = to_pandas(duckdb.from_arrow(TABLE))
    pd.testing.assert_frame_equal(to_pandas(SparkFrame()), expected)
    assert expected["money"].tolist()[0] == 1.5
