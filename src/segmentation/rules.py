"""Rule segments: the language of `when`, its SQL, and the proof that a rule set gives every customer one segment.

The grammar, keywords in any case, features as bare lower-case names::

    rule       := all { "or" all }
    all        := negation { "and" negation }
    negation   := "not" negation | "(" rule ")" | test
    test       := feature ( "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) constant
                | constant ( "=" | ... ) feature
                | feature [ "not" ] "in" "(" constant { "," constant } ")"
                | feature [ "not" ] "between" constant "and" constant
                | feature "is" [ "not" ] "null"
    constant   := number | 'text' | true | false

Truth has three values, as in SQL: a test of a null is unknown, and a customer belongs to a segment only where its rule
is true.
"""

from __future__ import annotations

import itertools
import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from segmentation.errors import UserError, did_you_mean, quote

Kind = Literal["number", "category", "boolean"]
Constant = bool | int | float | str
Truth = npt.NDArray[np.int8]

MAX_GRID_POINTS = 2_000_000
MAX_NESTING = 50
MAX_LENGTH = 10_000
CONTEXT = 30  # characters of a rule that a message shows on each side
MAX_DIGITS = 15  # as many as a double and a decimal of any engine agree on

# With these codes "and" is the minimum, "or" the maximum and "not" the difference to TRUE.
FALSE, UNKNOWN, TRUE = 0, 1, 2

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_KEYWORDS = frozenset({"and", "or", "not", "in", "between", "is", "null", "true", "false"})


@dataclass(frozen=True, slots=True)
class FeatureType:
    """What a rule may ask of a feature. `is_integer`: every value is a whole number."""

    kind: Kind
    is_integer: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """`feature operator value`."""

    feature: str
    operator: str
    value: Constant


@dataclass(frozen=True, slots=True)
class Membership:
    """`feature [not] in (values)`."""

    feature: str
    values: tuple[Constant, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Between:
    """`feature [not] between low and high`, both ends included."""

    feature: str
    low: Constant
    high: Constant
    negated: bool = False


@dataclass(frozen=True, slots=True)
class IsNull:
    """`feature is [not] null`."""

    feature: str
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of a rule; unknown stays unknown."""

    operand: Expression


@dataclass(frozen=True, slots=True)
class And:
    """True where all operands are."""

    operands: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True where any operand is."""

    operands: tuple[Expression, ...]


Atom = Comparison | Membership | Between | IsNull
Expression = Atom | Not | And | Or


@dataclass(frozen=True, slots=True)
class Rule:
    """A segment's name and the rule that a customer must meet."""

    name: str
    expression: Expression


# --- Reading ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["name", "keyword", "number", "text", "symbol", "end"]
    text: str
    position: int


_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)(?![A-Za-z0-9_.])
      | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<text>'(?:[^']|'')*')
      | (?P<symbol><=|>=|<>|!=|==|[=<>(),])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)


def parse(when: str) -> Expression:
    """Read a rule.

    Parameters
    ----------
    when : str
        Text of the rule, such as ``age < 30 and country in ('FR', 'DE')``.

    Returns
    -------
    Expression
        The tree of the rule.

    Raises
    ------
    UserError
        If the text is no rule: the message gives the position, what stands there and what was expected.

    Examples
    --------
    >>> to_sql(parse("30 <= age and not gender = 'f'"))
    "((age >= 30) and (not (gender = 'f')))"
    """
    if len(when) > MAX_LENGTH:
        raise UserError(f"the rule is {len(when)} characters long; {MAX_LENGTH} is the most that is read")
    return _Parser(when).parse()


def _tokens(when: str) -> Iterator[_Token]:
    position = 0
    while True:
        match = _TOKEN.match(when, position)
        if match is None:
            start = position + len(when[position:]) - len(when[position:].lstrip())
            raise _syntax_error(when, start, _what_is_wrong_at(when[start:]))
        kind = match.lastgroup
        text = match.group(kind or "end")
        start = match.start(kind or "end")
        if kind == "end":
            yield _Token("end", "", start)
            return
        if kind == "name":
            keyword = text.lower() in _KEYWORDS
            if not keyword and text != text.lower():
                raise _syntax_error(when, start, f'names of features are lower case: write "{text.lower()}"')
            yield _Token("keyword" if keyword else "name", text.lower(), start)
        elif kind == "number":
            yield _Token("number", text, start)
        elif kind == "text":
            yield _Token("text", text, start)
        else:
            yield _Token("symbol", text, start)
        position = match.end()


