"""What is wrong with the input is refused on Spark in the same words as on DuckDB.

All tests give the same variables and change the file alone: dbt reads the project once for each engine.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from harness import DbtProject, file_inputs
from spark_project import SparkProject

# The inputs, and of the tests the one that refuses a batch.
STAGING = ("--select", "+input_reconciliation", "test_name:reject_share_within_limit", "--indirect-selection", "empty")
ROWS = 40
EXPRESSION = "cast(amount as decimal(18, 4))"
ORDERS: dict[str, Any] = {
    "order_id": [f"o{number}" for number in range(ROWS)],
    "customer_id": [f"c{number % 7}" for number in range(ROWS)],
    "ordered_at": [f"2026-01-{1 + number % 28:02}" for number in range(ROWS)],
    "amount": ["10.00"] * ROWS,
}


@pytest.fixture(scope="module")
def duckdb(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return DbtProject(tmp_path_factory.mktemp("refused"))


def refusal(spark: SparkProject, duckdb: DbtProject, orders: dict[str, Any], expected: str) -> str:
    """Prove that both engines fail with the same line that begins like `expected`, and return it."""
    path = duckdb.folder / "orders.parquet"
    path.unlink(missing_ok=True)
    if orders:
        duckdb.parquet(path.name, orders)
    inputs: dict[str, Any] = file_inputs(orders=path)
    inputs["orders"]["columns"] = {"order_amount": EXPRESSION}
    variables = {"inputs": inputs, "as_of_date": "2026-02-01", "segmentations": {"rfm": {"method": "rfm"}}}
    found = []
    for project in (duckdb, spark):
        outcome = project.build(*STAGING, variables=variables)
        assert not outcome.succeeded
        lines = [line[line.index(expected) :] for line in outcome.output.splitlines() if expected in line]
        assert lines, outcome.output
        found.append(lines[0].strip())
    # The names of types are the engine's own: BOOLEAN here, boolean there.
    assert found[1].lower() == found[0].lower()
    return found[0]


def without(column: str) -> dict[str, Any]:
    return {name: values for name, values in ORDERS.items() if name != column}


def test_no_file(standalone: SparkProject, duckdb: DbtProject) -> None:
    assert "Set vars.inputs.orders.path" in refusal(standalone, duckdb, {}, "Input orders: no file matches")


def test_a_missing_column(standalone: SparkProject, duckdb: DbtProject) -> None:
    expected = "Input orders: the column ordered_at is missing. Expected timestamp."
    assert "Set vars.inputs.orders.columns.ordered_at" in refusal(standalone, duckdb, without("ordered_at"), expected)


def test_a_missing_column_of_an_expression(standalone: SparkProject, duckdb: DbtProject) -> None:
    expected = "Input orders, column order_amount: there is no column amount"
    assert "Set vars.inputs.orders.columns.order_amount" in refusal(standalone, duckdb, without("amount"), expected)


def test_a_type_that_cannot_be_cast(standalone: SparkProject, duckdb: DbtProject) -> None:
    orders = ORDERS | {"ordered_at": pa.array([number % 2 == 0 for number in range(ROWS)])}
    expected = "Input orders, column ordered_at: expected timestamp, or text that holds one"
    assert "Set vars.inputs.orders.columns.ordered_at" in refusal(standalone, duckdb, orders, expected)


def test_a_broken_batch(standalone: SparkProject, duckdb: DbtProject) -> None:
    orders = ORDERS | {"ordered_at": ["not a day" if number % 2 else "2026-01-01" for number in range(ROWS)]}
    expected = "Input orders: 20 of 40 rows are rejected"
    assert "set vars.inputs.orders.max_reject_share" in refusal(standalone, duckdb, orders, expected)


def test_a_cast_that_fails(standalone: SparkProject, duckdb: DbtProject) -> None:
    orders = ORDERS | {"amount": [*ORDERS["amount"][1:], "ten"], "ordered_at": [datetime(2026, 1, 1)] * ROWS}
    expected = f"Input orders, column order_amount: {EXPRESSION} fails on some rows"
    assert "Set vars.inputs.orders.columns.order_amount" in refusal(standalone, duckdb, orders, expected)


def test_the_rows_that_all_these_are_made_of_are_good(standalone: SparkProject, duckdb: DbtProject) -> None:
    with pytest.raises(AssertionError):
        refusal(standalone, duckdb, ORDERS, "Input orders")
