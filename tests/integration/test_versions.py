"""Of several rows with one key the right one stays, whatever their order, and the others say why they do not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from harness import DbtProject, file_inputs
from versions import CASES, expected_orders, expected_reasons, order_rows

# One selection for all builds of this file: dbt reads the project once.
STAGING = (
    *("--select", "+rejected_records", "+stg_customers", "+stg_orders", "+stg_order_items", "+stg_products"),
    *("--indirect-selection", "buildable"),
)
CUSTOMERS = [
    # customer_id, first_name, email, marketing_consent
    ("c1", "Ann", "ann@example.com", "yes"),
    ("twin", "Eva", "eva@example.com", "yes"),
    ("twin", "", "", "no"),
]
ITEMS = [
    ("later", "1", "P1", "1", "5", "", "1"),
    ("later", "1", "P1", "2", "5", "", "2"),
    ("later", "2", "P1", "1", "5", "", ""),
    ("later", "2", "", "1", "5", "1", ""),
]
PRODUCTS = [("P1", "Lamp", "light", ""), ("P1", "Lamp", "light", "3")]


def shop(project: DbtProject, *, backwards: bool = False) -> dict[str, Any]:
    step = -1 if backwards else 1
    header, *orders = order_rows(backwards=backwards)
    inputs: dict[str, Any] = file_inputs(
        customers=project.csv(
            "customers.csv", ["customer_id", "first_name", "email", "marketing_consent"], CUSTOMERS[::step]
        ),
        orders=project.csv("orders.csv", header, orders),
        order_items=project.csv(
            "items.csv",
            ["order_id", "line_number", "product_id", "quantity", "unit_price", "discount_amount", "arrival_number"],
            ITEMS[::step],
        ),
        products=project.csv("products.csv", ["product_id", "product_name", "category", "unit_cost"], PRODUCTS[::step]),
    )
    for setting in inputs.values():
        setting["max_reject_share"] = 1
    return {"inputs": inputs, "segmentations": {"rfm": {"method": "rfm"}}}


@pytest.fixture(scope="module", params=[False, True], ids=["forwards", "backwards"])
def staged(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[DbtProject, str]:
    project = DbtProject(tmp_path_factory.mktemp("versions"))
    outcome = project.build(*STAGING, variables=shop(project, backwards=request.param)).check()
    return project, outcome.output


def test_the_right_version_of_each_order_stays(staged: tuple[DbtProject, str]) -> None:
    project, _ = staged
    assert dict(project.query("select order_id, channel from staging.stg_orders")) == expected_orders()


def test_every_other_version_says_what_decided(staged: tuple[DbtProject, str]) -> None:
    project, _ = staged
    rejected = project.query("select record_key, rule, reason from staging.rejected_records where input = 'orders'")
    by_key = {row for row in rejected if row[1] in {"duplicate_key", "ambiguous_key"}}
    assert by_key == expected_reasons()
    others = Counter(rule for _, rule, _ in rejected if rule not in {"duplicate_key", "ambiguous_key"})
    versions = [columns for case in CASES.values() for columns in case.versions.values()]
    unclear = sum(columns.get("deleted_at") in {"yes", "true", "1"} for columns in versions)
    assert others == {
        "unparsable_deletion": unclear,
        "deleted": sum(bool(columns.get("deleted_at")) for columns in versions) - unclear,
    }
    reason = "deleted_at is not a date, but of the form 'xxx'"
    assert ("deleted_without_a_date", "unparsable_deletion", reason) in rejected


def test_lines_products_and_people_follow_the_same_rules(staged: tuple[DbtProject, str]) -> None:
    project, _ = staged
    assert project.query(
        "select line_number, quantity, product_id, discount_amount from staging.stg_order_items order by 1"
    ) == [
        ("1", 2, "P1", 0),
        # An amount says more than what it was paid for.
        ("2", 1, None, 1),
    ]
    assert project.query("select unit_cost from staging.stg_products") == [(3,)]
    # Nobody knows which is right, so nobody is written to who may have refused.
    assert project.query("select marketing_consent from staging.stg_customers where customer_id = 'twin'") == [(False,)]
    assert project.query(
        "select reason from staging.rejected_records where input = 'customers' and record_key = 'twin'"
    ) == [("one of 2 rows with customer_id 'twin': the one that refuses marketing is kept",)]


def test_a_warning_names_input_and_count_of_what_nothing_decided(staged: tuple[DbtProject, str]) -> None:
    _, output = staged
    ambiguous = sum(case.rule == "ambiguous_key" for case in CASES.values())
    unclear = sum("x" in case.versions and case.versions["x"]["deleted_at"][:2] != "20" for case in CASES.values())
    assert f"Warning: input orders: {ambiguous} rows are rejected as ambiguous_key." in output
    assert f"Warning: input orders: {unclear} rows are rejected as unparsable_deletion." in output
    assert "Warning: input customers" not in output


def test_equal_rows_are_one_whenever_they_arrived_and_no_generated_id_follows_arrival(project: DbtProject) -> None:
    """A flat file of lines in the stream: `distinct` makes orders of them, and ids of lines are generated."""
    header = ["order", "who", "day", "code", "price", "arrival_number"]

    def land(*arrivals: int) -> Path:
        lines = [("o1", "c1", "2024-01-01", f"P{line}", "5", arrival) for line, arrival in enumerate(arrivals)]
        return project.csv("flat.csv", header, lines)

    path = str(land(1, 1, 2))
    orders = {"order_id": '"order"', "customer_id": "who", "ordered_at": "day"}
    lines = {"order_id": '"order"', "line_number": "generated", "product_id": "code", "quantity": "'1'"}
    inputs = {
        "orders": {"path": path, "distinct": True, "columns": orders},
        "order_items": {"path": path, "columns": {**lines, "unit_price": "price"}},
    }
    variables = {"inputs": inputs, "segmentations": {"rfm": {"method": "rfm"}}}
    views = ("--select", "+raw_orders", "+raw_order_items", "--indirect-selection", "empty")
    project.build(*views, variables=variables).check()
    assert project.query("select order_id, arrival_number::int from staging.raw_orders") == [("o1", 2)]
    ids = "select line_number from staging.raw_order_items order by 1"
    before = project.query(ids)
    assert len(set(before)) == 3
    land(5, 4, 3)
    assert project.query(ids) == before
