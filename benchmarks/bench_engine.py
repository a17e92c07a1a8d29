"""Time the clustering engine beside what one would take instead, in one run on the same data.

Usage: python benchmarks/bench_engine.py [kprototypes] [million] [search] [silhouette] [scoring]

Each part shows what it does; the table of all parts that were asked for comes at the end.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
from kmodes.kprototypes import KPrototypes as KModesKPrototypes
from sklearn.cluster import KMeans
from sklearn.metrics import silhouette_score

from segmentation.choose_k import choose_k
from segmentation.distances import MixedData, count_distinct
from segmentation.estimator import KPrototypes
from segmentation.k_search import SEARCH_ROWS, search_k, subsample
from segmentation.kprototypes import fit_kprototypes

K = 6
NUMBERS = [f"number_{column}" for column in range(6)]
CATEGORIES = [f"category_{column}" for column in range(5)]
LEVELS = np.array(["a", "b", "c", "d", "e"], dtype=object)


Row = tuple[str, str, str, str]
"""What was measured, ours, what one would take instead, and the ratio."""


def customers(n: int, *, overlap: float = 1.0, seed: int = 0) -> pd.DataFrame:
    """Return customers of six groups with six numbers and five categories."""
    rng = np.random.default_rng(seed)
    group = rng.integers(0, K, n)
    numbers = 2.0 * rng.normal(size=(K, len(NUMBERS)))[group] + 2.0 * overlap * rng.normal(size=(n, len(NUMBERS)))
    own = (group[:, None] + np.arange(len(CATEGORIES))) % len(LEVELS)
    codes = np.where(rng.random(own.shape) < 0.5, own, rng.integers(0, len(LEVELS), own.shape))  # noqa: PLR2004
    frame = pd.DataFrame(numbers, columns=NUMBERS)
    return frame.assign(**{name: LEVELS[codes[:, column]] for column, name in enumerate(CATEGORIES)})


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and result."""
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def as_arrays(frame: pd.DataFrame, *, gamma: float = 1.0) -> MixedData:
    """Return a frame as arrays."""
    codes = np.column_stack(
        [np.empty((len(frame), 0), dtype=np.int64)]
        + [pd.factorize(frame[name], sort=True)[0] for name in CATEGORIES if name in frame]
    )
    numeric = frame[NUMBERS].to_numpy(dtype=np.float64)
    return MixedData(numeric, np.ones(len(NUMBERS)), codes.astype(np.int64), np.full(codes.shape[1], gamma))


def kprototypes(n: int = 100_000) -> list[Row]:
    """K-prototypes with one start of Cao each, from the same frame."""
    frame = customers(n)
    model = KPrototypes(K, init="cao", gamma=1.0, n_threads=2)
    runs = [timed(lambda: model.fit(frame))[0] for _ in range(5)]
    print(f"ours: {np.median(runs):.3f} s (median of {len(runs)}), cost {model.cost_:,.1f}", flush=True)
    reference = KModesKPrototypes(K, init="Cao", n_init=1, gamma=1.0, random_state=0)
    positions = [frame.columns.get_loc(name) for name in CATEGORIES]
    seconds, _ = timed(lambda: reference.fit(frame.to_numpy(dtype=object), categorical=positions))
    print(f"kmodes: {seconds:.1f} s, {reference.n_iter_} iterations, cost {reference.cost_:,.1f}")
    return [
        (
            f"k-prototypes, {n:,} customers, 6 numbers, 5 categories, k {K}, one start of Cao",
            f"{np.median(runs):.2f} s, cost {model.cost_:,.0f}",
            f"kmodes: {seconds:.0f} s, {reference.n_iter_} iterations, cost {reference.cost_:,.0f}",
            f"{seconds / np.median(runs):,.0f} times faster, cost {model.cost_ / reference.cost_:.5f}",
        )
    ]


def million() -> list[Row]:
    """One million customers, frame included, and the memory of the whole process."""
    frame = customers(1_000_000)
    seconds, model = timed(lambda: KPrototypes(K, init="cao", n_threads=2).fit(frame))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"1,000,000 rows: {seconds:.2f} s, cost {model.cost_:,.0f}, peak memory {peak:,.0f} MB", flush=True)
    return [("the same, one million customers", f"{seconds:.1f} s, {peak:,.0f} MB for the whole process", "", "")]


