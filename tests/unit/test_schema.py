"""What repeats the configuration elsewhere: it is current, and says the same as the configuration itself."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import jinja2
import jsonschema
import pandas as pd
import pytest
import yaml

from segmentation.candidate import ALGORITHMS
from segmentation.config.generate import generated_files
from segmentation.config.inputs import BOOKKEEPING, COLUMNS
from segmentation.config.methods import METHODS, Method
from segmentation.config.resolve import resolve
from segmentation.config.schema import SETTINGS, Variables
from segmentation.config.section import Section

PROJECT = Path(__file__).parents[2]
GENERATED = generated_files(PROJECT)
EXAMPLES = sorted((PROJECT / "examples").glob("*.yml"))
DOCUMENTS = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
DEFAULTS: dict[str, Any] = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]


def schema() -> Any:
    return yaml.safe_load((PROJECT / "schemas" / "variables.json").read_text(encoding="utf-8"))


def var_files() -> dict[str, dict[str, Any]]:
    """Return the var files of the project and of its documents by where they stand."""
    found = {path.name: yaml.safe_load(path.read_text(encoding="utf-8")) for path in EXAMPLES}
    for document in DOCUMENTS:
        for block in re.finditer(
            r"^```yaml\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        ):
            variables = yaml.safe_load(block[1])
            if isinstance(variables, dict) and variables.keys() & DEFAULTS.keys():
                found[f"{document.name}:{block.start()}"] = variables
    return found


@pytest.mark.parametrize("path", GENERATED, ids=str)
def test_generated_files_are_current(path: Path) -> None:
    written = (PROJECT / path).read_text(encoding="utf-8")
    assert written == GENERATED[path], f"{path} is out of date: run make schema"


# --- The JSON schema --------------------------------------------------------------------------------------------


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert list(schema()["properties"]) == list(DEFAULTS)


@pytest.mark.parametrize("name", var_files())
def test_var_files_are_valid_for_an_editor(name: str) -> None:
    jsonschema.validate(var_files()[name], schema())


def test_the_defaults_are_valid_for_an_editor() -> None:
    jsonschema.validate(DEFAULTS, schema())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_examples_name_their_schema(example: Path) -> None:
    line = example.read_text(encoding="utf-8").splitlines()[0]
    match = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", line)
    assert match
    assert (example.parent / match[1]).resolve() == PROJECT / "schemas" / "variables.json"


@pytest.mark.parametrize(
    "text",
    [
        "snapshot_cuont: 3",
        "snapshot_period: months",
        "snapshot_count: -1",
        "refit: 'yes'",
        "drift: {psi: 0.2}",
        "offers: {}",
        "inputs: {orders: {path: a.csv, colums: {}}}",
        "inputs: {orders: {path: a.csv, columns: {orderd_at: x}}}",
        "inputs: {orders: {ref: o, discounts: negative}}",
        "attributes: {Income: double}",
        "attributes: {income: float}",
        "features: {monetary: {transfrom: log}}",
        "features: {monetary: {clip: [0.1]}}",
        "segmentations: {a: {method: k-means}}",
        "segmentations: {a: {method: kmeans}}",
        "segmentations: {a: {method: kmeans, features: []}}",
        "segmentations: {a: {method: kmeans, features: [monetary], gamma: 3}}",
        "segmentations: {a: {method: rfm, k: 3}}",
        "segmentations: {a: {method: kprototypes, features: [age], k: 1}}",
        "segmentations: {a: {method: kprototypes, features: [age], k: {min: 2}}}",
        "segmentations: {a: {method: rules, segments: [{name: All}]}}",
    ],
)
def test_an_editor_sees_mistakes(text: str) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(yaml.safe_load(text), schema())


def test_an_editor_offers_what_the_project_declares() -> None:
    parts = schema()["$defs"]
    assert "ordered_at" in parts["OrdersInput"]["properties"]["columns"]["properties"]
    assert "recency_days" in parts["KMeans"]["properties"]["features"]["items"]["anyOf"][0]["enum"]
    assert "tenure_days" in schema()["properties"]["features"]["properties"]
    assert parts["Drift"]["properties"]["psi"]["default"] == DEFAULTS["drift"]["psi"]
    assert schema()["properties"]["snapshot_count"]["description"].startswith("how many completed periods")


# --- Defaults and columns stand once ----------------------------------------------------------------------------


def test_sql_gives_no_variable_a_second_default() -> None:
    files = [
        path for folder in ("macros", "models", "tests") for path in (PROJECT / folder).rglob("*") if path.is_file()
    ]
    texts = {path: path.read_text(encoding="utf-8") for path in files if path.suffix in {".sql", ".py", ".yml"}}
    assert len(texts) > 100
    found = [
        f"{path.relative_to(PROJECT)}: {match[0]}"
        for path, text in texts.items()
        if path != Path(__file__)
        for match in re.finditer(r"""\bvar\(\s*["']\w+["']\s*,[^)]*\)""", text)
    ]
    assert found == []


def test_no_model_of_a_variable_has_a_default() -> None:
    """A default beside that of dbt_project.yml would be taken where a variable is restated in part."""
    models: dict[str, tuple[type[Section], Any]] = {"variables": (Variables, DEFAULTS)}
    for name, field in Variables.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section) and name != "inputs":
            models[name] = (field.annotation, DEFAULTS[name])
    assert {"drift", "advice", "offers", "segmentation_defaults", "feature_defaults"} <= models.keys()
    for name, (model, defaults) in models.items():
        assert set(model.model_fields) == set(defaults), name
        assert all(field.is_required() for field in model.model_fields.values()), name


