"""The verdict on a clustering: natural, reproducible, constructed or not advised, with reasons in words.

After Dolnicar and Leisch (2010), Evaluation of structure and reproducibility of cluster solutions using the bootstrap,
Marketing Letters 21: customers may fall into groups by themselves, be cut the same way each time, or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from segmentation.choose_k import CRITERION_DECIMALS, VALLEY_DEPTH, KTrial
from segmentation.columns import FloatArray
from segmentation.criteria import prototype_distances
from segmentation.distances import Clustering, MixedData, squared_distances
from segmentation.parameters import ParameterRow
from segmentation.separation import valleys

Verdict = Literal["natural", "reproducible", "constructed", "not advised"]

STABLE = 0.75
"""Jaccard similarity from which a segment counts as stable (Hennig 2007)."""

DISSOLVED = 0.5
"""Jaccard similarity below which it counts as dissolved."""

STRONG_PREDICTION = 0.8
"""Prediction strength from which segments count as reproducible (Tibshirani and Walther 2005)."""

CLEAR_EXCESS = 3.0
"""Standard deviations by which the silhouette must exceed that of customers without clusters."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a verdict rests on.

    Attributes
    ----------
    trial : KTrial
        The criteria of the chosen k.
    stability : ndarray of shape (k,)
        Mean Jaccard similarity of each segment over resamples.
    valley_depth : ndarray of shape (k, k)
        Depth of the valley between every two segments, 0..1.
    nearest : ndarray of shape (k,)
        The segment nearest to each.
    borderline_share : float
        Share of customers near a border, 0..1.
    segment_ids : tuple of int
        Ids of the k segments.
    """

    trial: KTrial
    stability: FloatArray
    valley_depth: FloatArray
    nearest: list[int]
    borderline_share: float
    segment_ids: tuple[int, ...]

    @property
    def excess(self) -> float | None:
        """Return by how many standard deviations the silhouette exceeds that of customers without clusters."""
        silhouette, null, deviation = self.trial.silhouette, self.trial.null_silhouette, self.trial.null_deviation
        if silhouette is None or null is None or deviation is None:
            return None
        return (silhouette - null) / max(deviation, 1e-3)

    def mergeable(self) -> list[tuple[int, int]]:
        """Return pairs of segments, from 0, that are each other's nearest without a valley between them."""
        return [
            (one, other)
            for one, other in enumerate(self.nearest)
            if one < other and self.nearest[other] == one and self.valley_depth[one, other] < VALLEY_DEPTH
        ]


def gather(
    data: MixedData,
    fit: Clustering,
    trial: KTrial,
    stability: FloatArray,
    *,
    borderline_margin: float,
    segment_ids: Sequence[int] | None = None,
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
        valleys(data, fit).depth,
        [int(segment) for segment in between.argmin(axis=1)] if k > 1 else [0],
        float(np.mean(margins < borderline_margin)) if k > 1 else 0.0,
        tuple(range(1, k + 1) if segment_ids is None else segment_ids),
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
    trial, excess = evidence.trial, evidence.excess
    lowest = float(evidence.stability.min())
    weakest = evidence.segment_ids[int(np.argmin(evidence.stability))]
    strength = trial.prediction_strength or 0.0
    stands_out = excess is not None and excess >= CLEAR_EXCESS
    is_stable = lowest >= STABLE
    is_predicted = strength >= STRONG_PREDICTION
    reasons = [
        (
            "Customers are rare between every two segments."
            if trial.is_separated
            else "Between some segments customers are as frequent as within: a border was drawn through a crowd."
        ),
        _on_excess(excess),
        (
            f"Drawn again, every segment comes back (Jaccard similarity at least {lowest:.2f})."
            if is_stable
            else f"Drawn again, segment {weakest} comes back with a Jaccard similarity of {lowest:.2f} only."
        ),
        f"One half of the customers predicts {strength:.0%} of the pairs of the other in the worst segment.",
        f"{evidence.borderline_share:.0%} of the customers are near a border.",
    ]
    if lowest < DISSOLVED and not is_predicted:
        return "not advised", [*reasons, "Other customers of the same kind would have given other segments."]
    if trial.is_separated and stands_out and is_stable:
        return "natural", reasons
    if is_stable or is_predicted:
        return "reproducible", reasons
    return "constructed", reasons


def _on_excess(excess: float | None) -> str:
    """Return a sentence on the silhouette against that of customers without clusters."""
    if excess is None:
        return "The silhouette is not defined."
    if excess >= CLEAR_EXCESS:
        return f"The silhouette is {excess:.1f} standard deviations above that of like customers without clusters."
    return f"The silhouette is no more than {excess:.1f} standard deviations above that of customers without clusters."


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
            round(float(evidence.valley_depth[one, other]), CRITERION_DECIMALS),
        )
        for one, other in evidence.mergeable()
    ]
    return rows
