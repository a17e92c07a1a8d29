"""The search for k: every number of segments in the range is fitted and measured by every criterion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from segmentation.choose_k import KTrial
from segmentation.columns import FloatArray, IntArray
from segmentation.criteria import (
    Estimate,
    bootstrap_stability,
    calinski_harabasz,
    davies_bouldin,
    prediction_strength,
    quick_fit,
    silhouettes,
    total_cost,
)
from segmentation.distances import Clustering, MixedData, assign
from segmentation.null_model import NullModel
from segmentation.separation import valleys

SEARCH_ROWS = 20_000
"""Customers among whom k is searched; the chosen prototypes are then fitted to the whole sample."""

RESAMPLE_ROWS = 2_000
"""Customers of which resamples are drawn, and as many without clusters: criteria that refit stay affordable."""

RESAMPLES = 20
SPLITS = 5
REFERENCES = 10

Fit = Callable[[MixedData, int], Clustering]


@dataclass(frozen=True, slots=True)
class KSearch:
    """What the search found.

    Attributes
    ----------
    trials : list of KTrial
        One for each k of the range.
    fits : dict of int to Clustering
        Fits to the search sample, for each k that could be fitted.
    stability : dict of int to ndarray of shape (k,)
        Mean Jaccard similarity of each segment over resamples, for each k that was fitted.
    """

    trials: list[KTrial]
    fits: dict[int, Clustering]
    stability: dict[int, FloatArray]


def search_k(
    data: MixedData,
    ks: Sequence[int],
    *,
    fit: Fit,
    seed: int,
    n_distinct: int,
    all_criteria: bool = True,
    report: Callable[[str], None] | None = None,
) -> KSearch:
    """Fit and measure every number of segments.

    Parameters
    ----------
    data : MixedData
        n customers, at most `SEARCH_ROWS` for a bounded time.
    ks : sequence of int
        Numbers to try, rising.
    fit : callable
        Fits k prototypes to customers.
    seed : int
        Seed of every draw; a k has the same criteria whatever the range.
    n_distinct : int
        Distinct customers; more segments than these are not fitted.
    all_criteria : bool, default True
        False measures inertia, silhouette and shares alone, which takes no further fit.
    report : callable or None, default None
        Told in a few words what is done.

    Returns
    -------
    KSearch
        Criteria that are not defined are None.
    """
    tell = report or _silent
    fits: dict[int, Clustering] = {}
    for k in ks:
        if k <= n_distinct:
            tell(f"fit of k = {k}")
            fits[k] = fit(data, k)
    if not fits:
        return KSearch([KTrial(k) for k in ks], {}, {})
    tell("silhouettes")
    by_k = dict(zip(fits, silhouettes(data, [one.labels for one in fits.values()], seed=seed), strict=True))
    if not all_criteria:
        return KSearch([_measured(data, k, fits.get(k), by_k.get(k)) for k in ks], fits, {})
    few = subsample(data, RESAMPLE_ROWS, seed)
    tell("customers without clusters")
    references = _references(few, list(fits), seed)
    total = total_cost(data)
    trials: list[KTrial] = []
    stability: dict[int, FloatArray] = {}
    for k in ks:
        trial = _measured(data, k, fits.get(k), by_k.get(k))
        if k in fits:
            tell(f"resamples for k = {k}")
            rng = np.random.default_rng([seed, k, 1])
            one, reference = fits[k], references[k]
            stability[k] = bootstrap_stability(few, assign(few, one.prototypes), resamples=RESAMPLES, rng=rng)
            can_split = len(few) >= 4 * k
            strength = prediction_strength(few, k, splits=SPLITS, rng=rng, warm=one.prototypes) if can_split else None
            depth, strength_of_valley = _shallowest(data, one)
            gap = reference.gap(one.cost / len(data))
            trial = replace(
                trial,
                davies_bouldin=davies_bouldin(data, one),
                calinski_harabasz=calinski_harabasz(data, one, total=total),
                gap=None if gap is None else gap.value,
                gap_error=None if gap is None else gap.error,
                null_silhouette=reference.silhouette.value,
                null_deviation=reference.silhouette.error,
                prediction_strength=None if strength is None else strength.value,
                prediction_error=None if strength is None else strength.error,
                stability=float(stability[k].mean()),
                lowest_stability=float(stability[k].min()),
                valley_depth=depth,
                valley_strength=strength_of_valley,
            )
        trials.append(trial)
    return KSearch(trials, fits, stability)


def _shallowest(data: MixedData, fit: Clustering) -> tuple[float | None, float | None]:
    """Return depth and strength of the weakest valley, None for a single segment."""
    others = ~np.eye(len(fit.prototypes), dtype=bool)
    if not others.any():
        return None, None
    found = valleys(data, fit)
    return float(found.depth[others].min()), float(found.strength[others].min())


def _measured(data: MixedData, k: int, fit: Clustering | None, silhouette: Estimate | None) -> KTrial:
    """Return what is known of one k without any further fit."""
    if fit is None:
        return KTrial(k)
    return KTrial(
        k,
        inertia=fit.cost,
        silhouette=None if silhouette is None else silhouette.value,
        silhouette_error=None if silhouette is None else silhouette.error,
        smallest_share=float(np.bincount(fit.labels, minlength=k).min() / len(data)),
    )


def subsample(data: MixedData, size: int, seed: int) -> MixedData:
    """Return at most `size` customers, drawn without replacement and in their order.

    Parameters
    ----------
    data : MixedData
        n customers.
    size : int
        Customers at most.
    seed : int
        Seed of the draw.
    """
    return data if len(data) <= size else data.take(subsampled(len(data), size, seed))


def subsampled(n: int, size: int, seed: int) -> IntArray:
    """Return the rows that `subsample` draws of n customers, rising."""
    if n <= size:
        return np.arange(n)
    rows: IntArray = np.random.default_rng([seed, size]).choice(n, size, replace=False)
    return np.sort(rows).astype(np.int64)


@dataclass(frozen=True, slots=True)
class _Reference:
    """What one k achieves among customers without clusters.

    Attributes
    ----------
    log_costs : ndarray of shape (references,)
        Logarithm of the cost per customer.
    silhouette : Estimate
        Mean silhouette, and its standard deviation over references.
    """

    log_costs: FloatArray
    silhouette: Estimate

    def gap(self, cost: float) -> Estimate | None:
        """Return the gap statistic for a cost per customer, with its error s (Tibshirani et al. 2001, section 3)."""
        if not (cost > 0 and np.all(np.isfinite(self.log_costs))):
            return None
        error = float(self.log_costs.std()) * np.sqrt(1 + 1 / len(self.log_costs))
        return Estimate(float(self.log_costs.mean()) - float(np.log(cost)), float(error))


def _references(data: MixedData, ks: Sequence[int], seed: int) -> dict[int, _Reference]:
    """Return what every k achieves among customers without clusters, otherwise like those given."""
    null = NullModel.of(data)
    costs: dict[int, list[float]] = {k: [] for k in ks}
    values: dict[int, list[float]] = {k: [] for k in ks}
    for number in range(REFERENCES):
        drawn = null.draw(len(data), np.random.default_rng([seed, number, 2]))
        fits = [quick_fit(drawn, k, np.random.default_rng([seed, number, k, 3])) for k in ks]
        means = silhouettes(drawn, [fit.labels for fit in fits], seed=seed)
        for k, fit, mean in zip(ks, fits, means, strict=True):
            costs[k].append(fit.cost / len(drawn))
            values[k].append(0.0 if mean is None else mean.value)
    with np.errstate(divide="ignore"):
        return {
            k: _Reference(np.log(costs[k]), Estimate(float(np.mean(values[k])), float(np.std(values[k], ddof=1))))
            for k in ks
        }


def _silent(_: str) -> None:
    """Tell nobody."""
