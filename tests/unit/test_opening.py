"""A database that cannot be opened: why, who holds it, and what is waited for."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from segmentation.errors import UserError
from segmentation.opening import check_name, disk_is_full, main, open_when_free


@contextmanager
def held(database: Path, *, read_only: bool = False) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold a database, until it is told to end."""
    program = f"""
import duckdb, sys
with duckdb.connect({str(database)!r}, read_only={read_only}):
    print("held", flush=True)
    sys.stdin.readline()
"""
    words = [sys.executable, "-c", program]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.communicate("\n")


@pytest.mark.parametrize("read_only", [False, True], ids=["a build", "a BI tool"])
def test_who_holds_a_database_is_told_at_once_and_then_waited_for(tmp_path: Path, read_only: bool) -> None:
    database = tmp_path / "shop.duckdb"
    duckdb.connect(str(database)).close()
    told: list[tuple[float, str]] = []
    with held(database, read_only=read_only) as process:
        began, release = time.monotonic(), process.stdin
        assert release is not None

        def say(line: str) -> None:
            told.append((time.monotonic() - began, line))
            release.write("\n")
            release.flush()

        open_when_free(database, patience=30, say=say).close()
    assert len(told) == 1
    after, line = told[0]
    assert after < 2
    assert f"is held by process {process.pid} (" in line
    assert "waiting for it" in line
    assert isinstance(process.args, list)
    command = " ".join(" ".join(map(str, process.args)).split())
    assert f"({command[:120]})" in line, "the beginning of its command tells it from other processes"
    assert len(command) > 120


def test_a_wait_ends(tmp_path: Path) -> None:
    database = tmp_path / "shop.duckdb"
    with held(database) as process, pytest.raises(UserError, match=rf"process {process.pid} .* within 1 seconds"):
        open_when_free(database, patience=1, say=print)


def as_a_user_without_rights() -> None:
    """Take from a root user, such as that of a container, the right to write what permissions forbid."""
    if os.geteuid() == 0:
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            assert ctypes.CDLL(None, use_errno=True).prctl(24, capability, 0, 0, 0) == 0


@pytest.mark.parametrize("what", ["file", "folder"])
def test_a_missing_permission_is_not_waited_for(tmp_path: Path, what: str) -> None:
    database = tmp_path / "dwh" / "shop.duckdb"
    database.parent.mkdir()
    duckdb.connect(str(database)).close()
    (database if what == "file" else database.parent).chmod(0o444 if what == "file" else 0o555)
    program = f"""
import sys
from pathlib import Path
from segmentation.opening import open_when_free
try:
    open_when_free(Path({str(database)!r}), patience=60, say=print)
except Exception as error:
    print(error)
    sys.exit(3)
"""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", program],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=as_a_user_without_rights,
    )
    database.parent.chmod(0o755)
    assert ended.returncode == 3, ended.stderr
    assert "may not be written by this user" in ended.stdout
    assert str(database if what == "file" else database.parent) in ended.stdout
    assert "waiting" not in ended.stdout
    assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_text("order_id,customer_id\n" * 1000), "is no DuckDB database"),
        (lambda path: path.mkdir(), "is a folder and no database"),
        (lambda path: path.parent.rmdir(), "There is no folder .*mkdir -p"),
    ],
    ids=["a text", "a folder", "no folder"],
)
def test_what_is_no_database_is_told(tmp_path: Path, make: object, message: str) -> None:
    database = tmp_path / "dwh" / "shop.duckdb"
    database.parent.mkdir()
    make(database)  # type: ignore[operator]
    with pytest.raises(UserError, match=message):
        open_when_free(database, patience=30, say=print)


def test_a_full_disk_is_one_sentence_with_path_and_free_space(tmp_path: Path) -> None:
    """In the words in which Python, SQLite's system call and DuckDB tell it."""
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space") as raised:
        full.write(b"x")
    sentence = disk_is_full(str(raised.value), tmp_path / "not there" / "shop.duckdb")
    assert sentence is not None
    assert f"The disk is full: {tmp_path} has " in sentence
    assert sentence.count("\n") == 0
    assert disk_is_full("Constraint Error: duplicate key", tmp_path) is None


SCHEMAS = re.compile(r"[+]schema: (\w+)")


@pytest.mark.parametrize(
    "name",
    [
        "d'b.duckdb",
        '"shop".duckdb',
        "1-select.duckdb",
        "two words.duckdb",
        "shop#1.duckdb",
        "shop?.db",
        "-.db",
    ],
)
def test_a_name_that_is_no_name_of_a_catalogue_is_refused_before_anything_runs(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    database = tmp_path / name
    sentence = "Its name consists of letters, digits, _ and -, begins with a letter"
    with pytest.raises(UserError, match=sentence):
        open_when_free(database, patience=0, say=print)
    assert main(["--database", str(database)]) == 1
    assert f"Error: The database {database} cannot have the name {name}. {sentence}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_stands_for_a_schema_or_a_part_of_the_engine_is_refused(tmp_path: Path) -> None:
    project = (Path(__file__).resolve().parents[2] / "dbt_project.yml").read_text(encoding="utf-8")
    schemas = SCHEMAS.findall(project)
    assert "marts" in schemas
    for name in [*schemas, "main", "system", "temp", "MARTS", ".marts"]:
        with pytest.raises(UserError, match="that is a schema of this project or a part of DuckDB"):
            check_name(tmp_path / f"{name}.duckdb")


@pytest.mark.parametrize(
    "name", ["shop", "shop.duckdb", "my-shop.duckdb", "größe.db", "_x.duckdb", "shop.2024-01.duckdb", ".shop.duckdb"]
)
def test_a_name_that_the_engine_can_tell_is_accepted(tmp_path: Path, name: str) -> None:
    with open_when_free(tmp_path / name, patience=0, say=print) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.x as select 1 as a")
        assert connection.execute("select a from marts.x").fetchall() == [(1,)]
