"""Proves that a CSV file can be read line by line, and says how the engine is to read it.

DuckDB's reader guesses what it is not told: which character separates, whether lines that begin with a number sign are
comments, how many lines come before the header, whether folders such as ``channel=web`` are columns. Nothing is left
to it here. The header is the first line, the separator is the one that splits the header, and every further line must
have as many values as the header; whatever does not is an error that names the line. A compressed file is read to its
end first, because the engine looks neither for the end nor at the checksum.
"""

from __future__ import annotations

import codecs
import csv
import io
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Final

import duckdb

from segmentation.quoting import quote_identifier, quote_literal

__all__ = [
    "CsvFile",
    "UnreadableError",
    "csv_options",
    "is_csv",
    "proved",
    "read_csv",
    "remote_options",
    "without_pattern",
]

_SEPARATORS: Final = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}
_CHUNK: Final = 2**20
_HEAD: Final = 2**21
"""The engine reads no longer line either."""
_GZIP: Final = b"\x1f\x8b"
_NO_MARKS: Final = bytes(set(range(256)) - set(b'"\n\r'))
_TOLD: Final = 3
"""So many lines are named, and the others counted."""
_REMEMBERED: Final = 10_000
"""A stream sees ever more files."""


class UnreadableError(Exception):
    """A file that cannot be accepted as it is.

    Parameters
    ----------
    reason : str
        What is wrong, for people. It holds no value of the file, since that may be personal.
    may_be_unfinished : bool, default False
        Whether it may be well once its writer has finished.
    """

    def __init__(self, reason: str, *, may_be_unfinished: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_be_unfinished = may_be_unfinished


@dataclass(frozen=True)
class CsvFile:
    """How a CSV file is to be read.

    Parameters
    ----------
    path : Path
        Where it is.
    separator : str
        What stands between two values.
    width : int
        Number of columns.
    in_parallel : bool, default False
        Whether the engine may read it by several threads at once. Where a thread begins within a quoted value that
        holds line breaks, the engine refuses good files.
    """

    path: Path
    separator: str
    width: int
    in_parallel: bool = False


_proved: dict[tuple[str, int, int, int], CsvFile] = {}
"""Files that were proved in this process, by path, inode, size and time of change."""


def is_csv(path: Path | str) -> bool:
    """Return whether a file is CSV by its name.

    Examples
    --------
    >>> is_csv("orders.CSV.gz"), is_csv("orders.parquet")
    (True, False)
    """
    return str(path).lower().endswith((".csv", ".tsv", ".csv.gz", ".tsv.gz"))


def without_pattern(path: Path | str) -> str:
    """Return the pattern that matches a path alone, whatever characters of patterns its name has.

    Examples
    --------
    >>> without_pattern("orders[1]*.csv")
    'orders[[]1][*].csv'
    """
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def remote_options() -> str:
    """Return the options for CSV files that the engine alone can open: only their separator is its guess."""
    return _options(None, is_compressed=False, in_parallel=False)


def csv_options(files: Sequence[Path]) -> str:
    """Return the options of the engine's reader for some CSV files, as SQL.

    Raises
    ------
    UnreadableError
        If their headers cannot be read, or are separated differently.
    """
    found = [_proved.get(_identity(path)) or _header(path) for path in files]
    for file in found:
        if file.separator != found[0].separator:
            raise UnreadableError(
                f"{file.path}: its header is separated by {_SEPARATORS[file.separator]}, and that of {found[0].path} "
                f"by {_SEPARATORS[found[0].separator]}; files of one input must have one separator"
            )
    return _options(
        found[0].separator,
        is_compressed=_is_compressed(found[0].path),
        in_parallel=all(file.in_parallel for file in found),
    )


def read_csv(path: Path) -> str:
    """Return the from-clause that reads one CSV file; `proved` tells whether the engine will read all of it."""
    return f"read_csv({quote_literal(without_pattern(path))}, {csv_options([path])})"


def proved(path: Path) -> CsvFile:
    """Prove that each line of a CSV file is one row of as many values as the header has.

    Returns
    -------
    CsvFile
        How it is to be read. A file that has not changed since is not looked at again.

    Raises
    ------
    UnreadableError
        If a line is not, or the file is cut short, damaged or no UTF-8. It names the line.
    """
    identity = _identity(path)
    if identity not in _proved:
        file = _header(path)
        seen = _prove_text(file)
        file = replace(file, in_parallel=not seen.has_quoted_breaks)
        _prove_lines(file, seen)
        if len(_proved) >= _REMEMBERED:
            _proved.clear()
        _proved[identity] = file
    return _proved[identity]


def _identity(path: Path) -> tuple[str, int, int, int]:
    status = path.stat()
    return str(path.absolute()), status.st_ino, status.st_size, status.st_mtime_ns


def _is_compressed(path: Path) -> bool:
    return path.name.lower().endswith(".gz")


def _options(separator: str | None, *, is_compressed: bool, in_parallel: bool) -> str:
    """Return every option about which the engine would guess otherwise."""
    return ", ".join(
        [
            *([f"delim = {quote_literal(separator)}"] if separator else []),
            "quote = '\"'",
            "escape = '\"'",
            "comment = ''",
            "skip = 0",
            "header = true",
            "all_varchar = true",
            "nullstr = ''",
            "encoding = 'utf-8'",
            "strict_mode = true",
            "null_padding = false",
            "ignore_errors = false",
            "union_by_name = true",
            "hive_partitioning = false",
            f"compression = '{'gzip' if is_compressed else 'none'}'",
            f"parallel = {'true' if in_parallel else 'false'}",
        ]
    )


# --- bytes ---------------------------------------------------------------------------------------------------------


@dataclass
class _Seen:
    """What the bytes of a file tell.

    Parameters
    ----------
    has_quoted_breaks : bool
        Whether a quoted value holds a line break, as far as quotes that pair can tell.
    open_ends : int
        Number of lines that end with a separator or an empty value in quotes behind one.
    """

    has_quoted_breaks: bool = False
    open_ends: int = 0


def _prove_text(file: CsvFile) -> _Seen:
    """Read a file to its end: a compressed one is whole, and all of it is UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen = _Seen()
    decoded = 0
    is_quoted = False
    separator = file.separator.encode()
    ends = [separator + quotes + end for quotes in (b"", b'""') for end in (b"\n", b"\r")]
    tail = b""
    try:
        for chunk in _content(file.path):
            pending = len(decoder.getstate()[0])
            decoder.decode(chunk)
            decoded += len(chunk)
            # Of quotes and line breaks alone, what is not a pair at once has a line break in between.
            marks = (b'"' if is_quoted else b"") + chunk.translate(None, _NO_MARKS)
            is_quoted = marks.count(b'"') % 2 == 1
            unpaired = marks.replace(b'""', b"")
            seen.has_quoted_breaks = seen.has_quoted_breaks or b'"\n' in unpaired or b'"\r' in unpaired
            joined = tail + chunk
            tail = joined[-3:]
            # An end within the tail is counted with the next piece.
            seen.open_ends += sum(joined.count(end) - tail.count(end) for end in ends)
        seen.open_ends += sum((tail + b"\n").count(end) for end in ends)
        pending = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = _line_at(file.path, decoded - pending + error.start)
        raise UnreadableError(f"line {line:,} is not UTF-8; write the file as UTF-8", may_be_unfinished=True) from error
    return seen


def _line_at(path: Path, position: int) -> int:
    """Return the number of the line that a byte of the content stands in."""
    seen = line_feeds = returns = 0
    for chunk in _content(path):
        before = chunk[: position - seen]
        line_feeds += before.count(b"\n")
        returns += before.count(b"\r")
        seen += len(before)
        if seen >= position:
            break
    return 1 + (line_feeds or returns)


def _content(path: Path) -> Iterator[bytes]:
    """Yield the content of a file, decompressed, in pieces.

    Raises
    ------
    UnreadableError
        If a compressed file is cut short or damaged, or if name and content disagree about compression.
    """
    with path.open("rb") as file:
        begins_compressed = file.read(len(_GZIP)) == _GZIP
        file.seek(0)
        if _is_compressed(path) != begins_compressed:
            raise UnreadableError(
                "its name ends in .gz, and its content is not gzip"
                if _is_compressed(path)
                else "its content is gzip; let its name end in .gz",
                may_be_unfinished=True,
            )
        if begins_compressed:
            yield from _decompressed(file)
        else:
            while chunk := file.read(_CHUNK):
                yield chunk


def _decompressed(file: BinaryIO) -> Iterator[bytes]:
    """Yield what the members of a gzip file hold; zlib holds each against the checksum and length at its end."""
    member = zlib.decompressobj(wbits=31)
    waiting = b""
    while chunk := waiting or file.read(_CHUNK):
        try:
            content = member.decompress(chunk, _CHUNK)
        except zlib.error as error:
            raise UnreadableError(
                "the compressed file is damaged: its content is not what its checksum says. Copy or write it anew",
                may_be_unfinished=True,
            ) from error
        if content:
            yield content
        waiting = member.unconsumed_tail
        if member.eof:
            waiting = _next_member(member.unused_data, file)
            if not waiting:
                return
            member = zlib.decompressobj(wbits=31)
    raise UnreadableError("the compressed file is cut short: it has no end", may_be_unfinished=True)


def _next_member(rest: bytes, file: BinaryIO) -> bytes:
    """Return the bytes after a member from where the next one begins; empty at the end of the file."""
    while True:
        if rest and not _GZIP.startswith(rest[: len(_GZIP)]):
            raise UnreadableError("the compressed file has bytes after its end that are not gzip")
        if len(rest) >= len(_GZIP):
            return rest
        more = file.read(_CHUNK)
        if not more:
            if rest:
                raise UnreadableError("the compressed file is cut short: it has no end", may_be_unfinished=True)
            return b""
        rest += more


class _Pieces(io.RawIOBase):
    """The content of a file as a stream."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._pieces, b"")
        taken = self._rest[: len(buffer)]
        buffer[: len(taken)] = taken
        self._rest = self._rest[len(taken) :]
        return len(taken)


def _text(path: Path) -> io.TextIOWrapper:
    """Open the content of a file as text, with its line breaks as they are."""
    return io.TextIOWrapper(
        io.BufferedReader(_Pieces(_content(path)), _CHUNK), encoding="utf-8-sig", errors="replace", newline=""
    )


# --- lines ---------------------------------------------------------------------------------------------------------


def _header(path: Path) -> CsvFile:
    """Read the first line, and find out what separates its values."""
    with _text(path) as text:
        head = text.read(_HEAD)
    if not head:
        raise UnreadableError("it is empty, and has no header", may_be_unfinished=True)
    widths: dict[str, int] = {}
    with _long_fields():
        for separator in _SEPARATORS:
            try:
                widths[separator] = len(
                    next(csv.reader(io.StringIO(head, newline=""), delimiter=separator, strict=True))
                )
            except csv.Error:
                continue
    if not widths:
        raise UnreadableError("line 1: a quote of the header is never closed", may_be_unfinished=True)
    widest = max(widths.values())
    if widest == 0:
        raise UnreadableError("line 1 is blank; the header with the names of the columns must be the first line")
    best = [separator for separator, width in widths.items() if width == widest]
    is_tabbed = path.name.lower().removesuffix(".gz").endswith(".tsv")
    if is_tabbed and widths.get("\t", 0) > 1:
        return CsvFile(path, "\t", widths["\t"])
    if widest > 1 and len(best) > 1:
        told = " or ".join(_SEPARATORS[separator] for separator in best)
        raise UnreadableError(
            f"line 1: {told} may separate the names of the header, as both make {widest} columns of it; quote names "
            "that hold one"
        )
    return CsvFile(path, "\t" if is_tabbed and widest == 1 else best[0], widest)


def _prove_lines(file: CsvFile, seen: _Seen) -> None:
    """Have the engine take a file apart, keeping no value; where it refuses, look for the lines."""
    options = _options(file.separator, is_compressed=_is_compressed(file.path), in_parallel=file.in_parallel)
    try:
        with duckdb.connect() as connection:
            connection.execute("set enable_progress_bar = false")
            rows = connection.sql(f"from read_csv({quote_literal(without_pattern(file.path))}, {options})")
            last = quote_identifier(rows.columns[-1])
            empty_ends = rows.aggregate(f"count(*) - count({last})").fetchall()[0][0]
    except duckdb.Error as error:
        raise UnreadableError(_what_is_wrong(file, str(error)), may_be_unfinished=True) from error
    # The engine drops a value too many if it is empty. Then more lines end so than rows have an empty last value.
    if seen.open_ends > empty_ends and (problem := _wrong_widths(file)):
        raise UnreadableError(problem, may_be_unfinished=True)


def _what_is_wrong(file: CsvFile, refusal: str) -> str:
    """Say which lines the engine refused, by another reader and in lines of the file: it counts rows."""
    told = _wrong_widths(file) or _mixed_line_breaks(file.path) or _long_line(file.path)
    # What follows its first line are the values of a row.
    return told or f"the engine cannot read it: {refusal.splitlines()[0] if refusal else 'no reason given'}"


def _wrong_widths(file: CsvFile) -> str:
    wrong: list[str] = []
    count = 0
    with _text(file.path) as text, _long_fields():
        rows = csv.reader(text, delimiter=file.separator, strict=True)
        line = 1
        try:
            for row in rows:
                if row and len(row) != file.width:
                    count += 1
                    if count <= _TOLD:
                        wrong.append(f"line {line:,} has {len(row):,} {'value' if len(row) == 1 else 'values'}")
                line = rows.line_num + 1
        except csv.Error as error:
            count += 1
            unclosed = "end of data" in str(error)
            wrong.append(f"line {line:,}: a quote is {'never closed' if unclosed else 'followed by further text'}")
    if not count:
        return ""
    more = f", and {count - len(wrong):,} more lines" if count > len(wrong) else ""
    columns = "1 column" if file.width == 1 else f"{file.width:,} columns"
    return (
        f"{', '.join(wrong)}{more}; its header has {columns}, separated by {_SEPARATORS[file.separator]}. A value that "
        'holds a separator, a quote or a line break stands in quotes, and a quote within is doubled ("")'
    )


def _mixed_line_breaks(path: Path) -> str:
    """Say which line ends otherwise than the first, outside of quotes."""
    first = ""
    is_quoted = False
    with _text(path) as text:
        for number, line in enumerate(text, start=1):
            is_quoted ^= line.count('"') % 2 == 1
            ending = line[len(line.rstrip("\r\n")) :][-2:] if not is_quoted else ""
            ending = "\r\n" if ending.endswith("\r\n") else ending[-1:]
            first = first or ending
            if ending and ending != first:
                names = {"\n": "LF", "\r\n": "CR LF", "\r": "CR"}
                return (
                    f"line {number:,} ends with {names[ending]}, and the lines before it with {names[first]}; let all "
                    "lines end alike"
                )
    return ""


def _long_line(path: Path) -> str:
    with _text(path) as text:
        for number, line in enumerate(text, start=1):
            if len(line) > _HEAD * 9 // 10:
                return f"line {number:,} is longer than the 2 MB that a line may have"
    return ""


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be as long as lines may be."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)
