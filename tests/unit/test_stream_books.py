"""The books of a stream: what journal, store and report say after a batch, a refusal, a kill and a merge."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pytest

from segmentation.errors import UserError
from segmentation.stream.journal import Arrival, Journal, StoredFile
from segmentation.stream.report import stream_path, write_report
from segmentation.stream.store import Store

ARRIVED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def journal(store: Store) -> Iterator[Journal]:
    journal = Journal(store.journal_file)
    yield journal
    journal.close()


def arrived(store: Store, name: str, rows: int, *, content: str = "", at: float = ARRIVED) -> Arrival:
    """A file that was read into the folder of what comes in, with numbered rows."""
    digest = hashlib.sha256((content or f"{name}{rows}").encode()).hexdigest()
    arrival = Arrival(name, f"{name}.csv", "landing", f"{name} 1", digest, rows, at)
    place = store.incoming / arrival.staged_name
    duckdb.sql(f"copy (select i as number, '{content}' as content from range({rows}) as r(i)) to '{place}'")
    return arrival


def open_batch(store: Store, journal: Journal, *arrivals: Arrival) -> tuple[int, list[StoredFile]]:
    """Accept files, as far as a kill right after it would have come."""
    number = journal.open_batch(arrivals, {})
    files = journal.files_of(number, "accepted")
    assert [file.name for file in files] == [arrival.name for arrival in arrivals]
    assert not any(store.place(file).exists() for file in files)
    return number, files


def rows_of(store: Store, name: str) -> int:
    ((count,),) = duckdb.sql(f"select count(*) from read_parquet('{store.glob(name)}')").fetchall()
    return int(count)


def test_a_batch_is_counted_from_the_arrival_of_its_first_file(store: Store, journal: Journal) -> None:
    assert (journal.last_batch_number(), journal.open_batch_number()) == (0, None)
    number, files = open_batch(
        store, journal, arrived(store, "orders", 3), arrived(store, "order_items", 5, at=ARRIVED + 60)
    )
    assert (number, journal.last_batch_number(), journal.open_batch_number()) == (1, 1, 1)
    for file in files:
        store.move_in(file)
    assert store.inputs() == ["orders", "order_items"]
    assert (rows_of(store, "orders"), rows_of(store, "order_items")) == (3, 5)
    assert not list(store.incoming.iterdir())
    assert store.columns("orders") == {"number": "BIGINT", "content": "VARCHAR"}
    journal.close_batch(number, now=ARRIVED + 90)
    batch = journal.note_waiting(number, 2)
    assert (batch.outcome, batch.reason, batch.lag_seconds) == ("published", None, 90.0)
    assert (batch.rows, batch.files) == ({"orders": 3, "order_items": 5}, 2)
    assert (batch.files_set_aside, batch.files_waiting) == (0, 2)
    assert (journal.last_batch_number(), journal.open_batch_number()) == (1, None)
    second, _ = open_batch(store, journal, arrived(store, "orders", 4))
    assert (second, journal.open_batch_number()) == (2, 2)


def test_a_file_that_is_set_aside_counts_no_more_and_may_come_again(store: Store, journal: Journal) -> None:
    good, bad = arrived(store, "orders", 3, content="good"), arrived(store, "orders", 2, content="bad")
    number, files = open_batch(store, journal, good, bad)
    for file in files:
        store.move_in(file)
    assert journal.find_accepted("orders", bad.content_hash) == files[1]
    assert journal.find_accepted("customers", bad.content_hash) is None
    journal.set_aside(files[1], "too many rejects")
    store.remove(files[1])
    assert journal.find_accepted("orders", bad.content_hash) is None
    assert journal.find_accepted("orders", good.content_hash) == files[0]
    assert journal.accepted_names() == {"orders": {files[0].stored_name}}
    assert rows_of(store, "orders") == 3
    journal.close_batch(number, now=ARRIVED + 5)
    batch = journal.note_waiting(number, 0)
    assert (batch.outcome, batch.reason, batch.rows, batch.files_set_aside) == (
        *("partly published", "too many rejects"),
        *({"orders": 3}, 1),
    )
    number, (again,) = open_batch(store, journal, arrived(store, "orders", 2, content="bad"))
    journal.set_aside(again, "still too many")
    journal.close_batch(number, now=ARRIVED + 9)
    batch = journal.note_waiting(number, 0)
    assert (batch.outcome, batch.reason, batch.files) == ("set aside", "still too many", 0)


def test_a_file_is_held_back_and_let_in_again(store: Store, journal: Journal) -> None:
    _, (kept, held) = open_batch(
        store, journal, arrived(store, "orders", 3, content="kept"), arrived(store, "orders", 4, content="held")
    )
    for file in (kept, held):
        store.move_in(file)
    store.hold(held)
    assert rows_of(store, "orders") == 3
    store.move_in(held)
    assert rows_of(store, "orders") == 7
    store.hold(held)
    store.remove(held)
    store.move_in(held)
    assert rows_of(store, "orders") == 3


def test_after_a_kill_what_was_accepted_is_moved_in_and_nothing_else(store: Store, journal: Journal) -> None:
    open_batch(store, journal, arrived(store, "orders", 3), arrived(store, "order_items", 5))
    arrived(store, "customers", 9)
    again = Store(store.folder)
    again.recover(journal)
    assert (rows_of(again, "orders"), rows_of(again, "order_items")) == (3, 5)
    assert again.inputs() == ["orders", "order_items"]
    assert not list(again.incoming.iterdir())
    again.recover(journal)
    assert rows_of(again, "orders") == 3


@pytest.mark.parametrize("moved_in", [False, True])
def test_after_a_kill_a_withdrawn_batch_has_left_nothing(store: Store, journal: Journal, moved_in: bool) -> None:
    first, (kept,) = open_batch(store, journal, arrived(store, "orders", 3, content="kept"))
    store.move_in(kept)
    journal.close_batch(first, now=ARRIVED + 1)
    number, (file,) = open_batch(store, journal, arrived(store, "orders", 4, content="withdrawn"))
    if moved_in:
        store.move_in(file)
    journal.withdraw_batch(number, "the warehouse could not be built")
    assert journal.open_batch_number() is None
    store.recover(journal)
    assert rows_of(store, "orders") == 3
    assert journal.find_accepted("orders", file.content_hash) is None
    assert [one.name for one in journal.files_of(number, "withdrawn")] == ["orders.csv"]
    assert journal.note_waiting(number, 1).outcome == "withdrawn"


def test_a_store_that_is_not_as_the_journal_says_is_refused(store: Store, journal: Journal) -> None:
    _, (file,) = open_batch(store, journal, arrived(store, "orders", 3))
    store.recover(journal)
    foreign = store.place(file).with_name("copied.parquet")
    foreign.write_bytes(store.place(file).read_bytes())
    with pytest.raises(UserError, match=r"no stream put there: .*orders/copied\.parquet"):
        store.recover(journal)
    foreign.unlink()
    store.place(file).unlink()
    with pytest.raises(UserError, match=f"lacks an accepted file: .*orders/{file.stored_name}"):
        store.recover(journal)


def test_many_small_files_become_one_and_stay_known(store: Store, journal: Journal) -> None:
    for batch in range(1, 200):
        number, (file,) = open_batch(store, journal, arrived(store, "orders", 2, content=f"file {batch}"))
        store.move_in(file)
        journal.close_batch(number, now=ARRIVED + 1)
        store.merge(journal)
        there = len(journal.accepted_names()["orders"])
        if there < batch:
            break
    assert there == 1
    assert batch > 10
    assert rows_of(store, "orders") == 2 * batch
    assert len(list((store.folder / "orders").iterdir())) == 1
    assert journal.open_merges() == {}
    # Each content counts once still, and the store is as the journal says.
    digest = hashlib.sha256(b"file 1").hexdigest()
    assert journal.find_accepted("orders", digest) is not None
    Store(store.folder).recover(journal)
    ((distinct,),) = duckdb.sql(
        f"select count(distinct content) from read_parquet('{store.glob('orders')}')"
    ).fetchall()
    assert distinct == batch


@pytest.mark.parametrize("in_place", [False, True])
def test_after_a_kill_a_merge_is_finished_or_forgotten(store: Store, journal: Journal, in_place: bool) -> None:
    _, files = open_batch(
        store, journal, arrived(store, "orders", 3, content="one"), arrived(store, "orders", 4, content="other")
    )
    for file in files:
        store.move_in(file)
    journal.begin_merge("orders", "merged.parquet", [file.stored_name for file in files])
    if in_place:
        # The rows stand twice for a moment: the merged file is there, those that it replaces are too.
        merged = store.folder / "orders" / "merged.parquet"
        duckdb.sql(f"copy (from read_parquet('{store.glob('orders')}')) to '{merged}'")
        assert rows_of(store, "orders") == 14
    Store(store.folder).recover(journal)
    assert rows_of(store, "orders") == 7
    assert journal.open_merges() == {}
    expected = {"merged.parquet"} if in_place else {file.stored_name for file in files}
    assert journal.accepted_names() == {"orders": expected}


def test_the_report_tells_batches_and_files(store: Store, journal: Journal, tmp_path: Path) -> None:
    good, bad = arrived(store, "orders", 3, content="good"), arrived(store, "products", 2, content="bad")
    number, files = open_batch(store, journal, good, bad)
    for _ in range(3):
        journal.count_build(number)
    journal.set_aside(files[1], "no key")
    journal.close_batch(number, now=ARRIVED + 30.5)
    journal.note_waiting(number, 4)
    journal.note_duplicate(good, 1)
    journal.note_set_aside(bad, "not a table")
    target = stream_path(tmp_path / "published" / "shop.duckdb")
    for _ in range(2):
        write_report(journal, target)
    assert [path.name for path in target.parent.iterdir()] == ["shop_stream.duckdb"]
    assert target.stat().st_mode & 0o222 == 0
    with duckdb.connect(str(target), read_only=True) as connection:
        batches = connection.execute(
            """
            select batch_number, outcome, reason, files, files_set_aside, orders_rows, products_rows, builds,
                finished_at, lag_seconds, files_waiting, round(epoch(finished_at) - epoch(started_at) - seconds, 1)
            from stream.stream_batches
            """
        ).fetchall()
        told = connection.execute(
            "select batch_number, input, outcome, reason, row_count, arrived_at from stream.stream_files order by all"
        ).fetchall()
        undescribed = connection.execute(
            "select column_name from duckdb_columns() where schema_name = 'stream' and comment is null"
        ).fetchall()
    at = datetime(2026, 1, 5, 8, 0)
    assert batches == [
        (1, "partly published", "no key", 1, 1, 3, 0, 3, at.replace(second=30, microsecond=500_000), 30.5, 4, 0.0)
    ]
    assert told == [
        (1, "orders", "accepted", None, 3, at),
        (1, "products", "set aside", "no key", 2, at),
        (None, "orders", "duplicate", "the same content was counted in batch 1", 3, at),
        (None, "products", "set aside", "not a table", 2, at),
    ]
    assert not undescribed


def test_a_batch_that_cannot_be_opened_as_a_whole_is_not_opened(store: Store, journal: Journal) -> None:
    """The journal takes all files of a batch or none: the second has no input."""
    broken = Arrival(None, "x.csv", "landing", "1", "00", 1, ARRIVED)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="NOT NULL"):
        journal.open_batch([arrived(store, "orders", 3), broken], {})
    assert journal.last_batch_number() == 0
    assert journal.accepted_names() == {}
    number, _ = open_batch(store, journal, arrived(store, "orders", 3))
    assert number == 1
