"""What dbt says of a database that it cannot have, and of a disk that is full."""

from __future__ import annotations

import shlex
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from harness import ROOT, DbtProject, Outcome, environment, run_command

HOLDER = """
import duckdb, sys
with duckdb.connect(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.readline()
"""


def told_by_dbt(outcome: Outcome) -> str:
    """Return what was printed of a command that failed, in the words of the project alone."""
    assert not outcome.succeeded, outcome.output
    assert "Traceback" not in outcome.output, outcome.output
    return " ".join(outcome.output.split())


def test_a_database_that_somebody_holds_is_named_with_its_holder(project: DbtProject) -> None:
    duckdb.connect(str(project.database)).close()
    words = [sys.executable, "-c", HOLDER, str(project.database)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        outcome = project.dbt("build", settings={"SEGMENTATION_WAIT": "2"})
        began = time.monotonic()
        # The first command of `make build`, before dbt has parsed anything.
        check: list[str | Path] = [sys.executable, "-m", "segmentation.opening", "--database", project.database]
        checked = run_command(check, variables={"SEGMENTATION_WAIT": "1"})
        seconds = time.monotonic() - began
        holder.communicate("\n")
    told = told_by_dbt(outcome)
    assert told.count(f"is held by process {holder.pid} (") == 2, (
        "once that it is waited for, once that it was not free"
    )
    assert told.count("waiting for it, 2 seconds more at most") == 1
    assert f"is held by process {holder.pid} (" in told_by_dbt(checked)
    assert seconds < 20
    assert "segmentation.opening --database" in run_command(["make", "-n", "build"], folder=ROOT).output


def test_what_would_be_published_over_a_database_is_refused_before_anything_runs(
    project: DbtProject, tmp_path: Path
) -> None:
    outcome = project.build(SEGMENTATION_PUBLISHED=str(project.folder))
    told = told_by_dbt(outcome)
    assert "both the database of the build and the file that it publishes" in told
    assert " START " not in told
    assert not project.database.exists()
    # The database of another shop, of the same name.
    victim = tmp_path / "dwh" / project.database.name
    victim.parent.mkdir()
    with duckdb.connect(str(victim)) as connection:
        connection.execute("create table precious as select 1 as x")
    before = victim.read_bytes()
    told = told_by_dbt(project.build(SEGMENTATION_PUBLISHED=str(victim.parent)))
    assert f"{victim} stands where {project.database} is to be published, and does not come from it" in told
    assert " START " not in told
    assert victim.read_bytes() == before


def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path) -> None:
    """On a disk of a few megabytes, in a name space of its own: it vanishes with the command."""
    disk = tmp_path / "disk"
    disk.mkdir()
    project = DbtProject(tmp_path / "project")
    command = shlex.join(project.command("seed"))
    mount = f"mount -t tmpfs -o size=2m none {shlex.quote(str(disk))}"
    name_space = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if not run_command([*name_space, mount]).succeeded:
        pytest.skip("no disk can be mounted here, not in a name space either")
    settings = {"SEGMENTATION_DATABASE": str(disk / "shop.duckdb"), "SEGMENTATION_THREADS": "1"}
    ended = subprocess.run(
        [*name_space, f"{mount} && exec {command}"],
        cwd=ROOT,
        env=environment() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert ended.returncode != 0
    sentences = [line for line in ended.stdout.splitlines() if "The disk is full" in line]
    assert len(sentences) == 1, ended.stdout
    assert f"{disk} has " in sentences[0]
    assert " MB free of 2.0 MB" in sentences[0]
    # dbt tells an error when it happens and in its summary.
    assert ended.stdout.count("No space left on device") <= 2, ended.stdout
