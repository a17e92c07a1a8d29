from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pytest

from harness import run_command
from segmentation.errors import UserError
from segmentation.publishing import published_path
from segmentation.summary import main, read_sizes, render


def make_database(path: Path, *, name: str = "Champions") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.dim_segments as
            select * from (values ('rfm', 1, $1), ('rfm', 2, 'Lost'), ('rfm', 3, 'New'), ('age', 1, 'Über 30'))
                as rows (segmentation, segment_id, segment_name)
            """,
            [name],
        )
        connection.execute(
            """
            create table marts.fct_customer_segments as
            select 'rfm' as segmentation, range as customer_id, 1 as segment_id, null::varchar as reason
            from range(1500)
            union all select 'rfm', 9000, 2, null
            union all select 'age', 1, 1, null
            union all select 'age', 2, null, 'missing age'
            union all select 'age', 3, null, 'missing age'
            """
        )
    return path


def test_sizes_shares_and_reasons_are_laid_out_in_columns(tmp_path: Path) -> None:
    text = render(*read_sizes(make_database(tmp_path / "shop.duckdb")))
    assert text.splitlines() == [
        "age: 1 customer in 1 segment",
        "  Über 30               1  100.0%",
        "  (missing age)         2",
        "",
        "rfm: 1,501 customers in 3 segments",
        "  Champions         1,500   99.9%",
        "  Lost                  1    0.1%",
        "  New                   0    0.0%",
    ]


def test_refused_models_are_told_below(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_database(tmp_path / "shop.duckdb")
    assert main(["--database", str(path)]) == 0
    assert "did not pass" not in capsys.readouterr().out
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create table marts.segmentation_decisions as
            select * from (values ('rfm', 'kept', 'Unchanged.'), ('age', 'refused', 'The candidate did not pass: x.'))
                as rows (segmentation, action, reason)
            """
        )
    assert main(["--database", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-4:] == ["", "age: The candidate did not pass: x.", "", f"Read from {path}"]


def test_features_that_a_model_leaves_out_are_told_below(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = make_database(tmp_path / "shop.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create table marts.model_parameters as
            select * from (values
                ('rfm', 'note', 'frequency', 'left out: everybody has 1; map another id'),
                ('rfm', 'note', 'monetary', '3 infinite values taken as missing'),
                ('rfm', 'model', null, 'left out: of nothing')
            ) as rows (segmentation, kind, feature, value_string)
            """
        )
    assert main(["--database", str(path)]) == 0
    told = capsys.readouterr().out
    assert "\nrfm: frequency is left out: everybody has 1; map another id\n" in told
    assert told.count("left out") == 1
    assert "infinite" not in told


def test_verdicts_are_told_and_what_stands_in_the_place_of_clusters(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = make_database(tmp_path / "shop.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            """
            create table marts.segmentation_quality as
            select * from (values
                ('rfm', 'natural', 'Because.', null), ('age', 'not advised', 'A segment holds 0.05 %.', 'rfm')
            ) as rows (segmentation, verdict, reasons, fallback)
            """
        )
    assert main(["--database", str(path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[lines.index("age: 1 customer in 1 segment") + 1] == (
        "  clusters are not advised, the segments are those of rfm: A segment holds 0.05 %."
    )
    assert lines[lines.index("rfm: 1,501 customers in 3 segments") + 1] == "  clusters are natural"


def test_a_segmentation_in_which_nobody_has_a_segment_is_shown_with_its_reasons(tmp_path: Path) -> None:
    path = make_database(tmp_path / "shop.duckdb")
    with duckdb.connect(str(path)) as connection:
        connection.execute("delete from marts.dim_segments where segmentation = 'age'")
        connection.execute("update marts.fct_customer_segments set segment_id = null where segmentation = 'age'")
    text = render(*read_sizes(path))
    assert text.startswith("age: 0 customers in 0 segments\n  (missing age)")
    assert "(no reason given)" in text


def test_the_published_file_is_preferred(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database = make_database(tmp_path / "shop.duckdb")
    assert main(["--database", str(database)]) == 0
    assert f"Read from {database}" in capsys.readouterr().out
    published = make_database(published_path(database), name="Best")
    assert main(["--database", str(database)]) == 0
    printed = capsys.readouterr().out
    assert "Best" in printed
    assert f"Read from {published}" in printed
    ran = run_command([sys.executable, "-m", "segmentation.summary", "--database", database]).check()
    assert ran.output == printed


def test_an_absent_database_is_an_error_that_says_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--database", str(tmp_path / "none.duckdb")]) == 1
    assert "`make build` makes it" in capsys.readouterr().err


def test_a_database_without_marts_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "empty.duckdb"
    duckdb.connect(str(path)).close()
    with pytest.raises(UserError, match="holds no finished marts"):
        read_sizes(path)


def test_nothing_at_all_is_said_in_words() -> None:
    assert render([], []) == "There are no segments."
