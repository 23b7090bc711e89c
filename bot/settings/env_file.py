"""The `.env` file: reads it, and writes `.env.example`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.settings.setting_values import QuietHours
from flows.model.staffed_hours import Week

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pydantic.fields import FieldInfo


def read(path: Path) -> dict[str, str]:
    """Return the NAME=VALUE lines of a file; # starts a comment line, and quotes around a value are dropped."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        name, separator, value = line.strip().removeprefix("export ").partition("=")
        if not separator or name.startswith("#"):
            continue
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def example(fields: Iterable[tuple[str, FieldInfo]]) -> str:
    """Return the text of `.env.example`: every setting with its meaning and its default, all commented out."""
    lines = ["# Settings of Earshot. Copy this file to .env and take the # away from what you set.", ""]
    for name, field in fields:
        text = field.description or ""
        while text:
            cut = len(text) if len(text) <= 110 else text.rfind(" ", 0, 111)
            lines.append(f"# {text[:cut].strip()}")
            text = text[cut:].strip()
        lines += [f"#{name}={_shown(field.default)}", ""]
    return "\n".join(lines)


def _shown(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, float):
        return f"{default:g}"
    if isinstance(default, tuple) and not isinstance(default, (QuietHours, Week)):
        return ",".join(default)
    return str(default)
