"""The practice phone."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from bot.channels.channel import Inbound, Outgoing, Rejected, SentPiece
from bot.channels.simulator.simulator_channel import MOST_PHONES, SimulatorChannel, event, new_address, new_number
from flows.model.effects import Option, Say
from flows.model.signals import Chose, Said, Started

OPTIONS = (Option(value="a", label="Agree", key="1"), Option(value="n", label="No", key="2"))
ASK = Say(text="May we?", options=OPTIONS, serial=3)


def read_event(raw: bytes) -> Inbound:
    inbound = SimulatorChannel().parse(raw)
    assert isinstance(inbound, Inbound)
    return inbound


@pytest.mark.parametrize("look", ["sms", "telegram"])
def test_words_typed_on_the_page_are_an_event(look: str) -> None:
    address, number = new_address("sms" if look == "sms" else "telegram"), new_number()
    raw = event(address, number, text="My bus stop is gone\0", language="cy")
    inbound = read_event(raw)
    assert (inbound.look, inbound.address, inbound.provider_id, inbound.kind) == (look, address, number, "message")
    assert (inbound.signal, inbound.language_hint) == (Said(text="My bus stop is gone", ref=number), "cy")
    assert read_event(inbound.raw) == inbound


def test_start_begins_and_a_press_chooses() -> None:
    address = new_address("telegram")
    assert read_event(event(address, "12345678", text=" /start ")).signal == Started(ref="12345678")
    press = read_event(event(address, "12345678", press="tok.3.1"))
    assert (press.kind, press.signal) == ("press", Chose(token="tok", serial=3, index=1))
    assert read_event(event(address, "12345678", press="anything")).signal is None


BAD = [
    b"", b"{}", b"[]", b"7", b"\xff", b'{"id":"12345678","phone":"fax-aaaaaaaaaaaaaaaaaaaa"}',
    b'{"id":"short","phone":"sms-aaaaaaaaaaaaaaaaaaaa"}', b'{"id":7,"phone":8}',
    b'{"id":"12345678","phone":"sms-aaaaaaaaaaaaaaaaaaaa","text":7}',
    b'{"id":"12345678","phone":"sms-../../etc/passwd"}',
    b'{"id":"12345678","phone":"sms-aaaaaaaaaaaaaaaaaaaa","press":["x"]}',
]  # fmt: skip


@pytest.mark.parametrize("raw", BAD)
def test_what_is_no_event_is_turned_away(raw: bytes) -> None:
    assert SimulatorChannel().parse(raw) == Rejected(400, "unreadable")


def test_nobody_calls_it_from_outside() -> None:
    assert SimulatorChannel().receive("/x", "", {}, b"") == Rejected(403, "secret")


async def test_a_chat_shows_buttons_and_redraws_them() -> None:
    channel, address = SimulatorChannel(), new_address("telegram")
    for say in (
        ASK,
        Say(text="May we?", options=OPTIONS, serial=3, toggles=True, toggled=("a",), redraw=True),
    ):
        for piece in channel.pieces(Outgoing(address=address, say=say, token="tok")):
            await channel.send(piece)
    (bubble,) = channel.bubbles(address)
    assert bubble.buttons == (("✓ Agree", "tok.3.0"), ("No", "tok.3.1"))
    assert bubble.segments == 0


async def test_a_text_phone_shows_lines_and_counts_segments() -> None:
    channel, address = SimulatorChannel(), new_address("sms")
    (piece,) = channel.pieces(Outgoing(address=address, say=ASK))
    assert await channel.send(piece) == SentPiece("1", 1)
    (bubble,) = channel.bubbles(address)
    assert (bubble.text, bubble.segments, bubble.buttons) == ("May we?\n1 Agree\n2 No", 1, ())


async def test_the_phone_shows_both_sides() -> None:
    channel, address = SimulatorChannel(), new_address("telegram")
    channel.heard(read_event(event(address, new_number(), text="/start")))
    (piece,) = channel.pieces(Outgoing(address=address, say=ASK, token="tok"))
    await channel.send(piece)
    channel.heard(read_event(event(address, new_number(), press="tok.3.1")))
    channel.heard(read_event(event(address, new_number(), text="Hello")))
    assert [(bubble.ours, bubble.text) for bubble in channel.bubbles(address)] == [
        (False, "/start"), (True, "May we?"), (False, "No"), (False, "Hello"),
    ]  # fmt: skip
    channel.forget(address)
    assert channel.bubbles(address) == ()


async def test_a_page_can_wait_for_news() -> None:
    channel, address = SimulatorChannel(), new_address("sms")
    before = channel.version(address)
    waiting = asyncio.create_task(channel.changed(address, before, 60))
    await asyncio.sleep(0)
    channel.heard(read_event(event(address, new_number(), text="Hello")))
    assert await waiting == before + 1
    assert await channel.changed(address, before, 60) == before + 1, "news that is there already is not waited for"
    assert await channel.changed(address, before + 1, 0) == before + 1


async def test_phones_nobody_uses_are_thrown_away() -> None:
    channel = SimulatorChannel()
    first = new_address("sms")
    channel.heard(read_event(event(first, new_number(), text="Hello")))
    for _ in range(MOST_PHONES):
        channel.bubbles(new_address("sms"))
    assert channel.bubbles(first) == ()


async def test_what_a_phone_does_not_show_was_not_sent() -> None:
    channel = SimulatorChannel()
    (piece,) = channel.pieces(Outgoing(address=new_address("sms"), say=ASK))
    assert list(await channel.outcome(piece, datetime.now(UTC))) == []
