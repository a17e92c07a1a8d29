"""Reading what an engine hands to a Python model."""

from __future__ import annotations

from typing import Any, cast

import pandas as pd


def to_pandas(relation: Any) -> pd.DataFrame:
    """Read a relation of the engine into a data frame.

    Parameters
    ----------
    relation : DuckDBPyRelation or pyspark.sql.DataFrame
        What ``dbt.ref`` returns: a Spark frame has `toPandas`, a DuckDB relation has `df`.

    Returns
    -------
    pandas.DataFrame
        All rows, in no particular order. DECIMAL arrives as float, DATE as a timestamp.
    """
    frame = relation.toPandas() if hasattr(relation, "toPandas") else relation.df()
    return cast("pd.DataFrame", frame)
