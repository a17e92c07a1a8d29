"""Builds on both engines, each made once."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster import Cluster, java_problem
from harness import ROOT, DbtProject
from segmentation.variables import build_variables
from spark_project import SparkProject, stop_session


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    problem = java_problem()
    for item in items if problem else []:
        item.add_marker(pytest.mark.skip(reason=problem))


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="session")
def standalone(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkProject]:
    yield SparkProject(tmp_path_factory.mktemp("standalone"), master=cluster.master)
    stop_session()


@pytest.fixture(scope="session")
def online_retail() -> dict[str, Any]:
    data = Path(os.environ.get("SEGMENTATION_DATA") or ROOT.parent / "shared" / "data")
    if not data.is_dir():
        pytest.skip(f"the real data is absent: no folder {data} (SEGMENTATION_DATA names another)")
    return build_variables(ROOT / "examples" / "online_retail.yml", data=data.resolve())


@pytest.fixture(scope="session")
def duckdb_demo(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    project = DbtProject(tmp_path_factory.mktemp("duckdb_demo"))
    project.build().check()
    return project


@pytest.fixture(scope="session")
def duckdb_retail(tmp_path_factory: pytest.TempPathFactory, online_retail: dict[str, Any]) -> DbtProject:
    project = DbtProject(tmp_path_factory.mktemp("duckdb_retail"))
    project.build(variables=online_retail).check()
    return project
