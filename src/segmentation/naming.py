"""Names of segments, from what sets each apart from the whole sample.

Names are for people and change no result; they may be overridden in a seed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

import pandas as pd

from segmentation.columns import MISSING_LEVEL

NOTABLE_DEVIATION = 0.25
"""Deviations from the mean, in standard deviations, below which a trait is not worth a name."""

STRONG_DEVIATION = 1.5

LEVEL_LENGTH = 40
"""Longest level in a name, in characters."""

NAME_LENGTH = 45
"""Characters beyond which a name takes no third trait."""

PAIR_LENGTH = 70
"""Characters beyond which it takes no second one that it can do without."""

YES, NO = frozenset({"yes", "y", "true"}), frozenset({"no", "n", "false"})
"""Texts that answer the question which their feature asks."""

VAGUE = frozenset(
    re.findall(
        "[a-z]+",
        """
    all any average bad big default fair few good great high large little long low many max medium middle min moderate
    nan never new nil none normal null old one often other others poor rare rarely short small some sometimes standard
    two unknown various very
    """,
    )
)
"""Words that say nothing of what they are about."""

CODE_LENGTH = 4
"""Capital letters up to which a level is taken for a code: "DE", "USA"."""

WORD_LENGTH = 3
"""Letters that a word has at least."""

Part = Literal["adjective", "noun", "level", "clause"]
"""What a phrase is in a name: "recent", "high spenders", "electronics", "with housing"."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """How customers with high and with low values of a feature are called."""

    high: str
    low: str
    part: Part


PhraseBook = Mapping[str, Phrase]


def phrase_book(catalogue: pd.DataFrame) -> dict[str, Phrase]:
    """Read the phrases of the feature catalogue.

    Parameters
    ----------
    catalogue : DataFrame
        Columns feature, name_part, high_words, low_words; a feature without all three has no phrase.
    """
    columns = ["feature", "name_part", "high_words", "low_words"]
    return {
        str(feature): Phrase(str(high), str(low), cast("Part", str(part)))
        for feature, part, high, low in catalogue[columns].dropna().itertuples(index=False, name=None)
    }


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
        A few words for a name, such as "high spenders".
    part : {"adjective", "noun", "level", "clause"}
        What the phrase is in a name.
    """

    feature: str
    strength: float
    phrase: str
    part: Part = "adjective"


def numeric_trait(feature: str, deviation: float, *, phrase: Phrase | None = None, words: str | None = None) -> Trait:
    """Describe a numeric feature of a segment.

    Parameters
    ----------
    feature : str
        Name of the feature.
    deviation : float
        Segment centroid less sample mean, in sample deviations, on the scaled feature.
    phrase : Phrase, optional
        What such customers are called; else "high" or "low" and the feature.
    words : str, optional
        What the feature is called; its own name by default.
    """
    words = words or _words(feature)
    degree = "very " if abs(deviation) >= STRONG_DEVIATION else ""
    direction = "high" if deviation > 0 else "low"
    if phrase is not None:
        return Trait(feature, abs(deviation), phrase.high if deviation > 0 else phrase.low, phrase.part)
    return Trait(feature, abs(deviation), f"with {degree}{direction} {words}", "clause")


def category_trait(
    feature: str,
    level: str,
    *,
    share: float,
    overall_share: float,
    is_boolean: bool,
    phrase: Phrase | None = None,
    words: str | None = None,
    shown: str | None = None,
    is_shared: bool = False,
) -> Trait:
    """Describe the most frequent level of a categorical feature in a segment.

    Parameters
    ----------
    feature, level : str
        Name of the feature and its level.
    share, overall_share : float
        Share of the level in the segment and in the sample, 0..1.
    is_boolean : bool
        Whether levels are 'true' and 'false'.
    phrase : Phrase, optional
        What customers are called for whom a boolean is true, and for whom it is not.
    words : str, optional
        What the feature is called; its own name by default.
    shown : str, optional
        What the level is called; then it speaks for itself.
    is_shared : bool, default False
        Whether another feature has a level of the same text.
    """
    words = words or _words(feature)
    text = " ".join(level.split())
    text = text if len(text) <= LEVEL_LENGTH else f"{text[: LEVEL_LENGTH - 1]}…"
    part: Part = "clause"
    if shown is not None:
        name, part = shown, "level"
    elif level == MISSING_LEVEL:
        name = f"with unknown {words}"
    elif is_boolean and phrase is not None:
        name, part = (phrase.high if level == "true" else phrase.low), phrase.part
    elif text.casefold() in YES | NO and len(text) > 1:
        name = f"with {words}" if text.casefold() in YES else f"without {words}"
    elif is_shared or not speaks_for_itself(text):
        name = f"with {words} {text}"
    else:
        name, part = text, "level"
    spread = (overall_share * (1.0 - overall_share)) ** 0.5
    strength = max(share - overall_share, 0.0) / spread if spread > 0 else 0.0
    return Trait(feature, strength, name, part)


