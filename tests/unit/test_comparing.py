"""The comparison that says whether two engines built the same marts."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet
import pytest

from segmentation.comparing import KEYS, compare_tables, main, read_duckdb, read_parquet_folders
from segmentation.errors import UserError

SOME: dict[str, list[Any]] = {
    "id": ["a", "b"],
    "label": ["x", None],
    "figure": [1.0, 2.0],
    "money": [Decimal("1.50"), Decimal("2.00")],
}


def differences(left: dict[str, list[Any]], right: dict[str, list[Any]]) -> list[str]:
    return [found.what for found in compare_tables("t", pa.table(left), pa.table(right), key=["id"])]


def test_the_order_of_rows_is_no_difference() -> None:
    assert differences(SOME, {name: values[::-1] for name, values in SOME.items()}) == []


@pytest.mark.parametrize(("factor", "is_same"), [(1 + 9e-10, True), (1 + 1.1e-9, False)])
def test_figures_may_differ_in_the_last_places_alone(factor: float, is_same: bool) -> None:
    assert (differences(SOME, SOME | {"figure": [1.0 * factor, 2.0]}) == []) is is_same


@pytest.mark.parametrize(
    ("column", "values", "what"),
    [
        ("label", ["y", None], "label of ('a',) is 'x' here and 'y' there"),
        ("label", ["x", ""], "label of ('b',) is None here and '' there"),
        ("figure", [None, 2.0], "figure of ('a',) is 1.0 here and None there"),
        ("money", [Decimal("1.51"), Decimal("2.00")], "money of ('a',) is Decimal('1.50') here"),
    ],
)
def test_anything_else_is_a_difference(column: str, values: list[Any], what: str) -> None:
    (found,) = differences(SOME, SOME | {column: values})
    assert found.startswith(what)


def test_rows_and_columns_of_one_side_alone_are_named() -> None:
    assert differences(SOME, {name: values[:1] for name, values in SOME.items()}) == ["only here: ('b',)"]
    assert differences({"id": ["a"]}, SOME)[0].startswith("columns are ['id'] here")
    assert "id does not identify a row" in differences({"id": ["a", "a"]}, {"id": ["a"]})


def test_two_warehouses_are_compared_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    database, folder = tmp_path / "a.duckdb", tmp_path / "data"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create schema marts")
        for name, key in KEYS.items():
            columns = ", ".join(f"1 as {column}" for column in key)
            connection.execute(f"create table marts.{name} as select {columns}")
    for name, table in read_duckdb(database).items():
        place = folder / "marts.db" / name
        place.mkdir(parents=True)
        pyarrow.parquet.write_table(table, place / "part-0.parquet")
    arguments = ["--duckdb", str(database), "--spark", str(folder)]
    assert main(arguments) == 0
    pyarrow.parquet.write_table(
        pa.table({"segmentation": [2]}), folder / "marts.db/segmentation_quality/part-0.parquet"
    )
    assert main(arguments) == 1
    assert "segmentation_quality: 1 rows, 2 differences" in capsys.readouterr().out


def test_what_is_absent_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UserError, match="no database"):
        read_duckdb(tmp_path / "none.duckdb")
    with pytest.raises(UserError, match="no folder"):
        read_parquet_folders(tmp_path)
    assert main(["--duckdb", str(tmp_path / "none.duckdb"), "--spark", str(tmp_path)]) == 1
    assert "no database" in capsys.readouterr().err
