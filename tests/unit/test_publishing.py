from __future__ import annotations

import datetime
import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import ROOT, environment
from segmentation.publishing import (
    PUBLICATION_SCHEMA,
    Changes,
    last_digest,
    publish,
    published_path,
)
from segmentation.quoting import quote_identifier, quote_literal

RELATIONS = [("marts", "dim_segments"), ("marts", "fct_customer_segments")]


def build(path: Path, *, version: int = 1, rows: int = 1000) -> duckdb.DuckDBPyConnection:
    """Make a build's database with two marts that must agree on `version`."""
    connection = duckdb.connect(str(path))
    connection.execute("create schema if not exists marts")
    connection.execute("create or replace table marts.dim_segments (version integer not null, name varchar)")
    connection.execute("insert into marts.dim_segments values ($1, 'Über \"30\"')", [version])
    connection.execute(
        """
        create or replace table marts.fct_customer_segments as
        select range as customer_id, $1::integer as version, (range / 7)::decimal(18, 4) as "net ""EUR"" sales",
            null::varchar as reason, date '2026-01-31' as as_of_date
        from range($2)
        """,
        [version, rows],
    )
    return connection


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with build(tmp_path / "shop.duckdb") as opened:
        yield opened


def publish_shop(connection: duckdb.DuckDBPyConnection) -> dict[str, object]:
    table = publish(connection, database="shop", relations=RELATIONS)
    assert table.schema.equals(PUBLICATION_SCHEMA)
    assert table.num_rows == 1
    row: dict[str, object] = table.to_pylist()[0]
    return row


