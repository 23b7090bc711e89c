"""Nobody asks for the name of a look or a channel: what follows from it is declared by each."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import get_args

import pytest

from bot.channels import CHANNELS, declaration
from bot.cli.chat import ChatChannel
from flows.authoring.flow_graph import CHANNELS as WALKED
from flows.language.keywords.recognise import READ_BY_CARRIERS
from flows.model.channel_look import LOOKS, ChannelKind

ROOT = Path(__file__).parents[1]
NAMES = {*LOOKS, *CHANNELS}
DECLARED = ("bot/channels/", "flows/model/channel_look.py", "storage/migrations/")
"""Where they may be named: there they are declared, or were before anything was."""


def asks_for_a_name(source: str) -> list[str]:
    """Return where code compares with the name of a look or a channel, or lists what follows from each name."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare() if _names(node.left, *node.comparators):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.Dict(keys=keys) if len(_names(*filter(None, keys))) > 1:
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.Subscript(value=ast.Name(id="Literal"), slice=listed) if _all_names(listed):
                found.append(f"{node.lineno}: {ast.unparse(node)}")
            case ast.match_case(pattern=pattern) if any(_names(*ast.iter_child_nodes(p)) for p in ast.walk(pattern)):
                found.append(f"case {ast.unparse(pattern)}")
            case ast.Call(func=ast.Attribute(attr="startswith"), args=[ast.Constant(value=str(start))]):
                if start.rstrip("-") in NAMES:
                    found.append(f"{node.lineno}: {ast.unparse(node)}")
    return found


def _all_names(listed: ast.expr) -> bool:
    words = {each.value for each in ast.walk(listed) if isinstance(each, ast.Constant)}
    return bool(words) and words <= NAMES


def _names(*nodes: ast.AST) -> list[str]:
    listed = [
        each for node in nodes for each in (node.elts if isinstance(node, ast.Tuple | ast.Set | ast.List) else [node])
    ]
    return [str(each.value) for each in listed if isinstance(each, ast.Constant) and each.value in NAMES]


@pytest.mark.parametrize(
    "source",
    [
        'state.channel == "sms"',
        '"telegram" != look',
        'channel in {"sms", "simulator"}',
        'channel not in ("sms", "telegram")',
        'LONGEST = {"telegram": 4096, "sms": 1600}',
        'When = Literal["sms", "telegram"]',
        'address.startswith("sms-")',
        'match channel:\n    case "sms":\n        pass',
    ],
)
def test_asking_for_a_name_is_noticed(source: str) -> None:
    assert asks_for_a_name(source)


def test_asking_what_follows_from_it_is_fine() -> None:
    assert asks_for_a_name('state.look.short and line.kind != "says" and text.startswith("s")') == []


def test_nobody_asks_for_a_name() -> None:
    files = [file for room in ("bot", "flows", "review", "storage") for file in sorted((ROOT / room).rglob("*.py"))]
    others = {file.relative_to(ROOT).as_posix(): file for file in files}
    others = {name: file for name, file in others.items() if not name.startswith(DECLARED)}
    assert len(others) > 300
    found = {
        name: asked for name, file in others.items() if (asked := asks_for_a_name(file.read_text(encoding="utf-8")))
    }
    assert found == {}


def test_every_look_is_declared_under_its_name() -> None:
    assert set(get_args(ChannelKind)) == set(LOOKS) == {look.name for look in LOOKS.values()}
    assert tuple(LOOKS) == WALKED
    assert {each.value for each in ChatChannel} == set(LOOKS)
    assert {name for name, look in LOOKS.items() if look.carrier} == READ_BY_CARRIERS


def test_every_channel_declares_itself() -> None:
    declared = {name: declaration(name) for name in CHANNELS}
    assert all(one is not None and one.title and one.way for one in declared.values())
    assert [name for name, one in declared.items() if one is not None and one.simulated] == ["simulator"]
    for name, look in LOOKS.items():
        mine = declared[name]
        assert mine is not None
        assert (mine.title, mine.way) == (look.title, look.way)
