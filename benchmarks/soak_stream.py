"""Soak the stream: many batches, kills at random moments, bad files, and readers who must not notice.

    make soak                                    200 batches, 5 kills
    make soak SOAK_BATCHES=6 SOAK_KILLS=2        a small one (a quarter of an hour)

It begins with a new database. The first half of the batches goes through one process, the second through several: the
first is stopped in the middle, and others are killed. In the middle and at the end, what has been streamed is also
built in one piece by the command line, in a copy of the warehouse as it was after the first batch. Every published mart
and every table that outlives a run must then be equal, row for row, but for what counts runs (`COUNTS_RUNS`).

What feed_changes tells is new since the batch before, so it is followed, batch by batch, as a platform's connector
would: whoever follows it must end with the members of the feeds.
"""

from __future__ import annotations

import argparse
import json
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
    FeedReader,
    StreamProcess,
    cut_into_batches,
    end_on_sigterm,
    full_build,
    present_members,
    say,
    stopped_at_the_end,
)

COUNTS_RUNS = {
    "marts.feed_changes": None,  # followed batch by batch instead
    "marts.feed_quality": ("export_number",),  # an export for each batch that changed something
    # What held after each run: the last row of a customer holds now.
    "publication.published_segments": ("run_number", "as_of_date"),
    "refresh.input_digests": ("digest",),  # of rows with the number of their arrival
}
"""Tables that tell in which run something came about, and their columns that do (None: all). A stream has many runs."""
LATEST = {
    "publication.published_segments": "run_number = max(run_number) over (partition by segmentation, customer_id)"
}
"""The rows of such a table that hold now."""
ARRIVAL = "arrival_number"
"""Column of rows as they came: the stream numbers them, a build of files does not."""
OUTLIVES_A_RUN = ("incremental", "learned", "refreshed")
"""Materializations of tables of which a run keeps rows."""
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
AUDIENCES = {"segmentations": "auto", "minimum_size": 1, "holdout_share": 0.1, "calling_code": None}
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
    files: dict[str, list[Path]] = field(default_factory=lambda: {name: [] for name in INPUTS})
    bad: list[str] = field(default_factory=list)
    sent_again: int = 0


@dataclass(frozen=True)
class Kill:
    """One kill -9: in which batch, how long after its files had landed, and what the journal says of the moment."""

    batch: int
    after_seconds: float
    moment: str


@dataclass(frozen=True)
class Comparison:
    """The tables of the stream beside those of one build: what differs, and how many tables and rows were compared."""

    when: str
    differences: list[str]
    marts: int
    states: int
    rows: int

    def __str__(self) -> str:
        found = f"{self.marts} marts and {self.states} tables that outlive a run, {self.rows:,} rows"
        return f"{found}, {len(self.differences)} differences"


