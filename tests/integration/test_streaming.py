"""The stream with the real project; `make soak` runs it for longer, with kills."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest
from streaming import FeedReader, StreamProcess, cut_into_batches, present_members, stopped_at_the_end

from harness import ROOT, DbtProject, Outcome, run_command
from small import ADVICE, SEGMENTATIONS, small_warehouse


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> DbtProject:
    return small_warehouse(tmp_path_factory)


def stream(folder: Path, *, variables: dict[str, object]) -> Outcome:
    words: list[str | Path] = [sys.executable, "-m", "segmentation.stream", "--until-idle", "--project", ROOT]
    words += ["--landing", folder / "landing", "--store", folder / "store", "--database", folder / "shop.duckdb"]
    return run_command([*words, "--vars", json.dumps(variables)])


def test_a_stream_that_cannot_begin_says_why(small: DbtProject, tmp_path: Path) -> None:
    inputs = json.loads((small.folder / "inputs.json").read_text(encoding="utf-8"))
    (tmp_path / "landing" / "costumers").mkdir(parents=True)
    outcome = stream(tmp_path, variables={"inputs": inputs})
    assert outcome.returncode == 1
    assert 'did you mean "customers"?' in outcome.output
    outcome = stream(tmp_path, variables={"inputs": {"order": {"path": "x.csv"}}})
    assert outcome.returncode == 1
    assert "the nearest is orders" in outcome.output
    assert "Traceback" not in outcome.output


def test_a_first_batch_that_is_refused_is_taken_again(small: DbtProject, tmp_path: Path) -> None:
    inputs = json.loads((small.folder / "inputs.json").read_text(encoding="utf-8"))
    (tmp_path / "landing").mkdir()
    refused = {"inputs": inputs, "segmentations": SEGMENTATIONS, "default_max_reject_share": 0.0}
    for _ in range(2):
        outcome = stream(tmp_path, variables=refused)
        assert outcome.returncode == 1
        assert "What the inputs hold so far is refused" in outcome.output
        assert "expected at most 0.0" in outcome.output
    assert not (tmp_path / "published" / "shop.duckdb").exists()
    assert [path for name in inputs for path in (tmp_path / "store" / name).glob("*")] == []


def shop_that_is_corrected(project: DbtProject) -> dict[str, object]:
    """Write what a shop held before its stream, and into the landing folder what it says afterwards, without a date."""
    people = [(f"c{n}", f"c{n}@example.com", "true", "2024-02-01 10:00:00") for n in range(30)]
    orders = [(f"o{n}", f"c{n % 30}", f"2024-01-{1 + n % 28:02}", "10.00") for n in range(60)]
    items = [("o40", "1", "p1", "1", "10.00"), ("o41", "1", "p1", "1", "10.00")]
    headers = {
        "customers": ["customer_id", "email", "marketing_consent", "updated_at"],
        "orders": ["order_id", "customer_id", "ordered_at", "order_amount"],
        "order_items": ["order_id", "line_number", "product_id", "quantity", "unit_price"],
        "products": ["product_id", "product_name", "category", "unit_cost"],
    }
    before: dict[str, Sequence[tuple[str, ...]]] = {
        "customers": people,
        "orders": orders,
        "order_items": items,
        "products": [("p1", "Lamp", "light", "2")],
    }
    corrected: dict[str, Sequence[tuple[str, ...]]] = {
        "customers": [("c1", "new@example.com", "true", "")],
        # Less than before, and not even complete: it is later.
        "orders": [(f"o{n}", f"c{n % 30}", f"2024-01-{1 + n % 28:02}", f"{n}.50" if n else "") for n in range(20)],
        "order_items": [("o40", "1", "p1", "3", "10.00")],
        "products": [("p1", "Lamp", "garden", "1")],
    }
    inputs = {}
    for name, header in headers.items():
        inputs[name] = {"path": str(project.csv(f"{name}.csv", header, before[name]))}
        folder = project.folder / "landing" / name
        folder.mkdir(parents=True)
        project.csv(f"landing/{name}/corrections.csv", header, corrected[name])
    gone = [("c2", "2024-03-01"), ("c3", "yes")]
    project.csv("landing/customers/erasures.csv", ["customer_id", "deleted_at"], gone)
    # A file that was late: what it says was so before.
    project.csv("landing/customers/late.csv", headers["customers"], [("c4", "old@example.com", "true", "2023-01-01")])
    return {
        "inputs": inputs,
        "segmentations": {"rfm": {"method": "rfm"}},
        "default_max_reject_share": 0.6,
        "audiences": {"segmentations": "auto", "minimum_size": 1, "holdout_share": 0, "calling_code": None},
    }


def test_corrections_and_erasures_without_a_date_take_effect_in_a_batch_and_in_every_build_after_it(
    project: DbtProject,
) -> None:
    variables = shop_that_is_corrected(project)
    # The first process takes the history, then the batch; the second one builds anew all that the store holds.
    for _ in range(2):
        outcome = stream(project.folder, variables=variables).check()
        database = project.folder / "shop.duckdb"
        with duckdb.connect(str(database), read_only=True) as connection:

            def rows(sql: str, connection: duckdb.DuckDBPyConnection = connection) -> list[tuple[Any, ...]]:
                return connection.execute(sql).fetchall()

            amounts = dict(rows("select order_id, order_amount::double from staging.stg_orders"))
            for n in range(20):
                if n % 30 not in {2, 3}:
                    assert amounts[f"o{n}"] == (n + 0.5 if n else None), n
            assert amounts["o20"] == 10
            assert rows("select quantity::int from staging.stg_order_items order by order_id") == [(3,), (1,)]
            assert rows("select category, unit_cost::int from staging.stg_products") == [("garden", 1)]
            emails = dict(rows("select customer_id, email from staging.stg_customers"))
            assert emails["c1"] == "new@example.com"
            assert emails["c4"] == "c4@example.com"
            for table in ("staging.stg_customers", "marts.dim_customers", "feeds.feed_candidates"):
                found = rows(f"select distinct customer_id from {table} where customer_id in ('c1', 'c2', 'c3')")
                assert found == [("c1",)], table
            reasons = rows(
                "select reason from staging.rejected_records where input = 'orders' and rule = 'duplicate_key'"
            )
            assert len(reasons) == 18
            assert {reason.endswith("the one that arrived later is kept") for (reason,) in reasons} == {True}
        assert "Warning: input customers: 1 rows are rejected as unparsable_deletion." in outcome.output


def labels(stream: StreamProcess) -> dict[str, int]:
    """Return the segment of every customer by the model that does not learn."""
    return dict(
        stream.query(
            "select customer_id, segment_id from marts.fct_customer_segments where segmentation = 'behavior'",
            published=True,
        )
    )


def decisions(stream: StreamProcess) -> dict[str, tuple[str, int]]:
    """Return what the last batch did with each model, and the generation that is in force."""
    rows = stream.query("select segmentation, action, generation from marts.segmentation_decisions", published=True)
    return {str(name): (str(action), int(generation)) for name, action, generation in rows}


def customers_of(orders: Path) -> set[str]:
    with duckdb.connect() as connection:
        return {name for (name,) in connection.execute(f"select customer_id from read_parquet('{orders}')").fetchall()}


def taking_back_consent(stream: StreamProcess, source: Path, file: Path, number: int) -> str:
    """Write a file in which a customer who is in both feeds takes back consent, each time another one: return who."""
    condition = "marketing_consent and email like '%_@_%._%'"
    with duckdb.connect() as connection:
        connection.execute(f"attach '{stream.published}' as published (read_only)")
        ((customer_id,),) = connection.execute(
            f"""
            select customer_id
            from read_parquet('{source}') as customers
            inner join published.marts.audience_members as members using (customer_id)
            where {condition} and members.is_current and not members.is_holdout
            order by customer_id
            limit 1 offset {number}
            """
        ).fetchall()
        connection.execute(
            f"""
            copy (
                select * replace (false as marketing_consent, timestamp '2026-02-01' as updated_at)
                from read_parquet('{source}') where customer_id = '{customer_id}'
            ) to '{file}' (format parquet)
            """
        )
    return str(customer_id)


def test_a_stream_on_a_new_database_goes_on_from_its_own_batches(tmp_path: Path) -> None:
    """Models are kept or learn from the batch before, and whoever takes back consent is removed, restart or not."""
    clusters = SEGMENTATIONS["behavior"] | {"k": 2}
    data = cut_into_batches(tmp_path / "data", customers=300, batches=60, seed=20260101)
    variables: dict[str, Any] = {
        "inputs": data.inputs(data.history),
        "segmentations": {
            "behavior": clusters,
            "learner": clusters | {"update": "online", "online": {"half_life_days": 90, "min_customers": 1}},
        },
        "advice": ADVICE,
        "snapshot_count": 1,
        "audiences": {"segmentations": ["behavior"], "minimum_size": 1, "holdout_share": 0.1, "calling_code": None},
        "as_of_date": "2026-02-15",
    }
    stream = StreamProcess(tmp_path / "streamed", variables, ["--patience", "1", "--poll", "0.1"])
    reader = FeedReader()
    stream.start()
    with stopped_at_the_end(stream):
        stream.wait_for_batch(1)
        reader.look(stream.published)
        assert decisions(stream) == {"behavior": ("fitted first", 1), "learner": ("fitted first", 1)}
        for batch in (2, 3, 4):
            if batch == 4:
                assert stream.stop() == 0
            before, removed = labels(stream), reader.removed
            file = tmp_path / f"consent_{batch}.parquet"
            refusing = taking_back_consent(stream, data.history / "demo_customers.parquet", file, batch)
            landed_at = time.time()
            stream.land("customers", file, file.name, changed_at=landed_at)
            for name, orders in data.files(batch).items():
                stream.land(name, orders, f"{name}_{batch}.parquet", changed_at=landed_at)
            if batch == 4:
                stream.start()
            stream.wait_until_done()
            stream.wait_for_batch(batch)
            reader.look(stream.published)

            assert decisions(stream) == {"behavior": ("kept", 1), "learner": ("updated", batch)}
            own = customers_of(data.files(batch)["orders"]) | {refusing}
            after = labels(stream)
            assert {name for name in before if before[name] != after[name]} <= own
            # One row for each platform, at least: own orders may move others to another audience.
            assert reader.removed >= removed + 2
            with duckdb.connect(str(stream.published), read_only=True) as connection:
                assert reader.members == present_members(connection)
                refused = connection.execute(
                    "select outcome from marts.feed_quality where outcome = 'no consent' and subject = 'member'"
                )
                assert refused.fetchall() != []
        assert stream.stop() == 0
    # Taken whole once, at the beginning: no number was missed.
    assert (reader.whole, reader.number) == (1, 4)
