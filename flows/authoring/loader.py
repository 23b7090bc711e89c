"""Reads flow files: TOML to `Flow`, with findings that a lay person can act on."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flows.authoring.definition import BY_TYPE, Flow
from flows.authoring.findings import Finding, FlowError
from flows.questions.question import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTENT = Path(__file__).parents[1] / "content"
EVERYWHERE = "everywhere"
"""Name of the file with the texts that all flows share; it is not a flow."""


def load(folders: Iterable[Path] = (CONTENT,)) -> tuple[Flow, ...]:
    """Return every flow of these folders, by file name; a later folder replaces a flow of the same id.

    Raises FlowError with all findings of all files.
    """
    flows: dict[str, Flow] = {}
    where: dict[str, Path] = {}
    findings: list[Finding] = []
    for folder in folders:
        for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
            if path.stem == EVERYWHERE:
                continue
            try:
                flow = load_file(path)
            except FlowError as error:
                findings += error.findings
            else:
                if path.parent == where.get(flow.id):
                    findings.append(_twice(path.name, flow.id))
                flows[flow.id], where[flow.id] = flow, path.parent
    if findings:
        raise FlowError(tuple(findings))
    return tuple(flows.values())


def load_file(path: Path) -> Flow:
    """Return the flow in a file. Raises FlowError."""
    return read(path.read_text(encoding="utf-8-sig"), path.name)


def read(text: str, file: str) -> Flow:
    """Return the flow in a TOML text; `file` names it in findings. Raises FlowError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FlowError((_broken(file, str(error)),)) from None
    try:
        return Flow.model_validate(raw)
    except ValidationError as error:
        raise FlowError(tuple(_finding(file, dict(item)) for item in error.errors())) from None


def everywhere(path: Path = CONTENT / f"{EVERYWHERE}.toml") -> tuple[SourceText, ...]:
    """Return the source texts that all flows share, in English."""
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    found = []
    for key, item in raw.items():
        comment = item.get("note", "")
        short = item.get("text_sms")
        kind = item.get("kind", "text")
        found.append(SourceText(f"{EVERYWHERE}/{key}.text", item["text"], kind, comment, False if short else None))
        if short:
            found.append(SourceText(f"{EVERYWHERE}/{key}.text_sms", short, kind, comment, True))
        for value, label in item.get("options", {}).items():
            found.append(SourceText(f"{EVERYWHERE}/{key}.options.{value}", label, "label", comment, None))
    return tuple(found)


def _twice(file: str, flow: str) -> Finding:
    return Finding(
        file=file,
        step="",
        code="flow_twice",
        severity="error",
        what=f"Another file of this folder has the id “{flow}” too.",
        advice="Give one of the two another id.",
    )


def _broken(file: str, error: str) -> Finding:
    return Finding(
        file=file, step="", code="not_toml", severity="error",
        what=f"The file cannot be read as TOML: {error}.",
        advice="Look at that line for a missing quote, bracket or equals sign, or a step name used twice.",
    )  # fmt: skip


def _finding(file: str, error: dict[str, Any]) -> Finding:
    where = [part for part in error["loc"] if part not in BY_TYPE]
    step = ""
    if where[:1] == ["steps"] and len(where) > 1:
        step, where = str(where[1]), where[2:]
    what, advice = _plain(error, _field(where))
    return Finding(file=file, step=step, code="not_a_flow", severity="error", what=what, advice=advice)


def _field(where: list[str | int]) -> str:
    """Return the place of an error in words: `“next”`, or `“label” (options, number 2)` inside a list."""
    names = [part for part in where if isinstance(part, str)]
    places = [f"{where[at - 1]}, number {part + 1}" for at, part in enumerate(where) if isinstance(part, int) and at]
    if not names:
        return "This"
    return f"“{names[-1]}” ({'; '.join(places)})" if places and len(names) > 1 else f"“{names[-1]}”"


_PLAIN = {
    "missing": ("{named} is missing.", "Add it."),
    "extra_forbidden": (
        "{named} is not something a step or flow can have.",
        "Check its spelling, or take the line out.",
    ),
    "union_tag_invalid": ("The type of this step is unknown.", "Use one of: {types}."),
    "union_tag_not_found": ("The type of this step is missing.", "Use one of: {types}."),
    "string_pattern_mismatch": (
        "{named} holds a character it cannot have.",
        "Use small letters a to z, numbers and _ only.",
    ),
    "string_too_short": ("{named} is empty.", "Write something in it."),
    "string_too_long": ("{named} is too long.", "Use {max_length} characters or fewer."),
    "too_short": ("{named} has too few entries.", "Give it {min_length} or more."),
    "too_long": ("{named} has too many entries.", "Give it {max_length} or fewer."),
    "enum": ("{named} is none of the words it can be.", "Use one of: {expected}."),
    "literal_error": ("{named} is none of the words it can be.", "Use one of: {expected}."),
    "none_required": ("{named} cannot stand here.", "Take the line out: nothing comes after this step."),
    "less_than_equal": ("{named} is too large.", "Use {le} or less."),
    "greater_than_equal": ("{named} is too small.", "Use {ge} or more."),
    "value_error": ("{named} cannot be used: {error}.", "Change it and check again."),
}
"""What is wrong and what to do, by pydantic's error type."""


def _plain(error: dict[str, Any], named: str) -> tuple[str, str]:
    """Return what is wrong and what to do, in words for somebody who has never seen code."""
    what, advice = _PLAIN.get(
        error["type"],
        ("{named} holds another kind of value than it should.", "Look at the examples in the flow handbook."),
    )
    known = {name: str(value).replace("'", "") for name, value in error.get("ctx", {}).items()}
    known |= {"named": named, "types": ", ".join(BY_TYPE)}
    return what.format(**known), advice.format(**known)
