"""The marts of Spark are those of DuckDB, row by row: keys and labels equal, figures to 1e-9 of their size.

The tests run in this order: a build on the cluster, the same again, other data.
"""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pyarrow.dataset

from harness import DbtProject
from spark_project import SparkProject, differences, empty_warehouse


def registry_rows(spark: SparkProject) -> int:
    folder = spark.marts / "publication.db" / "model_registry"
    return int(pyarrow.dataset.dataset(sorted(map(str, folder.rglob("*.parquet"))), format="parquet").count_rows())


def test_the_demo_on_a_cluster_of_two_workers(standalone: SparkProject, duckdb_demo: Future[DbtProject]) -> None:
    standalone.build().check()
    assert differences(duckdb_demo.result(), standalone) == []


def test_the_same_build_again_goes_on_with_its_models_and_history(
    standalone: SparkProject, duckdb_demo_again: Future[DbtProject]
) -> None:
    rows = registry_rows(standalone)
    standalone.build().check()
    assert registry_rows(standalone) == rows
    assert differences(duckdb_demo_again.result(), standalone) == []


def test_online_retail_on_a_cluster_of_two_workers(
    standalone: SparkProject, duckdb_retail: Future[DbtProject], online_retail: dict[str, Any]
) -> None:
    empty_warehouse()
    standalone.build(variables=online_retail).check()
    assert differences(duckdb_retail.result(), standalone) == []
