"""Commands load only what they use, so that help and a slip in an argument are answered at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from bot.cli.console import DATABASE, KNOWN

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "aiohttp", "apscheduler", "asyncio", "babel", "cryptography", "fastapi", "httpx", "jinja2", "rich",
    "sqlalchemy", "sqlmodel", "structlog", "telegram", "twilio", "uvicorn",
}  # fmt: skip
"""Each takes a tenth of a second or more on a small machine."""
RUN = """
import contextlib, json, sys
from bot.cli import main
sys.argv = ["earshot", *sys.argv[1:]]
try:
    with contextlib.redirect_stdout(sys.stderr):
        main()
except SystemExit as left:
    code = left.code
print(json.dumps([code, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def loaded(folder: Path, *words: str) -> tuple[int, set[str], str]:
    """Run a command in a process of its own; returns its status, the packages it loaded, and what it said."""
    environment = {**os.environ, "EARSHOT_DATA_DIR": str(folder / "var")}
    done = subprocess.run(
        [sys.executable, "-c", RUN, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    code, modules = json.loads(done.stdout)
    return code, set(modules), done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("export", "--help"),
        ("team", "--help"),
        ("serve", "--help"),
        ("nothing",),
        ("serve", "--port", "1"),
    ],
    ids=" ".join,
)
def test_help_and_slips_load_nothing_heavy(tmp_path: Path, words: tuple[str, ...]) -> None:
    _, modules, said = loaded(tmp_path, *words)
    assert said
    assert modules & HEAVY == set()
    assert not (tmp_path / "var").exists()


@pytest.mark.slow
@pytest.mark.parametrize("slip", [("--format", "exe"), ("--use", "all")], ids=" ".join)
def test_a_slip_in_an_export_is_told_before_a_database_is_thought_of(tmp_path: Path, slip: tuple[str, str]) -> None:
    code, modules, said = loaded(tmp_path, "export", *slip)
    assert code == 1
    assert slip[1] in said
    assert modules & {"sqlalchemy", "sqlmodel", "fastapi", "jinja2"} == set()
    assert not (tmp_path / "var").exists()


@pytest.mark.parametrize("name", sorted({*KNOWN, DATABASE}))
def test_every_error_with_words_of_its_own_is_called_what_we_know_it_by(name: str) -> None:
    module, _, kind = name.rpartition(".")
    error = getattr(import_module(module), kind)
    assert issubclass(error, Exception)
    assert f"{error.__module__}.{error.__qualname__}" == name


def test_a_channel_that_is_off_is_not_loaded(tmp_path: Path) -> None:
    """Nor is what changes the schema, once it is as it should be: each takes ten megabytes or more."""
    code = (
        "import sys; from bot.app import build; from bot.settings.environment import read\n"
        "for _ in range(2): build(read({'EARSHOT_DATA_DIR': 'var'})).close()\n"
        "print(' '.join(sorted(sys.modules)))"
    )
    first, again = (
        subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    )
    assert {"telegram", "twilio", "aiohttp", "httpx"} & set(first.split()) == set()
    assert "alembic" in first.split()
    assert {"alembic", "pygments"} & set(again.split()) == set()