def _what_is_wrong_at(rest: str) -> str:
    if rest.startswith("'"):
        return "this text has no closing quote"
    if rest.startswith('"'):
        return "text stands in single quotes: 'like this'"
    if rest[0].isdigit() or rest[0] in "+-.":
        return "expected a number, and calculations are not part of a rule"
    return f"{quote(rest[0])} has no meaning in a rule"


def _syntax_error(when: str, position: int, what: str) -> UserError:
    start, stop = max(0, position - CONTEXT), position + CONTEXT
    before = f"{'...' if start else ''}{when[start:position]}"
    after = f"{when[position:stop]}{'...' if stop < len(when) else ''}"
    return UserError(f"at position {position + 1} ({before}>>>{after}): {what}")


class _Parser:
    """Recursive descent over the tokens of one rule; one method for each line of the grammar."""

    def __init__(self, when: str) -> None:
        self.when = when
        self.tokens = list(_tokens(when))
        self.index = 0
        self.depth = 0

    @property
    def token(self) -> _Token:
        return self.tokens[self.index]

    def parse(self) -> Expression:
        expression = self.rule()
        if self.token.kind != "end":
            raise self.expected('"and", "or" or the end of the rule')
        return expression

    def expected(self, what: str) -> UserError:
        found = quote(self.token.text) if self.token.kind != "end" else "the end of the rule"
        return _syntax_error(self.when, self.token.position, f"expected {what}, found {found}")

    def accept(self, text: str) -> bool:
        if self.token.kind in {"keyword", "symbol"} and self.token.text == text:
            self.index += 1
            return True
        return False

    def require(self, text: str) -> None:
        if not self.accept(text):
            raise self.expected(quote(text))

    def rule(self) -> Expression:
        operands = [self.conjunction()]
        while self.accept("or"):
            operands.append(self.conjunction())
        return operands[0] if len(operands) == 1 else Or(tuple(operands))

    def conjunction(self) -> Expression:
        operands = [self.negation()]
        while self.accept("and"):
            operands.append(self.negation())
        return operands[0] if len(operands) == 1 else And(tuple(operands))

    def negation(self) -> Expression:
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise _syntax_error(self.when, self.token.position, f"more than {MAX_NESTING} levels of parentheses or not")
        expression: Expression
        if self.accept("not"):
            expression = Not(self.negation())
        elif self.accept("("):
            expression = self.rule()
            self.require(")")
        else:
            expression = self.test()
        self.depth -= 1
        return expression

    def test(self) -> Expression:
        if self.token.kind == "name":
            return self.test_of_feature()
        if self.token.kind in {"number", "text"} or self.token.text in {"true", "false"}:
            value = self.constant()
            sign = self.comparison()
            return Comparison(self.feature(), _MIRRORED[sign], value)
        raise self.expected("a feature")

    def test_of_feature(self) -> Expression:
        feature = self.feature()
        if self.accept("is"):
            negated = self.accept("not")
            self.require("null")
            return IsNull(feature, negated)
        negated = self.accept("not")
        if self.accept("in"):
            return Membership(feature, self.constants(), negated)
        if self.accept("between"):
            low = self.constant()
            self.require("and")
            return Between(feature, low, self.constant(), negated)
        if negated:
            raise self.expected('"in" or "between"')
        return Comparison(feature, self.comparison(), self.constant())

    def feature(self) -> str:
        if self.token.kind != "name":
            raise self.expected("a feature")
        self.index += 1
        return self.tokens[self.index - 1].text

    def comparison(self) -> str:
        sign = "<>" if self.token.text == "!=" else self.token.text
        if self.token.kind != "symbol" or sign not in _COMPARE:
            hint = ' (equality is written "=")' if sign == "==" else ""
            raise self.expected(f"a comparison (=, !=, <, <=, >, >=), in, between or is{hint}")
        self.index += 1
        return sign

    def constants(self) -> tuple[Constant, ...]:
        self.require("(")
        values = [self.constant()]
        while self.accept(","):
            values.append(self.constant())
        self.require(")")
        return tuple(values)

    def constant(self) -> Constant:
        token = self.token
        if token.kind == "number":
            value: Constant = _number(token.text)
            digits = re.sub(r"[eE].*|[^0-9]", "", token.text).strip("0")
            if len(digits) > MAX_DIGITS or not abs(float(value)) < 10.0**MAX_DIGITS:
                what = f"engines compare numbers of at most {MAX_DIGITS} digits alike; write fewer"
                raise _syntax_error(self.when, token.position, what)
        elif token.kind == "text":
            value = token.text[1:-1].replace("''", "'")
            # Spark reads a backslash as the start of an escape, DuckDB as itself.
            if "\\" in value or any(ord(character) < ord(" ") for character in value) or not _is_unicode(value):
                raise _syntax_error(self.when, token.position, "text may hold no backslash and no control character")
        elif token.text in {"true", "false"} and token.kind == "keyword":
            value = token.text == "true"
        elif token.text == "null":
            raise self.expected("a number, 'text', true or false (a missing value is asked for with \"is null\")")
        elif token.kind == "name":
            raise self.expected(
                "a number, 'text', true or false: a feature is compared with a constant, text is quoted"
            )
        else:
            raise self.expected("a number, 'text', true or false")
        self.index += 1
        return value


