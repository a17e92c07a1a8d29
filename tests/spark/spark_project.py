"""The project on Spark, as `harness` has it on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from dbt.cli.main import dbtRunner, dbtRunnerResult
from dbt_common.events.base_types import EventMsg
from pyspark.sql import SparkSession

from harness import ROOT, DbtProject, Outcome, run_command
from segmentation.comparing import KEYS, compare_tables, read_duckdb, read_parquet_folders

SETTINGS = {"SEGMENTATION_THREADS": "3", "SPARK_EXECUTOR_MEMORY": "700m", "SPARK_SHUFFLE_PARTITIONS": "2"}


class SparkProject:
    """The project, building in this process, or in one of its own by way of Spark Connect.

    Parameters
    ----------
    folder
        Where dbt's artefacts lie.
    settings
        Environment: SPARK_REMOTE for Spark Connect, SPARK_MASTER for a session of this process.
    warehouse
        Folder of data and catalogue; by default one below `folder`. A Connect server's is its own.
    """

    def __init__(self, folder: Path, settings: Mapping[str, str], *, warehouse: Path | None = None) -> None:
        self.folder = folder
        self.warehouse = warehouse or folder / "warehouse"
        self.is_remote = "SPARK_REMOTE" in settings
        self.settings = {**SETTINGS, "SEGMENTATION_WAREHOUSE": str(self.warehouse), **settings}
        folder.mkdir(parents=True, exist_ok=True)

    @property
    def marts(self) -> Path:
        return self.warehouse / "data"

    def start(self) -> None:
        """Start the session of this process, where there is none."""
        folders = ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--log-path", str(self.folder / "logs")]
        self._invoke(["debug", "--connection", *folders, "--target", "spark"]).check()

    def build(self, *arguments: str, variables: Mapping[str, Any] | None = None) -> Outcome:
        """Run `dbt build`; a session of this process stays for the next build, as warm as it has become."""
        target = "spark_connect" if self.is_remote else "spark"
        words = DbtProject(self.folder).command("build", *arguments, "--target", target, variables=variables)
        if not self.is_remote:
            # Without what starts Python, and without --no-use-colors.
            return self._invoke(words[4:])
        return run_command(words, folder=ROOT, variables=self.settings)

    @staticmethod
    def session() -> SparkSession:
        """Return the session of this process, in whichever thread it began."""
        session = SparkSession.builder.getOrCreate()
        assert session.sparkContext.master.startswith("spark://"), "this is another session than that of the cluster"
        return session

    def _invoke(self, words: list[str]) -> Outcome:
        printed: list[str] = []

        def keep(event: EventMsg) -> None:
            if event.info.level != "debug":
                printed.append(event.info.msg)

        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.settings.items():
                patch.setenv(name, value)
            patch.chdir(ROOT)
            return _outcome(words, dbtRunner(callbacks=[keep]).invoke(words), printed)


def _outcome(words: list[str], result: dbtRunnerResult, printed: list[str]) -> Outcome:
    nodes = getattr(result.result, "results", None) or []
    failed = [f"{node.node.name}: {node.message}" for node in nodes if node.status in {"error", "fail"}]
    problems = [str(result.exception), *failed] if result.exception else failed
    return Outcome(tuple(words), 0 if result.success else 1, "\n".join([*printed, *problems]))


def differences(duckdb: DbtProject, spark: SparkProject) -> list[str]:
    left, right = read_duckdb(duckdb.database), read_parquet_folders(spark.marts)
    assert left.keys() == right.keys() == KEYS.keys()
    return [str(found) for name in KEYS for found in compare_tables(name, left[name], right[name], key=KEYS[name])][:20]


def empty_warehouse() -> None:
    """Drop every table by way of the session of this process: other data begin with nothing."""
    session = SparkProject.session()
    for row in session.sql("show databases").collect():
        if row.namespace != "default":
            session.sql(f"drop database {row.namespace} cascade")
