"""The recipes of CONTRIBUTING.md name every file that has to be touched, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
RECIPES = dict(re.findall(r"^### (Add .+?)\n(.*?)(?=^##|\Z)", CONTRIBUTING, re.MULTILINE | re.DOTALL))
SEARCHED = ("models", "macros", "src", "seeds", "docs/notes/tables.md", "docs/configuration.md", "dbt_project.yml")
"""Where whatever the recipes add is named. Tests, and documents that tell of it in passing, are told in words."""


def files_that_name(word: str) -> set[str]:
    """Return the files that hold a word, or are called by it."""
    paths = [path for name in SEARCHED for path in [ROOT / name, *(ROOT / name).rglob("*")]]
    return {
        str(path.relative_to(ROOT))
        for path in paths
        if path.suffix in {".sql", ".py", ".yml", ".csv", ".md"}
        and (path.stem == word or re.search(rf"\b{word}\b", path.read_text(encoding="utf-8")))
    }


def listed_files(recipe: str) -> set[str]:
    """Return the files in the first column of a recipe's table."""
    rows = re.findall(r"^\| (`.*?) \|", RECIPES[recipe], re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def examples() -> list[tuple[str, str]]:
    """Return each recipe with what it was walked for."""
    return [(recipe, match[1]) for recipe, text in RECIPES.items() if (match := re.search(r"Example: `(\w+)`\.", text))]


def test_there_is_a_recipe_for_each_kind_of_thing() -> None:
    assert {"Add a feature", "Add a mart", "Add a method", "Add an input column", "Add an engine"} <= RECIPES.keys()
    assert len(examples()) == len(RECIPES) - 1, "only an engine is no word that could be searched for"


@pytest.mark.parametrize(("recipe", "example"), examples())
def test_a_recipe_lists_every_file_that_its_example_is_named_in(recipe: str, example: str) -> None:
    found, listed = files_that_name(example), listed_files(recipe)
    assert found, f"{example} is named nowhere: take another example"
    assert found - listed == set(), f"add these rows to the recipe `{recipe}`: they name {example}"
    assert listed - found == set(), f"remove these rows from the recipe `{recipe}`: they no longer name {example}"


def test_the_recipe_of_an_engine_lists_every_file_in_which_engines_differ() -> None:
    assert listed_files("Add an engine") == {
        str(path.relative_to(ROOT)) for path in (ROOT / "macros" / "engine").glob("*.sql")
    }


@pytest.mark.parametrize("folder", ["models", "macros", "tests"])
def test_engines_differ_nowhere_else(folder: str) -> None:
    elsewhere = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.sql")
        if path.parent != ROOT / "macros" / "engine"
        and re.search(r"adapter\.dispatch|target\.type|macro (duckdb|spark\w*)__", path.read_text(encoding="utf-8"))
    ]
    assert elsewhere == []


def test_files_that_are_named_exist() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]+|[\w-]+\.(?:py|yml|md|toml))`", CONTRIBUTING))
    assert len(named) > 50
    assert [name for name in sorted(named) if not (ROOT / name).exists()] == []


def test_commands_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", CONTRIBUTING, re.MULTILINE))
    assert named >= {"unit", "lint", "golden", "test"}
    assert named <= targets
