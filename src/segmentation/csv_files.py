"""Proves that a CSV file can be read line by line, and says how the engine is to read it.

DuckDB's reader guesses what it is not told: which character separates, whether lines that begin with a number sign are
comments, how many lines come before the header, whether folders such as ``channel=web`` are columns. Nothing is left
to it here. Where the dialect of an input says nothing else, the header is the first line and the separator is the one
that splits the header. Every further line must have as many values as the header; whatever does not is an error that
names the line. A compressed file is read to its end first, because the engine looks neither for the end nor at the
checksum.
"""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Literal

import duckdb

from segmentation.quoting import quote_identifier, quote_literal

if TYPE_CHECKING:
    from _csv import _reader

__all__ = [
    "DIALECT_KEYS",
    "PLAIN",
    "CsvFile",
    "Dialect",
    "Encoding",
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
Encoding = Literal["utf-8", "latin-1", "utf-16"]
"""What DuckDB reads without a further extension."""
DIALECT_KEYS: Final = ("delimiter", "quote", "encoding", "header", "skip_lines")
"""Settings of an input that say how its CSV files are written."""
_BIG_ENDIAN: Final = codecs.BOM_UTF16_BE
_NO_LATIN: Final = re.compile(rb"[\x80-\x9f]")
_LOOKS_LIKE_A_VALUE: Final = {
    "a date": re.compile(r"[0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}([ T].*)?"),
    "a number": re.compile(r"[-+]?[0-9]+([.,][0-9]+)*"),
    "an email address": re.compile(r"[^@\s]+@[^@\s]+[.][a-zA-Z]+"),
}
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
class Dialect:
    """How the CSV files of an input are written, as far as its settings say.

    Parameters
    ----------
    delimiter : str, optional
        The character between two values; by default the one that splits the header.
    quote : str, default '"'
        The character around a value, doubled within one; empty for none.
    encoding : {'utf-8', 'latin-1', 'utf-16'}, default 'utf-8'
        How characters are written as bytes.
    header : tuple of str or bool, default False
        Names of the columns, where the files have none. True takes the first line for names whatever it looks like, and
        False unless it looks like values.
    skip_lines : int, default 0
        Lines before the header.
    decimal : {'.', ','}, default '.'
        What stands before the fraction of a number. Staging reads numbers and dates; here they are text.
    has_date_format : bool, default False
        Whether dates are written in a format that staging must be told.
    """

    delimiter: str | None = None
    quote: str = '"'
    encoding: str = "utf-8"
    header: tuple[str, ...] | bool = False
    skip_lines: int = 0
    decimal: str = "."
    has_date_format: bool = False

    @classmethod
    def of(cls, setting: Mapping[str, Any]) -> Dialect:
        """Return the dialect that the settings of an input tell; others among them are passed over."""
        given = {key: setting[key] for key in DIALECT_KEYS if setting.get(key) is not None}
        if isinstance(given.get("header"), list | tuple):
            given["header"] = tuple(map(str, given["header"]))
        decimal = str(setting.get("decimal") or ".")
        return cls(**given, decimal=decimal, has_date_format=bool(setting.get("date_format")))

    def reader(self, text: Iterable[str], separator: str) -> _reader:
        """Return Python's reader of this dialect, as strict as the engine's."""
        if not self.quote:
            return csv.reader(text, delimiter=separator, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(text, delimiter=separator, quotechar=self.quote, strict=True)


PLAIN: Final = Dialect()
"""What is written as nearly everybody does."""


@dataclass(frozen=True)
class CsvFile:
    """How a CSV file is to be read.

    Parameters
    ----------
    path : Path
        Where it is.
    dialect : Dialect
        What its input says.
    separator : str
        What stands between two values.
    width : int
        Number of columns.
    in_parallel : bool, default False
        Whether the engine may read it by several threads at once. Where a thread begins within a quoted value that
        holds line breaks, the engine refuses good files.
    """

    path: Path
    dialect: Dialect
    separator: str
    width: int
    in_parallel: bool = False


_proved: dict[tuple[Dialect, str, int, int, int], CsvFile] = {}
"""Files that were proved in this process, by dialect, path, inode, size and time of change."""


def is_csv(path: Path | str) -> bool:
    """Return whether a file is CSV by its name.

    Examples
    --------
    >>> is_csv("orders.CSV.gz"), is_csv("orders.txt"), is_csv("orders.parquet")
    (True, True, False)
    """
    return str(path).lower().removesuffix(".gz").endswith((".csv", ".tsv", ".txt"))


def without_pattern(path: Path | str) -> str:
    """Return the pattern that matches a path alone, whatever characters of patterns its name has.

    Examples
    --------
    >>> without_pattern("orders[1]*.csv")
    'orders[[]1][*].csv'
    """
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def remote_options(dialect: Dialect = PLAIN) -> str:
    """Return the options for CSV files that the engine alone can open: only their separator may be its guess."""
    return _options(dialect.delimiter, dialect, is_compressed=False, in_parallel=False)


def csv_options(files: Sequence[Path], dialect: Dialect = PLAIN) -> str:
    """Return the options of the engine's reader for some CSV files of one input, as SQL.

    Raises
    ------
    UnreadableError
        If their headers cannot be read, or are separated differently.
    """
    found = [_proved.get((dialect, *_identity(path))) or _header(path, dialect) for path in files]
    for file in found:
        if file.separator != found[0].separator:
            raise UnreadableError(
                f"{file.path}: its header is separated by {_told(file.separator)}, and that of {found[0].path} "
                f"by {_told(found[0].separator)}; files of one input must have one separator"
            )
    return _options(
        found[0].separator,
        dialect,
        is_compressed=_is_compressed(found[0].path),
        in_parallel=all(file.in_parallel for file in found),
    )


def read_csv(path: Path, dialect: Dialect = PLAIN) -> str:
    """Return the from-clause that reads one CSV file; `proved` tells whether the engine will read all of it."""
    return f"read_csv({quote_literal(without_pattern(path))}, {csv_options([path], dialect)})"


def proved(path: Path, dialect: Dialect = PLAIN) -> CsvFile:
    """Prove that each line of a CSV file is one row of as many values as the header has.

    Parameters
    ----------
    path : Path
        The file.
    dialect : Dialect
        What its input says of how it is written.

    Returns
    -------
    CsvFile
        How it is to be read. A file that has not changed since is not looked at again.

    Raises
    ------
    UnreadableError
        If a line is not, or the file is cut short, damaged or written in another encoding. It names the line, and the
        setting that may help.
    """
    identity = (dialect, *_identity(path))
    if identity not in _proved:
        file = _header(path, dialect)
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


def _told(separator: str) -> str:
    return _SEPARATORS.get(separator, f"the character {separator!r}")


def _options(separator: str | None, dialect: Dialect, *, is_compressed: bool, in_parallel: bool) -> str:
    """Return every option about which the engine would guess otherwise."""
    names = dialect.header if isinstance(dialect.header, tuple) else ()
    return ", ".join(
        [
            *([f"delim = {quote_literal(separator)}"] if separator else []),
            f"quote = {quote_literal(dialect.quote)}",
            f"escape = {quote_literal(dialect.quote)}",
            "comment = ''",
            f"skip = {dialect.skip_lines}",
            f"header = {'false' if names else 'true'}",
            *([f"names = [{', '.join(map(quote_literal, names))}]"] if names else []),
            "all_varchar = true",
            "nullstr = ''",
            f"encoding = {quote_literal(dialect.encoding)}",
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
    """Read a file to its end: a compressed one is whole, and all of it is written in its encoding."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    # Quotes of lines that are skipped need not pair.
    seen = _Seen(has_quoted_breaks=bool(file.dialect.quote and file.dialect.skip_lines))
    decoded = 0
    is_quoted = False
    separator = file.separator.encode()
    quote = file.dialect.quote.encode()
    no_marks = bytes(set(range(256)) - set(quote + b"\n\r"))
    ends = [separator + quotes + end for quotes in {b"", quote * 2} for end in (b"\n", b"\r")]
    tail = b""
    try:
        for chunk in _utf8(file.path, file.dialect):
            pending = len(decoder.getstate()[0])
            decoder.decode(chunk)
            decoded += len(chunk)
            if b"\0" in chunk:
                raise UnreadableError(
                    "it holds characters of code 0, as UTF-16 does; set the input's encoding to utf-16 if it is that"
                    if file.dialect.encoding == "utf-8"
                    else "it holds characters of code 0; write it as UTF-8"
                )
            if quote:
                # Of quotes and line breaks alone, what is not a pair at once has a line break in between.
                marks = (quote if is_quoted else b"") + chunk.translate(None, no_marks)
                is_quoted = marks.count(quote) % 2 == 1
                unpaired = marks.replace(quote * 2, b"")
                has_breaks = quote + b"\n" in unpaired or quote + b"\r" in unpaired
                seen.has_quoted_breaks = seen.has_quoted_breaks or has_breaks
            joined = tail + chunk
            tail = joined[-3:]
            # An end within the tail is counted with the next piece.
            seen.open_ends += sum(joined.count(end) - tail.count(end) for end in ends)
        seen.open_ends += sum((tail + b"\n").count(end) for end in ends)
        pending = len(decoder.getstate()[0])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        line = _line_at(file.path, decoded - pending + error.start)
        raise UnreadableError(
            f"line {line:,} is not UTF-8; set the input's encoding to latin-1 if the file is written in it, or write "
            "it as UTF-8",
            may_be_unfinished=True,
        ) from error
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


def _utf8(path: Path, dialect: Dialect) -> Iterator[bytes]:
    """Yield the content of a file as UTF-8, whatever its dialect says that it is written in.

    Raises
    ------
    UnreadableError
        If it is not.
    """
    pieces = _content(path)
    first = next(pieces, b"")
    if first.startswith(_BIG_ENDIAN):
        raise UnreadableError(
            "it is written in UTF-16 with the high byte first, which cannot be read; write it as UTF-8"
        )
    if dialect.encoding == "utf-16":
        yield from _from_utf16(first, pieces)
        return
    if first.startswith(codecs.BOM_UTF16_LE):
        raise UnreadableError("it begins as a file in UTF-16 does; set the input's encoding to utf-16")
    line = 1
    for chunk in itertools.chain([first], pieces):
        if dialect.encoding == "utf-8":
            yield chunk
            continue
        if wrong := _NO_LATIN.search(chunk):
            line += chunk.count(b"\n", 0, wrong.start())
            raise UnreadableError(
                f"line {line:,} holds a character that Latin-1 does not have, as files in Windows-1252 do; write the "
                "file as UTF-8"
            )
        line += chunk.count(b"\n")
        yield chunk.decode("latin-1").encode()


def _from_utf16(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16-le")()
    line = 1
    try:
        for chunk in itertools.chain([first.removeprefix(codecs.BOM_UTF16_LE)], pieces):
            text = decoder.decode(chunk)
            line += text.count("\n")
            yield text.encode()
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise UnreadableError(
            f"it is not UTF-16 from line {line:,} on; set the input's encoding to what it is written in",
            may_be_unfinished=True,
        ) from error


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


def _text(path: Path, dialect: Dialect) -> io.TextIOWrapper:
    """Open the content of a file as text, with its line breaks as they are, behind the lines that are skipped."""
    text = io.TextIOWrapper(
        io.BufferedReader(_Pieces(_utf8(path, dialect)), _CHUNK), encoding="utf-8-sig", errors="replace", newline=""
    )
    for _ in range(dialect.skip_lines):
        text.readline()
    return text


# --- lines ---------------------------------------------------------------------------------------------------------


def _header(path: Path, dialect: Dialect) -> CsvFile:
    """Read the first line, and find out what separates its values."""
    first = f"line {dialect.skip_lines + 1:,}"
    with _text(path, dialect) as text:
        head = text.read(_HEAD)
    if not head:
        behind = f" behind the {dialect.skip_lines:,} lines that are skipped" if dialect.skip_lines else ""
        raise UnreadableError(f"it is empty{behind}, and has no header", may_be_unfinished=True)
    rows: dict[str, list[str]] = {}
    with _long_fields():
        for separator in [dialect.delimiter] if dialect.delimiter else _SEPARATORS:
            try:
                rows[separator] = next(dialect.reader(io.StringIO(head, newline=""), separator))
            except csv.Error:
                continue
    if not rows:
        raise UnreadableError(f"{first}: a quote of the header is never closed", may_be_unfinished=True)
    widths = {separator: len(row) for separator, row in rows.items()}
    widest = max(widths.values())
    if widest == 0:
        raise UnreadableError(
            f"{first} is blank; the header with the names of the columns must be the first line, or the input's "
            "skip_lines must say how many lines stand before it"
        )
    best = [separator for separator, width in widths.items() if width == widest]
    is_tabbed = path.name.lower().removesuffix(".gz").endswith(".tsv")
    if is_tabbed and widths.get("\t", 0) > 1:
        best = ["\t"]
    elif widest > 1 and len(best) > 1:
        told = " or ".join(_told(separator) for separator in best)
        raise UnreadableError(
            f"{first}: {told} may separate the names of the header, as both make {widest} columns of it; set the "
            "input's delimiter, or quote names that hold one"
        )
    elif is_tabbed and widest == 1 and "\t" in rows:
        best = ["\t"]
    file = CsvFile(path, dialect, best[0], widths[best[0]])
    _check_names(file, rows[best[0]], first)
    return file


def _check_names(file: CsvFile, row: Sequence[str], first: str) -> None:
    """Refuse a first line that is no header, or one that has no place for the names that stand for a header."""
    names = file.dialect.header
    if isinstance(names, tuple):
        if len(names) != file.width:
            raise UnreadableError(
                f"{first} has {_counted(file.width, 'value')}, separated by {_told(file.separator)}, and the input's "
                f"header has {_counted(len(names), 'name')}"
            )
        return
    for place, value in enumerate(row if not names else [], start=1):
        for kind, pattern in _LOOKS_LIKE_A_VALUE.items():
            if pattern.fullmatch(value.strip()):
                raise UnreadableError(
                    f"{first} is to hold the names of the columns, and its value {place:,} looks like {kind}. If the "
                    "file has no header, set the input's header to the list of its columns; if these are their names, "
                    "set header to true; if the header stands further down, set skip_lines to the number of lines "
                    "before it"
                )


def _counted(number: int, what: str) -> str:
    return f"1 {what}" if number == 1 else f"{number:,} {what}s"


def _prove_lines(file: CsvFile, seen: _Seen) -> None:
    """Have the engine take a file apart, keeping no value; where it refuses, look for the lines."""
    options = _options(
        file.separator, file.dialect, is_compressed=_is_compressed(file.path), in_parallel=file.in_parallel
    )
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
    told = _wrong_widths(file) or _mixed_line_breaks(file) or _long_line(file)
    # What follows its first line are the values of a row.
    return told or (
        f"the engine cannot read it: {refusal.splitlines()[0] if refusal else 'no reason given'} The input's "
        "delimiter, quote, encoding and skip_lines say how its files are written"
    )


def _wrong_widths(file: CsvFile) -> str:
    wrong: list[str] = []
    count = 0
    skipped = file.dialect.skip_lines
    with _text(file.path, file.dialect) as text, _long_fields():
        rows = file.dialect.reader(text, file.separator)
        line = 1 + skipped
        try:
            for row in rows:
                if row and len(row) != file.width:
                    count += 1
                    if count <= _TOLD:
                        wrong.append(f"line {line:,} has {_counted(len(row), 'value')}")
                line = rows.line_num + 1 + skipped
        except csv.Error as error:
            count += 1
            unclosed = "end of data" in str(error)
            wrong.append(f"line {line:,}: a quote is {'never closed' if unclosed else 'followed by further text'}")
    if not count:
        return ""
    more = f", and {count - len(wrong):,} more lines" if count > len(wrong) else ""
    quote = file.dialect.quote
    return (
        f"{', '.join(wrong)}{more}; its header has {_counted(file.width, 'column')}, separated by "
        f"{_told(file.separator)}. "
        + (
            "A value that holds a separator, a quote or a line break stands in quotes, and a quote within is doubled "
            f"({quote * 2})"
            if quote
            else "The input's quote is none, so a value can hold neither a separator nor a line break"
        )
        + "; the input's delimiter, quote and skip_lines say what is written otherwise"
    )


def _mixed_line_breaks(file: CsvFile) -> str:
    """Say which line ends otherwise than the first, outside of quotes."""
    first = ""
    is_quoted = False
    with _text(file.path, file.dialect) as text:
        for number, line in enumerate(text, start=1 + file.dialect.skip_lines):
            is_quoted ^= bool(file.dialect.quote) and line.count(file.dialect.quote) % 2 == 1
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


def _long_line(file: CsvFile) -> str:
    with _text(file.path, file.dialect) as text:
        for number, line in enumerate(text, start=1 + file.dialect.skip_lines):
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
