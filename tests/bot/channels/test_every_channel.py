"""What every channel in `CHANNELS` promises, whatever its provider."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import pytest

from bot.channels import CHANNELS, channel_named
from bot.channels.channel import Channel, Inbound, Limits, Outgoing, Rejected, StatusReport
from flows.model.effects import Option, Say

if TYPE_CHECKING:
    from collections.abc import Callable

MAKE: dict[str, Callable[[Any], Channel]] = {
    "telegram": lambda cls: cls(token="1:abc", webhook_secret="s" * 16),
    "sms": lambda cls: cls(account_sid="AC0", auth_token="t" * 32, public_url="https://x.org", sender="+447700900999"),
    "simulator": lambda cls: cls(),
}
ADDRESSES = {"telegram": "42", "sms": "+447700900123", "simulator": "sms-" + "a" * 24}


@pytest.fixture(params=CHANNELS)
def channel(request: pytest.FixtureRequest) -> Channel:
    return MAKE[request.param](channel_named(request.param))


def test_there_are_channels_with_names_of_their_own() -> None:
    assert len(CHANNELS) >= 3
    assert [channel_named(name).name for name in CHANNELS] == list(CHANNELS)


def test_it_has_all_that_the_protocol_names(channel: Channel) -> None:
    promised = [name for name in (*Channel.__annotations__, *vars(Channel)) if not name.startswith("_")]
    assert "send" in promised
    for name in promised:
        assert hasattr(channel, name), name
        wanted = getattr(Channel, name, None)
        if inspect.isfunction(wanted):
            mine = getattr(type(channel), name)
            assert inspect.iscoroutinefunction(mine) == inspect.iscoroutinefunction(wanted), name
            assert list(inspect.signature(mine).parameters) == list(inspect.signature(wanted).parameters), name
    assert isinstance(channel.limits, Limits)
    assert channel.limits.per_second > 0


RUBBISH = [b"", b"\0", b"null", b"[]", b"\xff\xfe", b"a=b", b'{"update_id":"x"}', b"{" * 2000, b"x" * 2_000_000]


@pytest.mark.parametrize("raw", RUBBISH, ids=[repr(raw[:12]) for raw in RUBBISH])
def test_rubbish_is_turned_away_without_a_sound(channel: Channel, raw: bytes) -> None:
    assert isinstance(channel.parse(raw), Rejected)
    assert isinstance(channel.receive("/webhooks/x", "", {}, raw), Rejected)


def test_every_word_and_option_of_a_message_is_in_its_pieces(channel: Channel) -> None:
    options = tuple(Option(value=str(n), label=f"Label {n}", key=str(n)) for n in range(1, 10))
    say = Say(text="\n\n".join(f"Paragraph {n} " + "and so on " * 90 for n in range(8)), options=options, serial=1)
    pieces = channel.pieces(Outgoing(address=ADDRESSES[channel.name], say=say, token="tok", kind="prompt"))
    seen = "".join(piece.text + "".join(label for label, _ in piece.buttons) for piece in pieces)
    assert all(f"Paragraph {n}" in seen for n in range(8))
    assert all(option.label in seen for option in options)
    assert {piece.address for piece in pieces} == {ADDRESSES[channel.name]}
    assert "so on" not in repr(pieces)
    assert ADDRESSES[channel.name] not in repr(pieces)


def test_a_good_report_has_no_meaning_for_the_address(channel: Channel) -> None:
    assert channel.meaning(StatusReport(channel=channel.name, provider_id="1", status="delivered")) is None


async def test_asking_for_little_does_nothing_and_stopping_twice_does_no_harm(channel: Channel) -> None:
    channel.acknowledge(Inbound(channel=channel.name, provider_id="1", kind="message"))
    await channel.stop()
    await channel.stop()
