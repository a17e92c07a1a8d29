"""Values of every type, texts of every moment and amounts at their bounds are read right, or refused by name."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from harness import DbtProject
from moments import DAYS, MOMENTS

BUILT = ("--select", "+rejected_records", "+input_digests", "+int_customer_categories", "--indirect-selection", "empty")
PERSON = "0f8fad5b-d9cb-469f-a165-70867728950e"
MANY = 10**20
"""More than 64 bits hold."""

# By type, as SQL of DuckDB: a value, and the text that a key or a category has of it.
TEXTS = {
    "uuid": (f"'{PERSON.upper()}'::uuid", PERSON),
    "enum": ("'gold '::enum('gold ', 'silver')", "gold"),
    "time": ("time '10:05:00'", "10:05:00"),
    "date": ("date '2024-01-05'", "2024-01-05"),
    "boolean": ("true", "true"),
    "utinyint": ("255::utinyint", "255"),
    "usmallint": ("65535::usmallint", "65535"),
    "uinteger": ("4294967295::uinteger", "4294967295"),
    "ubigint": ("18446744073709551615::ubigint", "18446744073709551615"),
    "hugeint": ("'-170141183460469231731687303715884105727'::hugeint", "-170141183460469231731687303715884105727"),
    "uhugeint": ("'340282366920938463463374607431768211455'::uhugeint", "340282366920938463463374607431768211455"),
    "decimal": ("17850.0::decimal(6, 1)", "17850"),
    "wide_decimal": ("'12345678901234567890123456789'::decimal(38, 2)", "12345678901234567890123456789"),
    "single": ("19.99::float", "19.99"),
    "whole_single": ("17850::float", "17850"),
    "double": ("17850.0::double", "17850"),
    "timestamp_s": ("timestamp_s '2024-01-05 10:00:00'", "2024-01-05 10:00:00"),
    "timestamp_ms": ("timestamp_ms '2024-01-05 10:00:00.25'", "2024-01-05 10:00:00.25"),
    "timestamp": ("timestamp '2024-01-05 10:00:00.123456'", "2024-01-05 10:00:00.123456"),
    "timestamp_ns": ("timestamp_ns '2024-01-05 10:00:00.123456789'", "2024-01-05 10:00:00.123456"),
    "timestamptz": ("timestamptz '2024-01-05 10:00:00+02:00'", "2024-01-05 08:00:00"),
}
# The same as a number of each type that attributes have; none: no whole number of 64 bits.
NUMBERS = {
    "tinyint": ("(-128)::tinyint", -128.0, -128),
    "utinyint": ("255::utinyint", 255.0, 255),
    "usmallint": ("65535::usmallint", 65535.0, 65535),
    "uinteger": ("4294967295::uinteger", 4294967295.0, 4294967295),
    "ubigint": ("9223372036854775807::ubigint", 9223372036854775807.0, 9223372036854775807),
    "hugeint": (f"{MANY}::hugeint", 1e20, None),
    "uhugeint": (f"{MANY}::uhugeint", 1e20, None),
    "wide_decimal": (f"'{MANY}'::decimal(38, 0)", 1e20, None),
    "decimal": ("7.00::decimal(38, 2)", 7.0, 7),
    "single": ("19.99::float", 19.99, None),
    "double": ("2.5::double", 2.5, None),
}
# What Parquet alone has, or writes in a way of its own, with the text of a value.
PARQUET: Mapping[str, tuple[pa.Array, str]] = {
    "uuid": (pa.ExtensionArray.from_storage(pa.uuid(), pa.array([uuid.UUID(PERSON).bytes], pa.binary(16))), PERSON),
    "dictionary": (pa.array(["gold "]).dictionary_encode(), "gold"),
    "large": (pa.array(["gold"], pa.large_string()), "gold"),
    "half": (pa.array([np.float16(1.5)], pa.float16()), "1.5"),
    "uint64": (pa.array([2**64 - 1], pa.uint64()), str(2**64 - 1)),
    "decimal": (pa.array([Decimal(MANY)], pa.decimal128(38, 0)), str(MANY)),
    "time32": (pa.array([time(10, 5)], pa.time32("ms")), "10:05:00"),
    "time64": (pa.array([time(10, 5)], pa.time64("us")), "10:05:00"),
    "date": (pa.array([date(2024, 1, 5)]), "2024-01-05"),
    "seconds": (pa.array([datetime(2024, 1, 5, 10)], pa.timestamp("s")), "2024-01-05 10:00:00"),
    "nanos": (pa.array([1_704_448_800_123_456_789], pa.timestamp("ns")), "2024-01-05 10:00:00.123456"),
    "zoned": (
        pa.array([datetime(2024, 1, 5, 8, tzinfo=UTC)], pa.timestamp("us", "Europe/Berlin")),
        "2024-01-05 08:00:00",
    ),
}
# What has no text that means the same everywhere, with the word for its type.
REFUSED = {
    "blob": ("'x'::blob", "BLOB", "string"),
    "bits": ("'101'::bit", "BIT", "string"),
    "span": ("interval 1 month", "INTERVAL", "string"),
    "json": ("'\"gold\"'::json", "JSON", "string"),
    "list": ("[1]", "INTEGER[]", "string"),
    "struct": ("{'a': 1}", "STRUCT(a INTEGER)", "string"),
    "flag": ("true", "BOOLEAN", "double"),
    "day": ("date '2024-01-05'", "DATE", "double"),
    "id": (f"'{PERSON}'::uuid", "UUID", "double"),
    "count": ("20240105", "INTEGER", "date"),
    "clock": ("time '10:05:00'", "TIME", "date"),
}

# Lines by number: quantity, price, discount, and the amount or what is wrong. All are of one order and one product.
LINES: dict[str, tuple[str, str, str, str]] = {
    "1": ("9999999999999", "1", "", "quantity is larger than an amount may be, of the form '9999999999999'"),
    "2": ("1", "99999999999999", "", "unit_price is larger than an amount may be, of the form '99999999999999'"),
    "3": ("1", "1", "1e30", "discount_amount is larger than an amount may be, of the form '9x99'"),
    "4": ("-9e300", "1", "", "quantity is larger than an amount may be, of the form '-9x999'"),
    "5": ("100000", "10000000", "", "unit_price is 10000000.0000 at a quantity of 100000.0000, beyond any order"),
    "6": ("nan", "1", "", "quantity is not a number, but of the form 'xxx'"),
    "7": ("1e999", "1", "", "quantity is not a number, but of the form '9x999'"),
    "8": ("1", "99999999999.9999999", "", "100000000000.0000"),
    "9": ("10", "99999999999.9999999", "", "1000000000000.0000"),
    "10": ("99999999999", "9.99", "998999999990.01", "998999999990.0100"),
    "11": ("-99999999999.9999999", "9.9999999", "", "-999999990000.0000"),
    "12": ("0.0000001", "99999999999.9999999", "", "10000.0000"),
}
# The same of orders: what is read, and what is wrong with it.
AMOUNTS: dict[str, tuple[str | None, str | None]] = {
    "1e15": (None, "order_amount is larger than an amount may be, of the form '9x99'"),
    "1000000000000": ("1000000000000.0000", "order_amount is 1000000000000.0000, beyond any order"),
    "-999999999999.9999": ("-999999999999.9999", None),
}


def relations(**inputs: Any) -> dict[str, Any]:
    return {name: {"relation": f"shop.{name}", "max_reject_share": 1} | settings for name, settings in inputs.items()}


def columns_of(prefix: str, values: Mapping[str, tuple[Any, ...]]) -> str:
    return ", ".join(f"{value[0]} as {prefix}_{name}" for name, value in values.items())


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    """Four inputs of unusual types, staged, with what is computed of their keys and amounts."""
    project = DbtProject(tmp_path_factory.mktemp("shop"))
    path = project.parquet("types.parquet", pa.table({f"p_{name}": column for name, (column, _) in PARQUET.items()}))
    attributes = dict.fromkeys([f"p_{name}" for name in PARQUET] + [f"t_{name}" for name in TEXTS], "string")
    attributes |= {f"n_{name}": "double" for name in NUMBERS} | {"n_half": "double"}
    attributes |= {f"i_{name}": "integer" for name, (_, _, whole) in NUMBERS.items() if whole is not None}
    attributes |= {"i_too_large": "integer", "since": "date"}
    with duckdb.connect(str(project.database)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute("create schema shop")
        connection.execute(
            f"""
            create table shop.customers as
            select
                md5(since)::uuid as customer_id, since as birth_date, since, {columns_of("t", TEXTS)},
                {columns_of("n", NUMBERS)}, {columns_of("i", NUMBERS)}, types.*, p_half as n_half,
                case when since = '20240101' then {MANY}::hugeint end as i_too_large
            from unnest($1) as days (since) cross join read_parquet('{path}') as types
            """,
            [list(DAYS)],
        )
        connection.execute(
            f"""
            create table shop.orders as
            select
                ({MANY} + number)::decimal(38, 0) as order_id,
                (select customer_id::varchar from shop.customers where birth_date = '2024/01/01 22:30') as customer_id,
                ordered_at,
                order_amount
            from (
                select unnest($1) as ordered_at, unnest(range(len($1))) as number, null as order_amount
                union all
                select '2024-05-01', unnest(range(1000, 1000 + len($2))), unnest($2)
            )
            """,
            [list(MOMENTS), list(AMOUNTS)],
        )
        connection.execute(
            "create table shop.order_items (order_id hugeint, line_number utinyint, product_id enum('A', 'B'), "
            "quantity varchar, unit_price varchar, discount_amount varchar)"
        )
        connection.executemany(
            f"insert into shop.order_items values ({MANY}, $1, 'A', $2, $3, $4)",
            [[number, *line[:3]] for number, line in LINES.items()] + [["99", "2", "30", ""]],
        )
        connection.execute("update shop.order_items set product_id = 'B' where line_number = 99")
        connection.execute(
            "create table shop.products as select 'A' as product_id, 1e10::double as unit_cost, 'a' as category"
        )
        connection.execute("insert into shop.products values ('B', 19.99, 'b')")
        connection.execute("alter table shop.products alter unit_cost type float")
    variables = {
        "inputs": relations(customers={}, orders={}, order_items={}, products={}),
        "attributes": attributes,
        "as_of_date": "2026-01-31",
        "segmentations": {"rfm": {"method": "rfm"}},
        "default_max_reject_share": 1,
    }
    project.build(*BUILT, variables=variables).check()
    return project


def test_a_text_is_the_moment_that_the_table_says_or_none(shop: DbtProject) -> None:
    found = dict(shop.query(f"select order_id::hugeint - {MANY}, ordered_at from staging.stg_orders"))
    rejected = dict(
        shop.query(
            f"select record_key::hugeint - {MANY}, rule from staging.rejected_records "
            "where input = 'orders' and reason like 'ordered_at%'"
        )
    )
    for number, (text, moment) in enumerate(MOMENTS.items()):
        expected = datetime.fromisoformat(moment) if moment else None
        assert (text, found.get(number), rejected.get(number)) == (
            text,
            expected,
            None if moment else "unparsable_date",
        )


def test_a_date_is_the_day_that_is_written(shop: DbtProject) -> None:
    found = shop.query("select customer_id, birth_date::varchar, since::varchar from staging.stg_customers")
    ids = dict(shop.query("select customer_id::varchar, birth_date from shop.customers"))
    rejected = shop.query("select reason from staging.rejected_records where input = 'customers'")
    assert rejected == [("i_too_large is not a whole number, but of the form '999999999999999999999'",)]
    kept = {day: written for day, written in DAYS.items() if day != "20240101"}
    assert {ids[key]: (born, day) for key, born, day in found} == {text: (day, day) for text, day in kept.items()}


def test_a_value_of_any_type_has_one_text_and_one_number(shop: DbtProject) -> None:
    [row] = shop.frame("select * from staging.stg_customers limit 1").to_pylist()
    texts = {f"t_{name}": text for name, (_, text) in TEXTS.items()}
    texts |= {f"p_{name}": text for name, (_, text) in PARQUET.items()}
    assert {name: row[name] for name in texts} == texts
    numbers = {f"n_{name}": number for name, (_, number, _) in NUMBERS.items()} | {"n_half": 1.5}
    assert {name: row[name] for name in numbers} == numbers
    whole = {f"i_{name}": number for name, (_, _, number) in NUMBERS.items() if number is not None}
    assert {name: row[name] for name in whole} == whole


def test_a_key_of_any_type_is_followed_by_its_text(shop: DbtProject) -> None:
    """Customers by UUID, orders by decimals of 38 digits, lines by numbers of 128 and 8 bits and by an enumeration."""
    assert shop.query(
        "select count(*), count(distinct key_hash) from refresh.input_digests where subject = 'customers'"
    ) == [(len(DAYS), len(DAYS))]
    [[key]] = shop.query("select distinct order_id from staging.stg_order_items")
    assert key == str(MANY)
    assert shop.query("select product_id from staging.stg_order_items where line_number = '99'") == [("B",)]


def test_amounts_at_their_bounds_are_exact_and_beyond_them_rejected_by_name(shop: DbtProject) -> None:
    found = dict(shop.query("select line_number, amount::varchar from staging.stg_order_items where product_id = 'A'"))
    rejected = shop.query("select record_key, rule, reason from staging.rejected_records where input = 'order_items'")
    found |= {key.split("/")[1]: reason for key, _, reason in rejected}
    assert found == {number: line[3] for number, line in LINES.items()}
    assert {rule for key, rule, _ in rejected if key.split("/")[1] in "12345"} == {"amount_too_large"}
    of_orders = shop.query(
        "select order_amount::varchar, reject_reason from staging.stg_orders_checked "
        f"where order_id::hugeint >= {MANY + 1000} order by order_id"
    )
    assert of_orders == list(AMOUNTS.values())


def test_a_cost_beyond_any_order_is_none_and_one_of_32_bits_goes_by_its_text(shop: DbtProject) -> None:
    margins = dict(shop.query("select category, margin from features.int_customer_categories"))
    # A piece of A costs ten billion: one, ten and 0.0000001 pieces can cost so much, a hundred billion cannot.
    assert margins == {"a": Decimal("90000000000") + Decimal("900000000000") + Decimal("9000"), "b": Decimal("20.02")}


def test_a_type_that_has_no_such_value_is_refused_by_name(project: DbtProject) -> None:
    with duckdb.connect(str(project.database)) as connection:
        connection.execute("create schema shop")
        connection.execute(f"create table shop.customers as select 1 as customer_id, {columns_of('x', REFUSED)}")
    outcome = project.build(
        *BUILT,
        variables={
            "inputs": relations(customers={}),
            "attributes": {f"x_{name}": declared for name, (_, _, declared) in REFUSED.items()},
            "as_of_date": "2026-01-31",
            "segmentations": {
                "all": {
                    "method": "rules",
                    "segments": [{"name": "All", "when": "x_flag is null or x_flag is not null"}],
                }
            },
        },
    )
    assert not outcome.succeeded
    message = " ".join(outcome.output.split())
    for name, (_, found, declared) in REFUSED.items():
        expected = "text or a plain value" if declared == "string" else f"{declared}, or text that holds one"
        assert (
            f"Input customers, column x_{name}: expected {expected}, found {found} (from x_{name}). "
            f"Set vars.inputs.customers.columns.x_{name} to a SQL expression that gives a {declared}."
        ) in message


def test_more_money_than_a_sum_holds_is_refused_by_name(project: DbtProject) -> None:
    lines = [[f"o{number % 3}", str(number), "10", "99999999999.99"] for number in range(91)]
    orders = [[f"o{number}", "c1", "2024-05-01"] for number in range(3)]
    inputs = {
        "orders": {"path": str(project.csv("orders.csv", ["order_id", "customer_id", "ordered_at"], orders))},
        "order_items": {
            "path": str(project.csv("items.csv", ["order_id", "line_number", "quantity", "unit_price"], lines))
        },
    }
    outcome = project.build(
        "--select",
        "+stg_order_items",
        "--indirect-selection",
        "empty",
        variables={"inputs": inputs, "segmentations": {"rfm": {"method": "rfm"}}, "default_max_reject_share": 1},
    )
    assert not outcome.succeeded
    assert (
        "Input order_items: expected quantity * unit_price of all accepted rows, returns as positive numbers, to come "
        "to less than 90,000,000,000,000, found about 90,999,999,999,991"
    ) in " ".join(outcome.output.split())
