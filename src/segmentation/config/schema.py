"""The models of all variables: what each may be, in the order in which mistakes are told.

No field of a variable has a default here: `dbt_project.yml` is the one place of defaults. Optional keys, such as those
of an input or of a segmentation, stand for themselves when they are left out.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, ClassVar, Literal, cast, get_args

from pydantic import Field, GetCoreSchemaHandler, ValidationInfo, field_validator
from pydantic_core import CoreSchema, core_schema

from segmentation import rules
from segmentation.config.inputs import INPUT_COLUMNS
from segmentation.config.known import AttributeType, Known, attribute_mistake
from segmentation.config.leaves import (
    MAX_INTEGER,
    Clip,
    Date,
    Entries,
    Flag,
    Items,
    Leaf,
    Number,
    NumberOr,
    OneOf,
    Pattern,
    Text,
    Validate,
    Whole,
    date_of,
    name_mistake,
    no_mapping,
)
from segmentation.config.methods import METHODS, Method, for_categories
from segmentation.config.mistakes import Mistakes, mistake
from segmentation.config.section import Section, Told, Written, absent
from segmentation.config.segmentations import KRange, RefitPolicy, Smoothing, Transform, UpdatePolicy
from segmentation.csv_files import DIALECT_KEYS, Encoding
from segmentation.cut_points import RFM_FEATURES
from segmentation.errors import UserError, did_you_mean, quote

__all__ = ["SETTINGS", "VARIABLES", "Clusters", "Rules", "Segmentation", "Variables"]

_MAX_SEED = 2**32 - 1  # what numpy takes
_MAX_DAYS = 3_650
_MAX_SMOOTHING_PERIODS = 12
_MAX_DISPLAY_LENGTH = 40
_LOCATIONS = ("ref", "relation", "path")
_OF_NUMBERS = ("clip", "impute", "scale", "transform")
_FEWEST_SEGMENTS = 2
_FALLBACKS = sorted(method for method, traits in METHODS.items() if traits.is_fallback)
_HALF_LIVES = ("half_life_customers", "half_life_days")

Share = Annotated[float, Number(0, high=1)]
AboveZero = Annotated[float, Number(0, above=True)]


def _known(info: ValidationInfo) -> Known:
    return cast("Known", info.context)


# --- Inputs -----------------------------------------------------------------------------------------------------


class _Delimiter(Leaf):
    """One character of ASCII; `quote` may also be empty, for files without quotes."""

    def __init__(self, *, may_be_empty: bool = False) -> None:
        self.may_be_empty = may_be_empty

    def _read(self, value: Any, _: Validate, /) -> Any:
        if isinstance(value, str):
            is_empty = value == "" and self.may_be_empty
            if is_empty or re.fullmatch(r"[^\n\r\0\x7f-\U0010ffff]", value):
                return value
        raise mistake(f"must be one character of ASCII in quotes, not {quote(value)}")


class _Header(Leaf):
    """True, or the names of the columns."""

    def _read(self, value: Any, _: Validate, /) -> Any:
        names = list(value) if isinstance(value, list | tuple) else []
        are_names = bool(names) and all(isinstance(name, str) and name for name in names)
        if isinstance(value, bool) or (are_names and len({name.lower() for name in names}) == len(names)):
            return value
        raise mistake("must be true, or the list of the names of the columns, each once")


class _DateFormats(Leaf):
    """A date format, or several."""

    def _read(self, value: Any, _: Validate, /) -> Any:
        text = Text("a date format")
        return [text.read(item) for item in (value if isinstance(value, list | tuple) else [value])]


class Input(Section):
    """Where an input is, and how its columns are obtained and written."""

    NAME: ClassVar[str]

    ref: Annotated[str, Text("a ref")] | None = None
    relation: Annotated[str, Text("a relation")] | None = None
    path: Annotated[str, Text("a path")] | None = None
    columns: Annotated[dict[str, str], Entries()] = Field(default_factory=dict)
    distinct: Annotated[bool, Flag()] = Field(default_factory=absent)
    max_reject_share: Share = Field(default_factory=absent)
    delimiter: Annotated[str, _Delimiter()] | None = None
    quote: Annotated[str, _Delimiter(may_be_empty=True)] | None = None
    encoding: Annotated[Encoding, OneOf()] | None = None
    header: Annotated[bool | list[str], _Header()] | None = None
    skip_lines: Annotated[int, Whole(0)] | None = None
    decimal: Annotated[Literal[".", ","], OneOf()] | None = None
    date_format: Annotated[str | list[str], _DateFormats()] | None = None

    @field_validator("columns", mode="wrap")
    @classmethod
    def _columns_exist(cls, value: Any, _: Any, info: ValidationInfo) -> dict[str, str]:
        columns: dict[str, str] = Entries().read(value)
        valid = (*INPUT_COLUMNS[cls.NAME], *(_known(info).attributes if cls.NAME == "customers" else ()))
        hint = "; a further column of customers is declared under attributes" if cls.NAME == "customers" else ""
        mistakes = Mistakes()
        for column, expression in columns.items():
            if column in valid:
                mistakes.take(Text("an SQL expression").read, expression, at=column)
            else:
                mistakes.add(f"{cls.NAME} has no column {quote(column)}; {did_you_mean(column, valid)}{hint}")
        mistakes.raise_if_any()
        return columns

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield what is wrong between the settings of an input."""
        given = {key: value for key, value in written.given.items() if value is not None}
        places = [key for key in _LOCATIONS if key in given]
        if len(places) != 1:
            yield f"give exactly one of ref, relation and path, not {' and '.join(places) or 'none'}", ()
        path = given.get("path")
        if not (isinstance(path, str) and not path.lower().endswith(".parquet")):
            for key in DIALECT_KEYS:
                if key in given:
                    yield "says how CSV files are written, and this input is none; remove it", (key,)
        if "delimiter" in given and given["delimiter"] == given.get("quote", '"'):
            yield "must be another character than quote", ("delimiter",)


