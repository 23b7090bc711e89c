"""Records of our tables as JSON and back, so that reading a file runs nothing that stands in it.

Each value is itself or a list that begins with a mark of what it is. Records and enums are named by their module in
`flows.language` and their class; a name that is no such class is refused.
"""

from __future__ import annotations

import re
import sys
from dataclasses import fields, is_dataclass
from enum import Enum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE: Final = "flows.language."
_PLAIN: Final = (str, int, bool, type(None))
_SIMPLE: Final[dict[str, Callable[[Any], Any]]] = {"list": list, "tuple": tuple, "frozenset": frozenset}


def encoded(value: Any, number: Callable[[Any], int | None]) -> Any:
    """Return a value as JSON knows it. `number` names what is kept elsewhere, and returns None for all else.

    Raises TypeError for a value of a kind that is not known here.
    """
    kept_elsewhere = number(value)
    if kept_elsewhere is not None:
        return ["elsewhere", kept_elsewhere]
    if isinstance(value, Enum):
        return ["enum", _name(value), value.value]
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, re.Pattern):
        return ["pattern", value.pattern, value.flags]
    if isinstance(value, dict):
        return ["dict", *([encoded(key, number), encoded(each, number)] for key, each in value.items())]
    if is_dataclass(value):
        return [
            "record",
            _name(value),
            {one.name: encoded(getattr(value, one.name), number) for one in fields(value) if one.init},
        ]
    if hasattr(value, "_asdict"):
        return ["record", _name(value), {name: encoded(each, number) for name, each in value._asdict().items()}]
    inner = sorted(value) if isinstance(value, frozenset) else value
    if type(value).__name__ in _SIMPLE:
        return [type(value).__name__, *(encoded(each, number) for each in inner)]
    raise TypeError(f"{type(value).__name__} cannot be written down")


def decoded(value: Any, elsewhere: Callable[[int], Any]) -> Any:
    """Return what was encoded; `elsewhere` returns what is kept elsewhere. Raises ValueError for an unknown mark."""
    if isinstance(value, str):
        return sys.intern(value)
    if not isinstance(value, list):
        return value
    mark, *rest = value
    if mark in _SIMPLE:
        return _SIMPLE[mark]([decoded(each, elsewhere) for each in rest])
    match mark:
        case "elsewhere":
            return elsewhere(rest[0])
        case "dict":
            return {decoded(key, elsewhere): decoded(each, elsewhere) for key, each in rest}
        case "enum":
            return _class(rest[0])(rest[1])
        case "record":
            return _class(rest[0])(**{name: decoded(each, elsewhere) for name, each in rest[1].items()})
        case "pattern":
            return re.compile(rest[0], rest[1])
        case _:
            raise ValueError(f"unknown mark {mark!r}")


def _name(value: Any) -> str:
    return f"{type(value).__module__.removeprefix(PACKAGE)}:{type(value).__qualname__}"


def _class(name: str) -> type[Any]:
    module, _, own = name.partition(":")
    found = getattr(import_module(PACKAGE + module), own, None)
    if not (isinstance(found, type) and (issubclass(found, Enum | tuple) or is_dataclass(found))):
        raise ValueError(f"{name} is no record of ours")
    return found
