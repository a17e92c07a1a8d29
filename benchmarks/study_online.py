"""Show that online updates follow customers who drift: beside a full refit at every step, and beside a frozen model.

Usage: python benchmarks/study_online.py [--customers number] [--steps number]

Five groups of customers, in four numbers and two categories, wander: at every step their centres move on and their
levels change places, until nothing is where it was. A model is fitted before the first step. At each step new customers
come in; their sums go through the SQL of the model online_batches, as dbt compiles it, and move the model of the step
before. On the same customers the segmentation is fitted anew, as a build does it, and by the bare fit for the number of
segments that is known.

The exit code is 1 if at any step the adjusted Rand index of an updated model against the moving truth is more than 0.05
below that of the refit, or if its updates take a tenth or more of the time of the refits. Both times are of one run and
of all cores together, which other work on the machine changes least.
"""

from __future__ import annotations

import argparse
import datetime
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
import pandas as pd
from compiled import compiled_models, relations_of
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score

from segmentation.config.segmentations import (
    CandidateGates,
    FeatureConfig,
    KRange,
    Online,
    SegmentationConfig,
    config_hash,
)
from segmentation.distances import MixedData, assign
from segmentation.fitting import fit_all
from segmentation.kprototypes import fit_kprototypes
from segmentation.online import learner
from segmentation.parameters import ClusterModel, FittedModel, models_from_frame, to_table
from segmentation.scoring import encode

ROOT = Path(__file__).resolve().parents[1]
MODEL = "online_batches"
NUMBERS, CATEGORIES, LEVELS = ("f1", "f2", "f3", "f4"), ("c1", "c2"), 6
K = 5
GROUP = np.arange(K)
STEP_LENGTH = 0.5  # of a group's standard deviation; after twelve steps a group is six of them away
STEP_DAYS = 30
FAITHFUL = 0.6  # share of a group's customers at its usual level; the others are at any
DECAYS = {"customers": Online(500.0, None, 1), "days": Online(None, 10.0, 1)}
LARGEST_LOSS, LARGEST_RATIO = 0.05, 0.1

T = TypeVar("T")


