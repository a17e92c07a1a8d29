"""Dirt for the demo data: rows that staging must reject, each for exactly one rule, and untidiness that it must repair.

Dirty rows are added to the clean world and never replace a part of it, so what is left once they are rejected is the
planted world. What follows from a dirty row is planted and counted as well: the orders of a rejected customer, the
lines of a rejected order.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segmentation.demo.world import BLOCK_SIZE, Block, Ints, block_generator, money, numbered

# Rows per full block of customers: the counts of the default data set.
CUSTOMER_DIRT = {
    "missing_key": 5, "duplicate_key": 18, "unparsable_date": 6, "date_in_future": 4, "date_before_floor": 5,
    "test_account": 8,
}  # fmt: skip
ORDER_DIRT = {
    "missing_key": 12, "duplicate_key": 40, "missing_customer": 25, "unknown_customer": 20, "unparsable_date": 15,
    "date_in_future": 3, "date_before_floor": 10,
}  # fmt: skip
ITEM_DIRT = {
    "missing_key": 20, "duplicate_key": 60, "unknown_order": 25, "unparsable_number": 30, "price_not_positive": 35,
    "non_product_code": 80,
}  # fmt: skip
PRODUCT_DIRT = {"missing_key": 1, "duplicate_key": 3, "unparsable_number": 2}

SPARE_CUSTOMERS = sum(CUSTOMER_DIRT.values()) - CUSTOMER_DIRT["duplicate_key"]
ORDERS_OF_A_REJECTED_CUSTOMER = 2
DIRTY_ORDERS = sum(ORDER_DIRT.values()) + ORDERS_OF_A_REJECTED_CUSTOMER * SPARE_CUSTOMERS
UNTIDY_SHARE = 0.01
DATE_COLUMNS = ("birth_date", "signup_at", "ordered_at")
UNPARSABLE_DATES = ("not a date", "2025-02-30", "1985-13-45", "31st of May")
FEMALE, MALE = ("F", "f", "Female "), ("M", "m", " MALE")

Dirt = Counter[tuple[str, str]]


@dataclass
class DirtyTable:
    """Rows of one input: typed ones, and rows as text of which some value has no type (these reach a CSV alone)."""

    name: str
    typed: list[pa.Table]
    text: list[pa.Table] = field(default_factory=list)
    dirt: Dirt = field(default_factory=Counter)

    def add(self, rule: str, rows: pa.Table) -> pa.Table:
        """Add typed dirty rows and count them. Returns the rows."""
        self.typed.append(rows)
        self.dirt[self.name, rule] += rows.num_rows
        return rows

    def add_text(self, rule: str, rows: pa.Table) -> pa.Table:
        """Add dirty rows as text and count them. Returns the rows."""
        self.text.append(as_text(rows))
        self.dirt[self.name, rule] += rows.num_rows
        return rows

    def combined(self, rng: np.random.Generator, *, text: bool) -> pa.Table:
        """Return all rows, the dirty ones at random places between the clean ones, which keep their order."""
        tables = [as_text(table) for table in self.typed] + self.text if text else self.typed
        table = pa.concat_tables(tables)
        clean = self.typed[0].num_rows
        place = np.concatenate([np.arange(clean), rng.uniform(0, clean, table.num_rows - clean)])
        return table.take(pa.array(np.argsort(place, kind="stable")))


def as_text(table: pa.Table) -> pa.Table:
    """Return the table with every column cast to text."""
    return table.cast(pa.schema([(name, pa.string()) for name in table.column_names]))


def replaced(table: pa.Table, **columns: Any) -> pa.Table:
    """Return the table with some columns replaced by arrays of the same length or by one constant."""
    for name, value in columns.items():
        at = table.column_names.index(name)
        if not isinstance(value, pa.Array | pa.ChunkedArray):
            kind = pa.string() if isinstance(value, str) else table.column(name).type
            value = pa.repeat(pa.scalar(value, kind), table.num_rows)  # noqa: PLW2901
        table = table.set_column(at, name, value)
    return table


def cycle(values: tuple[str, ...], n: int) -> pa.Array:
    """Return n strings that go round `values`."""
    return pa.array([values[i % len(values)] for i in range(n)], pa.string())


def soil_block(block: Block, *, seed: int, text: bool) -> tuple[dict[str, pa.Table], Dirt]:
    """Return customers, orders and order_items of a block with dirt and untidiness, and the counts per input and rule.

    Parameters
    ----------
    block
        The clean block, with `SPARE_CUSTOMERS` spare customers.
    seed
        Seed of the data set.
    text
        Whether the result is text throughout (CSV). Typed tables (Parquet) cannot hold a value without a type, so the
        rules ``unparsable_date`` and ``unparsable_number``, and what follows from them, are planted in text alone.
    """
    # A stream of its own: the clean world is the same whatever dirt is added to it.
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, block.number, 1])))
    share = block.customers.num_rows / BLOCK_SIZE
    customers = DirtyTable("customers", [_untidy_customers(rng, block.customers)])
    orders = DirtyTable("orders", [_untidy_orders(rng, block.orders)])
    items = DirtyTable("order_items", [_untidy_items(rng, block.order_items)])

    rejected_ids = _soil_customers(rng, customers, block.spare_customers, share, text=text)
    rejected_orders = _soil_orders(rng, orders, block, rejected_ids, share, text=text)
    _soil_items(rng, items, block, rejected_orders, share, text=text)
    tables = {table.name: table.combined(rng, text=text) for table in (customers, orders, items)}
    return tables, customers.dirt + orders.dirt + items.dirt


def soil_products(products: pa.Table, *, seed: int, text: bool) -> tuple[pa.Table, Dirt]:
    """Return the products with dirt, and the counts. No line names a product that is rejected."""
    rng = block_generator(seed, 2**31 + 1)
    table = DirtyTable("products", [replaced(products, category=_padded(rng, products["category"], 0.03))])
    n = products.num_rows
    table.add("missing_key", replaced(products.slice(0, PRODUCT_DIRT["missing_key"]), product_id=" "))
    table.add("duplicate_key", table.typed[0].take(pa.array(_sample(rng, n, PRODUCT_DIRT["duplicate_key"]))))
    if text:
        count = PRODUCT_DIRT["unparsable_number"]
        ids = numbered("P", np.arange(count) + n + 1, 4)
        table.add_text(
            "unparsable_number",
            replaced(products.slice(9, count), product_id=ids, unit_cost=cycle(("cheap", "4.5.0"), count)),
        )
    return table.combined(rng, text=text), table.dirt


def _scaled(count: int, share: float) -> int:
    """Return the number of dirty rows for a part of a block: at least one of every kind."""
    return max(1, round(count * share))


def _sample(rng: np.random.Generator, n: int, count: int) -> Ints:
    return np.sort(rng.choice(n, size=min(n, count), replace=False))


def _soil_customers(
    rng: np.random.Generator, table: DirtyTable, spare: pa.Table, share: float, *, text: bool
) -> pa.Array:
    """Add dirty customers. Returns the ids of those that have one: their orders are rejected with them."""
    clean = table.typed[0]
    count = {rule: _scaled(rows, share) for rule, rows in CUSTOMER_DIRT.items()}
    rows: dict[str, pa.Table] = {}
    start = 0
    for rule, size in count.items():
        if rule != "duplicate_key":
            rows[rule] = spare.slice(start, size)
            start += size

    blank = pa.array([None if i % 2 else "  " for i in range(count["missing_key"])], pa.string())
    table.add("missing_key", replaced(rows["missing_key"], customer_id=blank))
    twins = clean.take(pa.array(_sample(rng, clean.num_rows, count["duplicate_key"])))
    exact = twins.num_rows // 3
    older = twins.slice(exact)
    year_before = pc.subtract(older["updated_at"], pa.scalar(365 * 86_400, pa.duration("s")))
    moved = replaced(older, updated_at=year_before, city="Altstadt", region="East", phone=None, marketing_consent=None)
    table.add("duplicate_key", pa.concat_tables([twins.slice(0, exact), moved]))

    # Half of the bad dates stand in either column; one bad date is enough to lose the row.
    def split(rule: str) -> tuple[pa.Table, pa.Table]:
        half = (rows[rule].num_rows + 1) // 2
        return rows[rule].slice(0, half), rows[rule].slice(half)

    rejected = []
    if text:
        births, signups = split("unparsable_date")
        births = replaced(births, birth_date=cycle(UNPARSABLE_DATES, births.num_rows))
        signups = replaced(signups, signup_at=cycle(UNPARSABLE_DATES, signups.num_rows))
        rejected += [table.add_text("unparsable_date", part)["customer_id"] for part in (births, signups)]
    future = replaced(rows["date_in_future"], signup_at=np.datetime64("2205-03-01T12:00:00", "s").item())
    rejected.append(table.add("date_in_future", future)["customer_id"])
    births, signups = split("date_before_floor")
    births = replaced(births, birth_date=np.datetime64("1790-01-01", "D").item())
    signups = replaced(signups, signup_at=np.datetime64("1970-01-01T00:00:00", "s").item())
    rejected += [table.add("date_before_floor", part)["customer_id"] for part in (births, signups)]
    tests = rows["test_account"]
    half = (tests.num_rows + 1) // 2
    ids = tests["customer_id"]
    emails = pc.binary_join_element_wise("qa+", pc.utf8_slice_codeunits(ids, 1), "")
    emails = pc.binary_join_element_wise(emails, "@internal.example.com", "")
    by_email = replaced(tests, email=emails).slice(0, half)
    test_ids = pc.binary_join_element_wise("TEST-", pc.utf8_slice_codeunits(ids, 1), "")
    by_id = replaced(tests, customer_id=test_ids).slice(half)
    rejected += [table.add("test_account", part)["customer_id"] for part in (by_email, by_id)]
    return pa.concat_arrays([chunk for column in rejected for chunk in column.chunks])


def _soil_orders(
    rng: np.random.Generator, table: DirtyTable, block: Block, rejected_customers: pa.Array, share: float, *, text: bool
) -> pa.Array:
    """Add dirty orders. Returns the ids of those that have one of their own: their lines are rejected with them."""
    clean = table.typed[0]
    template = block.orders.filter(pc.equal(block.orders["status"], "completed"))
    next_number = block.number * DIRTY_ORDERS + 1
    rejected = []

    def fresh(count: int) -> pa.Table:
        nonlocal next_number
        rows = template.take(pa.array(rng.integers(0, template.num_rows, count)))
        ids = numbered("O9", np.arange(count) + next_number, 8)
        next_number += count
        return replaced(rows, order_id=ids)

    def size(rule: str) -> int:
        return _scaled(ORDER_DIRT[rule], share)

    blank = pa.array([None if i % 2 else "" for i in range(size("missing_key"))], pa.string())
    table.add("missing_key", replaced(fresh(size("missing_key")), order_id=blank))
    twins = clean.take(pa.array(_sample(rng, clean.num_rows, size("duplicate_key"))))
    exact = twins.num_rows // 2
    older = twins.slice(exact)
    day_before = pc.subtract(older["updated_at"], pa.scalar(86_400, pa.duration("s")))
    pending = replaced(older, updated_at=day_before, status="pending", cancelled_at=None)
    table.add("duplicate_key", pa.concat_tables([twins.slice(0, exact), pending]))

    nobody = pa.array([None if i % 2 else " " for i in range(size("missing_customer"))], pa.string())
    lost = replaced(fresh(size("missing_customer")), customer_id=nobody)
    rejected.append(table.add("missing_customer", lost)["order_id"])
    count = size("unknown_customer")
    unknown = numbered("9", np.arange(count) + block.number * ORDER_DIRT["unknown_customer"] + 1, 7)
    rejected.append(table.add("unknown_customer", replaced(fresh(count), customer_id=unknown))["order_id"])
    owners = pa.concat_arrays([rejected_customers] * ORDERS_OF_A_REJECTED_CUSTOMER)
    rejected.append(table.add("rejected_customer", replaced(fresh(len(owners)), customer_id=owners))["order_id"])
    if text:
        count = size("unparsable_date")
        bad = replaced(fresh(count), ordered_at=cycle(UNPARSABLE_DATES, count))
        rejected.append(table.add_text("unparsable_date", bad)["order_id"])
    for rule, moment in (("date_in_future", "2205-06-01T10:00:00"), ("date_before_floor", "1970-01-01T00:00:00")):
        bad = replaced(fresh(size(rule)), ordered_at=np.datetime64(moment, "s").item())
        rejected.append(table.add(rule, bad)["order_id"])
    return pa.concat_arrays([chunk for column in rejected for chunk in column.chunks])


def _soil_items(
    rng: np.random.Generator, table: DirtyTable, block: Block, rejected_orders: pa.Array, share: float, *, text: bool
) -> None:
    """Add dirty lines: to clean orders under line numbers from 100, or to orders that are rejected or unknown."""
    clean = table.typed[0]
    template = block.order_items.filter(pc.greater(block.order_items["quantity"], 0))
    next_line = 100

    def fresh(count: int) -> pa.Table:
        nonlocal next_line
        rows = template.take(pa.array(rng.integers(0, template.num_rows, count)))
        lines = pa.array(np.arange(count) + next_line, pa.int32())
        next_line += count
        return replaced(rows, line_number=lines)

    def size(rule: str) -> int:
        return _scaled(ITEM_DIRT[rule], share)

    without_key = fresh(size("missing_key"))
    half = without_key.num_rows // 2
    table.add("missing_key", replaced(without_key.slice(0, half), order_id=None))
    table.add("missing_key", replaced(without_key.slice(half), line_number=None))
    table.add("duplicate_key", clean.take(pa.array(_sample(rng, clean.num_rows, size("duplicate_key")))))
    count = size("unknown_order")
    unknown = numbered("O8", np.arange(count) + block.number * ITEM_DIRT["unknown_order"] + 1, 8)
    table.add("unknown_order", replaced(fresh(count), order_id=unknown))
    per_order = 1 + np.arange(len(rejected_orders)) % 3
    owners = rejected_orders.take(pa.array(np.repeat(np.arange(len(rejected_orders)), per_order)))
    table.add("rejected_order", replaced(fresh(len(owners)), order_id=owners))
    if text:
        bad = fresh(size("unparsable_number"))
        half = (bad.num_rows + 1) // 2
        quantities = replaced(bad.slice(0, half), quantity="two")
        table.add_text("unparsable_number", quantities)
        table.add_text("unparsable_number", replaced(bad.slice(half), unit_price="12,5O"))
    free = fresh(size("price_not_positive"))
    cents = np.where(np.arange(free.num_rows) % 2 == 0, 0, -995)
    table.add("price_not_positive", replaced(free, unit_price=money(cents), discount_amount=money(cents * 0)))
    extra = fresh(size("non_product_code"))
    table.add("non_product_code", replaced(extra, product_id=cycle(("POSTAGE", "MANUAL"), extra.num_rows)))


def _some(rng: np.random.Generator, n: int, share: float = UNTIDY_SHARE) -> pa.Array:
    return pa.array(rng.random(n) < share)


def _padded(rng: np.random.Generator, values: Any, share: float = UNTIDY_SHARE) -> Any:
    """Return the strings with spaces around some of them."""
    return pc.if_else(_some(rng, len(values), share), pc.binary_join_element_wise("", values, " ", " "), values)


def _shouted(rng: np.random.Generator, values: Any) -> Any:
    """Return the strings with some in upper case."""
    return pc.if_else(_some(rng, len(values)), pc.utf8_upper(values), values)


def _blanked(rng: np.random.Generator, values: Any) -> Any:
    """Return the strings with some of them empty, which means the same as null."""
    return pc.if_else(_some(rng, len(values)), "", values)


def _untidy_customers(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    n = table.num_rows
    gender = table["gender"]
    for written, code in (*((word, "female") for word in FEMALE), *((word, "male") for word in MALE)):
        gender = pc.if_else(pc.and_kleene(pc.equal(gender, code), _some(rng, n, 0.02)), written, gender)
    country = pc.if_else(_some(rng, n, 0.02), pc.utf8_lower(table["country"]), table["country"])
    return replaced(
        table,
        customer_id=_padded(rng, table["customer_id"]),
        first_name=_padded(rng, table["first_name"]),
        last_name=_shouted(rng, table["last_name"]),
        email=_blanked(rng, _shouted(rng, table["email"])),
        phone=_blanked(rng, table["phone"]),
        gender=gender,
        country=_padded(rng, country),
        region=_padded(rng, table["region"]),
        city=_blanked(rng, _padded(rng, table["city"])),
        acquisition_channel=_shouted(rng, _padded(rng, table["acquisition_channel"])),
    )


def _untidy_orders(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    return replaced(
        table,
        customer_id=_padded(rng, table["customer_id"]),
        status=pc.if_else(_some(rng, table.num_rows, 0.05), pc.utf8_capitalize(table["status"]), table["status"]),
        channel=_padded(rng, _shouted(rng, table["channel"])),
        currency=pc.if_else(_some(rng, table.num_rows), "eur", table["currency"]),
    )


def _untidy_items(rng: np.random.Generator, table: pa.Table) -> pa.Table:
    return replaced(
        table, order_id=_padded(rng, table["order_id"], 0.005), product_id=_padded(rng, table["product_id"], 0.005)
    )
