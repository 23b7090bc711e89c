"""A PO file: reads, creates and updates one language's translations.

One entry per text: `msgctxt` is the text's address, `msgid` the source it was translated from. An entry marked fuzzy is
a draft that nobody has checked. The same input always gives the same output: no dates, no paths of a machine.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, denormalize, read_po, write_po

from flows.questions.question import SourceText

if TYPE_CHECKING:
    from pathlib import Path

BYTE_ORDER_MARK = "\ufeff".encode()
"""What editors on Windows write at the start of a file; it is ignored."""
WIDTH = 100
"""Characters of a line in a PO file."""

_STRINGS = re.compile(r'"(?:[^"\\]|\\.)*"')
_QUOTED = re.compile(r'(?:msg\w+(?:\[\d\])? )?"(?:[^"\\]|\\.)*"')

_HEADER = """\
# Texts of Earshot in another language: {language}
#
# Leave what stands in {{braces}} as it is; it is filled in when a message is sent.
# "fuzzy" marks a draft. It is not sent until a person who speaks the language has checked it and taken the mark away.
msgid ""
msgstr ""
"Project-Id-Version: Earshot\\n"
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""


class UnreadableCatalogueError(ValueError):
    """A PO file cannot be read. Nothing was changed; the message names the file, the line and what to do."""


class Entry(NamedTuple):
    """One translation as in its file. `text` is empty if none was given."""

    address: str
    source: str
    text: str
    fuzzy: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One language's entries, by address."""

    language: str
    entries: Mapping[str, Entry] = field(default_factory=dict)


class CatalogueChange(NamedTuple):
    """How many texts an update of a catalogue added, changed and removed."""

    kept: int
    new: int
    changed: int
    """Source texts that changed: their translations are marked fuzzy."""
    dropped: int


def read_catalogue(path: Path) -> Catalogue:
    """Read a PO file; its language is the file's name. Raises UnreadableCatalogueError."""
    found = {
        message.context: Entry(message.context, str(message.id), str(message.string or ""), message.fuzzy)
        for message in _read(path.read_bytes(), path.name)
        if message.id and message.context
    }
    return Catalogue(path.stem, found)


def template(sources: Iterable[SourceText]) -> str:
    """Return the template that translators start from, as PO text."""
    made = Catalog()
    for source in sources:
        _add(made, _message(source))
    return _HEADER.format(language="") + "\n" + _written(made)


def updated(old: bytes | None, language: str, sources: Iterable[SourceText]) -> tuple[str, CatalogueChange]:
    """Return a catalogue updated to the sources, as PO text, and what changed.

    Translations stay; those of a changed source are marked fuzzy, with the old source beside them; those of a removed
    text move to the end as comments. `old` is the current content, None for a new language. The file's own header is
    kept. Raises UnreadableCatalogueError.
    """
    before = _read(old, f"{language}.po") if old is not None else Catalog()
    known = {message.context: message for message in before if message.id and message.context}
    gone = {message.context: message for message in before.obsolete.values() if message.context}
    made = Catalog()
    kept = new = changed = 0
    for source in sources:
        message = _message(source)
        earlier = known.pop(source.address, None) or gone.pop(source.address, None)
        if earlier is None or not earlier.string:
            new += 1
        elif earlier.id == source.text:
            kept += 1
            message.flags |= earlier.flags & {"fuzzy"}
            message.previous_id = _previous(earlier) if earlier.fuzzy else []
        else:
            changed += 1
            message.flags.add("fuzzy")
            message.previous_id = [text for text in _previous(earlier) or [str(earlier.id)] if text != source.text]
        if earlier is not None:
            message.string = earlier.string
            message.user_comments = _remarks(earlier)
        _add(made, message)
    left = [message for message in (*gone.values(), *known.values()) if message.string]
    for message in left:
        message.auto_comments = []
        message.user_comments = _remarks(message)
        made.obsolete[message.context or ""] = message
    dropped = sum(message.context in known for message in left)
    header = _header_of(old) if old is not None else _HEADER.format(language=language)
    return header.rstrip("\n") + "\n\n" + _written(made), CatalogueChange(kept, new, changed, dropped)


def _read(content: bytes, name: str) -> Catalog:
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        raise _unreadable(name, "it is not written in UTF-8") from None
    for number, line in enumerate(lines, start=1):
        if line.startswith(("msg", '"')) and not _QUOTED.fullmatch(line.rstrip()):
            raise _unreadable(name, f"line {number} lacks a quote")  # Babel would silently drop the last letter
    try:
        return read_po(BytesIO(content), abort_invalid=True, charset="utf-8")
    except PoFileError as error:
        raise _unreadable(name, f"line {(error.lineno or 0) + 1} is not part of a PO file") from None
    except ValueError as error:
        raise _unreadable(name, str(error)) from None


def _unreadable(name: str, why: str) -> UnreadableCatalogueError:
    return UnreadableCatalogueError(f"{name} cannot be read: {why}. Nothing was changed. Mend it in a PO editor.")


def _previous(message: Message) -> list[str]:
    """Return the source an entry was translated from before it changed; Babel reads those lines as comments."""
    remark = " ".join(comment[1:].strip() for comment in message.user_comments if comment.startswith("|"))
    quoted = _STRINGS.findall(remark.partition("msgid ")[2])  # Babel wraps the quoted lines like running text
    text = "".join(denormalize(piece) for piece in quoted)
    return [text] if text else []


def _remarks(message: Message) -> list[str]:
    return [comment for comment in message.user_comments if not comment.startswith("|")]


def _message(source: SourceText) -> Message:
    made = Message(source.text, "", auto_comments=_comments(source), context=source.address)
    made.flags.discard("python-format")  # a per cent sign has no special meaning in our texts
    return made


def _comments(source: SourceText) -> list[str]:
    limits = {
        "label": "An answer to choose: a button, and a numbered line by SMS. At most 64 characters.",
        "words": "Words that mean the same answer, with commas between them. Give those of your language.",
        "text": "",
    }[source.kind]
    channel = {True: "Sent by SMS only: keep it short.", False: "Not sent by SMS.", None: ""}[source.sms]
    return [line for line in (source.comment, limits, channel) if line]


def _add(catalog: Catalog, message: Message) -> None:
    catalog[message.id] = message


def _written(catalog: Catalog) -> str:
    out = BytesIO()
    write_po(out, catalog, width=WIDTH, no_location=True, omit_header=True, include_previous=True)
    return out.getvalue().decode("utf-8").rstrip("\n") + "\n"


def _header_of(content: bytes) -> str:
    """Return the first entry of a PO file unchanged, so that what an editor wrote there is kept."""
    return content.removeprefix(BYTE_ORDER_MARK).decode("utf-8").replace("\r\n", "\n").split("\n\n", 1)[0] + "\n"
