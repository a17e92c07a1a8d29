"""What can be asked of the adapter without a model."""

from __future__ import annotations

import pytest
from dbt_common.exceptions import DbtRuntimeError

from conftest import Project
from dbt.adapters.sparksession import SparkSessionCredentials
from dbt.adapters.sparksession.connections import brief_message


def credentials(**settings: object) -> SparkSessionCredentials:
    return SparkSessionCredentials(schema="mini", **settings)


def test_ansi_mode_is_on_unless_the_profile_says_otherwise() -> None:
    assert credentials().server_side_parameters == {"spark.sql.ansi.enabled": "true"}
    off = credentials(server_side_parameters={"spark.sql.ansi.enabled": False, "spark.ui.enabled": False})
    assert off.server_side_parameters == {"spark.sql.ansi.enabled": "false", "spark.ui.enabled": "false"}


def test_a_profile_names_one_place() -> None:
    assert credentials().unique_field == "local[*]"
    assert credentials(remote="sc://host").unique_field == "sc://host"
    with pytest.raises(DbtRuntimeError, match="both master"):
        credentials(remote="sc://host", master="local[2]")


def test_a_message_loses_the_stack_and_the_plan() -> None:
    plan = "[UNRESOLVED_COLUMN] no `x`. SQLSTATE: 42703; line 1 pos 7;\n'Project ['x]\n+- OneRowRelation\n"
    assert brief_message(ValueError(plan)) == "[UNRESOLVED_COLUMN] no `x`. SQLSTATE: 42703; line 1 pos 7"
    assert brief_message(ValueError("wrong\n\nJVM stacktrace:\nat org.apache")) == "wrong"


MACROS = """
    {% macro show(value) %}{{ print('shown ' ~ tojson(value, sort_keys=true)) }}{% endmacro %}
    {% macro show_columns(expression) %}{{ show(adapter.columns_of_expression(expression)) }}{% endmacro %}
    {% macro show_files(path) %}{{ show(adapter.matching_files(path) | map(attribute='size') | list) }}{% endmacro %}
"""


@pytest.mark.parametrize(
    ("expression", "columns"),
    [
        ("upper(trim(InvoiceNo))", '[["InvoiceNo"]]'),
        ("case when a > 1 then b else max(c) over (partition by d) end", '[["a"], ["b"], ["c"], ["d"]]'),
        ("1 + 1", "[]"),
        ("`two words`", '[["two words"]]'),
    ],
)
def test_the_columns_of_an_expression_are_found(
    project: Project, capsys: pytest.CaptureFixture[str], expression: str, columns: str
) -> None:
    project.write("macros/show.sql", MACROS)
    project.run("run-operation", "show_columns", "--args", f"{{expression: {expression!r}}}")
    assert f'shown {{"columns": {columns}, "error": null}}' in capsys.readouterr().out


def test_an_expression_that_is_none_says_why(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("macros/show.sql", MACROS)
    project.run("run-operation", "show_columns", "--args", "{expression: 'case when'}")
    assert "PARSE_SYNTAX_ERROR" in capsys.readouterr().out


def test_files_are_listed_by_glob_and_none_is_no_error(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.write("macros/show.sql", MACROS)
    project.write("files/a.csv", "12345")
    project.write("files/b.csv", "123")
    for path, sizes in {"files/*.csv": "[5, 3]", "files/*.parquet": "[]"}.items():
        project.run("run-operation", "show_files", "--args", f"{{path: '{project.folder / path}'}}")
        assert f"shown {sizes}" in capsys.readouterr().out
