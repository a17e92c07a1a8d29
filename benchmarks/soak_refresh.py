"""Hold runs that work on changes alone against full builds, over random histories of a source system.

    make soak-refresh                        eight histories of eight runs each (some forty minutes on two cores)
    make soak-refresh SEEDS=2 FIRST_SEED=40  other ones

Half of the histories are told their as-of dates and last a year; in the others the date follows the orders, forth and
back, and customers come before their orders. They differ in period and number of as-of dates as well, and in half of
them a model learns online. After each run but the first every table that outlives a run is held against that of a
full build over a copy of the database from before the run, and the published file against the database.

The exit code is 1 if any of them differs.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from harness import DbtProject  # noqa: E402
from replay import Batch, Source, days, refreshed_and_published, settings, year  # noqa: E402
from small import WITHOUT_DEMO_SEEDS  # noqa: E402

CUSTOMERS = 200


def variables_of(seed: int, source: Source, batch: Batch) -> dict[str, Any]:
    """Return what the builds of a history are told."""
    told = settings(source, batch.as_of_date)
    period = ("month", "week")[seed // 4 % 2]
    told |= {"snapshot_period": period, "snapshot_count": 1 + seed % 3}
    if seed // 2 % 2:
        behavior = told["segmentations"]["behavior"] | {"update": "online", "refit": "on_drift"}
        told["segmentations"] = told["segmentations"] | {"behavior": behavior}
    return told


def history(seed: int, runs: int, folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Live through one history; yield for every run what was worked on, and in which tables it went wrong."""
    source = Source(folder / "source", customers=CUSTOMERS, seed=seed)
    project = DbtProject(folder / "parts")
    for number, batch in enumerate((days if seed % 2 else year)(source, runs=runs)):
        variables = variables_of(seed, source, batch)
        whole = project.copy_to(folder / f"whole_{number}") if number else None
        project.build(*WITHOUT_DEMO_SEEDS, variables=variables).check()
        if whole is None:
            continue
        whole.build(*WITHOUT_DEMO_SEEDS, "--full-refresh", variables=variables).check()
        found, expected = refreshed_and_published(project), refreshed_and_published(whole)
        differing = sorted(name for name in found.keys() | expected.keys() if found.get(name) != expected.get(name))
        marts, published = project.content(), project.content(published=True)
        differing += sorted(f"published {name}" for name in marts if marts[name] != published.get(name))
        if not differing:
            shutil.rmtree(whole.folder)
        (scope,) = project.query(
            "select features.is_full and not features.keeps_past, features.is_full, dates.as_of_date"
            " from refresh.feature_scope as features, features.as_of_dates as dates where dates.is_current"
        )
        worked_on = "all dates" if scope[0] else "a new date" if scope[1] else "what has changed"
        yield f"{scope[2]}, {worked_on}", differing


def soak(seeds: range, runs: int, folder: Path) -> bool:
    """Live through histories until one of them goes wrong; return whether none did."""
    for seed in seeds:
        place = folder / f"seed_{seed}"
        shutil.rmtree(place, ignore_errors=True)
        for number, (what, differing) in enumerate(history(seed, runs, place), start=1):
            print(f"seed {seed}, run {number}: {what}: {', '.join(differing) or 'as a full build'}", flush=True)
            if differing:
                print(f"The databases are in {place}")
                return False
        shutil.rmtree(place)
    return True


def main() -> int:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(prog="soak_refresh.py", description="Partial runs beside full builds.")
    for name, value in (("seeds", 8), ("first-seed", 0), ("runs", 8)):
        variable = name.upper().replace("-", "_")
        default = int(os.environ.get(variable) or value)
        parser.add_argument(f"--{name}", type=int, default=default, help=f"({variable}; {value})")
    parser.add_argument("--folder", type=Path, help="where the files go (default: a temporary folder)")
    options = parser.parse_args()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="soak_refresh_"))
    held = soak(range(options.first_seed, options.first_seed + options.seeds), options.runs, folder)
    if held and options.folder is None:
        shutil.rmtree(folder)
    print("every run ended where a full build ends" if held else "NOT where a full build ends")
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