def test_sql_and_python_know_the_same_columns() -> None:
    text = (PROJECT / "macros" / "inputs" / "declared_columns.sql").read_text(encoding="utf-8")
    returned: list[Any] = []

    def note(value: Any) -> str:
        returned.append(value)
        return ""

    environment = jinja2.Environment(autoescape=False)
    module = environment.from_string(text).make_module({"return": note})
    module.declared_columns()  # type: ignore[attr-defined]
    module.bookkeeping_columns()  # type: ignore[attr-defined]
    columns, bookkeeping = returned
    assert list(columns) == ["customers", "orders", "order_items", "products"]
    for name, rows in columns.items():
        assert rows == [tuple(column) for column in (*COLUMNS[name], *BOOKKEEPING)]
    assert bookkeeping == ["updated_at", "loaded_at", "deleted_at", "arrival_number"]


@pytest.mark.parametrize("name", COLUMNS)
def test_the_documented_columns_are_those_of_the_input(name: str) -> None:
    text = (PROJECT / "docs" / "configuration.md").read_text(encoding="utf-8")
    match = re.search(rf"^\| `{name}` \| (.*) \| (.*) \|$", text, re.MULTILINE)
    assert match
    must, may = (re.findall(r"[a-z_]+", re.sub(r"\([^)]*\)|every attribute", "", cell)) for cell in match.groups())
    assert must == [column.name for column in COLUMNS[name] if column.role != "optional"]
    assert may == [column.name for column in COLUMNS[name] if column.role == "optional"]


# --- Methods ----------------------------------------------------------------------------------------------------


def test_every_method_has_traits_settings_and_an_algorithm() -> None:
    assert list(METHODS) == list(SETTINGS) == list(get_args(Method))
    assert [settings.method_name() for settings in SETTINGS.values()] == list(METHODS)
    assert set(ALGORITHMS) == {method for method, traits in METHODS.items() if traits.is_clustering}


def test_methods_that_cluster_are_told_by_their_traits_alone() -> None:
    """A method is added in few places only while the others do not list methods."""
    found = [
        f"{path.relative_to(PROJECT)}: {line.strip()}"
        for folder in ("macros", "models")
        for path in (PROJECT / folder).rglob("*.*")
        if path.suffix in {".sql", ".py"} and path.name != "methods_with.sql"
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search("kmeans|kprototypes", line)
    ]
    assert found == []


def test_traits_decide_what_the_configuration_says_of_a_segmentation() -> None:
    catalogue = pd.read_csv(PROJECT / "seeds" / "reference" / "feature_catalogue.csv")
    table = resolve(DEFAULTS, catalogue).to_pandas().set_index("method")
    for method, row in table.iterrows():
        assert pd.isna(row["refit_policy"]) == (method == "rules")
        assert (row["lowest_share"] > 0) == (method in {"kmeans", "kprototypes"})
