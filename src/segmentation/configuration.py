"""The resolved configuration: dataclasses for consumers, validation of every variable for authors.

A segmentation is described by variables alone. `resolve` proves them before any work starts and writes one row per
segmentation, in which every default is filled in; the code that fits and scores reads only these rows, through
`SegmentationConfig.from_json`.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, cast, get_args

import pandas as pd
import pyarrow as pa
import yaml

from segmentation import rules
from segmentation.csv_files import DIALECT_KEYS, ENCODINGS
from segmentation.errors import Problems, UserError, did_you_mean, quote
from segmentation.rfm import lint_grid
from segmentation.rules import Kind

Source = Literal["orders", "customers"]
Method = Literal["rules", "rfm", "kmeans", "kprototypes"]
Transform = Literal["none", "log", "yeo_johnson"]
Scale = Literal["none", "standard", "robust", "minmax"]
RefitPolicy = Literal["on_request", "on_drift", "always"]
UpdatePolicy = Literal["frozen", "online"]


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
        raw = json.loads(definition)
        features = tuple(
            FeatureConfig(**{**feature, "clip": None if feature["clip"] is None else tuple(feature["clip"])})
            for feature in raw["features"]
        )
        segments = tuple(SegmentRule(**segment) for segment in raw["segments"])
        smoothing = None if raw["smoothing"] is None else Smoothing(**raw["smoothing"])
        online = None if raw["online"] is None else Online(**raw["online"])
        raw |= {"k": KRange(**raw["k"]), "smoothing": smoothing, "gates": CandidateGates(**raw["gates"])}
        return cls(**{**raw, "features": features, "segments": segments, "online": online})


# --- What may be written ----------------------------------------------------------------------------------------

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

VARIABLES = (
    "as_of_date",
    "snapshot_period",
    "snapshot_count",
    "inputs",
    "attributes",
    "default_max_reject_share",
    "earliest_date",
    "earliest_birth_date",
    "cancelled_statuses",
    "non_product_codes",
    "test_accounts",
    "full_above_share",
    "learning",
    "feature_defaults",
    "features",
    "refit",
    "candidate_gates",
    "fit_sample_size",
    "random_seed",
    "drift",
    "advice",
    "value",
    "audiences",
    "service",
    "offers",
    "segmentation_defaults",
    "segmentations",
)

_LIFECYCLE_COLUMNS = ("updated_at", "loaded_at", "deleted_at", "arrival_number")
INPUT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "customers": (
        *("customer_id", "birth_date", "gender", "country", "region", "city", "postal_code", "signup_at"),
        *("acquisition_channel", "email", "phone", "first_name", "last_name", "marketing_consent"),
        *_LIFECYCLE_COLUMNS,
    ),
    "orders": (
        *("order_id", "customer_id", "ordered_at", "order_amount", "status", "cancelled_at", "channel", "currency"),
        *_LIFECYCLE_COLUMNS,
    ),
    "order_items": (
        *("order_id", "line_number", "product_id", "quantity", "unit_price", "discount_amount"),
        *_LIFECYCLE_COLUMNS,
    ),
    "products": ("product_id", "product_name", "category", "unit_cost", *_LIFECYCLE_COLUMNS),
}

ATTRIBUTE_TYPES: Mapping[str, rules.FeatureType | None] = {
    "double": rules.FeatureType("number"),
    "integer": rules.FeatureType("number", is_integer=True),
    "string": rules.FeatureType("category"),
    "boolean": rules.FeatureType("boolean"),
    "date": None,  # carried, but no feature: a date has no distance and is no category
}

_PERIODS = ("day", "week", "month", "quarter", "year")
_LOCATIONS = ("ref", "relation", "path")
_INPUT_KEYS = (*_LOCATIONS, "columns", "distinct", "max_reject_share", *DIALECT_KEYS, "decimal", "date_format")
_DISCOUNTS = ("positive", "negative")
_FEATURE_KEYS = ("transform", "clip", "scale", "impute", "weight")
_DISPLAY_KEYS = ("display_name", "level_names")
_MAX_DISPLAY_LENGTH = 40
_SEGMENTATION_DEFAULTS = ("k", "min_share", "gamma", "borderline_margin", "smoothing", "refit", "update", "online")
_MAX_SMOOTHING_PERIODS = 12
_METHOD_KEYS: Mapping[str, tuple[str, ...]] = {
    "rules": ("segments", "smoothing"),
    "rfm": ("smoothing", "refit"),
    "kmeans": ("features", "k", "min_share", "borderline_margin", "smoothing", "refit", "update", "online"),
    "kprototypes": (
        *("features", "k", "min_share", "borderline_margin", "gamma", "smoothing"),
        *("refit", "update", "online"),
    ),
}
_DRIFT_KEYS = ("notable_psi", "psi", "distance_change", "unseen_share")
_ONLINE_EXAMPLE = "write {half_life_days: 90, min_customers: 100} or {half_life_customers: 50000, min_customers: 100}"
# What a candidate is held against, with the largest tolerance of each.
_GATES: Mapping[str, float] = {"smallest_share": 1.0, "verdict": 3, "stability": 1.0, "silhouette": 2.0}
_ADVICE_KEYS = ("min_customers", "min_history_days", "fallback", "not_advised")
_VALUE_KEYS = ("horizons_days", "holdout_days", "discount_rate")
_MAX_DAYS = 3_650
_LEARNING_KEYS = ("each", "above_share")
_LEARNING_TIMES = ("period", "run")
_AUDIENCES_KEYS = ("segmentations", "minimum_size", "holdout_share", "calling_code")
_SERVICE_KEYS = (
    *("high_value_share", "medium_value_share", "high_risk_ratio", "medium_risk_ratio"),
    "high_return_rate",
)
_SEVERITIES = ("warn", "error")
_OFFER_ITEMS = ("product_id", "category")
# The numbers of the variable offers, with the least and the largest value of each.
_OFFER_COUNTS: Mapping[str, tuple[int, int]] = {
    "max_basket_items": (2, 1_000),
    "learning_customers": (0, 10**9),
    "min_orders": (2, 10**9),
    "max_rules": (1, 1_000_000),
    "candidates": (1, 1_000),
    "per_customer": (1, 1_000),
    "backtest_days": (1, 3_650),
    "backtest_customers": (0, 10**9),
}
_OFFER_SHARES = ("min_support", "min_confidence", "false_discovery_rate")
_OFFER_KEYS = ("segmentation", "item", *_OFFER_COUNTS, *_OFFER_SHARES)
_SCALES = ("standard", "robust", "minmax")
_IMPUTES = ("median", "mean", "zero")
_RFM_FEATURES = ("frequency", "monetary", "recency_days")

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_MAX_NAME_LENGTH = 60  # leaves room for prefixes below PostgreSQL's limit of 63
_MAX_SEED = 2**32 - 1  # what numpy takes
_MAX_INTEGER = 10**9

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
class _Feature:
    """A feature that exists: of the catalogue, or declared as an attribute."""

    name: str
    kind: Kind
    is_integer: bool
    source: Source
    needs: str  # the input without which every value is null


# --- Reading and resolving --------------------------------------------------------------------------------------


def read_variables(text: object) -> dict[str, Any]:
    """Read the variables as the properties of the Python model carry them.

    Parameters
    ----------
    text : object
        ``yaml:`` followed by YAML. dbt renders properties to Python values where they look like some: the prefix keeps
        the text a text, and YAML, unlike JSON, tells a date from a string.

    Returns
    -------
    dict of str to value
        The variables.

    Raises
    ------
    UserError
        If the property is missing or unreadable.
    """
    remedy = (
        "models/configuration/_configuration.yml must give the model resolved_configuration config.meta.variables: "
        "\"yaml:{{ toyaml({'segmentations': var('segmentations'), ...}) }}\""
    )
    if not isinstance(text, str) or not text.startswith("yaml:"):
        raise UserError(f"The variables did not reach the configuration; {remedy}")
    try:
        variables = yaml.safe_load(text.removeprefix("yaml:"))
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
        Every variable of `VARIABLES`.
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
    validator = _Validator(variables, catalogue)
    configs = validator.run()
    if any(config.method == "rfm" for config in configs) and rfm_grid is not None and rfm_segments is not None:
        for problem in lint_grid(rfm_grid, rfm_segments):
            validator.problems.add("seeds rfm_grid, rfm_segments", problem)
    validator.problems.raise_if_any("The configuration is not valid")
    rows = [
        {
            "segmentation": config.name,
            "position": position,
            "method": config.method,
            "uses_orders": config.uses_orders,
            "min_share": config.min_share if config.method in ("kmeans", "kprototypes") else None,
            "lowest_share": _lowest_share(config),
            "borderline_margin": config.borderline_margin,
            "smoothing_margin": config.smoothing.margin if config.smoothing else None,
            "smoothing_periods": config.smoothing.periods if config.smoothing else None,
            "refit_policy": None if config.method == "rules" else config.refit,
            "update_policy": None if config.method == "rules" else config.update,
            "config_hash": config_hash(config),
            "definition": config.to_json(),
        }
        for position, config in enumerate(configs, start=1)
    ]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def _lowest_share(config: SegmentationConfig) -> float | None:
    """Return the share below which a segment is too small; None where none is asked for."""
    if config.method not in ("kmeans", "kprototypes") or config.gates.smallest_share is None:
        return None
    return round(config.gates.smallest_share * config.min_share, 9)


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
    if config.method == "rules":
        content["segments"] = [[segment.segment_id, segment.sql] for segment in config.segments]
    else:
        content["sample_size"] = config.sample_size
    if config.method == "rfm":
        content["features"] = [feature.name for feature in config.features]
    if config.method in {"kmeans", "kprototypes"}:
        content["features"] = [
            {key: value for key, value in asdict(feature).items() if key not in _DISPLAY_KEYS}
            for feature in config.features
        ]
        content["k"] = asdict(config.k)
        content["min_share"] = config.min_share
        content["seed"] = config.seed
    if config.method == "kprototypes":
        content["gamma"] = config.gamma
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.md5(canonical.encode(), usedforsecurity=False).hexdigest()


# --- Proving ----------------------------------------------------------------------------------------------------


class _Validator:
    """Walks through the variables once, notes every mistake, and goes on with a harmless value."""

    def __init__(self, variables: Mapping[str, Any], catalogue: pd.DataFrame) -> None:
        self.problems = Problems()
        self.variables: dict[Any, Any] = {}
        if isinstance(variables, Mapping):
            self.variables = dict(variables)
        else:
            self.problems.add("vars", f"must be a mapping of variables, not {quote(variables)}")
        self.features = _catalogue_features(catalogue)
        self.dates: set[str] = set()
        self.inputs: set[str] | None = None  # None where the inputs themselves are wrong: nothing follows from them

    def run(self) -> list[SegmentationConfig]:
        self.unknown_keys("", self.variables, VARIABLES)
        for name in VARIABLES:
            if name not in self.variables:
                self.problems.add(name, "is missing; dbt_project.yml gives every variable its default")
        self.check_time()
        self.add_attributes()
        self.check_inputs()
        self.check_staging()
        self.flag("refit")
        self.integer("fit_sample_size", self.get("fit_sample_size", 1), low=1, high=_MAX_INTEGER)
        self.integer("random_seed", self.get("random_seed", 0), low=0, high=_MAX_SEED)
        defaults = self.feature_settings("feature_defaults", self.get("feature_defaults", {}), complete=True)
        treatments = self.treatments(defaults)
        self.check_drift()
        gates = self.candidate_gates()
        self.check_advice()
        self.check_value()
        self.check_learning()
        self.check_audiences()
        self.check_service()
        self.check_offers()
        segmentation_defaults = {**self.segmentation_defaults(), "gates": gates}
        return self.segmentations(treatments, segmentation_defaults)

    # --- Small checks -----------------------------------------------------------------------------------------

    def get(self, name: str, default: Any) -> Any:
        """Return a variable; a missing one is noted once, by `run`, and read as something valid."""
        return self.variables.get(name, default)

    def unknown_keys(self, where: str, mapping: Mapping[Any, Any], valid: Iterable[str]) -> None:
        valid = tuple(valid)
        for key in mapping:
            if key not in valid:
                self.problems.add(where, f"unknown key {quote(key)}; {did_you_mean(key, valid)}")

    def mapping(self, where: str, value: Any) -> dict[Any, Any]:
        if isinstance(value, Mapping):
            return dict(value)
        self.problems.add(where, f"must be a mapping (write {{}} for none), not {quote(value)}")
        return {}

    def complete_mapping(self, name: str, keys: Sequence[str]) -> dict[Any, Any]:
        """Check a variable that must have all of its keys: `--vars` replaces it as a whole."""
        settings = self.mapping(name, self.get(name, {}))
        self.unknown_keys(name, settings, keys)
        if name in self.variables and isinstance(self.variables[name], Mapping):
            for key in keys:
                if key not in settings:
                    self.problems.add(name, f"{key} is missing; the defaults are complete in dbt_project.yml")
        return settings

    def sequence(self, where: str, value: Any) -> list[Any]:
        if isinstance(value, Sequence) and not isinstance(value, str | bytes):
            return list(value)
        self.problems.add(where, f"must be a list such as [a, b], not {quote(value)}")
        return []

    def choice(self, where: str, value: Any, choices: Sequence[str]) -> str:
        if isinstance(value, str) and value in choices:
            return value
        self.problems.add(where, f"{quote(value)} is not one of its values; {did_you_mean(value, choices)}")
        return choices[0]

    def integer(self, where: str, value: Any, *, low: int, high: int) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        self.problems.add(where, f"must be a whole number from {low} to {high}, not {quote(value)}")
        return low

    def number(self, where: str, value: Any, *, low: float, high: float = math.inf, above: bool = False) -> float:
        """Check a finite number; `above` leaves `low` itself out."""
        number = _finite(value)
        if number is not None and number <= high and (number > low if above else number >= low):
            return number
        bound = f"above {low:g}" if above else f"of at least {low:g}"
        bound += "" if math.isinf(high) else f" and at most {high:g}"
        self.problems.add(where, f"must be a number {bound}, not {quote(value)}")
        return high if math.isfinite(high) else low + 1

    def flag(self, where: str) -> None:
        value = self.get(where, False)
        if not isinstance(value, bool):
            self.problems.add(where, f"must be true or false, not {quote(value)}")

    def date(self, where: str) -> datetime.date | None:
        value = self.get(where, "2000-01-01")
        if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            return value
        if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
            try:
                return datetime.date.fromisoformat(value)
            except ValueError:
                pass
        self.problems.add(where, f'must be a date in quotes, such as "2025-12-31", not {quote(value)}')
        return None

    def name(self, where: str, value: Any) -> bool:
        valid = isinstance(value, str) and bool(_NAME.fullmatch(value)) and len(value) <= _MAX_NAME_LENGTH
        if not valid:
            self.problems.add(
                where,
                f"the name {quote(value)} must begin with a lower-case letter and hold only a-z, 0-9 and _, "
                f"at most {_MAX_NAME_LENGTH} characters",
            )
        return valid

    def text(self, where: str, value: Any, what: str) -> str | None:
        if isinstance(value, str) and value.strip():
            if any(ord(character) < ord(" ") or "\ud800" <= character <= "\udfff" for character in value):
                self.problems.add(where, f"{what} must not hold control characters, as {value!a} does")
                return None
            return value
        hint = "; put it in quotes" if isinstance(value, int | float | datetime.date) else ""
        self.problems.add(where, f"{what} must be a text, not {quote(value)}{hint}")
        return None

    def pattern(self, where: str, value: Any) -> None:
        text = self.text(where, value, "a pattern")
        if text is not None:
            try:
                re.compile(text)
            except (re.error, OverflowError, RecursionError) as error:
                self.problems.add(where, f"{quote(value)} is no regular expression: {error}")

    # --- Time, inputs, staging --------------------------------------------------------------------------------

    def check_time(self) -> None:
        earliest = self.date("earliest_date")
        self.date("earliest_birth_date")
        if self.get("as_of_date", None) is not None:
            as_of = self.date("as_of_date")
            if as_of and earliest and as_of < earliest:
                self.problems.add(
                    "as_of_date", f"{as_of} lies before earliest_date ({earliest}): no order would be left"
                )
        self.choice("snapshot_period", self.get("snapshot_period", "month"), _PERIODS)
        self.integer("snapshot_count", self.get("snapshot_count", 0), low=0, high=_MAX_INTEGER)

    def add_attributes(self) -> None:
        for name, sql_type in self.mapping("attributes", self.get("attributes", {})).items():
            where = f"attributes.{name}"
            if not self.name("attributes", name):
                continue
            mapped = f"inputs.customers.columns: {{customer_{name}: {name}}}"
            remedy = f"rename it, for example attributes: {{customer_{name}: {quote(sql_type)}}} with {mapped}"
            if name in self.features:
                self.problems.add(where, f"is also a feature of the catalogue; {remedy}")
            elif name in _TAKEN_COLUMNS:
                self.problems.add(where, f"is also a column of the project; {remedy}")
            elif name in _RESERVED_WORDS:
                self.problems.add(where, f"is a word of SQL and cannot name a column; {remedy}")
            else:
                known = self.choice(where, sql_type, tuple(ATTRIBUTE_TYPES))
                feature_type = ATTRIBUTE_TYPES[known]
                if feature_type is None:
                    self.dates.add(name)
                else:
                    self.features[name] = _Feature(
                        name, feature_type.kind, feature_type.is_integer, "customers", "customers"
                    )

    def check_inputs(self) -> None:
        before = len(self.problems)
        inputs = self.mapping("inputs", self.get("inputs", {"orders": {"ref": "orders"}}))
        self.unknown_keys("inputs", inputs, INPUT_COLUMNS)
        present = {name for name in INPUT_COLUMNS if inputs.get(name) is not None}
        for name in sorted(present):
            self.check_input(name, inputs[name])
        if len(self.problems) == before:
            if not present & {"customers", "orders"}:
                self.problems.add(
                    "inputs", "give at least one of customers and orders, such as orders: {ref: my_orders}"
                )
            elif "order_items" in present and "orders" not in present:
                self.problems.add("inputs.order_items", "needs inputs.orders, which say whose the lines are and when")
        attributes = self.get("attributes", {})
        if len(self.problems) == before and "customers" not in present and attributes:
            self.problems.add("attributes", "are columns of the input customers, but inputs.customers is missing")
        self.inputs = present if len(self.problems) == before else None

    def check_input(self, name: str, value: Any) -> None:
        where = f"inputs.{name}"
        settings = self.mapping(where, value)
        has_discounts = name == "order_items"
        self.unknown_keys(where, settings, (*_INPUT_KEYS, "discounts") if has_discounts else _INPUT_KEYS)
        if has_discounts and "discounts" in settings:
            self.choice(f"{where}.discounts", settings["discounts"], _DISCOUNTS)
        given = [key for key in _LOCATIONS if settings.get(key) is not None]
        if isinstance(value, Mapping) and len(given) != 1:
            shown = "none" if not given else " and ".join(given)
            self.problems.add(where, f"give exactly one of ref, relation and path, not {shown}")
        for key in given:
            self.text(f"{where}.{key}", settings[key], f"a {key}")
        if "distinct" in settings and not isinstance(settings["distinct"], bool):
            self.problems.add(f"{where}.distinct", f"must be true or false, not {quote(settings['distinct'])}")
        if "max_reject_share" in settings:
            self.number(f"{where}.max_reject_share", settings["max_reject_share"], low=0, high=1)
        self.check_dialect(where, settings)
        columns = self.mapping(f"{where}.columns", settings.get("columns", {}))
        valid = list(INPUT_COLUMNS[name])
        if name == "customers" and isinstance(self.get("attributes", {}), Mapping):
            valid += [key for key in self.get("attributes", {}) if isinstance(key, str)]
        for column, expression in columns.items():
            if column in valid:
                self.text(f"{where}.columns.{column}", expression, "an SQL expression")
            else:
                hint = "; a further column of customers is declared under attributes" if name == "customers" else ""
                self.problems.add(
                    f"{where}.columns", f"{name} has no column {quote(column)}; {did_you_mean(column, valid)}{hint}"
                )

    def check_dialect(self, where: str, settings: Mapping[Any, Any]) -> None:
        """Check how an input's files, numbers and dates are written; the macros say the same before anything runs."""
        path = settings.get("path")
        is_csv = isinstance(path, str) and not path.lower().endswith(".parquet")
        given = {key: settings[key] for key in DIALECT_KEYS if settings.get(key) is not None}
        for key in given if not is_csv else ():
            self.problems.add(f"{where}.{key}", "says how CSV files are written, and this input is none; remove it")
        for key in ("delimiter", "quote"):
            letter = given.get(key, ";")
            is_empty = letter == "" and key == "quote"
            if not isinstance(letter, str) or not (is_empty or re.fullmatch(r"[^\n\r\0\x7f-\U0010ffff]", letter)):
                self.problems.add(f"{where}.{key}", f"must be one character of ASCII in quotes, not {quote(letter)}")
        if "delimiter" in given and given["delimiter"] == given.get("quote", '"'):
            self.problems.add(f"{where}.delimiter", "must be another character than quote")
        self.choice(f"{where}.encoding", given.get("encoding", ENCODINGS[0]), ENCODINGS)
        header = given.get("header", True)
        names = list(header) if isinstance(header, list | tuple) else []
        are_names = all(isinstance(name, str) and name for name in names)
        if not isinstance(header, bool) and not (
            names and are_names and len({name.lower() for name in names}) == len(names)
        ):
            self.problems.add(f"{where}.header", "must be true, or the list of the names of the columns, each once")
        self.integer(f"{where}.skip_lines", given.get("skip_lines", 0), low=0, high=_MAX_INTEGER)
        if settings.get("decimal") is not None:
            self.choice(f"{where}.decimal", settings["decimal"], (".", ","))
        formats = settings.get("date_format")
        for value in formats if isinstance(formats, list | tuple) else [formats] if formats is not None else []:
            self.text(f"{where}.date_format", value, "a date format")

    def check_staging(self) -> None:
        self.number("default_max_reject_share", self.get("default_max_reject_share", 0), low=0, high=1)
        self.number("full_above_share", self.get("full_above_share", 0), low=0, high=1)
        statuses = self.sequence("cancelled_statuses", self.get("cancelled_statuses", []))
        for index, status in enumerate(statuses):
            text = self.text(f"cancelled_statuses[{index}]", status, "a status")
            if text is not None and text != text.lower():
                self.problems.add(
                    f"cancelled_statuses[{index}]",
                    f"{quote(text)} is compared with lower-case values; write {quote(text.lower())}",
                )
        for index, code in enumerate(self.sequence("non_product_codes", self.get("non_product_codes", []))):
            self.pattern(f"non_product_codes[{index}]", code)
        for column, pattern in self.mapping("test_accounts", self.get("test_accounts", {})).items():
            if column in INPUT_COLUMNS["customers"]:
                self.pattern(f"test_accounts.{column}", pattern)
            else:
                hint = did_you_mean(column, INPUT_COLUMNS["customers"])
                self.problems.add("test_accounts", f"customers have no column {quote(column)}; {hint}")

    # --- Features ---------------------------------------------------------------------------------------------

    def feature_settings(self, where: str, value: Any, *, complete: bool) -> dict[str, Any]:
        """Check how a number enters a distance; what is wrong is left out of the result."""
        settings = self.mapping(where, value)
        self.unknown_keys(where, settings, _FEATURE_KEYS if complete else (*_FEATURE_KEYS, *_DISPLAY_KEYS))
        if complete and where in self.variables and isinstance(value, Mapping):
            for key in _FEATURE_KEYS:
                if key not in settings:
                    self.problems.add(where, f"{key} is missing; the defaults are complete in dbt_project.yml")
        checked: dict[str, Any] = {}
        if "transform" in settings:
            checked["transform"] = self.choice(f"{where}.transform", settings["transform"], get_args(Transform))
        if "scale" in settings:
            checked["scale"] = self.choice(f"{where}.scale", settings["scale"], _SCALES)
        if "clip" in settings:
            checked["clip"] = self.clip(f"{where}.clip", settings["clip"])
        if "impute" in settings:
            checked["impute"] = self.impute(f"{where}.impute", settings["impute"])
        if "weight" in settings:
            checked["weight"] = self.number(f"{where}.weight", settings["weight"], low=0)
        return checked

    def display_settings(self, where: str, settings: Mapping[Any, Any], kind: Kind) -> dict[str, Any]:
        """Check what people call a feature and its levels; what is wrong is left out of the result."""
        checked: dict[str, Any] = {}
        if settings.get("display_name") is not None:
            checked["display_name"] = self.display_name(f"{where}.display_name", settings["display_name"])
        if settings.get("level_names") is None:
            return checked
        where = f"{where}.level_names"
        if kind == "number":
            self.problems.add(where, "is for categories and booleans; a number has no levels")
            return checked
        names: dict[str, str] = {}
        for level, value in self.mapping(where, settings["level_names"]).items():
            # YAML reads a bare No as false: of a boolean that is a level, of a category it is not what was written.
            key = str(level).lower() if isinstance(level, bool) and kind == "boolean" else level
            if not isinstance(key, str):
                self.problems.add(where, f'the level {quote(level)} must be a text; put it in quotes, such as "No"')
                continue
            if kind == "boolean" and key not in ("true", "false"):
                self.problems.add(where, f"{quote(key)} is no level of a boolean; write true and false")
            shown = self.display_name(f"{where}.{key}", value)
            if shown is not None:
                names[key] = shown
        checked["level_names"] = names
        return checked

    def display_name(self, where: str, value: Any) -> str | None:
        name = self.text(where, value, "a name")
        if name is not None and len(name.strip()) > _MAX_DISPLAY_LENGTH:
            self.problems.add(
                where, f"a name has at most {_MAX_DISPLAY_LENGTH} characters, and this has {len(name.strip())}"
            )
        return None if name is None else name.strip()

    def clip(self, where: str, value: Any) -> tuple[float, float] | None:
        if value is None:
            return None
        limits = [_finite(limit) for limit in value] if isinstance(value, list | tuple) else []
        match limits:
            case [float(low), float(high)] if 0 <= low < high <= 1:
                return low, high
        self.problems.add(
            where, f"must be two quantiles from 0 to 1, such as [0.01, 0.99], or null, not {quote(value)}"
        )
        return None

    def impute(self, where: str, value: Any) -> str | float:
        number = _finite(value)
        if number is not None:
            return number
        if isinstance(value, str) and value in _IMPUTES:
            return value
        hint = did_you_mean(value, _IMPUTES)
        self.problems.add(where, f"{quote(value)} is neither a number nor one of its values; {hint}")
        return "median"

    def treatments(self, defaults: Mapping[str, Any]) -> dict[str, FeatureConfig]:
        """Return how each feature enters a distance, with the defaults filled in."""
        own: dict[str, dict[str, Any]] = {}
        for name, value in self.mapping("features", self.get("features", {})).items():
            where = f"features.{name}"
            if not isinstance(name, str) or name not in self.features:
                self.problems.add("features", self.unknown_feature(name))
                continue
            own[name] = self.feature_settings(where, value, complete=False)
            kind = self.features[name].kind
            if kind != "number":
                for key in own[name].keys() - {"weight"}:
                    self.problems.add(where, f"{key} is for numbers and {name} is a {kind}; only weight applies")
            if isinstance(value, Mapping):
                own[name] |= self.display_settings(where, value, kind)
        base = {"transform": "none", "clip": None, "scale": "standard", "impute": "median", "weight": 1.0, **defaults}
        treatments = {}
        for feature in self.features.values():
            settings = {**base, **own.get(feature.name, {})}
            if feature.kind != "number":
                settings.update(transform="none", clip=None, scale="none", impute=None)
            treatments[feature.name] = FeatureConfig(feature.name, feature.kind, feature.source, **settings)
        return treatments

    def unknown_feature(self, name: object) -> str:
        if isinstance(name, str) and name in self.dates:
            return f"the attribute {quote(name)} is a date, and dates are not features"
        return f"there is no feature {quote(name)}; {did_you_mean(name, self.features)}"

    # --- When not to segment ----------------------------------------------------------------------------------

    def check_advice(self) -> None:
        where = "advice"
        settings = self.complete_mapping(where, _ADVICE_KEYS)
        for key in ("min_customers", "min_history_days"):
            if key in settings:
                self.integer(f"{where}.{key}", settings[key], low=0, high=_MAX_INTEGER)
        if "not_advised" in settings:
            self.choice(f"{where}.not_advised", settings["not_advised"], _SEVERITIES)
        if "fallback" in settings:
            segmentations = self.get("segmentations", {})
            known = segmentations.items() if isinstance(segmentations, Mapping) else ()
            simple = [
                name
                for name, value in known
                if isinstance(name, str) and isinstance(value, Mapping) and value.get("method") in ("rfm", "rules")
            ]
            if settings["fallback"] not in ("auto", "none", *simple):
                hint = did_you_mean(settings["fallback"], ("auto", "none", *simple))
                what = f"there is no segmentation {quote(settings['fallback'])} of method rfm or rules"
                self.problems.add(f"{where}.fallback", f"{what}; {hint}")

    # --- What customers are worth -----------------------------------------------------------------------------

    def check_value(self) -> None:
        where = "value"
        settings = self.complete_mapping(where, _VALUE_KEYS)
        if "horizons_days" in settings:
            horizons = self.sequence(f"{where}.horizons_days", settings["horizons_days"])
            for index, days in enumerate(horizons):
                self.integer(f"{where}.horizons_days[{index}]", days, low=1, high=_MAX_DAYS)
            if isinstance(settings["horizons_days"], list | tuple) and not horizons:
                self.problems.add(f"{where}.horizons_days", "is empty; write [90, 365]")
            if len(set(map(str, horizons))) < len(horizons):
                self.problems.add(f"{where}.horizons_days", "names a horizon twice")
        if "holdout_days" in settings:
            self.integer(f"{where}.holdout_days", settings["holdout_days"], low=1, high=_MAX_DAYS)
        if "discount_rate" in settings:
            self.number(f"{where}.discount_rate", settings["discount_rate"], low=0, high=1)

    def check_learning(self) -> None:
        where = "learning"
        settings = self.complete_mapping(where, _LEARNING_KEYS)
        if "each" in settings:
            self.choice(f"{where}.each", settings["each"], _LEARNING_TIMES)
        if "above_share" in settings:
            self.number(f"{where}.above_share", settings["above_share"], low=0)

    # --- For whom ---------------------------------------------------------------------------------------------

    def check_audiences(self) -> None:
        where = "audiences"
        settings = self.complete_mapping(where, _AUDIENCES_KEYS)
        if settings.get("segmentations", "auto") != "auto":
            segmentations = self.get("segmentations", {})
            known = [*map(str, segmentations)] if isinstance(segmentations, Mapping) else []
            for name in self.sequence(f"{where}.segmentations", settings["segmentations"]):
                if name not in known:
                    what = f"there is no segmentation {quote(name)}"
                    self.problems.add(f"{where}.segmentations", f"{what}; {did_you_mean(name, ('auto', *known))}")
        if "minimum_size" in settings:
            self.integer(f"{where}.minimum_size", settings["minimum_size"], low=1, high=_MAX_INTEGER)
        if "holdout_share" in settings:
            self.number(f"{where}.holdout_share", settings["holdout_share"], low=0, high=0.9)
        code = settings.get("calling_code")
        if code is not None and not (isinstance(code, str) and re.fullmatch("[1-9][0-9]{0,2}", code)):
            what = 'must be null or the digits of a country\'s calling code in quotes, such as "49"'
            self.problems.add(f"{where}.calling_code", f"{what}, not {quote(code)}")
        elif code is not None and not _is_calling_code(code):
            self.problems.add(f"{where}.calling_code", f"no country has the calling code {quote(code)}")

    def check_drift(self) -> None:
        where = "drift"
        settings = self.complete_mapping(where, _DRIFT_KEYS)
        for key in ("notable_psi", "psi", "distance_change"):
            if key in settings:
                self.number(f"{where}.{key}", settings[key], low=0, above=True)
        if "unseen_share" in settings:
            self.number(f"{where}.unseen_share", settings["unseen_share"], low=0, high=1, above=True)

    def check_service(self) -> None:
        where = "service"
        settings = self.complete_mapping(where, _SERVICE_KEYS)
        for key in ("high_value_share", "medium_value_share", "high_return_rate"):
            if key in settings:
                self.number(f"{where}.{key}", settings[key], low=0, high=1)
        for key in ("high_risk_ratio", "medium_risk_ratio"):
            if key in settings:
                self.number(f"{where}.{key}", settings[key], low=0, above=True)

    def check_offers(self) -> None:
        where = "offers"
        settings = self.complete_mapping(where, _OFFER_KEYS)
        for key, (low, high) in _OFFER_COUNTS.items():
            if key in settings:
                self.integer(f"{where}.{key}", settings[key], low=low, high=high)
        for key in _OFFER_SHARES:
            if key in settings:
                self.number(f"{where}.{key}", settings[key], low=0, high=1)
        if "item" in settings:
            self.choice(f"{where}.item", settings["item"], _OFFER_ITEMS)
        if "segmentation" in settings:
            segmentations = self.get("segmentations", {})
            known = (
                [name for name in segmentations if isinstance(name, str)] if isinstance(segmentations, Mapping) else []
            )
            if settings["segmentation"] not in ("auto", *known):
                hint = did_you_mean(settings["segmentation"], ("auto", *known))
                what = f"there is no segmentation {quote(settings['segmentation'])}"
                self.problems.add(f"{where}.segmentation", f"{what}; {hint}")

    def candidate_gates(self) -> CandidateGates:
        where = "candidate_gates"
        settings = self.complete_mapping(where, tuple(_GATES))
        checked: dict[str, Any] = dict.fromkeys(_GATES)
        for key, most in _GATES.items():
            value = settings.get(key)
            if value is None:  # asks nothing
                continue
            if key == "verdict":
                checked[key] = self.integer(f"{where}.{key}", value, low=0, high=int(most))
            else:
                checked[key] = self.number(f"{where}.{key}", value, low=0, high=most)
        return CandidateGates(**checked)

    # --- Segmentations ----------------------------------------------------------------------------------------

    def segmentation_defaults(self) -> dict[str, Any]:
        where = "segmentation_defaults"
        settings = self.complete_mapping(where, _SEGMENTATION_DEFAULTS)
        base = {"k": KRange(2, 2), "min_share": 0.01, "gamma": "auto", "borderline_margin": 0.0, "smoothing": None}
        base |= {"refit": "on_request", "update": "frozen", "online": None}
        return {**base, **self.fit_settings(where, settings)}

    def fit_settings(self, where: str, settings: Mapping[Any, Any]) -> dict[str, Any]:
        checked: dict[str, Any] = {}
        if "k" in settings:
            checked["k"] = self.k_range(f"{where}.k", settings["k"])
        if "min_share" in settings:
            checked["min_share"] = self.number(f"{where}.min_share", settings["min_share"], low=0, high=0.5, above=True)
        if "gamma" in settings:
            gamma = settings["gamma"]
            number = _finite(gamma)
            if gamma == "auto" or (number is not None and number > 0):
                checked["gamma"] = "auto" if number is None else number
            else:
                self.problems.add(f"{where}.gamma", f"must be auto or a number above 0, not {quote(gamma)}")
        if "borderline_margin" in settings:
            margin = settings["borderline_margin"]
            checked["borderline_margin"] = self.number(f"{where}.borderline_margin", margin, low=0, high=1)
        if "smoothing" in settings:
            checked["smoothing"] = self.smoothing(f"{where}.smoothing", settings["smoothing"])
        for key, policies in (("refit", get_args(RefitPolicy)), ("update", get_args(UpdatePolicy))):
            if key in settings:
                checked[key] = self.choice(f"{where}.{key}", settings[key], policies)
        if "online" in settings:
            checked["online"] = self.online(f"{where}.online", settings["online"])
        return checked

    def smoothing(self, where: str, value: Any) -> Smoothing | None:
        if value in ("none", None):
            return None
        if not isinstance(value, Mapping):
            self.problems.add(where, f"must be none or {{margin: 0.3, periods: 3}}, not {quote(value)}")
            return None
        self.unknown_keys(where, value, ("margin", "periods"))
        if "periods" not in value:
            self.problems.add(where, "periods is missing; write {margin: 0.3, periods: 3}")
        margin = value.get("margin")
        return Smoothing(
            margin=None if margin is None else self.number(f"{where}.margin", margin, low=0, high=1),
            periods=self.integer(f"{where}.periods", value.get("periods", 1), low=1, high=_MAX_SMOOTHING_PERIODS),
        )

    def online(self, where: str, value: Any) -> Online:
        settings = self.mapping(where, value)
        half_lives = ("half_life_customers", "half_life_days")
        self.unknown_keys(where, settings, (*half_lives, "min_customers"))
        given = {key: settings[key] for key in half_lives if settings.get(key) is not None}
        if isinstance(value, Mapping) and len(given) != 1:
            what = f"must have one of {' and '.join(half_lives)}, and has {'both' if given else 'neither'}"
            self.problems.add(where, f"{what}; {_ONLINE_EXAMPLE}")
        if isinstance(value, Mapping) and "min_customers" not in settings:
            self.problems.add(where, f"min_customers is missing; {_ONLINE_EXAMPLE}")
        checked = {key: self.number(f"{where}.{key}", given[key], low=0, above=True) for key in given}
        least = settings.get("min_customers", 1)
        return Online(
            half_life_customers=checked.get("half_life_customers"),
            half_life_days=checked.get("half_life_days"),
            min_customers=self.integer(f"{where}.min_customers", least, low=1, high=_MAX_INTEGER),
        )

    def k_range(self, where: str, value: Any) -> KRange:
        if not isinstance(value, Mapping):
            if isinstance(value, bool) or not isinstance(value, int):
                self.problems.add(where, f"must be a whole number or {{min: 2, max: 8}}, not {quote(value)}")
                return KRange(2, 2)
            pinned = self.integer(where, value, low=2, high=_MAX_INTEGER)
            return KRange(pinned, pinned)
        self.unknown_keys(where, value, ("min", "max"))
        for key in ("min", "max"):
            if key not in value:
                self.problems.add(where, f"{key} is missing; write {{min: 2, max: 8}}")
        low = self.integer(f"{where}.min", value.get("min", 2), low=2, high=_MAX_INTEGER)
        high = self.integer(f"{where}.max", value.get("max", _MAX_INTEGER), low=2, high=_MAX_INTEGER)
        if low > high and value.get("min") == low and value.get("max") == high:
            self.problems.add(where, f"min ({low}) is above max ({high}); write {{min: {high}, max: {low}}}")
        return KRange(low, high)

    def segmentations(
        self, treatments: Mapping[str, FeatureConfig], defaults: Mapping[str, Any]
    ) -> list[SegmentationConfig]:
        configs = []
        for name, value in self.mapping("segmentations", self.get("segmentations", {})).items():
            if not self.name("segmentations", name):
                continue
            where = f"segmentations.{name}"
            settings = self.mapping(where, value)
            method = settings.get("method")
            if not isinstance(value, Mapping):
                continue
            if not isinstance(method, str) or method not in _METHOD_KEYS:
                what = "method is missing" if "method" not in settings else f"there is no method {quote(method)}"
                hint = did_you_mean(method or "", _METHOD_KEYS)
                self.problems.add(f"{where}.method", f"{what}; {hint}")
                continue
            self.keys_of_method(where, method, settings)
            config = self.segmentation(where, cast("Method", method), settings, treatments, defaults)
            if config is not None:
                configs.append(config)
        return configs

    def keys_of_method(self, where: str, method: str, settings: Mapping[Any, Any]) -> None:
        valid = ("method", *_METHOD_KEYS[method])
        users = {key: [name for name, keys in _METHOD_KEYS.items() if key in keys] for key in settings}
        for key in settings:
            if key not in valid and users[key]:
                self.problems.add(
                    f"{where}.{key}", f"has no meaning for {method}; it belongs to {', '.join(users[key])}"
                )
        self.unknown_keys(where, {key: None for key in settings if not users[key]}, valid)

    def segmentation(
        self,
        where: str,
        method: Method,
        settings: Mapping[Any, Any],
        treatments: Mapping[str, FeatureConfig],
        defaults: Mapping[str, Any],
    ) -> SegmentationConfig | None:
        segments: tuple[SegmentRule, ...] = ()
        if method == "rules":
            segments, names = self.rule_segments(where, settings)
        elif method == "rfm":
            names = list(_RFM_FEATURES)
        else:
            names = self.cluster_features(where, method, settings, treatments)
        self.inputs_of_features(where, method, names)
        own = {key: value for key, value in settings.items() if key in _METHOD_KEYS[method]}
        fit = {**defaults, **self.fit_settings(where, own)}
        if method not in {"kmeans", "kprototypes"}:
            # Rules and scores have no margin, and follow a customer at once unless they say otherwise.
            fit["smoothing"] = self.smoothing(f"{where}.smoothing", own.get("smoothing"))
            if fit["smoothing"] and fit["smoothing"].margin is not None:
                self.problems.add(f"{where}.smoothing", f"margin has no meaning for {method}; write {{periods: 2}}")
            # Nor have they anything that moves with single customers.
            fit |= {"update": "frozen", "online": None}
        if method in {"kmeans", "kprototypes"} and fit["k"].min * fit["min_share"] > 1:
            self.problems.add(
                f"{where}.min_share",
                f"{fit['k'].min} segments cannot each hold a share of {fit['min_share']:g}; "
                f"write at most {math.floor(1e4 / fit['k'].min) / 1e4:g}",
            )
        features = tuple(treatments[name] for name in sorted(set(names)) if name in treatments)
        return SegmentationConfig(
            name=where.removeprefix("segmentations."),
            method=method,
            features=features,
            seed=self.get("random_seed", 0),
            sample_size=self.get("fit_sample_size", 1),
            uses_orders=any(feature.source == "orders" for feature in features),
            segments=segments,
            **fit,
        )

    def rule_segments(self, where: str, settings: Mapping[Any, Any]) -> tuple[tuple[SegmentRule, ...], list[str]]:
        where = f"{where}.segments"
        if "segments" not in settings:
            self.problems.add(where, 'is missing; write segments: [{name: Under 30, when: "age < 30"}, ...]')
            return (), []
        segments: list[SegmentRule] = []
        rule_set: list[rules.Rule] = []
        values = self.sequence(where, settings["segments"])
        if isinstance(settings["segments"], list | tuple) and not values:
            self.problems.add(where, "is empty; a segmentation has at least one segment")
        for index, value in enumerate(values):
            segment = self.rule_segment(f"{where}[{index}]", index + 1, value)
            if segment is None:
                continue
            if segment[0].name.casefold() in {other.name.casefold() for other in segments}:
                self.problems.add(f"{where}[{index}].name", f"{quote(segment[0].name)} names two segments")
            segments.append(segment[0])
            rule_set.append(segment[1])
        names = sorted(frozenset().union(*(rules.features_of(rule.expression) for rule in rule_set)))
        if len(rule_set) == len(values):  # with a rule left out, gaps would be reported that are none
            for problem in rules.prove(rule_set, self.feature_types()):
                self.problems.add(where, problem)
        return tuple(segments), names

    def rule_segment(self, where: str, segment_id: int, value: Any) -> tuple[SegmentRule, rules.Rule] | None:
        settings = self.mapping(where, value)
        if not isinstance(value, Mapping):
            return None
        self.unknown_keys(where, settings, ("name", "when"))
        for key in ("name", "when"):
            if key not in settings:
                self.problems.add(where, f'{key} is missing; write {{name: Under 30, when: "age < 30"}}')
        if not {"name", "when"} <= settings.keys():
            return None
        name = self.text(f"{where}.name", settings["name"], "a name")
        when = self.text(f"{where}.when", settings["when"], "a rule")
        if name is None or when is None:
            return None
        try:
            expression = rules.parse(when)
        except UserError as error:
            self.problems.add(f"{where}.when", str(error))
            return None
        name = name.strip()
        return SegmentRule(segment_id, name, when, rules.to_sql(expression)), rules.Rule(name, expression)

    def feature_types(self) -> dict[str, rules.FeatureType]:
        return {name: rules.FeatureType(feature.kind, feature.is_integer) for name, feature in self.features.items()}

    def cluster_features(
        self, where: str, method: str, settings: Mapping[Any, Any], treatments: Mapping[str, FeatureConfig]
    ) -> list[str]:
        where = f"{where}.features"
        if "features" not in settings:
            self.problems.add(where, "is missing; write features: [recency_days, frequency]")
            return []
        values = self.sequence(where, settings["features"])
        if isinstance(settings["features"], list | tuple) and not values:
            self.problems.add(where, "is empty; write features: [recency_days, frequency]")
        names: list[str] = []
        for index, name in enumerate(values):
            if not isinstance(name, str) or name not in self.features:
                self.problems.add(f"{where}[{index}]", self.unknown_feature(name))
            elif name in names:
                self.problems.add(f"{where}[{index}]", f"{name} occurs twice; its weight is set under features")
            else:
                kind = self.features[name].kind
                if method == "kmeans" and kind != "number":
                    what = f"{name} is a {kind}, and kmeans measures numbers alone"
                    self.problems.add(f"{where}[{index}]", f"{what}; use kprototypes as the method, or leave it out")
                names.append(name)
        if names and all(treatments[name].weight == 0 for name in names):
            self.problems.add(where, "all of them have weight 0, so nothing would be left to measure")
        return names

    def inputs_of_features(self, where: str, method: str, names: Iterable[str]) -> None:
        if self.inputs is None:
            return
        missing: dict[str, list[str]] = {}
        for name in sorted(set(names)):
            if name in self.features and self.features[name].needs not in self.inputs:
                missing.setdefault(self.features[name].needs, []).append(name)
        for needed, features in missing.items():
            verb = "needs" if len(features) == 1 else "need"
            what = f"{method} needs" if method == "rfm" else f"{', '.join(features)} {verb}"
            self.problems.add(where, f"{what} the input {needed}, and inputs.{needed} is missing")


def _catalogue_features(catalogue: pd.DataFrame) -> dict[str, _Feature]:
    columns = catalogue[["feature", "kind", "is_integer", "source", "input"]]
    return {
        feature: _Feature(feature, kind, bool(is_integer), source, needs)
        for feature, kind, is_integer, source, needs in columns.itertuples(index=False)
    }


def _finite(value: Any) -> float | None:
    """Return a number as float; None for all else, for truth values, infinities and NaN."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _is_calling_code(code: str) -> bool:
    """Whether a country has the calling code."""
    # Loaded where it is asked, as most configurations name no code.
    from segmentation.phones import is_calling_code  # noqa: PLC0415

    return is_calling_code(code)
