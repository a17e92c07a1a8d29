"""The demo's results are the golden ones: a number that changes is seen in review."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

import golden
from harness import DATABASE, DbtProject


@pytest.mark.golden
def test_the_demo_has_its_golden_results(demo: DbtProject) -> None:
    golden.assert_golden(demo, "demo")


@pytest.mark.parametrize(
    ("change", "columns"),
    [
        ("update t set amount = amount + 0.0001 where id = 7", ["amount"]),
        ("update t set share = share * 1.00000001 where id = 7", ["share"]),
        ("update t set share = case id when 3 then 4.0 else 3.0 end / 7 where id in (3, 4)", ["share"]),
        ("update t set name = case id when 3 then 'n4' else 'n3' end where id in (3, 4)", ["name"]),
        ("update t set name = null where id = 7", ["name"]),
        ("update t set is_kept = not is_kept where id in (1, 2)", ["is_kept"]),
        ("update t set query = replace(query, '0.12345678', '0.12345679')", ["query"]),
        (
            "delete from t where id = 7",
            ["amount", "id", "invocation_id", "is_kept", "name", "query", "reason", "share"],
        ),
        ("alter table t rename amount to price", ["amount", "price"]),
        ("alter table t alter amount type decimal(18, 2)", ["amount"]),
        # What no result may depend on: last digits, the order of rows, and the run.
        ("update t set share = share * (1 + 1e-15)", []),
        ("update t set query = replace(query, '0.123456789', '0.123456789000001')", []),
        ("create or replace table t as select * from t order by id desc", []),
        ("update t set invocation_id = 'another'", []),
        # The same day in a text as the build began on.
        ("update t set reason = 'after 2026-05-04'", ["reason"]),
        ("update t set reason = 'after 2026-05-02'", []),
    ],
)
def test_one_value_is_enough_to_differ(change: str, columns: list[str], tmp_path: Path) -> None:
    def results(*statements: str) -> list[golden.ColumnResult]:
        project = DbtProject(tmp_path / str(len(statements)))
        (project.folder / "target").mkdir()
        day = f"2026-05-0{1 + len(statements)}"
        run_results = json.dumps({"metadata": {"invocation_started_at": f"{day}T23:59:00Z"}})
        (project.folder / "target" / "run_results.json").write_text(run_results, encoding="utf-8")
        (project.folder / "target" / "manifest.json").write_text(KEY_IS_ID, encoding="utf-8")
        with duckdb.connect(str(project.folder / DATABASE)) as connection:
            connection.execute("create schema marts")
            connection.execute("use marts")
            for statement in (TABLE.format(day=day), *statements):
                connection.execute(statement)
        return golden.results(project)

    changed = golden.differences(results(change), results())
    assert [line.removeprefix("marts.t.").split(" ")[0].rstrip(":") for line in changed] == columns, changed


TABLE = """
create table t as
select
    i as id,
    'n' || i as name,
    cast(i * 1.25 as decimal(18, 4)) as amount,
    i / 7.0::double as share,
    i % 2 = 0 as is_kept,
    'select 0.123456789 * x' as query,
    'after {day}' as reason,
    'one' as invocation_id
from range(1, 11) as numbers (i)
"""

KEY_IS_ID = """
{"nodes": {
    "model.t": {"schema": "marts", "alias": "t"},
    "test.t": {"test_metadata": {"name": "holds", "kwargs": {"key": ["id"]}}, "attached_node": "model.t"}
}}
"""
