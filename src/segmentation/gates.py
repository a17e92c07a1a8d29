"""What a refitted model must achieve before it takes the place of the one in force: champion and challenger.

Both are judged on the customers of today, so that neither is measured by a past that the other has not seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

import numpy as np
import pandas as pd

from segmentation.choose_k import CRITERION_DECIMALS
from segmentation.columns import IntArray, encode_levels, to_floats
from segmentation.config.segmentations import CandidateGates
from segmentation.criteria import silhouettes
from segmentation.distances import MixedData, Prototypes, assign, count_distinct
from segmentation.k_search import search_k
from segmentation.parameters import ClusterModel, ParameterRow
from segmentation.verdict import STABLE, Evidence, Verdict, gather, judge

VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""From the best to the worst."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that was compared.

    Attributes
    ----------
    name : str
        smallest_share, verdict, stability or silhouette.
    candidate, present : float or None
        What the candidate and the model in force achieve; None where that is not defined.
    required : float or None
        The least that the candidate must achieve; None where nothing is asked.
    """

    name: str
    candidate: float | None
    present: float | None
    required: float | None

    @property
    def is_passed(self) -> bool:
        """Return whether the candidate may take over, as far as this goes."""
        if self.required is None:
            return True
        return self.candidate is not None and round(self.candidate - self.required, CRITERION_DECIMALS) >= 0

    def in_words(self) -> str:
        """Return what failed, with its numbers."""
        candidate, present, required = (self._text(value) for value in (self.candidate, self.present, self.required))
        what = self.name.replace("_", " ")
        return f"its {what} is {candidate}, that of the present model {present}, and at least {required} was asked"

    def to_rows(self) -> list[ParameterRow]:
        """Return the gate as rows of kind decision, one for each number that is defined."""
        values = {"candidate": self.candidate, "present": self.present, "required": self.required}
        return [
            ParameterRow("decision", feature=self.name, level=level, value_double=value, value_string=self._text(value))
            for level, value in values.items()
            if value is not None
        ]

    def _text(self, value: float | None) -> str:
        if value is None:
            return "not defined"
        if self.name == "verdict":
            return VERDICTS[-1 - round(value)]
        return f"{value:.4f}"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a model achieves on the customers of today.

    Attributes
    ----------
    smallest_share : float
        Share of customers in the smallest segment.
    silhouette : float or None
        In the space of the candidate, for both models alike.
    evidence : Evidence or None
        What the verdict rests on; None where fewer than two segments have customers.
    """

    smallest_share: float
    silhouette: float | None
    evidence: Evidence | None


def compare(candidate: Standing, present: Standing, gates: CandidateGates, *, min_share: float) -> tuple[Gate, ...]:
    """Hold a candidate against the model in force.

    Parameters
    ----------
    candidate, present : Standing
        Of the two models, on the same customers.
    gates : CandidateGates
        Tolerances; a gate without one is told but asks nothing.
    min_share : float
        The configured smallest share.

    Returns
    -------
    tuple of Gate
        smallest_share, verdict, stability, silhouette.
    """
    verdicts = (_verdict(candidate), _verdict(present))
    stabilities = (_stability(candidate), _stability(present))
    return (
        Gate(
            "smallest_share",
            _rounded(candidate.smallest_share),
            _rounded(present.smallest_share),
            None if gates.smallest_share is None else _rounded(gates.smallest_share * min_share),
        ),
        Gate("verdict", *verdicts, _less(verdicts[1], gates.verdict, least=0.0)),
        # Beyond what counts as stable, more is not asked.
        Gate("stability", *stabilities, _less(stabilities[1], gates.stability, most=STABLE)),
        Gate(
            "silhouette",
            _rounded(candidate.silhouette),
            _rounded(present.silhouette),
            _less(_rounded(present.silhouette), gates.silhouette),
        ),
    )


def standing_of(
    model: ClusterModel, customers: pd.DataFrame, *, smallest_share: float, silhouette: float | None, seed: int
) -> Standing:
    """Judge a model on customers whom it was not fitted to, as a search judges the fits that it makes.

    Parameters
    ----------
    model : ClusterModel
        Segments without customers are left out.
    customers : DataFrame of n rows
        The model's features in raw units, at most as many as a search takes.
    smallest_share, silhouette : float
        Known already.
    seed : int
        Seed of every draw.
    """
    data, prototypes = _space_of(model, customers)
    sizes = np.bincount(assign(data, prototypes).labels, minlength=len(prototypes))
    in_use = np.flatnonzero(sizes)
    fit = assign(data, Prototypes(prototypes.centroids[in_use], prototypes.modes[in_use]))
    k = len(in_use)
    found = search_k(data, [k], fit=lambda *_: fit, seed=seed, n_distinct=count_distinct(data)) if k > 1 else None
    evidence = None
    if found is not None and k in found.fits:
        evidence = gather(
            data,
            fit,
            found.trials[0],
            found.stability[k],
            borderline_margin=0.0,
            without_groups=found.without_groups(k, seed=seed),
        )
    return Standing(smallest_share, silhouette, evidence)


def smallest_share(labels: IntArray, k: int) -> float:
    """Return the share of the smallest of k segments, an empty one included."""
    return float(np.bincount(labels, minlength=k).min()) / max(len(labels), 1)


def silhouettes_of(data: MixedData, one: IntArray, other: IntArray, *, seed: int) -> tuple[float | None, float | None]:
    """Return the silhouettes of two labelings of the same customers in the same space."""
    first, second = silhouettes(data, [one, other], seed=seed)
    return None if first is None else first.value, None if second is None else second.value


def _space_of(model: ClusterModel, customers: pd.DataFrame) -> tuple[MixedData, Prototypes]:
    """Return customers and prototypes in the space of a model, with all levels apart, so that fits may move there."""
    numbers = [name for name in model.numeric_names if model.scalers[name].weight > 0]
    categories = [name for name in model.category_names if model.categories[name].gamma > 0]
    numeric = np.column_stack(
        [np.empty((len(customers), 0)), *(model.scalers[name].apply(to_floats(customers[name])[0]) for name in numbers)]
    )
    codes = np.empty((len(customers), len(categories)), dtype=np.int64)
    modes = np.empty((model.n_segments, len(categories)), dtype=np.int64)
    for column, name in enumerate(categories):
        codes[:, column], levels = encode_levels(customers[name], boolean=model.categories[name].is_boolean)
        known = model.modes[:, model.category_names.index(name)]
        # A mode that no customer has any more is a level of its own.
        every = pd.Index([*levels, *sorted(set(known) - set(levels))], dtype=object)
        modes[:, column] = every.get_indexer(pd.Index(known, dtype=object))
    centroids = model.centroids[:, [model.numeric_names.index(name) for name in numbers]]
    data = MixedData(
        numeric,
        np.array([model.scalers[name].weight for name in numbers]),
        codes,
        np.array([model.categories[name].gamma for name in categories]),
    )
    return data, Prototypes(centroids, modes)


def _less(
    present: float | None, tolerance: float | None, *, most: float = np.inf, least: float = -np.inf
) -> float | None:
    """Return what is asked: the present value, no more than `most`, less the tolerance; None where nothing is."""
    if present is None or tolerance is None:
        return None
    return _rounded(max(min(present, most) - tolerance, least))


def _verdict(standing: Standing) -> float | None:
    """Return the verdict as a number, 3 for natural to 0 for not advised."""
    if standing.evidence is None:
        return None
    return float(len(VERDICTS) - 1 - VERDICTS.index(judge(standing.evidence)[0]))


def _stability(standing: Standing) -> float | None:
    """Return the stability of the least stable segment."""
    return None if standing.evidence is None else _rounded(float(standing.evidence.stability.min()))


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), CRITERION_DECIMALS)
