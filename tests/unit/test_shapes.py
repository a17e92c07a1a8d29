"""What the engine says of an error, without the values that it quotes."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from segmentation.messages import shape_of, without_values


def error_of(sql: str, *parameters: object) -> duckdb.Error:
    with duckdb.connect() as connection:
        connection.execute("create table people (person varchar primary key)")
        with pytest.raises(duckdb.Error) as raised:
            connection.execute(sql, parameters).fetchall()
    return raised.value


@pytest.mark.parametrize(
    ("sql", "value", "kept"),
    [
        ("select cast($1 as integer)", "ada@example.com", "Could not convert string 'xxx@xxxxxxx.xxx' to INT32"),
        ("select cast($1 as integer)", "O'Hara", "Could not convert string 'x'xxxx' to INT32"),
        ("select cast($1 as date)", "1985-13-45", '"9999-99-99"'),
        ("select cast($1 as boolean)", "Müller", "'xxxxxx'"),
        ("select cast($1 as decimal(3, 1))", "abc def", '"xxx xxx"'),
        ("select cast($1::bigint as smallint)", "4930901820", "with value 9999999999"),
        # Said twice, the second time without quotes.
        ("select strptime($1, '%Y')", "Ada Other", "Expected a number"),
        ("select error($1)", "call +49 (30) 90 18 20", "call +99 (99) 99 99 99"),
    ],
)
def test_values_are_told_by_their_shape(sql: str, value: str, kept: str) -> None:
    error = error_of(sql, value)
    assert value in str(error)
    told = without_values(error)
    assert value not in told
    assert kept in told


def test_the_line_of_a_file_is_not_told_but_its_name_and_number_are(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("id,name\n" + "1,x\n" * 3000 + "2,Ada Other,9\n" + "3,y\n" * 10, encoding="utf-8")
    told = without_values(error_of(f"select * from read_csv('{file}', header = true, delim = ',', auto_detect = false, "
                                   "columns = {'id': 'varchar', 'name': 'varchar'})"))  # fmt: skip
    assert "Ada" not in told
    assert "3002" in told
    assert str(file) in told


def test_what_is_wrong_with_the_sql_stays_as_it_is() -> None:
    error = error_of("select persn from people")
    assert without_values(error) == str(error)
    assert '"person"' in str(error)


def test_the_shape_keeps_punctuation_alone() -> None:
    assert shape_of("Ä.b-9@x.de, +49 (0)30/1 [z]") == "x.x-9@x.xx, +99 (9)99/9 xxx"
