"""A part of a stored conversation that is of one of several kinds, each declared beside the code that uses it."""

from __future__ import annotations

from typing import Any, ClassVar, Self, get_args

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, model_validator


class Variant(BaseModel):
    """A frozen record told apart by its `kind`. A direct subclass is a family, whose own subclasses are the kinds.

    A kind is declared by `kind: Literal[…]` and forbids unknown keys. A family reads each record as the kind it is. One
    whose kind is declared in a module that is not loaded, as in a command that only deletes, is carried through unread.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    kind: str

    _kinds: ClassVar[dict[str, type[Any]]] = {}

    @classmethod
    def __pydantic_init_subclass__(cls, **changes: Any) -> None:
        """Enter a kind in its family; raises TypeError where it would let unknown keys through."""
        if Variant in cls.__bases__:
            cls._kinds = {}
            return
        if cls.model_config.get("extra") != "forbid":
            raise TypeError(f"{cls.__name__} is one kind of several and must forbid unknown keys")
        cls._kinds.update(dict.fromkeys(get_args(cls.model_fields["kind"].annotation), cls))

    @model_validator(mode="wrap")
    @classmethod
    def _as_its_kind(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        of_family = isinstance(value, dict) and Variant in cls.__bases__
        kind = cls._kinds.get(str(value.get("kind"))) if of_family else None
        found: Self = handler(value) if kind is None else kind.model_validate(value)
        return found
