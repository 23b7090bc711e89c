"""The books of phrases as `keep_books` wrote them down: ready at once, in memory only as far as somebody's words lead.

Owns the file `books.bin`. All trees of all books stand in it as one table of states, in which what is alike stands
once; it is mapped, not read, and a branch of it becomes an object when somebody first gets there. The file says of
which sources it was made. Where they are others by now, it counts for nothing, and books are put together from them.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from flows.language.mapped_file import let_go, mapped
from flows.language.phrase_trie import Tree
from flows.language.record_codec import decoded

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable

FOLDER: Final = Path(__file__).parent
FILE: Final = FOLDER / "books.bin"
SOURCES: Final = (
    "keywords/words/*.toml", "distress/concerns/*.toml", "intents/*.toml", "answers/*.toml",
    "keywords/keyword_tables.py", "distress/distress_tables.py", "intents/intent_tables.py", "intents/gathered.py",
    "answers/phrase_book.py", "phrase_trie.py", "normalise.py", "kept_books.py", "keep_books.py", "record_codec.py",
)  # fmt: skip
"""All that a book is made of: what is written in tables, and how they are read."""
DIGEST: Final = 32
"""Bytes of a digest, with which the file begins."""
SECTIONS: Final = ("I", "I", "H", "H", "I", "B", "B")
"""What follows, each after its length in bytes: where the words begin, where the edges of each state begin; for each
state its meaning (0 is none); for each edge its word and the state it leads to; the words; the books."""

Book = TypeVar("Book")


def kept(name: str, make: Callable[[], Book]) -> Book:
    """Return the book of this name from the file, or as `make` puts it together where the file does not have it."""
    file = _book_file()
    if file is None or name not in file.names:
        return make()
    book: Book = file.book(name)
    return book


def all_are_ready() -> None:
    """Let go of what was only looked at while books were opened."""
    file = _book_file()
    if file is not None:
        let_go(file.content)


def digest() -> bytes:
    """Return what tells whether the sources are those that a file was made of, and the machine of a kind with it."""
    told = sha256(sys.byteorder.encode())
    for pattern in SOURCES:
        for path in sorted(FOLDER.glob(pattern)):
            told.update(f"\n{path.name}\n".encode())
            told.update(path.read_bytes().replace(b"\r\n", b"\n"))
    return told.digest()


class BookFile:
    """The books of one file."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content = content
        view, place, sections = memoryview(content), DIGEST, []
        for kind in SECTIONS:
            length = int.from_bytes(view[place : place + 4], "little")
            sections.append(view[place + 4 : place + 4 + length].cast(kind))
            place += 4 + length + -length % 4
        self._words_at, self._edges_at, self._meant, self._words, self._leads_to, self._spelled, books = sections
        self._meanings, self._written = json.loads(bytes(books))
        self._read: dict[int, Any] = {}
        self._trees: dict[int, KeptTree] = {}

    @property
    def names(self) -> set[str]:
        """The names of the books."""
        return set(self._written)

    def book(self, name: str) -> Any:
        """Return a book, each time anew."""
        return decoded(json.loads(self._written[name]), self.tree)

    def tree(self, state: int) -> KeptTree:
        """Return the tree of a state; the same object each time."""
        made = self._trees.get(state)
        if made is None:
            made = self._trees[state] = KeptTree(self, state)
        return made

    def meaning(self, state: int) -> Any:
        """Return what has been said once a state is reached; None if nothing."""
        number = self._meant[state]
        if number not in self._read:
            self._read[number] = decoded(self._meanings[number], self.tree)
        return self._read[number]

    def edges(self, state: int) -> dict[str, Any]:
        """Return by word the state that a state leads to."""
        edges = slice(self._edges_at[state], self._edges_at[state + 1])
        return dict(zip(map(self._word, self._words[edges]), self._leads_to[edges], strict=True))

    def _word(self, number: int) -> str:
        return sys.intern(str(self._spelled[self._words_at[number] : self._words_at[number + 1]], "utf-8"))


class KeptTree(Tree[Any]):
    """A tree that stands in a file."""

    __slots__ = ("_book_file", "_state")

    def __init__(self, file: BookFile, state: int) -> None:
        self._book_file, self._state = file, state
        self.meaning = file.meaning(state)

    def __getattr__(self, name: str) -> dict[str, Any]:
        if name != "branches":
            raise AttributeError(name)
        self.branches = self._book_file.edges(self._state)
        return self.branches

    def _grow(self, word: str, begun: Any) -> KeptTree:
        grown = self.branches[word] = self._book_file.tree(begun)
        return grown


def opened(path: Path, made_of: bytes) -> BookFile | None:
    """Return the books of a file; None where there is none, or it was made of other sources."""
    try:
        with path.open("rb") as file:
            if file.read(DIGEST) != made_of:
                return None
            return BookFile(mapped(file))
    except FileNotFoundError:
        return None


@cache
def _book_file() -> BookFile | None:
    return opened(FILE, digest())