def _number(text: str) -> int | float:
    value = float(text)
    if re.fullmatch(r"[+-]?[0-9]{1,16}", text):
        return int(text)
    return value + 0.0  # -0.0 becomes 0.0


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


# --- Writing and evaluating -------------------------------------------------------------------------------------


def features_of(expression: Expression) -> frozenset[str]:
    """Return the names of the features that a rule asks for.

    Parameters
    ----------
    expression : Expression
        A rule.
    """
    return frozenset(atom.feature for atom in _atoms(expression))


def _atoms(expression: Expression) -> Iterator[Atom]:
    if isinstance(expression, Not):
        yield from _atoms(expression.operand)
    elif isinstance(expression, And | Or):
        for operand in expression.operands:
            yield from _atoms(operand)
    else:
        yield expression


def _constants(atom: Atom) -> tuple[Constant, ...]:
    if isinstance(atom, Comparison):
        return (atom.value,)
    if isinstance(atom, Membership):
        return atom.values
    if isinstance(atom, Between):
        return (atom.low, atom.high)
    return ()


def to_sql(expression: Expression) -> str:
    """Write a rule as an SQL condition that DuckDB and Spark read alike: fully parenthesised, text in quotes.

    Parameters
    ----------
    expression : Expression
        A rule.

    Returns
    -------
    str
        The condition over columns that are called like the features.
    """
    if isinstance(expression, Not):
        return f"(not {to_sql(expression.operand)})"
    if isinstance(expression, And | Or):
        word = " and " if isinstance(expression, And) else " or "
        return f"({word.join(map(to_sql, expression.operands))})"
    return f"({expression.feature} {_predicate(expression)})"


def _predicate(atom: Atom) -> str:
    if isinstance(atom, Comparison):
        return f"{atom.operator} {_literal(atom.value)}"
    no = "not " if atom.negated else ""
    if isinstance(atom, Membership):
        return f"{no}in ({', '.join(map(_literal, atom.values))})"
    if isinstance(atom, Between):
        return f"{no}between {_literal(atom.low)} and {_literal(atom.high)}"
    return f"is {no}null"


def _literal(value: Constant) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        quoted = value.replace("'", "''")
        return f"'{quoted}'"
    return repr(value)


def evaluate(expression: Expression, row: Mapping[str, Constant | None]) -> bool | None:
    """Evaluate a rule for one row, in the three-valued logic of SQL.

    Parameters
    ----------
    expression : Expression
        A rule.
    row : mapping of str to constant or None
        The value of every feature that the rule asks for.

    Returns
    -------
    bool or None
        None where the answer is unknown.
    """
    truth = _combine(expression, lambda atom: np.array(_atom_truth(atom, row[atom.feature]), dtype=np.int8))
    return {FALSE: False, UNKNOWN: None, TRUE: True}[int(truth)]


