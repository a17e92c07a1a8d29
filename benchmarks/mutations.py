"""Small semantic changes of SQL and of Python, as texts that replace other texts: what `make mutants` draws from.

A change keeps the file readable to its parser and is meant to alter a result: a condition less, another comparison,
join, aggregate or constant. Messages, comments, docstrings, types and configuration stay as they are.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple


@dataclass(frozen=True, order=True)
class Change:
    """One change: characters `start` to `end` of a file become `new`."""

    rule: str
    start: int
    end: int
    new: str

    def apply(self, text: str) -> str:
        """Return the text with this change."""
        return text[: self.start] + self.new + text[self.end :]

    def line(self, text: str) -> int:
        """Return the number of the first line that is changed."""
        return text.count("\n", 0, self.start) + 1

    def shown(self, text: str) -> tuple[str, str]:
        """Return the lines that are changed, before and after, in one line each."""
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        last = len(text) if last < 0 else last
        before, after = text[first:last], text[first : self.start] + self.new + text[self.end : last]
        return " ".join(before.split()), " ".join(after.split())


# --- SQL --------------------------------------------------------------------------------------------------------------


class Token(NamedTuple):
    """A piece of SQL; Jinja, comments, quoted names and texts are one piece each."""

    kind: str
    text: str
    start: int

    @property
    def end(self) -> int:
        """The place behind it."""
        return self.start + len(self.text)


PIECES = re.compile(
    r"""
    (?P<jinja>\{\#.*?\#\} | \{%.*?%\})
    | (?P<value>\{\{.*?\}\} | '(?:[^']|'')*' | "[^"]*")
    | (?P<comment>--[^\n]*)
    | (?P<number>(?<![\w.])\d+(?:\.\d+)?\b)
    | (?P<word>[A-Za-z_]\w*)
    | (?P<operator><=|>=|<>|!=|::|\|\||->|[-+*/%<>=(),.\[\]])
    """,
    re.VERBOSE | re.DOTALL,
)
"""A statement or comment of Jinja separates nothing here; an expression of Jinja stands for a value."""

COMPARISONS = {">=": ">", ">": ">=", "<=": "<", "<": "<=", "=": "<>", "<>": "=", "!=": "="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*"}
AGGREGATES = {
    "sum": "max",
    "max": "min",
    "min": "max",
    "avg": "min",
    "count": "max",
    "greatest": "least",
    "least": "greatest",
    "floor": "ceil",
    "ceil": "floor",
    "ceiling": "floor",
    "row_number": "rank",
    "lag": "lead",
    "lead": "lag",
    "bool_or": "bool_and",
    "bool_and": "bool_or",
    "first_value": "last_value",
    "last_value": "first_value",
    "median": "max",
    "stddev_pop": "stddev_samp",
    "stddev_samp": "stddev_pop",
}
STARTS_OF_CONDITIONS = {"where", "and", "or", "on", "having", "qualify", "when", "filter"}
ENDS_OF_CONDITIONS = {
    *("and", "or", "group", "order", "having", "qualify", "window", "limit", "union", "except", "intersect", "then"),
    *("left", "inner", "join", "cross", "full", "right", "where", "end", "else", "from", "select"),
}


CASTS = {"decimal", "interval", "limit", "numeric", "varchar"}
"""A number after these is no constant of the meaning, or none that a result can depend on alone."""

MACRO = re.compile(r"\{%-?\s*macro (?P<engine>[a-z]+)__(?P<name>\w+)\(.*?\{%-?\s*endmacro\b", re.DOTALL)

IN_JINJA = re.compile(r" == | != | >= | <= | > | < | and | or | not (?!in )")
OF_JINJA = {"==": "!=", "!=": "==", ">=": ">", "<=": "<", ">": ">=", "<": "<=", "and": "or", "or": "and", "not": ""}
MESSAGE = re.compile(
    r"""(?P<quote>["'])(?:(?!(?P=quote)).)*\b(?:the|an|set|expected|it is)\b(?:(?!(?P=quote)).)*(?P=quote)""",
    re.IGNORECASE | re.DOTALL,
)
"""A text of Jinja that is said to people; others are pieces of SQL."""
RATIO = re.compile(r"""ratio\(\s*(?P<one>"[^"]*"|'[^']*'),\s*(?P<other>"[^"]*"|'[^']*')""")


def sql_changes(text: str) -> list[Change]:
    """Return every change of a model or macro that is known, in order of their places.

    >>> text = "select a from t where b > 0"
    >>> [change.apply(text) for change in sql_changes(text)]
    ['select a from t where true', 'select a from t where b >= 0', 'select a from t where b > 1']
    """
    return SqlText(text).changes()


class SqlText:
    """The text of a model or macro in pieces."""

    def __init__(self, text: str) -> None:
        self.text = text
        pieces = [
            Token(str(found.lastgroup), found.group(), found.start())
            for found in PIECES.finditer(text)
            if found.lastgroup != "comment"
        ]
        self.tokens = [piece for piece in pieces if piece.kind != "jinja"]
        self.jinja = [piece for piece in pieces if piece.text.startswith(("{%", "{{"))]

    def changes(self) -> list[Change]:
        """Return every change, but for those of macros that only another engine calls."""
        elsewhere = [
            found.span()
            for found in MACRO.finditer(self.text)
            if found["engine"] == "spark"
            or (found["engine"] == "default" and f"macro duckdb__{found['name']}(" in self.text)
        ]
        found = {change for number in range(len(self.tokens)) for change in self._at(number)} | set(self._in_jinja())
        return sorted(
            (change for change in found if not any(start <= change.start < end for start, end in elsewhere)),
            key=lambda change: (change.start, change),
        )

    def _word(self, number: int) -> str:
        return self.tokens[number].text.lower() if 0 <= number < len(self.tokens) else ""

    def _instead(self, rule: str, new: str, first: int, last: int | None = None) -> Change:
        return Change(rule, self.tokens[first].start, self.tokens[first if last is None else last].end, new)

    def _is_value(self, *numbers: int) -> bool:
        """Tell whether a value begins or ends at each of these pieces."""
        return all(
            0 <= number < len(self.tokens)
            and (self.tokens[number].kind in {"word", "value", "number"} or self._word(number) in {"(", ")"})
            and self._word(number) not in {"select", "from", "distinct"}
            for number in numbers
        )

    def _at(self, number: int) -> Iterator[Change]:
        token, word = self.tokens[number], self._word(number)
        if token.kind == "operator":
            if word in COMPARISONS:
                yield self._instead("comparison", COMPARISONS[word], number)
            if word in ARITHMETIC and self._word(number - 1) != "(" and self._is_value(number - 1, number + 1):
                yield self._instead("arithmetic", ARITHMETIC[word], number)
        elif token.kind == "number":
            if not CASTS & {self._word(number - back) for back in (1, 2, 4)}:
                yield self._instead("constant", str(int(word) + 1) if word.isdigit() else str(2 * float(word)), number)
        elif token.kind == "word":
            yield from self._at_word(number)

    def _at_word(self, number: int) -> Iterator[Change]:  # noqa: PLR0912
        word, after = self._word(number), self._word(number + 1)
        if word in STARTS_OF_CONDITIONS:
            yield from self._without_condition(number)
        if word in {"and", "or"} and not (word == "and" and self._is_of_between(number)):
            yield self._instead("and or", {"and": "or", "or": "and"}[word], number)
        elif word == "left" and after == "join":
            yield self._instead("join", "inner", number)
        elif word == "inner" and after == "join":
            yield self._instead("join", "left", number)
        elif word == "is" and after == "null":
            yield self._instead("null", "is not null", number, number + 1)
        elif word == "is" and after == "not" and self._word(number + 2) == "null":
            yield self._instead("null", "is null", number, number + 2)
        elif word == "not" and after != "null":
            yield self._instead("not", "", number)
        elif word in {"true", "false"}:
            yield self._instead("constant", {"true": "false", "false": "true"}[word], number)
        elif word == "distinct" and after != "from":
            yield self._instead("distinct", "", number)
        elif word == "union" and after != "all":
            yield self._instead("distinct", "union all", number)
        elif word == "desc":
            yield self._instead("order", "asc", number)
        elif word in AGGREGATES and after == "(":
            if not (word == "count" and self._word(number + 2) in {"*", "distinct"}):
                yield self._instead("aggregate", AGGREGATES[word], number)
        elif word in {"coalesce", "nullif"} and after == "(":
            yield from self._without_default(number)
        elif word == "using" and after == "(":
            yield from self._without_one(number + 1, "join key")
        elif word == "by" and self._word(number - 1) == "partition":
            yield from self._without_one(number, "partition")
        elif word == "by" and self._word(number - 1) == "order":
            for first, last in self._items(number)[:1]:
                if self._word(last) not in {"desc", "asc", "last", "first"} and first:
                    yield Change("order", self.tokens[last].end, self.tokens[last].end, " desc")

    def _is_of_between(self, number: int) -> bool:
        depth = 0
        for before in range(number - 1, max(number - 40, -1), -1):
            text = self._word(before)
            depth += {")": 1, "(": -1}.get(text, 0)
            if depth < 0 or (depth == 0 and text in {"and", "or", "where", "on", "when"}):
                return False
            if depth == 0 and text == "between":
                return True
        return False

    def _closing(self, opening: int) -> int | None:
        depth = 0
        for number in range(opening, len(self.tokens)):
            depth += {"(": 1, ")": -1}.get(self._word(number), 0)
            if depth == 0:
                return number
        return None

    def _without_condition(self, number: int) -> Iterator[Change]:
        """Yield a change by which a condition holds for every row, or one branch of a case for none."""
        word = self._word(number)
        if word == "filter":
            closing = self._closing(number + 1)
            if closing is not None and self._word(number + 1) == "(":
                yield self._instead("filter", "", number, closing)
            return
        if word == "and" and self._is_of_between(number):
            return
        start, depth, is_between = number + 1, 0, False
        end = start
        while end < len(self.tokens):
            text = self._word(end)
            if depth == 0:
                if text == "and" and is_between:
                    is_between = False
                elif text in ENDS_OF_CONDITIONS or text in {")", ","}:
                    break
                is_between |= text == "between"
            depth += {"(": 1, ")": -1, "case": 1, "end": -1}.get(text, 0)
            end += 1
        # A case that names values has no conditions.
        if word == "when" and end == start + 1 and self._word(start).startswith("'"):
            return
        new = "false" if word in {"when", "or"} else "true"
        old = self.text[self.tokens[start].start : self.tokens[end - 1].end] if end > start else new
        if old != new and "{%" not in old:
            yield self._instead("condition", new, start, end - 1)

    def _items(self, opening: int) -> list[tuple[int, int]]:
        """Return first and last token of each item of a list that begins after a token and ends with its brackets."""
        depth, first, found = 0, opening + 1, []
        for number in range(opening + 1, len(self.tokens)):
            text = self._word(number)
            if depth == 0 and text in {")", ",", "order", "rows", "range", "limit"}:
                if number > first:
                    found.append((first, number - 1))
                if text != ",":
                    break
                first = number + 1
            depth += {"(": 1, ")": -1}.get(text, 0)
        return found

    def _without_default(self, number: int) -> Iterator[Change]:
        items, closing = self._items(number + 1), self._closing(number + 1)
        if len(items) > 1 and closing is not None:
            first, last = items[0]
            kept = self.text[self.tokens[first].start : self.tokens[last].end]
            yield self._instead("default", f"({kept})", number, closing)

    def _without_one(self, opening: int, rule: str) -> Iterator[Change]:
        items = self._items(opening)
        for (_, before), (_, last) in pairwise(items):
            yield Change(rule, self.tokens[before].end, self.tokens[last].end, "")
        if len(items) > 1:
            yield Change(rule, self.tokens[items[0][0]].start, self.tokens[items[1][0]].start, "")

    def _in_jinja(self) -> Iterator[Change]:
        for piece in self.jinja:
            if "loop." in piece.text or "engine" in piece.text:
                continue
            told = [message.span() for message in MESSAGE.finditer(piece.text)]
            for found in IN_JINJA.finditer(piece.text):
                if any(first < found.start() < last for first, last in told):
                    continue
                start = piece.start + found.start() + 1
                operator = found.group().strip()
                yield Change("jinja", start, start + len(operator), OF_JINJA[operator])
            for found in RATIO.finditer(piece.text):
                start, end = (piece.start + place for place in found.span("other"))
                yield Change("denominator", start, end, found["one"])


# --- Python -----------------------------------------------------------------------------------------------------------

PYTHON_COMPARISONS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
}
PYTHON_ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
}
PYTHON_NAMES = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "sum": "max",
    "mean": "median",
    "median": "mean",
    "minimum": "maximum",
    "maximum": "minimum",
    "argmin": "argmax",
    "argmax": "argmin",
    "floor": "ceil",
    "ceil": "floor",
    "std": "var",
    "logical_and": "logical_or",
    "isfinite": "isnan",
    "log1p": "log",
}


