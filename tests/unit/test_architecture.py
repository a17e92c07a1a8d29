"""docs/architecture.md shows the project as it is: its picture is held against what models refer to."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MODELS = {path.stem: path for path in (ROOT / "models").rglob("*") if path.suffix in {".sql", ".py"}}
ASKED_BY_ALL = {"configuration", "refresh"}
OUTSIDE = {"inputs", "files"}
"""Nodes of the picture that are no models."""


def section(title: str) -> str:
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert match, title
    return match[1]


def first_column(title: str) -> list[set[str]]:
    return [set(re.findall(r"`(\w+)`", cell)) for cell in re.findall(r"^\| (`.*?) \|", section(title), re.MULTILINE)]


def names_in(title: str) -> set[str]:
    return set(re.findall(r"`(\w+)`", section(title)))


def arrows() -> set[tuple[str, str]]:
    picture = re.search(r"```mermaid\n(.*?)```", TEXT, re.DOTALL)
    assert picture
    return set(re.findall(r"^\s+(\w+)(?:\[.*?\]|\{.*?\})? --> (\w+)", picture[1], re.MULTILINE))


def node_of(model: str) -> str:
    """Return the node of the picture that stands for a model."""
    if model in {name for arrow in arrows() for name in arrow}:
        return model
    return "state" if model in names_in("Where state lives") else MODELS[model].parts[len(ROOT.parts) + 1]


def reads() -> set[tuple[str, str]]:
    """Return which node of the picture reads which, by the refs of all models."""
    pairs = {
        (node_of(parent), node_of(model))
        for model, path in MODELS.items()
        for parent in re.findall(r"""ref\(\s*["'](\w+)["']""", path.read_text(encoding="utf-8"))
        if parent in MODELS
    }
    return {(a, b) for a, b in pairs if a != b and not {a, b} & (ASKED_BY_ALL | {"state"})}


def test_every_layer_is_in_the_picture_and_described() -> None:
    layers = {path.name for path in (ROOT / "models").iterdir() if path.is_dir()}
    drawn = {name for arrow in arrows() for name in arrow}
    assert layers - ASKED_BY_ALL <= drawn
    assert {name for row in first_column("The layers") for name in row} == layers
    begun = re.findall(r"\| `(\w+)` \|$", section("The layers"), re.MULTILINE)
    assert [MODELS[model].parts[len(ROOT.parts) + 1] for model in begun] == [
        name for row in first_column("The layers") for name in row
    ]


def test_every_arrow_is_a_reference() -> None:
    drawn = {arrow for arrow in arrows() if not set(arrow) & (OUTSIDE | {"state"})}
    assert len(drawn) > 10
    assert drawn - reads() == set()


def test_a_layer_reads_only_what_lies_before_it() -> None:
    before = arrows()
    while longer := {(a, d) for a, b in before for c, d in before if b == c} - before:
        before |= longer
    assert reads() - before == set()
    assert all((b, a) not in before for a, b in before), "the picture has a circle"


def test_every_python_model_is_told() -> None:
    told = {name for row in first_column("What Python does") for name in row}
    assert told == {name for name, path in MODELS.items() if path.suffix == ".py"}


def test_everything_that_outlives_a_build_is_told() -> None:
    """What is read by name, and what is only added to, is state."""
    own = re.compile(r"earlier\(this\)|identifier=this\.identifier")
    keeps = {name for name, path in MODELS.items() if own.search(path.read_text(encoding="utf-8"))}
    configured = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "models").rglob("*.yml"))
    for entry in re.split(r"^  - name: ", configured, flags=re.MULTILINE)[1:]:
        if "materialized: incremental" in entry or "reads_itself: true" in entry:
            keeps.add(entry.split()[0])
    assert {"model_registry", "changed_keys", "published_segments"} <= keeps
    assert keeps - names_in("Where state lives") == set()