def _combine(expression: Expression, of_atom: Callable[[Atom], Truth]) -> Truth:
    """Evaluate the logic of a rule over whatever arrays `of_atom` gives for its tests."""
    if isinstance(expression, Not):
        return np.asarray(TRUE - _combine(expression.operand, of_atom), dtype=np.int8)
    if isinstance(expression, And | Or):
        combine = np.minimum if isinstance(expression, And) else np.maximum
        truth = _combine(expression.operands[0], of_atom)
        for operand in expression.operands[1:]:
            truth = combine(truth, _combine(operand, of_atom))
        return truth
    return of_atom(expression)


def _atom_truth(atom: Atom, value: Constant | None) -> int:
    if isinstance(atom, IsNull):
        return TRUE if (value is None) != atom.negated else FALSE
    if value is None:
        return UNKNOWN
    if isinstance(atom, Comparison):
        return TRUE if _COMPARE[atom.operator](value, atom.value) else FALSE
    if isinstance(atom, Membership):
        return TRUE if (value in atom.values) != atom.negated else FALSE
    # Comparable by construction: `prove` lets only numbers into `between`.
    inside = atom.low <= value <= atom.high  # type: ignore[operator]
    return TRUE if inside != atom.negated else FALSE


# --- Proving ----------------------------------------------------------------------------------------------------


def prove(rules: Sequence[Rule], kinds: Mapping[str, FeatureType]) -> list[str]:
    """Prove that a rule set gives every customer without nulls exactly one segment, and that no rule is idle.

    Parameters
    ----------
    rules : sequence of Rule
        One rule for each segment.
    kinds : mapping of str to FeatureType
        The type of every feature that there is.

    Returns
    -------
    list of str
        What is wrong, each with an example; empty if the rule set is proved.

    Notes
    -----
    The proof tries one point of each class of points that no rule can tell apart, so it is exact and not a sample.

    A test compares one feature with constants. Let c1 < ... < cn be all constants that any rule compares a numeric
    feature with. Every test of this feature has one and the same answer at all values of the open interval between
    two neighbouring constants, likewise below c1 and above cn, and at each constant and at null by itself. So the
    constants, one value inside each interval, one on either side and null represent all values. A whole-number
    feature takes integers alone: floor(c) - 1, floor(c), ceil(c) and ceil(c) + 1 of every constant c hold each integer
    constant, and an integer of each interval that has one. Categories and booleans can be asked for equality alone,
    so the constants, one other value (or the two truth values) and null do. A rule is a logical combination of tests,
    so it is constant on the product of such classes, and the product of the representatives meets every class.

    A point with a null that no rule takes is no gap: the customer has no segment and the reason `missing <feature>`.
    An overlap is an error wherever it lies.

    Numbers are compared as doubles; NaN is no value of a feature.
    """
    problems = _kind_problems(rules, kinds)
    if problems or not rules:
        return problems
    features = sorted(frozenset().union(*(features_of(rule.expression) for rule in rules)))
    points = {feature: _points(feature, rules, kinds[feature]) for feature in features}
    size = math.prod(len(values) for values in points.values())
    if size > MAX_GRID_POINTS:
        most = ", ".join(f"{feature} {len(points[feature])}" for feature in features)
        counted = f"{size:,} combinations ({most}), and at most {MAX_GRID_POINTS:,} are tried"
        remedy = "use fewer features or constants, or several segmentations"
        return [f"the rules use too many constants to be proved: {counted}; {remedy}"]
    return _grid_problems(rules, kinds, points)


