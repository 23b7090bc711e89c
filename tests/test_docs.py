"""The documents are true: what they name exists, under the name they give it."""

from __future__ import annotations

import os.path
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
import typer

from bot.channels import CHANNELS, channel_named
from bot.cli import build
from bot.settings import environment
from flows.checks import CHECKS
from flows.questions import QUESTIONS
from storage.export.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in chain(ROOT.glob("*.md"), ROOT.glob("docs/**/*.md"), ROOT.glob("flows/**/*.md"))
)
ROOMS = "bot|flows|storage|review|tests|docs"
PICTURE_BYTES = 200_000
TUPLES = {"CHANNELS": CHANNELS, "QUESTIONS": QUESTIONS, "CHECKS": CHECKS, "FORMATS": FORMATS}


class Named(NamedTuple):
    """Something a document names."""

    document: str
    what: str


def read(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def named(pattern: str, *documents: str) -> list[Named]:
    """Return everything of this form in these documents, or in all of them."""
    return [Named(name, found) for name in documents or DOCUMENTS for found in re.findall(pattern, read(name))]


def code(document: str) -> Iterator[str]:
    """Yield what is set as code: whole lines of blocks, and what stands in backquotes."""
    text = read(document)
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        yield from (line.strip() for line in block.splitlines())
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    yield from (line.strip() for line in re.findall(r"^ {4}(\S.*)$", prose, re.MULTILINE))
    yield from re.findall(r"`([^`\n]+)`", prose)


def test_there_are_documents() -> None:
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/deploy.md"} <= set(DOCUMENTS)
    assert sum(name.startswith("docs/adr/") for name in DOCUMENTS) >= 7


def test_every_variable_is_a_setting() -> None:
    ours = {environment.variable(field) for field in environment.Settings.model_fields}
    found = named(r"\bEARSHOT_[A-Z_]+\b") + named(r"\bEARSHOT_[A-Z_]+\b", "Dockerfile", "compose.yaml")
    assert len({what for _, what in found}) > 10
    assert [each for each in found if each.what not in ours] == []


def test_every_command_and_option_is_there() -> None:
    top = typer.main.get_command(build())
    found, wrong = 0, []
    for document in DOCUMENTS:
        for line in code(document):
            words = re.fullmatch(r"(?:docker compose exec web |\.venv/bin/)?earshot ([^#|]*).*", line)
            if words is None:
                continue
            found += 1
            command, path = top, words[1].split()
            while path and (commands := getattr(command, "commands", {})) and not path[0].startswith("-"):
                if path[0] not in commands:
                    wrong.append(Named(document, line))
                    break
                command = commands[path.pop(0)]
            options = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
            asked = {word for word in path if word.startswith("--")} - {"--help"}
            if asked - options:
                wrong.append(Named(document, line))
    assert found > 20
    assert wrong == []


def test_every_make_target_is_there() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    found = [Named(name, line.split()[1]) for name in DOCUMENTS for line in code(name) if line.startswith("make ")]
    assert {"run", "test", "check"} <= {what for _, what in found} & targets
    assert [each for each in found if each.what not in targets] == []


def test_every_path_is_there() -> None:
    found = named(rf"(?<![\w/.<-])(?:{ROOMS})/[\w./<>*-]*")
    assert len(found) > 50
    assert [each for each in found if not _is_there(each.what.rstrip(".,"))] == []


def _is_there(path: str) -> bool:
    """Tell whether a path leads somewhere; `<name>` stands for any name, `*` for several, and `.py` may be left out."""
    if "<" in path:
        path = path.partition("<")[0].rpartition("/")[0]
    if "*" in path:
        return any(ROOT.glob(path))
    return (ROOT / path).exists() or (ROOT / f"{path}.py").exists()


def test_every_link_leads_somewhere() -> None:
    found = named(r"\]\(([^)\s#]+)[^)]*\)")
    assert len(found) > 10
    far = [
        each
        for each in found
        if "://" not in each.what and not (ROOT / each.document).parent.joinpath(each.what).exists()
    ]
    assert far == []


def test_every_document_can_be_found_from_the_readme() -> None:
    reached, waiting = set(), ["README.md"]
    while waiting:
        document = waiting.pop()
        reached.add(document)
        links = (what for _, what in named(r"\]\(([^)\s#]+)[^)]*\)", document) if "://" not in what)
        found = {os.path.relpath((ROOT / document).parent / link, ROOT) for link in links}
        waiting += sorted((found & set(DOCUMENTS)) - reached)
    alone = [name for name in DOCUMENTS if name not in reached and not name.startswith("docs/adr/")]
    assert alone == []
    assert "](docs/adr)" in read("README.md")


def test_the_glossary_has_each_word_once() -> None:
    words = re.findall(r"^\| ([a-z][^|]*?) \|", read("docs/glossary.md"), re.MULTILINE)[1:]
    assert len(words) > 30
    assert len(words) == len(set(words))


def test_pictures_are_light() -> None:
    pictures = [ROOT / what for _, what in named(r"!\[[^\]]+\]\(([^)]+)\)", "README.md")]
    assert pictures
    assert [picture.name for picture in pictures if picture.stat().st_size > PICTURE_BYTES] == []


def test_every_webhook_is_where_the_documents_say() -> None:
    found = named(r"(?<!usage)/webhooks(?:/\w+)+")  # Twilio's own pages lie under usage/webhooks
    known = {*(path for name in CHANNELS for path in channel_named(name).paths)}
    assert {what for _, what in found} == known


@pytest.mark.parametrize("name", TUPLES)
def test_every_extension_point_is_explained(name: str) -> None:
    assert TUPLES[name]
    assert f"`{name}`" in read("CONTRIBUTING.md")
    (home,) = re.findall(rf"`{name}` in `([\w/.]+)`", read("docs/architecture.md"))
    assert re.search(rf"^{name}\b.* = \(", read(home), re.MULTILINE)


def test_each_decision_has_a_number_of_its_own() -> None:
    numbers = [path.name[:4] for path in sorted((ROOT / "docs" / "adr").glob("*.md"))]
    assert len(numbers) > 1
    assert len(set(numbers)) == len(numbers), numbers
    for path in (ROOT / "docs" / "adr").glob("*.md"):
        assert path.read_text(encoding="utf-8").startswith(f"# {int(path.name[:4])}. "), path.name
