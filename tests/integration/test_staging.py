"""Every row of an input is accepted or rejected, once, for the right reason and with its values."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness import ROOT, DbtProject, file_inputs
from segmentation.variables import build_variables

STAGING = ("--select", "+path:models/staging", "--indirect-selection", "buildable")
RFM = {"rfm": {"method": "rfm"}}
"""Segmentations that need nothing but orders."""
LONG_NAME = "Ω" * 50_000
CUSTOMER_HEADER = (
    "customer_id, first_name, birth_date, gender, country, email, marketing_consent, signup_at, updated_at, deleted_at"
)
CUSTOMERS = [
    ("007", 'Zoë "Zed"\nNeil, ümlaut 漢字', "1980-02-29", " F ", "de", "z@example.com", "Yes", "", "2024-01-01", ""),
    ("7", LONG_NAME, "", "male", "France", "", "0", "2024-05-01T23:30:00-05:00", "", ""),
    ("8", "older", "1970-01-01", "", "", "", "", "", "2024-01-01", ""),
    (" 8 ", "newer", "1971-01-01", "", "", "", "", "", "2024-02-01", ""),
    ("9", "was here", "", "", "", "", "", "", "2024-01-01", ""),
    ("9", "is gone", "", "", "", "", "", "", "2024-03-01", "2024-03-01"),
    ("10", "is back", "", "", "", "", "", "", "2024-03-01", ""),
    ("10", "was gone", "", "", "", "", "", "", "2024-01-01", "2024-01-01"),
    ("", "nobody", "", "", "", "", "", "", "", ""),
    ("11", "bad date", "1985-13-45", "", "", "", "", "", "", ""),
    ("12", "bad consent", "", "", "", "", "perhaps", "", "", ""),
    ("13", "unborn", "2205-01-01", "", "", "", "", "", "", ""),
    ("14", "ancient", "1790-01-01", "", "", "", "", "", "", ""),
    ("15", "colleague", "", "", "", "QA@Internal.example", "", "", "", ""),
    ("16", "twin", "", "", "", "", "", "", "", ""),
    ("16", "twin", "", "", "", "", "", "", "", ""),
]
ORDER_HEADER = "order_id, customer_id, ordered_at, status, cancelled_at, order_amount"
ORDERS = [
    ("A1", "007", "2024-05-01 10:00:00", "Completed", "", ""),
    ("A2", "7", "2024-06-30 23:59:59", " CANCELLED ", "2024-07-15", "-12.5"),
    ("A3", "8", "2024-07-01 00:00:00", "", "", ""),
    ("A4", "8", "1970-01-01", "", "", ""),
    ("A5", "8", "", "", "", ""),
    ("A6", "8", "yesterday", "", "", ""),
    ("A7", "", "2024-05-01", "", "", ""),
    ("A8", "99", "2024-05-01", "", "", ""),
    ("A9", "9", "2024-05-01", "", "", ""),
    ("A10", "15", "2024-05-01", "", "", ""),
    ("A11", "10", "2024-05-01", "", "", "a lot"),
    ("", "10", "2024-05-01", "", "", ""),
    ("A12", "10", "2024-05-01", "", "", ""),
    ("A12", "99", "2024-05-01", "", "", ""),
]
LINE_HEADER = "order_id, line_number, product_id, quantity, unit_price, discount_amount"
LINES = [
    ("A1", "1", "P1", "2", "9.99", "1"),
    ("A1", "2", "P2", "-1", "9.99", ""),
    ("A1", "3", "P2", "-1", "0", ""),
    ("A1", "4", "P1", "1", "0", ""),
    ("A1", "5", "P1", "1", "-5", ""),
    ("A1", "6", "post", "1", "5", ""),
    ("A1", "7", "P1", "two", "5", ""),
    ("A1", "8", "P1", "2", "", ""),
    ("A1", "", "P1", "2", "5", ""),
    ("A1", "1", "P1", "2", "9.99", "1"),
    ("A3", "1", "P1", "1", "5", ""),
    ("B1", "1", "P1", "1", "5", ""),
]


def write_shop(project: DbtProject, *, backwards: bool = False) -> dict[str, Any]:
    """Write the three inputs above and return the variables that read them."""
    step = -1 if backwards else 1
    inputs: dict[str, Any] = file_inputs(
        customers=project.csv("customers.csv", CUSTOMER_HEADER.split(", "), CUSTOMERS[::step]),
        orders=project.csv("orders.csv", ORDER_HEADER.split(", "), ORDERS[::step]),
        order_items=project.csv("items.csv", LINE_HEADER.split(", "), LINES[::step]),
    )
    for setting in inputs.values():
        setting["max_reject_share"] = 1
    return {"inputs": inputs, "as_of_date": "2024-06-30", "segmentations": RFM}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """Three small inputs with one row of each kind of dirt, staged."""
    project = DbtProject(tmp_path_factory.mktemp("shop"))
    project.build(*STAGING, variables=write_shop(project)).check()
    return project


def verdicts(project: DbtProject, name: str) -> set[tuple[str, str, str]]:
    return set(project.query(f"select record_key, rule, reason from staging.rejected_records where input = '{name}'"))


def test_each_customer_is_rejected_by_the_first_rule_that_holds(shop: DbtProject) -> None:
    assert verdicts(shop, "customers") == {
        ("8", "duplicate_key", "one of 2 rows with customer_id '8': a later version is kept"),
        ("9", "duplicate_key", "one of 2 rows with customer_id '9': it was deleted, and no later version follows"),
        ("9", "deleted", "deleted at source"),
        ("10", "deleted", "deleted at source"),
        ("", "missing_key", "customer_id is empty"),
        ("11", "unparsable_date", "birth_date is not a date, but of the form '9999-99-99'"),
        ("12", "unparsable_boolean", "marketing_consent is not true or false, but of the form 'xxxxxxx'"),
        ("13", "date_in_future", f"birth_date is after {datetime.now(UTC).date()}: '9999-99-99'"),
        ("14", "date_before_floor", "birth_date is before 1900-01-01: '9999-99-99'"),
        ("15", "test_account", "email is that of a test account: 'xx@xxxxxxxx.xxxxxxx'"),
        ("16", "duplicate_key", "one of 2 rows with customer_id '16': all their values are equal, and one is kept"),
    }


def test_each_order_is_rejected_by_the_first_rule_that_holds(shop: DbtProject) -> None:
    assert verdicts(shop, "orders") == {
        ("A3", "after_as_of_date", "ordered_at is after 2024-06-30: '2024-07-01 00:00:00'"),
        ("A4", "date_before_floor", "ordered_at is before 1990-01-01: '1970-01-01 00:00:00'"),
        ("A5", "unparsable_date", "ordered_at is empty"),
        ("A6", "unparsable_date", "ordered_at is not a date, but of the form 'xxxxxxxxx'"),
        ("A7", "missing_customer", "customer_id is empty"),
        ("A8", "unknown_customer", "no customer has the customer_id '99'"),
        ("A9", "deleted", "the customer was set aside: customer_id '9'"),
        ("A10", "rejected_customer", "the customer was rejected: customer_id '15'"),
        ("A11", "unparsable_number", "order_amount is not a number, but of the form 'x xxx'"),
        ("", "missing_key", "order_id is empty"),
        # A row that is rejected anyway is no rival of the good one with its key.
        ("A12", "unknown_customer", "no customer has the customer_id '99'"),
    }


def test_each_line_is_rejected_by_the_first_rule_that_holds(shop: DbtProject) -> None:
    assert verdicts(shop, "order_items") == {
        ("A1/4", "price_not_positive", "unit_price is 0.0000 at a quantity of 1.0000"),
        ("A1/5", "price_not_positive", "unit_price is -5.0000 at a quantity of 1.0000"),
        ("A1/6", "non_product_code", "product_id is no product: 'post'"),
        ("A1/7", "unparsable_number", "quantity is not a number, but of the form 'xxx'"),
        ("A1/8", "unparsable_number", "unit_price is empty"),
        ("A1/", "missing_key", "line_number is empty"),
        (
            "A1/1",
            "duplicate_key",
            "one of 2 rows with order_id 'A1' and line_number '1': all their values are equal, and one is kept",
        ),
        ("A3/1", "after_as_of_date", "the order was set aside: order_id 'A3'"),
        ("B1/1", "unknown_order", "no order has the order_id 'B1'"),
    }


def test_what_is_accepted_is_typed_and_spelt_one_way(shop: DbtProject) -> None:
    customers = shop.frame(
        """
        select customer_id, first_name, birth_date, gender, country, marketing_consent, signup_at
        from staging.stg_customers
        where customer_id in ('007', '7')
        order by customer_id
        """
    ).to_pylist()
    assert [tuple(customer.values()) for customer in customers] == [
        ("007", 'Zoë "Zed" Neil, ümlaut 漢字', date(1980, 2, 29), "female", "DE", True, None),
        ("7", LONG_NAME, None, "male", "FRANCE", False, datetime(2024, 5, 2, 4, 30)),
    ]
    assert shop.query("select order_id, status, cancelled_at, order_amount from staging.stg_orders order by 1") == [
        ("A1", "completed", None, None),
        # A cancellation after the as-of date is no reason to forget the order.
        ("A12", None, None, None),
        ("A2", "cancelled", datetime(2024, 7, 15), Decimal("-12.5000")),
    ]
    assert shop.query("select line_number, quantity, discount_amount from staging.stg_order_items order by 1") == [
        ("1", Decimal("2.0000"), Decimal("1.0000")),
        ("2", Decimal("-1.0000"), Decimal("0.0000")),
        ("3", Decimal("-1.0000"), Decimal("0.0000")),
    ]


def test_the_latest_version_stays_and_a_later_deletion_takes_all(shop: DbtProject) -> None:
    assert shop.query(
        "select customer_id, first_name from staging.stg_customers where customer_id > '7' order by 1"
    ) == [("8", "newer")]
    assert shop.query("select first_name from staging.stg_customers where customer_id = '10'") == [("is back",)]
    assert shop.query("select count(*) from staging.stg_customers where customer_id = '9'") == [(0,)]


def test_a_rejected_row_keeps_its_values_as_they_came(shop: DbtProject) -> None:
    [(text,)] = shop.query("select raw_row from staging.rejected_records where record_key = '8'")
    row = json.loads(text)
    assert row["customer_id"] == "8"
    assert row["first_name"] == "older"
    assert row["birth_date"] == "1970-01-01"
    assert row["gender"] is None


def test_the_reject_share_leaves_out_what_was_set_aside_on_request(shop: DbtProject) -> None:
    """Two customers of 16 are deleted; an order of 14 is of a deleted one, and one is too late, as is a line of 12."""
    assert shop.query("select input, reject_share from staging.input_reconciliation where raw_rows > 0 order by 1") == [
        ("customers", 0.642857),  # 9 of 14
        ("order_items", 0.727273),  # 8 of 11
        ("orders", 0.75),  # 9 of 12
    ]


def test_every_row_is_counted_once(shop: DbtProject) -> None:
    counts = {
        name: (raw, accepted, rejected)
        for name, raw, accepted, rejected in shop.query(
            "select input, raw_rows, accepted_rows, rejected_rows from staging.input_reconciliation"
        )
    }
    assert counts == {
        "customers": (len(CUSTOMERS), 5, len(CUSTOMERS) - 5),
        "orders": (len(ORDERS), 3, len(ORDERS) - 3),
        "order_items": (len(LINES), 3, len(LINES) - 3),
        "products": (0, 0, 0),
    }


def test_the_order_of_the_rows_changes_nothing(shop: DbtProject, project: DbtProject) -> None:
    project.build(*STAGING, variables=write_shop(project, backwards=True)).check()
    names = ("stg_customers", "stg_orders", "stg_order_items", "rejected_records", "input_reconciliation")
    for name in names:
        # Whose build it was is no content.
        columns = "* exclude (invocation_id)" if name == "input_reconciliation" else "*"
        query = f"select {columns} from staging.{name} order by all"
        assert project.query(query) == shop.query(query), name


def test_a_failed_test_names_table_column_and_row(shop: DbtProject, tmp_path: Path) -> None:
    broken = shop.copy_to(tmp_path / "broken")
    with duckdb.connect(str(broken.database)) as connection:
        connection.execute("delete from staging.stg_customers_checked where customer_id = '7'")
        connection.execute("update staging.stg_orders_checked set order_id = 'a@b.example' where order_id = 'A2'")
        connection.execute(
            "insert into staging.stg_orders_checked "
            "from staging.stg_orders_checked where order_id in ('A1', 'a@b.example')"
        )
        connection.execute("update staging.stg_orders_checked set ordered_at = null where order_id = 'A1'")
        connection.execute("update staging.rejected_records set rule = 'a mood' where rule = 'missing_key'")
        connection.execute("update staging.rejected_records set raw_row = null where record_key = 'A4'")
        connection.execute(
            "insert into configuration.resolved_configuration "
            "select * replace ('other' as segmentation) from configuration.resolved_configuration"
        )
        connection.execute("update staging.input_reconciliation set accepted_rows = 4 where input = 'customers'")
    outcome = broken.dbt(
        "test",
        "--select",
        "input_reconciliation",
        "stg_orders",
        "stg_customers",
        "rejected_records",
        "resolved_configuration",
        *STAGING[2:],
        variables=write_shop(shop),
    )
    assert not outcome.succeeded
    failed = [line for line in outcome.output.splitlines() if " FAIL " in line]
    assert any("accepted_plus_rejected_equals_raw" in line for line in failed)
    assert any("holds_stg_orders" in line for line in failed)
    assert not any("holds_stg_customers" in line for line in failed)
    lines = [line.partition("Table ")[2] for line in outcome.output.splitlines() if "Table " in line]
    told = dict(line.split(": ", 1) for line in lines)
    rule = told.pop("rejected_records, column rule")
    assert rule.startswith("expected one of 'missing_key', 'deleted', ")
    assert rule.endswith(", found 'a mood' at input 'orders', record_key '' (rows in all: 3).")
    repeated = "expected a key that no other row has, found 2 rows"
    assert told == {
        "rejected_records, column raw_row": "expected a value, found nothing at input 'orders', record_key 'A4' "
        "(rows in all: 1).",
        "resolved_configuration, column position": f"{repeated} at position '1' (rows in all: 1).",
        # Of what looks like somebody's address the shape is told.
        "stg_orders, column order_id": f"{repeated} at order_id 'x@x.xxxxxxx' (rows in all: 2).",
        "stg_orders, column ordered_at": "expected a value, found nothing at order_id 'A1' (rows in all: 2).",
    }


def test_ids_of_any_type_meet(project: DbtProject) -> None:
    variables = {
        "segmentations": RFM,
        "inputs": {
            "customers": {"path": str(project.parquet("customers.parquet", {"customer_id": [17850, 17851]}))},
            # An id column with gaps is floating point in many writers of Parquet.
            "orders": {
                "path": str(
                    project.parquet(
                        "orders.parquet",
                        {
                            "order_id": [1, 2, 3],
                            "customer_id": [17850.0, 17851.0, float("nan")],
                            "ordered_at": [datetime(2024, 5, 1)] * 3,
                        },
                    )
                ),
                "max_reject_share": 0.5,
            },
        },
    }
    project.build(*STAGING, variables=variables).check()
    assert project.query("select order_id, customer_id from staging.stg_orders order by 1") == [
        ("1", "17850"),
        ("2", "17851"),
    ]
    assert project.query("select rule from staging.rejected_records") == [("missing_customer",)]


def test_one_flat_file_gives_orders_lines_and_customers(project: DbtProject) -> None:
    rows = [
        ("1", "7", "2024-05-01", "P1", "1", "5"),
        ("1", "7", "2024-05-01", "P1", "1", "5"),
        ("1", "7", "2024-05-01", "P2", "3", "4"),
        ("2", "8", "2024-05-02", "P1", "1", "5"),
    ]
    path = str(project.csv("flat.csv", ("Invoice No", "customer", "day", "code", "units", "price"), rows))
    variables = {
        "segmentations": RFM,
        "inputs": {
            "orders": {
                "path": path,
                "distinct": True,
                "columns": {"order_id": '"Invoice No"', "customer_id": "customer", "ordered_at": "day"},
            },
            "order_items": {
                "path": path,
                "columns": {
                    "order_id": '"Invoice No"',
                    "line_number": "generated",
                    "product_id": "code",
                    "quantity": "units",
                    "unit_price": "price",
                },
            },
        },
    }
    project.build(*STAGING, variables=variables).check()
    assert project.query("select order_id from staging.stg_orders order by 1") == [("1",), ("2",)]
    # Equal lines are two lines; nobody has told that they are one.
    assert project.query(
        "select order_id, count(*), count(distinct line_number) from staging.stg_order_items group by 1 order by 1"
    ) == [
        ("1", 3, 3),
        ("2", 1, 1),
    ]
    assert project.query("select customer_id from staging.stg_customers order by 1") == [("7",), ("8",)]


def test_the_demo_rejects_exactly_what_was_planted(demo: DbtProject) -> None:
    with (ROOT / "tests" / "data" / "demo_dirt.csv").open(encoding="utf-8", newline="") as file:
        planted = {(row["input"], row["rule"]): int(row["rows"]) for row in csv.DictReader(file)}
    found = {
        (name, rule): count
        for name, rule, count in demo.query("select input, rule, count(*) from staging.rejected_records group by all")
    }
    assert found == planted


def test_every_customer_of_online_retail_without_a_line_is_explained(project: DbtProject, shared_data: Path) -> None:
    variables = build_variables(ROOT / "examples" / "online_retail.yml", data=shared_data)
    project.build(*STAGING, variables=variables).check()
    assert project.query("select input, raw_rows, accepted_rows from staging.input_reconciliation order by 1") == [
        ("customers", 4_373, 4_372),
        ("order_items", 541_909, 404_879),
        ("orders", 25_900, 22_190),
        ("products", 0, 0),
    ]
    assert project.query("select input, rule, count(*) from staging.rejected_records group by all order by all") == [
        ("customers", "missing_key", 1),
        ("order_items", "non_product_code", 2_927),
        ("order_items", "price_not_positive", 1_181),
        ("order_items", "rejected_order", 132_922),
        ("orders", "missing_customer", 3_710),
    ]
    reasons = project.query(
        """
        with
        with_lines as (
            select distinct orders.customer_id
            from staging.stg_orders as orders
            inner join staging.stg_order_items as items on orders.order_id = items.order_id
        ),
        without_lines as (
            select customer_id from staging.stg_customers where customer_id not in (from with_lines)
        )
        select rejected.rule, rejected.reason, count(distinct orders.customer_id)
        from without_lines
        inner join staging.stg_orders as orders on without_lines.customer_id = orders.customer_id
        inner join staging.rejected_records as rejected
            on rejected.input = 'order_items' and split_part(rejected.record_key, '/', 1) = orders.order_id
        group by all
        order by all
        """
    )
    assert reasons == [
        ("non_product_code", "product_id is no product: 'M'", 9),
        ("price_not_positive", "unit_price is 0.0000 at a quantity of 12540.0000", 1),
    ]
    assert project.query("select count(*) from staging.stg_customers") == [(4_362 + 10,)]
