"""The threat model is true where a program can tell: inputs are all listed, and whatever stops a threat exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from bot.app import build
from bot.channels import CHANNELS, channel_named
from bot.settings.environment import Settings, read
from bot.settings.open_database import KEY_FILE
from storage.privacy.vacuum import LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
CLIENTS = {
    "aiohttp", "ftplib", "http.client", "httpx", "requests", "smtplib", "telegram.Bot", "telnetlib", "twilio.rest",
    "urllib.request", "urllib3", "websockets",
}  # fmt: skip
"""Packages that open connections to others."""
PARTS = ("Stops it", "Does not stop it", "Your organisation")
ASKED_FOR = (
    "A shared phone", "A curious worker", "A hostile partner organisation", "A stolen database or backup",
    "A stolen laptop with a session", "A leaked bot token", "A leaked auth token", "A forged webhook",
    "A subpoena or a request by the police", "A flood", "Somebody who guesses receipts and links",
    "A malicious flow file or translation", "What Earshot is made of",
)  # fmt: skip
THREATS = dict(re.findall(r"^### (.+)\n((?:(?!^##).*\n?)*)", TEXT.partition("\n## Threats\n")[2], re.MULTILINE))
INPUTS = TEXT.partition("\n## Who controls each input\n")[2].partition("\n## ")[0]


def bullets(threat: str, part: str) -> list[str]:
    """Return what is listed under one part of a threat."""
    found = re.search(rf"^{part}:\n((?:- .*\n(?:  .*\n)*)+)", THREATS[threat] + "\n", re.MULTILINE)
    return re.findall(r"^- (.*(?:\n  .*)*)", found[1], re.MULTILINE) if found else []


def test_every_threat_that_was_asked_for_is_there() -> None:
    assert set(ASKED_FOR) <= set(THREATS)


@pytest.mark.parametrize("threat", THREATS)
def test_a_threat_says_what_stops_it_what_does_not_and_what_is_left_to_do(threat: str) -> None:
    for part in PARTS:
        assert bullets(threat, part), f"“{threat}” has nothing under “{part}:”"


@pytest.mark.parametrize("threat", THREATS)
def test_whatever_stops_a_threat_exists(threat: str) -> None:
    for said in bullets(threat, "Stops it"):
        named = re.findall(r"`([\w./-]+/[\w./-]+|requirements\.txt)`", said)
        assert named, f"“{said}” names no test and no module that carries it out"
        assert [path for path in named if not (ROOT / path).exists()] == []


def test_what_is_not_protected_is_said_plainly_and_first() -> None:
    assert TEXT.index("## What is not protected") < TEXT.index("## Trust boundaries") < TEXT.index("## Threats")
    assert "**Stories are readable in the database.**" in TEXT


def test_every_address_we_answer_at_is_among_the_inputs(tmp_path: Path) -> None:
    listed = set(re.findall(r"`(/[^`]*)`", INPUTS))
    answered = set(_addresses(tmp_path))
    assert {"/", "/privacy", "/try", "/healthz", "/sign-in"} <= answered
    missing = {address for address in answered if not (address in listed or _under(address, listed))}
    assert missing == set(), "say in docs/threat-model.md who controls these, and what is done with it"


def test_every_webhook_and_file_is_among_the_inputs() -> None:
    paths = [path for name in CHANNELS for path in channel_named(name).paths]
    assert paths
    for name in (*paths, KEY_FILE, LIST, ".env", "earshot", "earshot places import", "earshot db restore"):
        assert f"`{name}`" in INPUTS


def test_every_package_is_pinned_with_its_hash() -> None:
    text = (ROOT / "requirements.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    packages = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    assert len(packages) > 30
    assert [line for line in packages if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line)] == []
    assert "--require-hashes" in (ROOT / "Makefile").read_text(encoding="utf-8")
    assert "--require-hashes" in (ROOT / "Dockerfile").read_text(encoding="utf-8")


def _under(address: str, listed: set[str]) -> bool:
    """Tell whether an address is one of a page's own forms, or a file under a listed folder."""
    return any(address.startswith(f"{one}/") for one in ("/try", "/static") if one in listed)


def _addresses(folder: Path) -> Iterator[str]:
    """Yield every address of a whole service, as the documents write them: a parameter without its kind."""
    settings = read({"EARSHOT_DATA_DIR": str(folder / "var"), "EARSHOT_SIMULATOR": "on"})
    app = build(settings)
    try:
        yield from (re.sub(r":\w+\}", "}", address) for address in _walk(app.asgi.pages.routes))  # type: ignore[attr-defined]  # our own FastAPI
    finally:
        app.close()


def _walk(routes: list[object], before: str = "") -> Iterator[str]:
    assert routes
    for route in routes:
        path = before + str(getattr(route, "path", ""))
        inside = getattr(route, "routes", None)
        if inside:
            yield from _walk(inside, path.rstrip("/"))
        else:
            yield path or "/"


def test_nobody_else_is_called() -> None:
    """Only the channels open connections, and only to those whom docs/processors.md names."""
    text = (ROOT / "docs" / "processors.md").read_text(encoding="utf-8")
    addresses = [str(field.default) for field in Settings.model_fields.values() if "https://" in str(field.default)]
    assert len(addresses) == 2
    assert [address for address in addresses if f"`{urlsplit(address).netloc}`" not in text] == []
    files = [file for room in ("bot", "flows", "review", "storage") for file in (ROOT / room).rglob("*.py")]
    assert len(files) > 100
    calling = {file.relative_to(ROOT).as_posix() for file in files if CLIENTS & _imported(file)}
    assert calling == {"bot/channels/sms/twilio_api.py", "bot/channels/telegram/bot_api.py"}


def test_one_page_of_the_team_can_open_an_address_and_no_other() -> None:
    """A number is opened to send to it, by commands that record it, and for a reason by those who look after people."""
    pages = list((ROOT / "review").rglob("*.py"))
    assert len(pages) > 10
    opening = {page.name for page in pages if re.search(r"\bopen_address\b", page.read_text(encoding="utf-8"))}
    assert opening == {"services.py", "safeguarding_page.py"}


def _imported(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found
