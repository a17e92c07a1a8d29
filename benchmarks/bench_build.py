"""Time a whole build, tests and publication included, and a bare aggregation of the same files beside it.

    make bench-build                                        one million generated customers
    make bench-build BENCH_SIZE=20000                       another number of them
    .venv/bin/python benchmarks/bench_build.py --examples   the demo data and Online Retail

Each build and each aggregation is a child process of its own. Wall time is that of the process, CPU time and peak
memory are what the kernel counted for it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "build" / "bench"
INPUTS = ("customers", "orders", "order_items", "products")
ORDERS_PER_CUSTOMER = 6.4
"""Gives 7 million orders and nearly 20 million lines for a million customers."""
AS_OF_DATES = 13
SLOWEST = 10

# What a build cannot do without: read both files once, join them, add up by customer. No cleaning, no history, no test.
BARE_AGGREGATION = """
    create table customer_totals as
    select
        orders.customer_id,
        count(distinct orders.order_id) as frequency,
        sum(items.quantity * items.unit_price - coalesce(items.discount_amount, 0)) as monetary,
        min(orders.ordered_at) as first_ordered_at,
        max(orders.ordered_at) as last_ordered_at
    from read_parquet('{folder}/demo_orders.parquet') as orders
    inner join read_parquet('{folder}/demo_order_items.parquet') as items on orders.order_id = items.order_id
    group by orders.customer_id
"""


@dataclass(frozen=True)
class Usage:
    """What a process took."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int

    def row(self) -> str:
        """Return the figures as cells of a table."""
        return f"{self.wall_seconds:8.1f} s {self.cpu_seconds:8.1f} s {self.peak_bytes / 2**30:7.2f} GB"


