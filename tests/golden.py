"""Golden results: one line for each column of what a build publishes, and of what protects people on the way there.

The lines lie in `tests/data/golden` and are compared by equality, so that a number that changes shows up in review.
`make golden` writes them anew. Relations and columns come from the catalogue: a new mart is compared by itself.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from decimal import Decimal
from pathlib import Path

import duckdb

from harness import ROOT, DbtProject
from segmentation.quoting import quote_identifier

FOLDER = ROOT / "tests" / "data" / "golden"

SCHEMAS = ("feeds", "marts", "publication", "staging")
"""What is published, and where consent, hold-outs, erasure and rejects are decided."""

VARYING = {
    "invocation_id": "every run has its own",
    "model_version": "a digest of all digits of a fit, of which another processor may find other last ones",
    "content_digest": "likewise",
    **dict.fromkeys(
        ("email_key", "phone_key", "name_key", "identifier_key", "customer_hash"), "another version hashes otherwise"
    ),
    "published_file": "the path depends on the folder of the build",
    "identity": "random, and another for each database",
}
"""Columns whose values say nothing about the result, and why; of these, only rows, nulls and the type are compared."""

DIGITS = 9
"""Significant digits that are compared: the last of a double depend on the processor."""

MOST_WEIGHT = 997
"""Of a row, in the digest of floating numbers."""

NUMBERS = ("BIGINT", "DECIMAL", "DOUBLE", "FLOAT", "HUGEINT", "INTEGER", "SMALLINT", "TINYINT")
INEXACT = ("DOUBLE", "FLOAT")

LONGEST_BOUND = 40
"""A longer text is shown by its digest alone."""

LONG_NUMBER = re.compile(r"\d+\.\d{9,}(?:[eE][-+]?\d+)?")


@dataclass(frozen=True, order=True)
class ColumnResult:
    """What is compared of one column.

    `total` of a text is its number of characters. `digest` tells which value belongs to which key, whatever the order
    of the rows: a text for exact types; for floating numbers a sum in which every row has a weight of its own.
    """

    relation: str
    column: str
    type: str
    rows: str
    nulls: str
    distinct: str
    lowest: str
    highest: str
    total: str
    digest: str


HEADER = tuple(field.name for field in fields(ColumnResult))


def significant(value: float | None) -> str:
    """Return a number in as many digits as are compared; zero has no sign."""
    return "" if value is None else f"{value + 0.0:.{DIGITS}g}"


def rounded_to(value: Decimal | None, scale: Decimal | None) -> str:
    """Return a sum, rounded to the digits that are certain beside terms whose absolute values sum to `scale`."""
    if value is None or not scale:
        return "" if value is None else "0"
    return f"{round(value, DIGITS - 1 - scale.adjusted()).normalize() + 0:f}"


def shortened_numbers(text: str) -> str:
    """Return a text in which long decimal numbers have as many digits as are compared."""
    return LONG_NUMBER.sub(lambda found: significant(float(found.group())), text)


def declared_keys(manifest: Path) -> dict[str, list[str]]:
    """Return the key of each relation that a test `holds`: the one with the fewest columns."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"]
    found: dict[str, list[list[str]]] = {}
    for node in nodes.values():
        about = node.get("test_metadata") or {}
        tested = nodes.get(node.get("attached_node") or "")
        if about.get("name") == "holds" and tested:
            promised = about["kwargs"]
            relation = f"{tested['schema']}.{tested['alias']}".lower()
            keys = [*filter(None, [promised.get("key")]), *promised.get("also_unique", [])]
            found.setdefault(relation, []).extend([str(column).lower() for column in key] for key in keys)
    return {relation: min(keys, key=lambda key: (len(key), key)) for relation, keys in found.items() if keys}


def day_of_run(run_results: Path) -> str:
    """Return the day on which a build began, which reasons name: what lies after it is not yet known."""
    metadata = json.loads(run_results.read_text(encoding="utf-8"))["metadata"]
    return str(metadata["invocation_started_at"])[:10]


