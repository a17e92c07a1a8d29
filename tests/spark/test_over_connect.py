"""The same marts by way of a Spark Connect server on the same cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cluster import Cluster
from harness import DbtProject
from spark_project import SETTINGS, SparkProject, differences, stop_session


@pytest.fixture(scope="module")
def connected(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkProject]:
    # A session of this process would keep all cores of the cluster to itself.
    stop_session()
    folder = tmp_path_factory.mktemp("connected")
    with cluster.connect_server(folder / "warehouse", SETTINGS) as remote:
        yield SparkProject(folder, remote=remote)


def test_the_demo_over_spark_connect(connected: SparkProject, duckdb_demo: DbtProject) -> None:
    connected.build().check()
    assert differences(duckdb_demo, connected) == []


def test_online_retail_over_spark_connect(
    connected: SparkProject, duckdb_retail: DbtProject, online_retail: dict[str, Any]
) -> None:
    connected.forget_models()
    connected.build(variables=online_retail).check()
    assert differences(duckdb_retail, connected) == []
