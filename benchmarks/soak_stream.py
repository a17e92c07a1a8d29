"""Soak the stream: many batches, kills at random moments, bad files, and a reader who must not notice.

    make soak                                    200 batches, 5 kills
    make soak SOAK_BATCHES=6 SOAK_KILLS=2        the small one that the tests run

What is streamed is also built in one piece, by the command line, in a copy of the warehouse as it was before the first
batch. The marts of both must be equal, row for row. Only feed_changes is left out: it tells what is new since the build
before, of which the one has had many and the other none.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb
from streaming import (
    INPUTS,
    Batches,
    StreamProcess,
    cut_into_batches,
    end_on_sigterm,
    full_build,
    say,
    stopped_at_the_end,
)

from segmentation.comparing import KEYS, compare_tables, read_duckdb

NOT_COMPARED = ("feed_changes",)
SEGMENTATIONS: dict[str, Any] = {
    "age_band": {
        "method": "rules",
        "segments": [{"name": "Under 40", "when": "age < 40"}, {"name": "40 and over", "when": "age >= 40"}],
    },
    "rfm": {"method": "rfm"},
    "behavior": {
        "method": "kmeans",
        "features": ["recency_days", "frequency", "average_order_value", "discount_share"],
        "k": {"min": 2, "max": 3},
    },
    "profile": {
        "method": "kprototypes",
        "features": ["recency_days", "average_order_value", "preferred_channel", "region"],
        "k": {"min": 2, "max": 3},
    },
}
ADVICE = {"min_customers": 0, "min_history_days": 0, "fallback": "none", "not_advised": "warn"}
BAD_EVERY, AGAIN_EVERY, LATE_EVERY, CSV_EVERY = 10, 9, 7, 3

READER = """
import sys, time
from pathlib import Path
import duckdb

published, stop, result = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
polls, failures, versions = 0, [], set()
while not stop.exists():
    try:
        with duckdb.connect(published, read_only=True) as connection:
            tables = connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts' order by all"
            ).fetchall()
            counts = [connection.execute(f"select count(*) from marts.{name}").fetchone()[0] for (name,) in tables]
            torn = connection.execute('''
                select count(*)
                from (select segmentation, segment_id, count(*) as customers from marts.fct_customer_segments
                    where segment_id is not null group by all) as labels
                full join marts.dim_segments as segments using (segmentation, segment_id)
                where coalesce(labels.customers, 0) <> coalesce(segments.customers, 0)
            ''').fetchone()[0]
            version = connection.execute("select max(as_of_date) from marts.dim_customers").fetchone()[0]
        if torn or len(tables) < int(sys.argv[4]):
            failures.append(f"poll {polls}: {len(tables)} marts, {torn} segments of another build")
        versions.add((tuple(counts), version))
    except Exception as error:
        failures.append(f"poll {polls}: {type(error).__name__}: {error}")
    polls += 1
    time.sleep(0.1)
result.write_text("\\n".join([str(polls), str(len(versions)), *failures]))
"""
"""A process that reads the published file again and again, and checks that it is whole and of one build."""


@dataclass
class Plan:
    """What is sent, and what must come of it."""

    rows: Counter[str] = field(default_factory=Counter)
    bad: list[str] = field(default_factory=list)
    sent_again: int = 0


@dataclass(frozen=True)
class Kill:
    """One kill -9: in which batch, how long after its files had landed, and what the journal says of the moment."""

    batch: int
    after_seconds: float
    moment: str


@dataclass(frozen=True)
class Ending:
    """What there was at the end: how the stream ended and when, what the reader wrote, and how the marts compare."""

    exit_code: int
    seconds: float
    read: list[str]
    differences: list[str]
    compared: int
    rows: int

    @property
    def failed_polls(self) -> list[str]:
        """What went wrong for the reader."""
        return self.read[2:]


def bad_files(folder: Path) -> list[tuple[str, str, Path]]:
    """Write one file of each kind that must be set aside: kind, input, file."""
    folder.mkdir(parents=True)
    unknown = "\n".join(f"X{number},nobody-{number},2024-05-01 10:00:00" for number in range(5000))
    header = "order_id,customer_id,ordered_at\n"
    texts = {
        "refused by the gate": ("orders", "refused.csv", f"{header}{unknown}\n"),
        "half written": ("orders", "half.csv", f"{header}H1,00000001,2024-05-01 10:00:00\nH2,0000"),
        "wrong columns": ("order_items", "columns.csv", "order,article,amount\n1,2,3\n"),
        "empty": ("customers", "empty.csv", ""),
        "no rows": ("products", "no_rows.csv", "product_id,product_name\n"),
        "wrong type": ("orders", "type.csv", f"{header}T1,00000001,yesterday\n"),
        "unreadable": ("order_items", "unreadable.parquet", "PAR1 this is no Parquet file"),
        "another format": ("orders", "orders.xlsx", "not a table"),
    }
    found = []
    for kind, (name, file_name, text) in texts.items():
        (folder / file_name).write_text(text, encoding="utf-8")
        found.append((kind, name, folder / file_name))
    return found


def as_csv(source: Path, target: Path) -> Path:
    """Write a Parquet file as CSV."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"copy (from read_parquet('{source}')) to '{target}' (header, delimiter ',')")
    return target