def results_of_table(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    columns: Sequence[tuple[str, str]],
    key: Sequence[str],
    today: str,
) -> Iterable[ColumnResult]:
    """Yield the result of each column of a table, all found in one pass over it; another day changes no text."""
    texts = [quote_identifier(name) for name, data_type in columns if data_type == "VARCHAR"]
    same_day = ", ".join(f"replace({name}, '{today}', 'the day of the run') as {name}" for name in texts)
    relation = f"(select *{f' replace ({same_day})' if texts else ''} from {relation})"
    keys = [quote_identifier(name) for name in key]
    key_text = f"concat_ws(chr(31), {', '.join(f'cast({name} as varchar)' for name in keys)})" if keys else "''"
    measured = []
    for name, data_type in columns:
        column = quote_identifier(name)
        text = f"cast({column} as varchar)"
        number = f"cast({column} as double)"
        if name in VARYING:
            shown = ["null"] * 6
        elif data_type.startswith(INEXACT):
            # A decimal sum has no error of its own, which might round a half up on one machine and down on another.
            exact = f"try_cast({number} as decimal(27, 12))"
            weight = f"cast(1 + md5_number_lower(golden_key) % {MOST_WEIGHT} as decimal(3, 0))"
            shown = [
                f"count(distinct format('{{:.{DIGITS}g}}', {number} + 0.0))",
                f"min({number})",
                f"max({number})",
                f"sum({exact})",
                f"sum({exact} * {weight})",
                f"sum(abs({exact}))",
            ]
        else:
            if data_type == "VARCHAR":
                text = f"case when regexp_matches({text}, '\\.[0-9]{{9}}') then golden_text({text}) else {text} end"
                column = text
            total = f"sum({column})" if data_type.startswith(NUMBERS) else f"sum(length({text}))"
            digest = f"md5_number_lower(concat(golden_key, chr(30), {text})) % 4294967296"
            shown = [
                f"count(distinct {column})",
                f"min({column})",
                f"max({column})",
                total,
                f"sum({digest}) filter (where {column} is not null)",
                "null",
            ]
        measured += ["count(*)", f"count(*) - count({column})", *shown]
    query = f"select {', '.join(measured)} from (select *, {key_text} as golden_key from {relation})"
    values = connection.execute(query).fetchone()
    assert values is not None
    for number_of, (name, data_type) in enumerate(columns):
        rows, nulls, distinct, lowest, highest, total, digest, scale = values[8 * number_of : 8 * number_of + 8]
        if data_type.startswith(INEXACT) and name not in VARYING:
            lowest, highest = significant(lowest), significant(highest)
            total, digest = rounded_to(total, scale), rounded_to(digest, scale and scale * MOST_WEIGHT)
        else:
            lowest, highest = (
                "" if bound is None or len(str(bound)) > LONGEST_BOUND else str(bound) for bound in (lowest, highest)
            )
            digest = "" if digest is None else f"{int(digest) % 2**32:08x}"
        yield ColumnResult(
            relation,
            name,
            data_type,
            *("" if value is None else str(value) for value in (rows, nulls, distinct, lowest, highest, total, digest)),
        )


def results(project: DbtProject, schemas: Sequence[str] = SCHEMAS) -> list[ColumnResult]:
    """Return the results of every column of every relation in some schemas of a warehouse, sorted."""
    keys = declared_keys(project.folder / "target" / "manifest.json")
    today = day_of_run(project.folder / "target" / "run_results.json")
    with project.connect() as connection:
        connection.create_function("golden_text", shortened_numbers, ["VARCHAR"], "VARCHAR")
        catalogue = connection.execute(
            """
            select schema_name || '.' || table_name, column_name, data_type
            from duckdb_columns()
            where database_name = current_database() and list_contains($1, schema_name)
            order by all
            """,
            [list(schemas)],
        ).fetchall()
        tables: dict[str, list[tuple[str, str]]] = {}
        for relation, column, data_type in catalogue:
            tables.setdefault(relation, []).append((column, data_type))
        found: list[ColumnResult] = []
        for relation, columns in tables.items():
            exact = [name for name, data_type in columns if not data_type.startswith(INEXACT)]
            key = [name for name in keys.get(relation) or exact if name not in VARYING]
            schema, table = relation.split(".", 1)
            quoted = f"{quote_identifier(schema)}.{quote_identifier(table)}"
            found += [
                ColumnResult(relation, *astuple(result)[1:])
                for result in results_of_table(connection, quoted, columns, key, today)
            ]
    return sorted(found)


def differences(found: Sequence[ColumnResult], expected: Sequence[ColumnResult]) -> list[str]:
    """Return one line for each column that is new, gone or not as expected, with what differs."""
    ours = {(result.relation, result.column): result for result in found}
    theirs = {(result.relation, result.column): result for result in expected}
    lines = []
    for place in sorted(ours.keys() | theirs.keys()):
        name = ".".join(place)
        if place not in theirs:
            lines.append(f"{name} is new")
        elif place not in ours:
            lines.append(f"{name} is gone")
        elif ours[place] != theirs[place]:
            changes = [
                f"{what} {before or 'null'} -> {now or 'null'}"
                for what, before, now in zip(HEADER, astuple(theirs[place]), astuple(ours[place]), strict=True)
                if before != now
            ]
            lines.append(f"{name}: {', '.join(changes)}")
    return lines


def read(file: Path) -> list[ColumnResult]:
    """Read golden results."""
    with file.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    assert tuple(header) == HEADER, f"{file} has other columns: `make golden` writes it anew"
    return [ColumnResult(*row) for row in rows]


def write(file: Path, found: Iterable[ColumnResult]) -> None:
    """Write golden results."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines, lineterminator="\n")
        writer.writerow(HEADER)
        writer.writerows(astuple(result) for result in found)


def assert_golden(project: DbtProject, name: str, schemas: Sequence[str] = SCHEMAS) -> None:
    """Compare a warehouse with its golden results, or write them where `make golden` asks for that."""
    file = FOLDER / f"{name}.csv"
    found = results(project, schemas)
    if os.environ.get("GOLDEN") == "write":
        write(file, found)
    changed = differences(found, read(file))
    assert not changed, "\n".join(
        [f"{len(changed)} columns differ from {file.name} (`make golden`, if that was intended):", *changed]
    )
