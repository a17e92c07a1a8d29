"""What the project's materializations for DuckDB do beside their query, in a project of single models.

The macros are those of the project; the models are a few lines, so that every one can be broken in its own way.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import ROOT, DbtProject, Outcome

PROJECT = """\
name: engine
version: 1.0.0
profile: customer_segmentation
macro-paths: [macros]
flags: {send_anonymous_usage_stats: false}
models: {+schema: built}
"""

CONTRACT = """\
models:
  - name: thing
    config: {contract: {enforced: true}}
    columns:
      - {name: number, data_type: integer}
      - {name: word, data_type: varchar}
"""


class Engine(DbtProject):
    """A project of one model, `thing`, with the project's macros."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, root=folder / "project")
        for name in ("models", "macros"):
            (self.root / name).mkdir(parents=True)
        (self.root / "dbt_project.yml").write_text(PROJECT, encoding="utf-8")
        (self.root / "profiles.yml").symlink_to(ROOT / "profiles.yml")
        for name in ("engine/table.sql", "project/generate_schema_name.sql"):
            (self.root / "macros" / Path(name).name).symlink_to(ROOT / "macros" / name)

    def run(self, query: str, properties: str = "", *, suffix: str = "sql") -> Outcome:
        """Run the model with a query, and properties of its own."""
        for file in (self.root / "models").iterdir():
            file.unlink()
        (self.root / "models" / f"thing.{suffix}").write_text(query, encoding="utf-8")
        (self.root / "models" / "models.yml").write_text(properties, encoding="utf-8")
        return self.dbt("run")

    def there(self) -> tuple[list[tuple[str, str]], list[tuple[object, ...]], list[str]]:
        """Return which relations there are, the rows of the model, and its columns in their order."""
        with self.connect() as connection:
            relations = connection.execute(
                "select table_name, table_type from information_schema.tables where table_schema = 'built' order by all"
            ).fetchall()
            found = connection.execute("from built.thing order by all")
            columns = [column[0] for column in found.description]
            return relations, found.fetchall(), columns


TABLE, VIEW = [("thing", "BASE TABLE")], [("thing", "VIEW")]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(tmp_path_factory.mktemp("engine"))


def test_a_relation_takes_the_place_of_one_of_any_kind_and_leaves_nothing_beside(engine: Engine) -> None:
    view, table = "{{ config(materialized='view') }}", "{{ config(materialized='table') }}"
    for number, (config, kind) in enumerate(
        [(table, TABLE), (table, TABLE), (view, VIEW), (view, VIEW), (table, TABLE)]
    ):
        engine.run(f"{config} select {number} as number").check()
        assert engine.there() == (kind, [(number,)], ["number"])
    engine.run("def model(dbt, session):\n    return session.sql('select 9 as number')\n", suffix="py").check()
    assert engine.there() == (TABLE, [(9,)], ["number"])


def test_a_query_that_fails_leaves_the_table_of_before(engine: Engine) -> None:
    engine.run("{{ config(materialized='table') }} select 1 as number").check()
    failed = engine.run("{{ config(materialized='table') }} select error('out of order') as number")
    assert not failed.succeeded
    assert "out of order" in failed.output
    assert engine.there() == (TABLE, [(1,)], ["number"])


def test_a_table_may_read_itself(engine: Engine) -> None:
    engine.run("{{ config(materialized='table') }} select 1 as number").check()
    engine.run("{{ config(materialized='table') }} select number + 1 as number from {{ this }}").check()
    assert engine.there() == (TABLE, [(2,)], ["number"])


def test_a_contract_is_kept(engine: Engine) -> None:
    config = "{{ config(materialized='table') }}"
    engine.run(f"{config} select 'one' as word, 1 as number", CONTRACT).check()
    assert engine.there() == (TABLE, [(1, "one")], ["number", "word"])
    for broken in (
        "select 'two' as word",
        "select 2 as word, 2 as number",
        "select 2 as number, 'two' as word, 2 as more",
    ):
        failed = engine.run(f"{config} {broken}", CONTRACT)
        assert not failed.succeeded
        assert "enforced contract" in failed.output
        assert engine.there() == (TABLE, [(1, "one")], ["number", "word"])


def test_constraints_of_a_contract_are_part_of_the_table(engine: Engine) -> None:
    constrained = CONTRACT.replace("data_type: integer}", "data_type: integer, constraints: [{type: not_null}]}")
    config = "{{ config(materialized='table') }}"
    engine.run(f"{config} select 1 as number, 'one' as word", constrained).check()
    failed = engine.run(f"{config} select cast(null as integer) as number, 'none' as word", constrained)
    assert not failed.succeeded
    assert engine.there() == (TABLE, [(1, "one")], ["number", "word"])


def test_descriptions_are_kept_in_the_database(engine: Engine) -> None:
    described = "models: [{name: thing, description: What it is., config: {persist_docs: {relation: true}}}]"
    for materialized in ("table", "view"):
        engine.run(f"{{{{ config(materialized='{materialized}') }}}} select 1 as number", described).check()
        with engine.connect() as connection:
            comments = connection.execute(f"select comment from duckdb_{materialized}s() where not internal").fetchall()
        assert comments == [("What it is.",)]
