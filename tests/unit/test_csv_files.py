"""Every line of a CSV file is a row or is named; Python's csv module is the other reader."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
import re
import string
import time
from pathlib import Path
from typing import Any, Literal

import duckdb
import pytest

from segmentation.csv_files import PLAIN, Dialect, UnreadableError, csv_options, proved, read_csv, remote_options
from segmentation.file_functions import problem_of_files
from segmentation.stream.landing import Landing
from segmentation.stream.reading import write_staged
from segmentation.stream.store import Store

HOSTILE = (
    *("#", '"', '""', "'", ",", ";", "|", "\t", "\n", "\r", "\r\n", "\n\n", "\\", '\\"', " ", "  x", "x "),
    *("NA", "null", "None", "007", "0", "1e5", "é", "a,b\n1,2\n", '#c,"d', "2024-01-01", "true", "channel=web"),
)


def value(rng: random.Random) -> str:
    return "".join(rng.choice(HOSTILE) for _ in range(rng.randint(1, 4))) if rng.random() > 0.2 else ""


def engine_rows(path: Path, *, threads: int = 2, dialect: Dialect = PLAIN) -> list[list[str]]:
    """What the engine reads of a file that is proved; an empty value is null to it."""
    proved(path, dialect)
    with duckdb.connect(config={"threads": threads}) as connection:
        rows = connection.execute(f"select * from {read_csv(path, dialect)}").fetchall()
    return [[text or "" for text in row] for row in rows]


def python_rows(content: str, separator: str = ",") -> list[list[str]]:
    """What Python reads: a blank line is no row, but in a file of one column, where it is an empty value."""
    header, *rows = csv.reader(io.StringIO(content, newline=""), delimiter=separator)
    return [row or [""] for row in rows if row or len(header) == 1]


def hostile_file(rng: random.Random) -> tuple[str, str]:
    """Return the content of a CSV file as Python writes it, and its separator."""
    columns = rng.choice((1, 2, 5))
    kinds = [[value(rng) for _ in range(columns)] for _ in range(rng.randint(1, 40))]
    rows = [rng.choice(kinds) for _ in range(rng.choice((1, 3, 50, 2_100, 21_000)))]
    if rng.random() < 0.25:
        rows[0] = ["y" * rng.choice((70_000, 1_500_000)) + '\n"#', *rows[0][1:]]
    separator = rng.choice(",;\t|")
    quoting: Literal[0, 1] = csv.QUOTE_ALL if rng.random() < 0.5 else csv.QUOTE_MINIMAL
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=separator, lineterminator=rng.choice(("\n", "\r\n", "\r")), quoting=quoting)
    writer.writerow([f"c{number}" for number in range(columns)])
    writer.writerows(rows)
    return file.getvalue(), separator if columns > 1 else ","


def unquoted_ends(content: str) -> list[str]:
    """The line breaks outside of quotes."""
    return re.findall("\r\n|\n|\r", "".join(content.split('"')[::2]))


@pytest.mark.parametrize("seed", range(4))
def test_every_row_is_what_python_reads(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    before = csv.field_size_limit(2**30)
    folder = tmp_path / "channel=web" / "c0=x"
    folder.mkdir(parents=True)
    read = 0
    for number in range(15):
        content, separator = hostile_file(rng)
        path = folder / f"{number}.csv"
        path.write_text(content, encoding="utf-8", newline="")
        expected = python_rows(content, separator)
        widths = {len(row) for row in expected}
        header = content.replace("\r", "\n").split("\n")[0]
        width = header.count(separator) + 1
        if widths != {width} or len(set(unquoted_ends(content))) > 1:
            # Python leaves some line breaks without quotes, and then reads other rows than it wrote.
            with pytest.raises(UnreadableError, match=r"line [0-9]"):
                proved(path)
            continue
        rows = engine_rows(path, threads=rng.choice((1, 2, 4)))
        assert rows == expected, (seed, number)
        read += 1
    csv.field_size_limit(before)
    assert read >= 8


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("a,b,c\n1,2\n1,2,3\n", "line 2 has 2 values; its header has 3 columns, separated by a comma"),
        (
            "a;b;c\n1;2;3;4\n" + "1;2;3\n" * 50,
            "line 2 has 4 values; its header has 3 columns, separated by a semicolon",
        ),
        ("a,b\n" + "1,2\n" * 30_000 + "1\n", "line 30,002 has 1 value"),
        ('a,b\n1,"x\ny\nz"\n1,2,3\n', "line 5 has 3 values"),
        ("a,b\n" + "1\n" * 7, "line 2 has 1 value, line 3 has 1 value, line 4 has 1 value, and 4 more lines"),
        ('a,b\n1,"x"y\n', "line 2: a quote is followed by further text"),
        ('a,b\n1,2\n1,"x\n3,4\n', "line 3: a quote is never closed"),
        ("a,b\r\n1,2\r\n1,2\n", "line 3 ends with LF, and the lines before it with CR LF"),
        ("a,b\n1,2,\n", "line 2 has 3 values"),
        ("a,b\n" + "1,\n" * 3_000 + "1,2,\n", "line 3,002 has 3 values"),
        ('a,b\r\n1,""\r\n1,2\r\n1,2,""\r\n', "line 4 has 3 values"),
        ("a,b\n1,2\n1,2,", "line 3 has 3 values"),
        ("\na,b\n1,2\n", "line 1 is blank"),
        ("a,b;c,d;e\n1,2;3,4;5\n", "line 1: a comma or a semicolon may separate"),
        ('"a,b\n1,2\n', "line 1: a quote of the header is never closed"),
        (b"a,b\n1,2\n1,\xe9\n", "line 3 is not UTF-8"),
        (b"\xff\xfea\0,\0b\0\n\0", "set the input's encoding to utf-16"),
        (b"a\0,\0b\0\n\0", "set the input's encoding to utf-16"),
        ("a,b\n1,2\r\n3,4\n", "line 2 ends with CR LF, and the lines before it with LF"),
        ("a,b\r1,2\n", "line 2 ends with LF, and the lines before it with CR"),
        ("a,b\n1,2\r", "line 2 ends with CR, and the lines before it with LF"),
        ("17,shop\n18,web\n", "line 1 is to hold the names of the columns, and its value 1 looks like a number"),
        ("C1,2024-01-05 10:00\n", "its value 2 looks like a date"),
        ("C1,05.01.24\n", "its value 2 looks like a date"),
        ("C1,planted@example.com\n", "set the input's header to the list of its columns"),
        (b"\xef\xbb\xbf", "no header"),
        ("a,b\n" + "x" * 2_100_000 + ",1\n", "line 2 is longer than the 2 MB"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "its content is gzip; let its name end in .gz"),
    ],
)
def test_a_line_that_is_no_row_is_named(tmp_path: Path, content: str | bytes, reason: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UnreadableError) as raised:
        proved(path)
    assert reason in raised.value.reason


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("few.csv", "a,b\n#1,2 # 3\n4,5\n", [["#1", "2 # 3"], ["4", "5"]]),
        ("bars.csv", "a|b\n1,5|2;5\n", [["1,5", "2;5"]]),
        ("tabs.tsv", "a\tb,c,d\n1\t2\n", [["1", "2"]]),
        ("one.csv", 'a\n"1,5"\n;\n', [["1,5"], [";"]]),
        ("bom.csv", "\ufeffa,b\n1,2\n", [["1", "2"]]),
        ("blank.csv", "a,b\n\n1,2\n\n", [["1", "2"]]),
        ("headless end.csv", "a,b\n1,2", [["1", "2"]]),
        ("as header.csv", "a,b\na,b\n", [["a", "b"]]),
        ("a[1]*.csv", "a,b\n1,2\n", [["1", "2"]]),
        ("'quoted'.csv", "a,b\n1,2\n", [["1", "2"]]),
    ],
)
def test_what_the_engine_would_guess_is_pinned(
    tmp_path: Path, name: str, content: str, expected: list[list[str]]
) -> None:
    (tmp_path / "a1.csv").write_text("a,b\n8,8\n", encoding="utf-8")
    (tmp_path / name).write_text(content, encoding="utf-8")
    assert engine_rows(tmp_path / name) == expected


def test_long_quoted_texts_are_read_whatever_the_number_of_threads(tmp_path: Path) -> None:
    """The engine's parallel reader refuses this file."""
    path = tmp_path / "texts.csv"
    text = "a,b\n" * 7_500
    path.write_text("a,b\n" + f'1,"{text}"\n' * 500, encoding="utf-8")
    assert [engine_rows(path, threads=threads) for threads in (1, 2, 4)] == [[["1", text]] * 500] * 3