class CustomersInput(Input):
    """The input customers."""

    NAME = "customers"


class OrdersInput(Input):
    """The input orders."""

    NAME = "orders"


class OrderItemsInput(Input):
    """The input order_items."""

    NAME = "order_items"

    discounts: Annotated[Literal["positive", "negative"], OneOf()] = Field(default_factory=absent)


class ProductsInput(Input):
    """The input products."""

    NAME = "products"


class Inputs(Section):
    """Where the inputs are; null stands for one that is not there."""

    customers: CustomersInput | None = None
    orders: OrdersInput | None = None
    order_items: OrderItemsInput | None = None
    products: ProductsInput | None = None

    @property
    def present(self) -> frozenset[str]:
        """Names of the inputs that are there."""
        return frozenset(name for name in INPUT_COLUMNS if getattr(self, name) is not None)

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield which inputs lack another one."""
        if len(written.sound) < len(written.given):
            return  # nothing follows from inputs that are wrong themselves
        present = {name for name, where in written.sound.items() if where is not None}
        if not present & {"customers", "orders"}:
            yield "give at least one of customers and orders, such as orders: {ref: my_orders}", ()
        elif "order_items" in present and "orders" not in present:
            yield "needs inputs.orders, which say whose the lines are and when", ("order_items",)


# --- How features enter a distance ------------------------------------------------------------------------------


def _no_impute(value: Any, choices: Sequence[str]) -> str:
    return f"{quote(value)} is neither a number nor one of its values; {did_you_mean(value, choices)}"


TransformOf = Annotated[Transform, OneOf()]
ScaleOf = Annotated[Literal["standard", "robust", "minmax"], OneOf()]
ClipOf = Annotated[tuple[float, float], Clip()]
ImputeOf = Annotated[Literal["median", "mean", "zero"] | float, NumberOr(_no_impute, ("median", "mean", "zero"))]
Weight = Annotated[float, Number(0)]
DisplayName = Annotated[str, Text("a name", longest=_MAX_DISPLAY_LENGTH, is_stripped=True)]


class FeatureDefaults(Section):
    """How numbers enter a distance, unless `features` says otherwise."""

    transform: TransformOf
    clip: ClipOf | None
    scale: ScaleOf
    impute: ImputeOf
    weight: Weight


class FeatureSettings(Section):
    """How one feature enters a distance, and what people call it and its levels."""

    transform: TransformOf = Field(default_factory=absent)
    clip: ClipOf | None = Field(default_factory=absent)
    scale: ScaleOf = Field(default_factory=absent)
    impute: ImputeOf = Field(default_factory=absent)
    weight: Weight = Field(default_factory=absent)
    display_name: DisplayName | None = Field(default_factory=absent)
    level_names: Annotated[dict[str, DisplayName], Entries()] | None = Field(default_factory=absent)

    @field_validator("level_names", mode="wrap")
    @classmethod
    def _levels_exist(cls, value: Any, _: Any, info: ValidationInfo) -> dict[str, str] | None:
        feature = _known(info).feature
        if value is None or feature is None:
            return None
        if feature.kind == "number":
            raise mistake("is for categories and booleans; a number has no levels")
        mistakes, names = Mistakes(), {}
        for level, name in Entries().read(value).items():
            # YAML reads a bare No as false: of a boolean that is a level, of a category it is not what was written.
            key = str(level).lower() if isinstance(level, bool) and feature.kind == "boolean" else level
            if not isinstance(key, str):
                mistakes.add(f'the level {quote(level)} must be a text; put it in quotes, such as "No"')
                continue
            if feature.kind == "boolean" and key not in ("true", "false"):
                mistakes.add(f"{quote(key)} is no level of a boolean; write true and false")
            text = Text("a name", longest=_MAX_DISPLAY_LENGTH, is_stripped=True)
            names[key] = mistakes.take(text.read, name, at=key)
        mistakes.raise_if_any()
        return names


# --- Settings with keys that are all there ----------------------------------------------------------------------


class Drift(Section):
    """How far customers may be from those of the fit."""

    notable_psi: AboveZero
    psi: AboveZero
    distance_change: AboveZero
    unseen_share: Annotated[float, Number(0, high=1, above=True)]


class Gates(Section):
    """What a refitted model must achieve beside the one in force; null asks nothing."""

    smallest_share: Share | None
    verdict: Annotated[int, Whole(0, 3)] | None
    stability: Share | None
    silhouette: Annotated[float, Number(0, high=2)] | None


class _Segmentation(Leaf):
    """A name among the segmentations, or one of some words."""

    def __init__(self, *words: str, methods: Sequence[str] = ()) -> None:
        self.words = words
        self.methods = methods

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_wrap_validator_function(self.find, handler(source))

    def find(self, value: Any, _: Any, info: Any) -> str:
        methods = _known(info).methods
        names = [name for name, method in methods.items() if not self.methods or method in self.methods]
        if isinstance(value, str) and value in (*self.words, *names):
            return value
        of_method = f" of method {' or '.join(self.methods)}" if self.methods else ""
        raise mistake(
            f"there is no segmentation {quote(value)}{of_method}; {did_you_mean(value, (*self.words, *names))}"
        )


class Advice(Section):
    """When clusters are not worth having, and what is published in their place."""

    min_customers: Annotated[int, Whole(0)]
    min_history_days: Annotated[int, Whole(0)]
    fallback: Annotated[str, _Segmentation("auto", "none", methods=_FALLBACKS)]
    not_advised: Annotated[Literal["warn", "error"], OneOf()]


class Value(Section):
    """How far ahead the worth of customers is expected."""

    horizons_days: Annotated[list[Annotated[int, Whole(1, _MAX_DAYS)]], Items("is empty; write [90, 365]")]
    holdout_days: Annotated[int, Whole(1, _MAX_DAYS)]
    discount_rate: Share

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield whether a horizon is there twice."""
        horizons = written.sound.get("horizons_days", [])
        if len(set(horizons)) < len(horizons):
            yield "names a horizon twice", ("horizons_days",)


