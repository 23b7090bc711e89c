"""Taking the messages of a chat away (DELETE CHAT): which ones, found out when it is their turn to go.

Telegram lets a bot delete in a private chat what is less than 48 hours old, its own messages and the other's (Bot API,
deleteMessages). Their ids are in the sealed raw events only.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.channels.channel import Inbound, Piece
from storage.db.engine import reader
from storage.protection.crypto import SealBrokenError, open_address
from storage.queries.contributors import chat_messages

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Engine

    from bot.channels.channel import Channel
    from storage.protection.crypto import Keyring
    from storage.queries.delivery.outbox import DueMessage

REACHES_BACK = timedelta(hours=48) - timedelta(minutes=5)
"""A little less than is allowed: what is refused for one message is refused for all of a call."""


def pieces(engine: Engine, keyring: Keyring, channel: Channel, due: DueMessage, now: datetime) -> tuple[Piece, ...]:
    """Return what to hand to the channel, nothing if no message is known. Raises SealBrokenError for the address."""
    address = open_address(keyring, due.sealed)
    with reader(engine) as connection:
        known = chat_messages.since(
            connection, address_id=due.address_id, channel=due.channel, after=now - REACHES_BACK
        )
    ids = [number for joined in known.ours for number in joined.split(",")]
    for sealed in known.theirs:
        try:
            event = channel.parse(keyring.open("inbound.sealed", sealed))
        except SealBrokenError:
            continue
        if isinstance(event, Inbound) and event.address == address and event.ref:
            ids.append(event.ref)
    found = tuple(dict.fromkeys(ids))
    return (Piece(address=address, text="", deletes=found),) if found else ()
