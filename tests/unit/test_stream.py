"""The parts of a stream: what is read and how, what is set aside and why, and what a table's poll finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from harness import environment
from segmentation.errors import UserError
from segmentation.stream.__main__ import main
from segmentation.stream.journal import Arrival, Journal, Watermark
from segmentation.stream.landing import Landing
from segmentation.stream.reading import ARRIVAL_COLUMN, UnreadableError, parquet_columns, write_staged
from segmentation.stream.report import write_report
from segmentation.stream.store import Store
from segmentation.stream.tables import PolledTable, history_sources, read_tables_setting

HEADER = "order_id,customer_id,ordered_at\n"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def landing_of(folder: Path, *, settle: float = 0.0, patience: float = 60.0) -> Landing:
    (folder / "orders").mkdir(parents=True, exist_ok=True)
    return Landing(folder, inputs=["orders"], settle_seconds=settle, patience_seconds=patience)


def well(_name: str, _path: Path) -> str | None:
    return None


def staged(
    folder: Path, name: str, content: str | bytes, columns: Mapping[str, str] | None = None
) -> list[tuple[str, ...]]:
    """Return the rows of a file as the store would have them."""
    source, target = folder / name, folder / "staged.parquet"
    source.write_bytes(content.encode() if isinstance(content, str) else content)
    write_staged(source, target, columns=columns or {}, arrival=7)
    return duckdb.sql(f"select * exclude ({ARRIVAL_COLUMN}) from read_parquet('{target}')").fetchall()


def parquet(folder: Path, select: str) -> bytes:
    path = folder / "made.parquet"
    duckdb.sql(f"copy ({select}) to '{path}'")
    return path.read_bytes()


# --- reading -----------------------------------------------------------------------------------------------------


def test_csv_stays_text(tmp_path: Path) -> None:
    assert staged(tmp_path, "a.csv", "order_id,amount\n00123,1.50\n") == [("00123", "1.50")]
    described = parquet_columns(tmp_path / "staged.parquet")
    assert described == {"order_id": "VARCHAR", "amount": "VARCHAR", ARRIVAL_COLUMN: "BIGINT"}


@pytest.mark.parametrize(
    ("select", "columns", "expected"),
    [
        ("select 17850.0::double as customer_id", {"customer_id": "VARCHAR"}, "17850"),
        ("select 12.5::decimal(9, 2) as amount", {"amount": "VARCHAR"}, "12.50"),
        ("select date '2026-01-31' as ordered_at", {"ordered_at": "VARCHAR"}, "2026-01-31"),
        ("select ' 42 ' as amount", {"amount": "BIGINT"}, 42),
        ("select null::int as amount", {"amount": "VARCHAR"}, None),
        ("select 7::int as AMOUNT", {"amount": "DOUBLE"}, 7),
    ],
)
def test_a_column_keeps_the_type_that_it_first_came_in(
    tmp_path: Path, select: str, columns: dict[str, str], expected: object
) -> None:
    assert staged(tmp_path, "a.parquet", parquet(tmp_path, select), columns) == [(expected,)]
    assert list(parquet_columns(tmp_path / "staged.parquet")) == [*columns, ARRIVAL_COLUMN]


def test_a_value_that_would_be_lost_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(
        UnreadableError, match=r"column amount: expected BIGINT.*1 values are none, such as one of the form 'xxxx'"
    ) as raised:
        staged(tmp_path, "a.csv", "amount\n5\nmany\n", {"amount": "BIGINT"})
    assert not raised.value.may_be_unfinished


@pytest.mark.parametrize(
    ("name", "content", "reason", "may_be_unfinished"),
    [
        ("a.csv", "", "empty", True),
        ("a.csv", HEADER, "no rows", True),
        ("a.csv", f"{HEADER}1,2,2026", "no end", True),
        ("a.csv", f"{HEADER}1,2,\xe9\n".encode("latin-1"), "line 2 is not UTF-8", True),
        ("a.csv.gz", b"\x1f\x8b\x08 cut off", "damaged", True),
        ("a.parquet", b"PAR1 cut off", "cannot be read", True),
        ("a.xlsx", b"PK", "ends in none of", False),
    ],
)
def test_a_file_that_cannot_be_taken_has_its_reason(
    tmp_path: Path, name: str, content: str | bytes, reason: str, may_be_unfinished: bool
) -> None:
    with pytest.raises(UnreadableError, match=reason) as raised:
        staged(tmp_path, name, content)
    assert raised.value.may_be_unfinished is may_be_unfinished


# --- the landing folder ------------------------------------------------------------------------------------------


def test_a_file_is_read_once_it_was_left_alone(tmp_path: Path) -> None:
    landing, file = landing_of(tmp_path, settle=5), tmp_path / "orders" / "a.csv"
    file.write_text(f"{HEADER}1,1,2026-01-01\n", encoding="utf-8")
    for hidden in (".b.csv", "c.csv.tmp", "d.parquet.part"):
        (tmp_path / "orders" / hidden).touch()
    now = time.time()
    assert landing.settled(now=now) == []
    assert [landed.path for landed in landing.settled(now=now + 6)] == [file]
    assert landing.waiting() == 1


def test_an_unreadable_file_is_tried_again_and_given_up_in_the_end(tmp_path: Path, store: Store) -> None:
    landing, file = landing_of(tmp_path / "landing", patience=60), tmp_path / "landing" / "orders" / "a.csv"
    file.write_text(f"{HEADER}1,1,20", encoding="utf-8")
    now = time.time()

    def read(moment: float) -> None:
        (landed,) = landing.settled(now=moment)
        landing.read(landed, store, columns={}, arrival_number=1, check=well, now=moment)

    with pytest.raises(UnreadableError) as raised:
        read(now)
    assert raised.value.may_be_unfinished
    assert landing.settled(now=now + 30) == [], "nothing has changed, so it need not be read again"
    with pytest.raises(UnreadableError) as raised:
        read(now + 61)
    assert not raised.value.may_be_unfinished
    file.write_text(f"{HEADER}1,1,2026-01-01\n", encoding="utf-8")
    read(now + 62)
    assert [path.name.split("-")[0] for path in store.incoming.iterdir()] == ["orders"]


def test_a_file_that_other_bytes_have_replaced_is_not_removed(tmp_path: Path, store: Store) -> None:
    landing, file = landing_of(tmp_path / "landing"), tmp_path / "landing" / "orders" / "a.csv"
    file.write_text(f"{HEADER}1,1,2026-01-01\n", encoding="utf-8")
    (landed,) = landing.settled(now=time.time())
    arrival = landing.read(landed, store, columns={}, arrival_number=1, check=well, now=time.time())
    file.write_text(f"{HEADER}1,1,2026-01-01\n2,2,2026-01-02\n", encoding="utf-8")
    landing.remove(arrival)
    landing.set_aside(arrival, "not this one")
    assert file.exists()


def test_what_is_set_aside_overwrites_nothing_and_has_its_reason(tmp_path: Path) -> None:
    landing = landing_of(tmp_path)
    for content in ("one", "another"):
        (tmp_path / "orders" / "a.csv").write_text(content, encoding="utf-8")
        (landed,) = landing.settled(now=time.time())
        landing.set_aside(landing.unread(landed), f"{content} is bad")
    home = tmp_path / "set_aside" / "orders"
    assert sorted(path.name for path in home.iterdir()) == [
        "2-a.csv",
        "2-a.csv.reason.txt",
        "a.csv",
        "a.csv.reason.txt",
    ]
    assert (home / "2-a.csv.reason.txt").read_text(encoding="utf-8") == "another is bad\n"


@pytest.mark.parametrize(
    ("folder", "message"),
    [("order", 'no input\'s: did you mean "orders"?'), ("products", "set vars.inputs.products")],
)
def test_a_folder_that_is_no_inputs_is_an_error(tmp_path: Path, folder: str, message: str) -> None:
    (tmp_path / folder).mkdir()
    with pytest.raises(UserError, match=message):
        landing_of(tmp_path)


def test_a_landing_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no landing folder .*nowhere.*mkdir -p"):
        Landing(tmp_path / "nowhere", inputs=["orders"], settle_seconds=1, patience_seconds=1)


def taken(landing: Landing, store: Store, *, moment: float) -> dict[str, str]:
    """Return what a look at the landing folder makes of each file: taken, or the reason."""
    found = {}
    for landed in landing.settled(now=moment):
        try:
            landing.read(landed, store, columns={}, check=lambda _name, _path: None, now=moment, arrival_number=1)
            found[landed.shown_name] = "taken"
        except UnreadableError as error:
            found[landed.shown_name] = error.reason
            if not error.may_be_unfinished:
                landing.set_aside(landing.unread(landed), error.reason, path=landed.path)
    return found


def test_a_bad_name_stops_nothing_else(tmp_path: Path, store: Store) -> None:
    landing, folder = landing_of(tmp_path / "landing"), tmp_path / "landing" / "orders"
    good = f"{HEADER}1,1,2026-01-01\n".encode()
    long_and_bad = "é" * 125 + ".xlsx"
    assert len(long_and_bad.encode()) == 255
    for name in (b"caf\xe9.csv", b"two\nlines.csv", long_and_bad.encode(), "gut \u00e4\u202f1.csv".encode(), b"*.csv"):
        Path(os.fsdecode(bytes(folder) + b"/" + name)).write_bytes(good)
    (folder / f"{'a' * 251}.csv").write_bytes(good)
    for _ in range(2):
        found = taken(landing, store, moment=time.time() + 1)
    assert found == {"gut \u00e4\u202f1.csv": "taken", "*.csv": "taken", f"{'a' * 251}.csv": "taken"}
    aside = {path.name: path.read_bytes() for path in (tmp_path / "landing" / "set_aside" / "orders").iterdir()}
    assert aside["caf\\xe9.csv"] == good
    assert b"no UTF-8" in aside["caf\\xe9.csv.reason.txt"]
    assert b"control characters" in aside["two\\nlines.csv.reason.txt"]
    (shortened,) = [name for name in aside if name.startswith("éé") and not name.endswith(".reason.txt")]
    assert aside[shortened] == good
    assert long_and_bad in aside[f"{shortened}.reason.txt"].decode()


def test_the_rows_of_a_file_are_its_own_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("order_id\nother\n", encoding="utf-8")
    assert staged(tmp_path, "*.csv", "order_id\nmine\n") == [("mine",)]
    assert staged(tmp_path, "[1]?.csv", "order_id\nmine\n") == [("mine",)]


def test_a_stream_with_bad_names_goes_on(tmp_path: Path, store: Store) -> None:
    """Also where they come into the journal, which takes no text that is none."""
    landing, journal = landing_of(tmp_path / "landing"), Journal(store.journal_file)
    Path(os.fsdecode(bytes(tmp_path / "landing" / "orders") + b"/caf\xe9.csv")).write_bytes(b"x")
    (landed,) = landing.settled(now=time.time())
    journal.note_set_aside(landing.unread(landed), "its name is no UTF-8 text")
    write_report(journal, tmp_path / "report.duckdb")
    with duckdb.connect(str(tmp_path / "report.duckdb"), read_only=True) as connection:
        assert connection.execute("select file_name from stream.stream_files").fetchall() == [("caf\\xe9.csv",)]


def test_links_are_left_alone_and_told(tmp_path: Path, store: Store) -> None:
    landing, secret = landing_of(tmp_path / "landing"), tmp_path / "passwords.csv"
    secret.write_text("root:secret,x\n1,2,3,4\n", encoding="utf-8")
    folder = tmp_path / "landing" / "orders"
    (folder / "a.csv").symlink_to(secret)
    os.mkfifo(folder / "b.csv")
    (folder / "c.csv").mkdir()
    assert taken(landing, store, moment=time.time() + 100) == {}
    assert landing.waiting() == 0
    (notice,) = landing.notices()
    assert "orders/a.csv is a link" in notice
    assert landing.notices() == []
    assert (folder / "a.csv").is_symlink()
    # One that takes the place of a file after the look at the folder is not read for its reason either.
    (folder / "d.csv").write_text(f"{HEADER}1,1,2026-01-01\n", encoding="utf-8")
    (landed,) = landing.settled(now=time.time() + 100)
    (folder / "d.csv").unlink()
    (folder / "d.csv").symlink_to(secret)
    with pytest.raises(UnreadableError, match=r"^it is being written to$"):
        landing.read(
            landed,
            store,
            columns={},
            check=lambda _name, _path: "root:secret",
            now=time.time() + 1000,
            arrival_number=1,
        )
    assert not (tmp_path / "landing" / "set_aside").exists()


@pytest.mark.parametrize("where", ["an input", "set_aside"])
def test_a_linked_folder_is_an_error(tmp_path: Path, where: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "landing").mkdir()
    name = "orders" if where == "an input" else where
    (tmp_path / "landing" / name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError, match="is a link"):
        landing_of(tmp_path / "landing")


WRITER = """
import sys
with open(sys.argv[1], "a", encoding="utf-8") as file:
    file.write("order_id,customer_id,ordered_at\\n" + "".join(f"{row},1,2026-01-01\\n" for row in range(10)))
    file.flush()
    print("pausing", flush=True)
    sys.stdin.readline()
    file.write("".join(f"{row},1,2026-01-01\\n" for row in range(10, 30)))
