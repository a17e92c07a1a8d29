"""What a build ends with: the segments of every segmentation, printed for people.

python -m segmentation.summary --database customer_segmentation.duckdb
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import duckdb

from segmentation.errors import UserError
from segmentation.publishing import published_path

__all__ = [
    "Judgement",
    "SegmentSize",
    "UnlabelledSize",
    "main",
    "read_judgements",
    "read_left_out",
    "read_refusals",
    "read_sizes",
    "render",
]

SIZES: Final = """
    with sizes as (
        select segmentation, segment_id, count(*) as customers
        from marts.fct_customer_segments
        where segment_id is not null
        group by segmentation, segment_id
    )

    select
        segments.segmentation,
        segments.segment_id,
        segments.segment_name,
        coalesce(sizes.customers, 0) as customers
    from marts.dim_segments as segments
    left join sizes
        on segments.segmentation = sizes.segmentation
        and segments.segment_id = sizes.segment_id
    order by segments.segmentation, customers desc, segments.segment_id
"""

REASONS: Final = """
    select segmentation, coalesce(reason, 'no reason given') as reason, count(*) as customers
    from marts.fct_customer_segments
    where segment_id is null
    group by segmentation, reason
    order by segmentation, customers desc, reason
"""


VERDICTS: Final = """
    select segmentation, verdict, reasons, fallback
    from marts.segmentation_quality
    where verdict is not null
"""

REFUSALS: Final = """
    select segmentation, reason
    from marts.segmentation_decisions
    where action = 'refused'
    order by segmentation
"""

LEFT_OUT: Final = """
    select segmentation, feature, value_string
    from marts.model_parameters
    where kind = 'note' and value_string like 'left out:%'
    order by segmentation, feature
"""


@dataclass(frozen=True)
class SegmentSize:
    """How many customers a segment of a segmentation has."""

    segmentation: str
    segment_id: int
    segment_name: str
    customers: int


@dataclass(frozen=True)
class UnlabelledSize:
    """How many customers a segmentation leaves without a segment for one reason."""

    segmentation: str
    reason: str
    customers: int


@dataclass(frozen=True)
class Judgement:
    """What is thought of the clusters of a segmentation, and whose segments stand in their place, if any."""

    segmentation: str
    verdict: str
    reasons: str
    fallback: str | None


def read_sizes(database: Path) -> tuple[list[SegmentSize], list[UnlabelledSize]]:
    """Read the sizes of segments from a database that is opened for reading alone.

    Parameters
    ----------
    database : Path
        A published file, or the database of a build.

    Returns
    -------
    segments : list of SegmentSize
        By segmentation, the largest first.
    unlabelled : list of UnlabelledSize
        By segmentation, the most frequent reason first.

    Raises
    ------
    UserError
        If the file is absent or holds no marts.
    """
    if not database.is_file():
        raise UserError(f"There is no database {database}; `make build` makes it.")
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            segments = [SegmentSize(*row) for row in connection.execute(SIZES).fetchall()]
            unlabelled = [UnlabelledSize(*row) for row in connection.execute(REASONS).fetchall()]
        except duckdb.CatalogException as error:
            raise UserError(f"{database} holds no finished marts; `make build` makes them.") from error
    return segments, unlabelled


def read_judgements(database: Path) -> list[Judgement]:
    """Read the verdict on every clustering segmentation.

    Parameters
    ----------
    database : Path
        A published file, or the database of a build; one that knows no verdicts has none.
    """
    return [Judgement(*row) for row in _rows_if_known(database, VERDICTS)]


def read_refusals(database: Path) -> list[str]:
    """Read which refitted models were refused, and why, as one line each.

    Parameters
    ----------
    database : Path
        A published file, or the database of a build; one that knows no decisions has none.
    """
    return [f"{segmentation}: {reason}" for segmentation, reason in _rows_if_known(database, REFUSALS)]


def read_left_out(database: Path) -> list[str]:
    """Read which configured features the models leave out, and why, as one line each.

    Parameters
    ----------
    database : Path
        A published file, or the database of a build; one that knows no parameters has none.
    """
    return [
        f"{segmentation}: {feature} is {note}" for segmentation, feature, note in _rows_if_known(database, LEFT_OUT)
    ]


def _rows_if_known(database: Path, query: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query; none where the database is of a project that did not have the table or a column."""
    with duckdb.connect(str(database), read_only=True) as connection:
        try:
            return connection.execute(query).fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            return []


