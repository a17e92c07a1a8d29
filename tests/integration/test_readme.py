"""What the documents say is true: their commands run, their variables are valid, their queries answer."""

from __future__ import annotations

import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from harness import ROOT, DbtProject, run_command
from segmentation.config.resolve import resolve
from segmentation.config.schema import VARIABLES

README = ROOT / "README.md"
DOCUMENTS = [
    README,
    *(ROOT / name for name in ("CHANGELOG.md", "CONTRIBUTING.md", "DECISIONS.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
"""The order in which their commands run: what the README makes, the others go on with."""

NOT_RUN = (
    *("test", "unit", "integration", "study", "lint", "format", "golden", "mutants", "stream", "soak", "soak-refresh"),
    *("bench", "bench-build", "bench-refresh", "bench-stream", "bench-value", "spark-setup", "spark-test"),
)
"""Commands of make that would run this test, or for many minutes: their recipes are expanded and not executed."""

LANGUAGES = {
    "sh": "commands, which run in a copy of the project",
    "yaml": "variables, which are resolved",
    "sql": "queries of the demo",
    "mermaid": "a picture",
    "text": "what a test of another module tries, or no command",
    "": "no command",
}
"""What a block may be, so that no command stands where no test finds it."""


@dataclass(frozen=True)
class Block:
    """A fenced block of a document."""

    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.relative_to(ROOT)}:{self.line}"

    @property
    def file_name(self) -> str | None:
        """The file that the reader is told to save the block as: a comment in its first line."""
        match = re.match(r"# ([a-z_]+/[a-z_]+\.yml)\n", self.text)
        return match[1] if match else None

    @property
    def shipped_example(self) -> str | None:
        """The example of the project that the block builds."""
        names = re.findall(r"EXAMPLE=(\w+)", self.text)
        return next((name for name in names if (ROOT / "examples" / f"{name}.yml").is_file()), None)


def blocks(language: str, *documents: Path) -> list[Block]:
    return [
        Block(document, document.read_text(encoding="utf-8")[: match.start()].count("\n") + 1, language, match[2])
        for document in documents or DOCUMENTS
        for match in re.finditer(
            r"^```(\w*)\n(.*?)^```$", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
        )
        if match[1] == language
    ]


def section(document: Path, title: str) -> str:
    """Return what stands under a heading, up to the next one of any level."""
    text = document.read_text(encoding="utf-8")
    match = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert match, f"{document.relative_to(ROOT)} has no section {title}"
    return match[1]


def defaults() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))["vars"])


def seed(name: str) -> pd.DataFrame:
    return pd.read_csv(ROOT / "seeds" / "reference" / f"{name}.csv", keep_default_na=False)


