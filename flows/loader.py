"""Reading flow files: TOML to `Flow`, with findings a lay person can act on. Reads only flow folders."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from flows.definition import Flow
from flows.findings import Finding, FlowError
from flows.questions import BY_TYPE
from flows.questions.base import SourceText

if TYPE_CHECKING:
    from collections.abc import Iterable

CONTENT = Path(__file__).parent / "content"
EVERYWHERE = "everywhere"
"""Name of the file with the texts that belong to every flow; it is not a flow."""


def load(folders: Iterable[Path] = (CONTENT,)) -> tuple[Flow, ...]:
    """Read every flow of these folders, by file name; a later folder replaces a flow of the same id.

    Raises FlowError with all findings of all files.
    """
    flows: dict[str, Flow] = {}
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
                flows[flow.id] = flow
    if findings:
        raise FlowError(tuple(findings))
    return tuple(flows.values())


def load_file(path: Path) -> Flow:
    """Read one flow file; raises FlowError."""
    return read(path.read_text(encoding="utf-8"), path.name)


def read(text: str, file: str) -> Flow:
    """Read a flow from TOML text; `file` names it in findings. Raises FlowError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FlowError((_broken(file, str(error)),)) from None
    try:
        return Flow.model_validate(raw)
    except ValidationError as error:
        raise FlowError(tuple(_finding(file, dict(item), raw) for item in error.errors())) from None


def everywhere(path: Path = CONTENT / f"{EVERYWHERE}.toml") -> tuple[SourceText, ...]:
    """Return the source texts that belong to every flow, in English."""
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


def _broken(file: str, error: str) -> Finding:
    return Finding(
        file=file, step="", code="not_toml", severity="error",
        what=f"The file cannot be read as TOML: {error}.",
        advice="Look at that line for a missing quote, bracket or equals sign, or a step name used twice.",
    )  # fmt: skip


def _finding(file: str, error: dict[str, Any], raw: dict[str, Any]) -> Finding:
    where = [str(part) for part in error["loc"]]
    step = ""
    if where[:1] == ["steps"] and len(where) > 1:
        step = where[1]
        rest = [part for part in where[2:] if part not in BY_TYPE]
        field = ".".join(rest)
    else:
        field = ".".join(where)
    what, advice = _plain(error, field, raw)
    return Finding(file=file, step=step, code="not_a_flow", severity="error", what=what, advice=advice)


def _plain(error: dict[str, Any], field: str, raw: dict[str, Any]) -> tuple[str, str]:
    named = f"“{field}”" if field else "This"
    kind = error["type"]
    if kind == "missing":
        return f"{named} is missing.", "Add it."
    if kind == "extra_forbidden":
        return f"{named} is not something a step or flow can have.", "Check its spelling, or take the line out."
    if kind in {"union_tag_invalid", "union_tag_not_found"}:
        return "The type of this step is missing or unknown.", f"Use one of: {', '.join(BY_TYPE)}."
    if kind == "string_pattern_mismatch":
        return f"{named} holds a character it cannot have.", "Use small letters a to z, numbers and _ only."
    del raw
    return f"{named} cannot be used: {error['msg'].lower()}.", "Change it and check again."
