"""The published file: the marts as they are, whole at every moment, whoever reads it and whenever."""

from __future__ import annotations

import stat
import subprocess
import sys
from itertools import groupby
from pathlib import Path

import pytest

from harness import DbtProject, copy_of_project
from small import SEGMENTATIONS, as_of_dates, build_small, copy_of_small, replace_in, small_warehouse

READER = """
import hashlib, sys, time
from pathlib import Path
import duckdb

published, stop = sys.argv[1], Path(sys.argv[2])

def poll():
    # Every mart by a statement of its own: a mixture of two builds gives what neither of them gives.
    with duckdb.connect(published, read_only=True) as connection:
        columns = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() "
            "where database_name = current_database() order by all"
        ).fetchall()
        content = [
            connection.execute(
                f"select count(*), sum(hash(mart)::hugeint) from {schema}.{table} as mart"
            ).fetchone()
            for schema, table in sorted({column[:2] for column in columns})
        ]
    return hashlib.md5(repr((columns, content)).encode()).hexdigest()

while True:
    is_last = stop.exists()
    print(poll(), flush=True)
    if is_last:
        break
    time.sleep(0.05)
"""
"""A process that reads all of the published file again and again, until a file tells it to stop."""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


def reader(project: DbtProject, stop: Path) -> list[str]:
    return [sys.executable, "-c", READER, str(project.published), str(stop)]


def signature(project: DbtProject, folder: Path) -> str:
    """Return what a reader finds now."""
    stop = folder / "at_once"
    stop.touch()
    return subprocess.run(reader(project, stop), check=True, capture_output=True, text=True).stdout.strip()


def test_what_is_published_is_what_was_built(small: DbtProject) -> None:
    published = small.content(published=True)
    assert published == small.content()
    # A small warehouse keeps one date before the current, and few orders: these have nothing to say of it.
    silent = {"recommendation_backtest", "segment_basket_rules", "segment_projection", "segmentation_differentiation"}
    assert {mart for mart, (_, rows) in published.items() if not rows} == {f"marts.{mart}" for mart in silent}
    assert stat.S_IMODE(small.published.stat().st_mode) == 0o444
    assert [path.name for path in small.published.parent.iterdir()] == [small.published.name]


def test_readers_find_one_build_whole_at_every_moment(small: DbtProject, tmp_path: Path) -> None:
    project = copy_of_small(small, tmp_path / "warehouse")
    stop, polls = tmp_path / "stop", tmp_path / "polls.txt"
    known = [signature(project, tmp_path)]
    patient = project.connect(published=True)
    before = patient.execute("select * from marts.fct_customer_segments order by all").fetchall()
    with polls.open("w") as output, subprocess.Popen(reader(project, stop), stdout=output) as process:
        try:
            for changes in (
                {"as_of_date": "2026-02-15"},
                {"segmentations": {name: SEGMENTATIONS[name] for name in ("age_band", "behavior")}},
            ):
                build_small(project, **changes).check()
                known.append(signature(project, tmp_path))
        finally:
            stop.touch()
        assert process.wait(timeout=60) == 0
    assert len(set(known)) == 3
    seen = polls.read_text().split()
    assert len(seen) > 50
    assert [digest for digest, _ in groupby(seen)] == known
    # Who had opened the file before goes on reading what it held then.
    assert patient.execute("select * from marts.fct_customer_segments order by all").fetchall() == before
    patient.close()


def test_a_new_column_of_a_mart_is_published(small: DbtProject, tmp_path: Path) -> None:
    root = copy_of_project(tmp_path)
    marts = root / "models" / "marts" / "core"
    replace_in(
        marts / "dim_segments.sql", "sizes.share,", "sizes.share,\n        sizes.customers * 2 as pairs_of_shoes,"
    )
    replace_in(
        marts / "_core.yml",
        '      - name: share\n        data_type: double\n        description: "Share of the labelled customers."',
        "      - name: share\n        data_type: double\n      - name: pairs_of_shoes\n        data_type: bigint",
    )
    project = DbtProject(copy_of_small(small, tmp_path / "warehouse").folder, root=root)
    build_small(project, as_of_date="2026-02-15").check()
    columns, _ = project.content(published=True)["marts.dim_segments"]
    assert ("pairs_of_shoes", "BIGINT") in columns
    assert project.query("select bool_and(pairs_of_shoes = 2 * customers) from marts.dim_segments", published=True) == [
        (True,)
    ]
    assert as_of_dates(project) == {"2026-02-15"}