def _kind_problems(rules: Sequence[Rule], kinds: Mapping[str, FeatureType]) -> list[str]:
    problems: list[str] = []
    for rule in rules:
        for atom in _atoms(rule.expression):
            if atom.feature not in kinds:
                hint = did_you_mean(atom.feature, kinds)
                problems.append(f'segment "{rule.name}": there is no feature {quote(atom.feature)}; {hint}')
                continue
            kind = kinds[atom.feature].kind
            expected = {"number": "a number", "category": "'text'", "boolean": "true or false"}[kind]
            problems.extend(
                f'segment "{rule.name}": {atom.feature} is a {kind} and cannot be compared with {_literal(value)}; '
                f"write {expected}"
                for value in _constants(atom)
                if _kind_of(value) != kind
            )
            ordered = isinstance(atom, Between) or (isinstance(atom, Comparison) and atom.operator not in {"=", "<>"})
            if ordered and kind != "number":
                problems.append(
                    f'segment "{rule.name}": {atom.feature} is a {kind} and has no order; use =, !=, in or is null'
                )
    return list(dict.fromkeys(problems))


def _kind_of(value: Constant) -> Kind:
    if isinstance(value, bool):
        return "boolean"
    return "category" if isinstance(value, str) else "number"


def _points(feature: str, rules: Sequence[Rule], feature_type: FeatureType) -> list[Constant | None]:
    """Return one value of each class of values that the rules cannot tell apart, ascending, null last."""
    constants = {
        value
        for rule in rules
        for atom in _atoms(rule.expression)
        if atom.feature == feature
        for value in _constants(atom)
    }
    if feature_type.kind == "boolean":
        return [False, True, None]
    if feature_type.kind == "category":
        return [*sorted(str(value) for value in constants), _other_text(constants), None]
    numbers = sorted({float(value) for value in constants}) or [0.0]
    if feature_type.is_integer:
        near = {point for c in numbers for point in (math.floor(c) - 1, math.floor(c), math.ceil(c), math.ceil(c) + 1)}
        return [*sorted(near), None]
    # A midpoint that rounds to one of its ends shows that there is no double between them.
    between = {low + (high - low) / 2 for low, high in itertools.pairwise(numbers)}
    return [*sorted({numbers[0] - 1, numbers[-1] + 1, *numbers, *between}), None]


def _other_text(constants: set[Constant]) -> str:
    other = "any other value"
    while other in constants:
        other += "*"
    return other


def _grid_problems(
    rules: Sequence[Rule], kinds: Mapping[str, FeatureType], points: Mapping[str, list[Constant | None]]
) -> list[str]:
    """Evaluate every rule on the product of the points; each test is evaluated along its own axis only."""
    features = list(points)
    shape = tuple(len(values) for values in points.values())

    def along_axis(atom: Atom) -> Truth:
        axis = features.index(atom.feature)
        truth = np.array([_atom_truth(atom, value) for value in points[atom.feature]], dtype=np.int8)
        return truth.reshape([-1 if index == axis else 1 for index in range(len(features))])

    def example(where: npt.NDArray[np.bool_]) -> tuple[tuple[int, ...], str]:
        index = tuple(int(i) for i in np.unravel_index(int(np.argmax(where)), shape))
        values = [(feature, points[feature][i]) for feature, i in zip(features, index, strict=True)]
        return index, ", ".join(_shown(feature, value, kinds[feature]) for feature, value in values)

    overlaps: list[str] = []
    idle: list[str] = []
    owner = np.full(shape, -1, dtype=np.int32)
    for number, rule in enumerate(rules):
        fires = np.broadcast_to(_combine(rule.expression, along_axis) == TRUE, shape)
        if not fires.any():
            idle.append(f'segment "{rule.name}" can never be reached: no customer meets its rule')
        clash = fires & (owner >= 0)
        if clash.any():
            index, shown = example(clash)
            overlaps.append(f'segments "{rules[owner[index]].name}" and "{rule.name}" overlap: both take {shown}')
        owner[fires & (owner < 0)] = number

    gap = owner < 0
    for axis in range(len(features)):
        nulls = [slice(None)] * len(features)
        nulls[axis] = slice(-1, None)
        gap[tuple(nulls)] = False
    gaps = [f"no segment for {example(gap)[1]}"] if gap.any() else []
    return gaps + overlaps + idle


def _shown(feature: str, value: Constant | None, feature_type: FeatureType) -> str:
    if value is None:
        return f"{feature} is null"
    if feature_type.kind != "number":
        shown = str(value).lower() if isinstance(value, bool) else quote(value).replace('"', "'")
        return f"{feature} = {shown}"
    return f"{feature} = {value:.15g}"
