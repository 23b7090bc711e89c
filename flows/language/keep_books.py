"""Writes down what our tables and weights come to, once they change: `make books`. Never imported while we run."""

from __future__ import annotations

import json
from array import array
from typing import TYPE_CHECKING, Any

from flows.language.answers import phrase_book
from flows.language.distress import danger_model, distress_tables
from flows.language.intents import intent_tables, sense_model
from flows.language.kept_books import FILE, digest
from flows.language.keywords import keyword_tables
from flows.language.linear.weights_file import index_of, indexed
from flows.language.phrase_trie import Tree
from flows.language.record_codec import encoded

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping


def made_anew() -> dict[str, Any]:
    """Return every book by its name, put together from its sources."""
    return {
        **keyword_tables.books(),
        **distress_tables.books(),
        **intent_tables.books(),
        **phrase_book.books(),
    }


class _States:
    """Trees as a table of states, the same from wherever they are reached if the same follows."""

    def __init__(self) -> None:
        self.meanings: dict[Hashable, int] = {None: 0}
        self.words: dict[str, int] = {}
        self.known: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
        self._by_tree: dict[int, int] = {}
        self._kept: list[Tree[Any]] = []
        """So that no other tree gets the number of one that was seen."""

    def state(self, tree: Tree[Any]) -> int:
        """Return the number of the state that a tree is, grown to its last branch."""
        known = self._by_tree.get(id(tree))
        if known is not None:
            return known
        self._kept.append(tree)
        edges = []
        for word in sorted(tree.branches):
            following = tree.after(word)
            if following is not None:
                edges.append((self.words.setdefault(word, len(self.words)), self.state(following)))
        meant = self.meanings.setdefault(tree.meaning, len(self.meanings))
        made = self._by_tree[id(tree)] = self.known.setdefault((meant, tuple(edges)), len(self.known))
        return made


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def written(books: Mapping[str, Any]) -> bytes:
    """Return the content of a file of these books."""
    states = _States()

    def number(value: Any) -> int | None:
        return states.state(value) if isinstance(value, Tree) else None

    by_name = {name: _json(encoded(book, number)) for name, book in books.items()}
    words = [word.encode() for word in states.words]
    words_at, edges_at = array("I", [0]), array("I", [0])
    for word in words:
        words_at.append(words_at[-1] + len(word))
    meant, spoken, leads_to = array("H"), array("H"), array("I")
    for meaning, edges in states.known:
        meant.append(meaning)
        spoken.extend(word for word, _ in edges)
        leads_to.extend(state for _, state in edges)
        edges_at.append(len(spoken))
    rest = _json([[encoded(meaning, number) for meaning in states.meanings], by_name]).encode()
    made = digest()
    for section in (words_at, edges_at, meant, spoken, leads_to, b"".join(words), rest):
        content = bytes(section)
        made += len(content).to_bytes(4, "little") + content + bytes(-len(content) % 4)
    return made


def main() -> None:
    """Write the file of books, and the indexes of the models."""
    FILE.write_bytes(written(made_anew()))
    for model in (danger_model, sense_model):
        index_of(model.FILE).write_bytes(indexed(model.FILE.read_bytes(), model.MARK))


if __name__ == "__main__":
    main()
