"""What we promise people stands in docs/promises.md as it is said, each with the test that holds it."""

from __future__ import annotations

import ast
import re
import tomllib
from html import unescape
from pathlib import Path
from typing import NamedTuple

import pytest

from bot.app import build
from bot.settings.environment import read
from storage.privacy.retained_kinds import EARLY

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`")
SAID = ("text", "text_sms", "again", "again_sms", "more")
PEOPLE = TEXT.index("## What only people can hold")
SOUNDS_LIKE_ONE = re.compile(
    r"\b(never|nobody|unread|destroyed|at once|for good|at most|locked|deleted|nowhere|will not)\b"
    r"|\b(kept|keep) (no|nothing)\b|\bsafe, and\b",
    re.IGNORECASE,
)
NO_PROMISE = {
    "Never mind, we leave that one out.",
    "Nobody here can come or send help.", "Nobody here can come or send one.", "Nobody here can come or send them.",
    "Nothing was deleted.", "Nothing is kept until you choose.", "To keep nothing is fine too.",
    "It is not deleted.", "To have deleted what you told us, send DELETE.",
    "To have that deleted too, send DELETE.", "To have what you told us deleted, send DELETE.",
    "To have it deleted before that, send DELETE.",
    "If you are not sure, choose 1: nobody.",
    "Nobody: we write 'a person who told us'.",
    "Do it where nobody else can look.",
    "We picked nobody out.",
}  # fmt: skip
"""They tell what is so now, how to do something, or what we cannot do."""


class Promise(NamedTuple):
    """One row."""

    said: str
    where: tuple[str, ...]
    held: str


def rows() -> list[Promise]:
    found = re.findall(r"^\| (?!we say|---)(.+?) \| ([^|]+?) \| (.+?) \|$", TEXT, re.MULTILINE)
    return [Promise(said, tuple(re.findall(r"/privacy|[\w./]+", where)), held) for said, where, held in found]


ROWS = rows()


def messages() -> dict[str, str]:
    """Return what each message says, by its name; those of one name in several flows together."""
    found: dict[str, str] = {}
    for file in sorted((ROOT / "flows" / "content").glob("*.toml")):
        whole = tomllib.loads(file.read_text(encoding="utf-8"))
        for name, text in (whole.get("steps") or whole).items():
            if isinstance(text, dict) and text.get("kind") not in {"words", "label"}:
                found[name] = "\n".join([found.get(name, ""), *(str(text[key]) for key in SAID if key in text)])
    return found


MESSAGES = messages()


def page(path: str) -> str:
    """Return what a file says, without marks and line ends."""
    text = (ROOT / path).read_text(encoding="utf-8")
    if path.endswith(".html"):
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", text, flags=re.DOTALL)
        text = unescape(re.sub(r"<[^>]+>", "", re.sub(r"</(?:p|li|h\d|dt|dd)>", "\n", text)))
    return " ".join(text.split())


NOTICE = page("bot/web/templates/privacy/en.html")


def place(where: str) -> str:
    """Return all that is said at one place."""
    if where == "/privacy":
        return NOTICE
    return page(where) if "/" in where else " ".join(MESSAGES[where].split())


@pytest.mark.parametrize("promise", ROWS, ids=[row.said[:40] for row in ROWS])
def test_it_is_said_there_in_these_words(promise: Promise) -> None:
    assert promise.where
    for where in promise.where:
        assert promise.said in place(where), where


def test_every_promise_has_a_test_that_exists_or_says_on_whom_it_depends() -> None:
    assert len(ROWS) > 60
    for promise in ROWS:
        named = NAMED.findall(promise.held)
        assert named or TEXT.index(f"| {promise.said} |") > PEOPLE, promise.said
        for file, test in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            there = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert test in there if test else any(name.startswith("test_") for name in there), (file, test)


def test_no_promise_is_made_that_is_not_listed() -> None:
    """What sounds like one, in the notice and in every message, stands in the list or is known to be none."""
    listed = " ".join(promise.said for promise in ROWS)
    made = re.split(r"(?<=[.!?])\s+|\n", "\n".join([NOTICE, *MESSAGES.values()]))
    unlisted = {one for one in made if SOUNDS_LIKE_ONE.search(one) and one not in listed} - NO_PROMISE
    assert unlisted == set()


TIMES = (
    ("docs/care.md", "within half a minute", "alerts", 15),
    ("docs/deploy.md", "by the service itself | two minutes; over 64 MB about an hour.", "vacuum", 60),
    ("docs/deploy.md", "two minutes; over 64 MB about an hour.", "erasures", 60),
    ("docs/deploy.md", "at most a minute late", "vacuum", 60),
    ("docs/deploy.md", "What was kept for long enough is deleted by itself, every hour.", "retention", EARLY.seconds),
    ("bot/cli/clock.py", "a running service knows within a minute", "clock", 60),
)
"""Where a time is named, how, the job it hangs on, and how many seconds may lie between two runs of that."""


def test_what_is_promised_within_a_time_is_looked_at_often_enough(tmp_path: Path) -> None:
    app = build(read({"EARSHOT_DATA_DIR": str(tmp_path / "var")}))
    try:
        every = {job.name: job.every for job in app.schedule.jobs}
    finally:
        app.close()
    for where, words, job, seconds in TIMES:
        assert words in page(where)
        assert every[job] <= seconds, (where, words)
