"""Command line of the demo data: ``python -m segmentation.demo --out seeds/demo --truth tests/data``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from segmentation.demo.world import DEFAULT_ORDERS_PER_CUSTOMER
from segmentation.demo.writer import DEFAULT_CHUNK_SIZE, INPUTS, write_demo_data


def main(arguments: list[str] | None = None) -> int:
    """Write demo data as the arguments say, and print what was written. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m segmentation.demo", description="Write deterministic demo data.")
    parser.add_argument("--customers", type=int, default=2_000, help="number of clean customers (default 2000)")
    parser.add_argument("--seed", type=int, default=20260101, help="seed of everything random (default 20260101)")
    parser.add_argument("--format", choices=("csv", "parquet"), default="csv", help="file format (default csv)")
    parser.add_argument("--out", type=Path, required=True, help="folder of the demo_<input> files")
    parser.add_argument("--truth", type=Path, help="folder of demo_truth.csv and demo_dirt.csv (default: not written)")
    parser.add_argument(
        "--orders-per-customer", type=float, default=DEFAULT_ORDERS_PER_CUSTOMER, help="mean number (default 5)"
    )
    parser.add_argument("--chunk-size", type=int, default=DEFAULT_CHUNK_SIZE, help="customers in memory at a time")
    options = parser.parse_args(arguments)
    try:
        report = write_demo_data(
            out=options.out,
            customers=options.customers,
            seed=options.seed,
            file_format=options.format,
            truth=options.truth,
            orders_per_customer=options.orders_per_customer,
            chunk_size=options.chunk_size,
        )
    except (ValueError, OSError) as error:
        print(f"demo data: {error}", file=sys.stderr)
        return 2
    for name in INPUTS:
        dirty = sum(rows for (table, _), rows in report.dirt.items() if table == name)
        print(f"demo_{name}: {report.rows[name]:,} rows, {dirty:,} of them to be rejected")
    return 0


if __name__ == "__main__":
    sys.exit(main())
