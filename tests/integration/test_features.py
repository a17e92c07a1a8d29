"""Features against a second computation of each, and the proof that no feature looks ahead."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from harness import DbtProject

CUT_OFF = date(2025, 8, 31)
"""A period end in the middle of the demo data."""


def rows(project: DbtProject, sql: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = project.frame(sql).to_pylist()
    return found


def leading(levels: list[str]) -> str | None:
    """The most frequent level; among equals the one that comes last in the alphabet."""
    counts = Counter(levels)
    return max(counts, key=lambda level: (counts[level], level), default=None)


def week_part(moment: datetime) -> str:
    if moment.weekday() >= 5:
        return "weekend"
    if moment == datetime(moment.year, moment.month, moment.day):
        return "weekday"
    for first, last, part in ((5, 11, "morning"), (12, 16, "afternoon"), (17, 21, "evening")):
        if first <= moment.hour <= last:
            return f"weekday {part}"
    return "weekday night"


def share(part: Any, whole: Any) -> float | None:
    return float(part) / float(whole) if whole else None


class Ledger:
    """The accepted records of the demo, and every feature computed from them the slow, obvious way."""

    def __init__(self, project: DbtProject) -> None:
        self.customers = {row["customer_id"]: row for row in rows(project, "select * from staging.stg_customers")}
        self.category = dict(project.query("select product_id, category from staging.stg_products"))
        self.lines: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for line in rows(project, "select * from staging.stg_order_items"):
            self.lines[line["order_id"]].append(line)
        self.orders: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for order in rows(project, "select * from staging.stg_orders"):
            order["on"] = order["ordered_at"].date()
            order["cancelled_on"] = order["cancelled_at"].date() if order["cancelled_at"] else None
            if order["cancelled_on"] is None and order["status"] in {"cancelled", "canceled"}:
                order["cancelled_on"] = order["on"]
            bought = [line for line in self.lines[order["order_id"]] if line["quantity"] > 0]
            returned = [line for line in self.lines[order["order_id"]] if line["quantity"] < 0]
            order["bought"] = bought
            order["items"] = sum((line["quantity"] for line in bought), Decimal(0))
            order["gross"] = sum((line["quantity"] * line["unit_price"] for line in bought), Decimal(0))
            order["discount"] = sum((line["discount_amount"] for line in bought), Decimal(0))
            # What is sent back gives back what was paid.
            order["returned"] = -sum(
                (line["quantity"] * line["unit_price"] + line["discount_amount"] for line in returned), Decimal(0)
            )
            order["net"] = order["gross"] - order["discount"] - order["returned"]
            order["kind"] = "purchase" if bought else "return" if returned else "no_valid_lines"
            self.orders[order["customer_id"]].append(order)

    def features(self, customer_id: str, as_of: date) -> dict[str, Any]:
        placed = [order for order in self.orders[customer_id] if order["on"] <= as_of]
        standing = [order for order in placed if order["cancelled_on"] is None or order["cancelled_on"] > as_of]
        purchases = [order for order in standing if order["kind"] == "purchase"]
        days = sorted(order["on"] for order in purchases)
        n = len(purchases)
        gross = sum((order["gross"] for order in standing), Decimal(0))
        discount = sum((order["discount"] for order in standing), Decimal(0))
        returned = sum((order["returned"] for order in standing), Decimal(0))
        shown = [
            order
            for order in placed
            if order["kind"] == "purchase" and (order["cancelled_on"] is None or order["cancelled_on"] > order["on"])
        ]
        bought = [line for order in placed for line in order["bought"]]
        categories = [self.category.get(line["product_id"]) for line in bought]
        movements = [(order["on"], order["net"]) for order in placed]
        movements += [
            (order["cancelled_on"], -order["net"])
            for order in placed
            if order["cancelled_on"] is not None and order["cancelled_on"] <= as_of
        ]

        def moved(after: int, until: int) -> Decimal:
            first, last = as_of - timedelta(days=after), as_of - timedelta(days=until)
            return sum((amount for day, amount in movements if first < day <= last), Decimal(0))

        recent, before = moved(90, 0), moved(180, 90)
        born, signed_up = (self.customers[customer_id][name] for name in ("birth_date", "signup_at"))
        return {
            "has_purchased": n > 0,
            "recency_days": (as_of - days[-1]).days if days else None,
            "frequency": n,
            "monetary": sum((order["net"] for order in standing), Decimal(0)),
            "tenure_days": (as_of - days[0]).days if days else None,
            "average_order_value": share(gross - discount, n),
            "average_days_between_orders": share((days[-1] - days[0]).days, n - 1) if n > 1 else None,
            "items_per_order": share(sum(order["items"] for order in standing), n),
            "distinct_products": len({line["product_id"] for line in bought}),
            "distinct_categories": len({category for category in categories if category is not None}),
            "discount_share": share(discount, gross),
            "return_rate": (1.0 if returned and returned >= gross - discount else share(returned, gross - discount)),
            "weekend_share": share(sum(order["on"].weekday() >= 5 for order in purchases), n),
            "revenue_last_90_days": recent,
            "revenue_trend_90_days": (share(recent - before, abs(recent) + abs(before)) or 0.0) if n else None,
            "preferred_category": leading([category for category in categories if category is not None]),
            "preferred_channel": leading([order["channel"] for order in shown if order["channel"] is not None]),
            "preferred_week_part": leading([week_part(order["ordered_at"]) for order in shown]),
            "age": (as_of.year - born.year - ((as_of.month, as_of.day) < (born.month, born.day)) if born else None),
            "signup_tenure_days": max((as_of - signed_up.date()).days, 0) if signed_up else None,
        }


@pytest.fixture(scope="module")
def ledger(demo: DbtProject) -> Ledger:
    return Ledger(demo)


def test_every_feature_equals_a_second_computation(demo: DbtProject, ledger: Ledger) -> None:
    """All customers at the first, a middle and the last as-of date."""
    dates = [row[0] for row in demo.query("select as_of_date from features.as_of_dates order by 1")]
    chosen = [dates[0], dates[6], dates[-1]]
    listed = ", ".join(f"date '{day}'" for day in chosen)
    compared = 0
    for row in rows(demo, f"select * from features.customer_features where as_of_date in ({listed})"):
        for feature, expected in ledger.features(row["customer_id"], row["as_of_date"]).items():
            found = row[feature]
            where = (row["customer_id"], row["as_of_date"], feature)
            if isinstance(expected, float):
                assert found == pytest.approx(expected, rel=1e-12), where
            else:
                assert found == expected, where
            compared += 1
    assert compared > 50_000


def test_every_customer_appears_from_the_first_date_that_knows_it(demo: DbtProject, ledger: Ledger) -> None:
    dates = [row[0] for row in demo.query("select as_of_date from features.as_of_dates order by 1")]
    found: dict[str, set[date]] = defaultdict(set)
    for customer_id, as_of_date in demo.query("select customer_id, as_of_date from features.customer_features"):
        found[customer_id].add(as_of_date)
    assert found.keys() == ledger.customers.keys()
    for customer_id, customer in ledger.customers.items():
        known = [order["on"] for order in ledger.orders[customer_id]]
        known += [customer["signup_at"].date()] if customer["signup_at"] else []
        expected = {day for day in dates if not known or day >= min(known)} | {dates[-1]}
        assert found[customer_id] == expected, customer_id


def test_later_orders_cancellations_and_returns_leave_earlier_rows_unchanged(
    demo: DbtProject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Rebuild from inputs in which nothing after the cut-off has happened yet."""
    folder = tmp_path_factory.mktemp("cut_off")
    with demo.connect() as connection:
        happened = f"coalesce(try_cast(trim(ordered_at) as timestamp)::date <= date '{CUT_OFF}', true)"
        not_yet = f"try_cast(trim(cancelled_at) as timestamp)::date > date '{CUT_OFF}'"
        for name, query in {
            "customers": "select * from inputs.demo_customers",
            "products": "select * from inputs.demo_products",
            "orders": f"""
                select * replace (
                    case when {not_yet} then null else cancelled_at end as cancelled_at,
                    case when {not_yet} then 'completed' else status end as status
                )
                from inputs.demo_orders where {happened}
            """,
            "order_items": f"""
                select * from inputs.demo_order_items
                where trim(order_id) in (select trim(order_id) from inputs.demo_orders where {happened})
            """,
        }.items():
            connection.execute(f"copy ({query}) to '{folder / name}.parquet' (format parquet)")
    cut = DbtProject(folder)
    # Customers who sign up later are inputs of both builds: only the as-of date must not be theirs.
    cut.dbt(
        "build",
        "--select",
        "+customer_features",
        "--indirect-selection",
        "empty",
        variables={
            "inputs": {
                name: {"path": str(folder / f"{name}.parquet"), "max_reject_share": 1.0}
                for name in ("customers", "orders", "order_items", "products")
            },
        },
    ).check()

    def up_to_cut_off(project: DbtProject) -> set[tuple[Any, ...]]:
        return set(
            project.query(
                f"""
                select * exclude (is_current) from features.customer_features
                where as_of_date <= date '{CUT_OFF}' and as_of_date in (
                    select last_day(as_of_date) from features.as_of_dates
                )
                """
            )
        )

    full, rebuilt = up_to_cut_off(demo), up_to_cut_off(cut)
    dates = {row[1] for row in full}
    assert CUT_OFF in dates
    shared = {row for row in rebuilt if row[1] in dates}
    assert shared == full
    assert cancelled_after(demo, CUT_OFF) > 0, "the cut-off must take something back"


def cancelled_after(project: DbtProject, day: date) -> int:
    count: int = project.query(
        f"select count(*) from staging.stg_orders where ordered_at < date '{day}' and cancelled_at > date '{day}'"
    )[0][0]
    return count
