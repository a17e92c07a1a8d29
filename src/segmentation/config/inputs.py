"""The columns of each input. SQL reads them from the macro `declared_columns`, which `make schema` writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

__all__ = ["BOOKKEEPING", "COLUMNS", "INPUT_COLUMNS", "InputColumn"]

Role = Literal["key", "required", "optional"]


class InputColumn(NamedTuple):
    """A column that an input may have.

    `role` is key (part of what identifies a row), required (must be mapped and filled) or optional (a typed null where
    it is absent). An amount is a decimal of four decimals. What amounts are made of, a quantity and a price or cost of
    one, has seven, and still fits in 64 bits: wider numbers cost DuckDB twenty times as much.
    """

    name: str
    type: str
    role: Role


COLUMNS: Mapping[str, tuple[InputColumn, ...]] = {
    "customers": (
        InputColumn("customer_id", "string", "key"),
        InputColumn("birth_date", "date", "optional"),
        InputColumn("gender", "string", "optional"),
        InputColumn("country", "string", "optional"),
        InputColumn("region", "string", "optional"),
        InputColumn("city", "string", "optional"),
        InputColumn("postal_code", "string", "optional"),
        InputColumn("signup_at", "timestamp", "optional"),
        InputColumn("acquisition_channel", "string", "optional"),
        InputColumn("email", "string", "optional"),
        InputColumn("phone", "string", "optional"),
        InputColumn("first_name", "string", "optional"),
        InputColumn("last_name", "string", "optional"),
        InputColumn("marketing_consent", "boolean", "optional"),
    ),
    "orders": (
        InputColumn("order_id", "string", "key"),
        InputColumn("customer_id", "string", "required"),
        InputColumn("ordered_at", "timestamp", "required"),
        InputColumn("order_amount", "decimal", "optional"),
        InputColumn("status", "string", "optional"),
        InputColumn("cancelled_at", "timestamp", "optional"),
        InputColumn("channel", "string", "optional"),
        InputColumn("currency", "string", "optional"),
    ),
    "order_items": (
        InputColumn("order_id", "string", "key"),
        InputColumn("line_number", "string", "key"),
        InputColumn("product_id", "string", "optional"),
        InputColumn("quantity", "decimal(18, 7)", "required"),
        InputColumn("unit_price", "decimal(18, 7)", "required"),
        InputColumn("discount_amount", "decimal", "optional"),
    ),
    "products": (
        InputColumn("product_id", "string", "key"),
        InputColumn("product_name", "string", "optional"),
        InputColumn("category", "string", "optional"),
        InputColumn("unit_cost", "decimal(18, 7)", "optional"),
    ),
}

BOOKKEEPING = (
    InputColumn("updated_at", "timestamp", "optional"),
    InputColumn("loaded_at", "timestamp", "optional"),
    InputColumn("deleted_at", "timestamp", "optional"),
    InputColumn("arrival_number", "integer", "optional"),
)
"""What every input may have beside its own columns: by these, versions of a row are told apart."""

INPUT_COLUMNS: Mapping[str, tuple[str, ...]] = {
    name: tuple(column.name for column in (*columns, *BOOKKEEPING)) for name, columns in COLUMNS.items()
}
"""The names of all columns by input."""
