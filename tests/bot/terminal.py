"""The command line in a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from bot.cli import build, groups_named
from bot.cli.console import plain_errors

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


class Terminal:
    """Types commands; the last one's words are in `said`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said = ""

    def __call__(self, *words: str, typed: str = "") -> int:
        """Run a command and return its exit status."""
        with plain_errors():
            result = CliRunner().invoke(build(groups_named(words)), list(words), input=typed, catch_exceptions=False)
        self.said = result.output
        return result.exit_code


def refused(earshot: Terminal, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return what is said on both streams by a command that does not do what was asked."""
    try:
        status = earshot(*words)
    except SystemExit as ended:
        status = int(str(ended.code))
    assert status == 1
    return " ".join((earshot.said + capsys.readouterr().err).split())
