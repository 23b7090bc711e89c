"""Conversations as versions before typed interruptions stored them, put into the shape of today.

There an open question of ours was a name (`aside`) with notes by string keys (`aside_notes`), which held what lay under
it as well (`under`, `notes`); what the waiting question keeps was a dictionary (`scratch`), and what waits for a number
a copy of the notes (`to_prove`). Once no such conversation is left this file can go.
"""

from __future__ import annotations

import json
from typing import Any, Final

EARLIER: Final = frozenset({"aside", "aside_from", "aside_notes", "scratch", "to_prove"})
_WITH_UNDER: Final = frozenset({"care", "confirm"})
_PARTIAL: Final = (
    ("chosen", "toggles"), ("offered", "places"), ("words", "places"), ("changing", "read_back"), ("parts", "telling"),
    ("alive", "telling"), ("asked_all", "telling"), ("resting", "telling"), ("unclear", "noted"),
)  # fmt: skip
"""What the waiting question kept, and what it is called now: the first that is there decides."""


def in_the_shape_of_today(text: str | bytes) -> dict[str, Any] | None:
    """Return a stored conversation of an earlier version in the shape of today; None if it is no such thing."""
    try:
        stored = json.loads(text)
    except ValueError:
        return None
    if not isinstance(stored, dict) or EARLIER.isdisjoint(stored):
        return None
    aside, notes = stored.get("aside", ""), stored.get("aside_notes", {})
    scratch, to_prove = stored.get("scratch", {}), stored.get("to_prove", {})
    if not all(isinstance(kept, dict) for kept in (notes, scratch, to_prove)):
        return None
    today = {key: value for key, value in stored.items() if key not in EARLIER}
    today |= {"interruptions": _stack(aside, notes), "interruption_from": stored.get("aside_from", 0)}
    today |= {"unproved": _stack("confirm", to_prove) if to_prove else [], "partial": _partial(scratch)}
    return today | {"thanked": bool(scratch.get("thanked")), "told_stopped": bool(scratch.get("still_stopped"))}


def _stack(name: str, notes: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the open question of ours over the one that it was asked over, if any."""
    if not name:
        return []
    if name not in _WITH_UNDER:
        return [{"kind": name, **notes}]
    under, before = str(notes.get("under") or ""), notes.get("notes")
    kept = {key: value for key, value in notes.items() if key not in {"under", "notes"}}
    return [*_stack(under, before if isinstance(before, dict) else {}), {"kind": name, **kept}]


def _partial(scratch: dict[str, Any]) -> dict[str, Any] | None:
    kept = {key: value for key, value in scratch.items() if key not in {"thanked", "still_stopped"}}
    kind = next((kind for key, kind in _PARTIAL if key in kept), None)
    kept.pop("changing", None)
    return {"kind": kind, **kept} if kind is not None else None
