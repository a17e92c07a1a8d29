"""Show what smoothing finds and what it removes: planted changes of segment, and planted flicker at borders.

Usage: python benchmarks/study_smoothing.py [--customers number] [--default-only]

Four groups of customers lie six standard deviations apart in two features. Half of the customers change their group
once, at a known date; the other half stay where they are, at a border between two groups. What is measured at each of
13 dates is the place of a customer and fresh noise, given in standard deviations of a group. The nearest group and the
margin then go through the SQL of customer_places and customer_segment_history, as dbt compiles it.

A change counts as found if the smoothed segment is the new one at the first or the second date after it. Flicker is
every change of segment of a customer who stays. The exit code is 1 if the smoothing of dbt_project.yml finds less than
95 % of the changes or removes less than 80 % of the flicker, at any noise.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import yaml
from compiled import compiled_models, relations_of

ROOT = Path(__file__).resolve().parents[1]
MODELS = ("customer_places", "customer_segment_history")
CENTRES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0], [6.0, 6.0]])
BORDERS = np.array([[0, 1], [0, 2], [1, 3], [2, 3]])
NOISES = (0.1, 0.2, 0.3, 0.4)
DATES = 13
MARGINS = (None, 0.2, 0.25, 0.3, 0.35)
PERIODS = (1, 2, 3)
LEAST_FOUND, LEAST_REMOVED = 0.95, 0.8


@dataclass(frozen=True)
class World:
    """Places of n customers at every date, (n, dates, 2); the date number of the change, 0 for those who stay."""

    places: np.ndarray
    changes_at: np.ndarray


def planted(customers: int, noise: float, seed: int) -> World:
    """Return the places without noise: the first half of the customers change, the others stay at a border."""
    rng = np.random.default_rng(seed)
    half = customers // 2
    before = rng.integers(0, 4, half)
    after = (before + rng.integers(1, 4, half)) % 4
    # The date after the change is observed too.
    changes_at = rng.integers(1, DATES - 1, half)
    old = CENTRES[before] + rng.normal(size=(half, 2))
    new = CENTRES[after] + rng.normal(size=(half, 2))
    changed = np.arange(DATES) >= changes_at[:, None]
    movers = np.where(changed[..., None], new[:, None, :], old[:, None, :])

    left, right = CENTRES[BORDERS[rng.integers(0, len(BORDERS), half)]].transpose(1, 0, 2)
    across = (right - left) / 6
    along = across[:, ::-1]
    offset = rng.uniform(-noise, noise, (half, 1))
    stayers = (left + right) / 2 + offset * across + 0.7 * rng.normal(size=(half, 1)) * along
    places = np.concatenate([movers, np.repeat(stayers[:, None, :], DATES, axis=1)])
    return World(places, np.concatenate([changes_at, np.zeros(half, dtype=np.int64)]))


def scored(places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest segment, from 1, and the margin: how much nearer it is than the next, as a share."""
    distances = np.sqrt(((places[..., None, :] - CENTRES) ** 2).sum(axis=-1))
    first, second = np.moveaxis(np.sort(distances, axis=-1)[..., :2], -1, 0)
    return distances.argmin(axis=-1) + 1, (second - first) / second


