"""The marts of Spark are those of DuckDB, row by row: keys and labels equal, figures to 1e-9 of their size.

The tests run in this order: a build on the cluster, a batch on top of it, other data.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from demo_files import DemoFiles
from harness import DbtProject
from segmentation.comparing import read_duckdb, read_parquet_folders
from spark_project import SparkProject, differences, empty_warehouse


def test_the_demo_on_a_cluster_of_two_workers(
    standalone: SparkProject, demo_files: DemoFiles, duckdb_files: Future[DbtProject]
) -> None:
    standalone.build(variables=demo_files.variables).check()
    assert differences(duckdb_files.result(), standalone) == []
    # Real data leave some marts empty: they have no categories, or nobody who could be exported.
    assert all(table.num_rows for table in read_duckdb(duckdb_files.result().database).values())


def test_there_too_a_query_scores_customers_as_the_build_does(standalone: SparkProject) -> None:
    session = standalone.session()
    session.table("marts.dim_customers").createOrReplaceTempView("customers_to_score")
    queries = session.table("marts.scoring_queries").collect()
    assert queries
    for segmentation, query in [(row.segmentation, row.query) for row in queries]:
        session.sql(query).createOrReplaceTempView("scored")
        others = session.sql(
            f"""
            select built.customer_id, built.raw_segment_id, scored.segment_id
            from marts.fct_customer_segments as built left join scored using (customer_id)
            where built.segmentation = '{segmentation}' and built.assigned_by <> 'fallback'
                and built.raw_segment_id is distinct from scored.segment_id
            """
        )
        assert others.collect() == [], segmentation


def test_a_batch_on_top_of_it_with_the_same_models(
    standalone: SparkProject,
    demo_files: DemoFiles,
    duckdb_files: Future[DbtProject],
    background: ThreadPoolExecutor,
) -> None:
    duckdb = duckdb_files.result()
    models = read_parquet_folders(standalone.marts, schema="publication")["model_registry"].num_rows
    demo_files.add_batch()
    on_duckdb = background.submit(duckdb.build, variables=demo_files.variables)
    standalone.build(variables=demo_files.variables).check()
    on_duckdb.result().check()
    assert differences(duckdb, standalone) == []
    assert read_parquet_folders(standalone.marts, schema="publication")["model_registry"].num_rows == models
    for scopes in (
        read_duckdb(duckdb.database, schema="refresh"),
        read_parquet_folders(standalone.marts, schema="refresh"),
    ):
        assert scopes["refresh_scope"]["is_full"].to_pylist() == [False], scopes["refresh_scope"].to_pylist()
        assert scopes["feature_scope"]["is_full"].to_pylist() == [False], scopes["feature_scope"].to_pylist()


@pytest.mark.long
def test_online_retail_on_a_cluster_of_two_workers(
    standalone: SparkProject, duckdb_retail: Future[DbtProject], online_retail: dict[str, Any]
) -> None:
    empty_warehouse()
    standalone.build(variables=online_retail).check()
    assert differences(duckdb_retail.result(), standalone) == []