def start(code: str, *arguments: str | Path) -> subprocess.Popen[str]:
    """Start a Python process that can import the package."""
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_published_file_holds_rows_types_constraints_and_comments(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    connection.execute("comment on table marts.dim_segments is 'one row per segment; the shop''s'")
    connection.execute('comment on column marts.fct_customer_segments."net ""EUR"" sales" is $$in EUR$$')
    row = publish_shop(connection)
    assert row["outcome"] == "published"
    assert row["published_file"] == str(tmp_path / "published" / "shop.duckdb")
    assert (row["relations"], row["rows_published"]) == (2, 1001)

    columns = """
        select schema_name, table_name, column_name, data_type, is_nullable, comment
        from duckdb_columns() where schema_name = 'marts' and database_name = current_database() order by all
    """
    comments = """
        select table_name, comment
        from duckdb_tables() where schema_name = 'marts' and database_name = current_database() order by all
    """
    with duckdb.connect(str(row["published_file"]), read_only=True) as reader:
        for sql in (columns, comments, "from marts.fct_customer_segments order by all", "from marts.dim_segments"):
            assert reader.execute(sql).fetchall() == connection.execute(sql).fetchall()


def test_only_what_is_asked_for_is_published(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create table marts.left_over as select 1 as x")
    row = publish_shop(connection)
    with duckdb.connect(str(row["published_file"]), read_only=True) as reader:
        names = reader.execute("select schema_name, table_name from duckdb_tables() order by all").fetchall()
    assert names == RELATIONS


def test_a_view_is_published_as_a_table(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("create view marts.best as select * from marts.fct_customer_segments where customer_id < 5")
    table = publish(connection, database="shop", relations=[("marts", "best")])
    with duckdb.connect(table["published_file"][0].as_py(), read_only=True) as reader:
        assert reader.execute("select count(*) from marts.best").fetchall() == [(5,)]


def test_the_file_is_read_only_alone_in_its_folder_and_replaced_by_the_next(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    first = publish_shop(connection)
    path = Path(str(first["published_file"]))
    inode = path.stat().st_ino
    assert stat.S_IMODE(path.stat().st_mode) == 0o444
    publish_shop(connection)
    assert path.stat().st_ino != inode
    assert [file.name for file in path.parent.iterdir()] == ["shop.duckdb"]
    databases = connection.execute("select database_name from duckdb_databases() where not internal").fetchall()
    assert databases == [("shop",)]


def test_the_row_depends_on_the_content_and_not_on_the_order_of_rows(connection: duckdb.DuckDBPyConnection) -> None:
    first = publish_shop(connection)
    connection.execute(
        """
        create or replace table marts.fct_customer_segments as
        from marts.fct_customer_segments order by customer_id desc
        """
    )
    assert publish_shop(connection) == first
    connection.execute("update marts.fct_customer_segments set reason = 'no_orders' where customer_id = 7")
    changed = publish_shop(connection)
    assert changed["content_digest"] != first["content_digest"]
    connection.execute("alter table marts.fct_customer_segments alter customer_id type varchar")
    assert publish_shop(connection)["content_digest"] != changed["content_digest"]


def test_the_folder_can_be_elsewhere_and_have_quotes_and_spaces(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / 'the shop\'s "best" folder'
    table = publish(connection, database="shop", relations=RELATIONS, folder=folder)
    assert Path(table["published_file"][0].as_py()) == folder / "shop.duckdb"
    assert (folder / "shop.duckdb").is_file()


def test_a_database_may_have_any_name(tmp_path: Path) -> None:
    name = 'the "shop"; drop table x --'
    with build(tmp_path / f"{name}.duckdb") as connection:
        table = publish(connection, database=name, relations=RELATIONS)
    with duckdb.connect(table["published_file"][0].as_py(), read_only=True) as reader:
        assert reader.execute("select count(*) from marts.fct_customer_segments").fetchall() == [(1000,)]


def test_a_failure_leaves_what_is_published_and_no_scrap(connection: duckdb.DuckDBPyConnection) -> None:
    path = Path(str(publish_shop(connection)["published_file"]))
    before = path.read_bytes()
    connection.execute("create view marts.broken as select error('this mart is broken') as x")
    with pytest.raises(duckdb.Error, match="this mart is broken"):
        publish(connection, database="shop", relations=[*RELATIONS, ("marts", "broken")])
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["shop.duckdb"]
    assert publish_shop(connection)["outcome"] == "published"


def test_a_relation_or_database_that_is_not_there_is_an_error(connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(LookupError, match=r"no relation marts\.absent"):
        publish(connection, database="shop", relations=[("marts", "absent")])
    with pytest.raises(LookupError, match="no database 'absent'"):
        publish(connection, database="absent", relations=RELATIONS)


def test_a_database_in_memory_publishes_nothing_and_says_so() -> None:
    with duckdb.connect() as connection:
        row = publish(connection, database="memory", relations=[]).to_pylist()[0]
    assert row["published_file"] is None
    assert row["outcome"] == "not published: the database is in memory"


def test_dbt_run_publishes_nothing_because_it_tests_nothing(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = publish(connection, database="shop", relations=RELATIONS, command="run").to_pylist()[0]
    assert row["outcome"].startswith("not published: `dbt run` tests nothing")
    assert not (tmp_path / "published").exists()


def test_what_did_not_pass_the_gate_in_this_build_is_not_published(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = publish(connection, database="shop", relations=RELATIONS, is_past_gate=False).to_pylist()[0]
    assert row["outcome"].startswith("not published: the gate was not part of this build")
    assert not (tmp_path / "published").exists()


def test_the_session_of_another_engine_publishes_nothing_and_says_so() -> None:
    row = publish(object(), database="shop", relations=RELATIONS).to_pylist()[0]
    assert row["outcome"].startswith("not published: the engine keeps its tables")


def test_left_overs_of_dead_builds_are_removed_and_those_of_the_living_stay(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    folder = tmp_path / "published"
    folder.mkdir()
    finished = subprocess.Popen([sys.executable, "-c", ""])
    finished.wait()
    dead = [
        f".shop.duckdb.{finished.pid}.tmp",
        f".shop.duckdb.{finished.pid}.tmp.wal",
        f".shop.duckdb.{os.getpid()}.tmp",
    ]
    kept = [f".shop.duckdb.{os.getppid()}.tmp", f".other.duckdb.{finished.pid}.tmp", "notes.txt"]
    for name in dead + kept:
        (folder / name).write_text("left over")
    publish_shop(connection)
    assert sorted(file.name for file in folder.iterdir()) == sorted([*kept, "shop.duckdb"])


def test_the_path_is_the_name_of_the_database_in_a_folder_beside_it(tmp_path: Path) -> None:
    assert published_path(tmp_path / "shop.db") == tmp_path / "published" / "shop.duckdb"
    assert published_path(tmp_path / "shop.db", folder="") == tmp_path / "published" / "shop.duckdb"
    assert published_path("shop.duckdb", folder=tmp_path) == tmp_path / "shop.duckdb"


@settings(deadline=None)
@given(st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]), min_size=1))
def test_quoting_keeps_any_text(text: str) -> None:
    with duckdb.connect() as connection:
        result = connection.execute(f"select {quote_literal(text)} as {quote_identifier(text)}")
        assert [column[0] for column in result.description or []] == [text]
        assert result.fetchall() == [(text,)]


def test_a_polling_reader_never_fails_and_never_sees_a_mixture(tmp_path: Path) -> None:
    """200 replacements, while another process opens the file for reading as fast as it can."""
    stop = tmp_path / "stop"
    with build(tmp_path / "shop.duckdb", version=0, rows=2000) as connection:
        path = publish_shop(connection)["published_file"]
        reader = start(
            """
            import sys
            from pathlib import Path
            import duckdb

            path, stop = sys.argv[1:]
            polls, seen = 0, set()
            while not Path(stop).exists():
                with duckdb.connect(path, read_only=True) as connection:
                    versions = connection.execute("select version from marts.dim_segments").fetchall()
                    facts = connection.execute(
                        "select version, count(*) from marts.fct_customer_segments group by all"
                    ).fetchall()
                assert len(versions) == 1 and facts == [(versions[0][0], 2000)], (versions, facts)
                polls += 1
                seen.add(versions[0][0])
            print(polls, len(seen))
            """,
            str(path),
            stop,
        )
        try:
            for version in range(1, 201):
                connection.execute("update marts.dim_segments set version = $1", [version])
                connection.execute("update marts.fct_customer_segments set version = $1", [version])
                publish_shop(connection)
        finally:
            stop.touch()
            printed, _ = reader.communicate(timeout=60)
    assert reader.returncode == 0
    polls, seen = map(int, printed.split())
    assert polls > 20
    assert seen > 5


def test_what_a_tool_with_many_connections_sees_of_a_new_file(tmp_path: Path) -> None:
    """docs/publication.md tells BI why: DuckDB shares a file among the connections of a process while one is open."""
    with build(tmp_path / "shop.duckdb", version=1) as connection:
        path = publish_shop(connection)["published_file"]
        tool = start(
            """
            import sys
            import duckdb

            path, sql = sys.argv[1], "select max(version) from {}marts.dim_segments"

            def opened():
                with duckdb.connect(path, read_only=True) as fresh:
                    return fresh.execute(sql.format("")).fetchone()[0]

            def attached(connection):
                connection.execute(f"attach '{path}' as shop (read_only)")
                seen = connection.execute(sql.format("shop.")).fetchone()[0]
                connection.execute("detach shop")
                return seen

            pool = duckdb.connect(path, read_only=True)
            memory = duckdb.connect()
            while True:
                print(opened(), attached(memory), flush=True)
                if not sys.stdin.readline().strip():
                    break
            pool.close()
            print(opened(), flush=True)
            """,
            str(path),
        )
        assert tool.stdin is not None
        assert tool.stdout is not None
        seen = []
        for version in (2, 3, 4):
            seen.append(tool.stdout.readline().split())
            connection.execute("update marts.dim_segments set version = $1", [version])
            publish_shop(connection)
            tool.stdin.write("again\n" if version < 4 else "\n")
            tool.stdin.flush()
        last = tool.stdout.readline().split()
        tool.communicate(timeout=60)
    assert seen == [["1", "1"], ["1", "2"], ["1", "3"]]
    assert last == ["4"]


@pytest.mark.parametrize("moment", ["attached", "half-way", "before the rename"])
def test_kill_9_while_publishing_leaves_the_old_file_whole(tmp_path: Path, moment: str) -> None:
    database = tmp_path / "shop.duckdb"
    with build(database, version=1) as connection:
        path = Path(str(publish_shop(connection)["published_file"]))
    before = path.read_bytes()
    build(database, version=2, rows=2_000_000).close()

    builder = start(
        """
        import os, sys, time
        from pathlib import Path
        import duckdb
        from segmentation import publishing

        database, moment = sys.argv[1:]

        def wait():
            print("now", flush=True)
            time.sleep(60)

        class Connection:
            def __init__(self, connection):
                self.connection = connection

            def execute(self, sql, *arguments):
                result = self.connection.execute(sql, *arguments)
                if moment == "attached" and sql.startswith("attach") and "read_only" not in sql:
                    wait()
                if moment == "half-way" and sql.startswith("insert"):
                    wait()
                return result

        if moment == "before the rename":
            publishing.put_in_place = lambda temporary, target: wait()
        with duckdb.connect(database) as connection:
            relations = [("marts", "fct_customer_segments"), ("marts", "dim_segments")]
            publishing.publish(Connection(connection), database="shop", relations=relations)
        """,
        database,
        moment,
    )
    try:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "now\n"
    finally:
        os.kill(builder.pid, signal.SIGKILL)
        builder.communicate(timeout=60)
    assert builder.returncode == -signal.SIGKILL
    assert path.read_bytes() == before
    assert len(list(path.parent.iterdir())) > 1, "the build was to die with its file half written"

    with duckdb.connect(str(database)) as connection:
        row = publish_shop(connection)
    assert row["rows_published"] == 2_000_001
    assert [file.name for file in path.parent.iterdir()] == ["shop.duckdb"]


def test_kill_9_at_any_time_leaves_a_whole_file(tmp_path: Path) -> None:
    database = tmp_path / "shop.duckdb"
    build(database, version=1, rows=300_000).close()
    with duckdb.connect(str(database)) as connection:
        path = Path(str(publish_shop(connection)["published_file"]))
    for milliseconds in range(0, 200, 40):
        builder = start(
            """
            import sys
            import duckdb
            from segmentation.publishing import publish

            with duckdb.connect(sys.argv[1]) as connection:
                print("now", flush=True)
                while True:
                    relations = [("marts", "fct_customer_segments"), ("marts", "dim_segments")]
                    publish(connection, database="shop", relations=relations)
            """,
            database,
        )
        try:
            assert builder.stdout is not None
            assert builder.stdout.readline() == "now\n"
            time.sleep(milliseconds / 1000)
        finally:
            builder.kill()
            builder.communicate(timeout=60)
        with duckdb.connect(str(path), read_only=True) as reader:
            counts = reader.execute(
                "select (select count(*) from marts.fct_customer_segments), (select count(*) from marts.dim_segments)"
            ).fetchall()
        assert counts == [(300_000, 1)]


def test_the_last_node_of_the_build_publishes_every_mart() -> None:
    binder = (ROOT / "models" / "publication" / "publication.py").read_text(encoding="utf-8")
    pairs = re.findall(r'"(\w+)": dbt\.ref\("(\w+)"\)', binder)
    assert all(name == referred for name, referred in pairs)
    marts = {path.stem for path in (ROOT / "models" / "marts").rglob("*") if path.suffix in {".sql", ".py"}}
    assert {name for name, _ in pairs} == marts


def change_customers(connection: duckdb.DuckDBPyConnection, *, first: int) -> None:
    """Change, remove and add customers, and note whom."""
    connection.execute(
        "update marts.fct_customer_segments set version = 9 where customer_id between $1 and $1 + 9", [first]
    )
    connection.execute("delete from marts.fct_customer_segments where customer_id = $1", [first + 3])
    connection.execute("insert into marts.fct_customer_segments select 5000 + $1, 9, 1.5, 'new', current_date", [first])
    connection.execute(
        """
        create or replace table changed as
        select hash(customer_id) as key_hash
        from (select unnest(range($1, $1 + 10)) as customer_id union all select 5000 + $1)
        """,
        [first],
    )


def publish_changes(connection: duckdb.DuckDBPyConnection, digest: object) -> dict[str, object]:
    changes = Changes({"fct_customer_segments": "customer_id"}, ("main", "changed"), str(digest))
    row: dict[str, object] = publish(connection, database="shop", relations=RELATIONS, changes=changes).to_pylist()[0]
    return row


def published_rows(row: dict[str, object]) -> list[tuple[object, ...]]:
    with duckdb.connect(str(row["published_file"]), read_only=True) as reader:
        return reader.execute("from marts.fct_customer_segments order by all").fetchall()


def test_publishing_changes_gives_what_publishing_everything_gives(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    row = publish_shop(connection)
    for first in (10, 500, 505):
        change_customers(connection, first=first)
        # A mark that only a copy of the old file can carry on shows that the rest was not written anew.
        row = publish_changes(connection, row["content_digest"])
        whole = publish(connection, database="shop", relations=RELATIONS, folder=tmp_path / "whole").to_pylist()[0]
        assert {**row, "published_file": ""} == {**whole, "published_file": ""}
        assert published_rows(row) == published_rows(whole)
        # The note is now of the other file, and a change that nobody has noted must not be lost by trusting it.
        connection.execute(
            "update marts.fct_customer_segments set version = 7 where customer_id = 900 + $1", [first % 7]
        )
        row = publish_changes(connection, row["content_digest"])
        assert published_rows(row) == connection.execute("from marts.fct_customer_segments order by all").fetchall()


def test_only_changes_are_written_where_the_file_is_known(connection: duckdb.DuckDBPyConnection) -> None:
    row = publish_shop(connection)
    change_customers(connection, first=10)
    connection.execute("update marts.fct_customer_segments set version = 8 where customer_id = 900")
    row = publish_changes(connection, row["content_digest"])
    versions = {customer: version for customer, version, *_ in published_rows(row)}
    assert (versions[10], versions[900]) == (9, 1)


@pytest.mark.parametrize("doubt", ["another digest", "another file", "a broken note", "another relation"])
def test_whatever_is_in_doubt_is_written_whole(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, doubt: str
) -> None:
    row = publish_shop(connection)
    digest = row["content_digest"]
    if doubt == "another digest":
        digest = "0" * 32
    elif doubt == "another file":
        path = Path(str(row["published_file"]))
        content = path.read_bytes()
        path.unlink()
        path.write_bytes(content)
    elif doubt == "a broken note":
        (tmp_path / ".shop.duckdb.published.json").write_text('{"file": ', encoding="utf-8")
    else:
        connection.execute("alter table marts.fct_customer_segments add column more integer")
    change_customers(connection, first=10) if doubt != "another relation" else connection.execute(
        "create table changed as select hash(1) as key_hash"
    )
    connection.execute("update marts.fct_customer_segments set version = 8 where customer_id = 900")
    row = publish_changes(connection, digest)
    assert published_rows(row) == connection.execute("from marts.fct_customer_segments order by all").fetchall()


class Recorder:
    """A connection that keeps the statements that it executes."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.statements: list[str] = []

    def execute(self, sql: str, *arguments: object) -> duckdb.DuckDBPyConnection:
        self.statements.append(" ".join(sql.split()))
        return self.connection.execute(sql, *arguments)

    def written(self, relation: str) -> set[str]:
        """Return what was done to the copy of a relation."""
        pattern = re.compile(rf'(drop|create|insert|delete)[^()]* "publication_\d+"."marts"."{relation}"')
        return {match[1] for sql in self.statements if (match := pattern.match(sql))}


class FullDisk(Recorder):
    """A connection that can write nothing more into the copy of what was published."""

    def execute(self, sql: str, *arguments: object) -> duckdb.DuckDBPyConnection:
        if re.match(r'\s*(insert into|delete from) "publication_', sql):
            raise OSError("No space left on device")
        return super().execute(sql, *arguments)


def test_an_error_among_the_changes_is_told_and_leaves_what_is_published(tmp_path: Path) -> None:
    with build(tmp_path / "shop.duckdb") as connection:
        row = publish_shop(connection)
        before = published_rows(row)
        change_customers(connection, first=10)
        changes = Changes({"fct_customer_segments": "customer_id"}, ("main", "changed"), str(row["content_digest"]))
        with pytest.raises(OSError, match="No space left"):
            publish(FullDisk(connection), database="shop", relations=RELATIONS, changes=changes)
        assert temporary_tables(connection) == []
        attached = connection.execute("select database_name from duckdb_databases() where not internal").fetchall()
        assert attached == [("shop",)]
    assert published_rows(row) == before
    assert [path.name for path in Path(str(row["published_file"])).parent.iterdir()] == ["shop.duckdb"]


LARGE = 300_000
"""Rows of a relation that is worth a comparison."""

FACTS = "marts.fct_customer_segments"
DIFFERENCES = {
    "nothing": ("select 1", set()),
    "the order of rows": (f"create or replace table {FACTS} as from {FACTS} order by customer_id desc", set()),
    "some rows": (
        f"""
        update {FACTS} set version = 2, reason = 'late' where customer_id % 100 = 7;
        delete from {FACTS} where customer_id % 100 = 8;
        insert into {FACTS} select 1000000 + range, 3, null, null, null from range(1000);
        """,
        {"insert", "delete"},
    ),
    "rows that come": (f"insert into {FACTS} values (null, null, null, null, null)", {"insert"}),
    "rows that go": (f"delete from {FACTS} where customer_id < 5000", {"delete"}),
    # The hashes of rows do not tell how many there are of one: what cannot be told is written whole.
    "one more of a row": (
        f"insert into {FACTS} from {FACTS} where customer_id = 7",
        {"drop", "create", "insert"},
    ),
    "one for another of a row": (
        f"insert into {FACTS} from {FACTS} where customer_id = 7; delete from {FACTS} where customer_id = 8",
        {"drop", "create", "insert"},
    ),
    "most rows": (f"update {FACTS} set version = 2 where customer_id % 2 = 1", {"drop", "create", "insert"}),
    "all rows": (f"update {FACTS} set version = 2", {"drop", "create", "insert"}),
    "the table": (f"delete from {FACTS}", {"drop", "create", "insert"}),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_without_a_key_what_differs_is_written_and_no_more(tmp_path: Path, difference: str) -> None:
    sql, written = DIFFERENCES[difference]
    with build(tmp_path / "shop.duckdb", rows=LARGE) as connection:
        row = publish_shop(connection)
        connection.execute("create table changed as select 1::ubigint as key_hash where false")
        connection.execute(sql)
        changes = Changes({}, ("main", "changed"), str(row["content_digest"]))
        recorder = Recorder(connection)
        after = publish(recorder, database="shop", relations=RELATIONS, changes=changes).to_pylist()[0]
        assert recorder.written("fct_customer_segments") == written
        assert recorder.written("dim_segments") == set()
        whole = publish(connection, database="shop", relations=RELATIONS, folder=tmp_path / "whole").to_pylist()[0]
        assert {**after, "published_file": ""} == {**whole, "published_file": ""}
        assert temporary_tables(connection) == []
        connection.execute(f"attach {quote_literal(after['published_file'])} as published (read_only)")
        for one, other in (("shop", "published"), ("published", "shop")):
            rows = connection.execute(f"from {one}.{FACTS} except all from {other}.{FACTS}").fetchall()
            assert rows == []


def temporary_tables(connection: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    return connection.execute("select table_name from duckdb_tables() where temporary").fetchall()


ROWS = st.lists(
    st.tuples(st.sampled_from([None, "a", "b", "c"]), st.sampled_from([None, 0, 1]), st.sampled_from([None, 0.5])),
    max_size=8,
)


@settings(deadline=None, max_examples=40)
@given(before=ROWS, after=ROWS, marked=st.sets(st.sampled_from([None, "a", "b", "c"])))
def test_changes_of_any_rows_give_what_publishing_everything_gives(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[object, ...]],
    after: list[tuple[object, ...]],
    marked: set[str | None],
) -> None:
    """Rows may repeat, their keys may be null, and more customers may be noted than have changed."""
    folder = tmp_path_factory.mktemp("any_rows")
    relations = [("marts", "mart")]
    of_key = {
        key: [Counter(row for row in rows if row[0] == key) for rows in (before, after)] for key in (None, *"abc")
    }
    changed = marked | {key for key, (old, new) in of_key.items() if old != new}
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("create schema marts; create table marts.mart (customer_id varchar, x integer, y double)")
        connection.execute("create table changed (key_hash ubigint)")
        for rows in (before, after):
            connection.execute("delete from marts.mart")
            for row in rows:
                connection.execute("insert into marts.mart values ($1, $2, $3)", list(row))
            if rows is before:
                first = publish(connection, database="shop", relations=relations).to_pylist()[0]
        for key in changed:
            connection.execute("insert into changed values (hash($1::varchar))", [key])
        changes = Changes({"mart": "customer_id"}, ("main", "changed"), first["content_digest"])
        row = publish(connection, database="shop", relations=relations, changes=changes).to_pylist()[0]
        whole = publish(connection, database="shop", relations=relations, folder=folder / "whole").to_pylist()[0]
        assert {**row, "published_file": ""} == {**whole, "published_file": ""}
        assert temporary_tables(connection) == []
    with duckdb.connect(row["published_file"], read_only=True) as reader:
        assert Counter(reader.execute("from marts.mart").fetchall()) == Counter(after)


DAYS = [datetime.date(2025, 1, day) for day in range(1, 5)]
DATED_ROWS = st.lists(
    st.tuples(st.sampled_from([None, "a", "b"]), st.sampled_from(DAYS), st.sampled_from([None, 0, 1])), max_size=12
)


@settings(deadline=None, max_examples=40)
@given(
    before=DATED_ROWS,
    after=DATED_ROWS,
    first_dates=st.dictionaries(st.sampled_from([None, "a", "b"]), st.sampled_from(DAYS)),
    last_known=st.none() | st.sampled_from([datetime.date.min, *DAYS]),
)
def test_dates_before_the_first_change_stand(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[str | None, datetime.date, int | None]],
    after: list[tuple[str | None, datetime.date, int | None]],
    first_dates: dict[str | None, datetime.date],
    last_known: datetime.date | None,
) -> None:
    """What a run may change: rows of a key since its first change, and on a new day those of everybody after a date."""

    def may_differ(row: tuple[str | None, datetime.date, int | None]) -> bool:
        is_new_to_all = last_known is not None and row[1] > last_known
        return is_new_to_all or (row[0] in first_dates and row[1] >= first_dates[row[0]])

    after = [row for row in before if not may_differ(row)] + [row for row in after if may_differ(row)]
    folder = tmp_path_factory.mktemp("dated")
    relations = [("marts", "dated"), ("marts", "undated")]
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("create schema marts; create table changed (key_hash ubigint, first_date date)")
        for rows in (before, after):
            connection.execute("create or replace table marts.dated (customer_id varchar, day date, x integer)")
            for row in rows:
                connection.execute("insert into marts.dated values ($1, $2, $3)", list(row))
            # Where everybody has changed, a relation without dates is another one throughout.
            sums = "select customer_id, sum(x) as x from marts.dated group by customer_id"
            connection.execute(f"create or replace table marts.undated as {sums}")
            if rows is before:
                first = publish(connection, database="shop", relations=relations).to_pylist()[0]
        for key, day in first_dates.items():
            connection.execute("insert into changed values (hash($1::varchar), $2)", [key, day])
        changes = Changes(
            {"dated": "customer_id", "undated": "customer_id"},
            ("main", "changed"),
            first["content_digest"],
            dates={"dated": "day"},
            all_changed_after=last_known,
        )
        row = publish(connection, database="shop", relations=relations, changes=changes).to_pylist()[0]
        whole = publish(connection, database="shop", relations=relations, folder=folder / "whole").to_pylist()[0]
        assert {**row, "published_file": ""} == {**whole, "published_file": ""}
    with duckdb.connect(row["published_file"], read_only=True) as reader:
        assert Counter(reader.execute("from marts.dated").fetchall()) == Counter(after)


def test_rows_of_changed_keys_that_are_as_they_were_stay_where_they_are(connection: duckdb.DuckDBPyConnection) -> None:
    row = publish_shop(connection)
    connection.execute(f"update {FACTS} set version = 9 where customer_id = 17")
    connection.execute(
        "create table changed as select hash(customer_id) as key_hash from range(20) as keys(customer_id)"
    )
    row = publish_changes(connection, row["content_digest"])
    with duckdb.connect(str(row["published_file"]), read_only=True) as reader:
        rows = reader.execute(f"select customer_id, version from {FACTS} order by rowid").fetchall()
    assert rows == [(customer, 1) for customer in range(1000) if customer != 17] + [(17, 9)]


def test_any_reader_since_1_3_can_open_the_file(connection: duckdb.DuckDBPyConnection) -> None:
    row = publish_shop(connection)
    change_customers(connection, first=10)
    for published in (row, publish_changes(connection, row["content_digest"])):
        with duckdb.connect(str(published["published_file"]), read_only=True) as reader:
            version = "select tags['storage_version'] from duckdb_databases() where database_name = current_database()"
            assert str(reader.execute(version).fetchall()[0][0]).startswith("v1.3.0")


@pytest.mark.parametrize("name", ["rowid", "place", "row_hash", "published", "Come"])
def test_a_column_may_have_a_name_that_the_comparison_uses(
    connection: duckdb.DuckDBPyConnection, tmp_path: Path, name: str
) -> None:
    connection.execute(f"alter table {FACTS} rename column version to {name}")
    row = publish_shop(connection)
    connection.execute(f"update {FACTS} set {name} = 9 where customer_id = 7")
    connection.execute("create table changed as select hash(7::bigint) as key_hash")
    row = publish_changes(connection, row["content_digest"])
    whole = publish(connection, database="shop", relations=RELATIONS, folder=tmp_path / "whole").to_pylist()[0]
    assert {**row, "published_file": ""} == {**whole, "published_file": ""}
    assert published_rows(row) == connection.execute(f"from {FACTS} order by all").fetchall()


@pytest.mark.parametrize("keys", [{}, {"large": "x"}])
def test_a_failure_among_changes_leaves_what_is_published_and_no_scrap(
    connection: duckdb.DuckDBPyConnection, keys: dict[str, str]
) -> None:
    relations = [*RELATIONS, ("marts", "large")]
    connection.execute(f"create view marts.large as select range as x from range({LARGE})")
    connection.execute("create table changed as select hash(7::bigint) as key_hash")
    first = publish(connection, database="shop", relations=relations).to_pylist()[0]
    path = Path(first["published_file"])
    before = path.read_bytes()
    changes = Changes(keys, ("main", "changed"), first["content_digest"])
    connection.execute(
        f"create or replace view marts.large as select case when range = 7 then error('broken') else range end as x "
        f"from range({LARGE})"
    )
    with pytest.raises(duckdb.Error, match="broken"):
        publish(connection, database="shop", relations=relations, changes=changes)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == ["shop.duckdb"]
    assert temporary_tables(connection) == []
    connection.execute(f"create or replace view marts.large as select range as x from range({LARGE})")
    assert publish(connection, database="shop", relations=relations, changes=changes).to_pylist() == [first]


@pytest.mark.parametrize("statement", ["delete", "insert", "checkpoint"])
def test_kill_9_among_changes_leaves_the_old_file_whole(tmp_path: Path, statement: str) -> None:
    database = tmp_path / "shop.duckdb"
    with build(database, rows=LARGE) as connection:
        row = publish_shop(connection)
        connection.execute(f"update {FACTS} set version = 2 where customer_id % 100 = 7")
        connection.execute("create table changed as select 1::ubigint as key_hash where false")
    path = Path(str(row["published_file"]))
    before = path.read_bytes()
    builder = start(
        """
        import sys, time
        import duckdb
        from segmentation.publishing import Changes, publish

        database, statement, digest = sys.argv[1:]

        class Connection:
            def __init__(self, connection):
                self.connection = connection

            def execute(self, sql, *arguments):
                result = self.connection.execute(sql, *arguments)
                if sql.startswith(statement):
                    print("now", flush=True)
                    time.sleep(60)
                return result

        with duckdb.connect(database) as connection:
            relations = [("marts", "fct_customer_segments"), ("marts", "dim_segments")]
            changes = Changes({}, ("main", "changed"), digest)
            publish(Connection(connection), database="shop", relations=relations, changes=changes)
        """,
        database,
        statement,
        str(row["content_digest"]),
    )
    try:
        assert builder.stdout is not None
        assert builder.stdout.readline() == "now\n"
    finally:
        builder.kill()
        builder.communicate(timeout=60)
    assert path.read_bytes() == before
    with duckdb.connect(str(database)) as connection:
        changes = Changes({}, ("main", "changed"), str(row["content_digest"]))
        after = publish(connection, database="shop", relations=RELATIONS, changes=changes).to_pylist()[0]
        whole = publish(connection, database="shop", relations=RELATIONS, folder=tmp_path / "whole").to_pylist()[0]
    assert {**after, "published_file": ""} == {**whole, "published_file": ""}
    assert [file.name for file in path.parent.iterdir()] == ["shop.duckdb"]


def test_the_last_digest_is_that_of_the_row_before(connection: duckdb.DuckDBPyConnection) -> None:
    assert last_digest(connection, "shop", "publication", "publication") is None
    assert last_digest(object(), "shop", "publication", "publication") is None
    connection.execute(
        "create schema publication; create table publication.publication as select 'abc' as content_digest"
    )
    assert last_digest(connection, "shop", "publication", "publication") == "abc"