class Learning(Section):
    """When what is learned from everybody is learned anew."""

    each: Annotated[Literal["period", "run"], OneOf()]
    above_share: Annotated[float, Number(0)]


class Audiences(Section):
    """Whose segments are exported."""

    segmentations: Literal["auto"] | list[str]
    minimum_size: Annotated[int, Whole(1)]
    holdout_share: Annotated[float, Number(0, high=0.9)]
    calling_code: str | None

    @field_validator("segmentations", mode="wrap")
    @classmethod
    def _segmentations_exist(cls, value: Any, _: Any, info: ValidationInfo) -> Any:
        if value == "auto":
            return value
        mistakes, known = Mistakes(), tuple(_known(info).methods)
        for name in Items().read(value):
            if name not in known:
                mistakes.add(f"there is no segmentation {quote(name)}; {did_you_mean(name, ('auto', *known))}")
        mistakes.raise_if_any()
        return list(value)

    @field_validator("calling_code", mode="wrap")
    @classmethod
    def _country_has_code(cls, value: Any, _: Any) -> str | None:
        # Loaded where it is asked, as most configurations name no code.
        from segmentation.phones import is_calling_code  # noqa: PLC0415

        if value is None:
            return None
        if not (isinstance(value, str) and re.fullmatch("[1-9][0-9]{0,2}", value)):
            what = 'must be null or the digits of a country\'s calling code in quotes, such as "49"'
            raise mistake(f"{what}, not {quote(value)}")
        if not is_calling_code(value):
            raise mistake(f"no country has the calling code {quote(value)}")
        return value