def search(n: int = 200_000) -> list[Row]:
    """Search 2 to 10 with every criterion and fit the chosen k to all customers, by both methods."""
    frame = customers(n, overlap=0.6)
    rows: list[Row] = []
    for name, columns in {"kmeans": NUMBERS, "kprototypes": NUMBERS + CATEGORIES}.items():
        data = as_arrays(frame[columns])
        seconds, chosen = timed(partial(searched, data, report=partial(print, " ", flush=True)))
        print(f"{name}: {seconds:.1f} s, k = {chosen}", flush=True)
        what = f"k search 2 to 10 with all criteria, {n:,} customers, {name}"
        rows.append((what, f"{seconds:.1f} s, k {chosen}", "", ""))
    return rows


def searched(data: MixedData, *, all_criteria: bool = True, report: Callable[[str], None] | None = None) -> int:
    """Return the chosen k after the search on a bounded sample and the fit to all customers."""
    few = subsample(data, SEARCH_ROWS, 0)
    fit = partial(fit_kprototypes, seed=0)
    found = search_k(
        few,
        range(2, 11),
        fit=fit,
        seed=0,
        n_distinct=count_distinct(few),
        all_criteria=all_criteria,
        report=report,
    )
    k, _ = choose_k(found.trials, min_share=0.03)
    fit(data, k, start=found.fits[k].prototypes)
    return k


def silhouette(n: int = 20_000) -> list[Row]:
    """Choosing by silhouette against a notebook: KMeans with n_init 10 and an exact silhouette for each k."""
    data = as_arrays(customers(n, overlap=0.6)[NUMBERS])
    few_seconds, few_k = timed(partial(searched, data, all_criteria=False))
    all_seconds, all_k = timed(partial(searched, data))
    print(f"ours: {few_seconds:.2f} s by silhouette (k = {few_k}), {all_seconds:.2f} s (k = {all_k})", flush=True)

    def notebook() -> int:
        scores = {}
        for k in range(2, 11):
            labels = KMeans(k, n_init=10, random_state=0).fit_predict(data.numeric)
            scores[k] = silhouette_score(data.numeric, labels)
        return max(scores, key=scores.__getitem__)

    seconds, k = timed(notebook)
    notebooks = f"KMeans with `n_init` 10 and an exact silhouette per k: {seconds:.1f} s, k {k}"
    return [
        (
            f"choosing k by silhouette alone, 2 to 10, {n:,} customers",
            f"{few_seconds:.2f} s, k {few_k}",
            notebooks,
            f"{seconds / few_seconds:.0f} times faster",
        ),
        (
            "the same with all criteria",
            f"{all_seconds:.2f} s, k {all_k}",
            notebooks,
            f"{seconds / all_seconds:.1f} times faster",
        ),
    ]


ROOT = Path(__file__).resolve().parents[1]
BEHAVIOR = {
    "method": "kmeans",
    "features": [
        "recency_days",
        "frequency",
        "average_order_value",
        "items_per_order",
        "discount_share",
        "return_rate",
    ],
    "k": 5,
}


