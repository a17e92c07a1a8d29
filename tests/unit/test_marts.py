"""What holds for every mart, read from the files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

MARTS = Path(__file__).resolve().parents[2] / "models" / "marts"


def folder_files(folder: Path) -> list[dict[str, Any]]:
    return [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.yml"))]


@pytest.mark.parametrize("name", ["marketing", "product", "service", "planning"])
def test_every_mart_of_a_team_is_in_its_exposure(name: str) -> None:
    files = folder_files(MARTS / name)
    (exposure,) = [exposure for content in files for exposure in content.get("exposures", [])]
    assert exposure["owner"]["name"]
    own = {f"ref('{file.stem}')" for file in (MARTS / name).glob("*.sql")}
    assert own
    assert own <= set(exposure["depends_on"])


def test_every_mart_has_a_contract_that_describes_each_column() -> None:
    described = {
        model["name"]: model
        for folder in MARTS.iterdir()
        for content in folder_files(folder)
        for model in content.get("models", [])
    }
    assert described.keys() == {file.stem for file in MARTS.rglob("*.sql")}
    for name, model in described.items():
        assert model["description"].startswith("One row per"), name
        assert all(column.get("data_type") and column.get("description") for column in model["columns"]), name


def test_every_mart_promises_a_key_under_a_name_that_people_read() -> None:
    for folder in MARTS.iterdir():
        for model in (model for content in folder_files(folder) for model in content.get("models", [])):
            promised = next(test["holds"] for test in model["data_tests"] if "holds" in test)
            assert promised["name"] == f"holds_{model['name']}"
            assert set(promised["arguments"]["key"]) <= {column["name"] for column in model["columns"]}