class Service(Section):
    """From where on a customer is worth much, at risk, or returns much."""

    high_value_share: Share
    medium_value_share: Share
    high_risk_ratio: AboveZero
    medium_risk_ratio: AboveZero
    high_return_rate: Share


class Offers(Section):
    """What rules and recommendations are learned from, and how many there are."""

    segmentation: Annotated[str, _Segmentation("auto")]
    item: Annotated[Literal["product_id", "category"], OneOf()]
    max_basket_items: Annotated[int, Whole(2, 1_000)]
    learning_customers: Annotated[int, Whole(0)]
    min_orders: Annotated[int, Whole(2)]
    max_rules: Annotated[int, Whole(1, 1_000_000)]
    candidates: Annotated[int, Whole(1, 1_000)]
    per_customer: Annotated[int, Whole(1, 1_000)]
    backtest_days: Annotated[int, Whole(1, _MAX_DAYS)]
    backtest_customers: Annotated[int, Whole(0)]
    min_support: Share
    min_confidence: Share
    false_discovery_rate: Share


# --- Segmentations ----------------------------------------------------------------------------------------------


class RangeOfK(Section):
    """The numbers of segments to try."""

    WHEN_MISSING = "write {min: 2, max: 8}"

    min: Annotated[int, Whole(_FEWEST_SEGMENTS)]
    max: Annotated[int, Whole(_FEWEST_SEGMENTS)]

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield whether the range has its ends the wrong way round."""
        low, high = (written.sound.get(end) for end in ("min", "max"))
        if low is not None and high is not None and low > high:
            yield f"min ({low}) is above max ({high}); write {{min: {high}, max: {low}}}", ()


class _K(Leaf):
    """One number of segments, or a range of them."""

    def _schema(self, _: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        pinned = core_schema.int_schema(ge=_FEWEST_SEGMENTS, le=MAX_INTEGER, strict=True)
        return core_schema.union_schema([pinned, handler.generate_schema(RangeOfK)])

    def _read(self, value: Any, _: Validate, /) -> KRange:
        if isinstance(value, Mapping):
            between = RangeOfK.model_validate(value)
            return KRange(between.min, between.max)
        if isinstance(value, bool) or not isinstance(value, int):
            raise mistake(f"must be a whole number or {{min: 2, max: 8}}, not {quote(value)}")
        if not _FEWEST_SEGMENTS <= value <= MAX_INTEGER:
            raise mistake(Whole(_FEWEST_SEGMENTS).sentence(value))
        return KRange(value, value)


class Waiting(Section):
    """When a customer moves to another segment."""

    WHEN_MISSING = "write {margin: 0.3, periods: 3}"

    margin: Share | None = None
    periods: Annotated[int, Whole(1, _MAX_SMOOTHING_PERIODS)]


class _Smoothing(Leaf):
    """None, or when a customer moves."""

    def _schema(self, _: Any, handler: GetCoreSchemaHandler, /) -> CoreSchema:
        no = core_schema.literal_schema(["none"])
        return core_schema.nullable_schema(core_schema.union_schema([no, handler.generate_schema(Waiting)]))

    def _read(self, value: Any, _: Validate, /) -> Smoothing | None:
        if value in ("none", None):
            return None
        if not isinstance(value, Mapping):
            raise mistake(f"must be none or {{margin: 0.3, periods: 3}}, not {quote(value)}")
        waiting = Waiting.model_validate(value)
        return Smoothing(waiting.margin, waiting.periods)


class LearningOnline(Section):
    """How a model learns from what has come in."""

    _EXAMPLE: ClassVar[str] = (
        "write {half_life_days: 90, min_customers: 100} or {half_life_customers: 50000, min_customers: 100}"
    )
    WHEN_MISSING = _EXAMPLE

    half_life_customers: AboveZero | None = None
    half_life_days: AboveZero | None = None
    min_customers: Annotated[int, Whole(1)]

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield whether there is not exactly one half-life."""
        half_lives = [key for key in _HALF_LIVES if written.given.get(key) is not None]
        if len(half_lives) != 1:
            has = "both" if half_lives else "neither"
            yield f"must have one of {' and '.join(_HALF_LIVES)}, and has {has}; {cls._EXAMPLE}", ()