"""


@pytest.mark.parametrize("ask", ["lease", "processes"])
def test_a_writer_that_pauses_loses_nothing(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch, ask: str
) -> None:
    if ask == "processes":
        # As where no lease is to be had.
        monkeypatch.delattr("fcntl.F_SETLEASE")
    landing, file = landing_of(tmp_path / "landing", patience=60), tmp_path / "landing" / "orders" / "a.csv"
    words = [sys.executable, "-c", WRITER, str(file)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        assert taken(landing, store, moment=time.time() + 10) == {}
        assert landing.notices() == []
        assert taken(landing, store, moment=time.time() + 100) == {}
        assert "a.csv waits: a process still has it open for writing" in landing.notices()[0]
        assert landing.waiting() == 1
        writer.communicate("\n")
    (landed,) = landing.settled(now=time.time() + 10)
    arrival = landing.read(
        landed, store, columns={}, check=lambda _name, _path: None, now=time.time(), arrival_number=1
    )
    assert arrival.rows == 30
    # Somebody who opens it again after it was taken does not lose what is written now.
    with file.open("a", encoding="utf-8") as again:
        landing.remove(arrival)
        assert "now a process has it open for writing" in landing.notices()[0]
        again.write("30,1,2026-01-01\n")
    landing.remove(arrival)
    assert file.exists()
    (landed,) = landing.settled(now=time.time() + 10)
    landing.remove(landing.unread(landed))
    assert not file.exists()


def test_a_file_that_grows_while_it_is_read_is_not_taken(tmp_path: Path, store: Store) -> None:
    landing, file = landing_of(tmp_path / "landing"), tmp_path / "landing" / "orders" / "a.csv"
    file.write_text(f"{HEADER}1,1,2026-01-01\n", encoding="utf-8")

    def grow(_name: str, _path: Path) -> None:
        with file.open("a", encoding="utf-8") as more:
            more.write("2,1,2026-01-01\n")

    (landed,) = landing.settled(now=time.time() + 100)
    with pytest.raises(UnreadableError, match="is being written to") as raised:
        landing.read(landed, store, columns={}, check=grow, now=time.time() + 1000, arrival_number=1)
    assert raised.value.may_be_unfinished, "it is looked at again, however long it has stood there"
    assert list(store.incoming.iterdir()) == []


def test_two_streams_do_not_share_a_landing_folder(tmp_path: Path) -> None:
    landing = landing_of(tmp_path / "landing")
    (tmp_path / "link").symlink_to(tmp_path / "landing")
    with (
        landing.locked(),
        pytest.raises(UserError, match=rf"process {os.getpid()}.*LANDING=folder"),
        landing_of(tmp_path / "link").locked(),
    ):
        pass
    with landing_of(tmp_path / "link").locked():
        assert landing.wrong_folders() == []


# --- the store ---------------------------------------------------------------------------------------------------


def test_a_second_stream_on_a_store_is_refused(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    with store.locked():
        assert main(["--store", str(store.folder), "--database", str(tmp_path / "shop.duckdb")]) == 1
    assert "Another stream (process" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["cut in half", "other bytes", "emptied"])
def test_a_damaged_journal_is_named_with_what_to_do(
    tmp_path: Path, store: Store, capsys: pytest.CaptureFixture[str], damage: str
) -> None:
    journal = Journal(store.journal_file)
    for number in range(300):
        arrival = Arrival("orders", f"{number}.csv", "landing", "1-1-1", f"{number:064d}", 1, 0.0)
        journal.close_batch(journal.open_batch([arrival], {}), now=time.time())
    journal.close()
    (store.folder / "orders").mkdir()
    (store.folder / "orders" / "1.parquet").touch()
    content = store.journal_file.read_bytes()
    changed = {"cut in half": content[: len(content) // 2], "other bytes": b"x" * len(content), "emptied": b""}
    store.journal_file.write_bytes(changed[damage])
    if damage == "emptied":
        with pytest.raises(UserError, match=r"journal\.sqlite knows of no file.*backup"):
            store.recover(Journal(store.journal_file))
        return
    words = ["--store", str(store.folder), "--database", str(tmp_path / "shop.duckdb"), "--landing", str(tmp_path)]
    assert main(words) == 1
    told = capsys.readouterr().err
    assert f"The journal {store.journal_file} is damaged" in told
    assert f"move the folder {store.folder} away" in told
    assert store.journal_file.read_bytes() == changed[damage]


@pytest.mark.parametrize("change", ["foreign", "missing"])
def test_a_store_that_somebody_else_has_changed_is_refused(tmp_path: Path, store: Store, change: str) -> None:
    landing, journal = landing_of(tmp_path / "landing"), Journal(store.journal_file)
    (tmp_path / "landing" / "orders" / "a.csv").write_text(f"{HEADER}1,1,2026-01-01\n", encoding="utf-8")
    (landed,) = landing.settled(now=time.time())
    arrival = landing.read(landed, store, columns={}, arrival_number=1, check=well, now=time.time())
    number = journal.open_batch([arrival], {})
    (file,) = journal.files_of(number, "accepted")
    store.move_in(file)
    store.recover(journal)
    if change == "missing":
        store.place(file).unlink()
    else:
        (store.folder / "orders" / "mine.parquet").touch()
    with pytest.raises(UserError, match=r"lacks an accepted file" if change == "missing" else "no stream put there"):
        store.recover(journal)


def accept(store: Store, journal: Journal, landing: Landing) -> None:
    """Take what has landed as one batch, as the stream does."""
    arrivals: list[Arrival] = []
    for landed in landing.settled(now=time.time() + 1):
        number = journal.next_arrival(len(arrivals))
        arrivals.append(landing.read(landed, store, columns={}, arrival_number=number, check=well, now=time.time() + 1))
    number = journal.open_batch(arrivals, {})
    for file in journal.files_of(number, "accepted"):
        store.move_in(file)
        landing.remove(file)
    journal.close_batch(number, now=time.time())


def in_order_of_arrival(store: Store) -> list[str]:
    rows = duckdb.sql(
        f"select order_id from read_parquet('{store.glob('orders')}', union_by_name = true) order by {ARRIVAL_COLUMN}"
    ).fetchall()
    return [row[0] for row in rows]


def test_rows_know_in_which_order_they_arrived_also_in_merged_files(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    landing, journal = landing_of(tmp_path / "landing"), Journal(store.journal_file)
    expected = []
    for batch in range(3):
        for file in ("b", "a"):
            # A column of this name in a file tells of another arrival than this one.
            text = f"order_id,customer_id,ordered_at,arrival_number\n{batch}{file},1,2026-01-01,{-batch}\n"
            (tmp_path / "landing" / "orders" / f"{file}.csv").write_text(text, encoding="utf-8")
            expected.append(f"{batch}{file}")
            time.sleep(0.02)
        accept(store, journal, landing)
        # A file that does not count takes no number from one that does.
        journal.note_set_aside(journal.files_of(1, "accepted")[0], "sent again")
    assert in_order_of_arrival(store) == expected
    monkeypatch.setattr("segmentation.stream.store._MERGE_AT", 2)
    store.merge(journal)
    assert len(list((store.folder / "orders").iterdir())) == 1
    assert in_order_of_arrival(store) == expected


def test_a_store_of_an_earlier_version_gets_its_order_of_arrival(tmp_path: Path, store: Store) -> None:
    landing, journal = landing_of(tmp_path / "landing"), Journal(store.journal_file)
    for order in ("z", "y", "x"):
        (tmp_path / "landing" / "orders" / "a.csv").write_text(f"{HEADER}{order},1,2026-01-01\n", encoding="utf-8")
        accept(store, journal, landing)
    for path in sorted((store.folder / "orders").iterdir())[:2]:
        old = path.with_suffix(".old")
        duckdb.sql(f"copy (select * exclude ({ARRIVAL_COLUMN}) from '{path}') to '{old}' (format parquet)")
        old.rename(path)
    store.recover(journal)
    assert in_order_of_arrival(store) == ["z", "y", "x"]
    before = {path.name: path.stat().st_mtime_ns for path in (store.folder / "orders").iterdir()}
    store.recover(journal)
    assert {path.name: path.stat().st_mtime_ns for path in (store.folder / "orders").iterdir()} == before
    assert list(store.incoming.iterdir()) == []


# --- tables ------------------------------------------------------------------------------------------------------


def polled(table: PolledTable, mark: Watermark, store: Store) -> tuple[list[str], Watermark]:
    """Return the ids that a poll finds, and the watermark after it."""
    found = table.poll(mark, store, columns={}, arrival_number=1)
    if found is None:
        return [], mark
    arrival, after = found
    staged_file = store.incoming / arrival.staged_name
    rows = duckdb.sql(f"select order_id from read_parquet('{staged_file}') order by all").fetchall()
    assert arrival.rows == len(rows)
    return [row[0] for row in rows], after


def test_a_poll_takes_each_row_once_also_at_the_very_watermark(tmp_path: Path, store: Store) -> None:
    database = tmp_path / "till.duckdb"
    table = PolledTable("orders", database, "main.orders", "loaded_at")

    def add(*rows: tuple[str, str | None]) -> None:
        with duckdb.connect(str(database)) as connection:
            connection.execute("create table if not exists orders (order_id varchar, loaded_at timestamp)")
            connection.executemany("insert into orders values (?, ?)", rows)

    mark = Watermark(None, {})
    add(("a", "2026-01-01 10:00:00"), ("b", "2026-01-02 10:00:00.5"), ("null", None))
    found, mark = polled(table, mark, store)
    assert found == ["a", "b"]
    assert polled(table, mark, store) == ([], mark)
    add(("c", "2026-01-02 10:00:00.5"), ("b", "2026-01-02 10:00:00.5"))
    found, mark = polled(table, mark, store)
    assert found == ["b", "c"], "an equal row is another row"
    add(("b", "2026-01-02 10:00:00.5"), ("d", "2026-01-03"))
    found, mark = polled(table, mark, store)
    assert found == ["b", "d"]
    assert polled(table, mark, store)[0] == []


def test_a_later_watermark_is_a_later_arrival_whether_one_poll_finds_it_or_two(tmp_path: Path, store: Store) -> None:
    database = tmp_path / "till.duckdb"
    table = PolledTable("orders", database, "orders", "changed_at")
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table orders (order_id varchar, changed_at timestamp)")
        connection.execute("insert into orders values ('2nd', '2026-01-02'), ('1st', '2026-01-01')")
    mark, numbered = Watermark(None, {}), []
    for poll in (1, 2):
        found = table.poll(mark, store, columns={}, arrival_number=1000 * poll)
        assert found is not None
        arrival, mark = found
        file = store.incoming / arrival.staged_name
        numbered += duckdb.sql(f"select {ARRIVAL_COLUMN}, order_id from '{file}'").fetchall()
        with duckdb.connect(str(database)) as connection:
            connection.execute("insert into orders values ('4th', '2026-01-04'), ('3rd', '2026-01-03')")
    assert [order for _, order in sorted(numbered)] == ["1st", "2nd", "3rd", "4th"]


POLL = """
import json, sys
from pathlib import Path
from segmentation.stream.journal import Watermark
from segmentation.stream.store import Store
from segmentation.stream.tables import PolledTable

