"""What a conversation keeps is read as the kind that it is, wherever that is declared; nothing unknown slips in."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import SerializeAsAny, TypeAdapter, ValidationError

from flows.model.variant import Variant


class Animal(Variant):
    legs: int = 4


class Bird(Animal, extra="forbid"):
    kind: Literal["robin", "wren"]
    legs: int = 2
    sings: bool = False


READ: TypeAdapter[Animal] = TypeAdapter(SerializeAsAny[Animal])


def test_a_record_is_read_as_its_kind_and_written_with_it() -> None:
    found = READ.validate_json('{"kind": "wren", "sings": true}')
    assert found == Bird(kind="wren", sings=True)
    assert READ.dump_json(found, exclude_defaults=True) == b'{"kind":"wren","sings":true}'


def test_a_kind_that_is_not_loaded_is_carried_through_unread() -> None:
    found = READ.validate_json('{"kind": "horse", "name": "Bess"}')
    assert (type(found), found.kind) == (Animal, "horse")
    assert READ.dump_json(found, exclude_defaults=True) == b'{"kind":"horse","name":"Bess"}'


def test_what_a_kind_does_not_know_is_an_error() -> None:
    with pytest.raises(ValidationError):
        READ.validate_json('{"kind": "wren", "name": "Bess"}')
    with pytest.raises(TypeError, match="forbid"):

        class Fish(Animal):
            kind: Literal["trout"]
