"""Time what customers are worth: both models fitted and every customer scored, over a million customers.

    make bench-value                      one million customers
    make bench-value BENCH_SIZE=20000     another number of them

The customers are drawn as BG/NBD and gamma-gamma say that customers are, so that the parameters are known. What lies
before the models, staging and features, is built first and not timed. Timed is `dbt build` of everything from purchases
by customer to the scored table, start of dbt included. The exit code is 1 where it takes longer than LIMIT_SECONDS for
a million customers or fewer, or where a parameter is not found again though there are enough customers.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet
from bench_build import BENCH, ROOT, Usage, measured, say

LIMIT_SECONDS = 60.0
LIMIT_CUSTOMERS = 1_000_000
PLANTED = {"r": 0.8, "alpha": 60.0, "a": 0.9, "b": 3.0, "p": 5.0, "q": 4.0, "v": 20.0}
"""Days and money: an order in 75 days on average, of about 33, and a fifth of the customers stop after an order."""

FOUND_WITHIN = 0.15
"""Relative error of a parameter; time is cut into days, so none is found to the last digit."""

FOUND_FROM = 200_000
"""Customers below which chance alone takes a parameter further away."""

LAST_DAY = date(2025, 12, 31)
DAYS = 730
PURCHASES = ("int_current_purchases", "int_calibration_purchases", "customer_purchases")
MODELS = (*PURCHASES, "value_sample", "value_parameters", "value_pairs", "value_factors", "customer_values")
SEED = 20260101


def draw_orders(customers: int) -> pa.Table:
    """Return one row per order: everybody's first order, and those that followed until the customer stopped."""
    rng = np.random.default_rng(SEED)
    rate = rng.gamma(PLANTED["r"], 1 / PLANTED["alpha"], customers)
    stops = rng.beta(PLANTED["a"], PLANTED["b"], customers)
    # Gamma-gamma: the rate of a customer's values is gamma(q, v), and every value gamma(p, rate).
    value_rate = rng.gamma(PLANTED["q"], 1 / PLANTED["v"], customers)
    active = np.arange(customers)
    now = rng.uniform(0, DAYS, customers)
    owners, days = [], []
    while len(active):
        owners.append(active)
        days.append(now[active])
        # Nobody stops before the first repeat order.
        active = active if len(owners) == 1 else active[rng.random(len(active)) >= stops[active]]
        now[active] += rng.exponential(1 / rate[active])
        active = active[now[active] < DAYS]
    owner, day = np.concatenate(owners), np.concatenate(days)
    # Orders of one day count as one, and the value of two is not that of one: one is kept.
    _, kept = np.unique(owner * DAYS + day.astype(np.int64), return_index=True)
    owner, day = owner[kept], day[kept]
    amount = np.maximum(rng.gamma(PLANTED["p"], 1 / value_rate[owner]).round(2), 0.01)
    start = np.datetime64(LAST_DAY - timedelta(days=DAYS - 1), "s")
    return pa.table(
        {
            "order_id": pa.array(np.arange(len(owner))).cast(pa.string()),
            "customer_id": pa.array(owner).cast(pa.string()),
            "ordered_at": start + (day * 86_400).astype("timedelta64[s]"),
            "order_amount": amount,
        }
    )


def variables(orders: Path) -> dict[str, Any]:
    """Return the variables of the builds: orders alone, and no history, which the models of value do not read."""
    return {
        "inputs": {"orders": {"path": str(orders)}},
        "as_of_date": LAST_DAY.isoformat(),
        "snapshot_count": 0,
        "segmentations": {"rfm": {"method": "rfm"}},
    }


def dbt_build(folder: Path, name: str, *selection: str) -> Usage:
    """Run `dbt build` of a selection on the database of the benchmark."""
    words = [sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "build"]
    words += ["--project-dir", str(ROOT), "--profiles-dir", str(ROOT)]
    words += ["--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]
    # A test that also looks at a model outside of the selection is left out.
    words += ["--indirect-selection", "cautious"]
    words += ["--vars", json.dumps(variables(folder / "orders.parquet")), *selection]
    settings = {"SEGMENTATION_DATABASE": str(folder / "bench.duckdb"), "SEGMENTATION_PUBLISHED": ""}
    return measured(words, log=folder / f"{name}.log", settings=settings)


def results(folder: Path) -> tuple[dict[str, float], int, int]:
    """Return the fitted parameters, and how many customers there are and how many have a value."""
    with duckdb.connect(str(folder / "bench.duckdb"), read_only=True) as connection:
        fitted = connection.execute(
            "select parameter, value_double from value.value_parameters where dataset = 'current'"
        ).fetchall()
        ((customers, scored),) = connection.execute(
            """
            select count(distinct customer_id), count(distinct customer_id) filter (where lifetime_value is not null)
            from value.customer_values where dataset = 'current'
            """
        ).fetchall()
    return {name: value for name, value in fitted if name in PLANTED}, customers, scored


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench_value.py", description="Time the models of customer value.")
    size = int(os.environ.get("BENCH_SIZE") or LIMIT_CUSTOMERS)
    parser.add_argument("--customers", type=int, default=size, help="customers to draw (BENCH_SIZE; 1000000)")
    customers = parser.parse_args().customers
    folder = BENCH / f"value_{customers}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    orders = draw_orders(customers)
    pyarrow.parquet.write_table(orders, folder / "orders.parquet")
    say(f"Drew {customers:,} customers and {orders.num_rows:,} orders; {os.cpu_count()} cores")
    say("Building staging and features, which is not timed")
    dbt_build(folder, "before", "--select", "+customer_purchases", "+application_scope", "--exclude", *PURCHASES)
    say("Fitting and scoring")
    usage = dbt_build(folder, "value", "--select", *MODELS)
    fitted, known, scored = results(folder)
    print(f"\n{scored:,} of {known:,} customers have a value")
    print(f"  {'':<22} {'wall':>10} {'CPU':>10} {'memory':>10}")
    print(f"  {'fitted and scored':<22} {usage.row()}    asked: {LIMIT_SECONDS:.0f} s")
    for result in json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]:
        print(f"    {result['unique_id'].split('.')[2]:<20} {result['execution_time']:8.1f} s")
    print(f"\n  {'parameter':<10} {'planted':>8} {'found':>10}")
    for name, planted in PLANTED.items():
        print(f"  {name:<10} {planted:8.1f} {fitted.get(name, float('nan')):10.3f}")
    is_found = all(abs(fitted.get(name, 0.0) / planted - 1) <= FOUND_WITHIN for name, planted in PLANTED.items())
    is_fast = customers > LIMIT_CUSTOMERS or usage.wall_seconds <= LIMIT_SECONDS
    if not is_found:
        say(f"A parameter is off by more than {FOUND_WITHIN:.0%}")
    is_found = is_found or customers < FOUND_FROM
    return 0 if is_found and is_fast and scored == known else 1


if __name__ == "__main__":
    sys.exit(main())
