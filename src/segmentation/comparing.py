"""Row-by-row comparison of the marts of two builds, whichever engines made them.

python -m segmentation.comparing --duckdb customer_segmentation.duckdb --spark spark_warehouse/data
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pyarrow.dataset

from segmentation.errors import UserError

__all__ = ["KEYS", "Difference", "compare_tables", "main", "read_duckdb", "read_parquet_folders"]

KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    "audience_members": ("segmentation", "segment_id", "customer_id", "entered_on"),
    "clv_evaluation": ("quantity", "measure"),
    "clv_parameters": ("dataset", "model", "parameter"),
    "customer_explanations": ("segmentation", "customer_id"),
    "customer_recommendations": ("segmentation", "customer_id", "item"),
    "dim_customers": ("customer_id",),
    "dim_segments": ("segmentation", "segment_id"),
    "fct_customer_segment_history": ("segmentation", "customer_id", "as_of_date"),
    "fct_customer_segments": ("segmentation", "customer_id"),
    "fct_customer_value": ("customer_id", "horizon_days"),
    "feature_sensitivity": ("segmentation", "feature", "change"),
    "feed_changes": ("platform", "segmentation", "segment_id", "member_key"),
    "feed_google_customer_match": ("segmentation", "segment_id", "member_key"),
    "feed_meta_custom_audiences": ("segmentation", "segment_id", "member_key"),
    "feed_quality": ("platform", "segmentation", "segment_id", "subject", "outcome"),
    "input_quality": ("input", "outcome"),
    "k_search": ("segmentation", "k"),
    "model_parameters": ("segmentation", "kind", "segment_id", "feature", "level"),
    "recommendation_backtest": ("segmentation", "method"),
    "scoring_queries": ("segmentation",),
    "segment_basket_rules": ("segmentation", "segment_id", "antecedent_1", "antecedent_2", "consequent"),
    "segment_category_affinity": ("segmentation", "segment_id", "category"),
    "segment_drivers": ("segmentation", "segment_id", "driver_rank"),
    "segment_feature_gaps": ("segmentation", "segment_id", "feature"),
    "segment_lineage": ("segmentation", "generation", "from_segment_id", "to_segment_id"),
    "segment_migrations": ("segmentation", "as_of_date", "from_segment_id", "to_segment_id"),
    "segment_overlap": ("segmentation", "segment_id", "runner_up_segment_id"),
    "segment_periods": ("segmentation", "segment_id", "as_of_date"),
    "segment_preferences": ("segmentation", "segment_id", "preference", "level"),
    "segment_profiles": ("segmentation", "segment_id", "feature", "level"),
    "segment_projection": ("segmentation", "segment_id", "base_date", "periods_ahead"),
    "segment_recommendations": ("segmentation", "segment_id", "antecedent_1", "antecedent_2", "item"),
    "segment_rules": ("segmentation", "segment_id", "rule_number"),
    "segment_stability": ("segmentation", "as_of_date"),
    "segment_value": ("segmentation", "segment_id"),
    "segmentation_decisions": ("segmentation",),
    "segmentation_differentiation": ("segmentation", "outcome"),
    "segmentation_drift": ("segmentation", "measure", "feature"),
    "segmentation_quality": ("segmentation",),
    "service_actions": ("customer_id", "occasion"),
    "service_customer_tiers": ("customer_id",),
}
"""What identifies a row of each mart."""

TOLERANCE: Final = 1e-9
"""How far figures of two engines may lie apart, relative to the larger one."""

IN_OWN_WORDS: Final[Mapping[str, str]] = {"scoring_queries": "query"}
"""The column of a table that is written for the engine that is to run it."""


@dataclass(frozen=True)
class Difference:
    """One place at which two tables are not the same."""

    table: str
    what: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


def compare_tables(
    name: str, left: pa.Table, right: pa.Table, *, key: Sequence[str], tolerance: float = TOLERANCE
) -> Iterator[Difference]:
    """Yield every difference between two tables.

    Parameters
    ----------
    name : str
        Name for the messages.
    left, right : pyarrow.Table
        Rows in any order.
    key : sequence of str
        Columns that identify a row.
    tolerance : float, default 1e-9
        Largest relative difference of two numbers; whole numbers and everything else must be equal, but for the
        columns of `IN_OWN_WORDS`.

    Yields
    ------
    Difference
        Columns that only one table has, then rows that only one has, then values.

    Examples
    --------
    >>> one, two = pa.table({"id": ["a"], "x": [1.0]}), pa.table({"id": ["a"], "x": [1.5]})
    >>> [str(difference) for difference in compare_tables("t", one, two, key=["id"])]
    ["t: x of ('a',) is 1.0 here and 1.5 there"]
    """
    if left.column_names != right.column_names:
        yield Difference(name, f"columns are {left.column_names} here and {right.column_names} there")
        return
    compared = [column for column in left.column_names if column != IN_OWN_WORDS.get(name)]
    ours, theirs = _by_key(left, key), _by_key(right, key)
    if len(ours) != left.num_rows or len(theirs) != right.num_rows:
        yield Difference(name, f"{', '.join(key)} does not identify a row")
    for missing in sorted(ours.keys() - theirs.keys(), key=str):
        yield Difference(name, f"only here: {missing}")
    for missing in sorted(theirs.keys() - ours.keys(), key=str):
        yield Difference(name, f"only there: {missing}")
    for identity in sorted(ours.keys() & theirs.keys(), key=str):
        for column in compared:
            here, there = ours[identity][column], theirs[identity][column]
            if not _agree(here, there, tolerance):
                yield Difference(name, f"{column} of {identity} is {here!r} here and {there!r} there")


def read_duckdb(database: Path, *, schema: str = "marts") -> dict[str, pa.Table]:
    """Read the tables of a schema of a DuckDB file.

    Parameters
    ----------
    database : Path
        The file of a build, or a published one.
    schema : str, default "marts"
        Schema to read.

    Raises
    ------
    UserError
        If there is no such file.
    """
    if not database.is_file():
        raise UserError(f"There is no database {database}.")
    with duckdb.connect(str(database), read_only=True) as connection:
        names = connection.execute(
            "select table_name from duckdb_tables() where schema_name = ? order by table_name", [schema]
        ).fetchall()
        return {name: connection.sql(f'select * from "{schema}"."{name}"').to_arrow_table() for (name,) in names}


def read_parquet_folders(warehouse: Path, *, schema: str = "marts") -> dict[str, pa.Table]:
    """Read the tables of a schema from the folders in which Spark keeps them: no Spark is needed.

    Parameters
    ----------
    warehouse : Path
        The folder spark.sql.warehouse.dir.
    schema : str, default "marts"
        Schema to read.

    Raises
    ------
    UserError
        If the schema has no folder there.
    """
    folder = warehouse / f"{schema}.db"
    if not folder.is_dir():
        raise UserError(f"There is no folder {folder}.")
    tables = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = sorted(str(file) for file in place.rglob("*.parquet"))
        tables[place.name] = pyarrow.dataset.dataset(files, format="parquet").to_table()
    return tables


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare the marts of a DuckDB file with those of a Spark warehouse.

    Returns
    -------
    int
        Exit code: 0 where they are the same, 1 where not.
    """
    parser = argparse.ArgumentParser(prog="segmentation.comparing", description="Compare the marts of two engines.")
    parser.add_argument("--duckdb", type=Path, required=True, help="DuckDB file of a build")
    parser.add_argument("--spark", type=Path, required=True, help="folder spark.sql.warehouse.dir of a build")
    parser.add_argument("--most", type=int, default=20, help="differences to print per table (default 20)")
    options = parser.parse_args(arguments)
    try:
        left, right = read_duckdb(options.duckdb), read_parquet_folders(options.spark)
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    found = 0
    for name in sorted(left.keys() | right.keys() | KEYS.keys()):
        if name not in left or name not in right or name not in KEYS:
            lacks = "DuckDB" if name not in left else "Spark" if name not in right else "the list of keys"
            differences = [Difference(name, f"is not in {lacks}")]
        else:
            differences = list(compare_tables(name, left[name], right[name], key=KEYS[name]))
        found += len(differences)
        rows = left[name].num_rows if name in left else 0
        sys.stdout.write(f"{name}: {rows:,} rows, {len(differences)} differences\n")
        for difference in differences[: options.most]:
            sys.stdout.write(f"  {difference}\n")
    return 1 if found else 0


def _by_key(table: pa.Table, key: Sequence[str]) -> dict[tuple[Any, ...], dict[str, Any]]:
    return {tuple(row[column] for column in key): row for row in table.to_pylist()}


def _agree(here: Any, there: Any, tolerance: float) -> bool:
    if isinstance(here, (float, Decimal)) and isinstance(there, (float, Decimal)):
        if isinstance(here, Decimal) and isinstance(there, Decimal):
            return here == there
        return math.isclose(here, there, rel_tol=tolerance) or (math.isnan(here) and math.isnan(there))
    return bool(here == there)


if __name__ == "__main__":
    sys.exit(main())
