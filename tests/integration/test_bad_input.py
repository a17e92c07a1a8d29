"""Bad input ends in a right result, or in a message that names input, column, expectation and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from harness import DbtProject, file_inputs

STAGING = ("--select", "+path:models/staging", "--indirect-selection", "buildable")
RFM = {"rfm": {"method": "rfm"}}
"""Segmentations that need nothing but orders."""
ORDER_HEADER = ("order_id", "customer_id", "ordered_at")
ORDER = ("1", "7", "2024-05-01 10:00:00")


def assert_refused(project: DbtProject, inputs: Any, *expected: str, **variables: Any) -> None:
    """Prove that a build stops before anything is staged, and that its message says all that is expected."""
    outcome = project.build(*STAGING, variables=variables | {"inputs": inputs})
    assert not outcome.succeeded, outcome.output
    # dbt wraps no message, but an engine may: what is compared has single spaces.
    message = " ".join(outcome.output.split())
    for part in expected:
        assert part in message, f"{part!r} is missing in:\n{outcome.output}"
    assert "Traceback" not in outcome.output
    # Which macros a sentence comes through is nothing to those who read it.
    assert "in macro" not in outcome.output
    assert "called by" not in outcome.output
    tables = project.query("select table_name from duckdb_tables() where schema_name = 'staging'")
    assert tables == []


def orders(project: DbtProject, **columns: Any) -> dict[str, dict[str, str]]:
    """Write one order to a Parquet file, some of its columns changed (None: left out), and return `inputs`."""
    table: dict[str, Any] = dict(zip(ORDER_HEADER, ([value] for value in ORDER), strict=True)) | columns
    path = project.parquet("orders.parquet", {name: values for name, values in table.items() if values is not None})
    return file_inputs(orders=path)


def test_places_where_nothing_can_be_read_are_refused_all_at_once(project: DbtProject) -> None:
    nowhere = project.folder / "nowhere" / "*.parquet"
    unknown = project.csv("orders.xlsx", ORDER_HEADER, [ORDER])
    empty = project.folder / "products.csv"
    empty.touch()
    assert_refused(
        project,
        file_inputs(customers=nowhere, orders=unknown, products=empty) | {"order_items": {"relation": "shop.lines"}},
        f"Input customers: no file matches {nowhere}. Expected at least one.",
        "Set vars.inputs.customers.path",
        "Input orders:",
        "is no file that can be read",
        ".parquet, .csv",
        "orders.path",
        f"Input products: the file {empty} is empty (0 bytes). Expected at least a header",
        "vars.inputs.products.path",
        "Input order_items: there is no table or view shop.lines",
        "Set vars.inputs.order_items.relation",
    )


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ([], ["vars.inputs must map inputs to where they are"]),
        ({"products": {"path": "products.csv"}}, ["vars.inputs has neither customers nor orders"]),
        (
            {
                "order": {"path": "orders.csv"},
                "orders": "orders.csv",
                "customers": {"path": "orders.csv", "relation": "a.b"},
                "products": {"path": 7},
                "order_items": {"path": "orders.csv", "colums": {}},
            },
            [
                "vars.inputs.order: there is no such input. Inputs are customers, orders",
                "vars.inputs.orders must be a mapping",
                "vars.inputs.customers must have exactly one of",
                "vars.inputs.products.path must be a text",
                "vars.inputs.order_items.colums: there is no such setting.",
            ],
        ),
    ],
    ids=["list", "neither", "each"],
)
def test_malformed_inputs_are_refused(project: DbtProject, inputs: Any, expected: list[str]) -> None:
    assert_refused(project, inputs, *expected)


def test_columns_that_are_not_there_are_refused_with_the_nearest(project: DbtProject) -> None:
    people = project.csv("customers.csv", ("customer_id", "Balance EUR"), [("1", "2")])
    lines = project.csv("lines.csv", ("order_id", "product_id", "quantity", "unit_price"), [("1", "a", "1", "2.5")])
    inputs: dict[str, Any] = orders(project, ordered_at=None, order_date=["2024-05-01"])
    inputs |= file_inputs(customers=people, order_items=lines)
    inputs["order_items"]["columns"] = {"quantity": "cast(Quantities as int)", "unitprice": "unit_price"}
    assert_refused(
        project,
        inputs,
        "Input orders: the column ordered_at is missing. Expected timestamp.",
        "The columns there are: order_id, customer_id, order_date. The nearest is order_date.",
        "Set vars.inputs.orders.columns.ordered_at",
        "Input customers: the column balance is missing. Expected double, as declared in vars.attributes.",
        "The nearest is Balance EUR.",
        "Set vars.inputs.customers.columns.balance",
        "Input order_items, column quantity: there is no column Quantities",
        "The nearest is quantity.",
        "Set vars.inputs.order_items.columns.quantity.",
        "Input order_items has no column unitprice to be mapped",
        "the nearest is unit_price",
        attributes={"balance": "double"},
        as_of_date="2024-06-30",
    )


def test_a_mapping_that_is_the_name_of_a_column_is_that_column(project: DbtProject) -> None:
    """Whatever SQL would make of it: each of these is a syntax error, another value, or part of a column to it."""
    mapped = {
        "order_id": 'the "No."',
        "customer_id": "Customer ID",
        "ordered_at": "order",
        "order_amount": "total [EUR]",
        "status": "shop.status",
        "channel": "current_date",
        "currency": "'EUR'",
        "updated_at": "generated",
    }
    day = "2024-05-01 10:00:00"
    path = project.csv("orders.csv", list(mapped.values()), [("1", "7", day, "9.50", "paid", "web", "USD", day)])
    inputs: dict[str, Any] = file_inputs(orders=path)
    inputs["orders"]["columns"] = mapped
    project.build(*STAGING, variables={"inputs": inputs, "segmentations": RFM}).check()
    found = project.query(
        "select order_id, customer_id, cast(ordered_at as varchar), cast(order_amount as varchar), status, channel, "
        "currency, cast(updated_at as varchar) from staging.stg_orders"
    )
    assert found == [("1", "7", day, "9.5000", "paid", "web", "USD", day)]


def test_all_that_is_wrong_with_mappings_is_told_at_once(project: DbtProject) -> None:
    orders_path = project.parquet(
        "orders.parquet",
        {"order_id ": ["1"], "Customer ID": ["7"], "True": ["a"], "placed": [True], "Order": ["2024-05-01"]},
    )
    people = project.csv("people.csv", ["id", "Größe"], [["7", "1"]])
    inputs: dict[str, Any] = file_inputs(orders=orders_path, customers=people, products=project.folder / "none.csv")
    inputs["orders"]["columns"] = {
        "customer_id": "customer id",
        "channel": "true",
        "ordered_at": "placed",
        "status": "upper(order_id)",
        "currency": "currency_of(",
        "colour": "red",
        "order_amount": "generated",
        "updated_at": "parse_moment(placed)",
        "cancelled_at": "length('a')",
    }
    inputs["customers"]["columns"] = {"city": "GRÖSSE", "region": "größe"}
    inputs["order_items"] = {"relation": "shop.lines", "discount": "negative"}
    assert_refused(
        project,
        inputs,
        "The inputs cannot be read as they are configured (14 problems):",
        "1. vars.inputs.order_items.discount: there is no such setting.",
        "Input customers: the column customer_id is missing.",
        "Input customers, column city: there is no column GRÖSSE",
        "Input orders has no column colour to be mapped",
        "Input orders: the column order_id is missing. Expected string. The columns there are: order_id , Customer ID, "
        'True, placed, Order. The column "order_id " has this name but for case or blanks around it. Set '
        'vars.inputs.orders.columns.order_id to "order_id ", exactly so.',
        "Input orders, column customer_id: customer id is no SQL expression",
        'Set vars.inputs.orders.columns.customer_id to "Customer ID", exactly so.',
        "Input orders, column channel: there is no column true, which vars.inputs.orders.columns.channel may refer to.",
        'Set vars.inputs.orders.columns.channel to "True", exactly so.',
        "Input orders, column status: there is no column order_id,",
        'Write it as "order_id " in vars.inputs.orders.columns.status.',
        "Input orders, column currency: currency_of( is no SQL expression",
        "Set vars.inputs.orders.columns.currency.",
        "Input orders, column order_amount: only an id can be generated.",
        "Input orders, column ordered_at: expected timestamp, or text that holds one, found BOOLEAN (from placed).",
        "Input orders, column updated_at: parse_moment(placed) cannot be computed (Catalog Error: Scalar Function with "
        "name parse_moment does not exist!). Set vars.inputs.orders.columns.updated_at to a SQL expression that gives "
        "a timestamp.",
        "Input orders, column cancelled_at: expected timestamp, or text that holds one, found BIGINT (from "
        "length('a')).",
        f"Input products: no file matches {project.folder / 'none.csv'}.",
    )


def test_seeds_that_are_not_loaded_are_told_at_once(project: DbtProject) -> None:
    """This run makes none of them: where it does, each is looked at when it is there."""
    inputs = {"orders": {"ref": "demo_orders"}, "customers": {"ref": "demo_customers"}}
    outcome = project.build(
        *STAGING, "--exclude", "path:seeds/demo", variables={"inputs": inputs, "segmentations": RFM}
    )
    assert not outcome.succeeded
    message = " ".join(outcome.output.split())
    assert "The inputs cannot be read as they are configured (2 problems):" in message
    assert "1. Input customers: there is no table or view demo_customers in the warehouse." in message
    assert "2. Input orders: there is no table or view demo_orders in the warehouse." in message
    assert "Set vars.inputs.orders.ref, or load it: dbt build --select +raw_orders." in message


def test_mistakes_are_a_few_lines_of_log(project: DbtProject) -> None:
    variables = {"segmentations": {"behavior": {"method": "kmeans", "features": ["frequenzy"]}}, "snapshot_cuont": 3}
    outcome = project.build("--exclude", "path:seeds/demo", variables=variables | {"inputs": orders(project)})
    assert not outcome.succeeded
    assert 'did you mean "frequency"?' in outcome.output
    assert 'unknown key "snapshot_cuont"; did you mean "snapshot_count"?' in outcome.output
    # What is not built is counted, and named in the log file.
    assert "SKIP relation" not in outcome.output
    assert len(outcome.output.splitlines()) < 200, outcome.output
    assert "SKIP=" in outcome.output
    assert "SKIP relation" in (project.folder / "logs" / "dbt.log").read_text(encoding="utf-8")


def test_the_message_about_an_unknown_function_says_where_it_was_written(project: DbtProject) -> None:
    inputs: dict[str, Any] = orders(project)
    inputs["orders"]["columns"] = {"ordered_at": "parse_moment(ordered_at)"}
    assert_refused(
        project,
        inputs,
        "Input orders, column ordered_at: parse_moment(ordered_at) cannot be computed (Catalog Error: Scalar Function",
        "Set vars.inputs.orders.columns.ordered_at to a SQL expression",
    )


def test_a_mapped_expression_that_fails_on_a_row_is_named(project: DbtProject) -> None:
    inputs: dict[str, Any] = orders(project, ordered_at=None, placed=["the first of May"])
    inputs["orders"]["columns"] = {"customer_id": "upper(customer_id)", "ordered_at": "cast(placed as timestamp)"}
    outcome = project.build(*STAGING, variables={"inputs": inputs, "segmentations": RFM})
    assert not outcome.succeeded
    assert "Input orders, column ordered_at: cast(placed as timestamp) fails on some rows." in outcome.output
    assert "Set vars.inputs.orders.columns.ordered_at" in outcome.output
    assert "Input orders, column customer_id" not in outcome.output


def test_a_fraction_is_no_whole_number_and_an_underscore_no_part_of_one(project: DbtProject) -> None:
    people = project.csv(
        "people.csv", ["customer_id", "visits"], [["a", "2"], ["b", "2.0"], ["c", "2.7"], ["d", "1_000"]]
    )
    inputs = file_inputs(customers=people, orders=project.csv("orders.csv", ORDER_HEADER, [("1", "a", "2024-05-01")]))
    variables = {"inputs": inputs, "attributes": {"visits": "integer"}, "default_max_reject_share": 1.0}
    project.build(*STAGING, variables=variables | {"segmentations": RFM}).check()
    assert project.query("select customer_id, visits from staging.stg_customers order by 1") == [("a", 2), ("b", 2)]
    assert project.query("select record_key, reason from staging.rejected_records order by 1") == [
        ("c", "visits is not a whole number, but of the form '9.9'"),
        ("d", "visits is not a whole number, but of the form '9_999'"),
    ]


def test_files_with_headers_only_leave_nobody_to_segment(project: DbtProject) -> None:
    outcome = project.build(
        *STAGING,
        variables={"segmentations": RFM, "inputs": file_inputs(orders=project.csv("orders.csv", ORDER_HEADER, []))},
    )
    assert not outcome.succeeded
    assert "Input orders: expected at least one row, found none." in outcome.output
    assert "Traceback" not in outcome.output


def test_rows_that_are_all_rejected_are_told_with_their_reasons(project: DbtProject) -> None:
    rows = [("1", "7", "01/05/2024"), ("2", "8", "31/12/2024")]
    outcome = project.build(
        *STAGING,
        variables={"segmentations": RFM, "inputs": file_inputs(orders=project.csv("orders.csv", ORDER_HEADER, rows))},
    )
    assert not outcome.succeeded
    assert "Input orders: expected at least one usable row, found 2 rows that are all rejected" in outcome.output
    assert "ordered_at is not a date, but of the form '99/99/9999'" in outcome.output


def test_orders_with_headers_only_are_no_orders(project: DbtProject) -> None:
    variables = {
        "segmentations": RFM,
        "inputs": file_inputs(
            customers=project.csv("customers.csv", ("customer_id",), [("1",), ("2",)]),
            orders=project.csv("orders.csv", ORDER_HEADER, []),
        ),
    }
    project.build(*STAGING, variables=variables).check()
    assert project.query("select customer_id from staging.stg_customers order by 1") == [("1",), ("2",)]
    assert project.query("select count(*) from staging.stg_orders") == [(0,)]


def test_two_currencies_are_refused_before_anything_is_added(project: DbtProject) -> None:
    path = project.csv(
        "orders.csv",
        (*ORDER_HEADER, "currency"),
        [(*ORDER, "eur"), ("2", *ORDER[1:], "USD"), ("3", *ORDER[1:], "EUR"), ("4", *ORDER[1:], "a@b.de")],
    )
    outcome = project.build(*STAGING, variables={"segmentations": RFM, "inputs": file_inputs(orders=path)})
    assert not outcome.succeeded
    assert (
        "Input orders, column currency: expected one currency, found EUR (2 orders), x@x.xx (1 orders), USD (1 orders)."
        in outcome.output
    )
    assert "vars.inputs.orders.columns.currency" in outcome.output


def test_a_batch_with_too_many_rejects_fails_and_says_why(project: DbtProject) -> None:
    rows = [(str(number), "7", "2024-05-01" if number else "soon") for number in range(10)]
    rows += [(f"later {number}", "7", "2024-07-01") for number in range(90)]
    inputs: dict[str, Any] = file_inputs(orders=project.csv("orders.csv", ORDER_HEADER, rows))
    variables = {"segmentations": RFM, "inputs": inputs, "as_of_date": "2024-06-30"}
    outcome = project.build(*STAGING, variables=variables)
    assert not outcome.succeeded
    assert (
        "Input orders: 1 of 10 rows are rejected, a share of 0.1 (the input has 100 rows, of which 90 are deleted at "
        "the source or later than the as-of date and count neither way); expected at most 0.05."
    ) in outcome.output
    assert "unparsable_date 1, such as: ordered_at is not a date, but of the form 'xxxx'" in outcome.output
    inputs["orders"]["max_reject_share"] = 0.1
    project.build(*STAGING, variables=variables).check()


def test_a_column_without_any_value_may_have_any_type(project: DbtProject) -> None:
    inputs = orders(project, cancelled_at=pa.array([None], pa.int32()), status=pa.nulls(1))
    project.build(*STAGING, variables={"segmentations": RFM, "inputs": inputs}).check()
    assert project.query("select order_id, cancelled_at, status from staging.stg_orders") == [("1", None, None)]


def test_files_that_differ_in_columns_are_read_together(project: DbtProject) -> None:
    project.csv("orders_1.csv", (*ORDER_HEADER, "channel"), [(*ORDER, "Web")])
    project.csv("orders_2.csv", ("customer_id", "order_id", "ordered_at"), [("7", "2", "2024-05-02")])
    inputs = file_inputs(orders=project.folder / "orders_*.csv")
    project.build(*STAGING, variables={"segmentations": RFM, "inputs": inputs}).check()
    assert project.query("select order_id, customer_id, channel from staging.stg_orders order by 1") == [
        ("1", "7", "web"),
        ("2", "7", None),
    ]


def test_a_folder_name_with_a_quote_is_read(project: DbtProject) -> None:
    folder = project.folder / "year's end"
    folder.mkdir()
    path: Path = project.csv("year's end/orders.csv", ORDER_HEADER, [ORDER])
    project.build(*STAGING, variables={"segmentations": RFM, "inputs": file_inputs(orders=path)}).check()
    assert project.query("select order_id from staging.stg_orders") == [("1",)]
