"""Time the clustering engine beside what one would take instead, in one run on the same data.

Usage: python benchmarks/bench_engine.py [kprototypes] [million] [search] [silhouette]
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

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


def kprototypes(n: int = 100_000) -> None:
    """K-prototypes with one start of Cao each, from the same frame."""
    frame = customers(n)
    model = KPrototypes(K, init="cao", gamma=1.0, n_threads=2)
    runs = [timed(lambda: model.fit(frame))[0] for _ in range(5)]
    print(f"ours: {np.median(runs):.3f} s (median of {len(runs)}), cost {model.cost_:,.1f}", flush=True)
    reference = KModesKPrototypes(K, init="Cao", n_init=1, gamma=1.0, random_state=0)
    positions = [frame.columns.get_loc(name) for name in CATEGORIES]
    seconds, _ = timed(lambda: reference.fit(frame.to_numpy(dtype=object), categorical=positions))
    print(f"kmodes: {seconds:.1f} s, {reference.n_iter_} iterations, cost {reference.cost_:,.1f}")
    print(f"times faster: {seconds / np.median(runs):,.0f}; cost ratio {model.cost_ / reference.cost_:.5f}", flush=True)


def million() -> None:
    """One million customers, frame included, and the memory of the whole process."""
    frame = customers(1_000_000)
    seconds, model = timed(lambda: KPrototypes(K, init="cao", n_threads=2).fit(frame))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"1,000,000 rows: {seconds:.2f} s, cost {model.cost_:,.0f}, peak memory {peak:,.0f} MB", flush=True)


def search(n: int = 200_000) -> None:
    """Search 2 to 10 with every criterion and fit the chosen k to all customers, by both methods."""
    frame = customers(n, overlap=0.6)
    for name, columns in {"kmeans": NUMBERS, "kprototypes": NUMBERS + CATEGORIES}.items():
        data = as_arrays(frame[columns])
        seconds, chosen = timed(partial(searched, data, report=partial(print, " ", flush=True)))
        print(f"{name}: k search 2..10, {n:,} customers, all criteria: {seconds:.1f} s, k = {chosen}", flush=True)


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


def silhouette(n: int = 20_000) -> None:
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
    print(
        f"notebook: {seconds:.1f} s (k = {k}); {seconds / few_seconds:.0f} times as long as by silhouette alone, "
        f"{seconds / all_seconds:.1f} times as long as all criteria",
        flush=True,
    )


PARTS: dict[str, Callable[[], None]] = {
    "kprototypes": kprototypes,
    "million": million,
    "search": search,
    "silhouette": silhouette,
}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        print(f"--- {part}", flush=True)
        PARTS[part]()
