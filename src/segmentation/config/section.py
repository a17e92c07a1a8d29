"""The base of all models of variables: a mapping of known keys, of which every mistake is told at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from segmentation.config.leaves import no_mapping
from segmentation.config.mistakes import Mistakes, mistake
from segmentation.errors import did_you_mean, quote

__all__ = ["Section", "Told", "Written", "absent"]

Told = tuple[str, tuple[int | str, ...]]
"""A sentence, and where within the section it belongs."""


@dataclass(frozen=True)
class Written:
    """What stands in the place of a section.

    Parameters
    ----------
    given : mapping
        All of it.
    sound : mapping of str to value
        The fields that are right by themselves, as they were written.
    """

    given: Mapping[Any, Any]
    sound: Mapping[str, Any]


def absent() -> Any:
    """Return what stands in the place of an optional key that was not written; `model_fields_set` tells which were."""
    return None


class Section(BaseModel):
    """A variable, or a part of one, that has known keys.

    pydantic checks each field and goes on after a mistake. Rules between fields are in `across`, which is asked of the
    fields that are right by themselves even where others are wrong, so that one run tells everything.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    WHEN_MISSING: ClassVar[str] = "the defaults are complete in dbt_project.yml"
    """What to say of a required key that is missing."""

    @classmethod
    def about_unknown(cls, key: object) -> Told:
        """Return what is wrong with a key that is no field."""
        return f"unknown key {quote(key)}; {did_you_mean(key, cls.model_fields)}", ()

    @classmethod
    def about_missing(cls, key: str) -> Told:
        """Return what is wrong with a required field that was not written."""
        return f"{key} is missing; {cls.WHEN_MISSING}", ()

    @classmethod
    def across(cls, written: Written) -> Iterable[Told]:  # noqa: ARG003
        """Return what is wrong between fields."""
        return ()

    @model_validator(mode="wrap")
    @classmethod
    def _all_mistakes(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, Mapping):
            raise mistake(no_mapping(value))
        mistakes, wrong = Mistakes(), set()
        for key in value:
            if key not in cls.model_fields:
                sentence, place = cls.about_unknown(key)
                mistakes.add(sentence, *place)
        for key, field in cls.model_fields.items():
            if key not in value and field.is_required():
                sentence, place = cls.about_missing(key)
                mistakes.add(sentence, *place)
        known = {key: value[key] for key in cls.model_fields if key in value}
        section = None
        try:
            section = handler(known)
        except ValidationError as error:
            # A key that is missing has been told of in the words of the section.
            lines = [line for line in error.errors(include_url=False) if line["type"] != "missing"]
            for line in lines:
                mistakes.add(line["msg"], *line["loc"])
            wrong = {line["loc"][0] for line in lines if line["loc"]}
        sound = {key: known[key] for key in known if key not in wrong}
        for sentence, place in cls.across(Written(value, sound)):
            mistakes.add(sentence, *place)
        mistakes.raise_if_any()
        if section is None:
            raise PydanticCustomError("unexplained", "cannot be read")
        return section
