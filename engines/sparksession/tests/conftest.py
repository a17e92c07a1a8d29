"""A small dbt project in a folder of its own, run in this process so that all tests share one Spark session."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult
from pyspark.sql import SparkSession

PROFILE = """
mini:
  target: spark
  outputs:
    spark:
      type: sparksession
      schema: mini
      master: local[1]
      threads: 1
      server_side_parameters:
        spark.driver.memory: 1g
        spark.driver.host: 127.0.0.1
        spark.driver.bindAddress: 127.0.0.1
        spark.sql.warehouse.dir: {folder}/warehouse
        spark.hadoop.javax.jdo.option.ConnectionURL: "jdbc:derby:;databaseName={folder}/catalogue;create=true"
        spark.sql.session.timeZone: UTC
        spark.sql.shuffle.partitions: 1
        spark.ui.enabled: false
        spark.log.level: "OFF"
"""
PROJECT = """
name: mini
version: 1.0.0
profile: mini
flags: {send_anonymous_usage_stats: false}
models: {+materialized: table}
"""


class Project:
    """A dbt project that tests write file by file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("models", "seeds"):
            (folder / name).mkdir(parents=True)
        self.write("profiles.yml", PROFILE.format(folder=folder))
        self.write("dbt_project.yml", PROJECT)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).lstrip(), encoding="utf-8")

    def run(self, *arguments: str) -> dbtRunnerResult:
        folders = ["--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        return dbtRunner().invoke([*arguments, *folders, "--quiet"])

    def build(self, *select: str, full_refresh: bool = False) -> dict[str, Any]:
        """Build some nodes and return the results by name."""
        outcome = self.run("build", "--select", *select, *(["--full-refresh"] if full_refresh else []))
        assert outcome.exception is None, outcome.exception
        return {result.node.name: result for result in outcome.result.results}

    @property
    def session(self) -> Any:
        return SparkSession.getActiveSession() or SparkSession.builder.getOrCreate()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in self.session.sql(query).collect()]

    def types(self, table: str) -> dict[str, str]:
        return dict(self.session.table(table).dtypes)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    os.environ.pop("SPARK_REMOTE", None)
    # Executors need no Python: whatever tried to start one would fail.
    os.environ["PYSPARK_PYTHON"] = "/there/is/no/python"
    made = Project(tmp_path_factory.mktemp("mini"))
    yield made
    made.session.stop()
