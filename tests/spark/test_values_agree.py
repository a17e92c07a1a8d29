"""Values that engines read or write in ways of their own are staged alike: accepted, rejected, and told apart."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from harness import DbtProject, file_inputs
from moments import DAYS, MOMENTS
from segmentation.comparing import compare_tables, read_duckdb, read_parquet_folders
from spark_project import SparkProject
from versions import expected_orders, order_rows

STAGING = ("--select", "+rejected_records", "+stg_customers", "+stg_orders", "--indirect-selection", "empty")
# A raw row is kept of rows that are rejected or share their key, so it tells apart what the key does not.
KEYS = {
    "stg_customers_checked": ("customer_id", "raw_row"),
    "stg_orders_checked": ("order_id", "raw_row"),
    "stg_orders_duplicates": ("order_id", "raw_row"),
    "rejected_records": ("input", "record_key", "rule", "reason", "raw_row"),
}
ATTRIBUTES = {"whole": "integer", "number": "double", "flag": "boolean", "since": "date"}
WHOLE = [
    "7",
    "+7",
    "-7",
    "7.0",
    "7.",
    "2.7",
    ".5",
    "1e3",
    "1_000",
    "0x10",
    "12d",
    "9223372036854775808",
    "seven",
    " 8 ",
]
NUMBERS = ["1e3", "-.5", "5.", "1_000.5", "0x10", "12d", "12F", "inf", "nan", "1e999", "1,5", "1 2", "0.1", "+3"]
FLAGS = ["true", "T", "yes", "0", "0.0", "no", "on", "2", "", "TRUE ", "f", "N", "wahr", "1"]
DATES = [
    "2024-05-01",
    "2024-5-1",
    "20240501",
    "2024",
    "2024-05",
    "2024-02-30",
    "2024-05-01 10:00",
    "10:00",
    "May 1 2024",
    *DAYS,
]
# A line break within a value is the concern of who reads CSV.
TEXTS = [*DATES, "not a day", *(text for text in MOMENTS if "\n" not in text)]


def at(rows: list[str], number: int) -> str:
    return rows[number % len(rows)]


def staged_alike(
    spark: SparkProject, duckdb: DbtProject, inputs: dict[str, Any], **variables: Any
) -> dict[str, pa.Table]:
    """Stage on both engines, prove that nothing differs, and return the tables."""
    settings = {"inputs": inputs, "as_of_date": "2026-02-01", "segmentations": {"rfm": {"method": "rfm"}}, **variables}
    for engine in (duckdb, spark):
        engine.build(*STAGING, variables=settings | {"default_max_reject_share": 1.0}).check()
    ours = read_duckdb(duckdb.database, schema="staging")
    theirs = read_parquet_folders(spark.marts, schema="staging")
    found = []
    for name, key in KEYS.items():
        found += [str(line) for line in compare_tables(name, ours[name], without_zone(theirs[name]), key=key)]
    assert found == []
    return ours


def without_zone(table: pa.Table) -> pa.Table:
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field for field in table.schema
    ]
    return table.cast(pa.schema(fields))


def test_numbers_dates_and_flags_in_text_and_versions_of_one_row(standalone: SparkProject, project: DbtProject) -> None:
    people = [
        [f"c{number}", at(WHOLE, number), at(NUMBERS, number), at(FLAGS, number), at(DATES, number)]
        for number in range(126)
    ]
    header, *versions = order_rows(customer="c0")
    blanks = [""] * (len(header) - 5)
    orders = [
        (f"#{number}", f"c{number % 126}", text, "", at(NUMBERS, number), *blanks) for number, text in enumerate(TEXTS)
    ]
    inputs = file_inputs(
        customers=project.csv("customers.csv", ["customer_id", *ATTRIBUTES], people),
        orders=project.csv("orders.csv", header, [*orders, *versions]),
    )
    tables = staged_alike(standalone, project, inputs, attributes=ATTRIBUTES)
    reasons = set(tables["rejected_records"]["reason"].to_pylist())
    assert "whole is not a whole number, but of the form '9.9'" in reasons
    read = {row["order_id"]: row["ordered_at"] for row in tables["stg_orders_checked"].to_pylist()}
    for number, text in enumerate(TEXTS):
        if text in MOMENTS:
            moment = MOMENTS[text]
            assert (text, read[f"#{number}"]) == (text, datetime.fromisoformat(moment) if moment else None)
    for name in ("stg_customers_checked", "stg_orders_checked"):
        assert None in tables[name]["reject_rule"].to_pylist()
    kept = tables["stg_orders_duplicates"].to_pylist()
    assert {row["order_id"]: row["channel"] for row in kept if row["reject_rule"] is None} == expected_orders()


def test_files_of_other_dialects(standalone: SparkProject, project: DbtProject) -> None:
    rows = ["1~Müller~05.01.2024 10:30~1.234,50", "2~'Groß ~ ''Sohn'' AG'~31.12.2023~12,5", "3~x~2024-01-05~12.5"]
    path = project.folder / "orders.txt"
    path.write_bytes("".join(f"{row}\n" for row in rows).encode("latin-1"))
    inputs: dict[str, Any] = file_inputs(orders=path)
    inputs["orders"] |= {
        "delimiter": "~",
        "quote": "'",
        "encoding": "latin-1",
        "header": ["order no.", "customer", "order", "total [EUR]"],
        "decimal": ",",
        "date_format": ["dd.MM.yyyy HH:mm", "dd.MM.yyyy"],
        "columns": {
            "order_id": "order no.",
            "customer_id": "customer",
            "ordered_at": "order",
            "order_amount": "total [EUR]",
        },
    }
    tables = staged_alike(standalone, project, inputs)
    accepted = [row for row in tables["stg_orders_checked"].to_pylist() if row["reject_rule"] is None]
    assert {row["order_id"]: row["customer_id"] for row in accepted} == {"1": "Müller", "2": "Groß ~ 'Sohn' AG"}
    assert {str(row["order_amount"]) for row in accepted} == {"1234.5000", "12.5000"}


def test_which_of_equal_keys_stays_where_only_the_values_decide(standalone: SparkProject, project: DbtProject) -> None:
    amounts = [1e7, 12345678.5, 0.00012, 1.5e-7, 3e15, 1e16, 0.1, 2.54125, 1234.5, 9999999.0]
    moments = [datetime(2024, 5, 1, 10, 0, second, 500_000 * (second % 2)) for second in range(10)]
    table = pa.table(
        {
            "order_id": [f"o{number % 3}" for number in range(10)],
            "customer_id": pa.array([17850.0, 12345678.5, 1e7, 3.25, 1e-5] * 2),
            "ordered_at": pa.array(moments, pa.timestamp("us")),
            "order_amount": pa.array(amounts),
        }
    )
    inputs = file_inputs(orders=project.parquet("orders.parquet", table))
    tables = staged_alike(standalone, project, inputs)
    assert tables["stg_orders_duplicates"]["reject_rule"].to_pylist().count(None) == 3
    assert tables["rejected_records"].num_rows == 7


def test_files_of_one_glob_with_different_headers_stop_the_build_instead_of_filling_the_wrong_columns(
    standalone: SparkProject, tmp_path: Path
) -> None:
    for number, header in enumerate(("order_id,customer_id,ordered_at", "order_id,ordered_at,customer_id")):
        (tmp_path / f"orders_{number}.csv").write_text(f"{header}\no{number},c1,2024-05-01\n", encoding="utf-8")
    variables = {
        "inputs": file_inputs(orders=tmp_path / "orders_*.csv"),
        "as_of_date": "2026-02-01",
        "segmentations": {"rfm": {"method": "rfm"}},
    }
    outcome = standalone.build(*STAGING, variables=variables)
    assert not outcome.succeeded
    assert "CSV header does not conform to the schema" in outcome.output
    assert f"{tmp_path}/orders_" in outcome.output


def test_a_line_with_another_number_of_values_stops_the_build(standalone: SparkProject, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,customer_id,ordered_at\no1,c1,2024-05-01\no2,c1\n", encoding="utf-8")
    variables = {
        "inputs": file_inputs(orders=path),
        "as_of_date": "2026-02-01",
        "segmentations": {"rfm": {"method": "rfm"}},
    }
    assert not standalone.build(*STAGING, variables=variables).succeeded
