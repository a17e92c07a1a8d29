"""The marts of Spark are those of DuckDB, row by row: keys and labels equal, figures to 1e-9 of their size.

The tests run in this order: a build on the cluster, the same again, another project in the same warehouse.
"""

from __future__ import annotations

from typing import Any

import pyarrow.dataset

from harness import DbtProject
from spark_project import SparkProject, differences


def registry_rows(spark: SparkProject) -> int:
    folder = spark.marts / "publication.db" / "model_registry"
    return int(pyarrow.dataset.dataset(sorted(map(str, folder.rglob("*.parquet"))), format="parquet").count_rows())


def test_the_demo_on_a_cluster_of_two_workers(standalone: SparkProject, duckdb_demo: DbtProject) -> None:
    standalone.build().check()
    assert differences(duckdb_demo, standalone) == []


def test_the_same_build_again_changes_nothing(standalone: SparkProject, duckdb_demo: DbtProject) -> None:
    rows = registry_rows(standalone)
    standalone.build().check()
    assert registry_rows(standalone) == rows
    assert differences(duckdb_demo, standalone) == []


def test_online_retail_on_a_cluster_of_two_workers(
    standalone: SparkProject, duckdb_retail: DbtProject, online_retail: dict[str, Any]
) -> None:
    standalone.forget_models()
    standalone.build(variables=online_retail).check()
    assert differences(duckdb_retail, standalone) == []