def _no_gamma(value: Any, _: Sequence[str]) -> str:
    return f"must be auto or a number above 0, not {quote(value)}"


KOf = Annotated[KRange, _K()]
MinShare = Annotated[float, Number(0, high=0.5, above=True)]
GammaOf = Annotated[Literal["auto"] | float, NumberOr(_no_gamma, ("auto",), above=0)]
SmoothingOf = Annotated[Smoothing | None, _Smoothing()]
RefitOf = Annotated[RefitPolicy, OneOf()]
UpdateOf = Annotated[UpdatePolicy, OneOf()]


class SegmentationDefaults(Section):
    """What holds for every segmentation that does not say otherwise."""

    k: KOf
    min_share: MinShare
    gamma: GammaOf
    borderline_margin: Share
    smoothing: SmoothingOf
    refit: RefitOf
    update: UpdateOf
    online: LearningOnline


class Segmentation(Section):
    """What the methods have in common."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {}
    """By required key, what to write where it is missing."""

    @classmethod
    def about_unknown(cls, key: object) -> Told:
        """Return which methods a key belongs to, where it is none of this one."""
        users = [name for name, method in SETTINGS.items() if key in method.model_fields]
        if users:
            return f"has no meaning for {cls.method_name()}; it belongs to {', '.join(users)}", (str(key),)
        return super().about_unknown(key)

    @classmethod
    def about_missing(cls, key: str) -> Told:
        """Return what to write in place of a key that is missing."""
        return f"is missing; write {cls.EXAMPLES[key]}", (key,)

    @classmethod
    def method_name(cls) -> Method:
        """Return what the variable calls the method."""
        return cast("Method", get_args(cls.model_fields["method"].annotation)[0])

    def feature_names(self) -> Iterable[str]:
        """Return the features that customers are segmented by."""
        raise NotImplementedError


class _AtOnce(Segmentation):
    """A method without margins, whose customers move at once unless it says for how many periods they wait."""

    smoothing: SmoothingOf = Field(default_factory=absent)

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield whether customers are asked to wait for a margin."""
        smoothing = written.sound.get("smoothing")
        if isinstance(smoothing, Mapping) and smoothing.get("margin") is not None:
            yield f"margin has no meaning for {cls.method_name()}; write {{periods: 2}}", ("smoothing",)


