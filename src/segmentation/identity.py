"""Which segment of a new model is which of the previous one: by the customers that they share.

Both models label the same customers. The pairs of segments that are one are found by the Hungarian method (Kuhn 1955)
on Jaccard similarities, one to one; such a segment keeps its id. What is left over is born, retired, split or merged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linear_sum_assignment

from segmentation.columns import FloatArray, IntArray
from segmentation.parameters import FittedModel, ParameterRow

Kind = Literal["survived", "split", "born", "merged", "retired"]

LEAST_JACCARD = 0.1
"""Customers of both over those of either: below it two segments are not one, even if one lies within the other."""

LEAST_CONTAINED = 0.5
"""A segment survives, comes from or goes into another where that other holds more than this share of it."""

SAME_MEANING = 0.5
"""Jaccard similarity from which a segment that survives keeps its name: most customers of either are in both."""

LAST_SEGMENT_ID = "last_segment_id"
"""The fact of a model that holds the largest id that its segmentation ever used, those of retired segments included."""


@dataclass(frozen=True, slots=True)
class Relation:
    """What became of a segment, or what it comes from, in customers of the sample.

    Attributes
    ----------
    kind : str
        survived; split from `from_id`, which goes on without these customers or not at all; born of several segments or
        of none; merged into `to_id`, which goes on; retired, with its customers in several segments or gone.
    from_id, to_id : int or None
        The previous segment, None for born; the new one, None for retired.
    shared, from_customers, to_customers : int
        Customers of both, of the previous segment and of the new one.
    """

    kind: Kind
    from_id: int | None
    to_id: int | None
    shared: int
    from_customers: int
    to_customers: int

    @property
    def jaccard(self) -> float:
        """Return the customers of both over those of either."""
        return self.shared / max(self.from_customers + self.to_customers - self.shared, 1)

    def to_rows(self) -> list[ParameterRow]:
        """Return the relation as rows of kind lineage: segment_id is the new segment, level the previous one."""
        level = None if self.from_id is None else str(self.from_id)
        counts = {
            "shared_customers": self.shared,
            "from_customers": self.from_customers,
            "to_customers": self.to_customers,
        }
        return [
            ParameterRow("lineage", self.to_id, "kind", level, value_string=self.kind),
            *(ParameterRow("lineage", self.to_id, name, level, float(count)) for name, count in counts.items()),
        ]


@dataclass(frozen=True, slots=True)
class Identity:
    """The ids of new segments, in the order in which these were given, and how they come to them."""

    segment_ids: tuple[int, ...]
    relations: tuple[Relation, ...]

    def of_same_meaning(self) -> frozenset[int]:
        """Return the ids of segments that survived with most of their customers."""
        return frozenset(
            relation.to_id
            for relation in self.relations
            if relation.kind == "survived" and relation.to_id is not None and relation.jaccard >= SAME_MEANING
        )


def first_ids(sizes: Sequence[int], *, last_id: int = 0) -> Identity:
    """Give ids to segments that come from nowhere.

    Parameters
    ----------
    sizes : sequence of int
        Customers of each segment.
    last_id : int, default 0
        The largest id that the segmentation ever used.

    Examples
    --------
    >>> first_ids([30, 10], last_id=4).segment_ids
    (5, 6)
    """
    ids = tuple(range(last_id + 1, last_id + 1 + len(sizes)))
    return Identity(ids, tuple(Relation("born", None, one, 0, 0, size) for one, size in zip(ids, sizes, strict=True)))


def match(shared: IntArray, previous_ids: Sequence[int], *, last_id: int) -> Identity:
    """Give every new segment the id of the previous one that it is, or one that was never used.

    Parameters
    ----------
    shared : ndarray of shape (previous segments, new segments)
        Customers that each two share. Of equal overlaps the earlier new segment gets the earlier id.
    previous_ids : sequence of int
        Ids of the previous segments.
    last_id : int
        The largest id that the segmentation ever used.

    Returns
    -------
    Identity
        One relation for each new segment, and one for each previous one that does not survive.

    Examples
    --------
    Segment 3 loses a third of its customers to a segment of their own:

    >>> found = match(np.array([[60, 0, 30], [0, 50, 0]]), [3, 7], last_id=7)
    >>> found.segment_ids
    (3, 7, 8)
    >>> [(one.kind, one.from_id, one.to_id) for one in found.relations]
    [('survived', 3, 3), ('survived', 7, 7), ('split', 3, 8)]
    """
    before, after = shared.sum(axis=1), shared.sum(axis=0)
    pairs = _one_to_one(shared)
    ids: list[int] = []
    relations: list[Relation] = []
    for new in range(shared.shape[1]):
        old = pairs.get(new)
        if old is not None:
            ids.append(previous_ids[old])
            kind: Kind = "survived"
        else:
            last_id += 1
            ids.append(last_id)
            old = _mostly(shared[:, new])
            kind = "born" if old is None else "split"
        relations.append(
            Relation(kind, None, ids[-1], 0, 0, int(after[new]))
            if old is None
            else Relation(kind, previous_ids[old], ids[-1], int(shared[old, new]), int(before[old]), int(after[new]))
        )
    for old in sorted(set(range(len(previous_ids))) - set(pairs.values())):
        new_one = _mostly(shared[old])
        relations.append(
            Relation("retired", previous_ids[old], None, 0, int(before[old]), 0)
            if new_one is None
            else Relation(
                *("merged", previous_ids[old], ids[new_one]),
                *(int(shared[old, new_one]), int(before[old]), int(after[new_one])),
            )
        )
    return Identity(tuple(ids), tuple(relations))


def last_segment_id(model: FittedModel | None) -> int:
    """Return the largest id that a segmentation ever used, 0 where it used none."""
    if model is None:
        return 0
    facts = [row.value_double or 0.0 for row in model.rows if row.kind == "model" and row.feature == LAST_SEGMENT_ID]
    return max([0, *map(int, facts), *(row.segment_id or 0 for row in model.rows if row.kind == "segment")])


def names_of(model: FittedModel) -> dict[int, str]:
    """Return the names that a model proposes, by segment."""
    return {
        row.segment_id: row.value_string
        for row in model.rows
        if row.kind == "segment" and row.feature == "name" and row.segment_id is not None and row.value_string
    }


def _one_to_one(shared: IntArray) -> dict[int, int]:
    """Return the previous segment of each new one that has one: the pairs with the largest sum of similarities."""
    before, after = shared.sum(axis=1, keepdims=True), shared.sum(axis=0, keepdims=True)
    jaccard = shared / np.maximum(before + after - shared, 1)
    contained = shared / np.maximum(np.minimum(before, after), 1)
    possible = (jaccard >= LEAST_JACCARD) & (contained > LEAST_CONTAINED)
    # Far below the similarity of a single customer, and different for every pair: a tie is not left to chance.
    rank = np.arange(shared.size, dtype=np.float64).reshape(shared.shape)
    value: FloatArray = np.where(possible, jaccard + 1e-12 / (1 + rank), 0.0)
    rows, columns = linear_sum_assignment(value, maximize=True)
    return {int(new): int(old) for old, new in zip(rows, columns, strict=True) if possible[old, new]}


def _mostly(counts: IntArray) -> int | None:
    """Return the place that holds more than `LEAST_CONTAINED` of the customers, None where there is none."""
    place = int(np.argmax(counts)) if len(counts) else 0
    return place if len(counts) and counts[place] > LEAST_CONTAINED * counts.sum() else None
