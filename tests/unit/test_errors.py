"""The error that stands alone in a console."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator

import pytest

from segmentation.errors import Problems, UserError, did_you_mean, quote

NOTHING: dict[str, int] = {}


def raise_from_a_key_error() -> None:
    try:
        NOTHING["missing"]
    except KeyError as error:
        raise UserError("say what to do") from error


def raise_while_a_key_error_is_handled() -> None:
    try:
        NOTHING["missing"]
    except KeyError:
        raise UserError("alone")  # noqa: B904


@contextlib.contextmanager
def managed() -> Iterator[None]:
    yield


def raise_inside_of_context_managers() -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(managed())
        stack.callback(dict)
        raise UserError("inside")


def test_what_is_printed_is_the_message_alone() -> None:
    with pytest.raises(UserError) as caught:
        raise_from_a_key_error()
    assert "".join(traceback.format_exception(caught.value)) == "UserError: say what to do\n"


def test_an_error_raised_while_another_is_handled_hides_it() -> None:
    with pytest.raises(UserError) as caught:
        raise_while_a_key_error_is_handled()
    assert "".join(traceback.format_exception(caught.value)) == "UserError: alone\n"


def test_the_error_passes_through_context_managers() -> None:
    with pytest.raises(UserError, match="inside"):
        raise_inside_of_context_managers()


def test_problems_are_numbered_and_counted_and_not_repeated() -> None:
    problems = Problems()
    problems.raise_if_any("Nothing is wrong")
    problems.add("a.b", "is wrong")
    problems.add("a.b", "is wrong")
    problems.add("", "is missing")
    with pytest.raises(UserError) as caught:
        problems.raise_if_any("The configuration is not valid")
    assert str(caught.value).splitlines() == [
        "The configuration is not valid (2 problems):",
        "  1. a.b: is wrong",
        "  2. is missing",
    ]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("frequncy", 'did you mean "frequency"?'),
        ("Frequency", 'did you mean "frequency"?'),
        ("zzz", "valid: frequency, monetary"),
        (12, "valid: frequency, monetary"),
        (None, "valid: frequency, monetary"),
        ("x" * 1_000_000, "valid: frequency, monetary"),
    ],
)
def test_the_nearest_choice_is_named(word: object, expected: str) -> None:
    assert did_you_mean(word, ["monetary", "frequency"]) == expected


def test_without_choices_nothing_is_suggested() -> None:
    assert did_you_mean("x", []) == "nothing may stand here"


def test_long_values_are_shortened() -> None:
    assert quote("short") == '"short"'
    assert len(quote(["x"] * 1000)) == 80
    assert quote(10**5000) == "a very long int"
