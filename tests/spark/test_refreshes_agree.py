"""Runs that work on changes alone end on Spark where they end on DuckDB, and there they end as full builds do."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import DbtProject
from replay import Source, settings, year
from segmentation.comparing import read_parquet_folders
from small import WITHOUT_DEMO_SEEDS
from spark_project import SparkProject, differences, empty_warehouse


def is_full(spark: SparkProject, scope: str) -> bool:
    return bool(read_parquet_folders(spark.marts, schema="refresh")[scope]["is_full"][0].as_py())


@pytest.mark.long
def test_a_year_in_batches_ends_on_both_engines_in_the_same_place(standalone: SparkProject, tmp_path: Path) -> None:
    source = Source(tmp_path / "source", customers=200, seed=1)
    duckdb = DbtProject(tmp_path / "duckdb")
    empty_warehouse()
    for number, batch in enumerate(year(source, runs=5)):
        variables = settings(source, batch.as_of_date)
        duckdb.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
        standalone.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
        assert is_full(standalone, "refresh_scope") is (number == 0)
        assert differences(duckdb, standalone) == [], number
