"""Conversations that an earlier version stored still load, and go on with the very answers which that version gave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import TypeAdapter

from bot.simulation.transcript import lines
from flows.authoring.loader import load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import texts_for
from flows.engine.advance import advance
from flows.model import signals
from flows.model.conversation import Conversation, UnreadableConversationError
from flows.model.organisation_facts import OrganisationFacts
from flows.model.signals import Chose, Edited, Expired, Quiet, Said

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnResult
    from flows.model.signals import Signal

ROOT = Path(__file__).parents[3]
FILE = Path(__file__).parent / "stored" / "conversations.jsonl"
STORED: list[dict[str, Any]] = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
ASKED_BY = OrganisationFacts(
    organisation="Earshot demo team", contact="hello@example.org", privacy_url="http://127.0.0.1:8000/privacy",
    emergency="999", crisis_line="Samaritans on 116 123", text_line="SHOUT to 85258",
    youth_line="Childline on 0800 1111",
)  # fmt: skip
RECEIPT = "kettle otter lantern"
TOLD = "My mother waited nine weeks for her tablets and she was in pain."
PROBES: dict[str, Signal] = {
    "one": Said(text="1", ref="p1"), "two": Said(text="2", ref="p1"), "done": Said(text="DONE", ref="p1"),
    "back": Said(text="BACK", ref="p1"), "tells": Said(text=TOLD, ref="p1"), "number": Said(text="4711", ref="p1"),
    "keep": Said(text="keep it all", ref="p1"), "thanks": Said(text="thanks", ref="p1"),
    "stop": Said(text="STOP", ref="p1"), "crossed": Said(text=TOLD, ref="p1", seen=0),
    "edits": Edited(text="In other words it was cold.", ref="m3"), "quiet": Quiet(), "expired": Expired(),
}  # fmt: skip


@lru_cache
def releases() -> dict[str, Release]:
    return {flow.id: compile_release(flow, texts_for(flow, {}), ASKED_BY) for flow in load()}


def read(stored: dict[str, Any]) -> Conversation:
    """Return a conversation as the turn runner hands it to the engine."""
    return Conversation.from_json(json.dumps(stored["state"])).changed(receipt=RECEIPT)


def signal_of(written: dict[str, Any]) -> Signal:
    ((name, fields),) = written.items()
    found: Signal = TypeAdapter(getattr(signals, name)).validate_python(fields)
    return found


def answer_of(turn: TurnResult) -> str:
    """Return a digest of where the conversation stands after a turn, and of what came of it, in order."""
    state = turn.conversation
    came = [f"{state.status} {state.step or '-'} {state.interrupted_by or '-'}"]
    came += [f"{one.mark} {one.text}" for one in lines(turn.effects, state.channel)]
    return sha256("\n".join(came).encode()).hexdigest()[:12]


def go_on(stored: dict[str, Any]) -> list[str]:
    """Return the answers to what came next; the state goes through JSON between all turns."""
    state, answers = read(stored), []
    for one in stored["then"]:
        turn = advance(releases()[state.flow], state, signal_of(one["signal"]), datetime.fromisoformat(one["now"]))
        answers.append(answer_of(turn))
        state = Conversation.from_json(turn.conversation.to_json()).changed(receipt=turn.conversation.receipt)
    return answers


def probe(stored: dict[str, Any], name: str) -> str:
    """Return the answer to one of the signals of this test."""
    state = read(stored)
    pressed = Chose(token=state.token, serial=state.serial, index=1)
    signal = pressed if name == "press" else PROBES[name]
    return answer_of(advance(releases()[state.flow], state, signal, datetime.fromisoformat(stored["now"])))


def kind_of(state: dict[str, Any]) -> str:
    return f"{state.get('status', 'idle')}-{state.get('aside', '')}-{state.get('step', '')}-{state['channel']}"


@pytest.mark.parametrize("stored", STORED, ids=[kind_of(one["state"]) for one in STORED])
def test_a_stored_conversation_goes_on_as_it_would_have(stored: dict[str, Any]) -> None:
    assert go_on(stored) == [one["answer"] for one in stored["then"]]
    assert {name: probe(stored, name) for name in stored["or"]} == stored["or"]


def test_every_question_of_ours_that_keeps_something_is_among_them() -> None:
    beneath = {(one["state"].get("aside"), one["state"].get("aside_notes", {}).get("under")) for one in STORED}
    assert {name for name, _ in beneath if name} == {
        "add", "after", "asked_back", "care", "change", "changes", "confirm", "decide_again", "delete",
        "delete_chat_too", "narrow", "of_age", "offers", "receipt", "resume", "retell", "reword", "reworded",
        "tell_anew", "tell_more",
    }  # fmt: skip
    assert {("care", "confirm"), ("care", "delete"), ("confirm", "delete"), ("confirm", "decide_again")} <= beneath
    kept = {key for one in STORED for key in one["state"].get("scratch", {})}
    assert kept == {
        "parts", "alive", "asked_all", "resting", "chosen", "words", "offered", "ref", "thanked", "still_stopped",
        "unclear",
    }  # fmt: skip


CARRIED = """
import sys
from flows.model.conversation import Conversation
for line in sys.stdin:
    print(Conversation.from_json(line).to_json())
assert not [name for name in sys.modules if name.startswith(("flows.interruptions", "flows.questions"))]
"""


def test_who_knows_no_question_carries_what_it_keeps_through_unread() -> None:
    """A command that only deletes loads no question of ours and none of a flow."""
    states = [read(stored) for stored in STORED]
    ran = subprocess.run(
        [sys.executable, "-c", CARRIED], input="".join(f"{state.to_json()}\n" for state in states),
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    again = [Conversation.from_json(line).changed(receipt=RECEIPT) for line in ran.stdout.splitlines()]
    assert again == states


def test_what_is_no_conversation_of_any_version_is_an_error_that_repeats_none_of_it() -> None:
    for broken in (
        '{"aside": 3',
        '{"scratch": ["my words"]}',
        '{"aside": "care", "aside_notes": {"notes": ["my words"]}}',
    ):
        with pytest.raises(UnreadableConversationError) as raised:
            Conversation.from_json(broken)
        assert "my words" not in str(raised.value)


def _renew() -> None:
    """Write the answers anew, as the code gives them now."""
    for stored in STORED:
        for one, answer in zip(stored["then"], go_on(stored), strict=True):
            one["answer"] = answer
        stored["or"] = {name: probe(stored, name) for name in stored["or"]}
    FILE.write_text("".join(json.dumps(one, ensure_ascii=False) + "\n" for one in STORED), "utf-8")


if __name__ == "__main__":
    _renew()
