"""What models become in a warehouse: types, partitions, new rows, and errors that point into the model."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from conftest import Project

TYPED = """
    import datetime
    from decimal import Decimal

    import pyarrow as pa

    SCHEMA = pa.schema({{
        "id": pa.int32(), "amount": pa.decimal128(18, 4), "day": pa.date32(), "at": pa.timestamp("us"),
        "is_new": pa.bool_(), "nothing": pa.string(),
    }})


    def model(dbt, session):
        dbt.config({config})
        row = {{
            "id": 1, "amount": Decimal("1.50"), "day": datetime.date(2026, 1, 2),
            "at": datetime.datetime(2026, 1, 2, 3, 4), "is_new": True, "nothing": None,
        }}
        return pa.Table.from_pylist([row] * {rows}, schema=SCHEMA)
"""
DECLARED = {
    "id": "int",
    "amount": "decimal(18,4)",
    "day": "date",
    "at": "timestamp",
    "is_new": "boolean",
    "nothing": "string",
}


def test_the_types_of_an_arrow_table_are_kept(project: Project) -> None:
    project.write("models/typed.py", TYPED.format(rows=1, config="materialized='table'"))
    assert project.build("typed")["typed"].status == "success"
    assert project.types("mini.typed") == DECLARED
    row = (1, Decimal("1.5000"), date(2026, 1, 2), datetime(2026, 1, 2, 3, 4), True, None)
    assert project.rows("select * from mini.typed") == [row]


def test_a_frame_without_rows_is_a_typed_table(project: Project) -> None:
    project.write("models/no_rows.py", TYPED.format(rows=0, config="materialized='table'"))
    project.build("no_rows")
    assert project.types("mini.no_rows") == DECLARED
    assert project.rows("select count(*) from mini.no_rows") == [(0,)]


def test_no_row_of_a_table_in_several_pieces_is_lost(project: Project) -> None:
    """Concatenated tables keep their pieces, those without rows included, and Spark stops at some of these."""
    project.write(
        "models/pieces.py",
        """
        import pyarrow as pa


        def model(dbt, session):
            dbt.config(materialized="table")
            pieces = [pa.table({"id": pa.array(ids, pa.int64())}) for ids in ([], [], [1, 2], [], [3])]
            return pa.concat_tables(pieces)
        """,
    )
    project.build("pieces")
    assert project.rows("select id from mini.pieces order by id") == [(1,), (2,), (3,)]


def test_a_pandas_frame_takes_the_types_that_its_yaml_declares(project: Project) -> None:
    project.write(
        "models/frame.py",
        """
        import pandas as pd

        def model(dbt, session):
            return pd.DataFrame({"id": ["1", "2"], "nothing": [None, None], "kind": pd.Categorical(["a", "b"])})
        """,
    )
    project.write(
        "models/frame.yml",
        """
        models:
          - name: frame
            columns:
              - {name: id, data_type: bigint}
        """,
    )
    project.build("frame")
    assert project.types("mini.frame") == {"id": "bigint", "nothing": "string", "kind": "string"}


def test_a_model_reads_other_models_as_spark_frames(project: Project) -> None:
    project.write("models/source.sql", "select 2 as n union all select 3 as n")
    project.write(
        "models/squares.py",
        """
        def model(dbt, session):
            return dbt.ref("source").selectExpr("n * n as square")
        """,
    )
    project.build("+squares")
    assert sorted(project.rows("select square from mini.squares")) == [(4,), (9,)]


def test_a_table_is_partitioned_as_its_configuration_says(project: Project) -> None:
    project.write("models/by_day.py", TYPED.format(rows=1, config="partition_by=['day']"))
    project.write("models/by_kind.sql", "{{ config(partition_by='kind') }} select 'a' as kind, 1 as n")
    project.build("by_day", "by_kind")
    assert project.rows("show partitions mini.by_day") == [("day=2026-01-02",)]
    assert project.rows("select kind, n from mini.by_kind") == [("a", 1)]
    assert project.types("mini.by_day") == DECLARED


@pytest.mark.parametrize("language", ["sql", "py"])
def test_an_incremental_model_appends(project: Project, language: str) -> None:
    name = f"grows_{language}"
    sql = "{{ config(materialized='incremental') }} select {{ 2 if is_incremental() else 1 }} as n"
    python = """
        def model(dbt, session):
            dbt.config(materialized="incremental")
            return session.sql(f"select {2 if dbt.is_incremental else 1} as n")
        """
    project.write(f"models/{name}.{language}", sql if language == "sql" else python)
    for expected in ([(1,)], [(1,), (2,)]):
        assert project.build(name)[name].status == "success"
        assert sorted(project.rows(f"select n from mini.{name}")) == expected
    project.build(name, full_refresh=True)
    assert project.rows(f"select n from mini.{name}") == [(1,)]


def test_insert_overwrite_replaces_the_partitions_that_come(project: Project) -> None:
    project.write(
        "models/days.sql",
        """
        {{ config(materialized='incremental', incremental_strategy='insert_overwrite', partition_by='day') }}
        select '{{ "new" if is_incremental() else "old" }}' as value, 2 as day
        {% if not is_incremental() %} union all select 'old' as value, 1 as day {% endif %}
        """,
    )
    project.build("days")
    project.build("days")
    assert sorted(project.rows("select day, value from mini.days")) == [(1, "old"), (2, "new")]


def test_a_traceback_points_into_the_model(project: Project) -> None:
    project.write(
        "models/broken.py",
        """
        def helper(values):
            return values["absent"]

        def model(dbt, session):
            return helper({})
        """,
    )
    message = project.build("broken")["broken"].message
    assert 'File "models/broken.py", line 5, in model\n' in message
    assert 'return values["absent"]' in message
    assert "KeyError: 'absent'" in message
    assert "python_models.py" not in message


def test_an_error_that_hides_its_traceback_is_its_message_alone(project: Project) -> None:
    project.write(
        "models/refused.py",
        """
        class Refusal(Exception):
            __traceback__ = property(lambda self: None, lambda self, value: None)

        Refusal.__module__ = "builtins"

        def model(dbt, session):
            if session:
                raise Refusal("say what to do")
            return session
        """,
    )
    message = project.build("refused")["refused"].message
    assert "Python model failed:\n  Refusal: say what to do" in message
    assert "Traceback" not in message


def test_what_cannot_be_a_table_is_named(project: Project) -> None:
    project.write("models/number.py", "def model(dbt, session):\n    return 42\n")
    assert "The model returned builtins.int" in project.build("number")["number"].message


@pytest.mark.parametrize("materialization", ["table", "view"])
def test_a_cast_that_fails_is_an_error(project: Project, materialization: str) -> None:
    project.write("models/texts.sql", "select 'abc' as word")
    project.write(
        "models/numbers.sql",
        f"{{{{ config(materialized='{materialization}') }}}} select cast(word as int) as n from {{{{ ref('texts') }}}}",
    )
    project.write("models/totals.sql", "select sum(n) as total from {{ ref('numbers') }}")
    results = project.build("texts", "numbers", "totals")
    failed = results["numbers" if materialization == "table" else "totals"]
    assert failed.status == "error"
    assert "CAST_INVALID_INPUT" in failed.message
    assert "'abc'" in failed.message
    assert "at org.apache.spark" not in failed.message


def test_a_seed_keeps_nulls_apostrophes_and_declared_types(project: Project) -> None:
    project.write("seeds/people.csv", "id,name,share\n007,O'Neill \\ Söhne,1.50\n008,,\n")
    project.write(
        "seeds/people.yml",
        "seeds: [{name: people, config: {column_types: {id: string, name: string, share: 'decimal(18,4)'}}}]",
    )
    project.write("seeds/nobody.csv", "id,name\n")
    project.build("people", "nobody")
    assert sorted(project.rows("select * from mini.people")) == [
        ("007", "O'Neill \\ Söhne", Decimal("1.5000")),
        ("008", None, None),
    ]
    assert project.rows("select count(*) from mini.nobody") == [(0,)]


@pytest.mark.parametrize("file_format", ["delta", "iceberg"])
def test_a_format_that_swaps_its_content_itself_is_asked_to(project: Project, file_format: str) -> None:
    """No cluster of the tests has one, so it is Spark that refuses the statement, for want of the format alone."""
    config = f"file_format='{file_format}', partition_by='kind'"
    project.write("models/swaps.sql", f"{{{{ config({config}) }}}} select 'a' as kind, 1 as n")
    project.write(
        "models/swaps_too.py",
        f"""
        def model(dbt, session):
            dbt.config({config})
            return session.sql("select 'a' as kind, 1 as n")
        """,
    )
    results = project.build("swaps", "swaps_too")
    for result in results.values():
        assert result.status == "error"
        assert "DATA_SOURCE_NOT_FOUND" in result.message
        assert file_format in result.message
    statement = " ".join((project.folder / "target/run/mini/models/swaps.sql").read_text().split())
    assert statement.startswith(
        f"create or replace table mini.swaps using {file_format} partitioned by (kind) as select"
    )


def test_a_table_is_written_in_the_format_and_place_that_its_configuration_says(project: Project) -> None:
    root = project.folder / "elsewhere"
    project.write(
        "models/orc.sql",
        f"{{{{ config(file_format='orc', location_root='{root}', options={{'k': 'v'}}) }}}} select 1 as n",
    )
    for _ in range(2):
        assert project.build("orc")["orc"].status == "success"
        assert project.rows("select n from mini.orc") == [(1,)]
    assert len(list(root.glob("orc/*/*.orc"))) == 2