class RuleOfSegment(Section):
    """One segment: its name, and who belongs to it."""

    WHEN_MISSING = 'write {name: Under 30, when: "age < 30"}'

    name: Annotated[str, Text("a name", is_stripped=True)]
    when: Annotated[str, Text("a rule")]

    @field_validator("when", mode="after")
    @classmethod
    def _can_be_read(cls, value: str) -> str:
        try:
            rules.parse(value)
        except UserError as error:
            raise mistake(str(error)) from None
        return value

    @property
    def expression(self) -> rules.Expression:
        """The rule as it is understood."""
        return rules.parse(self.when)


class Rules(_AtOnce):
    """Segments by rules that are written down."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {"segments": 'segments: [{name: Under 30, when: "age < 30"}, ...]'}

    method: Literal["rules"]
    segments: Annotated[list[RuleOfSegment], Items("is empty; a segmentation has at least one segment")]

    @field_validator("segments", mode="after")
    @classmethod
    def _everybody_has_one(cls, value: list[RuleOfSegment], info: ValidationInfo) -> list[RuleOfSegment]:
        mistakes = Mistakes()
        rule_set = [rules.Rule(segment.name, segment.expression) for segment in value]
        for problem in rules.prove(rule_set, _known(info).feature_types()):
            mistakes.add(problem)
        mistakes.raise_if_any()
        return value

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield what is wrong between segments, and between settings."""
        yield from super().across(written)
        segments, names = written.given.get("segments"), set()
        for index, segment in enumerate(segments if isinstance(segments, list | tuple) else ()):
            name = segment.get("name") if isinstance(segment, Mapping) else None
            if isinstance(name, str):
                if name.strip().casefold() in names:
                    yield f"{quote(name.strip())} names two segments", ("segments", index, "name")
                names.add(name.strip().casefold())

    def feature_names(self) -> Iterable[str]:
        """Return the features of all rules."""
        return frozenset().union(*(rules.features_of(segment.expression) for segment in self.segments))


class Rfm(_AtOnce):
    """Segments by recency, frequency and money."""

    method: Literal["rfm"]
    refit: RefitOf = Field(default_factory=absent)

    def feature_names(self) -> Iterable[str]:
        """Return the three features that are scored."""
        return RFM_FEATURES


class Clusters(Segmentation):
    """What the methods that find groups by distance have in common."""

    EXAMPLES: ClassVar[Mapping[str, str]] = {"features": "features: [recency_days, frequency]"}

    features: Annotated[list[str], Items("is empty; write features: [recency_days, frequency]")]
    k: KOf = Field(default_factory=absent)
    min_share: MinShare = Field(default_factory=absent)
    borderline_margin: Share = Field(default_factory=absent)
    smoothing: SmoothingOf = Field(default_factory=absent)
    refit: RefitOf = Field(default_factory=absent)
    update: UpdateOf = Field(default_factory=absent)
    online: LearningOnline = Field(default_factory=absent)

    @field_validator("features", mode="wrap")
    @classmethod
    def _features_exist(cls, value: Any, _: Any, info: ValidationInfo) -> list[str]:
        known, mistakes, names = _known(info), Mistakes(), []
        for index, name in enumerate(Items("is empty; write features: [recency_days, frequency]").read(value)):
            if not isinstance(name, str) or name not in known.features:
                mistakes.add(known.unknown_feature(name), index)
                continue
            if name in names:
                mistakes.add(f"{name} occurs twice; its weight is set under features", index)
            kind = known.features[name].kind
            if kind != "number" and not METHODS[cls.method_name()].takes_categories:
                what = f"{name} is a {kind}, and {cls.method_name()} measures numbers alone"
                mistakes.add(f"{what}; use {for_categories()} as the method, or leave it out", index)
            names.append(name)
        mistakes.raise_if_any()
        return names

    def feature_names(self) -> Iterable[str]:
        """Return the features that distances are measured in."""
        return self.features


class KMeans(Clusters):
    """Clusters of numbers around their means."""

    method: Literal["kmeans"]


