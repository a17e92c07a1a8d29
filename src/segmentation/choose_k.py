"""The rule that chooses the number of segments from what every number achieved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import ArrayLike

from segmentation.columns import BoolArray

SILHOUETTE_TOLERANCE = 0.01
"""Silhouettes that differ by no more are as good as equal; the smaller k is then easier to act upon."""

VALLEY_DEPTH = 0.3
"""How much lower the density must be between any two groups than at the lower of their peaks."""

VALLEY_STRENGTH = 3.0
"""Standard errors that the valley must amount to."""

CRITERION_DECIMALS = 9
"""Decimals that criteria and other evidence are compared and kept with."""


@dataclass(frozen=True, slots=True)
class KTrial:
    """What one k achieved on the search sample; None where a criterion is not defined or was not taken.

    Attributes
    ----------
    k : int
        Number of segments.
    inertia : float or None
        Sum of squared distances to the nearest prototype; None where k was not fitted.
    silhouette, silhouette_error : float or None
        Mean silhouette in -1..1 and its standard error, 0 where it is exact.
    davies_bouldin : float or None
        Mean over segments of the worst ratio of spread to separation; smaller is better.
    calinski_harabasz : float or None
        Cost explained per segment over cost left per customer; larger is better.
    gap, gap_error : float or None
        Logarithm of the cost less than that of customers without clusters, and its error.
    null_silhouette, null_deviation : float or None
        Mean silhouette of customers without clusters, and its standard deviation.
    prediction_strength, prediction_error : float or None
        Share of pairs that one half of the customers predicts of the other, 0..1, and its standard error.
    stability, lowest_stability : float or None
        Mean Jaccard similarity over resamples: mean over the segments, and that of the worst.
    valley_depth, valley_strength : float or None
        Depth, 0..1, of the shallowest valley between two of k groups of whatever shape, and strength of the weakest in
        standard errors.
    smallest_share : float or None
        Share of customers in the smallest segment, 0..1.
    """

    k: int
    inertia: float | None = None
    silhouette: float | None = None
    silhouette_error: float | None = None
    davies_bouldin: float | None = None
    calinski_harabasz: float | None = None
    gap: float | None = None
    gap_error: float | None = None
    null_silhouette: float | None = None
    null_deviation: float | None = None
    prediction_strength: float | None = None
    prediction_error: float | None = None
    stability: float | None = None
    lowest_stability: float | None = None
    valley_depth: float | None = None
    valley_strength: float | None = None
    smallest_share: float | None = None

    def __post_init__(self) -> None:
        # The one point where criteria are rounded: the last bits of a sum may differ from run to run, and neither the
        # choice nor a table may follow them.
        for name in fields(self):
            value = getattr(self, name.name)
            if isinstance(value, float):
                object.__setattr__(self, name.name, round(value, CRITERION_DECIMALS))

    def is_admissible(self, min_share: float) -> bool:
        """Return whether every segment holds at least the share."""
        return self.smallest_share is not None and self.smallest_share >= min_share

    @property
    def is_separated(self) -> bool:
        """Return whether customers are rare between any two of the k groups."""
        return (
            self.valley_depth is not None
            and self.valley_strength is not None
            and bool(is_valley(self.valley_depth, self.valley_strength))
        )


def is_valley(depth: ArrayLike, strength: ArrayLike) -> BoolArray:
    """Return whether customers are rare enough between two groups, and are known well enough to be.

    Parameters
    ----------
    depth, strength : float or array of float
        Of the valleys between them, as in `separation.Valleys`.
    """
    return np.asarray((np.asarray(depth) >= VALLEY_DEPTH) & (np.asarray(strength) >= VALLEY_STRENGTH))


def choose_k(trials: Sequence[KTrial], *, min_share: float, is_pinned: bool = False) -> tuple[int, str]:
    """Choose the number of segments.

    Only a k whose smallest segment holds at least `min_share` is admissible; where none is, all are.

    1. Among them, the largest k for which customers form k groups, of whatever shape, with a valley between every two:
       with more, a group would be cut in two, and with fewer, two groups would be one.
    2. Where no k has that, the highest silhouette, and within `SILHOUETTE_TOLERANCE` of it the smallest k.

    Parameters
    ----------
    trials : sequence of KTrial
        At least one of them fitted.
    min_share : float
        Smallest admissible share of a segment, 0..1.
    is_pinned : bool, default False
        Whether the configuration names the one k.

    Returns
    -------
    k : int
        The chosen number.
    reason : str
        Why, in one sentence.

    Raises
    ------
    ValueError
        If no k was fitted.
    """
    fitted = sorted((trial for trial in trials if trial.smallest_share is not None), key=lambda trial: trial.k)
    if not fitted:
        raise ValueError("no k was fitted")
    admissible = [trial for trial in fitted if trial.is_admissible(min_share)]
    chosen, why = _best(admissible or fitted)
    share = f"{chosen.smallest_share:.2%}"
    if is_pinned:
        shortfall = "" if admissible else f", although its smallest segment holds {share} and {min_share:.2%} is wanted"
        return chosen.k, f"k = {chosen.k} is pinned by the configuration{shortfall}."
    if not admissible:
        return chosen.k, (
            f"No k gives every segment {min_share:.2%} of the customers: k = {chosen.k} {why}, but its smallest "
            f"segment holds {share}."
        )
    # Said first, as all that follows is of these k alone: another one may well have valleys between all its groups.
    return chosen.k, f"Among the k whose smallest segment holds at least {min_share:.2%}, k = {chosen.k} {why}."


def _best(trials: Sequence[KTrial]) -> tuple[KTrial, str]:
    """Return the best of some trials in rising order of k, and why."""
    separated = [trial for trial in trials if trial.is_separated]
    if separated:
        chosen = separated[-1]
        return chosen, (
            "is the largest number of groups of which every two are separated by a valley, the shallowest "
            f"{chosen.valley_depth:.0%} deep"
        )
    best = max(trials, key=_silhouette_or_worst)
    floor = _silhouette_or_worst(best) - SILHOUETTE_TOLERANCE
    chosen = next(trial for trial in trials if _silhouette_or_worst(trial) >= floor)
    if chosen.k == best.k:
        return (
            chosen,
            f"has the highest silhouette, {_text(chosen)}, as no number of groups has valleys between all of them",
        )
    return chosen, (
        f"has a silhouette of {_text(chosen)}, within {SILHOUETTE_TOLERANCE} of the highest, {_text(best)} at "
        f"k = {best.k}, where the smaller of equals is preferred, as no number of groups has valleys between all of "
        "them"
    )


def _silhouette_or_worst(trial: KTrial) -> float:
    """Return the silhouette, -1 where it is not defined."""
    return -1.0 if trial.silhouette is None else trial.silhouette


def _text(trial: KTrial) -> str:
    """Return the silhouette for a sentence."""
    return "not defined" if trial.silhouette is None else f"{trial.silhouette:.3f}"
