"""Runs that work on changes alone end on Spark where they end on DuckDB, and there they end as full builds do."""

from __future__ import annotations

from pathlib import Path

import pyarrow.dataset

from cluster import Cluster
from harness import DbtProject
from replay import Source, settings, year
from segmentation.comparing import KEYS, compare_tables, read_duckdb, read_parquet_folders
from small import WITHOUT_DEMO_SEEDS
from spark_project import SparkProject, stop_session


def is_full(spark: SparkProject, scope: str) -> bool:
    folder = spark.marts / "refresh.db" / scope
    rows = pyarrow.dataset.dataset(sorted(map(str, folder.rglob("*.parquet"))), format="parquet").to_table()
    return bool(rows.column("is_full")[0].as_py())


def test_a_year_in_batches_ends_on_both_engines_in_the_same_place(cluster: Cluster, tmp_path: Path) -> None:
    source = Source(tmp_path / "source", customers=200, seed=1)
    duckdb, spark = DbtProject(tmp_path / "duckdb"), SparkProject(tmp_path / "spark", master=cluster.master)
    stop_session()
    try:
        for number, batch in enumerate(year(source, runs=5)):
            variables = settings(source, batch.as_of_date)
            duckdb.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
            spark.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
            assert is_full(spark, "refresh_scope") is (number == 0)
            left, right = read_duckdb(duckdb.database), read_parquet_folders(spark.marts)
            assert left.keys() == right.keys() == KEYS.keys()
            found = [
                str(difference)
                for name in KEYS
                for difference in compare_tables(name, left[name], right[name], key=KEYS[name])
            ]
            assert found == [], (number, found[:20])
    finally:
        stop_session()
