"""The file of books: it holds what its tables say, and counts for nothing once they say something else."""

from __future__ import annotations

import shutil
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import pytest

from flows.language import kept_books
from flows.language.distress import danger_model
from flows.language.intents import sense_model
from flows.language.keep_books import made_anew, written
from flows.language.kept_books import FILE, digest, opened
from flows.language.keywords.recognise import recognise
from flows.language.linear import weights_file
from flows.language.phrase_trie import Tree, build_tree
from flows.language.record_codec import decoded

if TYPE_CHECKING:
    from pathlib import Path


def alike(one: Tree[Any], other: Tree[Any], seen: set[tuple[int, int]]) -> bool:
    """Tell whether two trees say the same of every phrase."""
    if (id(one), id(other)) in seen:
        return True
    seen.add((id(one), id(other)))
    if one.meaning != other.meaning or one.branches.keys() != other.branches.keys():
        return False
    for word in list(one.branches):
        here, there = one.after(word), other.after(word)
        assert here is not None
        assert there is not None
        if not alike(here, there, seen):
            return False
    return True


def parts(book: Any) -> dict[str, Any]:
    return {each.name: getattr(book, each.name) for each in fields(book)} if is_dataclass(book) else {"": book}


def test_every_book_in_the_file_is_what_its_sources_make():
    file = opened(FILE, digest())
    assert file is not None, "The tables have changed since the file was made: make books"
    made = made_anew()
    assert file.names == set(made)
    assert len(made) > 5
    trees, seen = 0, set[tuple[int, int]]()
    for name, book in made.items():
        kept = parts(file.book(name))
        for part, value in parts(book).items():
            if isinstance(value, Tree):
                trees += 1
                assert alike(value, kept[part], seen), (name, part)
            else:
                assert value == kept[part], (name, part)
    assert trees > 40


def test_a_file_of_other_sources_counts_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    old = tmp_path / "books.bin"
    tree = build_tree([("go away", "STOP")])
    old.write_bytes(written({"keywords en": tree}))
    found = opened(old, digest())
    assert found is not None
    assert found.book("keywords en").find(["go", "away"]) == "STOP"
    assert opened(old, b"of other sources".ljust(32)) is None
    assert opened(tmp_path / "missing", digest()) is None
    monkeypatch.setattr(kept_books, "_book_file", lambda: None)
    assert kept_books.kept("keywords en", lambda: "put together") == "put together"
    assert recognise("stop", language="en") is not None


@pytest.mark.parametrize("model", [danger_model, sense_model])
def test_the_index_of_a_models_weights_was_made_of_them(model, tmp_path: Path):
    content = model.FILE.read_bytes()
    assert weights_file.index_of(model.FILE).read_bytes() == weights_file.indexed(content, model.MARK), "make books"
    copy = tmp_path / "weights.txt"
    copy.write_bytes(content + model.MARK.join([b"unheard", b"7\n"]))
    shutil.copy(weights_file.index_of(model.FILE), tmp_path)
    stale = weights_file.opened(copy, model.MARK)
    last = list(stale.families)[-1]
    assert stale.find(f"{last} unheard") == b"7", "an index of other weights counts for nothing"


@pytest.mark.parametrize("model", [danger_model, sense_model])
def test_every_line_is_found_by_its_own_name_only(model):
    lines = weights_file.opened(model.FILE, model.MARK)
    names = [(family, feature, known) for family in lines.families for feature, known in lines.family(family)]
    assert len(names) > 20_000
    if model is sense_model:
        names = [each for each in names if each[0] != sense_model.LABELS]
    for family, feature, known in names:
        assert lines.find(f"{family} {feature}") == known
        assert lines.find(f"{family} {feature}\n") is None
        assert f"nowhere {feature}" not in lines


@pytest.mark.parametrize("source", kept_books.SOURCES)
def test_whatever_a_book_is_made_of_is_looked_at(source: str):
    assert list(kept_books.FOLDER.glob(source))


def test_the_digest_tells_any_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "answers").mkdir()
    table = tmp_path / "answers" / "en.toml"
    table.write_text("a = 1\n")
    monkeypatch.setattr(kept_books, "FOLDER", tmp_path)
    before = digest()
    table.write_bytes(b"a = 1\r\n")
    assert digest() == before, "a checkout with other ends of lines says the same"
    table.write_text("a = 2\n")
    assert digest() != before


@pytest.mark.parametrize(
    "value",
    [
        ["record", "keywords.keyword_tables:open_file", {}],
        ["record", "kept_books:Path", {}],
        ["call", "os:system", "ls"],
    ],
)
def test_only_records_of_our_own_are_read_back(value: list[Any]):
    with pytest.raises(ValueError, match=r"no record of ours|unknown mark"):
        decoded(value, lambda number: number)
