"""Readers keep the table of the last good build, however the next one ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conftest import Project


def tables(project: Project) -> set[str]:
    return {row[1] for row in project.rows("show tables in mini")}


@pytest.mark.parametrize("language", ["sql", "py"])
def test_a_model_that_fails_leaves_the_table_of_the_last_build(project: Project, language: str) -> None:
    name = f"kept_{language}"
    good = {"sql": "select 1 as n", "py": "def model(dbt, session):\n    return session.sql('select 1 as n')\n"}
    bad = {
        "sql": "select cast(word as int) as n from (select concat('abc', id) as word from range(3))",
        "py": "def model(dbt, session):\n    return session.sql(\"select raise_error('no') as n from range(3)\")\n",
    }
    project.write(f"models/{name}.{language}", good[language])
    project.build(name)
    project.write(f"models/{name}.{language}", bad[language])
    assert project.build(name)[name].status == "error"
    assert project.rows(f"select n from mini.{name}") == [(1,)]
    project.write(f"models/{name}.{language}", good[language].replace("1 as n", "2 as n"))
    assert project.build(name)[name].status == "success"
    assert project.rows(f"select n from mini.{name}") == [(2,)]
    assert not {table for table in tables(project) if "__dbt_" in table and name in table}


def test_a_build_that_died_between_its_two_renames_is_put_right_by_the_next(project: Project) -> None:
    project.write("models/renamed.sql", "select 1 as n")
    project.build("renamed")
    project.session.sql("alter table mini.renamed rename to mini.renamed__dbt_before")
    project.write("models/renamed.sql", "select cast('abc' as int) as n")
    assert project.build("renamed")["renamed"].status == "error"
    assert project.rows("select n from mini.renamed") == [(1,)]


def test_a_view_becomes_a_table_and_back(project: Project) -> None:
    for kind in ("view", "table", "view"):
        project.write("models/changes.sql", f"{{{{ config(materialized='{kind}') }}}} select '{kind}' as kind")
        assert project.build("changes")["changes"].status == "success"
        assert project.rows("select kind from mini.changes") == [(kind,)]


def test_a_build_that_is_killed_half_way_leaves_the_table_of_the_last_one(tmp_path: Path) -> None:
    project = Project(tmp_path / "killed")
    command = [
        *(sys.executable, "-m", "dbt.cli.main", "build", "--project-dir", str(project.folder)),
        *("--profiles-dir", str(project.folder)),
    ]
    environment = {name: value for name, value in os.environ.items() if name != "SPARK_REMOTE"}
    project.write("models/large.sql", "select id from range(3)")
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=240)

    # Far more rows than can be written before the kill, in tasks that end one after the other.
    project.write(
        "models/large.sql", "select id, sha2(cast(id as string), 512) as hash from range(0, 400000000, 1, 400)"
    )
    data = project.folder / "warehouse" / "mini.db"
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 240
        while not list(data.glob("large__dbt_beside/**/*.parquet")):
            assert process.poll() is None, "the build ended before it could be killed"
            assert time.monotonic() < deadline, "the build wrote nothing"
            time.sleep(0.2)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)

    settings = {
        "spark.master": "local[1]",
        "spark.sql.warehouse.dir": f"{project.folder}/warehouse",
        "spark.hadoop.javax.jdo.option.ConnectionURL": f"jdbc:derby:;databaseName={project.folder}/catalogue",
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
    }
    script = (
        "from pyspark.sql import SparkSession\n"
        f"session = SparkSession.builder.config(map={settings}).enableHiveSupport().getOrCreate()\n"
        "print('rows', session.table('mini.large').count())"
    )
    reader = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert "rows 3" in reader.stdout, reader.stderr

    project.write("models/large.sql", "select id from range(4)")
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, stdout=subprocess.DEVNULL, timeout=240)
    assert [path.name for path in data.iterdir()] == ["large"]