def render(
    segments: Sequence[SegmentSize], unlabelled: Sequence[UnlabelledSize], judgements: Sequence[Judgement] = ()
) -> str:
    """Lay the sizes out as one aligned table per segmentation.

    Parameters
    ----------
    segments : sequence of SegmentSize
        Ordered by segmentation.
    unlabelled : sequence of UnlabelledSize
        Customers without a segment.
    judgements : sequence of Judgement, optional
        Verdicts on clusters.

    Returns
    -------
    str
        Lines of text. Shares are percentages of the customers that have a segment.

    Examples
    --------
    >>> sizes = [SegmentSize("rfm", 1, "Champions", 3), SegmentSize("rfm", 2, "Lost", 1)]
    >>> print(render(sizes, [UnlabelledSize("rfm", "no_orders", 2)]))
    rfm: 4 customers in 2 segments
      Champions            3   75.0%
      Lost                 1   25.0%
      (no_orders)          2
    """
    without = {name: list(rows) for name, rows in groupby(unlabelled, key=lambda row: row.segmentation)}
    with_segments = {name: list(rows) for name, rows in groupby(segments, key=lambda row: row.segmentation)}
    labels = [row.segment_name for row in segments] + [f"({row.reason})" for row in unlabelled]
    width = max((len(label) for label in labels), default=0)
    counts = [row.customers for row in segments] + [row.customers for row in unlabelled]
    figures = max((len(f"{count:,}") for count in counts), default=0)
    figures, width = max(figures, 9), max(width, 12)

    verdicts = {one.segmentation: one for one in judgements}
    blocks = []
    for segmentation in sorted({*with_segments, *without}):
        rows = with_segments.get(segmentation, [])
        total = sum(row.customers for row in rows)
        count = f"{len(rows)} segment{'' if len(rows) == 1 else 's'}"
        lines = [f"{segmentation}: {total:,} customer{'' if total == 1 else 's'} in {count}"]
        if (judgement := verdicts.get(segmentation)) is not None:
            lines += _in_words(judgement)
        for row in rows:
            share = f"{row.customers / total:>8.1%}" if total else ""
            lines.append(f"  {row.segment_name:<{width}} {row.customers:>{figures},}{share}".rstrip())
        lines += [
            f"  {f'({left.reason})':<{width}} {left.customers:>{figures},}" for left in without.get(segmentation, [])
        ]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks) if blocks else "There are no segments."


def _in_words(judgement: Judgement) -> list[str]:
    """Return a verdict as lines below the name of its segmentation; reasons are told of clusters not to be used."""
    if judgement.verdict != "not advised":
        return [f"  clusters are {judgement.verdict}"]
    instead = "they are published all the same"
    if judgement.fallback:
        instead = f"the segments are those of {judgement.fallback}"
    return [f"  clusters are not advised, {instead}: {judgement.reasons}"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the segments of a database, from what it has published where there is that.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line without the program's name; the process's own by default.

    Returns
    -------
    int
        Exit code: 0, or 1 after a message on the error stream.
    """
    parser = argparse.ArgumentParser(prog="segmentation.summary", description="Print segments, sizes and shares.")
    parser.add_argument("--database", type=Path, required=True, help="DuckDB file that a build writes")
    options = parser.parse_args(arguments)
    published = published_path(options.database, folder=os.environ.get("SEGMENTATION_PUBLISHED"))
    source = published if published.is_file() else options.database
    try:
        text = render(*read_sizes(source), read_judgements(source))
        remarks = "".join(f"\n{line}\n" for line in [*read_refusals(source), *read_left_out(source)])
    except duckdb.IOException as error:
        sys.stderr.write(f"Error: {source} cannot be read: {str(error).splitlines()[0]}\n")
        return 1
    except UserError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    sys.stdout.write(f"\n{text}\n{remarks}\nRead from {source}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
