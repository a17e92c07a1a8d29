"""The same marts by way of Spark Connect, on the same cluster; Complete Journey comes this way alone."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from harness import DbtProject
from spark_project import SparkProject, differences, empty_warehouse


@pytest.mark.long
def test_the_demo_over_spark_connect(connected: SparkProject, duckdb_demo: Future[DbtProject]) -> None:
    empty_warehouse()
    connected.build().check()
    assert differences(duckdb_demo.result(), connected) == []


@pytest.mark.long
def test_online_retail_over_spark_connect(
    connected: SparkProject, duckdb_retail: Future[DbtProject], online_retail: dict[str, Any]
) -> None:
    empty_warehouse()
    connected.build(variables=online_retail).check()
    assert differences(duckdb_retail.result(), connected) == []


@pytest.mark.long
def test_complete_journey_over_spark_connect(
    connected: SparkProject, duckdb_journey: Future[DbtProject], complete_journey: dict[str, Any]
) -> None:
    empty_warehouse()
    connected.build(variables=complete_journey).check()
    assert differences(duckdb_journey.result(), connected) == []
