"""Time the stream: from a file that lands to marts that are published, batch by batch.

    make bench-stream                              batches of 1,000 orders on 100,000 customers
    make bench-stream BENCH_SIZE=2000              fewer customers

The history is built first. Then each batch lands when the one before is done: its orders, their lines, and the
customers and products that come with them. Time runs from the rename of the last file into the landing folder to the
rename of the published file. A cold full build of the same data, by the command line, is timed at the end.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from streaming import StreamProcess, cut_into_batches, end_on_sigterm, full_build, say, stopped_at_the_end

SEED = 20260101


def bench(folder: Path, *, customers: int, orders: int, batches: int) -> None:
    """Run the benchmark and print its table."""
    load = os.getloadavg()[0]
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before the run {load:.1f}")
    say(f"Generating {customers:,} customers and cutting off {batches} batches of {orders:,} orders")
    data = cut_into_batches(folder / "data", customers=customers, batches=batches, seed=SEED, orders_each=orders)
    stream = StreamProcess(folder / "streamed", {"inputs": data.inputs(data.history)}, ["--poll", "0.1"])
    say("Building the history")
    stream.start("--until-idle")
    if stream.finish():
        raise RuntimeError(stream.log.read_text(encoding="utf-8"))
    began = time.perf_counter()
    stream.start()
    with stopped_at_the_end(stream):
        while b"Building what the store holds" not in stream.log.read_bytes():
            time.sleep(0.1)
        parsed = time.perf_counter() - began
        times = []
        for number in range(1, batches + 1):
            before = stream.published.stat()
            for name, file in data.files(number).items():
                stream.land(name, file, f"{name}_{number:05d}.parquet")
            landed = time.time()
            stream.wait_until_done()
            after = stream.published.stat()
            if after.st_ino == before.st_ino:
                raise RuntimeError(f"batch {number} published nothing; see {stream.log}")
            # A rename changes the time of change of the file that is renamed.
            times.append(after.st_ctime - landed)
            say(f"Batch {number}: {times[-1]:.1f} s")
        exit_code = stream.stop()
    cold = full_build(folder / "cold" / "warehouse.duckdb", folder / "cold", {"inputs": data.inputs(data.whole)})
    # The first batch may have waited for the build that a start begins with.
    warm = times[1:]
    print(f"\n| {orders:,} orders on {customers:,} customers | seconds |\n|---|---|")
    print(f"| from file to marts, median of {len(warm)} batches | {statistics.median(warm):.1f} |")
    print(f"| fastest and slowest | {min(warm):.1f} and {max(warm):.1f} |")
    print(f"| cold full build by the command line, parsing and first fit included | {cold:.1f} |")
    print(f"| start of the process until it builds, dbt imported and the project parsed | {parsed:.1f} |")
    if exit_code:
        raise SystemExit(f"the stream ended with {exit_code}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench_stream.py", description="Time the stream.")
    size = int(os.environ.get("BENCH_SIZE") or 100_000)
    parser.add_argument("--customers", type=int, default=size, help="customers (BENCH_SIZE; 100000)")
    parser.add_argument("--orders", type=int, default=1_000, help="orders in a batch (1000)")
    parser.add_argument("--batches", type=int, default=8, help="batches (8); the first is not counted")
    options = parser.parse_args()
    end_on_sigterm()
    folder = Path(tempfile.mkdtemp(prefix="bench_stream_"))
    try:
        (folder / "cold").mkdir()
        bench(folder, customers=options.customers, orders=options.orders, batches=options.batches)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
