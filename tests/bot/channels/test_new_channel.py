"""A new channel is a folder and a word in `CHANNELS`: then it is loaded, heard, answered and called by its name."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

import bot.channels
from bot.channels import channel_named, declaration, switched_on, way_in_words
from bot.channels.channel import Inbound, Outgoing
from bot.settings.environment import read
from flows.model.effects import Say
from flows.model.signals import Said
from tests import walk
from tests.bot.channels.test_every_channel import test_it_has_all_that_the_protocol_names as keeps_its_promise

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.bot.service import Service

LOFT = "loft 7"
DECLARED = '''
"""Letters by pigeon."""

from bot.channels.channel import Declaration

DECLARATION = Declaration(
    title="Carrier pigeon",
    way="carrier pigeon",
    is_on=lambda settings: settings.organisation == "The Loft",
)
'''
CHANNEL = '''
"""One loft. It keeps what it sent."""

from bot.channels.channel import Acknowledgement, Limits, Piece, Rejected, SentPiece
from flows.model.messages import sms_text


class PigeonChannel:
    name = "pigeon"
    limits = Limits(per_second=1.0, per_person=60.0)
    paths = ("/webhooks/pigeon",)
    aside = frozenset()
    thanks = Acknowledgement()
    reach = "the loft"

    @classmethod
    def from_settings(cls, settings, keyring):
        return cls()

    def __init__(self):
        self.flown = []

    def secrets(self):
        return ()

    def receive(self, path, query, headers, body):
        return Rejected(403, "secret")

    def parse(self, raw):
        return Rejected(400, "unreadable")

    def offer(self, menus):
        pass

    async def start(self):
        pass

    async def stop(self):
        pass

    def pieces(self, outgoing):
        return (Piece(address=outgoing.address, text=sms_text(outgoing.say)),)

    async def send(self, piece):
        self.flown.append(piece.text)
        return SentPiece(str(len(self.flown)))

    async def outcome(self, piece, since):
        return ()

    def meaning(self, report):
        return None

    async def missed(self, since):
        return ()

    def acknowledge(self, inbound):
        pass

    def answer_group(self, inbound, text):
        pass


CHANNEL = PigeonChannel
'''


@pytest.fixture
def pigeon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Add the folder and the word."""
    folder = tmp_path / "pigeon"
    folder.mkdir()
    (folder / "__init__.py").write_text(DECLARED)
    (folder / "pigeon_channel.py").write_text(CHANNEL)
    monkeypatch.setattr(bot.channels, "__path__", [*bot.channels.__path__, str(tmp_path)])
    monkeypatch.setattr(bot.channels, "CHANNELS", (*bot.channels.CHANNELS, "pigeon"))
    yield "pigeon"
    for name in [name for name in sys.modules if name.startswith("bot.channels.pigeon")]:
        del sys.modules[name]
    del bot.channels.pigeon  # type: ignore[attr-defined]


def test_it_keeps_the_promise_of_every_channel(pigeon: str) -> None:
    keeps_its_promise(channel_named(pigeon)())  # type: ignore[call-arg]


def test_it_is_loaded_where_it_is_switched_on(pigeon: str, service: Service) -> None:
    assert pigeon not in switched_on(read({}), service.keyring)
    found = switched_on(read({"EARSHOT_ORGANISATION": "The Loft"}), service.keyring)
    assert found[pigeon].name == pigeon


async def test_a_story_is_told_over_it(pigeon: str, service: Service) -> None:
    channel = service.channels[pigeon] = channel_named(pigeon)()  # type: ignore[call-arg]
    for number, text in enumerate((*walk.kept_by_text("The bus never came.", "I waited for an hour."), "MY DATA")):
        service.deliver()
        event = Inbound(
            channel=pigeon, provider_id=str(number), kind="message", address=LOFT, look="sms",
            signal=Said(text=text, ref=str(number)), ref=str(number), raw=b"{}",
        )  # fmt: skip
        assert await service.intake.take(event) == "handled"
    said = service.answers(LOFT)
    assert any("carrier pigeon" in text for text in said), said[-1]
    (piece,) = channel.pieces(Outgoing(address=LOFT, say=Say(text=said[-1])))
    assert (await channel.send(piece)).provider_id == "1"


def test_it_is_called_by_its_name(pigeon: str) -> None:
    assert way_in_words(pigeon) == "carrier pigeon"
    declared = declaration(pigeon)
    assert declared is not None


def test_a_word_without_a_folder_names_nothing() -> None:
    assert declaration("pigeon") is None
    assert way_in_words("pigeon") == "pigeon"
