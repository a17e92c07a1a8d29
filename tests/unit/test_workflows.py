"""What GitHub and pre-commit read says what the project has: commands, tools, pinned actions."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = [*OURS, *sorted((ROOT / "docs" / "ci").glob("*.yml"))]
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def read(path: Path) -> dict[Any, Any]:
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(content, dict)
    return content


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in read(path)["jobs"].values():
        yield from job["steps"]


def commands(path: Path) -> str:
    return "\n".join(step["run"] for step in steps(path) if "run" in step)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_can_only_read_and_comes_to_an_end(path: Path) -> None:
    workflow = read(path)
    # YAML 1.1 takes `on` for true.
    assert workflow[True]
    assert set(workflow["permissions"].values()) == {"read"}
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 240, name
        assert not job["runs-on"].endswith("latest"), name


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_to_a_commit_whose_version_is_told(path: Path) -> None:
    used = re.findall(r"^\s+(?:- )?uses: (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(used) == sum("uses" in step for step in steps(path)) > 0
    assert [line for line in used if not re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []


def test_an_action_has_one_version_everywhere() -> None:
    used = {step["uses"] for path in WORKFLOWS for step in steps(path) if "uses" in step}
    names = [use.split("@")[0] for use in used]
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_commands_of_a_workflow_exist(path: Path) -> None:
    named = set(re.findall(r"\bmake ([a-z-]+)", commands(path)))
    assert named
    assert named <= TARGETS


def test_a_change_runs_whatever_a_review_runs() -> None:
    review = set(re.findall(r"^make .+$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE))
    assert review
    assert review <= set(commands(ROOT / ".github" / "workflows" / "checks.yml").splitlines())


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_what_runs_on_spark_has_java(path: Path) -> None:
    for job in read(path)["jobs"].values():
        runs = "\n".join(step.get("run", "") for step in job["steps"])
        versions = [step["with"]["java-version"] for step in job["steps"] if "setup-java" in step.get("uses", "")]
        assert versions == (["17"] if re.search(r"make test\b", runs) else [])


def test_python_of_the_workflows_is_the_oldest_that_the_project_takes() -> None:
    oldest = re.search(r'requires-python = ">=(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert oldest
    found = {
        step["with"]["python-version"]
        for path in WORKFLOWS
        for step in steps(path)
        if "setup-python" in step.get("uses", "")
    }
    assert found == {oldest[1]}


def test_the_documents_tell_the_command_of_the_slim_build() -> None:
    command = re.search(r"dbt build .+? --state state\b", _one_line(commands(ROOT / "docs" / "ci" / "segments.yml")))
    assert command
    assert command[0] in _one_line((ROOT / "docs" / "ci.md").read_text(encoding="utf-8"))


def _one_line(text: str) -> str:
    return re.sub(r"\s*\\\n\s*", " ", text)


def test_hooks_call_tools_of_the_environment() -> None:
    (repository,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repository["repo"] == "local"
    linted = (ROOT / "Makefile").read_text(encoding="utf-8")
    for hook in repository["hooks"]:
        tool = re.search(r"\.venv/bin/([\w-]+)", hook["entry"])
        assert tool, hook
        assert (Path(sys.prefix) / "bin" / tool[1]).exists()
        assert f"$(BIN)/{tool[1]}" in linted, "make lint does not run it"
        assert hook["language"] == "system"


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_forms_ask_for_what_is_needed(path: Path) -> None:
    form = read(path)
    if path.name == "config.yml":
        assert form["blank_issues_enabled"] is True
        return
    assert form["name"]
    assert form["description"]
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    identifiers = [field["id"] for field in fields]
    assert len(identifiers) == len(set(identifiers)) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_the_version_is_one() -> None:
    package = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    released = re.findall(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert package
    assert package[1] == read(ROOT / "dbt_project.yml")["version"] == released[0]