class KPrototypes(Clusters):
    """Clusters of numbers and categories around means and most frequent levels."""

    method: Literal["kprototypes"]
    gamma: GammaOf = Field(default_factory=absent)


SETTINGS: Mapping[str, type[Segmentation]] = {
    "rules": Rules,
    "rfm": Rfm,
    "kmeans": KMeans,
    "kprototypes": KPrototypes,
}
"""The settings of a segmentation by its method."""

AnySegmentation = Annotated[Rules | Rfm | KMeans | KPrototypes, Field(discriminator="method")]


# --- All of them ------------------------------------------------------------------------------------------------


class _Status(Text):
    """A status as it is compared: in lower case."""

    def __init__(self) -> None:
        super().__init__("a status")

    def _read(self, value: Any, validate: Validate, /) -> Any:
        text = super()._read(value, validate)
        if text != text.lower():
            raise mistake(f"{quote(text)} is compared with lower-case values; write {quote(text.lower())}")
        return text


class Variables(Section):
    """Every variable of the project."""

    snapshot_period: Annotated[Literal["day", "week", "month", "quarter", "year"], OneOf()]
    snapshot_count: Annotated[int, Whole(0)]
    earliest_date: Annotated[datetime.date, Date()]
    earliest_birth_date: Annotated[datetime.date, Date()]
    as_of_date: Annotated[datetime.date, Date()] | None
    attributes: Annotated[dict[str, AttributeType], Entries()]
    inputs: Inputs
    default_max_reject_share: Share
    cancelled_statuses: Annotated[list[Annotated[str, _Status()]], Items()]
    non_product_codes: Annotated[list[Annotated[str, Pattern()]], Items()]
    test_accounts: Annotated[dict[str, str], Entries()]
    full_above_share: Share
    refit: Annotated[bool, Flag()]
    fit_sample_size: Annotated[int, Whole(1)]
    random_seed: Annotated[int, Whole(0, _MAX_SEED)]
    feature_defaults: FeatureDefaults
    features: Annotated[dict[str, FeatureSettings], Entries()]
    drift: Drift
    candidate_gates: Gates
    advice: Advice
    value: Value
    learning: Learning
    audiences: Audiences
    service: Service
    offers: Offers
    segmentation_defaults: SegmentationDefaults
    segmentations: Annotated[dict[str, AnySegmentation], Entries()]

    @classmethod
    def about_missing(cls, key: str) -> Told:
        """Return where a variable that is missing has its default."""
        return "is missing; dbt_project.yml gives every variable its default", (key,)

    @classmethod
    def across(cls, written: Written) -> Iterator[Told]:
        """Yield what is wrong between variables."""
        sound = written.sound
        as_of, earliest = date_of(sound.get("as_of_date")), date_of(sound.get("earliest_date"))
        if as_of and earliest and as_of < earliest:
            yield f"{as_of} lies before earliest_date ({earliest}): no order would be left", ("as_of_date",)
        inputs = sound.get("inputs")
        if sound.get("attributes") and inputs is not None and inputs.get("customers") is None:
            yield "are columns of the input customers, but inputs.customers is missing", ("attributes",)

    @field_validator("attributes", mode="wrap")
    @classmethod
    def _attributes_are_new(cls, value: Any, _: Any, info: ValidationInfo) -> dict[str, AttributeType]:
        attributes, mistakes = Entries().read(value), Mistakes()
        for name, sql_type in attributes.items():
            told = attribute_mistake(name, sql_type, _known(info).catalogue)
            if told:
                mistakes.add(told[0], *told[1])
        mistakes.raise_if_any()
        return cast("dict[str, AttributeType]", attributes)

    @field_validator("test_accounts", mode="wrap")
    @classmethod
    def _test_accounts_are_of_customers(cls, value: Any, _: Any) -> dict[str, str]:
        patterns, mistakes, columns = Entries().read(value), Mistakes(), INPUT_COLUMNS["customers"]
        for column, pattern in patterns.items():
            if column in columns:
                mistakes.take(Pattern().read, pattern, at=column)
            else:
                mistakes.add(f"customers have no column {quote(column)}; {did_you_mean(column, columns)}")
        mistakes.raise_if_any()
        return cast("dict[str, str]", patterns)

    @field_validator("features", mode="wrap")
    @classmethod
    def _features_exist(cls, value: Any, _: Any, info: ValidationInfo) -> dict[str, FeatureSettings]:
        known, mistakes, features = _known(info), Mistakes(), {}
        for name, settings in Entries().read(value).items():
            if not isinstance(name, str) or name not in known.features:
                mistakes.add(known.unknown_feature(name))
                continue
            own, kind = known.within(name), known.features[name].kind
            features[name] = mistakes.take(partial(FeatureSettings.model_validate, context=own), settings, at=name)
            for key in _OF_NUMBERS if kind != "number" and isinstance(settings, Mapping) else ():
                if key in settings:
                    mistakes.add(f"{key} is for numbers and {name} is a {kind}; only weight applies", name)
        mistakes.raise_if_any()
        return features

    @field_validator("segmentations", mode="wrap")
    @classmethod
    def _segmentations_can_be_made(cls, value: Any, _: Any, info: ValidationInfo) -> dict[str, Segmentation]:
        mistakes, segmentations = Mistakes(), {}
        for name, settings in Entries().read(value).items():
            misnamed = name_mistake(name)
            if misnamed:
                mistakes.add(misnamed)
                continue
            segmentation = mistakes.take(_segmentation, settings, _known(info), at=name)
            if segmentation is not None:
                segmentations[name] = segmentation
                for sentence, place in _against_others(segmentation, info.data, _known(info)):
                    mistakes.add(sentence, name, *place)
        mistakes.raise_if_any()
        return segmentations


