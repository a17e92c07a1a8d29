"""Personal data stay in staging: no later layer has a column for them, and none of their values appears there."""

from __future__ import annotations

from harness import DbtProject

PERSONAL = ("email", "phone", "first_name", "last_name", "birth_date", "postal_code", "city")
MAY_HOLD_THEM = ("inputs", "staging")
PLAIN_IN_A_FEED = {("feed_google_customer_match", "zip"), ("feed_changes", "zip_identifier")}
"""Google takes postal codes as they are."""


def later_columns(demo: DbtProject) -> list[tuple[str, str, str, str]]:
    """Schema, table, column and type of everything behind staging."""
    return [
        (schema, table, column, data_type)
        for schema, table, column, data_type in demo.query(
            """
            select schema_name, table_name, column_name, data_type from duckdb_columns()
            where database_name = current_database() and not internal
            order by all
            """
        )
        if schema not in MAY_HOLD_THEM
    ]


def test_no_later_layer_has_a_column_for_personal_data(demo: DbtProject) -> None:
    columns = later_columns(demo)
    assert len(columns) > 100
    assert [column for column in columns if column[2] in PERSONAL] == []


def test_no_mart_holds_a_personal_value(demo: DbtProject) -> None:
    """Names that are also words of the configuration or of products do not exist in the demo data."""
    texts = [
        f'select cast("{column}" as varchar) as value from {schema}.{table}'
        for schema, table, column, data_type in later_columns(demo)
        if schema == "marts" and data_type == "VARCHAR" and (table, column) not in PLAIN_IN_A_FEED
    ]
    personal = " union all ".join(
        f"select cast({name} as varchar) as value from staging.stg_customers where {name} is not null"
        for name in PERSONAL
    )
    assert len(texts) > 20
    leaked = demo.query(
        f"""
        select distinct value from ({" union all ".join(texts)}) as published
        where value in (select value from ({personal}) as personal)
        """
    )
    assert leaked == []
    assert demo.query(f"select count(distinct value) > 5000 from ({personal}) as personal") == [(True,)]
