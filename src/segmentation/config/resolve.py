"""From the variables to the table resolved_configuration: everything proved, every default filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa
import yaml
from pydantic import ValidationError

from segmentation import rules
from segmentation.config.known import Known, KnownFeature
from segmentation.config.methods import METHODS
from segmentation.config.mistakes import sentences
from segmentation.config.schema import (
    FeatureSettings,
    Rules,
    Segmentation,
    SegmentationDefaults,
    Variables,
    setting_of,
)
from segmentation.config.segmentations import (
    CandidateGates,
    FeatureConfig,
    Online,
    SegmentationConfig,
    SegmentRule,
    config_hash,
)
from segmentation.errors import Problems, UserError, quote
from segmentation.rfm import lint_grid

__all__ = ["SCHEMA", "read_variables", "resolve"]

SCHEMA = pa.schema(
    [
        pa.field("segmentation", pa.string(), nullable=False),
        pa.field("position", pa.int32(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("uses_orders", pa.bool_(), nullable=False),
        # Thresholds that SQL judges by; only clusters are required to have a share.
        pa.field("min_share", pa.float64(), nullable=True),
        pa.field("lowest_share", pa.float64(), nullable=True),
        pa.field("borderline_margin", pa.float64(), nullable=False),
        # When a customer moves; without periods, at once.
        pa.field("smoothing_margin", pa.float64(), nullable=True),
        pa.field("smoothing_periods", pa.int32(), nullable=True),
        # When a model is fitted anew, and whether it learns in between; rules have none.
        pa.field("refit_policy", pa.string(), nullable=True),
        pa.field("update_policy", pa.string(), nullable=True),
        pa.field("config_hash", pa.string(), nullable=False),
        pa.field("definition", pa.string(), nullable=False),
    ]
)
"""The columns of the table resolved_configuration."""


def read_variables(text: object) -> dict[str, Any]:
    """Read the variables as the macro `build_config_dict` writes them into the code of a Python model.

    Parameters
    ----------
    text : object
        YAML, which, unlike JSON, tells a date from a string.

    Returns
    -------
    dict of str to value
        The variables.

    Raises
    ------
    UserError
        If there are none, or they cannot be read.
    """
    remedy = "macros/project/build_config_dict.sql gives them to a model that asks for config.meta_get('variables')"
    if not isinstance(text, str):
        raise UserError(f"The variables did not reach the configuration; {remedy}")
    try:
        variables = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise UserError(f"The variables cannot be read ({error}); {remedy}") from error
    if not isinstance(variables, dict):
        raise UserError(f"The variables are no mapping; {remedy}")
    return variables


def resolve(
    variables: Mapping[str, Any],
    catalogue: pd.DataFrame,
    *,
    rfm_grid: pd.DataFrame | None = None,
    rfm_segments: pd.DataFrame | None = None,
) -> pa.Table:
    """Prove the configuration and fill in every default.

    Parameters
    ----------
    variables : mapping of str to value
        Every variable of `segmentation.config.schema.Variables`.
    catalogue : pandas.DataFrame
        One row for each feature: feature, kind, is_integer, source, input.
    rfm_grid, rfm_segments : pandas.DataFrame, optional
        The seeds of the same names; proved where a segmentation uses the method rfm.

    Returns
    -------
    pyarrow.Table
        One row for each segmentation, in the order of the configuration; columns as in `SCHEMA`. `config_hash` is the
        MD5 of what changes a fit; names, the order of features, borderline_margin, smoothing and policies do not.

    Raises
    ------
    UserError
        If anything is wrong: the message numbers every mistake, with the path of the variable and what may be written.
    """
    problems = Problems()
    if not isinstance(variables, Mapping):
        problems.add("vars", f"must be a mapping of variables, not {quote(variables)}")
        problems.raise_if_any("The configuration is not valid")
    known = Known.of(variables, catalogue)
    configs: list[SegmentationConfig] = []
    try:
        configs = _configs(Variables.model_validate(variables, context=known), known)
    except ValidationError as error:
        for where, what in sentences(error):
            problems.add(where, what)
    if "rfm" in known.methods.values() and rfm_grid is not None and rfm_segments is not None:
        for problem in lint_grid(rfm_grid, rfm_segments):
            problems.add("seeds rfm_grid, rfm_segments", problem)
    problems.raise_if_any("The configuration is not valid")
    return pa.Table.from_pylist([_row(config, position) for position, config in enumerate(configs, 1)], schema=SCHEMA)


def _configs(variables: Variables, known: Known) -> list[SegmentationConfig]:
    treatments = {name: _treatment(feature, variables) for name, feature in known.features.items()}
    return [_config(name, written, variables, treatments) for name, written in variables.segmentations.items()]


def _treatment(feature: KnownFeature, variables: Variables) -> FeatureConfig:
    """Return how a feature enters a distance."""
    own = variables.features.get(feature.name)
    settings: dict[str, Any] = dict.fromkeys(("clip", "impute")) | dict.fromkeys(("transform", "scale"), "none")
    if feature.kind == "number":
        settings = {key: setting_of(own, variables.feature_defaults, key) for key in settings}
    return FeatureConfig(
        name=feature.name,
        kind=feature.kind,
        source=feature.source,
        weight=setting_of(own, variables.feature_defaults, "weight"),
        **settings,
        **_display(own),
    )


def _display(own: FeatureSettings | None) -> dict[str, Any]:
    """Return what people call a feature and its levels, as far as it was written."""
    written = {} if own is None else {"display_name": own.display_name, "level_names": own.level_names}
    return {key: value for key, value in written.items() if value is not None}


def _config(
    name: str, written: Segmentation, variables: Variables, treatments: Mapping[str, FeatureConfig]
) -> SegmentationConfig:
    defaults = variables.segmentation_defaults
    fit = {key: setting_of(written, defaults, key) for key in SegmentationDefaults.model_fields}
    if not METHODS[written.method_name()].is_clustering:
        # Rules and scores have no margin, and follow a customer at once unless they say otherwise. Nor have they
        # anything that moves with single customers.
        fit |= {"smoothing": getattr(written, "smoothing", None), "update": "frozen", "online": None}
    if fit["online"] is not None:
        fit["online"] = Online(**fit["online"].model_dump())
    features = tuple(treatments[feature] for feature in sorted(set(written.feature_names())))
    return SegmentationConfig(
        name=name,
        method=written.method_name(),
        features=features,
        gates=CandidateGates(**variables.candidate_gates.model_dump()),
        seed=variables.random_seed,
        sample_size=variables.fit_sample_size,
        uses_orders=any(feature.source == "orders" for feature in features),
        segments=_segments(written) if isinstance(written, Rules) else (),
        **fit,
    )


def _segments(written: Rules) -> tuple[SegmentRule, ...]:
    return tuple(
        SegmentRule(position, segment.name, segment.when, rules.to_sql(segment.expression))
        for position, segment in enumerate(written.segments, start=1)
    )


def _row(config: SegmentationConfig, position: int) -> dict[str, Any]:
    """Return one row of the table."""
    return {
        "segmentation": config.name,
        "position": position,
        "method": config.method,
        "uses_orders": config.uses_orders,
        "min_share": config.min_share if config.traits.is_clustering else None,
        "lowest_share": _lowest_share(config),
        "borderline_margin": config.borderline_margin,
        "smoothing_margin": config.smoothing.margin if config.smoothing else None,
        "smoothing_periods": config.smoothing.periods if config.smoothing else None,
        "refit_policy": config.refit if config.traits.is_fitted else None,
        "update_policy": config.update if config.traits.is_fitted else None,
        "config_hash": config_hash(config),
        "definition": config.to_json(),
    }


def _lowest_share(config: SegmentationConfig) -> float | None:
    """Return the share below which a segment is too small; None where none is asked for."""
    if not config.traits.is_clustering or config.gates.smallest_share is None:
        return None
    return round(config.gates.smallest_share * config.min_share, 9)
