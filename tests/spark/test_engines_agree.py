"""The marts of Spark are those of DuckDB, row by row: keys and labels equal, figures to 1e-9 of their size.

The tests run in this order: a build on the cluster, the same again, another project in the same warehouse, then all
of it over Spark Connect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.dataset

from cluster import Cluster
from harness import DbtProject
from segmentation.comparing import KEYS, compare_tables, read_duckdb, read_parquet_folders
from spark_project import SETTINGS, SparkProject


def differences(duckdb: DbtProject, spark: SparkProject) -> list[str]:
    left, right = read_duckdb(duckdb.database), read_parquet_folders(spark.marts)
    assert left.keys() == right.keys() == KEYS.keys()
    assert all(left[name].num_rows for name in left)
    return [str(found) for name in KEYS for found in compare_tables(name, left[name], right[name], key=KEYS[name])][:20]


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
    standalone.build(variables=online_retail).check()
    assert differences(duckdb_retail, standalone) == []


def test_both_over_spark_connect(
    cluster: Cluster,
    tmp_path: Path,
    duckdb_demo: DbtProject,
    duckdb_retail: DbtProject,
    online_retail: dict[str, Any],
) -> None:
    warehouse = tmp_path / "project" / "warehouse"
    with cluster.connect_server(warehouse, SETTINGS) as remote:
        project = SparkProject(warehouse.parent, remote=remote)
        project.build().check()
        assert differences(duckdb_demo, project) == []
        project.build(variables=online_retail).check()
        assert differences(duckdb_retail, project) == []