database, folder, marks = Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3])
for name, (value, taken) in marks.items():
    table = PolledTable("orders", database, name, "loaded_at")
    found = table.poll(Watermark(value, taken), Store(folder), columns={}, arrival_number=1)
    marks[name] = [found[0].rows, found[1].value, found[1].taken] if found else [0, value, taken]
print(json.dumps(marks))
"""
"""A process that polls tables and tells how many rows it took, and how far it has read then."""


def test_no_time_zone_of_the_machine_makes_a_poll_take_a_row_twice(tmp_path: Path) -> None:
    """In the hour that Berlin has twice a year; with a plain watermark too, in rows that follow the reader's zone."""
    database = tmp_path / "till.duckdb"

    def add(order: str) -> None:
        with duckdb.connect(str(database)) as connection:
            connection.execute("set TimeZone = 'Asia/Kolkata'")
            connection.execute("create table if not exists with_zone (order_id varchar, loaded_at timestamptz)")
            connection.execute(
                "create view if not exists without_zone as "
                "select order_id, timezone('UTC', loaded_at) as loaded_at, cast(loaded_at as varchar) as told "
                "from with_zone"
            )
            connection.execute("insert into with_zone values (?, '2025-10-26 00:30:00+00')", [order])

    marks: dict[str, Any] = {"with_zone": (None, {}), "without_zone": (None, {})}
    for number, zone in enumerate(("America/New_York", "UTC", "Europe/Berlin", "Asia/Kolkata")):
        add(f"o{number}")
        words = [sys.executable, "-c", POLL, str(database), str(tmp_path / "store"), json.dumps(marks)]
        ended = subprocess.run(words, env=environment(TZ=zone), capture_output=True, text=True, check=True)
        found = json.loads(ended.stdout)
        assert {name: rows for name, (rows, _, _) in found.items()} == {"with_zone": 1, "without_zone": 1}, zone
        marks = {name: told[1:] for name, told in found.items()}


