"""What variables may refer to: features, attributes and segmentations, as far as they are declared well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd
from pydantic_core import PydanticCustomError

from segmentation import rules
from segmentation.config.inputs import INPUT_COLUMNS
from segmentation.config.leaves import chosen, name_mistake
from segmentation.config.segmentations import Source
from segmentation.errors import did_you_mean, quote
from segmentation.rules import Kind

__all__ = ["AttributeType", "Known", "KnownFeature", "attribute_mistake"]

AttributeType = Literal["double", "integer", "string", "boolean", "date"]

_FEATURE_TYPES: Mapping[str, rules.FeatureType | None] = {
    "double": rules.FeatureType("number"),
    "integer": rules.FeatureType("number", is_integer=True),
    "string": rules.FeatureType("category"),
    "boolean": rules.FeatureType("boolean"),
    "date": None,  # carried, but no feature: a date has no distance and is no category
}

# Columns that features stand beside, and words that no engine reads as a bare column name.
_TAKEN_COLUMNS = frozenset(
    {"as_of_date", "is_current", "has_purchased", "purchase_status"}.union(*map(set, INPUT_COLUMNS.values()))
)
_RESERVED_WORDS = frozenset(
    re.findall(
        "[a-z]+",
        """
    all analyse analyze and anti any array as asc asymmetric between both by case cast check collate column
    constraint create cross default deferrable desc describe distinct do else end except exists false fetch filter
    for foreign from full grant group having in initially inner intersect into is join lambda lateral leading left
    like limit natural not null offset on only or order outer overlaps pivot placing primary qualify references
    returning right row rows select semi show similar some summarize symmetric table then to trailing true union
    unique unknown unpivot user using values variadic when where window with
    """,
    )
)


@dataclass(frozen=True, slots=True)
class KnownFeature:
    """A feature that exists: of the catalogue, or declared as an attribute."""

    name: str
    kind: Kind
    is_integer: bool
    source: Source
    needs: str  # the input without which every value is null


@dataclass(frozen=True, slots=True)
class Known:
    """What the variables may refer to.

    Parameters
    ----------
    catalogue : frozenset of str
        Names of the features that the project computes.
    features : mapping of str to KnownFeature
        Those of the catalogue and the attributes.
    dates : frozenset of str
        Attributes that are dates and therefore no features.
    attributes : tuple of str
        Whatever is written as a name of an attribute.
    methods : mapping of str to value
        By name of a segmentation, its method as it is written.
    feature : KnownFeature, optional
        The one whose settings are being validated.
    """

    catalogue: frozenset[str]
    features: Mapping[str, KnownFeature]
    dates: frozenset[str]
    attributes: tuple[str, ...]
    methods: Mapping[str, object]
    feature: KnownFeature | None = None

    @classmethod
    def of(cls, variables: Mapping[Any, Any], catalogue: pd.DataFrame) -> Known:
        """Look for what is declared well, before anything is judged.

        Parameters
        ----------
        variables : mapping
            The variables as they are written.
        catalogue : pandas.DataFrame
            One row for each feature: feature, kind, is_integer, source, input.
        """
        columns = catalogue[["feature", "kind", "is_integer", "source", "input"]]
        features = {
            feature: KnownFeature(feature, kind, bool(is_integer), source, needs)
            for feature, kind, is_integer, source, needs in columns.itertuples(index=False)
        }
        catalogue_features = frozenset(features)
        attributes, dates = _mapping(variables.get("attributes")), set()
        for name, sql_type in attributes.items():
            if attribute_mistake(name, sql_type, catalogue_features) is not None:
                continue
            feature_type = _FEATURE_TYPES[sql_type]
            if feature_type is None:
                dates.add(name)
            else:
                kind, is_integer = feature_type.kind, feature_type.is_integer
                features[name] = KnownFeature(name, kind, is_integer, "customers", "customers")
        return cls(
            catalogue=catalogue_features,
            features=features,
            dates=frozenset(dates),
            attributes=tuple(name for name in attributes if isinstance(name, str)),
            methods={
                name: _mapping(settings).get("method")
                for name, settings in _mapping(variables.get("segmentations")).items()
                if isinstance(name, str)
            },
        )

    def within(self, feature: str) -> Known:
        """Return the same for validating the settings of a feature."""
        return replace(self, feature=self.features[feature])

    def feature_types(self) -> dict[str, rules.FeatureType]:
        """Return what a rule may ask of each feature."""
        return {name: rules.FeatureType(feature.kind, feature.is_integer) for name, feature in self.features.items()}

    def unknown_feature(self, name: object) -> str:
        """Return what is wrong with a name that no feature has."""
        if isinstance(name, str) and name in self.dates:
            return f"the attribute {quote(name)} is a date, and dates are not features"
        return f"there is no feature {quote(name)}; {did_you_mean(name, self.features)}"


def attribute_mistake(name: Any, sql_type: Any, catalogue: frozenset[str]) -> tuple[str, tuple[str, ...]] | None:
    """Return what is wrong with a declared attribute.

    Parameters
    ----------
    name, sql_type : value
        An entry of the variable attributes.
    catalogue : frozenset of str
        Names of features, which attributes must not have.

    Returns
    -------
    tuple of str and tuple, or None
        The sentence, and where below ``attributes`` it belongs. None where nothing is wrong.
    """
    misnamed = name_mistake(name)
    if misnamed:
        return misnamed, ()
    mapped = f"inputs.customers.columns: {{customer_{name}: {name}}}"
    remedy = f"rename it, for example attributes: {{customer_{name}: {quote(sql_type)}}} with {mapped}"
    if name in catalogue:
        return f"is also a feature of the catalogue; {remedy}", (name,)
    if name in _TAKEN_COLUMNS:
        return f"is also a column of the project; {remedy}", (name,)
    if name in _RESERVED_WORDS:
        return f"is a word of SQL and cannot name a column; {remedy}", (name,)
    try:
        chosen(sql_type, get_args(AttributeType))
    except PydanticCustomError as error:
        return error.message(), (name,)
    return None


def _mapping(value: Any) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}
