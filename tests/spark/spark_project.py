"""The project on Spark, as `harness` has it on DuckDB."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg
from pyspark.sql import SparkSession

from cluster import environment
from harness import ROOT, DbtProject, Outcome, run_command
from segmentation.comparing import KEYS, compare_tables, read_duckdb, read_parquet_folders

SETTINGS = {
    "spark.executor.memory": "700m",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.log.level": "ERROR",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
}


class SparkProject:
    """The project, building into a warehouse of its own: in this process by a master, or by a Connect server."""

    def __init__(self, folder: Path, *, master: str | None = None, remote: str | None = None) -> None:
        self.folder = folder
        self.warehouse = folder / "warehouse"
        self.target = "spark_connect" if remote else "spark"
        self.settings = {
            "SEGMENTATION_WAREHOUSE": str(self.warehouse),
            "SEGMENTATION_THREADS": "2",
            "SPARK_EXECUTOR_MEMORY": SETTINGS["spark.executor.memory"],
            "SPARK_SHUFFLE_PARTITIONS": SETTINGS["spark.sql.shuffle.partitions"],
            **({"SPARK_REMOTE": remote} if remote else {"SPARK_MASTER": master or "local[2]"}),
        }
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def marts(self) -> Path:
        return self.warehouse / "data"

    def words(self, command: str, *arguments: str, variables: Mapping[str, Any] | None = None) -> list[str]:
        project = DbtProject(self.folder)
        return [*project.command(command, *arguments, variables=variables)[4:], "--target", self.target]

    def forget_models(self) -> None:
        """Drop the registry: a build of other data would go on with its models."""
        _forget(self.settings.get("SPARK_REMOTE"))

    def build(self, *arguments: str, variables: Mapping[str, Any] | None = None) -> Outcome:
        """Run `dbt build`; a session of this process stays for the next build, as warm as it has become."""
        words = self.words("build", *arguments, variables=variables)
        if self.target == "spark_connect":
            command = DbtProject(self.folder).command("build")[:4]
            return run_command([*command, *words], folder=ROOT, variables=self.settings)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in (self.settings | environment()).items():
                patch.setenv(name, value)
            patch.chdir(ROOT)
            printed: list[str] = []
            result = dbtRunner(callbacks=[lambda event: _keep(event, printed)]).invoke(words)
            return _outcome(words, result, printed)


def _forget(remote: str | None) -> None:
    statement = "drop database if exists publication cascade"
    session = SparkSession.getActiveSession()
    if remote:
        there = f"SparkSession.builder.remote({remote!r}).getOrCreate()"
        code = f"from pyspark.sql import SparkSession; {there}.sql({statement!r})"
        run_command([sys.executable, "-c", code]).check()
    elif session is not None:
        session.sql(statement)


def _keep(event: EventMsg, printed: list[str]) -> None:
    if event.info.level != "debug":
        printed.append(event.info.msg)


def _outcome(words: list[str], result: dbtRunnerResult, printed: list[str]) -> Outcome:
    nodes = getattr(result.result, "results", None) or []
    failed = [f"{node.node.name}: {node.message}" for node in nodes if node.status in {"error", "fail"}]
    problems = [str(result.exception), *failed] if result.exception else failed
    return Outcome(tuple(words), 0 if result.success else 1, "\n".join([*printed, *problems]))


def differences(duckdb: DbtProject, spark: SparkProject) -> list[str]:
    left, right = read_duckdb(duckdb.database), read_parquet_folders(spark.marts)
    assert left.keys() == right.keys() == KEYS.keys()
    assert all(left[name].num_rows for name in left)
    return [str(found) for name in KEYS for found in compare_tables(name, left[name], right[name], key=KEYS[name])][:20]


def stop_session() -> None:
    """Stop the session of this process, if there is one: it frees the cluster. The next build starts another."""
    session = SparkSession.getActiveSession()
    if session is not None:
        session.stop()