def speaks_for_itself(level: str) -> bool:
    """Return whether a level says without its feature what it is about.

    "Electronics" and "New York" do. Numbers, codes, short forms, yes and no, and words such as "other" do not.

    Parameters
    ----------
    level : str
        Text of the level.
    """
    # Scripts without capitals write whole words in one or two letters.
    words = [
        word for word in re.findall(r"[^\W\d_]+", level) if len(word) >= WORD_LENGTH or word.upper() == word.lower()
    ]
    is_code = any(character.isdigit() for character in level) or (level.isupper() and len(level) <= CODE_LENGTH)
    return not is_code and any(word.casefold() not in VAGUE | YES | NO for word in words)


def name_segments(
    traits: Sequence[Sequence[Trait]],
    *,
    segment_ids: Sequence[int] | None = None,
    kept: Mapping[int, str] | None = None,
) -> list[str]:
    """Name segments by their one to three strongest traits, by more where all of them are told of another segment too.

    Parameters
    ----------
    traits : sequence of sequence of Trait
        For each segment the traits over the same features.
    segment_ids : sequence of int, optional
        Ids of the segments; from 1 by default.
    kept : mapping of int to str, optional
        By id, names that stay as they are; the others differ from them.

    Returns
    -------
    list of str
        Distinct names. Segments without any difference are numbered with their ids.
    """
    ids = list(range(1, len(traits) + 1)) if segment_ids is None else list(segment_ids)
    kept = kept or {}
    ranked = [_notable(segment) for segment in traits]
    lengths = [_first_length(segment) for segment in ranked]
    while True:
        names = [
            kept.get(segment_id, _name(segment, length))
            for segment_id, segment, length in zip(ids, ranked, lengths, strict=True)
        ]
        counts = Counter(names)
        told = [
            frozenset() if segment_id in kept else frozenset(trait.phrase for trait in segment[:length])
            for segment_id, segment, length in zip(ids, ranked, lengths, strict=True)
        ]
        extensible = [
            position
            for position, name in enumerate(names)
            if ids[position] not in kept
            and lengths[position] < len(ranked[position])
            # What is told of another one too does not tell it from that, and the length is no reason to leave it there.
            and (counts[name] > 1 or any(told[position] <= other for i, other in enumerate(told) if i != position))
        ]
        if not extensible:
            break
        for position in extensible:
            lengths[position] += 1
    return [
        name if counts[name] == 1 or segment_id in kept else f"{name} ({segment_id})"
        for segment_id, name in zip(ids, names, strict=True)
    ]


def _notable(traits: Sequence[Trait]) -> list[Trait]:
    """Return the traits worth telling, strongest first."""
    notable = [trait for trait in traits if trait.strength >= NOTABLE_DEVIATION]
    return sorted(notable, key=lambda trait: (-trait.strength, trait.feature))


def _first_length(ranked: Sequence[Trait]) -> int:
    """Return how many traits to begin with: further ones where they are half as strong and the name stays short.

    One trait alone seldom says who somebody is, so that a second one may make the name longer than a third.
    """
    length = min(1, len(ranked))
    while (
        0 < length < min(3, len(ranked))
        and ranked[length].strength >= ranked[0].strength / 2
        and len(_name(ranked, length + 1)) <= (PAIR_LENGTH if length == 1 else NAME_LENGTH)
    ):
        length += 1
    return length


def _name(ranked: Sequence[Trait], length: int) -> str:
    """Return adjectives, nouns, clauses and then levels: "Recent high spenders, electronics"."""
    parts: dict[Part, list[str]] = {"adjective": [], "noun": [], "level": [], "clause": []}
    for trait in ranked[:length]:
        parts[trait.part].append(trait.phrase)
    adjectives, nouns, levels = parts["adjective"], parts["noun"], parts["level"]
    if not ranked[:length]:
        adjectives = ["average"]
    elif levels and not parts["clause"] and not adjectives and not nouns:
        # A level alone needs somebody to speak of.
        adjectives, levels = levels[:1], levels[1:]
    head = " ".join([*adjectives, " and ".join(nouns) or "customers"])
    # Said once, "with" serves what follows: "with high balance and low age and without loan".
    clauses = sorted(parts["clause"], key=lambda clause: clause.startswith("without "))
    clauses = [clause.removeprefix("with ") if number else clause for number, clause in enumerate(clauses)]
    name = ", ".join([" ".join([head, *([" and ".join(clauses)] if clauses else [])]), *levels])
    return name[0].upper() + name[1:]


def _words(feature: str) -> str:
    return feature.replace("_", " ").strip() or feature
