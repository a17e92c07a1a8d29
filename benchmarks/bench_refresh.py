"""Time runs that work on what has changed, beside the full build that comes before them.

    make bench-refresh                     one million generated customers, one order in a hundred is new
    make bench-refresh BENCH_SIZE=20000    another number of them
    .venv/bin/python benchmarks/bench_refresh.py --check    hold each result against a full build, row by row

The newest orders are held back, with their lines, and everything is built. Then they arrive: once for the same as-of
date, and after that for the next day, on which every customer is a day older. At last nothing comes, but offers and
values are learned anew, as in the first run of a period. Compared are the execution times of models that dbt reports;
tests are timed apart.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
from bench_build import AS_OF_DATES, BENCH, INPUTS, Usage, build, generated_data, say

NEW_SHARE = 0.01
LIMIT = 0.15
SLOWEST = 25


def split(data: Path, folder: Path) -> tuple[datetime.date, int]:
    """Write the inputs without the newest orders into `before`; return the as-of date and how many were held back."""
    before = folder / "before"
    shutil.rmtree(folder, ignore_errors=True)
    before.mkdir(parents=True)
    with duckdb.connect() as connection:
        for name in INPUTS:
            connection.execute(f"create view {name} as select * from read_parquet('{data / f'demo_{name}.parquet'}')")
        connection.execute(
            """
            create table held_back as
            select order_id, ordered_at from orders
            where try_cast(ordered_at as timestamp) <= now()
            order by try_cast(ordered_at as timestamp) desc, order_id
            limit (select cast(count(*) * $1 as bigint) from orders)
            """,
            [NEW_SHARE],
        )
        for name in INPUTS:
            kept = "where order_id not in (select order_id from held_back where order_id is not null)"
            query = f"select * from {name} {kept if name.startswith('order') else ''}"
            connection.execute(f"copy ({query}) to '{before / f'{name}.parquet'}' (format parquet)")
        day, count = connection.execute("select max(cast(ordered_at as date)) + 1, count(*) from held_back").fetchall()[
            0
        ]
    return day, count


def arrive(files: Mapping[str, Path], folder: Path) -> None:
    """Put files in the place that the build reads."""
    place = folder / "inputs"
    place.mkdir(parents=True, exist_ok=True)
    for name, file in files.items():
        link = place / f"{name}.parquet"
        link.unlink(missing_ok=True)
        link.symlink_to(file.resolve())


def settled_build(*arguments: Any, **options: Any) -> tuple[Usage, Path]:
    """Build when what was written before is on disk: a build should not wait for another one's writes."""
    os.sync()
    return build(*arguments, **options)


def model_seconds(folder: Path) -> dict[str, float]:
    """Return how long each model of the last build took."""
    results = json.loads((folder / "target" / "run_results.json").read_text(encoding="utf-8"))["results"]
    return {
        result["unique_id"].split(".")[2]: result["execution_time"]
        for result in results
        if result["unique_id"].startswith("model.")
    }


def report(name: str, usage: Usage, models: Mapping[str, float], full: Mapping[str, float]) -> None:
    """Print what a run took, and where."""
    share = sum(models.values()) / sum(full.values())
    print(f"\n{name}: models {sum(models.values()):.1f} s of {sum(full.values()):.1f} s, {share:.1%}; {usage.row()}")
    for model in sorted(models, key=lambda model: -models[model])[:SLOWEST]:
        print(f"  {models[model]:8.2f} s of {full.get(model, 0):8.2f} s  {model}", flush=True)


def differences(ours: Path, theirs: Path) -> list[str]:
    """Return the marts in which two databases differ. feed_changes tells what is new since the run before."""
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        names = connection.execute(
            """
            select table_name from duckdb_tables()
            where database_name = 'theirs' and schema_name = 'marts' and table_name <> 'feed_changes'
            """
        ).fetchall()
        found = []
        for (name,) in names:
            digests = [
                connection.execute(f"select count(*), sum(hash(rows)) from {side}.marts.{name} as rows").fetchall()
                for side in ("ours", "theirs")
            ]
            if digests[0] != digests[1]:
                found.append(f"{name}: {digests[0][0][0]:,} rows here, {digests[1][0][0]:,} there")
        return found


def compare_with_full_build(name: str, variables: Mapping[str, Any]) -> None:
    """Build a copy of a database whole, and print in which marts the two differ."""
    copy = BENCH / f"{name}_checked"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copyfile(BENCH / name / f"{name}.duckdb", copy / f"{copy.name}.duckdb")
    build(copy.name, variables, is_fresh=False, arguments=["--full-refresh"])
    found = differences(BENCH / name / f"{name}.duckdb", copy / f"{copy.name}.duckdb")
    print("\nevery mart is that of a full build" if not found else "\nDIFFERENT: " + "; ".join(found), flush=True)


def bench(customers: int, *, check: bool) -> None:
    """Build, let the newest orders arrive, refresh, and refresh for the next day."""
    data = generated_data(customers)
    name = f"refresh_{customers}"
    files = BENCH / f"{name}_inputs"
    day, count = split(data, files)
    say(f"{count:,} orders are held back; the as-of date is {day}")
    arrive({name: files / "before" / f"{name}.parquet" for name in INPUTS}, files)

    def variables(as_of_date: datetime.date) -> dict[str, Any]:
        return {
            "inputs": {name: {"path": str(files / "inputs" / f"{name}.parquet")} for name in INPUTS},
            "snapshot_count": AS_OF_DATES - 1,
            "as_of_date": as_of_date.isoformat(),
        }

    usage, folder = settled_build(name, variables(day))
    full = model_seconds(folder)
    report("full build", usage, full, full)

    arrive({name: data / f"demo_{name}.parquet" for name in INPUTS}, files)
    usage, _ = settled_build(name, variables(day), is_fresh=False)
    refresh = model_seconds(folder)
    report("refresh, same as-of date", usage, refresh, full)
    if check:
        compare_with_full_build(name, variables(day))

    next_day = day + datetime.timedelta(days=1)
    usage, _ = settled_build(name, variables(next_day), is_fresh=False)
    report("refresh, next day", usage, model_seconds(folder), full)
    if check:
        compare_with_full_build(name, variables(next_day))
    anew = variables(next_day) | {"learning": {"each": "run", "above_share": 0}}
    usage, _ = settled_build(name, anew, is_fresh=False)
    report("nothing new, learned anew", usage, model_seconds(folder), full)
    share = sum(refresh.values()) / sum(full.values())
    print(f"\n{'within' if share <= LIMIT else 'BEYOND'} the limit: {share:.1%} of {LIMIT:.0%}")


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="bench_refresh.py", description="Time runs that follow the batch.")
    size = int(os.environ.get("BENCH_SIZE") or 1_000_000)
    parser.add_argument("--customers", type=int, default=size, help="customers to generate (BENCH_SIZE; 1000000)")
    parser.add_argument("--check", action="store_true", help="compare with a full build, mart by mart")
    options = parser.parse_args()
    say(f"Python {platform.python_version()}, {os.cpu_count()} cores, load before the run {os.getloadavg()[0]:.1f}")
    bench(options.customers, check=options.check)


if __name__ == "__main__":
    main()
