"""The demo data is deterministic, planted as stated, and dirty in exactly the rows that it counts.

Memory is bounded by design: a chunk of whole blocks is planted, written and dropped, so only the chunk size counts.
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from segmentation.demo import DemoReport, write_demo_data
from segmentation.demo.__main__ import main
from segmentation.demo.world import NEVER_BOUGHT, NEVER_BOUGHT_SHARE, PERSONAS

ROOT = Path(__file__).parents[2]
INPUTS = ("customers", "orders", "order_items", "products")
UNPARSABLE = {"unparsable_date", "unparsable_number"}

# Written from the rules, not from the generator: trimmed text, each row under the first rule that it breaks.
CHECKS = r"""
create macro clean(x) as nullif(trim(x), '');
create macro bad(x) as clean(x) is not null and try_cast(x as timestamp) is null;
create macro before(x, floor) as try_cast(x as timestamp) < floor;
create macro future(x) as try_cast(x as timestamp) > timestamp '2026-01-02';
create macro no_number(x) as clean(x) is not null and try_cast(x as decimal(18, 4)) is null;

create table checked_customers as
select *, clean(customer_id) as id, case
    when id is null then 'missing_key'
    when row_number() over (partition by id order by updated_at desc) > 1 then 'duplicate_key'
    when lower(email) like '%@internal.%' or id like 'TEST-%' then 'test_account'
    when bad(birth_date) or bad(signup_at) then 'unparsable_date'
    when before(birth_date, timestamp '1900-01-01') or before(signup_at, timestamp '1990-01-01')
        then 'date_before_floor'
    when future(birth_date) or future(signup_at) then 'date_in_future' end as rule
from customers;

create table checked_orders as
select o.*, clean(o.order_id) as id, clean(o.customer_id) as customer, case
    when clean(o.order_id) is null then 'missing_key'
    when row_number() over (partition by clean(o.order_id) order by o.updated_at desc) > 1 then 'duplicate_key'
    when clean(o.customer_id) is null then 'missing_customer'
    when c.id is null then 'unknown_customer'
    when c.rule is not null then 'rejected_customer'
    when bad(ordered_at) then 'unparsable_date'
    when before(ordered_at, timestamp '1990-01-01') then 'date_before_floor'
    when future(ordered_at) then 'date_in_future' end as rule
from orders o left join (select * from checked_customers where rule is distinct from 'duplicate_key') c
    on c.id = clean(o.customer_id);

create table checked_order_items as
select i.*, clean(i.order_id) as id, case
    when clean(i.order_id) is null or clean(i.line_number) is null then 'missing_key'
    when row_number() over (partition by clean(i.order_id), clean(i.line_number)) > 1 then 'duplicate_key'
    when o.id is null then 'unknown_order'
    when o.rule is not null then 'rejected_order'
    when no_number(quantity) or no_number(unit_price) or no_number(discount_amount) then 'unparsable_number'
    when regexp_matches(upper(trim(product_id)), '^POST|^MANUAL$') then 'non_product_code'
    when try_cast(quantity as double) > 0 and try_cast(unit_price as double) <= 0 then 'price_not_positive' end as rule
from order_items i left join (select * from checked_orders where rule is distinct from 'duplicate_key') o
    on o.id = clean(i.order_id);

create table checked_products as
select *, clean(product_id) as id, case
    when id is null then 'missing_key'
    when row_number() over (partition by id) > 1 then 'duplicate_key'
    when no_number(unit_cost) then 'unparsable_number' end as rule
