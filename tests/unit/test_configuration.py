"""The configuration: what is delivered is valid, every mistake is explained, nothing makes the validator fail."""

from __future__ import annotations

import copy
import datetime
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from segmentation.config.inputs import INPUT_COLUMNS
from segmentation.config.resolve import SCHEMA, read_variables, resolve
from segmentation.config.schema import VARIABLES
from segmentation.config.segmentations import FeatureConfig, KRange, SegmentationConfig
from segmentation.errors import UserError

PROJECT = Path(__file__).parents[2]
REFERENCE = PROJECT / "seeds" / "reference"
CATALOGUE = pd.read_csv(REFERENCE / "feature_catalogue.csv")
GRID = pd.read_csv(REFERENCE / "rfm_grid.csv")
SEGMENTS = pd.read_csv(REFERENCE / "rfm_segments.csv")

VALID: dict[str, Any] = {
    "as_of_date": None,
    "snapshot_period": "month",
    "snapshot_count": 12,
    "inputs": {
        "customers": {"ref": "my_customers"},
        "orders": {"ref": "my_orders"},
        "order_items": {"path": "lines/*.csv", "columns": {"line_number": "generated"}, "max_reject_share": 0.3},
        "products": {"relation": "shop.products"},
    },
    "attributes": {
        "balance": "double",
        "children": "integer",
        "job": "string",
        "is_member": "boolean",
        "married": "date",
    },
    "default_max_reject_share": 0.05,
    "full_above_share": 0.5,
    "learning": {"each": "period", "above_share": 0.1},
    "earliest_date": "1990-01-01",
    "earliest_birth_date": "1900-01-01",
    "cancelled_statuses": ["cancelled"],
    "non_product_codes": ["^POST"],
    "test_accounts": {"email": "@internal[.]"},
    "feature_defaults": {"transform": "none", "clip": None, "scale": "standard", "impute": "median", "weight": 1.0},
    "features": {"monetary": {"transform": "log", "clip": [0.01, 0.99]}, "region": {"weight": 2}},
    "refit": False,
    "candidate_gates": {"smallest_share": 0.9, "verdict": 0, "stability": 0.1, "silhouette": 0.02},
    "fit_sample_size": 1000,
    "random_seed": 7,
    "drift": {"notable_psi": 0.1, "psi": 0.25, "distance_change": 0.25, "unseen_share": 0.05},
    "advice": {"min_customers": 500, "min_history_days": 180, "fallback": "auto", "not_advised": "warn"},
    "offers": {
        "segmentation": "auto",
        "item": "product_id",
        "max_basket_items": 40,
        "learning_customers": 200000,
        "min_orders": 20,
        "min_support": 0.002,
        "min_confidence": 0.05,
        "false_discovery_rate": 0.05,
        "max_rules": 1000,
        "candidates": 50,
        "per_customer": 10,
        "backtest_days": 90,
        "backtest_customers": 20000,
    },
    "value": {"horizons_days": [90, 365], "holdout_days": 180, "discount_rate": 0.1},
    "audiences": {"segmentations": "auto", "minimum_size": 100, "holdout_share": 0.1, "calling_code": None},
    "service": {
        "high_value_share": 0.2,
        "medium_value_share": 0.3,
        "high_risk_ratio": 3.0,
        "medium_risk_ratio": 1.5,
        "high_return_rate": 0.3,
    },
    "segmentation_defaults": {
        "k": {"min": 2, "max": 8},
        "min_share": 0.03,
        "gamma": "auto",
        "borderline_margin": 0.1,
        "smoothing": {"margin": 0.25, "periods": 2},
        "refit": "on_request",
        "update": "frozen",
        "online": {"half_life_days": 90, "min_customers": 100},
    },
    "segmentations": {
        "age_band": {
            "method": "rules",
            "segments": [{"name": "Under 30", "when": "age < 30"}, {"name": "30 and over", "when": "age >= 30"}],
        },
        "rfm": {"method": "rfm"},
        "behavior": {"method": "kmeans", "features": ["recency_days", "monetary"], "k": 4, "min_share": 0.05},
        "profile": {"method": "kprototypes", "features": ["region", "balance", "is_member"], "gamma": 0.5},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the valid variables with the value at a dotted path replaced."""
    variables = copy.deepcopy(VALID)
    *parents, last = path.split(".")
    target = variables
    for key in parents:
        target = target[key]
    target[last] = value
    return variables


def resolved(variables: Any, **seeds: pd.DataFrame) -> dict[str, SegmentationConfig]:
    table = resolve(variables, CATALOGUE, **seeds)
    return {row["segmentation"]: SegmentationConfig.from_json(row["definition"]) for row in table.to_pylist()}


def hashes(variables: dict[str, Any]) -> dict[str, str]:
    return {row["segmentation"]: row["config_hash"] for row in resolve(variables, CATALOGUE).to_pylist()}


def message(variables: Any, **seeds: pd.DataFrame) -> str:
    with pytest.raises(UserError) as caught:
        resolve(variables, CATALOGUE, **seeds)
    return str(caught.value)


# --- What is valid ----------------------------------------------------------------------------------------------


def test_one_typed_row_stands_for_each_segmentation_in_order() -> None:
    table = resolve(VALID, CATALOGUE, rfm_grid=GRID, rfm_segments=SEGMENTS)
    assert table.schema == SCHEMA
    assert table.column("segmentation").to_pylist() == ["age_band", "rfm", "behavior", "profile"]
    assert table.column("position").to_pylist() == [1, 2, 3, 4]
    assert table.column("method").to_pylist() == ["rules", "rfm", "kmeans", "kprototypes"]
    assert table.column("uses_orders").to_pylist() == [False, True, True, False]
    assert all(re.fullmatch("[0-9a-f]{32}", value) for value in table.column("config_hash").to_pylist())


def test_without_segmentations_the_table_is_empty_and_typed() -> None:
    table = resolve(changed("segmentations", {}), CATALOGUE)
    assert table.num_rows == 0
    assert table.schema == SCHEMA
    assert isinstance(table, pa.Table)


def test_every_default_is_filled_in() -> None:
    configs = resolved(VALID)
    behavior = configs["behavior"]
    assert behavior.k == KRange(4, 4)
    assert (behavior.min_share, behavior.borderline_margin, behavior.seed, behavior.sample_size) == (0.05, 0.1, 7, 1000)
    assert behavior.features == (
        FeatureConfig("monetary", "number", "orders", "log", (0.01, 0.99), "standard", "median", 1.0),
        FeatureConfig("recency_days", "number", "orders", "none", None, "standard", "median", 1.0),
    )
    profile = configs["profile"]
    assert (profile.k, profile.gamma) == (KRange(2, 8), 0.5)
    assert profile.features == (
        FeatureConfig("balance", "number", "customers", "none", None, "standard", "median", 1.0),
        FeatureConfig("is_member", "boolean", "customers", "none", None, "none", None, 1.0),
        FeatureConfig("region", "category", "customers", "none", None, "none", None, 2.0),
    )
    assert [feature.name for feature in configs["rfm"].features] == ["frequency", "monetary", "recency_days"]
    assert [(s.segment_id, s.name, s.when, s.sql) for s in configs["age_band"].segments] == [
        (1, "Under 30", "age < 30", "(age < 30)"),
        (2, "30 and over", "age >= 30", "(age >= 30)"),
    ]


def test_a_definition_survives_json() -> None:
    for config in resolved(VALID).values():
        assert SegmentationConfig.from_json(config.to_json()) == config


def test_the_definition_has_the_documented_keys() -> None:
    [definition] = resolve(changed("segmentations", {"rfm": {"method": "rfm"}}), CATALOGUE)["definition"].to_pylist()
    content = json.loads(definition)
    assert " ".join(sorted(content)) == (
        "borderline_margin features gamma gates k method min_share name online refit sample_size seed segments "
        "smoothing update uses_orders"
    )
    assert " ".join(sorted(content["features"][0])) == (
        "clip display_name impute kind level_names name scale source transform weight"
    )


def test_what_the_project_delivers_is_valid() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    table = resolve(project["vars"], CATALOGUE, rfm_grid=GRID, rfm_segments=SEGMENTS)
    assert table.num_rows == len(project["vars"]["segmentations"])


def test_every_variable_of_the_project_is_one_of_the_configuration() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert set(project["vars"]) == set(VARIABLES)


@pytest.mark.parametrize("example", sorted((PROJECT / "examples").glob("*.yml")), ids=lambda path: path.stem)
def test_every_example_is_valid(example: Path) -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    variables = {**project["vars"], **yaml.safe_load(example.read_text(encoding="utf-8"))}
    assert resolve(variables, CATALOGUE, rfm_grid=GRID, rfm_segments=SEGMENTS).num_rows > 0


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("as_of_date", "2024-02-29"),
        ("as_of_date", datetime.date(2024, 2, 29)),
        ("snapshot_count", 0),
        ("inputs.order_items", None),
        ("features", {}),
        ("attributes.income", "double"),
        ("inputs.customers.columns", {"balance": "cast(Balance as double)", "email": "mail"}),
        ("segmentations.behavior.k", {"min": 3, "max": 3}),
        ("segmentations.profile.gamma", "auto"),
        ("segmentations.behavior.min_share", 0.25),
        ("feature_defaults.impute", 0),
    ],
)
def test_variations_are_valid(path: str, value: Any) -> None:
    assert len(resolved(changed(path, value))) == 4


# --- What a fit depends on --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "value", "refitted"),
    [
        ("segmentation_defaults.borderline_margin", 0.2, set()),
        (
            "segmentations.age_band.segments",
            [{"name": "Young", "when": "age<30"}, {"name": "Old", "when": "30 <= age"}],
            set(),
        ),
        ("segmentations.behavior.features", ["monetary", "recency_days"], set()),
        ("snapshot_count", 3, set()),
        ("refit", True, set()),
        ("features.frequency", {"transform": "log"}, set()),
        ("random_seed", 8, {"behavior", "profile"}),
        ("fit_sample_size", 2000, {"behavior", "profile", "rfm"}),
        ("features.monetary.transform", "yeo_johnson", {"behavior"}),
        ("features.region.weight", 3, {"profile"}),
        ("features.region.display_name", "area", set()),
        ("features.region.level_names", {"N": "the north"}, set()),
        ("feature_defaults.scale", "robust", {"behavior", "profile"}),
        ("segmentation_defaults.gamma", 2, set()),
        ("segmentations.profile.gamma", 2, {"profile"}),
        ("segmentation_defaults.k", 3, {"profile"}),
        ("segmentation_defaults.refit", "always", set()),
        ("candidate_gates.silhouette", None, set()),
        ("segmentation_defaults.update", "online", set()),
        ("segmentations.behavior.refit", "on_drift", set()),
        ("segmentations.behavior.online", {"half_life_customers": 5000, "min_customers": 1}, set()),
        ("drift.psi", 0.3, set()),
        ("segmentations.rfm.refit", "always", set()),
        ("segmentations.behavior.k", 5, {"behavior"}),
        ("segmentations.behavior.min_share", 0.1, {"behavior"}),
        ("segmentations.behavior.features", ["monetary"], {"behavior"}),
        ("segmentations.behavior.method", "kprototypes", {"behavior"}),
        (
            "segmentations.age_band.segments",
            [{"name": "Under 30", "when": "age < 31"}, {"name": "30 and over", "when": "age >= 31"}],
            {"age_band"},
        ),
    ],
)
def test_the_hash_changes_with_the_fit_and_with_nothing_else(path: str, value: Any, refitted: set[str]) -> None:
    before, after = hashes(VALID), hashes(changed(path, value))
    assert {name for name in before if before[name] != after[name]} == refitted


def test_the_name_of_a_segmentation_is_not_part_of_the_hash() -> None:
    variables = copy.deepcopy(VALID)
    variables["segmentations"]["renamed"] = variables["segmentations"].pop("behavior")
    assert hashes(variables)["renamed"] == hashes(VALID)["behavior"]


# --- What is wrong ----------------------------------------------------------------------------------------------

RULES = {"method": "rules", "segments": [{"name": "All", "when": "age is null or age is not null"}]}

MISTAKES: list[tuple[str, Any, str]] = [
    # variables and time
    ("snapshot_cuont", 3, 'unknown key "snapshot_cuont"; did you mean "snapshot_count"?'),
    ("as_of_date", "31.12.2024", 'as_of_date: must be a date in quotes, such as "2025-12-31", not "31.12.2024"'),
    ("as_of_date", "2024-02-30", "as_of_date: must be a date"),
    ("as_of_date", datetime.datetime(2024, 1, 1), "as_of_date: must be a date"),
    ("as_of_date", "1980-01-01", "as_of_date: 1980-01-01 lies before earliest_date (1990-01-01)"),
    ("earliest_date", None, "earliest_date: must be a date"),
    ("earliest_birth_date", 1900, "earliest_birth_date: must be a date"),
    ("snapshot_period", "months", 'snapshot_period: "months" is not one of its values; did you mean "month"?'),
    ("snapshot_count", -1, "snapshot_count: must be a whole number from 0"),
    ("snapshot_count", 2.0, "snapshot_count: must be a whole number"),
    ("snapshot_count", True, "snapshot_count: must be a whole number"),
    ("fit_sample_size", 0, "fit_sample_size: must be a whole number from 1"),
    ("random_seed", "one", "random_seed: must be a whole number"),
    ("random_seed", 2**32, "random_seed: must be a whole number"),
    ("refit", "yes", 'refit: must be true or false, not "yes"'),
    # gates of candidates
    ("candidate_gates", {"verdict": 0}, "candidate_gates: smallest_share is missing"),
    ("candidate_gates.silhouete", 0.1, 'candidate_gates: unknown key "silhouete"; did you mean "silhouette"?'),
    ("candidate_gates.verdict", 0.5, "candidate_gates.verdict: must be a whole number from 0 to 3, not 0.5"),
    ("candidate_gates.stability", -0.1, "candidate_gates.stability: must be a number of at least 0 and at most 1"),
    ("candidate_gates.smallest_share", "none", "candidate_gates.smallest_share: must be a number of at least 0"),
    # drift, and how a model learns
    ("drift", {"psi": 0.25}, "drift: notable_psi is missing; the defaults are complete"),
    ("drift.pis", 0.2, 'drift: unknown key "pis"; did you mean "psi"?'),
    ("drift.psi", 0, "drift.psi: must be a number above 0, not 0"),
    ("drift.unseen_share", 1.5, "drift.unseen_share: must be a number above 0 and at most 1"),
    ("segmentations.behavior.online", "fast", "segmentations.behavior.online: must be a mapping"),
    (
        "segmentations.behavior.online",
        {"min_customers": 1},
        "half_life_days, and has neither; write {half_life_days: 90",
    ),
    (
        "segmentations.behavior.online",
        {"half_life_days": 1, "half_life_customers": 1, "min_customers": 1},
        "segmentations.behavior.online: must have one of half_life_customers and half_life_days, and has both",
    ),
    ("segmentations.behavior.online", {"half_life_days": 9}, "segmentations.behavior.online: min_customers is missing"),
    (
        "segmentations.behavior.online",
        {"half_life_days": 0, "min_customers": 1},
        "segmentations.behavior.online.half_life_days: must be a number above 0",
    ),
    (
        "segmentation_defaults.online",
        {"half_life": 9, "half_life_days": 9, "min_customers": 1},
        'segmentation_defaults.online: unknown key "half_life"',
    ),
    ("segmentations.rfm.online", {}, "segmentations.rfm.online: has no meaning for rfm; it belongs to kmeans, k"),
    # policies
    ("segmentation_defaults.refit", True, "segmentation_defaults.refit: True is not one of its values; valid: always"),
    ("segmentations.rfm.refit", "on_drfit", 'segmentations.rfm.refit: "on_drfit" is not one of its values; did you'),
    ("segmentations.behavior.update", "on", 'segmentations.behavior.update: "on" is not one of its values'),
    ("segmentations.rfm.update", "online", "segmentations.rfm.update: has no meaning for rfm; it belongs to kmeans, k"),
    (
        "segmentations.age_band.refit",
        "always",
        "age_band.refit: has no meaning for rules; it belongs to rfm, kmeans, k",
    ),
    # offers
    ("offers.min_orders", 1, "offers.min_orders: must be a whole number from 2"),
    ("offers.learning_customers", -1, "offers.learning_customers: must be a whole number from 0"),
    ("offers.min_support", 1.5, "offers.min_support: must be a number of at least 0 and at most 1"),
    ("offers.item", "product", 'offers.item: "product" is not one of its values'),
    ("offers.segmentation", "behaviour", 'offers.segmentation: there is no segmentation "behaviour"'),
    ("offers.segments", "rfm", 'offers: unknown key "segments"'),
    ("offers", {}, "offers: segmentation is missing; the defaults are complete in dbt_project.yml"),
    # advice
    ("advice.min_customers", -1, "advice.min_customers: must be a whole number from 0"),
    ("advice.not_advised", "fail", 'advice.not_advised: "fail" is not one of its values'),
    ("advice.fallback", "behavior", 'advice.fallback: there is no segmentation "behavior" of method rfm or rules'),
    ("advice.fall_back", "rfm", 'advice: unknown key "fall_back"; did you mean "fallback"?'),
    ("advice", {}, "advice: fallback is missing; the defaults are complete in dbt_project.yml"),
    # value
    ("value.horizons_days", [], "value.horizons_days: is empty; write [90, 365]"),
    ("value.horizons_days", [90, 0], "value.horizons_days[1]: must be a whole number from 1"),
    ("value.horizons_days", [90, 90], "value.horizons_days: names a horizon twice"),
    ("value.holdout_days", 0, "value.holdout_days: must be a whole number from 1"),
    ("value.discount_rate", 7, "value.discount_rate: must be a number of at least 0 and at most 1"),
    ("full_above_share", 2, "full_above_share: must be a number of at least 0 and at most 1"),
    ("learning.each", "day", 'learning.each: "day" is not one of its values'),
    ("learning.above_share", -1, "learning.above_share: must be a number of at least 0"),
    # audiences and service
    ("audiences.segmentations", ["behaviour"], 'there is no segmentation "behaviour"; did you mean "behavior"?'),
    ("audiences.segmentations", "behavior", "audiences.segmentations: must be a list"),
    ("audiences.minimum_size", 0, "audiences.minimum_size: must be a whole number from 1"),
    ("audiences.holdout_share", 1, "audiences.holdout_share: must be a number of at least 0 and at most 0.9"),
    ("audiences.calling_code", 49, 'must be null or the digits of a country\'s calling code in quotes, such as "49"'),
    ("audiences.calling_code", "+49", "audiences.calling_code: must be null or the digits"),
    ("audiences.calling_code", "999", 'audiences.calling_code: no country has the calling code "999"'),
    ("audiences.calling_code", "870", 'audiences.calling_code: no country has the calling code "870"'),
    ("service.high_value_share", 2, "service.high_value_share: must be a number of at least 0 and at most 1"),
    ("service.high_risk_ratio", 0, "service.high_risk_ratio: must be a number above 0"),
    ("service.hihg_return_rate", 0.5, 'service: unknown key "hihg_return_rate"; did you mean "high_return_rate"?'),
    # inputs
    ("inputs", {}, "inputs: give at least one of customers and orders"),
    ("inputs", {"products": {"ref": "p"}}, "inputs: give at least one of customers and orders"),
    ("inputs", {"customers": {"ref": "c"}, "order_items": {"ref": "i"}}, "inputs.order_items: needs inputs.orders"),
    ("inputs", {"orders": {"ref": "o"}}, "attributes: are columns of the input customers"),
    ("inputs.custmers", {"ref": "c"}, 'inputs: unknown key "custmers"; did you mean "customers"?'),
    (
        "inputs.orders",
        {"ref": "o", "path": "p"},
        "inputs.orders: give exactly one of ref, relation and path, not ref and path",
    ),
    ("inputs.orders", {}, "inputs.orders: give exactly one of ref, relation and path, not none"),
    ("inputs.orders", "my_orders", 'inputs.orders: must be a mapping (write {} for none), not "my_orders"'),
    ("inputs.orders.ref", 3, "inputs.orders.ref: a ref must be a text, not 3"),
    ("inputs.orders.colums", {}, 'inputs.orders: unknown key "colums"; did you mean "columns"?'),
    ("inputs.orders.delimiter", ";", "inputs.orders.delimiter: says how CSV files are written, and this input is none"),
    ("inputs.orders", {"path": "a.csv", "delimiter": "||"}, "inputs.orders.delimiter: must be one character of ASCII"),
    ("inputs.orders", {"path": "a.csv", "delimiter": ""}, "inputs.orders.delimiter: must be one character of ASCII"),
    (
        "inputs.orders",
        {"path": "a.csv", "quote": "«"},
        'inputs.orders.quote: must be one character of ASCII in quotes, not "«"',
    ),
    ("inputs.orders", {"path": "a.csv", "delimiter": "'", "quote": "'"}, "must be another character than quote"),
    (
        "inputs.orders",
        {"path": "a.csv", "encoding": "latin1"},
        '"latin1" is not one of its values; did you mean "latin-1"?',
    ),
    (
        "inputs.orders",
        {"path": "a.csv", "header": "no"},
        "inputs.orders.header: must be true, or the list of the names",
    ),
    ("inputs.orders", {"path": "a.csv", "header": ["id", "ID"]}, "inputs.orders.header: must be true, or the list"),
    ("inputs.orders", {"path": "a.csv", "skip_lines": -1}, "inputs.orders.skip_lines: must be a whole number from 0"),
    ("inputs.orders.decimal", ";", 'inputs.orders.decimal: ";" is not one of its values'),
    ("inputs.orders.date_format", 7, "inputs.orders.date_format: a date format must be a text, not 7"),
    (
        "inputs.orders.columns",
        {"orderd_at": "x"},
        'inputs.orders.columns: orders has no column "orderd_at"; did you mean "ordered_at"?',
    ),
    (
        "inputs.orders.columns",
        {"ordered_at": 3},
        "inputs.orders.columns.ordered_at: an SQL expression must be a text, not 3",
    ),
    ("inputs.customers.columns", {"salary": "s"}, "a further column of customers is declared under attributes"),
    ("inputs.orders.distinct", "true", "inputs.orders.distinct: must be true or false"),
    ("inputs.order_items.discounts", "minus", 'inputs.order_items.discounts: "minus" is not one of its values'),
    ("inputs.orders.discounts", "negative", 'inputs.orders: unknown key "discounts"'),
    (
        "inputs.orders.max_reject_share",
        1.5,
        "inputs.orders.max_reject_share: must be a number of at least 0 and at most 1, not 1.5",
    ),
    # attributes
    ("attributes.Income", "double", 'attributes: the name "Income" must begin with a lower-case letter'),
    (
        "attributes.income",
        "float",
        'attributes.income: "float" is not one of its values; valid: boolean, date, double, integer, string',
    ),
    ("attributes.age", "integer", "attributes.age: is also a feature of the catalogue; rename it"),
    ("attributes.email", "string", "attributes.email: is also a column of the project; rename it"),
    ("attributes.default", "string", "attributes.default: is a word of SQL and cannot name a column; rename it"),
    # staging
    (
        "default_max_reject_share",
        -0.1,
        "default_max_reject_share: must be a number of at least 0 and at most 1, not -0.1",
    ),
    ("default_max_reject_share", float("nan"), "default_max_reject_share: must be a number"),
    ("cancelled_statuses", "cancelled", "cancelled_statuses: must be a list"),
    ("cancelled_statuses", ["Void"], 'cancelled_statuses[0]: "Void" is compared with lower-case values; write "void"'),
    ("non_product_codes", ["^A", "["], 'non_product_codes[1]: "[" is no regular expression'),
    ("test_accounts", {"mail": "x"}, 'test_accounts: customers have no column "mail"; did you mean "email"?'),
    ("test_accounts", {"email": "("}, 'test_accounts.email: "(" is no regular expression'),
    # features
    ("features.monetry", {}, 'features: there is no feature "monetry"; did you mean "monetary"?'),
    ("features.married", {}, 'features: the attribute "married" is a date, and dates are not features'),
    (
        "features.monetary",
        {"transfrom": "log"},
        'features.monetary: unknown key "transfrom"; did you mean "transform"?',
    ),
    (
        "features.monetary.transform",
        "log10",
        'features.monetary.transform: "log10" is not one of its values; did you mean "log"?',
    ),
    (
        "features.monetary.scale",
        "z",
        'features.monetary.scale: "z" is not one of its values; valid: minmax, robust, standard',
    ),
    (
        "features.monetary.clip",
        [0.9, 0.1],
        "features.monetary.clip: must be two quantiles from 0 to 1, such as [0.01, 0.99]",
    ),
    ("features.monetary.clip", [1, 99], "features.monetary.clip: must be two quantiles"),
    ("features.monetary.clip", 0.99, "features.monetary.clip: must be two quantiles"),
    (
        "features.monetary.impute",
        "medain",
        'features.monetary.impute: "medain" is neither a number nor one of its values; did you mean "median"?',
    ),
    ("features.monetary.weight", -1, "features.monetary.weight: must be a number of at least 0, not -1"),
    (
        "features.region.transform",
        "log",
        "features.region: transform is for numbers and region is a category; only weight applies",
    ),
    ("features.region.display_name", 7, "features.region.display_name: a name must be a text, not 7"),
    (
        "features.region.display_name",
        "x" * 41,
        "features.region.display_name: a name has at most 40 characters, and this has 41",
    ),
    (
        "features.region.level_names",
        {False: "none"},
        'features.region.level_names: the level False must be a text; put it in quotes, such as "No"',
    ),
    ("features.region.level_names", {"N": ""}, "features.region.level_names.N: a name must be a text"),
    ("features.region.level_names", ["N"], "features.region.level_names: must be a mapping"),
    (
        "features.monetary.level_names",
        {"1": "one"},
        "features.monetary.level_names: is for categories and booleans; a number has no levels",
    ),
    (
        "features.marketing_consent",
        {"level_names": {"yes": "agreed"}},
        'features.marketing_consent.level_names: "yes" is no level of a boolean; write true and false',
    ),
    ("feature_defaults.display_name", "all", 'feature_defaults: unknown key "display_name"'),
    ("feature_defaults", {"transform": "none"}, "feature_defaults: scale is missing"),
    # segmentations
    ("segmentation_defaults", {"k": 3}, "segmentation_defaults: gamma is missing"),
    ("segmentations", None, "segmentations: must be a mapping (write {} for none), not None"),
    ("segmentations.Behavior", RULES, 'segmentations: the name "Behavior" must begin with a lower-case letter'),
    (
        "segmentations.behavior.method",
        "k-means",
        'segmentations.behavior.method: there is no method "k-means"; did you mean "kmeans"?',
    ),
    (
        "segmentations.behavior",
        {},
        "segmentations.behavior.method: method is missing; valid: kmeans, kprototypes, rfm, rules",
    ),
    ("segmentations.behavior", "kmeans", "segmentations.behavior: must be a mapping"),
    ("segmentations.behavior.kk", 3, 'segmentations.behavior: unknown key "kk"; did you mean "k"?'),
    ("segmentations.rfm.k", 3, "segmentations.rfm.k: has no meaning for rfm; it belongs to kmeans, kprototypes"),
    (
        "segmentations.behavior.gamma",
        3,
        "segmentations.behavior.gamma: has no meaning for kmeans; it belongs to kprototypes",
    ),
    ("segmentations.behavior.features", [], "segmentations.behavior.features: is empty"),
    ("segmentations.behavior.features", "monetary", "segmentations.behavior.features: must be a list"),
    (
        "segmentations.behavior.features",
        ["monetary", "frequncy"],
        'segmentations.behavior.features[1]: there is no feature "frequncy"; did you mean "frequency"?',
    ),
    (
        "segmentations.behavior.features",
        ["monetary", "monetary"],
        "segmentations.behavior.features[1]: monetary occurs twice",
    ),
    (
        "segmentations.behavior.features",
        ["monetary", {"name": "age"}],
        "segmentations.behavior.features[1]: there is no feature",
    ),
    (
        "segmentations.behavior.features",
        ["region"],
        "segmentations.behavior.features[0]: region is a category, and kmeans measures numbers alone; use kprototypes",
    ),
    ("segmentations.behavior.features", ["is_member"], "is_member is a boolean, and kmeans measures numbers alone"),
    ("segmentations.behavior.features", ["married"], 'the attribute "married" is a date, and dates are not features'),
    ("segmentations.behavior", {"method": "kmeans"}, "segmentations.behavior.features: is missing"),
    (
        "features",
        {"monetary": {"weight": 0}, "recency_days": {"weight": 0}},
        "segmentations.behavior.features: all of them have weight 0",
    ),
    ("segmentations.behavior.k", 1, "segmentations.behavior.k: must be a whole number from 2"),
    ("segmentations.behavior.k", "3", 'segmentations.behavior.k: must be a whole number or {min: 2, max: 8}, not "3"'),
    (
        "segmentations.behavior.k",
        {"min": 9, "max": 3},
        "segmentations.behavior.k: min (9) is above max (3); write {min: 3, max: 9}",
    ),
    ("segmentations.behavior.k", {"min": 1, "max": 3}, "segmentations.behavior.k.min: must be a whole number from 2"),
    ("segmentations.behavior.k", {"min": 2.5, "max": 3}, "segmentations.behavior.k.min: must be a whole number from 2"),
    ("segmentations.behavior.k", {"min": 2}, "segmentations.behavior.k: max is missing"),
    ("segmentations.behavior.k", {"min": 2, "max": 4, "step": 1}, 'segmentations.behavior.k: unknown key "step"'),
    (
        "segmentations.behavior.min_share",
        0,
        "segmentations.behavior.min_share: must be a number above 0 and at most 0.5, not 0",
    ),
    (
        "segmentations.behavior.min_share",
        0.6,
        "segmentations.behavior.min_share: must be a number above 0 and at most 0.5",
    ),
    (
        "segmentations.behavior.min_share",
        0.3,
        "segmentations.behavior.min_share: 4 segments cannot each hold a share of 0.3; write at most 0.25",
    ),
    (
        "segmentations.behavior.borderline_margin",
        2,
        "segmentations.behavior.borderline_margin: must be a number of at least 0 and at most 1",
    ),
    ("segmentations.profile.gamma", 0, "segmentations.profile.gamma: must be auto or a number above 0, not 0"),
    ("segmentations.profile.gamma", "big", 'segmentations.profile.gamma: must be auto or a number above 0, not "big"'),
    # rules
    ("segmentations.age_band", {"method": "rules"}, "segmentations.age_band.segments: is missing"),
    ("segmentations.age_band.segments", [], "segmentations.age_band.segments: is empty"),
    ("segmentations.age_band.segments", {"Under 30": "age < 30"}, "segmentations.age_band.segments: must be a list"),
    ("segmentations.age_band.segments", ["age < 30"], "segmentations.age_band.segments[0]: must be a mapping"),
    ("segmentations.age_band.segments", [{"name": "All"}], "segmentations.age_band.segments[0]: when is missing"),
    ("segmentations.age_band.segments", [{"when": "age < 3"}], "segmentations.age_band.segments[0]: name is missing"),
    (
        "segmentations.age_band.segments",
        [{"name": 30, "when": "age < 3"}],
        "segmentations.age_band.segments[0].name: a name must be a text, not 30; put it in quotes",
    ),
    (
        "segmentations.age_band.segments",
        [{"name": "A", "when": True}],
        "segmentations.age_band.segments[0].when: a rule must be a text",
    ),
    (
        "segmentations.age_band.segments",
        [{"name": "A", "when": "age <"}],
        "segmentations.age_band.segments[0].when: at position 6",
    ),
    (
        "segmentations.age_band.segments",
        [{"name": "A", "wehn": "age < 3"}],
        'segmentations.age_band.segments[0]: unknown key "wehn"; did you mean "when"?',
    ),
    (
        "segmentations.age_band.segments",
        [{"name": "A", "when": "age < 3"}, {"name": "a", "when": "age >= 3"}],
        'segmentations.age_band.segments[1].name: "a" names two segments',
    ),
    (
        "segmentations.age_band.segments",
        [{"name": "A", "when": "age < 3"}],
        "segmentations.age_band.segments: no segment for age = 3",
    ),
    (
        "segmentations.age_band.segments",
        [{"name": "A", "when": "aeg < 3"}],
        'there is no feature "aeg"; did you mean "age"?',
    ),
]


@pytest.mark.parametrize(("path", "value", "expected"), MISTAKES, ids=lambda value: str(value)[:60])
def test_every_mistake_says_where_what_and_what_else(path: str, value: Any, expected: str) -> None:
    assert expected in message(changed(path, value))


@pytest.mark.parametrize("name", VARIABLES)
def test_a_missing_variable_is_reported_once(name: str) -> None:
    variables = {key: value for key, value in VALID.items() if key != name}
    assert message(variables).count(f"{name}: is missing; dbt_project.yml gives every variable its default") == 1


def test_all_mistakes_are_reported_together() -> None:
    variables = changed("snapshot_count", -1)
    variables["refit"] = 1
    variables["segmentations"]["behavior"]["features"] = ["x", "y"]
    assert message(variables).startswith("The configuration is not valid (4 problems):\n  1. snapshot_count:")


def test_what_follows_from_a_mistake_alone_is_not_told() -> None:
    variables = changed("segmentations.behavior.min_share", 0)
    variables["inputs"] = {"orders": {"path": "orders.csv", "delimiter": "||"}}
    assert message(variables).splitlines()[1:] == [
        '  1. inputs.orders.delimiter: must be one character of ASCII in quotes, not "||"',
        "  2. segmentations.behavior.min_share: must be a number above 0 and at most 0.5, not 0",
    ]


def test_rules_between_keys_are_told_although_other_keys_are_wrong() -> None:
    variables = changed("as_of_date", "1980-01-01")
    variables["refit"] = "yes"
    variables["segmentations"]["behavior"] |= {"k": {"min": 9, "max": 3, "step": 1}, "gamma": 3}
    variables["segmentations"]["age_band"]["segments"] = [
        {"name": "A", "when": "age <"},
        {"name": "a", "when": "age < 3"},
    ]
    text = message(variables)
    for part in (
        "as_of_date: 1980-01-01 lies before earliest_date",
        "refit: must be true or false",
        'behavior.k: unknown key "step"',
        "behavior.k: min (9) is above max (3)",
        "behavior.gamma: has no meaning for kmeans",
        "segments[0].when: at position 6",
        'segments[1].name: "a" names two segments',
    ):
        assert part in text
    assert "(7 problems)" in text


def test_a_margin_has_no_meaning_without_distances() -> None:
    text = message(changed("segmentations.rfm.smoothing", {"margin": 0.1, "periods": 2}))
    assert "segmentations.rfm.smoothing: margin has no meaning for rfm; write {periods: 2}" in text


def test_a_missing_input_is_named_for_each_segmentation() -> None:
    variables = changed("inputs", {"customers": {"ref": "c"}})
    variables["segmentations"]["basket"] = {"method": "kmeans", "features": ["items_per_order", "distinct_categories"]}
    text = message(variables)
    assert "segmentations.rfm: rfm needs the input orders, and inputs.orders is missing" in text
    assert "segmentations.behavior: monetary, recency_days need the input orders" in text
    assert "segmentations.basket: items_per_order needs the input order_items" in text
    assert "segmentations.basket: distinct_categories needs the input products" in text
    assert "age_band" not in text


def test_attributes_alone_are_enough() -> None:
    variables = changed("inputs", {"customers": {"path": "bank.csv"}})
    variables["segmentations"] = {"profile": {"method": "kprototypes", "features": ["balance", "job"]}}
    assert set(resolved(variables)) == {"profile"}


def test_an_unsound_rfm_grid_is_reported_where_rfm_is_used() -> None:
    grid = GRID.drop(index=0)
    assert "seeds rfm_grid, rfm_segments: cell (1, 1) is missing" in message(
        VALID, rfm_grid=grid, rfm_segments=SEGMENTS
    )
    assert resolved(changed("segmentations", {}), rfm_grid=grid, rfm_segments=SEGMENTS) == {}


def test_every_input_column_is_in_lower_case_and_unique() -> None:
    for columns in INPUT_COLUMNS.values():
        assert len(set(columns)) == len(columns)
        assert all(re.fullmatch("[a-z_]+", column) for column in columns)


# --- The way from dbt -------------------------------------------------------------------------------------------


def test_variables_arrive_as_they_were_written() -> None:
    variables = {**VALID, "as_of_date": "2024-01-31", "earliest_date": datetime.date(1999, 1, 1)}
    assert read_variables(yaml.safe_dump(variables, sort_keys=False)) == variables


@pytest.mark.parametrize("text", [None, "", "None", {}, "{", "2024-02-30", "null"])
def test_variables_that_do_not_arrive_are_an_error_that_says_who_gives_them(text: object) -> None:
    with pytest.raises(UserError, match=r"macros/project/build_config_dict\.sql"):
        read_variables(text)


# --- Nothing makes the validator fail -----------------------------------------------------------------------------

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates()
    | st.datetimes()
    | st.sampled_from([10**400, "age", "age < 3", "kmeans", "rules", "auto", "\ud800", b"x", ()])
)
KEYS = SCALARS | st.sampled_from(
    [
        "name",
        "when",
        "method",
        "segments",
        "features",
        "k",
        "min",
        "max",
        "ref",
        "columns",
        "gamma",
        "min_share",
        "clip",
    ]
)
JUNK = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)


def every_path(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [path, *(found for key, child in children for found in every_path(child, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copied = copy.copy(value)
    copied[path[0]] = replaced(value[path[0]], path[1:], new)
    return copied


def resolves_or_explains(variables: Any) -> None:
    text = ""
    try:
        assert resolve(variables, CATALOGUE, rfm_grid=GRID, rfm_segments=SEGMENTS).schema == SCHEMA
    except UserError as error:
        text = str(error)
    # These begin sentences of pydantic, which name types of Python and nothing to write.
    assert not re.search("Input should|Extra inputs|Field required|Keys should|cannot be read", text)


@given(JUNK | st.dictionaries(st.sampled_from(VARIABLES) | KEYS, JUNK))
@settings(max_examples=150, deadline=None)
def test_junk_is_explained(variables: Any) -> None:
    resolves_or_explains(variables)


@given(st.sampled_from(every_path(VALID)), JUNK)
@settings(max_examples=400, deadline=None)
def test_junk_anywhere_in_a_valid_configuration_is_explained(path: tuple[Any, ...], junk: Any) -> None:
    resolves_or_explains(replaced(VALID, path, junk))
