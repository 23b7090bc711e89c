"""No file holds people's data that erasure does not know of: neither in the data folder nor written by any module."""

from __future__ import annotations

import ast
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from bot.app import build
from bot.settings.environment import read
from storage.privacy.vacuum import LIST, vacuum
from storage.tables.registry import registry
from tests import walk
from tests.bot.service import MAYA, all_is_read, sms_form
from tests.bot.terminal import Terminal
from tests.promises.leftovers import leftovers, number_forms

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
ROOMS = ("flows", "storage", "review", "bot")
WRITING = {
    "NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryDirectory", "TemporaryFile", "copy2", "copyfile",
    "copytree", "mkdtemp", "mkstemp", "move", "rename", "symlink_to", "touch", "write_bytes", "write_text",
}  # fmt: skip
"""Names of calls by which a file comes to be."""
WRITERS = {
    "bot/cli/chat.py": "a transcript of a made-up person, where its author wants it",
    "bot/cli/db.py": "backups, where the operator wants them; and what was there before a restore",
    "bot/cli/texts.py": "texts of the flows; nobody's data",
    "bot/cli/stories.py": "an edited version while an editor is open; deleted when it closes",
    "bot/cli/people.py": "one person's file, for them; the operator is told to delete it",
    "review/export/export_page.py": "an export on its way to a browser, in a file without a name",
    "storage/upkeep/backup.py": "copies of the database, locked with the key unless the operator wants them plain",
    "storage/protection/crypto.py": "the key file",
    "storage/db/engine.py": "the database",
    "storage/export/select.py": "exports, where the operator wants them; listed for recall when a story is taken back",
    "flows/language/distress/train_danger.py": "weights learned from messages that were made up; nobody's data",
    "flows/language/intents/train_sense.py": "weights learned from labelled messages that were made up; nobody's data",
    "flows/language/keep_books.py": "what our own tables come to; nobody's data",
    "storage/places/building/keep_index.py": "an index of the list of places; nobody's data",
    "storage/places/building/build.py": "the list of places; nobody's data",
    "storage/places/building/districts.py": "the districts of that list; nobody's data",
    "storage/privacy/vacuum.py": "the list of erasures",
}
"""Every module that writes files, and what."""
FOLDER = registry().data_folder
STORY = "The periwinkle bridge was closed."


def writes(call: ast.Call) -> bool:
    """Tell whether a call makes or changes a file."""
    named = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if named in {"open", "fdopen"}:
        own = (
            isinstance(call.func, ast.Attribute)
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "os"
        )
        if own and named == "open":
            return True
        modes = [*call.args[:2], *(word.value for word in call.keywords if word.arg == "mode")]
        said = [mode.value for mode in modes if isinstance(mode, ast.Constant) and isinstance(mode.value, str)]
        return any(set(mode) & set("wax+") and set(mode) <= set("rwaxbt+") for mode in said)
    return named in WRITING


def modules() -> Iterator[tuple[str, ast.Module]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_every_module_that_writes_files_is_known_to_erasure() -> None:
    found = {
        name for name, tree in modules() if any(isinstance(node, ast.Call) and writes(node) for node in ast.walk(tree))
    }
    assert len(found) > 5
    assert found == set(WRITERS), "say above what the module writes, and what becomes of it when somebody leaves"
    assert all([*WRITERS.values(), *FOLDER.values()])


async def test_the_data_folder_holds_nothing_that_erasure_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole service, a story, an erasure, a backup put back: every file is on the list, and the words are gone."""
    monkeypatch.chdir(tmp_path)
    earshot = Terminal(tmp_path)
    app = build(read({"EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "EARSHOT_TWILIO_AUTH_TOKEN": "c" * 32,
                      "EARSHOT_TWILIO_FROM": "+447700900999"}))  # fmt: skip
    for words in (*walk.AGREED_BY_TEXT, STORY):
        inbound = app.channels["sms"].parse(urlencode(sms_form(MAYA, words)).encode())
        await app.intake.take(inbound)  # type: ignore[arg-type]  # it is a message
        all_is_read(app.writer, app.clock())
    app.close()
    copy = earshot.folder / "copy.db"
    assert earshot("db", "backup", str(copy), "--plain") == 0
    assert earshot("people", "erase", MAYA, "--reason", "asked", "--yes") == 0
    assert earshot("db", "restore", str(copy), "--yes") == 0
    app = build(read({}))
    vacuum(app.engine, app.writer, app.settings.data_dir, app.clock(), patient=False)
    folder = app.settings.data_dir
    files = [path for path in folder.rglob("*") if path.is_file()]
    names = {path.relative_to(folder).as_posix() for path in files}
    assert {"earshot.db", "secret.key", LIST, "earshot.db.before-restore"} <= names
    unknown = {name for name in names if not any(fnmatch(name, known) for known in FOLDER)}
    assert not unknown, "say in [data_folder] of storage/tables/registry.toml what becomes of these files"
    app.close()
    assert leftovers(files, ["periwinkle", *number_forms(MAYA)]) == {}
    assert leftovers([copy], ["periwinkle"]), "the search finds what is there"
