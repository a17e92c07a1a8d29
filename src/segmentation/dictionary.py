"""Writes the dictionary of tables, docs/tables.md, from the YAML descriptions of models and seeds.

``make tables`` runs it. What a table and its columns mean, and what its key is, stands in YAML beside the model and
nowhere else; docs/notes/tables.md adds introductions, examples of queries and what is longer than a cell of a table.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from segmentation.errors import UserError

WIDTH = 120
MARTS = "marts"
SEEDS = "reference"
SEEDS_CHAPTER = "Reference seeds"
FIRST_MARTS = "core"
"""The folder of marts that readers need first; the others follow by name."""


@dataclass(frozen=True)
class Column:
    """A column as YAML describes it; `data_type` is empty where there is no contract."""

    name: str
    data_type: str
    description: str


@dataclass(frozen=True)
class Table:
    """A model or seed as YAML describes it.

    Attributes
    ----------
    schema : str
        The schema that it is built in: the first folder below ``models`` or ``seeds``.
    team : str
        The folder below that; empty where there is none.
    key : tuple of str
        The columns that identify a row, by the test `holds`; empty where it names none.
    """

    name: str
    schema: str
    team: str
    description: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


@dataclass(frozen=True)
class Chapter:
    """What the notes say below one heading: an introduction, and the notes on tables by their headings."""

    introduction: str
    sections: Mapping[str, str] = field(default_factory=dict)


def read_tables(folder: Path) -> dict[str, Table]:
    """Return the tables that the YAML files below a folder describe, in the order of files and within them.

    Parameters
    ----------
    folder : Path
        The folder ``models`` or ``seeds`` of the project.
    """
    return {table.name: table for file in sorted(folder.rglob("*.yml")) for table in _tables_of(file, folder)}


def _tables_of(file: Path, folder: Path) -> Iterator[Table]:
    schema, *teams = file.parent.relative_to(folder).parts
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    for node in [*content.get("models", []), *content.get("seeds", [])]:
        yield Table(
            name=node["name"],
            schema=schema,
            team=teams[0] if teams else "",
            description=node.get("description", "").strip(),
            key=_key(node.get("data_tests", [])),
            columns=tuple(
                Column(column["name"], column.get("data_type", ""), column["description"].strip())
                for column in node.get("columns", [])
                if column.get("description")
            ),
        )


def _key(tests: Iterable[Any]) -> tuple[str, ...]:
    """Return the key that a test `holds` names."""
    promises = (test["holds"]["arguments"] for test in tests if isinstance(test, dict) and "holds" in test)
    return next((tuple(promised["key"]) for promised in promises if "key" in promised), ())


def read_notes(text: str) -> tuple[str, dict[str, Chapter]]:
    r"""Split the notes into their introduction and their chapters by title.

    Examples
    --------
    >>> introduction, chapters = read_notes("Hello.\n\n## Marts\n\n### `dim_segments`\n\nA query.\n")
    >>> introduction, chapters["Marts"].sections
    ('Hello.', {'`dim_segments`': 'A query.'})
    """
    introduction, *chapters = re.split(r"^## ", text, flags=re.MULTILINE)
    return introduction.strip(), dict(map(_chapter, chapters))


def _chapter(text: str) -> tuple[str, Chapter]:
    head, *sections = re.split(r"^### ", text, flags=re.MULTILINE)
    title, _, introduction = head.partition("\n")
    parts = (section.partition("\n") for section in sections)
    return title.strip(), Chapter(introduction.strip(), {name.strip(): note.strip() for name, _, note in parts})


def write_dictionary(tables: Mapping[str, Table], notes: str) -> str:
    """Return the dictionary as Markdown: marts by folder, then what the notes speak of besides, then the seeds.

    Parameters
    ----------
    tables : mapping of str to Table
        All models and seeds by name. Marts and reference seeds have sections of their own; other tables have one where
        the notes have a heading for them, such as ``### `staging.rejected_records` ``.
    notes : str
        Text of the notes.

    Raises
    ------
    UserError
        If a heading of the notes names no table that YAML describes.
    """
    introduction, noted = read_notes(notes)
    chapters: dict[str, list[Table]] = {}
    for table in sorted(tables.values(), key=lambda table: (table.team != FIRST_MARTS, table.team)):
        if table.schema == MARTS:
            chapters.setdefault("Marts" if table.team == FIRST_MARTS else f"Marts for {table.team}", []).append(table)
    marts = [table for chapter in chapters.values() for table in chapter]
    pages = [introduction, _overview(marts)]
    for title, listed in chapters.items():
        pages += _chapter_of(title, listed, noted.get(title, Chapter("")))
    for title, chapter in noted.items():
        if title not in chapters and title != SEEDS_CHAPTER:
            pages += [f"## {title}", chapter.introduction]
            for heading, note in chapter.sections.items():
                pages += _section_by_heading(heading, note, tables)
    seeds = [table for table in tables.values() if table.schema == SEEDS]
    pages += _chapter_of(SEEDS_CHAPTER, seeds, noted.get(SEEDS_CHAPTER, Chapter("")))
    return "\n\n".join(page for page in pages if page) + "\n"


def _overview(tables: Iterable[Table]) -> str:
    """List the tables with the first sentence of each description."""
    rows = [
        f"| [`{table.name}`](#{table.name}) | {_cell(re.split(r'(?<=[.]) ', _line(table.description))[0])} |"
        for table in tables
    ]
    return "\n".join(["| table | holds |", "|---|---|", *rows])


def _chapter_of(title: str, tables: Iterable[Table], noted: Chapter) -> Iterator[str]:
    """Yield a chapter with a section for each table, and in it what the notes say of it."""
    yield f"## {title}"
    yield noted.introduction
    notes = dict(noted.sections)
    for table in tables:
        heading = f"`{table.name}`"
        yield from _section(heading, table, notes.pop(heading, ""))
    for heading in notes:
        raise UserError(
            f"docs/notes/tables.md: the heading {heading} below {title!r} is of no table there. Expected the name of a "
            "table that YAML describes in that folder, as a mart has it; correct or remove the heading."
        )


def _section_by_heading(heading: str, note: str, tables: Mapping[str, Table]) -> Iterator[str]:
    """Yield the section of a heading that names a table with its schema, or the notes alone where it names several."""
    names = re.findall(r"`(?:\w+\.)?(\w+)`", heading)
    schemas = re.findall(r"`(\w+)\.\w+`", heading)
    if not names or any(name not in tables for name in names) or tables[names[0]].schema != next(iter(schemas), None):
        raise UserError(
            f"docs/notes/tables.md: the heading {heading} names a table that no YAML below models describes. Expected "
            "schema and name of a model, such as `staging.rejected_records`; correct or remove the heading."
        )
    if len(names) > 1:
        yield f"### {heading}"
        yield note
    else:
        yield from _section(heading, tables[names[0]], note)


def _section(heading: str, table: Table, note: str) -> Iterator[str]:
    """Yield description, key, columns and notes of a table."""
    yield f"### {heading}"
    for paragraph in table.description.splitlines():
        yield textwrap.fill(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
    if table.key:
        yield f"Key: {', '.join(f'`{name}`' for name in table.key)}."
    yield "\n".join(_column_rows(table.columns))
    yield note


def _column_rows(columns: Iterable[Column]) -> list[str]:
    """Return the columns as rows of Markdown, with types where the contract states them."""
    columns = list(columns)
    if not columns:
        return []
    if not any(column.data_type for column in columns):
        rows = [f"| `{column.name}` | {_cell(column.description)} |" for column in columns]
        return ["| column | meaning |", "|---|---|", *rows]
    rows = [f"| `{column.name}` | {column.data_type} | {_cell(column.description)} |" for column in columns]
    return ["| column | type | meaning |", "|---|---|---|", *rows]


def _line(text: str) -> str:
    return " ".join(text.split())


def _cell(text: str) -> str:
    """Return a text as the cell of a table: in one line, its bars not those of the table."""
    return _line(text).replace("|", "\\|")


if __name__ == "__main__":
    described = read_tables(Path(sys.argv[1])) | read_tables(Path(sys.argv[2]))
    written = write_dictionary(described, Path(sys.argv[3]).read_text(encoding="utf-8"))
    Path(sys.argv[4]).write_text(written, encoding="utf-8")