@dataclass(frozen=True)
class Ending:
    """What there was at the end: how the stream ended and when, what the reader wrote, and how the tables compare."""

    exit_code: int
    seconds: float
    read: list[str]
    compared: list[Comparison]
    follower: FeedReader

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
    """Land the files of one batch and consents taken back; at times late lines, files sent again and bad ones too."""
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
            note(plan, name, data.files(source)[name])
    refusing = taking_back_consent(data, number, scratch)
    stream.land("customers", refusing, refusing.name)
    note(plan, "customers", refusing)
    if number % AGAIN_EVERY == 0 and (number - 1) % CSV_EVERY and "orders" in data.files(number - 1):
        stream.land("orders", data.files(number - 1)["orders"], f"again_{number:05d}.parquet")
        plan.sent_again += 1
    if number % BAD_EVERY == BAD_EVERY // 2:
        kind, name, file = bad[(number // BAD_EVERY) % len(bad)]
        stream.land(name, file, f"bad_{number:05d}_{file.name}")
        plan.bad.append(kind)


def note(plan: Plan, name: str, file: Path) -> None:
    """Note that the rows of a Parquet file have been sent."""
    plan.rows[name] += rows_of(file)
    plan.files[name].append(file)


def taking_back_consent(data: Batches, number: int, scratch: Path) -> Path:
    """Write a file in which three customers take back their consent, other ones with each batch."""
    file = scratch / f"consent_{number:05d}.parquet"
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"""
            copy (
                select * replace (false as marketing_consent, timestamp '2026-03-01 00:00:00' as updated_at)
                from read_parquet('{data.history}/demo_customers.parquet')
                where marketing_consent and email is not null
                order by md5(customer_id)
                limit 3 offset {3 * number - 3}
            ) to '{file}' (format parquet)
        """)
    return file


def sent_so_far(data: Batches, plan: Plan, folder: Path) -> dict[str, dict[str, Any]]:
    """Write all rows that have been sent into one file for each input, and return the variable `inputs` for them."""
    folder.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        for name in INPUTS:
            files = [str(data.history / f"demo_{name}.parquet"), *map(str, plan.files[name])]
            rows = f"(from read_parquet({files}, union_by_name = true))"
            connection.execute(f"copy {rows} to '{folder}/demo_{name}.parquet' (format parquet)")
    return inputs_in(data, folder)


def inputs_in(data: Batches, folder: Path) -> dict[str, dict[str, Any]]:
    """Return the variable `inputs` for a folder. Every consent that is taken back is a second row of a customer."""
    inputs: dict[str, dict[str, Any]] = {name: {**setting} for name, setting in data.inputs(folder).items()}
    inputs["customers"]["max_reject_share"] = 0.9
    return inputs


def rows_of(file: Path) -> int:
    """Return the number of rows of a Parquet file."""
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        return int(connection.execute(f"select count(*) from read_parquet('{file}')").fetchall()[0][0])


@contextmanager
def reading(stream: StreamProcess, scratch: Path) -> Iterator[Callable[[], list[str]]]:
    """Poll the published file from a process of its own; the yielded function ends it and returns what it found."""
    stop, result = scratch / "stop_reading", scratch / "read.txt"
    words = [
        sys.executable,
        "-c",
        READER,
        str(stream.published),
        str(stop),
        str(result),
        str(marts_of(stream.published)),
    ]
    with subprocess.Popen(words) as process:

        def finish() -> list[str]:
            stop.touch()
            process.wait(timeout=120)
            return result.read_text(encoding="utf-8").splitlines()

        try:
            yield finish
        finally:
            stop.touch()


def marts_of(published: Path) -> int:
    """Return how many tables are published."""
    with duckdb.connect(str(published), read_only=True) as connection:
        return int(
            connection.execute("select count(*) from duckdb_tables() where schema_name = 'marts'").fetchall()[0][0]
        )


def soak(folder: Path, *, batches: int, kills: int, customers: int, seed: int) -> bool:
    """Run the whole soak and print its table. Returns whether all of it held."""
    chance = random.Random(seed)  # noqa: S311 - moments of kills, not secrets
    scratch = folder / "scratch"
    scratch.mkdir(parents=True)
    say(f"Generating {customers:,} customers and cutting their orders into {batches} batches (seed {seed})")
    data = cut_into_batches(folder / "data", customers=customers, batches=batches, seed=seed)
    variables = {"segmentations": SEGMENTATIONS, "advice": ADVICE, "audiences": AUDIENCES, "snapshot_count": 1}
    # One build at the end learns from the data of then, so the batches have to as well.
    variables["learning"] = {"each": "run", "above_share": 0}
    variables["inputs"] = inputs_in(data, data.history)
    stream = StreamProcess(folder / "streamed", variables, ["--patience", "1", "--poll", "0.1"])
    reference = Reference(folder / "at_once", variables)
    plan, follower = Plan(), FeedReader()
    killed: list[Kill] = []
    compared: list[Comparison] = []
    middle = max(1, batches // 2)
    to_kill = set(chance.sample(range(middle + 1, batches + 1), min(kills, batches - middle)))
    began = time.monotonic()
    say("Streaming into a new database, what there was before first")
    stream.start()
    with stopped_at_the_end(stream):
        stream.wait_for_batch(1)
        follower.look(stream.published)
        reference.begin(stream.database)
        say(f"{middle} batches in one process; then kill -9 in batches {', '.join(map(str, sorted(to_kill)))}")
        with reading(stream, scratch) as finish_reading:
            durations: list[float] = []
            for number in range(1, batches + 1):
                landed_at = time.monotonic()
                land_batch(stream, data, number, plan, scratch)
                if number in to_kill:
                    after = chance.random() * statistics.median(durations)
                    time.sleep(after)
                    stream.kill()
                    killed.append(Kill(number, after, moment_of(stream)))
                    say(f"Killed in batch {number} after {after:.1f} s ({killed[-1].moment})")
                    stream.start()
                stream.wait_until_done()
                durations.append(time.monotonic() - landed_at)
                follower.look(stream.published)
                if number % 10 == 0:
                    say(f"{number} batches, the last ten in {statistics.median(durations[-10:]):.1f} s each (median)")
                if number == middle:
                    stream.stop()
                    inputs = sent_so_far(data, plan, folder / "sent" / "middle")
                    compared.append(reference.compare("without a restart", stream, inputs))
                    stream.start()
            exit_code = stream.stop()
            seconds = time.monotonic() - began
            read = finish_reading()
    compared.append(reference.compare("with restarts", stream, sent_so_far(data, plan, folder / "sent" / "end")))
    return report(stream, plan, killed, Ending(exit_code, seconds, read, compared, follower))


def moment_of(stream: StreamProcess) -> str:
    """Say what the process that was killed was about."""
    import sqlite3  # noqa: PLC0415

    with sqlite3.connect(stream.store / "journal.sqlite") as journal:
        number = journal.execute("select max(batch_number) from batches where outcome is null").fetchone()[0]
        if number is None:
            return "no batch open"
        builds = journal.execute("select builds from batches where batch_number = ?", [number]).fetchone()[0]
    return f"batch {number} open, in build {builds}" if builds else f"batch {number} accepted, not building"


class Reference:
    """The same warehouse, built in one piece.

    Parameters
    ----------
    folder : Path
        Where it goes.
    variables : mapping of str
        dbt's variables.
    """

    def __init__(self, folder: Path, variables: dict[str, Any]) -> None:
        self.folder = folder
        self.database = folder / "warehouse.duckdb"
        self.published = folder / "published" / "warehouse.duckdb"
        self._variables = variables

    def begin(self, database: Path) -> None:
        """Begin with the models of a warehouse that nobody writes now, though it may be open."""
        self.folder.mkdir(parents=True)
        for file in (database, database.with_name(f"{database.name}.wal")):
            if file.exists():
                shutil.copyfile(file, self.folder / file.name)

    def compare(self, when: str, stream: StreamProcess, inputs: dict[str, dict[str, Any]]) -> Comparison:
        """Build everything that was sent at once, and hold what the stream has made of it against that."""
        say(f"Building at once what was streamed {when}")
        full_build(self.database, self.folder, {**self._variables, "inputs": inputs})
        with duckdb.connect() as connection:
            connection.execute("set enable_progress_bar = false")
            for name, file in {
                "streamed": stream.published,
                "at_once": self.published,
                "stream_state": stream.database,
                "reference_state": self.database,
            }.items():
                connection.execute(f"attach '{file}' as {name} (read_only)")
            ours, theirs = (
                {
                    f"{schema}.{table}"
                    for schema, table in connection.execute(
                        f"select schema_name, table_name from duckdb_tables() where database_name = '{name}'"
                    ).fetchall()
                }
                for name in ("streamed", "at_once")
            )
            found = [f"{name} is in one of them alone" for name in sorted(ours ^ theirs)]
            states = self._states()
            rows = 0
            for names, here, there in (
                (ours & theirs, "streamed", "at_once"),
                (states - ours, "stream_state", "reference_state"),
            ):
                for name in sorted(names):
                    if COUNTS_RUNS.get(name, ()) is not None:
                        number, differing = differences(connection, name, here, there)
                        rows += number
                        found += differing
        return Comparison(when, found, len(ours & theirs) - 1, len(states - ours), rows)

    def _states(self) -> set[str]:
        manifest = json.loads((self.folder / "target" / "manifest.json").read_text(encoding="utf-8"))
        return {
            f"{node['schema']}.{node['alias']}"
            for node in manifest["nodes"].values()
            if node["resource_type"] == "model" and node["config"]["materialized"] in OUTLIVES_A_RUN
        }


def differences(connection: duckdb.DuckDBPyConnection, name: str, here: str, there: str) -> tuple[int, list[str]]:
    """Return the number of rows of a table, and those that one of two databases has more often than the other."""
    described = [
        [(row[0], row[1]) for row in connection.execute(f"describe {database}.{name}").fetchall()]
        for database in (here, there)
    ]
    if described[0] != described[1]:
        return 0, [f"{name}: columns {described[0]} here and {described[1]} there"]
    left_out = {ARRIVAL, *(COUNTS_RUNS.get(name) or ())}
    columns = ", ".join(
        f"""regexp_replace(raw_row, '"{ARRIVAL}":[0-9a-z]+,?', '') as raw_row"""
        if column == "raw_row"
        else f'"{column}"'
        for column, _ in described[0]
        if column not in left_out
    )
    condition = f"qualify {LATEST[name]}" if name in LATEST else ""
    selects = [f"(select {columns} from {database}.{name} {condition})" for database in (here, there)]
    found = []
    for only, first, second in (("streamed", *selects), ("built at once", *reversed(selects))):
        rows = connection.execute(f"select * from ({first} except all {second}) order by all limit 3").fetchall()
        found += [f"{name}: only {only}: {row}" for row in rows]
    return int(connection.execute(f"select count(*) from {selects[0]}").fetchall()[0][0]), found


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
    follower = ending.follower
    with duckdb.connect(str(stream.published), read_only=True) as connection:
        members = present_members(connection)
    followed = (
        f"{len(members):,} members, {follower.removed:,} removed on the way, whole feed taken {follower.whole} times"
    )
    kinds = ", ".join(sorted(set(plan.bad)))
    polls = f"{int(ending.read[0]):,} polls, {ending.read[1]} versions seen, {len(ending.failed_polls)} failures"
    checks = [
        *((f"equal to one full build, {one.when}", str(one), not one.differences) for one in ending.compared),
        ("who follows feed_changes has the feeds", followed, follower.members == members and follower.removed > 0),
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
    for line in [*(line for one in ending.compared for line in one.differences[:20]), *ending.failed_polls[:20]]:
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