def test_files_of_one_input_have_one_separator(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    (tmp_path / "b.csv").write_text("a;b\n1;2\n", encoding="utf-8")
    with pytest.raises(UnreadableError, match=r"separated by a semicolon, and that of .*a.csv by a comma"):
        csv_options([tmp_path / "a.csv", tmp_path / "b.csv"])
    assert "must have one separator" in problem_of_files([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")])
    assert problem_of_files([str(tmp_path / "a.csv")]) == ""


# --- dialects ------------------------------------------------------------------------------------------------------


def written(rows: list[list[str]], **format_parameters: Any) -> str:
    """What Python writes of some rows."""
    file = io.StringIO(newline="")
    csv.writer(file, **format_parameters).writerows(rows)
    return file.getvalue()


HEADER = ["no", "Größe"]
ROWS = [["1", 'a;b,"c"\td'], ["2", "line\nbreak"], ["3", "façade 'x'"], ["4", ""]] * 3_000
PLAIN_ROWS = [[number, text.replace("\n", " ").replace(";", " ")] for number, text in ROWS]


@pytest.mark.parametrize(
    ("name", "content", "setting", "expected"),
    [
        ("a.csv", written([HEADER, *ROWS], delimiter="~"), {"delimiter": "~"}, ROWS),
        ("ctrl.csv", written([HEADER, *ROWS], delimiter="\1"), {"delimiter": "\1"}, ROWS),
        # By the header alone, the comma would separate.
        ("a.csv", 'a,b;c,d\n1;"2;3"\n', {"delimiter": ";"}, [["1", "2;3"]]),
        ("a.tsv", written([HEADER, *ROWS], delimiter=";"), {"delimiter": ";"}, ROWS),
        ("a.csv", written([HEADER, *ROWS], quotechar="'", lineterminator="\n"), {"quote": "'"}, ROWS),
        ("a.csv", "".join(f"{';'.join(row)}\n" for row in [HEADER, *PLAIN_ROWS]), {"quote": ""}, PLAIN_ROWS),
        ("a.txt", written([HEADER, *ROWS], delimiter="|"), {}, ROWS),
        ("a.txt.gz", written([HEADER, *ROWS], delimiter="\t"), {}, ROWS),
        ("a.csv", written([HEADER, *ROWS]), {"encoding": "latin-1"}, ROWS),
        ("a.csv.gz", written([HEADER, *ROWS]), {"encoding": "latin-1"}, ROWS),
        ("a.csv", written([HEADER, *ROWS]), {"encoding": "utf-16"}, ROWS),
        ("a.csv.gz", written([HEADER, *ROWS], delimiter="\t"), {"encoding": "utf-16"}, ROWS),
        ("a.csv", written(ROWS), {"header": ["no", "Größe"], "delimiter": ","}, ROWS),
        ("years.csv", "2023,2024\n1,2\n", {"header": True}, [["1", "2"]]),
        ("a.csv", f'Report of "shop\r\n\r\n{written([HEADER, *ROWS])}', {"skip_lines": 2}, ROWS),
        (
            "all.txt",
            "Bericht für März\r\n" + written(ROWS, delimiter=";", quotechar="'"),
            {"delimiter": ";", "quote": "'", "encoding": "utf-16", "header": ["a", "b c"], "skip_lines": 1},
            ROWS,
        ),
    ],
)
def test_every_dialect_is_read_as_it_was_written(
    tmp_path: Path, name: str, content: str, setting: dict[str, Any], expected: list[list[str]]
) -> None:
    path = tmp_path / name
    data = content.encode(setting.get("encoding", "utf-8"))
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    dialect = Dialect.of({"path": str(path), "columns": {}, **setting})
    assert engine_rows(path, dialect=dialect) == expected
    # The stream reads it in the same way.
    target = tmp_path / "rows.parquet"
    assert write_staged(path, target, columns={}, arrival=1, dialect=dialect) == len(expected)
    with duckdb.connect() as connection:
        found = connection.execute("select * exclude (arrival_number) from read_parquet(?)", [str(target)])
        names = [column[0] for column in found.description or ()]
        assert sorted([text or "" for text in row] for row in found.fetchall()) == sorted(expected)
    if isinstance(setting.get("header"), list):
        assert names == setting["header"]


@pytest.mark.parametrize(
    ("content", "setting", "reason"),
    [
        ("a,b\n1,ß\n".encode("latin-1"), {}, "line 2 is not UTF-8; set the input's encoding to latin-1"),
        ("a,b\n1,2\n3,€\n".encode("cp1252"), {"encoding": "latin-1"}, "line 3 holds a character that Latin-1 does not"),
        ("\ufeffa,b\n1,2\n".encode("utf-16-be"), {"encoding": "utf-16"}, "UTF-16 with the high byte first"),
        ("\ufeffa,b\n1,2\n".encode("utf-16-be"), {}, "UTF-16 with the high byte first"),
        ("a,b\n1,2\n".encode("utf-16") + b"x", {"encoding": "utf-16"}, "it is not UTF-16 from line 3 on"),
        (
            b"1,2\n",
            {"header": ["a", "b", "c"]},
            "line 1 has 2 values, separated by a comma, and the input's header has 3",
        ),
        (b"report\nmade today\n", {"skip_lines": 2}, "it is empty behind the 2 lines that are skipped"),
        (b"report\na,b\n1,2\n1\n", {"skip_lines": 1}, "line 4 has 1 value; its header has 2 columns"),
        (b"report\na,b\n1,2\r\n1,3\n", {"skip_lines": 1}, "line 3 ends with CR LF"),
        (b"report\na,b\n1,2\n", {}, "line 2 has 2 values, line 3 has 2 values; its header has 1 column"),
        (
            b"a~b\n1~2~3\n",
            {"delimiter": "~"},
            "line 2 has 3 values; its header has 2 columns, separated by the character",
        ),
        (b'a;b\n1;"2;3"\n', {"quote": ""}, "The input's quote is none"),
    ],
)
def test_what_another_setting_would_read_names_the_setting(
    tmp_path: Path, content: bytes, setting: dict[str, Any], reason: str
) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableError) as raised:
        proved(path, Dialect.of(setting))
    assert reason in raised.value.reason
    assert reason in problem_of_files([str(path)], json.dumps(setting))


def test_the_stream_reads_landed_files_by_the_settings_of_their_input(tmp_path: Path) -> None:
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    setting = {"path": "orders*.txt", "delimiter": "~", "encoding": "latin-1", "header": ["order_id", "customer_id"]}
    dialects = {"orders": Dialect.of(setting)}
    landing = Landing(tmp_path / "landing", inputs=["orders"], settle_seconds=0, patience_seconds=0, dialects=dialects)
    store = Store(tmp_path / "store")
    (tmp_path / "landing" / "orders" / "a.txt").write_bytes("1~Groß\n2~Müller\n".encode("latin-1"))
    (landed,) = landing.settled(now=time.time() + 1)
    arrival = landing.read(
        landed, store, columns={}, arrival_number=1, check=lambda _name, _path: None, now=time.time()
    )
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select order_id, customer_id from read_parquet(?)", [str(store.incoming / arrival.staged_name)]
        ).fetchall()
    assert rows == [("1", "Groß"), ("2", "Müller")]
    # A build reads what is stored, which is Parquet; how numbers and dates are written in its text still counts.
    assert store.setting("orders", setting | {"decimal": ","}) == {"path": store.glob("orders"), "decimal": ","}


def test_the_stream_takes_no_number_with_a_comma_for_another(tmp_path: Path) -> None:
    """In such an input 1.234 is 1234; as text staging reads it so, as a number it would be stored as another."""
    path = tmp_path / "orders.csv"
    path.write_text("order_id;total\n1;1.234\n", encoding="utf-8")
    dialect = Dialect.of({"decimal": ",", "delimiter": ";"})
    target = tmp_path / "rows.parquet"
    assert write_staged(path, target, columns={"order_id": "BIGINT", "total": "VARCHAR"}, arrival=1, dialect=PLAIN) == 1
    with pytest.raises(UnreadableError, match=r"column total: expected DOUBLE, .* the input's decimal"):
        write_staged(path, target, columns={"total": "DOUBLE"}, arrival=1, dialect=dialect)
    dated = Dialect.of({"date_format": "yyyy-dd-MM"})
    with pytest.raises(UnreadableError, match=r"column total: expected TIMESTAMP, .* the input's date_format"):
        write_staged(path, target, columns={"total": "TIMESTAMP"}, arrival=1, dialect=dated)


# --- compressed ----------------------------------------------------------------------------------------------------


def orders() -> bytes:
    rng = random.Random(1)
    lines = ("".join(rng.choices(string.ascii_letters, k=8)) + f",C{number % 97:04d}" for number in range(4_000))
    return ("order_id,customer_id\n" + "".join(f"#{line}\n" for line in lines)).encode()


def packed(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / "orders.csv.gz"
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    return path


def test_a_compressed_file_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    whole = gzip.compress(orders())
    rng = random.Random(2)
    for end in [*rng.sample(range(2, len(whole) - 9), 60), *range(len(whole) - 9, len(whole))]:
        with pytest.raises(UnreadableError, match="cut short") as raised:
            proved(packed(tmp_path, whole[:end]))
        assert raised.value.may_be_unfinished


def test_a_compressed_file_with_one_wrong_bit_is_refused_or_reads_the_same(tmp_path: Path) -> None:
    whole = gzip.compress(orders(), mtime=0)
    expected = engine_rows(packed(tmp_path, whole))
    rng = random.Random(3)
    for position in [*rng.sample(range(10, len(whole) - 8), 60), *range(len(whole) - 8, len(whole))]:
        damaged = bytearray(whole)
        damaged[position] ^= 1 << rng.randrange(8)
        with pytest.raises(UnreadableError):
            proved(packed(tmp_path, bytes(damaged)))
    # Its first ten bytes tell a time and a system, which are no content.
    for position in range(10):
        damaged = bytearray(whole)
        damaged[position] ^= 1
        try:
            assert engine_rows(packed(tmp_path, bytes(damaged))) == expected
        except UnreadableError:
            continue


def test_several_members_are_one_file(tmp_path: Path) -> None:
    content = orders()
    whole = gzip.compress(content)
    members = [gzip.compress(content[begin : begin + 997]) for begin in range(0, len(content), 997)]
    expected = engine_rows(packed(tmp_path, whole))
    assert len(expected) == 4_000
    assert engine_rows(packed(tmp_path, b"".join(members))) == expected
    for wrong, reason in {
        whole + members[0][:-4]: "cut short",
        whole + b"\x1f": "cut short",
        whole + b"and so on": "bytes after its end",
        whole + bytes(512): "bytes after its end",
        content: "its content is not gzip",
        gzip.compress(b""): "no header",
    }.items():
        with pytest.raises(UnreadableError, match=reason):
            proved(packed(tmp_path, wrong))


# --- in the stream -------------------------------------------------------------------------------------------------


def test_the_stream_reads_the_same_rows(tmp_path: Path) -> None:
    folder = tmp_path / "customer_id=7"
    folder.mkdir()
    (folder / "a[1].csv").write_text("order_id,customer_id\n#1,1\n#2,2 # 3\n", encoding="utf-8")
    target = folder / "rows[1].parquet"
    assert write_staged(folder / "a[1].csv", target, columns={}, arrival=1) == 2
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select order_id, customer_id from read_parquet(?, hive_partitioning = false)",
            [str(folder / "rows[[]1].parquet")],
        ).fetchall()
    assert rows == [("#1", "1"), ("#2", "2 # 3")]
    again = folder / "again.parquet"
    assert write_staged(target, again, columns={"order_id": "VARCHAR"}, arrival=1) == 2


def test_the_stream_waits_for_a_compressed_file_that_is_being_copied(tmp_path: Path) -> None:
    (tmp_path / "landing" / "orders").mkdir(parents=True)
    landing = Landing(tmp_path / "landing", inputs=["orders"], settle_seconds=0, patience_seconds=60)
    store, whole, now = Store(tmp_path / "store"), gzip.compress(orders()), time.time()

    def read(content: bytes, moment: float) -> int:
        (tmp_path / "landing" / "orders" / "a.csv.gz").write_bytes(content)
        (landed,) = landing.settled(now=moment)
        return landing.read(
            landed, store, columns={}, arrival_number=1, check=lambda _name, _path: None, now=moment
        ).rows

    for moment, is_waited_for in {now: True, now + 61: False}.items():
        with pytest.raises(UnreadableError, match="cut short") as raised:
            read(whole[:-20], moment)
        assert raised.value.may_be_unfinished is is_waited_for
    assert not any(store.incoming.iterdir())
    assert read(whole, now + 62) == 4_000


def test_the_stream_refuses_what_a_build_refuses(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("order_id,customer_id\n1,planted@example.com,x\n", encoding="utf-8")
    with pytest.raises(UnreadableError) as raised:
        write_staged(path, tmp_path / "rows.parquet", columns={}, arrival=1)
    assert "line 2 has 3 values" in raised.value.reason
    assert "planted" not in raised.value.reason


def test_only_the_separator_of_files_elsewhere_is_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a;b\n#1;2\n3;4\n", encoding="utf-8")
    assert problem_of_files([f"file://{path}"]) == ""
    assert "copy it here first" in problem_of_files([f"file://{path}.gz"])
    with duckdb.connect() as connection:
        rows = connection.execute(f"select * from read_csv('file://{path}', {remote_options()})").fetchall()
    assert rows == [("#1", "2"), ("3", "4")]