def scoring(n: int = 1_000_000) -> list[Row]:
    """Score a million customers in SQL, and by scikit-learn with the data fetched and the result written back.

    Both begin with a table of features and end with a table of the same columns; the demo's model scores jittered
    copies of its customers.
    """
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder) / "scoring.duckdb"
        words = ["-m", "dbt.cli.main", "--quiet", "build", "--project-dir", ".", "--profiles-dir", "."]
        words += ["--target-path", folder, "--log-path", folder, "--select", "+cluster_segments"]
        words += ["--exclude-resource-type", "test", "--vars", json.dumps({"segmentations": {"behavior": BEHAVIOR}})]
        subprocess.run(
            [sys.executable, *words], cwd=ROOT, check=True, env={**os.environ, "SEGMENTATION_DATABASE": str(database)}
        )
        (compiled,) = Path(folder).rglob("compiled/**/cluster_segments.sql")
        with duckdb.connect(str(database)) as connection:
            connection.execute("set threads = 2")
            connection.execute(
                f"""
                create or replace table features.customer_features as
                select * replace (customer_id || '-' || copy as customer_id, recency_days + copy % 7 as recency_days)
                from features.customer_features, range({n}) as copies (copy)
                where is_current and has_purchased limit {n}
                """
            )
            connection.execute("checkpoint")
            sql = f"create or replace table scored as {compiled.read_text(encoding='utf-8')}"
            ours = [timed(lambda: connection.execute(sql))[0] for _ in range(3)]
            theirs = [timed(partial(score_outside, connection))[0] for _ in range(3)]
            ((differing,),) = connection.execute(
                """
                select count(*) from scored inner join predicted using (customer_id)
                where scored.segment_id <> predicted.segment_id or abs(scored.margin - predicted.margin) > 1e-9
                """
            ).fetchall()
    return [
        (
            f"scoring {n:,} customers by six features and five segments, medians of 3",
            f"{np.median(ours):.2f} s in SQL, {differing} customers scored otherwise",
            f"scikit-learn, features fetched and result written back: {np.median(theirs):.2f} s",
            f"{np.median(theirs) / np.median(ours):.2f} times as fast",
        )
    ]


def score_outside(connection: duckdb.DuckDBPyConnection) -> None:
    """Fetch the features, scale them, let scikit-learn measure distances, and write the result back."""
    features = sorted(BEHAVIOR["features"])
    stored = connection.execute(
        """
        select kind, segment_id, feature, value_double from clustering.candidate_parameters
        where segmentation = 'behavior'
        """
    ).df()
    model = stored.set_index(["kind", "feature"])["value_double"]
    frame = connection.execute(
        f"select customer_id, {', '.join(features)} from features.customer_features where is_current"
    ).df()
    scaled = np.empty((len(frame), len(features)))
    for column, name in enumerate(features):
        values = frame[name].to_numpy(dtype=np.float64, na_value=np.nan)
        values = np.where(np.isnan(values), model.get(("impute", name)), values)
        if ("clip_low", name) in model.index:
            values = np.clip(values, model["clip_low", name], model["clip_high", name])
        if name in {"recency_days", "frequency", "average_order_value", "items_per_order"}:
            values = np.sign(values) * np.log1p(np.abs(values))
        scaled[:, column] = (values - model["center", name]) / model["scale", name]
    centroids = stored[stored["kind"] == "centroid"].pivot_table(
        index="segment_id", columns="feature", values="value_double"
    )
    kmeans = KMeans(len(centroids), init=centroids[features].to_numpy(), n_init=1, max_iter=1).fit(
        centroids[features].to_numpy()
    )
    distances = kmeans.transform(scaled)
    order = np.argpartition(distances, 1, axis=1)[:, :2]
    nearest, second = np.take_along_axis(distances, order, axis=1).T
    inverse = 1 / np.maximum(distances, 1e-150) ** 2
    result = pd.DataFrame(
        {
            "customer_id": frame["customer_id"],
            "segment_id": centroids.index.to_numpy()[order[:, 0]],
            "distance": nearest,
            "membership": inverse[np.arange(len(frame)), order[:, 0]] / inverse.sum(axis=1),
            "runner_up_segment_id": centroids.index.to_numpy()[order[:, 1]],
            "margin": (second - nearest) / second,
        }
    )
    connection.register("result", result)
    connection.execute("create or replace table predicted as select * from result")
    connection.unregister("result")


PARTS: dict[str, Callable[[], list[Row]]] = {
    "kprototypes": kprototypes,
    "million": million,
    "search": search,
    "silhouette": silhouette,
    "scoring": scoring,
}


def main(parts: list[str]) -> None:
    """Run some parts, all by default, and print their table."""
    unknown = [part for part in parts if part not in PARTS]
    if unknown:
        raise SystemExit(f"Error: there is no part {', '.join(unknown)}; the parts are {', '.join(PARTS)}")
    rows: list[Row] = []
    for part in parts or PARTS:
        print(f"--- {part}", flush=True)
        rows += PARTS[part]()
    print("\n| what | ours | instead | ratio |\n|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main(sys.argv[1:])
