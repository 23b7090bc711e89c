"""After a copy was put back, nothing goes out until somebody has looked. On both databases."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import put_back
from tests.bot.sending import NOON, Hand, Memory, Post

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine


@pytest.mark.parametrize("drop", [False, True], ids=["sent", "given up"])
async def test_nothing_goes_out_until_somebody_has_looked(database: Engine, drop: bool) -> None:
    hand = Hand()
    channel = Memory(hand)
    post = Post(database, channel, hand=hand)
    post.outbox.put("1", "before")
    with database.begin() as connection:
        put_back.hold(connection, [], NOON)
    await post.delivery.start()
    post.outbox.put("1", "since")
    await hand.run(60)
    assert channel.texts == []
    with database.begin() as connection:
        put_back.release(connection, NOON, "command line", drop=drop)
    await hand.run(5)
    post.outbox.put("1", "later")
    await hand.run(5)
    assert channel.texts == (["later"] if drop else ["since", "later"])
    await post.delivery.stop()
