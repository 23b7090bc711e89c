"""After a copy was put back, nothing goes out until somebody has looked. On both databases."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from bot.app import build
from bot.settings.environment import read
from storage.privacy.vacuum import read_list
from storage.queries.contributors import people
from storage.upkeep import restore
from tests.bot.sending import NOON, Hand, Memory, Post

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Engine


@pytest.mark.parametrize("drop", [False, True], ids=["sent", "given up"])
async def test_nothing_goes_out_until_somebody_has_looked(database: Engine, drop: bool) -> None:
    hand = Hand()
    channel = Memory(hand)
    post = Post(database, channel, hand=hand)
    post.outbox.put("1", "before")
    with database.begin() as connection:
        restore.hold(connection, [], NOON)
    await post.sender.start()
    post.outbox.put("1", "since")
    await hand.run(60)
    assert channel.texts == []
    with database.begin() as connection:
        restore.release(connection, NOON, "command line", drop=drop)
    await hand.run(5)
    post.outbox.put("1", "later")
    await hand.run(5)
    assert channel.texts == (["later"] if drop else ["since", "later"])
    await post.sender.stop()


async def test_a_stop_is_on_the_list_though_cleaning_out_fails_or_takes_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that is put back forgets no STOP of more than a minute ago, whatever the database cannot do just now."""

    def full(*_: object) -> None:
        raise OSError

    app = build(read({"EARSHOT_DATA_DIR": str(tmp_path / "var")}))
    try:
        made = partial(people.make_person, channel="sms", lookups=[b"l" * 32], sealed=b"s", now=app.clock())
        person = app.writer.run(lambda connection: made(connection).contributor_id)
        app.writer.run(lambda connection: people.opt_out(connection, person, app.clock()))
        monkeypatch.setattr("bot.app.vacuum", full)
        (job,) = [job for job in app.schedule.jobs if job.name == "vacuum"]
        with suppress(OSError):
            await job.run()
        assert [line.kind for line in read_list(app.settings.data_dir)] == ["stop"]
    finally:
        app.close()
