"""Closed vocabularies: each is an enum, in one place, and is stored as the plain words that it stood for before."""

from __future__ import annotations

import ast
import inspect
import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import orjson
import pytest
from sqlalchemy import Enum, String, bindparam, select
from sqlmodel import AutoString

from flows.model import conversation
from flows.model.vocabulary import consent_answers, delivery, item_kinds, request_kinds, story_states
from review.kit import labels
from storage import tables
from storage.db.engine import reader
from storage.db.prepared_statement import Statement
from storage.tables import address, ask_back, edition, inbound, sign_in_link, story_part
from storage.tables.base import Row

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

ROOT = Path(__file__).parents[1]
HOMES = (
    consent_answers, conversation, delivery, item_kinds, request_kinds, story_states,
    address, ask_back, edition, inbound, sign_in_link, story_part,
)  # fmt: skip
VOCABULARIES = {
    found
    for home in HOMES
    for _, found in inspect.getmembers(home, inspect.isclass)
    if issubclass(found, StrEnum) and found.__module__ == home.__name__
}
WORDS_OF_A_LIST = frozenset(
    {
        "closed_why",
        "due_kind",
        "kind",
        "naming",
        "origin",
        "outcome",
        "progress",
        "purpose",
        "role",
        "state",
        "status",
        "use",
    }
)
"""What a column is called that holds one word of a list."""
OF_A_FILE = {"flows/questions/end.py"}
"""What a flow file may say is less than the engine knows, and a slip there names the words that it may be."""
OPEN = {
    "conversation.state": "the engine's own record, as JSON",
    "delivery_event.status": "the provider's word, whatever it is",
    "erasure.kind": "lines of a list beside the database have these words too, and more",
    "place.kind": "comes with the project's own list of places",
    "safeguarding.origin": "a rule, or a member's email",
    "safeguarding.outcome": "a list that the team's pages show and nothing else reads",
    "stray.kind": "what a channel calls it",
    "tag.origin": "goes into exports as it is, with words of the team's own",
}


def annotated() -> dict[str, tuple[set[type[StrEnum]], Any]]:
    """Return every column with the vocabularies in its annotation, and its type in the database."""
    found = {}
    for name in tables.__all__:
        model = getattr(tables, name)
        if not inspect.isclass(model) or not issubclass(model, Row):
            continue
        for field, info in model.model_fields.items():
            kinds = {kind for kind in (info.annotation, *get_args(info.annotation)) if inspect.isclass(kind)}
            of_list = {kind for kind in kinds if issubclass(kind, StrEnum)}
            found[f"{model.__tablename__}.{field}"] = (of_list, model.__table__.c[field].type)
    assert len(found) > 200, "the tables are looked at, not an empty list"
    return found


def test_a_column_that_holds_a_word_of_a_list_says_of_which() -> None:
    columns = annotated()
    bare = {name for name, (of_list, _) in columns.items() if name.partition(".")[2] in WORDS_OF_A_LIST and not of_list}
    assert bare == set(OPEN)
    assert len([name for name, (of_list, _) in columns.items() if of_list]) >= 20


def test_the_database_holds_plain_words() -> None:
    for name, (of_list, kind) in annotated().items():
        if of_list:
            assert isinstance(kind, AutoString), name
            assert not isinstance(kind, Enum), name


def literals(tree: ast.Module) -> Iterator[tuple[int, set[str]]]:
    """Yield the line and the words of every Literal, tuple, list and set of nothing but words."""
    for node in ast.walk(tree):
        inner = node.slice if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal" else node
        if isinstance(inner, ast.Tuple | ast.List | ast.Set):
            words = [one.value for one in inner.elts if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            if len(words) == len(inner.elts) > 1:
                yield inner.lineno, set(words)


def test_no_vocabulary_is_written_out_a_second_time() -> None:
    assert len(VOCABULARIES) > 15
    known = [{str(word) for word in vocabulary} for vocabulary in VOCABULARIES]
    again, looked_at = [], 0
    for package in ("flows", "storage", "review", "bot"):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = str(path.relative_to(ROOT))
            if name.startswith("storage/migrations"):
                continue
            for line, words in literals(ast.parse(path.read_text(encoding="utf-8"))):
                looked_at += 1
                again += [f"{name}:{line} {sorted(words)}" for vocabulary in known if words == vocabulary]
    assert looked_at > 200
    assert again == []


def test_no_type_is_a_part_of_a_vocabulary_written_out() -> None:
    known = [{str(word) for word in vocabulary} for vocabulary in VOCABULARIES]
    again, looked_at = [], 0
    for package in ("flows", "storage", "review", "bot"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Subscript) and ast.unparse(node.value) == "Literal":
                    looked_at += 1
                    found = ast.literal_eval(node.slice)
                    words = set(found) if isinstance(found, tuple) else set()
                    part = len(words) > 1 and any(words <= vocabulary for vocabulary in known)
                    name = str(path.relative_to(ROOT))
                    again += [f"{name}:{node.lineno} {sorted(words)}"] if part and name not in OF_A_FILE else []
    assert looked_at > 20
    assert again == []


@pytest.mark.parametrize(
    ("words", "vocabulary"),
    [
        (labels.STATES, story_states.StoryState),
        (labels.KINDS, story_states.StoryKind),
        (labels.PROGRESS, story_states.Progress),
        (labels.USES, consent_answers.Use),
        (labels.NAMINGS, consent_answers.Naming),
        (labels.PURPOSES, consent_answers.Purpose),
        (labels.ANSWERS, consent_answers.ConsentAnswer),
        (labels.EDITIONS, edition.EditionState),
        (labels.ROLES, item_kinds.Role),
        (labels.REQUESTS, request_kinds.RequestKind),
        (labels.REQUEST_ORIGINS, request_kinds.RequestOrigin),
        (labels.OUTCOMES, request_kinds.RequestOutcome),
    ],
)
def test_every_word_has_one_name_on_the_teams_pages(words: tuple[Any, ...], vocabulary: type[StrEnum]) -> None:
    assert sorted(word.value for word in words) == sorted(vocabulary)


def test_every_answer_has_a_width() -> None:
    assert set(consent_answers.WIDTH) == set(consent_answers.ConsentAnswer)
    for narrow, wide in zip(consent_answers.USES, consent_answers.USES[1:], strict=False):
        assert consent_answers.allows_more(wide, narrow)
        assert narrow in wide.narrower()
        assert wide in narrow.reaching()
    assert set(consent_answers.ConsentAnswer) > {*consent_answers.Use, *consent_answers.Naming}


def test_a_member_is_written_as_its_word(database: Engine) -> None:
    prepared = Statement(select(bindparam("word", type_=String)))
    for vocabulary in sorted(VOCABULARIES, key=lambda one: one.__name__):
        for member in vocabulary:
            assert f"{member}" == member.value == json.loads(json.dumps(member)) == orjson.loads(orjson.dumps(member))
            with reader(database) as connection:
                stored = connection.execute(select(bindparam("word", member, type_=String))).scalar_one()
                assert (type(stored), stored) == (str, member.value)
                assert prepared.one(connection, word=member) == (member.value,)
