"""Reading what an engine hands to a Python model."""

from __future__ import annotations

from typing import Any, cast

import duckdb
import pandas as pd
import pyarrow as pa


def to_pandas(relation: Any) -> pd.DataFrame:
    """Read a relation of the engine into a data frame.

    Parameters
    ----------
    relation : DuckDBPyRelation or pyspark.sql.DataFrame
        What ``dbt.ref`` returns: a Spark frame has `toArrow`, a DuckDB relation has `df`.

    Returns
    -------
    pandas.DataFrame
        All rows, in no particular order. DECIMAL arrives as float, DATE as a timestamp without zone, in UTC.
    """
    if hasattr(relation, "toArrow"):
        # By way of DuckDB, so that every engine's rows become a frame of the same types, nulls included.
        return duckdb.from_arrow(_without_zone(relation.toArrow())).df()
    return cast("pd.DataFrame", relation.df())


def _without_zone(table: pa.Table) -> pa.Table:
    """Turn points in time into UTC timestamps without zone, which is what DuckDB's tables hold."""
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) and field.type.tz else field
        for field in table.schema
    ]
    return table.cast(pa.schema(fields))
