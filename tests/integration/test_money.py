"""What customers paid: returns give back what was paid, amounts are exact, and one line never stops the shop."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness import DbtProject, file_inputs

MARTS = ("dim_customers", "dim_segments", "segment_value", "segment_category_affinity", "fct_customer_value")
ONE_SUM = "revenue_margin_and_value_are_one_sum_in_every_table"
BOUNDS = "customer_features,test_name:holds"

# By customer, an order a line: product, quantity, unit price, discount. P1 costs 30 a piece, P2 has no cost.
BASKETS: dict[str, list[tuple[str, str, str, str]]] = {
    "mirrored": [("P1", "1", "100", "20"), ("P1", "-1", "100", "-20")],
    "unsigned": [("P1", "1", "100", "20"), ("P1", "-1", "100", "20")],
    "half": [("P1", "2", "100", "40"), ("P1", "-1", "100", "-20")],
    "without": [("P1", "1", "100", ""), ("P1", "-1", "100", "")],
    "fine price": [("P2", "3000", "0.005678", "")] * 3,
    "finest price": [("P2", "100000", "0.000041", "")],
    "token": [("P2", "2000000000", "0.0000075", "")],
    "too fine": [("P2", "2000000000", "0.00000004", ""), ("P2", "0.00000012", "4", ""), ("P1", "1", "50", "")],
    "third": [("P2", "3", "3.3333333333333335", "")],
    "weighed": [("P2", "0.33333", "30", "")],
    "weighed finely": [("P2", "0.3333333", "3000", "")],
    "dear": [("P2", "1", "98765432109.87", "")],
    "gift": [("P1", "1", "20", "20"), ("P1", "1", "20", "")],
    "beyond": [("P1", "1", "20", "25"), ("P1", "1", "50", "")],
    "wrong sign": [("P1", "1", "20", "-5"), ("P1", "1", "50", "")],
    "slip": [("P1", "1000000000", "10000", ""), ("P1", "1", "50", "")],
    "back beyond": [("P1", "-1", "20", "25"), ("P1", "1", "50", "")],
    "only back": [("P3", "-1", "10", "")],
}
# What the order itself says, against its lines, which count.
AMOUNTS = {"half/1": "-3", "only back/1": "7"}
NET: dict[str, str] = {
    "mirrored": "0",
    "unsigned": "0",
    "half": "80",
    "without": "0",
    "fine price": "51.102",
    "finest price": "4.1",
    "token": "15000",
    "too fine": "50",
    "third": "10",
    "weighed": "9.9999",
    "weighed finely": "999.9999",
    "dear": "98765432109.87",
    "gift": "20",
    "beyond": "50",
    "wrong sign": "50",
    "slip": "50",
    "back beyond": "50",
    "only back": "-10",
}
REJECTED = {
    "beyond/1/1": ("discount_above_amount", "discount_amount is 25.0000, and the line comes to 20.0000"),
    "back beyond/1/1": ("discount_above_amount", "discount_amount is 25.0000, and the line comes to -20.0000"),
    "wrong sign/1/1": (
        "discount_of_wrong_sign",
        (
            "discount_amount is -5.0000, which raises the price; where a source writes discounts as negative numbers, "
            "set vars.inputs.order_items.discounts: negative"
        ),
    ),
    "too fine/1/1": (
        "number_too_fine",
        "unit_price has more than seven decimals: '0.00000004'; give quantities and prices of a larger unit",
    ),
    "too fine/2/1": (
        "number_too_fine",
        "quantity has more than seven decimals: '0.00000012'; give quantities and prices of a larger unit",
    ),
    "slip/1/1": ("amount_too_large", "unit_price is 10000.0000 at a quantity of 1000000000.0000, beyond any order"),
}


def orders_and_lines(baskets: dict[str, list[tuple[str, str, str, str]]]) -> tuple[list[Any], list[Any]]:
    """Return the rows of both inputs: every line in an order of its own, a day after the other."""
    orders, lines = [], []
    for customer, basket in baskets.items():
        for number, (product, quantity, price, discount) in enumerate(basket, start=1):
            order = f"{customer}/{number}"
            orders.append((order, customer, f"2024-03-{number:02d}"))
            lines.append((order, "1", product, quantity, price, discount))
    return orders, lines


def shop(project: DbtProject, **settings: Any) -> dict[str, Any]:
    orders, lines = orders_and_lines(BASKETS)
    inputs: dict[str, Any] = file_inputs(
        orders=project.csv(
            "orders.csv",
            ["order_id", "customer_id", "ordered_at", "order_amount"],
            [(*order, AMOUNTS.get(order[0], "")) for order in orders],
        ),
        order_items=project.csv(
            "items.csv",
            ["order_id", "line_number", "product_id", "quantity", "unit_price", "discount_amount"],
            lines,
        ),
        products=project.csv(
            "products.csv",
            ["product_id", "category", "unit_cost"],
            [("P1", "pieces", "30"), ("P2", "loose", ""), ("P3", "gone", "")],
        ),
    )
    inputs["order_items"] |= {"max_reject_share": 0.2} | settings
    return {
        "inputs": inputs,
        "snapshot_count": 0,
        "as_of_date": "2024-03-31",
        "segmentations": {
            "size": {
                "method": "rules",
                "segments": [{"name": "Small", "when": "monetary < 60"}, {"name": "Large", "when": "monetary >= 60"}],
            }
        },
    }


@pytest.fixture(scope="module")
def sold(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    project = DbtProject(tmp_path_factory.mktemp("sold"))
    selected = [f"+{name}" for name in MARTS]
    outcome = project.build("--select", *selected, variables=shop(project)).check()
    # The test across the tables belongs to the build; here it has everything to look at.
    assert f"PASS {ONE_SUM}" in outcome.output
    return project


def test_net_revenue_is_what_was_paid_less_what_was_given_back(sold: DbtProject) -> None:
    expected = {customer: Decimal(net) for customer, net in NET.items()}
    assert dict(sold.query("select customer_id, monetary from marts.dim_customers")) == expected
    by_category = sold.query("select customer_id, sum(revenue) from features.int_customer_categories group by 1")
    assert dict(by_category) == expected


def test_the_cost_of_what_is_sent_back_is_given_back(sold: DbtProject) -> None:
    query = "select customer_id, margin from features.int_customer_categories where category = 'pieces'"
    found = dict(sold.query(query))
    assert {name: found[name] for name in ("mirrored", "unsigned", "half", "without")} == {
        "mirrored": 0,
        "unsigned": 0,
        "half": 50,
        "without": 0,
    }


def test_a_line_that_cannot_be_is_set_aside_with_its_reason(sold: DbtProject) -> None:
    rows = sold.query("select record_key, rule, reason from staging.rejected_records where input = 'order_items'")
    assert {key: (rule, reason) for key, rule, reason in rows} == REJECTED
    assert sold.query("select max(discount_share), min(discount_share) from features.customer_features") == [(0.5, 0.0)]


def test_categories_add_up_to_the_revenue_of_a_segment(sold: DbtProject) -> None:
    """What nobody bought is no category to offer; whoever only sent such things back has no segment."""
    [(of_categories, of_segments)] = sold.query(
        """
        select (select sum(revenue) from marts.segment_category_affinity),
            (select sum(revenue) from marts.segment_value)
        """
    )
    assert of_categories == sum(Decimal(net) for name, net in NET.items() if name != "only back")
    assert of_segments == of_categories


def test_a_table_that_tells_another_sum_fails_the_build_and_bounds_say_where(sold: DbtProject, tmp_path: Path) -> None:
    broken = sold.copy_to(tmp_path / "broken")
    with duckdb.connect(str(broken.database)) as connection:
        connection.execute("update marts.segment_value set margin = margin + 0.0001 where segment_id = 1")
        connection.execute("update features.int_customer_categories set revenue = 1 where customer_id = 'mirrored'")
        connection.execute("update features.customer_features set discount_share = 1.25 where customer_id = 'gift'")
    outcome = broken.dbt("test", "--select", ONE_SUM, BOUNDS, variables=shop(sold))
    assert not outcome.succeeded
    # The margin; the customer; and the category, whose sum the affinity had from the lines.
    assert f"FAIL 3 {ONE_SUM}" in outcome.output
    assert (
        "Table customer_features, column discount_share: expected values between 0 and 1, found 1.25 at "
        "customer_id 'gift', as_of_date '2024-03-31' (rows in all: 1)."
    ) in outcome.output


def test_discounts_may_be_negative_by_a_setting_and_doubles_are_as_exact_as_text(project: DbtProject) -> None:
    variables = shop(project, discounts="negative", max_reject_share=0.3)
    _, lines = orders_and_lines(BASKETS)
    numbers = [[float(value) if value else None for value in column] for column in list(zip(*lines, strict=True))[3:]]
    variables["inputs"]["order_items"]["path"] = str(
        project.parquet(
            "items.parquet",
            {
                "order_id": [line[0] for line in lines],
                "line_number": ["1"] * len(lines),
                "product_id": [line[2] for line in lines],
                "quantity": numbers[0],
                "unit_price": numbers[1],
                # As the other kind of source writes them: what lowers the price of a purchase is below zero.
                "discount_amount": [
                    -value if value and quantity and quantity > 0 else value
                    for value, quantity in zip(numbers[2], numbers[0], strict=True)
                ],
            },
        )
    )
    selected = ("--select", "+int_orders", "+rejected_records", "--indirect-selection", "buildable")
    project.build(*selected, variables=variables).check()
    found = dict(project.query("select customer_id, sum(net_amount) from features.int_orders group by 1"))
    assert found == {customer: Decimal(net) for customer, net in NET.items()}
    assert project.query("select reason from staging.rejected_records where rule = 'discount_of_wrong_sign'") == [
        ("discount_amount is 5.0000, but vars.inputs.order_items.discounts says that discounts are negative",)
    ]