def test_a_table_that_is_being_written_is_polled_later(tmp_path: Path, store: Store) -> None:
    database, ready = tmp_path / "till.duckdb", tmp_path / "ready"
    table = PolledTable("orders", database, "orders", "loaded_at")
    writer = f"""
import duckdb, pathlib, sys
with duckdb.connect({str(database)!r}) as connection:
    connection.execute("create table orders as select 'a' as order_id, timestamp '2026-01-01' as loaded_at")
    pathlib.Path({str(ready)!r}).touch()
    sys.stdin.read()
"""
    with subprocess.Popen([sys.executable, "-c", writer], stdin=subprocess.PIPE) as process:
        while not ready.exists() and process.poll() is None:
            time.sleep(0.05)
        assert table.poll(Watermark(None, {}), store, columns={}, arrival_number=1) is None
        process.communicate()
    assert polled(table, Watermark(None, {}), store)[0] == ["a"]


def test_a_table_that_is_not_there_is_an_error(tmp_path: Path, store: Store) -> None:
    table = PolledTable("orders", tmp_path / "absent.duckdb", "orders", "loaded_at")
    with pytest.raises(UserError, match=r"TABLES.orders.database: .*absent.duckdb cannot be opened"):
        table.poll(Watermark(None, {}), store, columns={}, arrival_number=1)
    database = tmp_path / "till.duckdb"
    with duckdb.connect(str(database)) as connection:
        connection.execute("create table orders as select 'a' as order_id, now()::timestamp as loaded_at")
    for wrong, message in (
        (PolledTable("orders", database, "order", "loaded_at"), "has no table order"),
        (PolledTable("orders", database, "orders", "loaded"), 'no column loaded; did you mean "loaded_at"?'),
    ):
        with pytest.raises(UserError, match=message):
            wrong.poll(Watermark(None, {}), store, columns={}, arrival_number=1)