def customers_of(step: int, n: int, seed: int) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the customers of a step and their groups; every step has customers of its own."""
    world = np.random.default_rng([seed, 0])
    start = world.permutation(np.eye(K, len(NUMBERS))) * 5 + world.normal(size=(K, len(NUMBERS)))
    heading = world.normal(size=(K, len(NUMBERS)))
    heading /= np.linalg.norm(heading, axis=1, keepdims=True)
    rng = np.random.default_rng([seed, 1, step])
    groups = rng.choice(K, n, p=[0.35, 0.25, 0.2, 0.12, 0.08])
    numbers = (start + step * STEP_LENGTH * heading)[groups] + rng.normal(size=(n, len(NUMBERS)))
    frame = pd.DataFrame(numbers, columns=list(NUMBERS))
    for place, name in enumerate(CATEGORIES):
        # A group's usual level is passed on to the next one over six steps.
        favourite = GROUP + place + step // LEVELS + (rng.random((n, 1)) < step % LEVELS / LEVELS)
        chosen = (
            np.where(rng.random(n) < FAITHFUL, favourite[np.arange(n), groups], rng.integers(0, LEVELS, n)) % LEVELS
        )
        frame[name] = np.array([f"level {level}" for level in range(LEVELS)], dtype=object)[chosen]
    date = datetime.date(2024, 1, 1) + datetime.timedelta(days=STEP_DAYS * step)
    frame.insert(0, "customer_id", [f"{step:03}-{number:07}" for number in range(n)])
    return frame.assign(as_of_date=pd.Timestamp(date), is_current=True, has_purchased=True), groups


def configured() -> SegmentationConfig:
    """Return the segmentation: every number and category as the project enters them by default."""
    numbers = [FeatureConfig(name, "number", "customers", "none", None, "standard", "median", 1.0) for name in NUMBERS]
    categories = [FeatureConfig(name, "category", "customers", "none", None, "none", None, 1.0) for name in CATEGORIES]
    return SegmentationConfig(
        name="drifting",
        method="kprototypes",
        features=tuple(sorted((*numbers, *categories), key=lambda feature: feature.name)),
        k=KRange(K, K),
        min_share=0.03,
        gamma="auto",
        borderline_margin=0.1,
        smoothing=None,
        refit="on_request",
        update="online",
        online=None,
        gates=CandidateGates(None, None, None, None),
        seed=20260101,
        sample_size=200_000,
        uses_orders=False,
        segments=(),
    )


class Warehouse:
    """The tables that online_batches reads, and its SQL, in a database that goes with the study."""

    def __init__(self, folder: Path) -> None:
        database = folder / "study.duckdb"
        with duckdb.connect(str(database)) as connection:
            connection.execute("create schema features")
            # Its columns tell dbt which features are numbers.
            columns = [f"{name} double" for name in NUMBERS] + [f"{name} varchar" for name in CATEGORIES]
            connection.execute(f"create table features.customer_features ({', '.join(columns)})")
        segmentation = {"method": "kprototypes", "features": [*NUMBERS, *CATEGORIES], "k": K, "update": "online"}
        variables = {"segmentations": {"drifting": segmentation}}
        (self.sql,) = compiled_models([MODEL], variables=variables, folder=folder, database=database)
        self.connection = duckdb.connect(str(database))
        known = {"current_features", "standing_parameters", "observed_customers", "resolved_configuration"}
        found = relations_of([self.sql], known=known)
        self.places = {name: f"{schema}.{name}" for name, (_, schema) in found.items()}
        for place in self.places.values():
            self.connection.execute(f"create schema if not exists {place.split('.')[0]}")
        self.fill("resolved_configuration", "select 'drifting' as segmentation, false as uses_orders")

    def fill(self, name: str, query: str, **frames: Any) -> None:
        """Put the result of a query into a table that the SQL reads."""
        for alias, frame in frames.items():
            self.connection.register(alias, frame)
        self.connection.execute(f"create or replace table {self.places[name]} as {query}")

    def come_in(self, customers: pd.DataFrame) -> None:
        """Replace the customers by those of a step, all of them new."""
        dated = "* replace (cast(as_of_date as date) as as_of_date)"
        self.fill("current_features", f"select {dated} from customers", customers=customers)
        self.fill(
            "observed_customers",
            """
            select 'drifting' as segmentation, customer_id, null::varchar as counted_fingerprint, '' as fingerprint,
                1000000 as generation
            from customers
            """,
        )

    def batch(self, model: FittedModel) -> pd.DataFrame:
        """Return the sums of the customers by a model."""
        self.fill("standing_parameters", "select * from parameters", parameters=to_table([model]))
        return self.connection.execute(self.sql).df()


def timed(work: Callable[..., T], *arguments: Any) -> tuple[T, float]:
    """Return the result of a function and the seconds of all cores that it took."""
    start = time.process_time()
    return work(*arguments), time.process_time() - start


def labels(model: FittedModel, customers: pd.DataFrame) -> NDArray[np.int64]:
    """Return the nearest segment of every customer."""
    data, prototypes = encode(ClusterModel.from_rows(model.rows), customers)
    return assign(data, prototypes).labels


def refitted(config: SegmentationConfig, customers: pd.DataFrame) -> FittedModel:
    """Fit the segmentation as a build does that was asked to."""
    row = {"segmentation": config.name, "position": 1, "method": config.method}
    table = pd.DataFrame([{**row, "config_hash": config_hash(config), "definition": config.to_json()}])
    nothing = to_table([]).to_pandas()
    return models_from_frame(fit_all(table, customers, nothing, refit=True).to_pandas())[config.name]


def bare_fit(config: SegmentationConfig, customers: pd.DataFrame, model: FittedModel) -> None:
    """Find the prototypes alone, on customers that a model has scaled."""
    data, _ = encode(ClusterModel.from_rows(model.rows), customers)
    codes = np.column_stack([np.unique(customers[name], return_inverse=True)[1] for name in CATEGORIES])
    fit_kprototypes(MixedData(data.numeric, data.weights, codes, data.gammas), K, seed=config.seed)


def moved(warehouse: Warehouse, config: SegmentationConfig, model: FittedModel) -> FittedModel:
    """Move a model by the customers who have come in, as a build does it."""
    rows = learner(warehouse.batch(model))(config, model)
    if rows is None:
        raise ValueError("the batch was empty")
    return replace(model, generation=model.generation + 1, rows=rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the study, print its table and return the exit code."""
    parser = argparse.ArgumentParser(description="Measure how online updates follow customers who drift.")
    parser.add_argument("--customers", type=int, default=50_000, help="customers at each step (default 50,000)")
    parser.add_argument("--steps", type=int, default=12, help="steps after the first fit (default 12)")
    parser.add_argument("--seed", type=int, default=1, help="of the world (default 1)")
    options = parser.parse_args(arguments)
    config = configured()
    first, groups = customers_of(0, options.customers, options.seed)
    frozen = refitted(config, first)
    updated = dict.fromkeys(DECAYS, frozen)
    seconds = dict.fromkeys(("refit", "bare fit", *DECAYS), 0.0)
    print(f"Before the first step: adjusted Rand {adjusted_rand_score(groups, labels(frozen, first)):.3f}\n")
    print("| step | frozen | refit | updated, half-life in customers | updated, in days |\n|---|---|---|---|---|")
    lost = 0.0
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Warehouse(Path(folder))
        for step in range(1, options.steps + 1):
            customers, groups = customers_of(step, options.customers, options.seed)
            warehouse.come_in(customers)
            anew, took = timed(refitted, config, customers)
            seconds["refit"] += took
            seconds["bare fit"] += timed(bare_fit, config, customers, anew)[1]
            for name, online in DECAYS.items():
                updated[name], took = timed(moved, warehouse, replace(config, online=online), updated[name])
                seconds[name] += took
            compared = (frozen, anew, *updated.values())
            found = [float(adjusted_rand_score(groups, labels(model, customers))) for model in compared]
            lost = max(lost, *(found[1] - value for value in found[2:]))
            print(f"| {step} | {' | '.join(f'{value:.3f}' for value in found)} |", flush=True)
    slowest = max(seconds[name] for name in DECAYS)
    ratio = slowest / seconds["refit"]
    print(f"\nLargest loss against a refit: {lost:.3f} (at most {LARGEST_LOSS})")
    print("Seconds of all cores for all steps: " + ", ".join(f"{name} {value:.2f}" for name, value in seconds.items()))
    print(f"An update takes {ratio:.1%} of a refit (below {LARGEST_RATIO:.0%})", end="")
    print(f", and {slowest / seconds['bare fit']:.0%} of finding the prototypes alone")
    return int(lost > LARGEST_LOSS or ratio >= LARGEST_RATIO)


if __name__ == "__main__":
    sys.exit(main())
