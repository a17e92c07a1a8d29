"""Time the same build on DuckDB and on Spark, and watch the memory of Spark's driver.

    make bench-spark                                  100,000 and 1,000,000 generated customers (hours on two cores)
    make bench-spark BENCH_SIZES='20000 100000'       other numbers of them
    .venv/bin/python benchmarks/bench_spark.py --dates 12 --select '*'   more history, all models

Spark runs on the standalone cluster of the tests, one master and two workers of one core, so that executors are
processes of their own. The driver is the process of dbt with the JVM that it starts: the sum of their resident memory
is read every half a second (from /proc, so on Linux alone). The sample that models are fitted on has the same size for
every number of customers.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench_build
from bench_build import BENCH, INPUTS, ROOT, build, build_command, generated_data, say

FIT_SAMPLE = 20_000
SELECTION = "+publication_gate"
"""Staging, features, fits, scores of every customer and date, and every test that decides on publication."""
DRIVER_MEMORY = "1g"
WORKER_MEMORY = "3g"
EXECUTOR_MEMORY = "2500m"
SHUFFLE_PARTITIONS = "8"
# One collector without threads of its own, as there are two cores for all; it grows the heap only as far as needed.
JAVA_OPTIONS = "-XX:+UseSerialGC -XX:ReservedCodeCacheSize=320m"
SAMPLE_SECONDS = 0.5


@dataclass
class Watched:
    """What a build on Spark took; memory is that of the driver."""

    wall_seconds: float = 0.0
    peak_bytes: int = 0
    python_bytes: int = 0
    java_bytes: int = 0

    def look(self, process: int) -> None:
        """Take one sample of a process and all its descendants."""
        python, java = 0, 0
        for member in tree(process):
            name, resident = resident_memory(member)
            if name == "java":
                java += resident
            else:
                python += resident
        self.peak_bytes = max(self.peak_bytes, python + java)
        self.python_bytes, self.java_bytes = max(self.python_bytes, python), max(self.java_bytes, java)


def tree(process: int) -> list[int]:
    """Return a process and all that descend from it."""
    members = [process]
    for member in members:
        for task in Path(f"/proc/{member}/task").glob("*/children"):
            try:
                members += map(int, task.read_text().split())
            except OSError:  # it has ended
                continue
    return members


def resident_memory(process: int) -> tuple[str, int]:
    """Return the name of a process and its resident memory in bytes; nothing of one that has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return "", 0
    status = dict(line.split(":", 1) for line in lines)
    return status["Name"].strip(), int(status.get("VmRSS", "0 kB").split()[0]) * 1024


def watched(command: Sequence[str], *, log: Path, settings: Mapping[str, str]) -> Watched:
    """Run a command to its end and return what its processes took."""
    taken = Watched()
    with log.open("wb") as output:
        began = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **settings}, stdout=output, stderr=subprocess.STDOUT
        )
        while process.poll() is None:
            taken.look(process.pid)
            time.sleep(SAMPLE_SECONDS)
        taken.wall_seconds = time.perf_counter() - began
    if process.returncode:
        sys.stderr.write(log.read_text(encoding="utf-8", errors="replace")[-4000:])
        sys.exit(f"Error: the build on Spark ended with {process.returncode}; see {log}")
    return taken


def build_on_spark(name: str, variables: Mapping[str, Any], *arguments: str) -> tuple[Watched, Path]:
    """Build on a cluster that is started for it and ended with it."""
    from cluster import Cluster, environment  # noqa: PLC0415 - found where the tests have it; needs Spark

    folder = BENCH / name
    command = build_command(folder, variables)
    with Cluster(folder / "cluster", worker_memory=WORKER_MEMORY, java_options=JAVA_OPTIONS) as cluster:
        settings = environment(JAVA_OPTIONS) | {
            "SPARK_MASTER": cluster.master,
            "SEGMENTATION_WAREHOUSE": str(folder / "warehouse"),
            "SPARK_DRIVER_MEMORY": DRIVER_MEMORY,
            "SPARK_EXECUTOR_MEMORY": EXECUTOR_MEMORY,
            "SPARK_SHUFFLE_PARTITIONS": SHUFFLE_PARTITIONS,
        }
        say(f"Building {name}")
        words = [*command, *arguments, "--target", "spark"]
        return watched(words, log=folder / "build.log", settings=settings), folder


def bench(customers: int, dates: int, selection: str) -> Watched:
    """Build the same data on both engines and print what they took."""
    data = generated_data(customers)
    variables = {
        "inputs": {name: {"path": str(data / f"demo_{name}.parquet")} for name in INPUTS},
        "snapshot_count": dates - 1,
        "fit_sample_size": FIT_SAMPLE,
    }
    usage, folder = build(f"both_{customers}", variables, arguments=["--select", selection])
    spark, spark_folder = build_on_spark(f"spark_{customers}", variables, "--select", selection)
    bench_build.print_build(f"DuckDB, {customers:,} customers", usage, folder)
    gigabytes = [f"{value / 2**30:.2f} GB" for value in (spark.peak_bytes, spark.python_bytes, spark.java_bytes)]
    print(f"\nSpark, {customers:,} customers: {spark.wall_seconds:.1f} s")
    print(f"  driver: {gigabytes[0]} at its peak (Python {gigabytes[1]}, JVM {gigabytes[2]})", flush=True)
    bench_build.print_slowest(spark_folder)
    return spark


def main() -> None:
    """Read the command line and run."""
    sys.path.append(str(ROOT / "tests" / "spark"))
    parser = argparse.ArgumentParser(prog="bench_spark.py", description="Time builds on both engines.")
    sizes = [int(size) for size in (os.environ.get("BENCH_SIZES") or "100000 1000000").split()]
    parser.add_argument("--customers", type=int, nargs="+", default=sizes, help="customers to generate (BENCH_SIZES)")
    parser.add_argument("--dates", type=int, default=3, help="as-of dates that features are computed at (3)")
    parser.add_argument("--select", default=SELECTION, help=f"models to build ({SELECTION})")
    options = parser.parse_args()
    say(f"{os.cpu_count()} cores, load before the run {os.getloadavg()[0]:.1f}")
    say(f"{options.dates} as-of dates, fits on {FIT_SAMPLE:,} customers, models {options.select}")
    peaks = {size: bench(size, options.dates, options.select).peak_bytes for size in options.customers}
    smallest = min(peaks)
    for size, peak in peaks.items():
        print(f"Driver at {size:,} customers: {peak / peaks[smallest]:.2f} of that at {smallest:,}", flush=True)


if __name__ == "__main__":
    main()