def smoothed(
    queries: list[str], segments: np.ndarray, margins: np.ndarray, settings: list[tuple[float | None, int]]
) -> np.ndarray:
    """Run the model on scores of (n, dates); return smoothed segments, (settings, n, dates)."""
    n = len(segments)
    scores = pa.table(
        {
            "customer": np.repeat(np.arange(n), DATES),
            "date_number": np.tile(np.arange(DATES), n),
            "segment_id": segments.ravel(),
            "margin": margins.ravel(),
        }
    )
    numbers = range(len(settings))
    configuration = pa.table(
        {
            "segmentation": [f"s{number:03}" for number in numbers],
            "smoothing_margin": pa.array([margin for margin, _ in settings], pa.float64()),
            "smoothing_periods": pa.array([periods for _, periods in settings], pa.int32()),
        }
    )
    columns = f"""
        segmentation, customer::varchar as customer_id, date '2024-01-31' + date_number::integer as as_of_date,
        date_number = {DATES - 1} as is_current, segment_id::integer as segment_id, margin, null::double as distance,
        null::double as membership, null::integer as runner_up_segment_id, null::varchar as reason
    """
    contents = {
        "resolved_configuration": "select *, true as uses_orders from configuration",
        "segmentation_verdicts": "select '' as segmentation, null::varchar as fallback where false",
        "as_of_dates": f"""
            select
                date '2024-01-31' + range::integer as as_of_date, range = {DATES - 1} as is_current,
                lag(date '2024-01-31' + range::integer) over (order by range) as previous_as_of_date,
                true as is_period_end
            from range({DATES})
        """,
        "cluster_segments": f"select {columns} from scores cross join configuration",
        # What other methods read and give: nothing.
        "rfm_labels": f"select {columns} from scores cross join configuration where false",
        "customer_features": "select null::varchar as customer_id where false",
        # All of them were there before the model: nobody is new.
        "current_features": "select null::varchar as customer_id where false",
        "candidate_parameters": "select '' as segmentation, '' as kind, '' as feature, '' as value_string where false",
    }
    places = relations_of(queries, known={*contents, MODELS[0]})
    with duckdb.connect() as connection:
        connection.register("scores", scores)
        connection.register("configuration", configuration)
        for database in {database for database, _ in places.values()}:
            connection.execute(f"attach ':memory:' as \"{database}\"")
        for database, schema in set(places.values()):
            connection.execute(f'create schema if not exists "{database}"."{schema}"')
        for name, query in [*contents.items(), (MODELS[0], queries[0])]:
            connection.execute(f'create table "{places[name][0]}"."{places[name][1]}"."{name}" as {query}')
        found = connection.execute(
            f"select segment_id from ({queries[1]}) as history order by segmentation, customer_id::integer, as_of_date"
        ).fetchnumpy()["segment_id"]
    return np.asarray(found).reshape(len(settings), n, DATES)


def measured(world: World, raw: np.ndarray, smooth: np.ndarray) -> tuple[int, float, int, float]:
    """Return changes planted, share of them found, flicker planted, share of it removed."""
    true, _ = scored(world.places)
    customers = np.arange(len(true))
    dates = world.changes_at
    # A place far out in its new group may lie nearest to the old one: that is no change.
    moves = np.flatnonzero((dates > 0) & (true[customers, dates] != true[customers, dates - 1]))
    target = true[moves, dates[moves]]
    found = (smooth[moves, dates[moves]] == target) | (smooth[moves, dates[moves] + 1] == target)
    stays = dates == 0
    flicker, left = (int((np.diff(part[stays], axis=1) != 0).sum()) for part in (raw, smooth))
    return len(moves), float(found.mean()), flicker, 1 - left / flicker


def default_setting() -> tuple[float | None, int]:
    """Return the smoothing of clusters that dbt_project.yml sets."""
    variables: dict[str, Any] = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    smoothing = variables["segmentation_defaults"]["smoothing"]
    return smoothing.get("margin"), smoothing["periods"]


def main() -> int:
    """Run the study, print its table and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure what smoothing finds and removes.")
    parser.add_argument("--customers", type=int, default=10_000, help="customers at each noise (default 10,000)")
    parser.add_argument("--default-only", action="store_true", help="leave out the other settings")
    options = parser.parse_args()
    clusters = {"method": "kmeans", "features": ["recency_days"]}
    variables = {"snapshot_count": DATES - 1, "segmentations": {"planted": clusters}}
    with tempfile.TemporaryDirectory() as folder:
        queries = compiled_models(MODELS, variables=variables, folder=Path(folder))
    default = default_setting()
    others = [(margin, periods) for margin in MARGINS for periods in PERIODS if periods <= default[1]]
    settings = [default] if options.default_only else sorted({default, *others}, key=lambda s: (s[0] or 0, s[1]))
    failed = False
    print("| noise | margin | periods | changes | found | flicker | removed |\n|---|---|---|---|---|---|---|")
    for seed, noise in enumerate(NOISES):
        world = planted(options.customers, noise, seed)
        fresh = np.random.default_rng((seed, 1)).normal(scale=noise, size=world.places.shape)
        raw, margins = scored(world.places + fresh)
        for setting, smooth in zip(settings, smoothed(queries, raw, margins, settings), strict=True):
            changes, found, flicker, removed = measured(world, raw, smooth)
            mark = " (default)" if setting == default else ""
            name = f"{'none' if setting[0] is None else setting[0]} | {setting[1]}{mark}"
            figures = f"{changes:,} | {found:.1%} | {flicker:,} | {removed:.1%}"
            print(f"| {noise:g} | {name} | {figures} |", flush=True)
            failed |= setting == default and (found < LEAST_FOUND or removed < LEAST_REMOVED)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