from products;
"""

FEATURES = """
with sales as (
    select customer, o.id, ordered_at::timestamp as sold_at, quantity::double as pieces, unit_price::double as price,
        discount_amount::double as discount
    from checked_order_items i join checked_orders o using (id)
    where i.rule is null and o.rule is null and lower(trim(o.status)) <> 'cancelled'
)
select segment, date '2026-01-01' - max(sold_at::date) filter (where pieces > 0),
    count(distinct id) filter (where pieces > 0),
    sum(pieces * price - discount) / count(distinct id),
    sum(pieces) filter (where pieces > 0) / count(distinct id),
    coalesce(sum(discount) / sum(pieces * price) filter (where pieces > 0), 0),
    coalesce(-sum(pieces) filter (where pieces < 0) / sum(pieces) filter (where pieces > 0), 0),
    count(distinct id) filter (where isodow(sold_at) >= 6) / count(distinct id)
from sales join truth on truth.customer_id = customer group by customer, segment order by customer
"""


def write(folder: Path, **options: Any) -> DemoReport:
    return write_demo_data(out=folder, truth=folder, **options)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def stated_dirt(folder: Path) -> dict[tuple[str, str], int]:
    return {(row["input"], row["rule"]): int(row["rows"]) for row in csv_rows(folder / "demo_dirt.csv")}


def csv_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def checked(folder: Path, suffix: str = "csv") -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(config={"threads": 1})
    for name in INPUTS:
        path = folder / f"demo_{name}.{suffix}"
        reader = f"read_csv('{path}', all_varchar = true)" if suffix == "csv" else f"read_parquet('{path}')"
        connection.execute(f"create table {name} as select columns(*)::varchar from {reader}")
    connection.execute(f"create table truth as from read_csv('{folder / 'demo_truth.csv'}', all_varchar = true)")
    connection.execute(CHECKS)
    return connection


def found_dirt(connection: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], int]:
    union = " union all ".join(f"select '{name}' as input, rule from checked_{name}" for name in INPUTS)
    rows = connection.execute(f"select input, rule, count(*) from ({union}) where rule is not null group by all")
    return {(name, rule): count for name, rule, count in rows.fetchall()}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    write(folder)
    return folder


@pytest.fixture(scope="module")
def connection(demo: Path) -> duckdb.DuckDBPyConnection:
    return checked(demo)


def test_the_committed_seeds_and_truth_are_what_the_generator_writes(demo: Path) -> None:
    for name, data in contents(demo).items():
        folder = ROOT / "tests" / "data" if name in {"demo_truth.csv", "demo_dirt.csv"} else ROOT / "seeds" / "demo"
        assert (folder / name).read_bytes() == data, f"{name} differs: run `make demo-data` and review the change"


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_same_size_and_seed_give_the_same_bytes(tmp_path: Path, file_format: Any) -> None:
    for run in ("a", "b"):
        write(tmp_path / run, customers=2_500, seed=7, file_format=file_format)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_another_seed_gives_other_data(tmp_path: Path) -> None:
    for seed in (1, 2):
        write(tmp_path / str(seed), customers=500, seed=seed)
    first, second = contents(tmp_path / "1"), contents(tmp_path / "2")
    assert all(first[f"demo_{name}.csv"] != second[f"demo_{name}.csv"] for name in INPUTS)


def test_the_chunk_size_changes_no_byte_of_a_csv_and_no_row_of_parquet(tmp_path: Path) -> None:
    for chunk_size in (1, 100_000):
        write(tmp_path / f"csv{chunk_size}", customers=4_500, seed=3, chunk_size=chunk_size)
        write(tmp_path / f"parquet{chunk_size}", customers=4_500, seed=3, chunk_size=chunk_size, file_format="parquet")
    assert contents(tmp_path / "csv1") == contents(tmp_path / "csv100000")
    for name in INPUTS:
        small, large = (pq.read_table(tmp_path / f"parquet{size}" / f"demo_{name}.parquet") for size in (1, 100_000))
        assert small.equals(large)


def test_the_default_size_is_small_enough_to_commit(demo: Path) -> None:
    rows = {name: len(csv_rows(demo / f"demo_{name}.csv")) for name in INPUTS}
    assert rows["customers"] == 2_046
    assert 9_500 < rows["orders"] < 11_500
    assert 28_000 < rows["order_items"] < 32_000
    assert rows["products"] == 206
    assert sum(len(data) for data in contents(demo).values()) < 4_000_000


@pytest.mark.parametrize("customers", [300, 2_000, 4_700])
def test_the_stated_dirt_is_the_dirt_that_is_found(tmp_path: Path, customers: int) -> None:
    report = write(tmp_path, customers=customers, seed=11)
    assert found_dirt(checked(tmp_path)) == stated_dirt(tmp_path) == dict(report.dirt)


def test_parquet_is_typed_and_holds_all_dirt_but_values_without_a_type(tmp_path: Path) -> None:
    write(tmp_path, customers=2_300, file_format="parquet")
    stated = stated_dirt(tmp_path)
    assert found_dirt(checked(tmp_path, "parquet")) == stated
    assert not {rule for _, rule in stated} & UNPARSABLE
    schema = pq.read_schema(tmp_path / "demo_orders.parquet")
    assert str(schema.field("ordered_at").type).startswith("timestamp")
    assert str(pq.read_schema(tmp_path / "demo_order_items.parquet").field("unit_price").type) == "decimal128(12, 2)"


def test_every_kind_of_dirt_is_planted_and_stays_under_five_per_cent(
    demo: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    dirt = found_dirt(connection)
    assert dirt == stated_dirt(demo)
    assert len(dirt) == 24
    rejected = Counter[str]()
    for (name, _), rows in dirt.items():
        rejected[name] += rows
    for name in INPUTS:
        (total,) = connection.execute(f"select count(*) from {name}").fetchall()[0]
        assert 0 < rejected[name] / total < 0.05, name


def test_a_row_breaks_one_rule_only(connection: duckdb.DuckDBPyConnection) -> None:
    """What is rejected for a reason of its own would pass every later rule: the order of the rules does not matter."""
    bad_customers = connection.execute(
        "select count(*) from checked_customers where rule in ('missing_key', 'duplicate_key', 'test_account') and "
        "(bad(birth_date) or bad(signup_at) or future(signup_at) or before(signup_at, timestamp '1990-01-01'))"
    )
    assert bad_customers.fetchall() == [(0,)]
    bad_orders = connection.execute(
        "select count(*) from checked_orders where rule in ('missing_key', 'duplicate_key', 'missing_customer', "
        "'unknown_customer', 'rejected_customer') and "
        "(bad(ordered_at) or future(ordered_at) or before(ordered_at, timestamp '1990-01-01'))"
    )
    assert bad_orders.fetchall() == [(0,)]
    bad_items = connection.execute(
        "select count(*) from checked_order_items where rule is not null and (no_number(quantity) or "
        "no_number(unit_price))::int + (try_cast(unit_price as double) <= 0)::int + "
        "(trim(product_id) in ('POSTAGE', 'MANUAL'))::int + "
        "(rule not in ('unparsable_number', 'price_not_positive', 'non_product_code'))::int > 1"
    )
    assert bad_items.fetchall() == [(0,)]


def test_keys_are_unique_and_the_truth_covers_exactly_the_clean_customers(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    for name in INPUTS:
        key = "id, trim(line_number)" if name == "order_items" else "id"
        query = f"select count(*), count(distinct ({key})) from checked_{name} where rule is null"
        rows, keys = connection.execute(query).fetchall()[0]
        assert rows == keys > 0, name
    accepted = connection.execute("select id from checked_customers where rule is null order by id").fetchall()
    assert accepted == connection.execute("select customer_id from truth order by customer_id").fetchall()
    assert len(accepted) == 2_000


def test_segments_have_their_planted_shares(connection: duckdb.DuckDBPyConnection) -> None:
    shares = dict(connection.execute("select segment, count(*) / 2000 from truth group by all").fetchall())
    assert shares == pytest.approx(
        {**{p.name: p.share * (1 - NEVER_BOUGHT_SHARE) for p in PERSONAS}, NEVER_BOUGHT: NEVER_BOUGHT_SHARE}, abs=0.001
    )
    assert min(shares.values()) >= 0.08


def test_who_never_bought_has_no_order_and_everybody_else_has_one_that_counts(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    query = """
        select segment = 'never bought', count(*) filter (where o.id is null), count(distinct truth.customer_id)
        from truth left join checked_orders o
            on o.customer = truth.customer_id and o.rule is null and lower(o.status) = 'completed'
        group by 1 order by 1
    """
    assert connection.execute(query).fetchall() == [(False, 0, 1_840), (True, 160, 160)]


def test_returns_cancellations_and_a_december_peak_are_planted(connection: duckdb.DuckDBPyConnection) -> None:
    query = """
        select count_if(lower(status) = 'cancelled' and cancelled_at is not null),
            count_if(lower(status) = 'cancelled' and cancelled_at is null), count_if(lower(status) = 'returned'),
            count_if(month(ordered_at::date) = 12) / count(*), max(ordered_at)[:10], min(ordered_at)[:4]
        from checked_orders where rule is null
    """
    cancelled, undated, returned, december, last, first = connection.execute(query).fetchall()[0]
    assert cancelled > 100
    assert 5 < undated < 100
    assert returned > 300
    assert december > 1.5 / 12
    assert (last, first) == ("2025-12-31", "2024")


def test_untidiness_that_is_no_reject_is_planted(connection: duckdb.DuckDBPyConnection) -> None:
    def values(column: str, table: str = "checked_customers") -> set[str]:
        rows = connection.execute(f"select distinct {column} from {table} where rule is null and {column} is not null")
        return {value for (value,) in rows.fetchall()}

    assert {"F", "f", "Female ", "male"} <= values("gender")
    assert {"DE", "de"} <= values("country")
    assert {"Cancelled", "cancelled"} <= values("status", "checked_orders")
    assert any(value != value.strip() for value in values("customer_id", "checked_orders"))
    assert any(not value.isascii() for value in values("last_name"))
    assert all(any(mark in name for name in values("product_name", "checked_products")) for mark in '",\n')
    domains = {email.lower().rpartition("@")[2] for email in values("email") if email}
    assert domains == {"example.com", "example.org"}


def test_the_segments_are_found_in_scaled_behaviour_and_not_in_raw_columns(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = connection.execute(FEATURES).fetchall()
    segment = [row[0] for row in rows]
    raw = np.array([row[1:] for row in rows], dtype=np.float64)
    scaled = raw.copy()
    scaled[:, :4] = np.log1p(scaled[:, :4].clip(min=0))
    scaled = (scaled - scaled.mean(axis=0)) / scaled.std(axis=0)

    def score(data: np.ndarray[Any, Any]) -> float:
        labels = KMeans(len(PERSONAS), n_init=5, random_state=0).fit_predict(data)
        return float(adjusted_rand_score(segment, labels))

    assert score(raw) < 0.6
    assert score(scaled) >= 0.93


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--customers", "5"], "customers is 5, expected 100 to 10,000,000"),
        (["--seed", "-1"], "seed is -1, expected 0 or more"),
        (["--orders-per-customer", "90"], "orders_per_customer is 90.0, expected 1 to 15"),
        (["--chunk-size", "0"], "chunk_size is 0, expected 1 or more"),
    ],
)
def test_a_number_out_of_range_is_an_error_that_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert main(["--out", str(tmp_path), *options]) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_bounds_themselves_are_within_range(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segmentation.demo.writer.MOST_CUSTOMERS", 100)
    report = write_demo_data(out=tmp_path, customers=100, orders_per_customer=15)
    assert report.rows["customers"] >= 100


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--customers", "200", "--truth", str(tmp_path)]) == 0
    assert "demo_products: 206 rows, 6 of them to be rejected" in capsys.readouterr().out
    assert len(contents(tmp_path)) == 6
