"""Outside `flows/questions` nobody asks of which type a question is: each declares what it is for."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from flows.authoring.definition import BY_TYPE
from flows.questions import QUESTIONS
from flows.questions.question import OptionStep, Step

ROOT = Path(__file__).parents[2]
HERE = ROOT / "flows" / "questions"
SHARED = {Step.__name__, OptionStep.__name__}
"""What every question type has in common; anybody may name it."""


@cache
def concrete() -> frozenset[str]:
    """Return the names of the classes in `flows/questions` that are a question type, or an option of one."""
    bases: dict[str, set[str]] = {}
    for file in HERE.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef):
                bases[node.name] = {base.id for base in node.bases if isinstance(base, ast.Name)}
    found: set[str] = set()
    while more := {name for name, mine in bases.items() if mine & (SHARED | found)} - found:
        found |= more
    return frozenset(found)


def asks_for_a_type(source: str) -> list[str]:
    """Return where code names a question type, compares a step's `type` with one, or looks for what a step may have."""
    types, found = concrete(), []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.alias(name=name) if name.rpartition(".")[2] in types:
                found.append(f"{node.lineno}: import {name}")
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in types:
                found.append(f"{node.lineno}: {name}")
            case ast.Compare() if _is_about_type(node):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.Match(subject=ast.Attribute(attr="type"), cases=cases):
                words = {
                    each.value for case in cases for each in ast.walk(case.pattern) if isinstance(each, ast.Constant)
                }
                found += [f"{node.lineno}: case {word}" for word in words & set(BY_TYPE)]
            case ast.Call(
                func=ast.Name(id="getattr" | "hasattr"), args=[ast.Name(id="step" | "following" | "asks"), *_]
            ):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def _is_about_type(compared: ast.Compare) -> bool:
    sides = (compared.left, *compared.comparators)
    named = {str(each.value) for side in sides for each in ast.walk(side) if isinstance(each, ast.Constant)}
    return any(isinstance(side, ast.Attribute) and side.attr == "type" for side in sides) and bool(named & set(BY_TYPE))


def test_every_question_type_is_found() -> None:
    assert {question.__name__ for question in QUESTIONS} <= concrete()
    assert {"ConsentOption", "StoryStep", "ReadBackStep"} <= concrete()
    assert not concrete() & SHARED
    assert set(BY_TYPE) == {str(question.model_fields["type"].default) for question in QUESTIONS}


@pytest.mark.parametrize(
    "source",
    [
        "isinstance(step, StoryStep | ShortTextStep)",
        "isinstance(step, flows.questions.story.StoryStep)",
        "from flows.questions.place import PlaceStep",
        "from flows.questions.consent import ConsentOption as Agreed",
        'step.type == "end"',
        'turn.step is not None and turn.step.type in {"consent", "credit"}',
        'getattr(step, "purpose", "")',
        "match step:\n    case StoryStep():\n        pass",
        'match step.type:\n    case "story":\n        pass',
    ],
)
def test_asking_for_a_type_is_noticed(source: str) -> None:
    assert asks_for_a_type(source)


def test_asking_what_a_question_is_for_is_fine() -> None:
    source = "from flows.questions.question import OptionStep, Step\nisinstance(step, Step) and step.asks_place"
    assert asks_for_a_type(source) == []


def test_nobody_else_asks_for_a_type() -> None:
    files = [file for room in ("bot", "flows", "review", "storage") for file in sorted((ROOT / room).rglob("*.py"))]
    others = [file for file in files if file.parent != HERE]
    assert len(files) - len(others) > len(QUESTIONS)
    assert len(others) > 300
    found = {
        file.relative_to(ROOT).as_posix(): named
        for file in others
        if (named := asks_for_a_type(file.read_text(encoding="utf-8")))
    }
    assert found == {}