def python_changes(text: str) -> list[Change]:
    r"""Return every change of a module that is known, in order of their places.

    >>> text = "def f(x):\n    return x > 1\n"
    >>> [change.apply(text).split("return ")[1].strip() for change in python_changes(text)]
    ['None', 'x >= 1', 'x > 2']
    """
    return PythonText(text).changes()


class PythonText:
    """The text of a module beside its syntax tree."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._lines = text.splitlines(keepends=True)
        self._starts = list(accumulate(map(len, self._lines), initial=0))

    def changes(self) -> list[Change]:
        """Return every change."""
        found: set[Change] = set()
        nodes: list[ast.AST] = [ast.parse(self.text)]
        while nodes:
            node = nodes.pop()
            found.update(self._at(node))
            nodes += self._within(node)
        return sorted(found, key=lambda change: (change.start, change))

    @staticmethod
    def _within(node: ast.AST) -> Iterable[ast.AST]:
        """Return the parts of a node that have a result: no types, decorators, guards and texts of messages."""
        match node:
            case ast.AnnAssign():
                return [node.value] if node.value else []
            case ast.FunctionDef():
                return [*node.args.defaults, *filter(None, node.args.kw_defaults), *node.body]
            case ast.ClassDef():
                return node.body
            case ast.keyword(arg="strict"):
                return []
            case ast.If(test=ast.Name(id="TYPE_CHECKING")) | ast.JoinedStr() | ast.Raise():
                return []
        return ast.iter_child_nodes(node)

    def _at(self, node: ast.AST) -> Iterator[Change]:  # noqa: PLR0912
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                pass
            case ast.If() | ast.IfExp():
                yield self._instead("condition", node.test, "False")
                yield self._instead("condition", node.test, "True")
            case ast.comprehension():
                for condition in node.ifs:
                    yield self._instead("condition", condition, "True")
            case ast.Compare():
                for left, operator, right in zip(
                    [node.left, *node.comparators], node.ops, node.comparators, strict=False
                ):
                    yield from self._between("comparison", left, right, *PYTHON_COMPARISONS[type(operator)])
            case ast.BinOp() if type(node.op) in PYTHON_ARITHMETIC:
                if not any(_is_text(side) for side in (node.left, node.right)):
                    yield from self._between("arithmetic", node.left, node.right, *PYTHON_ARITHMETIC[type(node.op)])
            case ast.BoolOp():
                words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                for left, right in pairwise(node.values):
                    yield from self._between("and or", left, right, *words)
            case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert()):
                start = self._span(node)[0]
                yield Change("sign", start, start + (4 if isinstance(node.op, ast.Not) else 1), "")
            case ast.Constant(value=bool(value)):
                yield self._instead("constant", node, str(not value))
            case ast.Constant(value=int(value)):
                yield self._instead("constant", node, str(value + 1))
            case ast.Constant(value=float(value)):
                yield self._instead("constant", node, repr(2 * value if value else 1.0))
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in PYTHON_NAMES:
                end = self._span(node.func)[1]
                yield Change("function", end - len(name), end, PYTHON_NAMES[name])
            case ast.Return(value=ast.expr() as value) if not (isinstance(value, ast.Constant) and value.value is None):
                yield self._instead("return", value, "None")
            case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Continue() | ast.Break():
                yield self._instead("statement", node, "pass")

    def _place(self, line: int, column: int) -> int:
        # The parser counts the bytes of a line, texts have characters.
        before = self._lines[line - 1].encode()[:column].decode() if line <= len(self._lines) else ""
        return self._starts[line - 1] + len(before)

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or node.col_offset
        return self._place(node.lineno, node.col_offset), self._place(end_line, end_column)

    def _instead(self, rule: str, node: ast.expr | ast.stmt, new: str) -> Change:
        return Change(rule, *self._span(node), new)

    def _between(self, rule: str, left: ast.expr, right: ast.expr, old: str, new: str) -> Iterator[Change]:
        start, end = self._span(left)[1], self._span(right)[0]
        pattern = r"\s+".join(map(re.escape, old.split()))
        found = re.search(rf"(?<![\w<>=!*/]){pattern}(?![\w<>=*/])", self.text[start:end])
        if found:
            yield Change(rule, start + found.start(), start + found.end(), new)


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