def test_a_setting_of_tables_that_cannot_be_is_an_error() -> None:
    with pytest.raises(UserError, match=r'no such input; did you mean "orders"'):
        read_tables_setting({"order": {}}, inputs={"orders": {}})
    with pytest.raises(UserError, match="expected database, table, watermark"):
        read_tables_setting({"orders": {"table": "x"}}, inputs={"orders": {}})


def test_history_comes_from_files_or_from_the_warehouse(tmp_path: Path) -> None:
    for name in ("b.csv", "a.csv"):
        (tmp_path / name).touch()
    warehouse = tmp_path / "shop.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema inputs")
        connection.execute("create table inputs.demo_orders as select 1 as order_id")
    files = list(history_sources("orders", {"path": f"{tmp_path}/*.csv"}, warehouse))
    assert files == [("file", f"{tmp_path}/a.csv"), ("file", f"{tmp_path}/b.csv")]
    expected = [("relation", '"inputs"."demo_orders"')]
    assert list(history_sources("orders", {"ref": "demo_orders"}, warehouse)) == expected
    assert list(history_sources("orders", {"relation": "inputs.demo_orders"}, warehouse)) == expected
    with pytest.raises(UserError, match=r"there is no demo_order in .*make build"):
        list(history_sources("orders", {"ref": "demo_order"}, warehouse))