def _segmentation(settings: Any, known: Known) -> Segmentation:
    """Validate a segmentation by its method."""
    if not isinstance(settings, Mapping):
        raise mistake(no_mapping(settings))
    method = settings.get("method")
    if isinstance(method, str) and method in SETTINGS:
        return SETTINGS[method].model_validate(settings, context=known)
    mistakes = Mistakes()
    what = "method is missing" if "method" not in settings else f"there is no method {quote(method)}"
    mistakes.add(f"{what}; {did_you_mean(method or '', SETTINGS)}", "method")
    raise mistakes.error()


def _against_others(segmentation: Segmentation, data: Mapping[str, Any], known: Known) -> Iterator[Told]:
    """Yield what is wrong with a segmentation beside the other variables, as far as these are right."""
    names = sorted(set(segmentation.feature_names()))
    if isinstance(segmentation, Clusters):
        if {"features", "feature_defaults"} <= data.keys() and not any(
            setting_of(data["features"].get(name), data["feature_defaults"], "weight") for name in names
        ):
            yield "all of them have weight 0, so nothing would be left to measure", ("features",)
        if "segmentation_defaults" in data:
            fewest = setting_of(segmentation, data["segmentation_defaults"], "k").min
            min_share = setting_of(segmentation, data["segmentation_defaults"], "min_share")
            if fewest * min_share > 1:
                what = f"{fewest} segments cannot each hold a share of {min_share:g}"
                yield f"{what}; write at most {math.floor(1e4 / fewest) / 1e4:g}", ("min_share",)
    if "inputs" in data:
        missing: dict[str, list[str]] = {}
        for name in names:
            if name in known.features and known.features[name].needs not in data["inputs"].present:
                missing.setdefault(known.features[name].needs, []).append(name)
        for needed, features in missing.items():
            verb = "needs" if len(features) == 1 else "need"
            what = "rfm needs" if isinstance(segmentation, Rfm) else f"{', '.join(features)} {verb}"
            yield f"{what} the input {needed}, and inputs.{needed} is missing", ()


def setting_of(own: Section | None, defaults: Section, key: str) -> Any:
    """Return a setting where it was written, and its default where it was not."""
    return getattr(own if own is not None and key in own.model_fields_set else defaults, key)


VARIABLES = tuple(Variables.model_fields)
"""The names of all variables."""
