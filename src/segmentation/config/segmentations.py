"""A segmentation with every default filled in, as the column `definition` of resolved_configuration carries it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pydantic import TypeAdapter

from segmentation.config.methods import METHODS, Method, Traits
from segmentation.rules import Kind

__all__ = [
    "CandidateGates",
    "FeatureConfig",
    "KRange",
    "Online",
    "RefitPolicy",
    "Scale",
    "SegmentRule",
    "SegmentationConfig",
    "Smoothing",
    "Source",
    "Transform",
    "UpdatePolicy",
    "config_hash",
]

Source = Literal["orders", "customers"]
Transform = Literal["none", "log", "yeo_johnson"]
Scale = Literal["none", "standard", "robust", "minmax"]
RefitPolicy = Literal["on_request", "on_drift", "always"]
UpdatePolicy = Literal["frozen", "online"]

_DISPLAY_KEYS = ("display_name", "level_names")


@dataclass(frozen=True, slots=True)
class FeatureConfig:
    """How one feature enters a distance.

    A category or boolean has `transform` and `scale` "none" and neither `clip` nor `impute`: its nulls are a level.
    """

    name: str
    kind: Kind
    source: Source
    transform: Transform
    clip: tuple[float, float] | None
    scale: Scale
    impute: Literal["median", "mean", "zero"] | float | None
    weight: float
    # What people call it and its levels, in names of segments: no part of what is fitted.
    display_name: str | None = None
    level_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KRange:
    """Numbers of segments to try, both ends included; a pinned k has `min` equal to `max`."""

    min: int
    max: int


@dataclass(frozen=True, slots=True)
class Smoothing:
    """When a customer moves to another segment: with at least this margin, or after so many periods there."""

    margin: float | None
    periods: int


@dataclass(frozen=True, slots=True)
class Online:
    """How a model learns: by which half-life earlier customers lose weight, and from how many new ones on it moves.

    One of the half-lives is None: of customers counted in the same segment since, or of days.
    """

    half_life_customers: float | None
    half_life_days: float | None
    min_customers: int


@dataclass(frozen=True, slots=True)
class CandidateGates:
    """What a refitted model must achieve to take the place of the one in force; None asks nothing.

    `smallest_share` is a part of min_share, `verdict` counts steps, and the others are differences.
    """

    smallest_share: float | None
    verdict: int | None
    stability: float | None
    silhouette: float | None


@dataclass(frozen=True, slots=True)
class SegmentRule:
    """One segment of a rule segmentation: `when` as written, `sql` fully parenthesised and portable."""

    segment_id: int
    name: str
    when: str
    sql: str


@dataclass(frozen=True, slots=True)
class SegmentationConfig:
    """One segmentation with every default filled in. `features` are sorted by name, `segments` by segment_id."""

    name: str
    method: Method
    features: tuple[FeatureConfig, ...]
    k: KRange
    min_share: float
    gamma: Literal["auto"] | float
    borderline_margin: float
    smoothing: Smoothing | None
    refit: RefitPolicy
    update: UpdatePolicy
    online: Online | None
    gates: CandidateGates
    seed: int
    sample_size: int
    uses_orders: bool
    segments: tuple[SegmentRule, ...]

    @property
    def traits(self) -> Traits:
        """What its method is like."""
        return METHODS[self.method]

    def to_json(self) -> str:
        """Return the definition as JSON with sorted keys."""
        return json.dumps(asdict(self), sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, definition: str) -> SegmentationConfig:
        """Read a definition that `to_json` wrote.

        Parameters
        ----------
        definition : str
            The column `definition` of the table resolved_configuration.
        """
        return _DEFINITION.validate_json(definition)


_DEFINITION = TypeAdapter(SegmentationConfig)


def config_hash(config: SegmentationConfig) -> str:
    """Return the MD5 of everything that changes what is fitted.

    Parameters
    ----------
    config : SegmentationConfig
        A resolved segmentation.

    Returns
    -------
    str
        32 hexadecimal digits. Names, borderline_margin, smoothing, the policies and what the method does not use are
        left out.
    """
    content: dict[str, Any] = {"method": config.method}
    traits = config.traits
    if not traits.is_fitted:
        content["segments"] = [[segment.segment_id, segment.sql] for segment in config.segments]
    else:
        content["sample_size"] = config.sample_size
    if traits.is_fitted and not traits.is_clustering:
        content["features"] = [feature.name for feature in config.features]
    if traits.is_clustering:
        content["features"] = [
            {key: value for key, value in asdict(feature).items() if key not in _DISPLAY_KEYS}
            for feature in config.features
        ]
        content["k"] = asdict(config.k)
        content["min_share"] = config.min_share
        content["seed"] = config.seed
    if traits.is_clustering and traits.takes_categories:
        content["gamma"] = config.gamma
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.md5(canonical.encode(), usedforsecurity=False).hexdigest()
