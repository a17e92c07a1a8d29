"""One cluster and one driver for all tests, and the builds on DuckDB that theirs are compared with.

The driver is the process of the tests; it serves Spark Connect on the side. A JVM that has built before needs half the
time for the next build, so there is one for all.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from cluster import Cluster, java_problem
from demo_files import DemoFiles
from harness import ROOT, DbtProject
from segmentation.variables import build_variables
from spark_project import SparkProject


def pytest_sessionstart(session: pytest.Session) -> None:
    """Whoever ends the tests ends what they started, as after Ctrl-C, also in the midst of a build of dbt's."""

    def stop(number: int, frame: FrameType | None) -> None:
        session.shouldstop = f"ended by {signal.Signals(number).name}"
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)


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
    project = SparkProject(tmp_path_factory.mktemp("standalone"), cluster.driver_environment())
    project.start()
    yield project
    SparkProject.session().stop()


@pytest.fixture(scope="session")
def connected(cluster: Cluster, standalone: SparkProject, tmp_path_factory: pytest.TempPathFactory) -> SparkProject:
    return SparkProject(
        tmp_path_factory.mktemp("connected"), {"SPARK_REMOTE": cluster.remote}, warehouse=standalone.warehouse
    )


def example(name: str) -> dict[str, Any]:
    data = Path(os.environ.get("SEGMENTATION_DATA") or ROOT.parent / "shared" / "data")
    if not data.is_dir():
        pytest.skip(f"the real data is absent: no folder {data} (SEGMENTATION_DATA names another)")
    return build_variables(ROOT / "examples" / f"{name}.yml", data=data.resolve())


@pytest.fixture(scope="session")
def online_retail() -> dict[str, Any]:
    return example("online_retail")


@pytest.fixture(scope="session")
def complete_journey() -> dict[str, Any]:
    return example("complete_journey")


@pytest.fixture(scope="session")
def background() -> Iterator[ThreadPoolExecutor]:
    """Builds on DuckDB run one after the other while Spark starts: whoever needs one waits for it."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        yield pool


def duckdb_build(folder: Path, variables: dict[str, Any] | None = None) -> DbtProject:
    project = DbtProject(folder)
    project.build(variables=variables).check()
    return project


@pytest.fixture(scope="session")
def duckdb_demo(background: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory) -> Future[DbtProject]:
    return background.submit(duckdb_build, tmp_path_factory.mktemp("duckdb_demo"))


@pytest.fixture(scope="session")
def demo_files(tmp_path_factory: pytest.TempPathFactory) -> DemoFiles:
    return DemoFiles(tmp_path_factory.mktemp("demo_files"))


@pytest.fixture(scope="session")
def duckdb_files(
    background: ThreadPoolExecutor, demo_files: DemoFiles, tmp_path_factory: pytest.TempPathFactory
) -> Future[DbtProject]:
    return background.submit(duckdb_build, tmp_path_factory.mktemp("duckdb_files"), demo_files.variables)


@pytest.fixture(scope="session")
def duckdb_retail(
    background: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory, online_retail: dict[str, Any]
) -> Future[DbtProject]:
    return background.submit(duckdb_build, tmp_path_factory.mktemp("duckdb_retail"), online_retail)


@pytest.fixture(scope="session")
def duckdb_journey(
    background: ThreadPoolExecutor, tmp_path_factory: pytest.TempPathFactory, complete_journey: dict[str, Any]
) -> Future[DbtProject]:
    return background.submit(duckdb_build, tmp_path_factory.mktemp("duckdb_journey"), complete_journey)
