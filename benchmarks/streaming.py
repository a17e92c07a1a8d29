"""What the soak and the benchmark of the stream share: data cut into batches, and the stream as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from segmentation.demo.writer import write_demo_data

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ("customers", "products", "orders", "order_items")
MEMBER = "platform, segmentation, segment_id, member_key"


@dataclass(frozen=True)
class Batches:
    """Generated data in the order in which they would arrive.

    Parameters
    ----------
    whole : Path
        Folder with all rows, one file per input.
    history : Path
        Folder with the rows before the first batch.
    cut : Path
        Folder with a folder per batch, named by its number, with a Parquet file for each input that has rows in it.
    count : int
        Number of batches.
    """

    whole: Path
    history: Path
    cut: Path
    count: int

    def inputs(self, folder: Path) -> dict[str, dict[str, str]]:
        """Return the variable `inputs` for the files of a folder."""
        return {name: {"path": str(folder / f"demo_{name}.parquet")} for name in INPUTS}

    def files(self, number: int) -> dict[str, Path]:
        """Return the file of each input that a batch has rows of."""
        found = {name: self.cut / f"{number:05d}" / f"demo_{name}.parquet" for name in INPUTS}
        return {name: path for name, path in found.items() if path.exists()}


def cut_into_batches(
    folder: Path, *, customers: int, batches: int, seed: int, orders_each: int | None = None
) -> Batches:
    """Generate demo data and cut its later orders into batches, each with its lines, new customers and new products.

    Parameters
    ----------
    folder : Path
        Where the files go.
    customers : int
        Number of customers.
    batches : int
        Number of batches.
    seed : int
        Seed of the data.
    orders_each : int, optional
        Orders in a batch; by default the later half of all orders is shared out.
    """
    made = Batches(folder / "whole", folder / "history", folder / "batches", batches)
    write_demo_data(out=made.whole, customers=customers, seed=seed, file_format="parquet")
    made.history.mkdir(parents=True)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        for name in INPUTS:
            connection.execute(f"create view {name} as from read_parquet('{made.whole}/demo_{name}.parquet')")
        total = connection.execute("select count(*) from orders").fetchall()[0][0]
        cut = orders_each * batches if orders_each else total // 2
        connection.execute(f"""
            create table cut_orders as
            select *, greatest(0, cast(ceil((place - {total - cut}) * {batches} / {cut}) as integer)) as batch
            from (select *, row_number() over (order by ordered_at nulls first, order_id, all_columns) as place
                from (select *, md5(cast(orders as varchar)) as all_columns from orders))
        """)
        connection.execute("""
            create table cut_order_items as
            select order_items.*, coalesce(orders.batch, 0) as batch
            from order_items
            left join (select order_id, min(batch) as batch from cut_orders group by all) as orders using (order_id)
        """)
        connection.execute("""
            create table cut_customers as
            select customers.*, coalesce(orders.batch, 0) as batch
            from customers
            left join (select customer_id, min(batch) as batch from cut_orders group by all) as orders
                using (customer_id)
        """)
        # One product in ten comes later; every product comes no later than the first line that names it.
        connection.execute("""
            create table cut_products as
            select
                products.*,
                case when md5(products.product_id) < '1a' then coalesce(items.batch, 0) else 0 end as batch
            from products
            left join (select product_id, min(batch) as batch from cut_order_items group by all) as items
                using (product_id)
        """)
        extra = {"orders": ", place, all_columns"}
        for name in INPUTS:
            for (number,) in connection.execute(f"select distinct batch from cut_{name} order by batch").fetchall():
                home = made.cut / f"{number:05d}" if number else made.history
                home.mkdir(parents=True, exist_ok=True)
                connection.execute(
                    f"copy (select * exclude (batch{extra.get(name, '')}) from cut_{name} where batch = {number}) "
                    f"to '{home}/demo_{name}.parquet' (format parquet)"
                )
    return made


class StreamProcess:
    """`make stream` as a process that can be killed and started again.

    Parameters
    ----------
    folder : Path
        Where landing folder, store, database and log are.
    variables : mapping of str
        dbt's variables.
    options : sequence of str
        Further words of the command line.
    """

    def __init__(self, folder: Path, variables: Mapping[str, Any], options: Sequence[str] = ()) -> None:
        self.folder = folder
        self.landing = folder / "landing"
        self.store = folder / "store"
        self.database = folder / "warehouse.duckdb"
        self.published = folder / "published" / "warehouse.duckdb"
        self.report = folder / "published" / "warehouse_stream.duckdb"
        self.log = folder / "stream.log"
        self.landing.mkdir(parents=True, exist_ok=True)
        self._words = [sys.executable, "-m", "segmentation.stream", "--project", str(ROOT)]
        self._words += ["--landing", str(self.landing), "--store", str(self.store), "--database", str(self.database)]
        self._words += ["--vars", json.dumps(variables), *options]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        """Start it."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._words, *options], cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=environment()
            )

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process that was started last."""
        if self._process is None:
            raise RuntimeError("the stream was not started")
        return self._process

    def finish(self) -> int:
        """Wait for its end and return its exit code."""
        return self.process.wait()

    def kill(self) -> None:
        """Kill it, as the machine would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to stop and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait()

    def land(self, name: str, source: Path, target: str, *, changed_at: float = 1_700_000_000) -> Path:
        """Put a copy of a file into the landing folder of an input, by rename.

        By default nobody has been writing to it for long, so it need not settle. Files that have just been changed, at
        one and the same time, are one batch.
        """
        home = self.landing / name
        home.mkdir(exist_ok=True)
        hidden = home / f".{target}"
        hidden.write_bytes(source.read_bytes())
        os.utime(hidden, (changed_at, changed_at))
        return hidden.rename(home / target)

    def waiting(self) -> list[Path]:
        """Return the files that the stream has not dealt with."""
        return [path for name in INPUTS for path in (self.landing / name).glob("*") if not path.name.startswith(".")]

    def wait_until_done(self, *, seconds: float = 3600) -> None:
        """Wait until all landed files have been dealt with; end with the log where the stream has died."""
        ends = time.monotonic() + seconds
        while self.waiting():
            if self.process.poll() is not None or time.monotonic() > ends:
                log = self.log.read_text(encoding="utf-8")[-3000:]
                raise RuntimeError(f"the stream ended or stands still; its log ends with:\n{log}")
            time.sleep(0.05)

    def wait_for_batch(self, number: int, *, seconds: float = 3600) -> None:
        """Wait until a batch is done; end with the log where the stream has died."""
        ends = time.monotonic() + seconds
        while not self.report.exists() or not self.query(
            f"select 1 from stream.stream_batches where batch_number = {number} and outcome is not null"
        ):
            if self.process.poll() is not None or time.monotonic() > ends:
                log = self.log.read_text(encoding="utf-8")[-3000:]
                raise RuntimeError(f"the stream ended or stands still; its log ends with:\n{log}")
            time.sleep(0.05)

    def query(self, sql: str, *, published: bool = False) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the tables of the stream, or on the published marts."""
        with duckdb.connect(str(self.published if published else self.report), read_only=True) as connection:
            return connection.execute(sql).fetchall()


@dataclass
class FeedReader:
    """Who follows the feeds by the documented rule (docs/tables.md, `feed_quality`), as a platform's connector does.

    Parameters
    ----------
    members : set of tuple of str and int
        Platform, segmentation, segment and member key of all whom the platform holds.
    number : int, optional
        Number of the export that was acted on last.
    """

    members: set[tuple[Any, ...]] = field(default_factory=set)
    number: int | None = None
    whole: int = 0
    removed: int = 0

    def look(self, published: Path) -> None:
        """Act on what is published now."""
        with duckdb.connect(str(published), read_only=True) as connection:
            number = connection.execute("select max(export_number) from marts.feed_quality").fetchall()[0][0]
            if number is not None and number == self.number:
                return
            changes = connection.execute(f"select change, {MEMBER} from marts.feed_changes").fetchall()
            if changes and self.number is not None and number == self.number + 1:
                gone = {change[1:] for change in changes if change[0] == "remove"}
                self.removed += len(gone)
                self.members = self.members - gone | {change[1:] for change in changes if change[0] == "add"}
            else:
                self.whole += 1
                self.members = present_members(connection)
            self.number = number


def present_members(connection: duckdb.DuckDBPyConnection) -> set[tuple[Any, ...]]:
    """Return whom the feeds of both platforms hold now."""
    feeds = {"google": "feed_google_customer_match", "meta": "feed_meta_custom_audiences"}
    queries = [
        f"select '{platform}' as platform, segmentation, segment_id, member_key from marts.{feed}"
        for platform, feed in feeds.items()
    ]
    return set(connection.execute(" union all ".join(queries)).fetchall())


def environment() -> dict[str, str]:
    """Return this process's environment without what an outer build has set for itself."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEGMENTATION_", "DBT_"))}
    for name in ("SEGMENTATION_THREADS", "SEGMENTATION_MEMORY_LIMIT"):
        if name in os.environ:
            kept[name] = os.environ[name]
    path = os.pathsep.join([str(ROOT / "src"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return kept | {"PYTHONPATH": path, "PYTHONUNBUFFERED": "1"}


def full_build(database: Path, work: Path, variables: Mapping[str, Any]) -> float:
    """Build everything by the command line, as `make build` does; return the seconds that it took."""
    words = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "build", "--full-refresh"]
    words += ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT), "--exclude", "path:seeds/demo"]
    words += ["--target-path", str(work / "target"), "--log-path", str(work / "logs"), "--vars", json.dumps(variables)]
    settings = environment() | {"SEGMENTATION_DATABASE": str(database)}
    began = time.perf_counter()
    built = subprocess.run(words, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    if built.returncode:
        raise RuntimeError(f"the full build failed:\n{built.stdout[-4000:]}")
    return time.perf_counter() - began


@contextmanager
def stopped_at_the_end(stream: StreamProcess) -> Iterator[StreamProcess]:
    """Leave no process behind."""
    try:
        yield stream
    finally:
        if stream.process.poll() is None:
            stream.kill()


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as an error would, so that it leaves no other behind."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(1))


def say(message: str) -> None:
    """Tell what happens now."""
    print(f"==> {message}", flush=True)
