"""The verdict on a clustering: natural, reproducible, constructed or not advised, with reasons in words.

After Dolnicar and Leisch (2010), Evaluation of structure and reproducibility of cluster solutions using the bootstrap,
Marketing Letters 21: customers may fall into groups by themselves, be cut the same way each time, or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segmentation.choose_k import CRITERION_DECIMALS, KTrial, is_valley
from segmentation.columns import BoolArray, FloatArray
from segmentation.criteria import WithoutGroups, prototype_distances
from segmentation.distances import Clustering, MixedData, squared_distances
from segmentation.parameters import ParameterRow
from segmentation.separation import Valleys, valleys

Verdict = Literal["natural", "reproducible", "constructed", "not advised"]

STABLE = 0.75
"""Jaccard similarity from which a segment counts as stable (Hennig 2007)."""

DISSOLVED = 0.5
"""Jaccard similarity below which it counts as dissolved."""

STRONG_PREDICTION = 0.8
"""Prediction strength from which segments count as reproducible (Tibshirani and Walther 2005)."""

CLEAR_EXCESS = 3.0
"""Standard deviations by which the silhouette must exceed that of customers without groups."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on, and with it the merges that are proposed.

    Attributes
    ----------
    trial : KTrial
        The criteria of the chosen k, which the reason for k rests on too.
    stability : ndarray of shape (k,)
        Mean Jaccard similarity of each segment over resamples.
    valleys : Valleys
        Between every two segments.
    nearest : ndarray of shape (k,)
        The segment nearest to each.
    borderline_share : float
        Share of customers near a border, 0..1.
    segment_ids : tuple of int
        Ids of the k segments.
    without_groups : WithoutGroups or None
        How well as many segments come back among like customers without groups; None where that was not asked.
    """

    trial: KTrial
    stability: FloatArray
    valleys: Valleys
    nearest: list[int]
    borderline_share: float
    segment_ids: tuple[int, ...]
    without_groups: WithoutGroups | None = None

    @property
    def excess(self) -> float | None:
        """Return by how many standard deviations the silhouette exceeds that of customers without groups."""
        silhouette, null, deviation = self.trial.silhouette, self.trial.null_silhouette, self.trial.null_deviation
        if silhouette is None or null is None or deviation is None:
            return None
        return (silhouette - null) / max(deviation, 1e-3)

    @property
    def is_separated(self) -> bool:
        """Return whether customers are rare between any two segments.

        Only where as many groups of whatever shape have valleys, as k is chosen by them: what the reason for k denies,
        segments cannot have.
        """
        return self.trial.is_separated and self.has_valleys

    @property
    def has_valleys(self) -> bool:
        """Return whether a valley lies between any two segments, whatever groups there are."""
        others = ~np.eye(len(self.stability), dtype=bool)
        return bool(others.any() and self._has_valley()[others].all())

    @property
    def lowest_stability(self) -> float:
        """Return the stability of the least stable segment."""
        return float(self.stability.min())

    @property
    def is_stable(self) -> bool:
        """Return whether every segment comes back when customers are drawn again."""
        return self.lowest_stability >= STABLE

    @property
    def is_predicted(self) -> bool:
        """Return whether one half of the customers predicts who is together in the other."""
        return (self.trial.prediction_strength or 0.0) >= STRONG_PREDICTION

    @property
    def comes_back(self) -> bool:
        """Return whether other customers would be divided alike."""
        return self.is_stable or (self.is_predicted and self.lowest_stability >= DISSOLVED)

    @property
    def is_reproducible(self) -> bool:
        """Return whether segments come back, and better so than those of any crowd without groups.

        Where the groups have valleys between them all, customers are no crowd: two groups far apart come back no
        better than the halves of a long crowd do, which is always.
        """
        return self.comes_back and (self.trial.is_separated or self._exceeds_crowds())

    def mergeable(self) -> list[tuple[int, int]]:
        """Return pairs of segments, from 0, that are each other's nearest without a valley between them.

        None where the groups have valleys between them all: segments may cut across such groups, and merging two would
        merge two groups.
        """
        if self.trial.is_separated:
            return []
        has_valley = self._has_valley()
        return [
            (one, other)
            for one, other in enumerate(self.nearest)
            if one < other and self.nearest[other] == one and not has_valley[one, other]
        ]

    def _has_valley(self) -> BoolArray:
        """Return for every two segments whether a valley lies between them."""
        return is_valley(self.valleys.depth, self.valleys.strength)

    def _exceeds_crowds(self) -> bool:
        """Return whether segments come back better than those of any crowd without groups, by either measure."""
        crowds, strength = self.without_groups, self.trial.prediction_strength
        if crowds is None:
            return True
        return self.lowest_stability > crowds.lowest_stability and (
            strength is None or crowds.prediction_strength is None or strength > crowds.prediction_strength
        )


def gather(
    data: MixedData,
    fit: Clustering,
    trial: KTrial,
    stability: FloatArray,
    *,
    borderline_margin: float,
    segment_ids: Sequence[int] | None = None,
    without_groups: WithoutGroups | None = None,
) -> Evidence:
    """Collect the evidence on a clustering.

    Parameters
    ----------
    data : MixedData
        Customers of the search.
    fit : Clustering
        The final prototypes, assigned to them.
    trial : KTrial
        The criteria of its k.
    stability : ndarray of shape (k,)
        Stability of each segment, in the order of the prototypes.
    borderline_margin : float
        A margin below it marks a customer as borderline.
    segment_ids : sequence of int, optional
        Ids of the k segments; from 1 by default.
    without_groups : WithoutGroups, optional
        How well as many segments come back among like customers without groups.
    """
    k = len(fit.prototypes)
    between = prototype_distances(data, fit.prototypes)
    np.fill_diagonal(between, np.inf)
    two = np.sqrt(np.sort(squared_distances(data, fit.prototypes), axis=1)[:, :2])
    second = two[:, -1]
    margins = np.where(second > 0, (second - two[:, 0]) / np.where(second > 0, second, 1.0), 0.0)
    return Evidence(
        trial,
        stability,
        valleys(data, fit),
        [int(segment) for segment in between.argmin(axis=1)] if k > 1 else [0],
        float(np.mean(margins < borderline_margin)) if k > 1 else 0.0,
        tuple(range(1, k + 1) if segment_ids is None else segment_ids),
        without_groups,
    )


def judge(evidence: Evidence) -> tuple[Verdict, list[str]]:
    """Return the verdict and its reasons.

    Parameters
    ----------
    evidence : Evidence
        All that is known of the clustering.

    Returns
    -------
    verdict : {"natural", "reproducible", "constructed", "not advised"}
        Whether the segments are there, come back, were made, or are not worth having.
    reasons : list of str
        Sentences, each with its number.
    """
    excess = evidence.excess
    stands_out = excess is not None and excess >= CLEAR_EXCESS
    reasons = [
        _on_valleys(evidence),
        _on_excess(excess),
        _on_stability(evidence),
        _on_prediction(evidence),
        f"{evidence.borderline_share:.0%} of the customers are near a border.",
    ]
    if evidence.lowest_stability < DISSOLVED and not evidence.is_predicted:
        return "not advised", [*reasons, "Other customers of the same kind would have given other segments."]
    if evidence.is_separated and stands_out and evidence.is_stable:
        return "natural", reasons
    if evidence.is_reproducible:
        return "reproducible", reasons
    if evidence.comes_back:
        return "constructed", [*reasons, "A crowd without groups would be divided as reproducibly."]
    return "constructed", [*reasons, "Other customers would in part be divided along other borders."]


def _on_valleys(evidence: Evidence) -> str:
    """Return a sentence on valleys between segments, and between groups that segments do not follow."""
    if evidence.is_separated:
        return "Customers are rare between every two segments."
    if evidence.trial.is_separated:
        return (
            f"Customers form {evidence.trial.k} groups with valleys between them, of a shape that segments cannot "
            "follow: some borders cut across a group."
        )
    if evidence.has_valleys:
        return "Groups of whatever shape have no valleys between all of them: some border was drawn through a crowd."
    return "Between some segments customers are as frequent as within: a border was drawn through a crowd."


def _on_excess(excess: float | None) -> str:
    """Return a sentence on the silhouette against that of customers without groups."""
    if excess is None:
        return "The silhouette is not defined."
    if excess >= CLEAR_EXCESS:
        return f"The silhouette is {excess:.1f} standard deviations above that of like customers without groups."
    if excess < 0:
        return f"The silhouette is {-excess:.1f} standard deviations below that of like customers without groups."
    return f"The silhouette is no more than {excess:.1f} standard deviations above that of customers without groups."


def _on_stability(evidence: Evidence) -> str:
    """Return a sentence on segments that come back, or do not, when customers are drawn again."""
    lowest = evidence.lowest_stability
    crowds = evidence.without_groups
    beside = "" if crowds is None else f"; a crowd without groups reaches {crowds.lowest_stability:.2f}"
    if evidence.is_stable:
        return f"Drawn again, every segment comes back (Jaccard similarity at least {lowest:.2f}{beside})."
    weakest = evidence.segment_ids[int(np.argmin(evidence.stability))]
    return f"Drawn again, segment {weakest} comes back with a Jaccard similarity of {lowest:.2f}{beside}."


def _on_prediction(evidence: Evidence) -> str:
    """Return a sentence on what one half of the customers predicts of the other."""
    strength = evidence.trial.prediction_strength
    if strength is None:
        return "The customers are too few for one half to predict the other."
    crowds = None if evidence.without_groups is None else evidence.without_groups.prediction_strength
    beside = "" if crowds is None else f"; a crowd without groups reaches {crowds:.0%}"
    return f"One half of the customers predicts {strength:.0%} of the pairs of the other in the worst segment{beside}."


def to_rows(evidence: Evidence) -> list[ParameterRow]:
    """Return verdict, reasons and evidence as rows of kind quality.

    Parameters
    ----------
    evidence : Evidence
        All that is known of the clustering, segments in the order of their ids.
    """
    verdict, reasons = judge(evidence)
    rows = [
        ParameterRow("quality", feature="verdict", value_string=verdict),
        *(
            ParameterRow("quality", feature="reason", level=str(number), value_string=reason)
            for number, reason in enumerate(reasons, start=1)
        ),
        ParameterRow(
            "quality", feature="fit_borderline_share", value_double=round(evidence.borderline_share, CRITERION_DECIMALS)
        ),
    ]
    if evidence.excess is not None:
        rows.append(
            ParameterRow(
                "quality", feature="silhouette_excess", value_double=round(evidence.excess, CRITERION_DECIMALS)
            )
        )
    if evidence.without_groups is not None:
        highest = round(evidence.without_groups.lowest_stability, CRITERION_DECIMALS)
        rows.append(ParameterRow("quality", feature="null_lowest_stability", value_double=highest))
    rows += [
        ParameterRow("quality", segment, "stability", value_double=round(float(value), CRITERION_DECIMALS))
        for segment, value in zip(evidence.segment_ids, evidence.stability, strict=True)
    ]
    rows += [
        ParameterRow(
            "quality",
            evidence.segment_ids[one],
            "merges_with",
            str(evidence.segment_ids[other]),
            round(float(evidence.valleys.depth[one, other]), CRITERION_DECIMALS),
        )
        for one, other in evidence.mergeable()
    ]
    return rows