def marts() -> dict[str, list[str]]:
    """Return the columns of every mart, as its contract lists them."""
    return {
        model["name"]: [column["name"] for column in model["columns"]]
        for file in sorted((ROOT / "models" / "marts").rglob("*.yml"))
        for model in yaml.safe_load(file.read_text(encoding="utf-8")).get("models", [])
    }


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A copy of the project whose .venv is the environment that runs the tests, so that nothing is installed."""
    root = tmp_path / "clone"
    left_out = shutil.ignore_patterns(
        *(
            ".venv",
            ".git",
            "build",
            "target",
            "logs",
            "published",
            "data",
            "*.duckdb",
            "*.wal",
            "__pycache__",
            ".*_cache",
        )
    )
    shutil.copytree(
        ROOT, root, ignore=lambda folder, names: left_out(folder, names) - ({"data"} if "tests" in folder else set())
    )
    (root / ".venv").mkdir()
    for name in ("bin", "lib", "lib64", "include", "pyvenv.cfg"):
        if (Path(sys.prefix) / name).exists():
            (root / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (root / ".venv" / ".installed").touch()
    return root


def run_block(block: Block, folder: Path, **settings: str) -> None:
    """Run a block as a reader would paste it into a shell."""
    text = re.sub(rf"^make (?=({'|'.join(NOT_RUN)})\b)", "make -n ", block.text, flags=re.MULTILINE)
    search = {"PYTHONPATH": str(folder / "src")}
    outcome = run_command(["bash", "-e", "-o", "pipefail", "-c", text], folder=folder, variables=search | settings)
    assert outcome.succeeded, f"the command of {block} ended with {outcome.returncode}:\n{block.text}\n{outcome.output}"
    assert "Installing" not in outcome.output


def test_commands_run_in_the_order_of_the_documents(clone: Path) -> None:
    for block in blocks("yaml"):
        if block.file_name:
            (clone / block.file_name).write_text(block.text, encoding="utf-8")
    commands = [block for block in blocks("sh") if not block.shipped_example]
    assert any("make build\n" in block.text for block in commands)
    for block in commands:
        run_block(block, clone)
    assert (clone / "published" / "customer_segmentation.duckdb").is_file()
    assert (clone / "published" / "my_shop.duckdb").is_file()


@pytest.mark.parametrize("block", [block for block in blocks("sh") if block.shipped_example], ids=str)
def test_commands_build_the_examples(block: Block, clone: Path, shared_data: Path) -> None:
    run_block(block, clone, DATA=str(shared_data))
    assert (clone / "published" / f"{block.shipped_example}.duckdb").is_file()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_commands_stand_in_blocks_that_run(document: Path) -> None:
    lines = document.read_text(encoding="utf-8").splitlines()
    fences = [line.removeprefix("```") for line in lines if line.startswith("```")]
    assert set(fences[::2]) <= LANGUAGES.keys()
    assert set(fences[1::2]) <= {""}
    for block in [*blocks("text", document), *blocks("", document)]:
        assert not re.search(r"^(make|dbt|python|\.venv/)", block.text, re.MULTILINE), f"no test runs {block}"


def test_the_readme_is_short() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 180


def test_every_make_command_that_is_named_exists(clone: Path) -> None:
    named = {
        match[1].split("`")[0]
        for document in DOCUMENTS
        for match in re.finditer(r"`make ([a-z][^`]*)`", document.read_text(encoding="utf-8"))
    }
    assert named
    for words in sorted(named):
        target = words.split()[0]
        run_command(["make", "-n", target], folder=clone, variables={"PYTHONPATH": str(clone / "src")}).check()


@pytest.mark.parametrize("block", blocks("yaml"), ids=str)
def test_variables_are_valid(block: Block) -> None:
    variables = yaml.safe_load(block.text)
    resolved = resolve(
        defaults() | variables,
        seed("feature_catalogue"),
        rfm_grid=seed("rfm_grid"),
        rfm_segments=seed("rfm_segments"),
    )
    assert resolved.column("segmentation").to_pylist() == list(variables["segmentations"])


@pytest.mark.parametrize("block", blocks("sql"), ids=str)
def test_queries_answer(block: Block, demo: DbtProject) -> None:
    assert demo.query(block.text), f"{block} finds nothing in the demo data"
    if set(re.findall(r"(?:from|join) (\w+)\.", block.text)) == {"marts"}:
        assert demo.query(block.text, published=True) == demo.query(block.text)


def anchors(document: Path) -> set[str]:
    """Return what links to the headings of a document end in: lower case, without punctuation, dashes for blanks."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            file = document.parent / target if target else document
            assert file.exists(), f"{document.name} links to {target}"
            assert not anchor or anchor in anchors(file), f"{document.name} links to {target}#{anchor}"


def test_the_readme_links_to_every_other_document() -> None:
    linked = {(ROOT / target).resolve() for target in re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))}
    assert linked >= set(DOCUMENTS) - {README}


def test_every_variable_is_documented() -> None:
    configuration = ROOT / "docs" / "configuration.md"
    documented = re.findall(r"^### `(\w+)`$", configuration.read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(documented) == sorted(defaults()) == sorted(VARIABLES)


@pytest.mark.parametrize(("name", "value"), [item for item in defaults().items() if not isinstance(item[1], dict)])
def test_documented_defaults_are_those_of_the_project(name: str, value: Any) -> None:
    text = section(ROOT / "docs" / "configuration.md", f"`{name}`")
    match = re.search(r"Default: (.+?)\.\n", text)
    assert match, f"{name} says no default"
    assert yaml.safe_load(match[1].strip("`")) == value
    assert "Example: " in text


@pytest.mark.parametrize("mart", marts())
def test_every_column_of_a_mart_is_documented(mart: str) -> None:
    text = section(ROOT / "docs" / "tables.md", f"`{mart}`")
    documented = {
        name for cells in re.findall(r"^\| (`.*?) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", cells)
    }
    assert documented == set(marts()[mart])


def test_marts_that_the_readme_names_exist() -> None:
    named = set(re.findall(r"`(\w+)`", section(README, "What BI opens"))) - {"marts"}
    assert len(named) > 10
    assert named <= set(marts())
