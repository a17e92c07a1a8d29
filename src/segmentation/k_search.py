"""The search for k: every number of segments in the range is fitted and measured by every criterion."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from segmentation.choose_k import KTrial
from segmentation.columns import FloatArray, IntArray
from segmentation.criteria import (
    Estimate,
    WithoutGroups,
    bootstrap_stability,
    calinski_harabasz,
    davies_bouldin,
    prediction_strength,
    quick_fit,
    silhouettes,
    total_cost,
)
from segmentation.distances import Clustering, MixedData, assign
from segmentation.groups import Groups, chain_top, find_groups
from segmentation.null_model import NullModel
from segmentation.refinement import refine

SEARCH_ROWS = 20_000
"""Customers among whom k is searched; the chosen prototypes are then fitted to the whole sample."""

RESAMPLE_ROWS = 2_000
"""Customers of which resamples are drawn, and as many without clusters: criteria that refit stay affordable."""

GROUP_ROWS = 4_000
"""Customers among whom groups are looked for."""

GROUPS_COST = 0.02
"""Share of the cost that segments may lose by following groups which valleys separate."""

RESAMPLES = 20
SPLITS = 5
REFERENCES = 10

CROWD_STARTS = 4
CROWD_RESAMPLES = 5
CROWD_SPLITS = 2
"""Of each of the `REFERENCES` crowds. What counts is the best of them all, so that few for each are enough."""

Fit = Callable[[MixedData, int], Clustering]


@dataclass(frozen=True, slots=True)
class Crowd:
    """Customers without clusters, and what is found among them for each k."""

    data: MixedData
    fits: dict[int, Clustering]


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
    crowds : list of Crowd
        Customers without clusters, otherwise like those given; none where not all criteria were taken.
    """

    trials: list[KTrial]
    fits: dict[int, Clustering]
    stability: dict[int, FloatArray]
    crowds: list[Crowd] = field(default_factory=list)

    def without_groups(self, k: int, *, seed: int) -> WithoutGroups | None:
        """Return how well k segments of customers without clusters come back, None where none were drawn.

        For one k alone, the chosen one, as every crowd is fitted some times more.

        Parameters
        ----------
        k : int
            Number of segments, one that was fitted.
        seed : int
            Seed of every draw.
        """
        if k < 2 or not self.crowds:  # noqa: PLR2004
            return None
        stabilities, strengths = [], []
        for number, crowd in enumerate(self.crowds):
            rng = np.random.default_rng([seed, number, k, 5])
            # A poor optimum does not come back, and would be too easy to beat.
            fits = [crowd.fits[k], *(quick_fit(crowd.data, k, rng) for _ in range(CROWD_STARTS))]
            found = min(fits, key=lambda fit: fit.cost)
            stabilities.append(bootstrap_stability(crowd.data, found, resamples=CROWD_RESAMPLES, rng=rng).min())
            if len(crowd.data) >= 4 * k:
                strength = prediction_strength(crowd.data, k, splits=CROWD_SPLITS, rng=rng, warm=found.prototypes)
                strengths.append(strength.value)
        return WithoutGroups(float(max(stabilities)), max(strengths, default=None))


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
    groups: dict[int, Groups] = {}
    if all_criteria:
        tell("groups of whatever shape")
        groups = groups_at(data, fits, seed=seed)
        fits = {k: _following(data, one, groups.get(k)) for k, one in fits.items()}
    tell("silhouettes")
    by_k = dict(zip(fits, silhouettes(data, [one.labels for one in fits.values()], seed=seed), strict=True))
    if not all_criteria:
        return KSearch([_measured(data, k, fits.get(k), by_k.get(k)) for k in ks], fits, {})
    few = subsample(data, RESAMPLE_ROWS, seed)
    tell("customers without clusters")
    crowds = _crowds(few, list(fits), seed)
    references = _references(crowds, list(fits), seed)
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
                valley_depth=groups[k].depth if k in groups else None,
                valley_strength=groups[k].strength if k in groups else None,
            )
        trials.append(trial)
    return KSearch(trials, fits, stability, crowds)


def groups_at(data: MixedData, fits: Mapping[int, Clustering], *, seed: int) -> dict[int, Groups]:
    """Return for every k the groups of whatever shape that have the clearest valleys.

    Parameters
    ----------
    data : MixedData
        n customers; `GROUP_ROWS` of them are looked at.
    fits : mapping of int to Clustering
        Segments of every k.
    seed : int
        Seed of the draws; a k has the same groups whatever the others.
    """
    few = subsample(data, GROUP_ROWS, seed)
    cells = {k: assign(few, fit.prototypes).labels for k, fit in fits.items()}
    many = {
        top: quick_fit(few, min(top, len(few)), np.random.default_rng([seed, top, 4])).labels
        for top in sorted({chain_top(k) for k in fits})
    }
    return find_groups(few, cells, many)


def _following(data: MixedData, fit: Clustering, groups: Groups | None) -> Clustering:
    """Return the segments that begin at the groups, where these are separated and it costs little, else the cheaper."""
    if groups is None:
        return fit
    other = refine(data, groups.clustering.prototypes)
    allowed = 1 + GROUPS_COST if groups.clarity >= 1 else 1.0
    return other if other.cost < allowed * fit.cost else fit


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


def _crowds(data: MixedData, ks: Sequence[int], seed: int) -> list[Crowd]:
    """Return customers without clusters, otherwise like those given, each time with a fit of every k."""
    null = NullModel.of(data)
    crowds = []
    for number in range(REFERENCES):
        drawn = null.draw(len(data), np.random.default_rng([seed, number, 2]))
        fits = {k: quick_fit(drawn, k, np.random.default_rng([seed, number, k, 3])) for k in ks}
        crowds.append(Crowd(drawn, fits))
    return crowds


def _references(crowds: Sequence[Crowd], ks: Sequence[int], seed: int) -> dict[int, _Reference]:
    """Return what every k achieves among customers without clusters."""
    costs: dict[int, list[float]] = {k: [] for k in ks}
    values: dict[int, list[float]] = {k: [] for k in ks}
    for crowd in crowds:
        means = silhouettes(crowd.data, [fit.labels for fit in crowd.fits.values()], seed=seed)
        for (k, fit), mean in zip(crowd.fits.items(), means, strict=True):
            costs[k].append(fit.cost / len(crowd.data))
            values[k].append(0.0 if mean is None else mean.value)
    with np.errstate(divide="ignore"):
        return {
            k: _Reference(np.log(costs[k]), Estimate(float(np.mean(values[k])), float(np.std(values[k], ddof=1))))
            for k in ks
        }


def _silent(_: str) -> None:
    """Tell nobody."""
