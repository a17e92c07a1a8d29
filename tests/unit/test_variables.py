from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from segmentation.errors import UserError
from segmentation.variables import build_variables, main

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = """
as_of_date: 2011-12-10
inputs:
  orders:
    path: "{data}/online retail's.parquet"
    columns: {order_id: InvoiceNo, ordered_at: 'cast("InvoiceDate" as timestamp)'}
non_product_codes: ["^POST$", "{data}"]
"""


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "examples" / "shop.yml"
    path.parent.mkdir()
    path.write_text(EXAMPLE, encoding="utf-8")
    (path.parent / "bank.yml").write_text("random_seed: 7", encoding="utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "my data"
    folder.mkdir()
    return folder


def test_the_data_folder_stands_in_every_value_that_mentions_it(example: Path, data: Path) -> None:
    variables = build_variables(example, data=data)
    assert variables["inputs"]["orders"]["path"] == f"{data}/online retail's.parquet"
    assert variables["non_product_codes"] == ["^POST$", str(data)]


def test_a_relative_data_folder_becomes_absolute(example: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(data.parent)
    assert build_variables(example, data=Path("my data"))["non_product_codes"][1] == str(data)


def test_a_bare_date_is_text_as_dbt_wants_it(example: Path, data: Path) -> None:
    assert build_variables(example, data=data)["as_of_date"] == "2011-12-10"


def test_overrides_replace_a_top_level_variable_wholesale_and_refit_is_one(example: Path, data: Path) -> None:
    variables = build_variables(example, data=data, overrides={"inputs": {"customers": {"ref": "c"}}}, refit=True)
    assert variables["inputs"] == {"customers": {"ref": "c"}}
    assert variables["refit"] is True


def test_without_an_example_there_is_nothing_but_what_was_asked_for() -> None:
    assert build_variables() == {}
    assert build_variables(refit=True) == {"refit": True}


def test_the_data_folder_is_not_looked_at_where_nothing_mentions_it(example: Path) -> None:
    assert build_variables(example.with_name("bank.yml"), data=Path("nowhere")) == {"random_seed": 7}


def test_an_unknown_example_names_those_there_are(example: Path, data: Path) -> None:
    with pytest.raises(UserError, match=r"no example 'shopp'.*there are: bank, shop; did you mean \"shop\""):
        build_variables(example.with_name("shopp.yml"), data=data)


@pytest.mark.parametrize("folder", [None, Path("nowhere")])
def test_an_absent_data_folder_names_the_setting(example: Path, folder: Path | None) -> None:
    with pytest.raises(UserError, match=r"^DATA: .*DATA="):
        build_variables(example, data=folder)


@pytest.mark.parametrize("text", ["- a list", "just text", "1: number"])
def test_a_file_without_a_mapping_is_an_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"expected a mapping of variables"):
        build_variables(path)


def test_broken_yaml_is_an_error_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "broken.yml"
    path.write_text("inputs: {", encoding="utf-8")
    with pytest.raises(UserError, match=r"broken\.yml: this is no YAML"):
        build_variables(path)


def test_the_command_prints_one_line_of_json(example: Path, data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--example", str(example), "--data", str(data), "--vars", "{snapshot_count: 3}", "--refit"]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert json.loads(printed) == build_variables(example, data=data, overrides={"snapshot_count": 3}, refit=True)


def test_the_command_fails_with_a_message_and_without_a_traceback(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--example", str(tmp_path / "none.yml")]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("Error: EXAMPLE: there is no example 'none'")
    assert "Traceback" not in captured.err


def test_every_variable_makes_all_anew_or_is_one_that_need_not() -> None:
    """A new variable that no fingerprint has would leave unchanged customers as they were before it changed."""
    read_in_every_run = {
        "as_of_date",  # what it means is seen in the data
        "candidate_gates",
        "default_max_reject_share",
        "drift",
        "full_above_share",
        "learning",
        "refit",
    }
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    known = set(project["vars"])
    fingerprints = (ROOT / "macros" / "refresh" / "fingerprints.sql").read_text(encoding="utf-8")
    in_fingerprints = {name for name in known if f'"{name}"' in fingerprints}
    assert known == in_fingerprints | read_in_every_run
    assert not in_fingerprints & read_in_every_run