def land_batch(stream: StreamProcess, data: Batches, number: int, plan: Plan, scratch: Path) -> None:
    """Land the files of one batch, and with some batches lines that are late, files sent again, and bad ones."""
    bad = bad_files(scratch / f"bad_{number}")
    for source in (number - 1, number):
        for name, file in data.files(source).items() if source else ():
            is_late = name == "order_items" and source % LATE_EVERY == 0 and source < data.count
            if (source == number) == is_late:
                continue
            target = f"{name}_{source:05d}"
            if source % CSV_EVERY == 0:
                file = as_csv(file, scratch / f"{target}.csv")  # noqa: PLW2901
            stream.land(name, file, f"{target}{file.suffix}")
            plan.rows[name] += rows_of(data.files(source)[name])
    if number % AGAIN_EVERY == 0 and (number - 1) % CSV_EVERY and "orders" in data.files(number - 1):
        stream.land("orders", data.files(number - 1)["orders"], f"again_{number:05d}.parquet")
        plan.sent_again += 1
    if number % BAD_EVERY == BAD_EVERY // 2:
        kind, name, file = bad[(number // BAD_EVERY) % len(bad)]
        stream.land(name, file, f"bad_{number:05d}_{file.name}")
        plan.bad.append(kind)


def rows_of(file: Path) -> int:
    """Return the number of rows of a Parquet file."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        return int(connection.execute(f"select count(*) from read_parquet('{file}')").fetchall()[0][0])


@contextmanager
def reading(stream: StreamProcess, scratch: Path) -> Iterator[Callable[[], list[str]]]:
    """Poll the published file from a process of its own; the yielded function ends it and returns what it found."""
    stop, result = scratch / "stop_reading", scratch / "read.txt"
    words = [sys.executable, "-c", READER, str(stream.published), str(stop), str(result), str(len(KEYS))]
    with subprocess.Popen(words) as process:

        def finish() -> list[str]:
            stop.touch()
            process.wait(timeout=120)
            return result.read_text(encoding="utf-8").splitlines()

        try:
            yield finish
        finally:
            stop.touch()


def soak(folder: Path, *, batches: int, kills: int, customers: int, seed: int) -> bool:
    """Run the whole soak and print its table. Returns whether all of it held."""
    chance = random.Random(seed)  # noqa: S311 - moments of kills, not secrets
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    say(f"Generating {customers:,} customers and cutting their orders into {batches} batches (seed {seed})")
    data = cut_into_batches(folder / "data", customers=customers, batches=batches, seed=seed)
    variables = {"segmentations": SEGMENTATIONS, "advice": ADVICE, "snapshot_count": 1}
    # One build at the end learns from the data of then, so the batches have to as well.
    variables["learning"] = {"each": "run", "above_share": 0}
    variables["inputs"] = data.inputs(data.history)
    stream = StreamProcess(folder / "streamed", variables, ["--patience", "1", "--poll", "0.1"])
    say("Building what is there before the first batch")
    stream.start("--until-idle")
    if stream.finish():
        raise RuntimeError(stream.log.read_text(encoding="utf-8"))
    reference = folder / "at_once" / "warehouse.duckdb"
    reference.parent.mkdir()
    shutil.copyfile(stream.database, reference)

    plan = Plan()
    killed: list[Kill] = []
    to_kill = set(chance.sample(range(2, batches + 1), kills))
    say(f"Streaming; kill -9 in batches {', '.join(map(str, sorted(to_kill)))}")
    began = time.monotonic()
    stream.start()
    with stopped_at_the_end(stream), reading(stream, scratch) as finish_reading:
        durations: list[float] = []
        for number in range(1, batches + 1):
            landed_at = time.monotonic()
            land_batch(stream, data, number, plan, scratch)
            if number in to_kill:
                after = chance.random() * (statistics.median(durations) if durations else 30.0)
                time.sleep(after)
                stream.kill()
                killed.append(Kill(number, after, moment_of(stream)))
                say(f"Killed in batch {number} after {after:.1f} s ({killed[-1].moment})")
                stream.start()
            stream.wait_until_done()
            durations.append(time.monotonic() - landed_at)
            if number % 10 == 0:
                say(f"{number} batches, the last ten in {statistics.median(durations[-10:]):.1f} s each (median)")
        exit_code = stream.stop()
        seconds = time.monotonic() - began
        read = finish_reading()

    say("Building all of it at once")
    full_build(reference, folder / "at_once", {**variables, "inputs": data.inputs(data.whole)})
    same = compare(stream.published, reference.parent / "published" / "warehouse.duckdb")
    return report(stream, plan, killed, Ending(exit_code, seconds, read, *same))


def moment_of(stream: StreamProcess) -> str:
    """Say what the process that was killed was about."""
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(stream.store / "journal.sqlite") as journal:
        number = journal.execute("select max(batch_number) from batches where outcome is null").fetchone()[0]
        if number is None:
            return "no batch open"
        builds = journal.execute("select builds from batches where batch_number = ?", [number]).fetchone()[0]
    return f"batch {number} open, in build {builds}" if builds else f"batch {number} accepted, not building"


def compare(streamed: Path, at_once: Path) -> tuple[list[str], int, int]:
    """Return all differences of two published files, and how many marts and rows were compared."""
    ours, theirs = read_duckdb(streamed), read_duckdb(at_once)
    found = [f"{name} is in one of them alone" for name in sorted(ours.keys() ^ theirs.keys())]
    names = sorted((ours.keys() & theirs.keys()) - set(NOT_COMPARED))
    for name in names:
        found += map(str, compare_tables(name, ours[name], theirs[name], key=KEYS[name], tolerance=0.0))
    return found, len(names), sum(ours[name].num_rows for name in names)


def report(
    stream: StreamProcess,
    plan: Plan,
    killed: list[Kill],
    ending: Ending,
) -> bool:
    """Print the table of results; return whether all of it held."""
    streamed = stream.query(
        "select count(*), median(seconds), max(seconds), median(lag_seconds), sum(builds) from stream.stream_batches "
        "where batch_number > 1"
    )[0]
    counted = Counter(
        dict(
            stream.query(
                "select input, sum(row_count)::bigint from stream.stream_files "
                "where outcome = 'accepted' and origin = 'landing' group by input"
            )
        )
    )
    outcomes = Counter(dict(stream.query("select outcome, count(*) from stream.stream_files group by outcome")))
    batches, median, longest, lag, builds = streamed
    pace = (
        f"{batches} by {builds} builds in {ending.seconds / 60:.1f} min, median {median:.1f} s, longest {longest:.1f} s"
    )
    marts = f"{ending.compared} marts, {ending.rows:,} rows, {len(ending.differences)} differences"
    kinds = ", ".join(sorted(set(plan.bad)))
    polls = f"{int(ending.read[0]):,} polls, {ending.read[1]} versions seen, {len(ending.failed_polls)} failures"
    checks = [
        ("marts equal to one full build", marts, not ending.differences),
        ("rows accepted, each once", ", ".join(f"{counted[name]:,} {name}" for name in INPUTS), counted == plan.rows),
        ("kill -9", "; ".join(f"batch {kill.batch}: {kill.moment}" for kill in killed) or "none", True),
        (
            "bad files set aside",
            f"{outcomes['set aside']} of {len(plan.bad)}: {kinds}",
            outcomes["set aside"] == len(plan.bad),
        ),
        (
            "files sent again, not counted",
            f"{outcomes['duplicate']} of {plan.sent_again}",
            outcomes["duplicate"] == plan.sent_again,
        ),
        ("reader of the published file", polls, not ending.failed_polls and int(ending.read[0]) > 0),
        ("SIGTERM at the end", f"exit code {ending.exit_code}", ending.exit_code == 0),
        ("batches", f"{pace}, median lag {lag:.1f} s", True),
    ]
    print("\n| what | found | held |\n|---|---|---|")
    for what, found, held in checks:
        print(f"| {what} | {found} | {'yes' if held else 'NO'} |")
    for line in [*ending.differences[:20], *ending.failed_polls[:20]]:
        print(f"  {line}")
    return all(held for _, _, held in checks)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="soak_stream.py", description="Soak the stream.")
    for name, default in (("batches", 200), ("kills", 5), ("customers", 300), ("seed", 20260101)):
        value = int(os.environ.get(f"SOAK_{name.upper()}") or default)
        parser.add_argument(f"--{name}", type=int, default=value, help=f"(SOAK_{name.upper()}; {default})")
    parser.add_argument("--folder", type=Path, help="where the files go (default: a temporary folder)")
    options = parser.parse_args()
    end_on_sigterm()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        held = soak(
            folder, batches=options.batches, kills=options.kills, customers=options.customers, seed=options.seed
        )
    sys.exit(0 if held else 1)


if __name__ == "__main__":
    main()
