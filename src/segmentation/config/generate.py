"""Writes what repeats the configuration for others: the JSON schema that editors complete var files by, and macros.

`make schema` runs it, and a test holds that the files are current. Defaults and the words that explain them come from
`dbt_project.yml`, names of features from the catalogue.
"""

from __future__ import annotations

import csv
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import yaml

from segmentation.config.inputs import BOOKKEEPING, COLUMNS
from segmentation.config.methods import METHODS, Traits
from segmentation.config.schema import Input, Variables

__all__ = ["generated_files", "main"]

_NAMES: Final = {"pattern": "^[a-z][a-z0-9_]*$", "maxLength": 60}
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def generated_files(project: Path) -> dict[Path, str]:
    """Return what each generated file is to hold.

    Parameters
    ----------
    project : Path
        The folder with `dbt_project.yml`.

    Returns
    -------
    dict of Path to str
        Contents by path, relative to the folder.
    """
    settings = (project / "dbt_project.yml").read_text(encoding="utf-8")
    with (project / "seeds" / "reference" / "feature_catalogue.csv").open(encoding="utf-8", newline="") as file:
        features = [row["feature"] for row in csv.DictReader(file)]
    schema = json_schema(yaml.safe_load(settings)["vars"], explanations(settings), features)
    return {
        Path("schemas/variables.json"): json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        Path("macros/inputs/declared_columns.sql"): columns_macro(),
        Path("macros/segments/methods_with.sql"): methods_macro(),
    }


def json_schema(
    defaults: Mapping[str, Any], explained: Mapping[tuple[str, ...], str], features: list[str]
) -> dict[str, Any]:
    """Return the JSON schema of a var file, which may set any of the variables.

    Parameters
    ----------
    defaults : mapping of str to value
        The variables of `dbt_project.yml`.
    explained : mapping of tuple of str to str
        What a variable, or a key of one, is for.
    features : list of str
        The features of the catalogue.
    """
    schema = _plain(Variables.model_json_schema())
    parts = schema["$defs"]
    # A var file replaces variables one by one; those that it leaves out keep their defaults.
    del schema["required"]
    schema["properties"] = {name: schema["properties"][name] for name in defaults}
    for name, value in defaults.items():
        variable = schema["properties"][name]
        variable["description"] = explained.get((name,), f"See docs/configuration.md#{name}")
        variable["default"] = value
        own = parts.get(variable.get("$ref", "").rpartition("/")[2], {}).get("properties", {})
        for key in own.keys() & (value if isinstance(value, dict) else {}):
            said = explained.get((name, key))
            own[key] |= {"default": value[key]} | ({"description": said} if said else {})
    for kind in Input.__subclasses__():
        columns = parts[kind.__name__]["properties"]["columns"]
        columns["properties"] = {column.name: {"type": "string"} for column in (*COLUMNS[kind.NAME], *BOOKKEEPING)}
        # Attributes are columns of customers too.
        columns["additionalProperties"] = {"type": "string"} if kind.NAME == "customers" else False
    for name in ("attributes", "segmentations"):
        schema["properties"][name]["propertyNames"] = dict(_NAMES)
    by_feature = schema["properties"]["features"]
    by_feature["properties"] = dict.fromkeys(features, by_feature["additionalProperties"])
    for part in parts.values():
        if "features" in part["properties"]:
            # An attribute is a feature too; the names that are known are offered.
            part["properties"]["features"]["items"] = {"anyOf": [{"enum": features}, dict(_NAMES, type="string")]}
    head = {"$schema": _DIALECT, "title": "Variables of customer_segmentation", "description": Variables.__doc__}
    return {**head, **{key: value for key, value in schema.items() if key not in head}}


def explanations(text: str) -> dict[tuple[str, ...], str]:
    r"""Return the comments behind the variables of `dbt_project.yml`, by variable and by variable and key.

    Examples
    --------
    >>> explanations("vars:\n  drift: # how far\n    psi: 0.25 # too far\nmodels:\n  drift: {} # not this\n")
    {('drift',): 'how far', ('drift', 'psi'): 'too far'}
    """
    found: dict[tuple[str, ...], str] = {}
    [variables] = re.findall(r"^vars:\n((?:[ \n].*\n?|\n)*)", text, re.MULTILINE)
    variable = ""
    for line in variables.splitlines():
        match = re.match(r"(  |    )(\w+):(?:.*?\s# (.*))?", line)
        if match is None:
            continue
        indent, name, comment = match.groups()
        variable = name if len(indent) == len("  ") else variable
        if comment:
            found[(variable,) if name == variable else (variable, name)] = comment
    return found


def columns_macro() -> str:
    """Return the macros that tell SQL the columns of each input."""
    lines = [
        "{#- Written by `make schema` from segmentation.config.inputs, where columns are added: by input, the name,",
        "    type and role of each column. -#}",
        "{% macro declared_columns() -%}",
        "    {{ return({",
    ]
    for name, columns in COLUMNS.items():
        lines.append(f"        '{name}': [")
        lines += [
            f"            ('{column.name}', '{column.type}', '{column.role}')," for column in (*columns, *BOOKKEEPING)
        ]
        lines.append("        ],")
    names = ", ".join(f"'{column.name}'" for column in BOOKKEEPING)
    lines += [
        "    }) }}",
        "{%- endmacro %}",
        "",
        "",
        "{#- The columns that every input may have, by which versions of a row are told apart. -#}",
        "{% macro bookkeeping_columns() -%}",
        f"    {{{{ return([{names}]) }}}}",
        "{%- endmacro %}",
    ]
    return "\n".join(lines) + "\n"


def methods_macro() -> str:
    """Return the macro that tells SQL what methods are like."""
    names = [field.name for field in fields(Traits)]
    having = {name: [f"'{method}'" for method, traits in METHODS.items() if getattr(traits, name)] for name in names}
    lines = [
        "{#- Written by `make schema` from segmentation.config.methods, where methods are added: the methods that",
        f"    have a trait, one of {', '.join(names)}. -#}}",
        "{% macro methods_with(trait) -%}",
        "    {{ return({",
        *(f"        '{name}': [{', '.join(methods)}]," for name, methods in having.items()),
        "    }[trait]) }}",
        "{%- endmacro %}",
    ]
    return "\n".join(lines) + "\n"


def main(project: Path) -> int:
    """Write the files.

    Parameters
    ----------
    project : Path
        The folder with `dbt_project.yml`.

    Returns
    -------
    int
        Exit code 0.
    """
    for path, content in generated_files(project).items():
        (project / path).parent.mkdir(exist_ok=True)
        (project / path).write_text(content, encoding="utf-8")
        sys.stdout.write(f"wrote {path}\n")
    return 0


def _plain(value: Any) -> Any:
    """Leave out what pydantic says beside the rules: titles, words for OpenAPI, and the null of an absent key."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    said_beside = {"discriminator"} | {key for key in ("title",) if isinstance(value.get(key), str)}
    said_beside |= {key for key in ("default",) if value.get(key) is None}
    return {key: _plain(item) for key, item in value.items() if key not in said_beside}


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
