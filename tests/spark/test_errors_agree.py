"""What is wrong with the input is refused on Spark in the same words as on DuckDB."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import DbtProject, file_inputs
from spark_project import SparkProject

ORDERS = [[f"o{number}", f"c{number % 7}", f"2026-01-{1 + number % 28:02}", "10.00"] for number in range(40)]
# The inputs, and of the tests the one that refuses a batch.
STAGING = ("--select", "+input_reconciliation", "test_name:reject_share_within_limit", "--indirect-selection", "empty")
HEADER = ["order_id", "customer_id", "ordered_at", "order_amount"]


def refusals(spark: SparkProject, duckdb: DbtProject, variables: dict[str, Any], expected: str) -> tuple[str, str]:
    """Return the sentence with `expected` from both engines, which must both fail."""
    found = []
    for project in (duckdb, spark):
        outcome = project.build(*STAGING, variables=variables)
        assert not outcome.succeeded
        lines = [line.strip() for line in outcome.output.splitlines() if expected in line]
        assert lines, outcome.output
        found.append(lines[0][lines[0].index(expected) :])
    return found[0], found[1]


def files(folder: DbtProject, rows: list[list[str]], **settings: Any) -> dict[str, Any]:
    inputs: dict[str, Any] = file_inputs(orders=folder.csv("orders.csv", HEADER, rows))
    inputs["orders"] |= settings
    return {"inputs": inputs, "as_of_date": "2026-02-01", "segmentations": {"rfm": {"method": "rfm"}}}


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"ordered_at": "placed_at"}, "Input orders, column ordered_at: there is no column placed_at"),
        ({"odered_at": "ordered_at"}, "Input orders has no column odered_at to be mapped"),
        ({"order_amount": "date '2026-01-01'"}, "Input orders, column order_amount: expected"),
    ],
)
def test_a_mapping_that_cannot_be(
    standalone: SparkProject, project: DbtProject, columns: dict[str, str], expected: str
) -> None:
    on_duckdb, on_spark = refusals(standalone, project, files(project, ORDERS, columns=columns), expected)
    assert on_spark.lower() == on_duckdb.lower()


def test_a_file_that_is_not_there(standalone: SparkProject, project: DbtProject, tmp_path: Path) -> None:
    variables = {"inputs": file_inputs(orders=tmp_path / "none.csv")}
    on_duckdb, on_spark = refusals(standalone, project, variables, "Input orders: no file matches")
    assert on_spark == on_duckdb


def test_a_broken_batch(standalone: SparkProject, project: DbtProject) -> None:
    broken = [[*row[:2], "not a day", row[3]] if number % 2 else row for number, row in enumerate(ORDERS)]
    variables = files(project, broken)
    on_duckdb, on_spark = refusals(standalone, project, variables, "Input orders: 20 of 40 rows are rejected")
    assert "set vars.inputs.orders.max_reject_share" in on_duckdb
    assert on_spark == on_duckdb


def test_a_cast_that_fails(standalone: SparkProject, project: DbtProject) -> None:
    variables = files(project, ORDERS, columns={"order_amount": "cast(order_id as decimal(18, 4))"})
    expected = "Input orders, column order_amount: cast(order_id as decimal(18, 4)) fails on some rows"
    on_duckdb, on_spark = refusals(standalone, project, variables, expected)
    assert "Set vars.inputs.orders.columns.order_amount" in on_duckdb
    assert on_spark == on_duckdb
