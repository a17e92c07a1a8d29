"""The dictionary of tables says what YAML says, and everything that it says is of a table that there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from harness import ROOT
from segmentation.dictionary import read_tables, write_dictionary
from segmentation.errors import UserError

NOTES = ROOT / "docs" / "notes" / "tables.md"
MODELS = {
    "marts/core/_core.yml": """
        models:
          - name: sizes
            description: >-
              One row per segment: how many customers it has. Empty ones
              count too.

              A second paragraph.
            data_tests:
              - rows_are_kept
              - holds:
                  arguments: {filled: [customers]}
              - holds:
                  arguments: {key: [segmentation, segment_id]}
            columns:
              - &segmentation {name: segmentation, data_type: string, description: Name of the segmentation.}
              - {name: segment_id, data_type: integer, description: "1|2 and so on."}
        """,
    "marts/service/_service.yml": """
        models:
          - {name: calls, description: One row per call., columns: [{name: call_id, description: The call.}]}
        """,
    "staging/_staging.yml": """
        models:
          - {name: stg_calls, description: One row per call as it came., columns: [{name: call_id}]}
          - {name: stg_rest, description: One row per rest.}
        """,
}
TEXT = """# Tables

An introduction.

## Marts for service

To be read by day.

### `calls`

```sql
select 1
```

## Behind the marts

### `staging.stg_calls`

Not published.
"""
WRITTEN = r"""# Tables

An introduction.

| table | holds |
|---|---|
| [`sizes`](#sizes) | One row per segment: how many customers it has. |
| [`calls`](#calls) | One row per call. |

## Marts

### `sizes`

One row per segment: how many customers it has. Empty ones count too.

A second paragraph.

Key: `segmentation`, `segment_id`.

| column | type | meaning |
|---|---|---|
| `segmentation` | string | Name of the segmentation. |
| `segment_id` | integer | 1\|2 and so on. |

## Marts for service

To be read by day.

### `calls`

One row per call.

| column | meaning |
|---|---|
| `call_id` | The call. |

```sql
select 1
```

## Behind the marts

### `staging.stg_calls`

One row per call as it came.

Not published.

## Reference seeds
"""


def test_the_dictionary_is_what_make_tables_writes() -> None:
    tables = read_tables(ROOT / "models") | read_tables(ROOT / "seeds")
    written = write_dictionary(tables, NOTES.read_text(encoding="utf-8"))
    assert (ROOT / "docs" / "tables.md").read_text(encoding="utf-8") == written, "run `make tables`"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name, text in MODELS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_table_has_its_description_key_columns_and_notes(models: Path) -> None:
    assert write_dictionary(read_tables(models), TEXT) == WRITTEN


@pytest.mark.parametrize(
    ("heading", "told"),
    [
        ("## Marts\n\n### `calls`", "the heading `calls` below 'Marts' is of no table there"),
        ("## Marts\n\n### `gone`", "the heading `gone` below 'Marts' is of no table there"),
        ("## Behind\n\n### `staging.gone`", "the heading `staging.gone` names a table that no YAML"),
        ("## Behind\n\n### `feeds.stg_calls`", "the heading `feeds.stg_calls` names a table that no YAML"),
        ("## Behind\n\n### `staging.stg_rest`, `gone`", "the heading `staging.stg_rest`, `gone` names a table that"),
        ("## Behind\n\n### Anything", "the heading Anything names a table that no YAML"),
    ],
)
def test_notes_on_a_table_that_is_not_there_are_refused(models: Path, heading: str, told: str) -> None:
    with pytest.raises(UserError, match=re.escape(told)):
        write_dictionary(read_tables(models), f"# Tables\n\n{heading}\n\nA note.\n")


def test_the_notes_list_the_rules_that_reject() -> None:
    rows = NOTES.read_text(encoding="utf-8").split("| rule | rejects |\n")[1].split("\n\n")[0]
    documented = {name for cells in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE) for name in cells.split(", ")}
    staging = yaml.safe_load((ROOT / "models" / "staging" / "_staging.yml").read_text(encoding="utf-8"))
    rejected = next(model for model in staging["models"] if model["name"] == "rejected_records")
    promised = next(test["holds"]["arguments"] for test in rejected["data_tests"] if "holds" in test)
    assert {name.strip("`") for name in documented} == set(promised["accepted"]["rule"])