def measured(command: Sequence[str], *, log: Path, settings: Mapping[str, str]) -> Usage:
    """Run a command to its end, with its output in a log, and return what it took."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.stderr.write(log.read_text(encoding="utf-8", errors="replace")[-4000:])
        sys.exit(f"Error: {' '.join(command[:4])} ... ended with {process.returncode}; see {log}")
    # Linux counts in kibibytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * unit)


def generated_data(customers: int) -> Path:
    """Return the folder of generated files, made unless they are there from an earlier run."""
    folder = BENCH / f"data_{customers}"
    if folder.is_dir():
        say(f"The data is there: {folder.relative_to(ROOT)}")
        return folder
    say(f"Generating {customers:,} customers (some minutes for a million)")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    words = ["-m", "segmentation.demo", "--customers", str(customers), "--orders-per-customer"]
    words += [str(ORDERS_PER_CUSTOMER), "--format", "parquet", "--out", str(unfinished)]
    usage = measured([sys.executable, *words], log=BENCH / "generate.log", settings={})
    unfinished.rename(folder)
    say(f"Generated in {usage.wall_seconds:.0f} s and {usage.peak_bytes / 2**30:.2f} GB")
    return folder


def build_command(folder: Path, variables: Mapping[str, Any], *, is_fresh: bool = True) -> list[str]:
    """Return the words of a `dbt build` whose files go to a folder, which is emptied where the build is a fresh one."""
    if is_fresh:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    words = ["-m", "dbt.cli.main", "--no-use-colors", "build", "--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    words += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    return [sys.executable, *words, "--vars", json.dumps(variables)]


def build(
    name: str, variables: Mapping[str, Any], *, is_fresh: bool = True, arguments: Sequence[str] = ()
) -> tuple[Usage, Path]:
    """Run `dbt build`, in a fresh database or in that of before; return what it took and the folder of its files."""
    folder = BENCH / name
    command = build_command(folder, variables, is_fresh=is_fresh)
    settings = {"SEGMENTATION_DATABASE": str(folder / f"{name}.duckdb"), "SEGMENTATION_PUBLISHED": ""}
    say(f"Building {name}")
    return measured([*command, *arguments], log=folder / "build.log", settings=settings), folder


def bare(data: Path) -> Usage:
    """Run the bare aggregation in a process of its own, with the settings of a build."""
    target = BENCH / "bare.duckdb"
    target.unlink(missing_ok=True)
    say("Aggregating the same files in bare DuckDB")
    words = [str(Path(__file__).resolve()), "--bare", str(data)]
    usage = measured([sys.executable, *words], log=BENCH / "bare.log", settings={})
    target.unlink(missing_ok=True)
    return usage


def aggregate(data: Path) -> None:
    """Be the process of the bare aggregation."""
    import duckdb  # noqa: PLC0415 - the measuring process stays small, as a child's peak memory begins with its parent's

    settings = {
        "memory_limit": os.environ.get("SEGMENTATION_MEMORY_LIMIT", "6GB"),
        "preserve_insertion_order": "false",
    }
    with duckdb.connect(str(BENCH / "bare.duckdb"), config=settings) as connection:
        connection.execute(BARE_AGGREGATION.format(folder=str(data).replace("'", "''")))


def input_rows(folder: Path) -> dict[str, int]:
    """Return how many rows each input of a build had."""
    import duckdb  # noqa: PLC0415

    with duckdb.connect(str(folder / f"{folder.name}.duckdb"), read_only=True) as connection:
        rows = connection.execute("select input, raw_rows from staging.input_reconciliation").fetchall()
        dates = connection.execute("select count(*) from features.as_of_dates").fetchall()[0][0]
    return {**dict(rows), "as-of dates": dates}


def print_slowest(folder: Path) -> None:
    """Print the nodes of a build that took longest."""
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    print(f"\nSlowest of {len(results)} models, seeds and tests (several run side by side, so that times overlap):")
    for result in sorted(results, key=lambda result: -result["execution_time"])[:SLOWEST]:
        kind, _, name = result["unique_id"].split(".")[:3]
        print(f"  {result['execution_time']:8.1f} s  {kind:<6} {name}")


def print_build(name: str, usage: Usage, folder: Path) -> None:
    """Print what went in, what it took, and where the time went."""
    rows = input_rows(folder)
    print(f"\n{name}: " + ", ".join(f"{rows.get(key, 0):,} {key}" for key in (*INPUTS, "as-of dates")))
    print(f"  {'':<22} {'wall':>10} {'CPU':>10} {'memory':>10}")
    print(f"  {'dbt build':<22} {usage.row()}", flush=True)


def bench_generated(customers: int) -> None:
    """Build generated data and compare with the bare aggregation."""
    data = generated_data(customers)
    variables = {
        "inputs": {name: {"path": str(data / f"demo_{name}.parquet")} for name in INPUTS},
        "snapshot_count": AS_OF_DATES - 1,
    }
    name = f"generated_{customers}"
    usage, folder = build(name, variables)
    floor = bare(data)
    print_build(name, usage, folder)
    print(f"  {'bare DuckDB':<22} {floor.row()}")
    print(
        f"  {'ratio':<22} {usage.wall_seconds / floor.wall_seconds:8.1f}   {usage.cpu_seconds / floor.cpu_seconds:8.1f}"
    )
    print_slowest(folder)


def bench_examples(data: Path) -> None:
    """Build the demo data and Online Retail."""
    from segmentation.variables import build_variables  # noqa: PLC0415

    usage, folder = build("demo", {})
    print_build("demo", usage, folder)
    print_slowest(folder)
    if not (data / "online_retail.parquet").is_file():
        say(f"Online Retail is left out: there is no {data / 'online_retail.parquet'}; --data names its folder")
        return
    variables = build_variables(ROOT / "examples" / "online_retail.yml", data=data)
    usage, folder = build("online_retail", variables)
    print_build("online_retail", usage, folder)
    print_slowest(folder)


def say(message: str) -> None:
    """Tell what happens now."""
    print(f"==> {message}", flush=True)


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench_build.py", description="Time whole builds.")
    size = int(os.environ.get("BENCH_SIZE") or 1_000_000)
    parser.add_argument("--customers", type=int, default=size, help="customers to generate (BENCH_SIZE; 1000000)")
    parser.add_argument("--examples", action="store_true", help="build the demo data and Online Retail instead")
    parser.add_argument("--data", type=Path, help="folder of online_retail.parquet (DATA; ../shared/data)")
    parser.add_argument("--bare", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.bare:
        aggregate(options.bare)
        return
    side_by_side = os.environ.get("SEGMENTATION_THREADS", "2")
    machine = f"Python {platform.python_version()}, {os.cpu_count()} cores"
    say(f"{machine}, {side_by_side} nodes side by side, load before the run {os.getloadavg()[0]:.1f}")
    if options.examples:
        bench_examples((options.data or ROOT / os.environ.get("DATA", "../shared/data")).resolve())
    else:
        bench_generated(options.customers)


if __name__ == "__main__":
    main()
