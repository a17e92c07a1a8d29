"""Names and descriptions of segments, from what sets each apart from the whole sample.

Names are for people and change no result; they may be overridden in a seed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from segmentation.columns import MISSING_LEVEL

NOTABLE_DEVIATION = 0.25
"""Deviations from the mean, in standard deviations, below which a trait is not worth a name."""

STRONG_DEVIATION = 1.5

LEVEL_LENGTH = 40
"""Longest level in a name, in characters."""


@dataclass(frozen=True, slots=True)
class Trait:
    """One feature's part in what sets a segment apart.

    Attributes
    ----------
    feature : str
        Name of the feature.
    strength : float
        Size of the deviation, in standard deviations of the feature (of the level's indicator for a category).
    phrase : str
        A few words for a name, such as "high monetary".
    detail : str
        A clause for the description, such as "monetary about 812 against 305".
    """

    feature: str
    strength: float
    phrase: str
    detail: str


def numeric_trait(feature: str, deviation: float, *, typical: float, overall: float) -> Trait:
    """Describe a numeric feature of a segment.

    Parameters
    ----------
    feature : str
        Name of the feature.
    deviation : float
        Segment centroid less sample mean, in sample deviations, on the scaled feature.
    typical, overall : float
        Both in the feature's own unit.
    """
    words = _words(feature)
    degree = "very " if abs(deviation) >= STRONG_DEVIATION else ""
    direction = "high" if deviation > 0 else "low"
    detail = f"{words} about {_number(typical)} against {_number(overall)}"
    return Trait(feature, abs(deviation), f"{degree}{direction} {words}", detail)


def category_trait(feature: str, level: str, *, share: float, overall_share: float, is_boolean: bool) -> Trait:
    """Describe the most frequent level of a categorical feature in a segment.

    Parameters
    ----------
    feature, level : str
        Name of the feature and its level.
    share, overall_share : float
        Share of the level in the segment and in the sample, 0..1.
    is_boolean : bool
        Whether levels are 'true' and 'false'.
    """
    words = _words(feature)
    shown = " ".join(level.split())
    shown = shown if len(shown) <= LEVEL_LENGTH else f"{shown[: LEVEL_LENGTH - 1]}…"
    if level == MISSING_LEVEL:
        phrase = f"{words} unknown"
    elif is_boolean:
        phrase = words if level == "true" else f"no {words}"
    else:
        phrase = f"{words} {shown}"
    spread = (overall_share * (1.0 - overall_share)) ** 0.5
    strength = max(share - overall_share, 0.0) / spread if spread > 0 else 0.0
    return Trait(feature, strength, phrase, f"{phrase} for {share:.0%} against {overall_share:.0%}")


def name_segments(traits: Sequence[Sequence[Trait]]) -> list[str]:
    """Name segments by their one or two strongest traits, by more where two names would be equal.

    Parameters
    ----------
    traits : sequence of sequence of Trait
        For each segment the traits over the same features.

    Returns
    -------
    list of str
        Distinct names. Segments without any difference are numbered.
    """
    ranked = [_notable(segment) for segment in traits]
    lengths = [_first_length(segment) for segment in ranked]
    while True:
        names = [_name(segment, length) for segment, length in zip(ranked, lengths, strict=True)]
        counts = Counter(names)
        extensible = [
            position
            for position, name in enumerate(names)
            if counts[name] > 1 and lengths[position] < len(ranked[position])
        ]
        if not extensible:
            break
        for position in extensible:
            lengths[position] += 1
    return [name if counts[name] == 1 else f"{name} ({segment_id})" for segment_id, name in enumerate(names, start=1)]


def describe_segment(traits: Sequence[Trait], *, size: int, sample_size: int) -> str:
    """Return one sentence on a segment of the sample.

    Parameters
    ----------
    traits : sequence of Trait
        Of this segment.
    size, sample_size : int
        Customers in the segment and in the sample.
    """
    head = f"{size:,} of {sample_size:,} sampled customers ({size / max(sample_size, 1):.1%})"
    details = "; ".join(trait.detail for trait in _notable(traits)[:4])
    return f"{head}: {details}." if details else f"{head}, close to the average in every feature."


def _notable(traits: Sequence[Trait]) -> list[Trait]:
    """Return the traits worth telling, strongest first."""
    notable = [trait for trait in traits if trait.strength >= NOTABLE_DEVIATION]
    return sorted(notable, key=lambda trait: (-trait.strength, trait.feature))


def _first_length(ranked: Sequence[Trait]) -> int:
    """Return how many traits to begin with: a second one only where it is at least half as strong."""
    if len(ranked) < 2:  # noqa: PLR2004
        return len(ranked)
    return 2 if ranked[1].strength >= ranked[0].strength / 2 else 1


def _name(ranked: Sequence[Trait], length: int) -> str:
    name = ", ".join(trait.phrase for trait in ranked[:length]) or "close to average"
    return name[0].upper() + name[1:]


def _words(feature: str) -> str:
    return feature.replace("_", " ").strip() or feature


def _number(value: float) -> str:
    """Return a number with about three digits; what is left of a zero after scaling and back is zero."""
    value = round(value, 9) + 0.0
    return f"{value:,.0f}" if 100 <= abs(value) < 1e12 else f"{value:.3g}"  # noqa: PLR2004
