"""Earshot under the bench: the real service on SQLite at synchronous=FULL, logging and checks on, a flow of its own.

`python -m tests.bench.earshot_bot serve|seed N|dump`, with PORT, STAND_IN (or STUB) and STATE in the environment.
`seed` makes so many half-told conversations with their history; `dump` prints a JSON line for each conversation.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from datetime import timedelta
from functools import partial
from pathlib import Path
from secrets import token_hex, token_urlsafe
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.app import App, build
from bot.channels.channel import Inbound
from bot.channels.telegram import updates
from bot.settings.environment import Settings, read
from bot.settings.open_database import open_database
from flows.model.conversation import Conversation
from flows.questions.story import as_parts, joined
from storage import tables
from storage.db.engine import reader
from storage.protection.crypto import Keyring, address_lookups, open_address, seal_address
from tests.bench.load import SECRET, TOKEN, update
from tests.bench.questionnaire import QUESTIONS, TURNS, flow, words
from tests.bot.service import all_is_read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine import Connection

SEEDED = 5
"""Turns that a seeded person has behind them."""
AT_ONCE = 2_000
"""People written in one transaction."""


def environment() -> dict[str, str]:
    """Return Earshot's settings for the bench; only Telegram's rate differs from a real installation."""
    folder = Path(os.environ["STATE"])
    stand_in = os.environ.get("STAND_IN") or os.environ.get("STUB") or "http://127.0.0.1:8800"
    return {
        "EARSHOT_DATA_DIR": str(folder),
        "EARSHOT_PORT": os.environ.get("PORT", "8801"),
        "EARSHOT_TELEGRAM_TOKEN": TOKEN,
        "EARSHOT_TELEGRAM_MODE": "webhook",
        "EARSHOT_TELEGRAM_WEBHOOK_SECRET": os.environ.get("SECRET", SECRET),
        "EARSHOT_TELEGRAM_API_URL": stand_in + "/bot",
        "EARSHOT_TELEGRAM_RATE": "100000",
    }


def settings() -> Settings:
    """Put the flow where Earshot looks for an organisation's own, and return the settings."""
    read_in = read(environment())
    folder = read_in.data_dir / "flows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "share.toml").write_text(flow(), encoding="utf-8")
    return read_in


AT_ONCE_READ = (
    "from datetime import timedelta; from bot.turn import seen_messages; seen_messages.READ_IN = timedelta(0)"
)
"""The people of the bench answer as soon as a message reaches them; nobody else can have read it by then."""
SERVE = f"import sys; {AT_ONCE_READ}; from bot.cli import main; sys.argv[1:] = ['serve']; main()"


def serve() -> None:
    """Become `earshot serve`."""
    settings()
    os.environ.update(environment())
    os.execv(sys.executable, [sys.executable, "-c", SERVE])


# --- seed -------------------------------------------------------------------------------------------------------------


def seed(people: int) -> None:
    """Fill the database with half-told conversations: one is held for real, the others are copies of it."""
    app = build(settings())
    asyncio.run(_tell(app))
    with reader(app.engine) as connection:
        model = Model(connection)
    for first in range(2, people + 1, AT_ONCE):
        some = range(first, min(first + AT_ONCE, people + 1))
        app.writer.run(partial(model.copies, people=some, keyring=app.keyring))
    app.close()


async def _tell(app: App) -> None:
    for turn in range(1, SEEDED + 1):
        event = updates.read(update(turn, 1, turn).encode())
        assert isinstance(event, Inbound)
        assert await app.intake.take(event) == "handled"
        all_is_read(app.writer, app.clock())


class Model:
    """The rows of one person, to be written again for others."""

    def __init__(self, connection: Connection) -> None:
        def rows(table: Any) -> list[dict[str, Any]]:
            return [dict(row) for row in connection.execute(select(table)).mappings()]

        (self.contributor,) = rows(tables.Contributor.__table__)
        (self.address,) = rows(tables.Address.__table__)
        (self.conversation,) = rows(tables.Conversation.__table__)
        self.inbound = rows(tables.Inbound.__table__)
        self.outbox = rows(tables.Outbox.__table__)
        self.decisions = rows(tables.Decision.__table__)
        for decision in self.decisions:
            del decision["id"]
        self.state = Conversation.from_json(self.conversation["state"])
        assert self.inbound[-1]["id"] == self.outbox[-1]["id"] == SEEDED

    def copies(self, connection: Connection, people: range, keyring: Keyring) -> None:
        """Write the same for these people, each in their own words and under their own address."""
        made: dict[Any, list[dict[str, Any]]] = {}
        for person in people:
            for table, row in self._rows(person, keyring):
                made.setdefault(table.__table__, []).append(row)
        for table, rows in made.items():
            connection.execute(table.insert(), rows)

    def _rows(self, person: int, keyring: Keyring) -> Iterator[tuple[Any, dict[str, Any]]]:
        yield tables.Contributor, self.contributor | {"id": person, "pseudonym": f"Wren {person:07}"}
        owner = {"contributor_id": person}
        yield tables.Address, self.address | owner | {
            "id": person, "lookup": address_lookups(keyring, "telegram", str(person))[0],
            "sealed": seal_address(keyring, str(person)),
        }  # fmt: skip
        state = self._state(person)
        yield tables.Conversation, self.conversation | owner | {
            "id": state.id, "address_id": person, "state": state.to_json(),
            "due_at": self.conversation["due_at"] + timedelta(milliseconds=person),
        }  # fmt: skip
        for decision in self.decisions:
            yield tables.Decision, decision | owner | {"conversation_id": state.id}
        for turn, (heard, said) in enumerate(zip(self.inbound, self.outbox, strict=True), start=1):
            number = (person - 1) * SEEDED + turn
            event = updates.read(update(number, person, turn).encode())
            assert isinstance(event, Inbound)
            sealed = keyring.seal("inbound.sealed", event.raw)
            yield tables.Inbound, heard | owner | {"id": number, "provider_id": str(number), "sealed": sealed}
            yield tables.Outbox, said | owner | {
                "id": number, "address_id": person, "conversation_id": state.id, "inbound_id": number, "state": "sent",
                "payload": None, "attempts": 1, "provider_id": str(number), "sent_at": said["created_at"],
            }  # fmt: skip

    def _state(self, person: int) -> Conversation:
        answers = dict(self.state.answers)
        for number in range(1, SEEDED - 1):
            told = words(person, number + 2)
            value = [[str(number + 2), told]]
            answers[f"q{number}"] = answers[f"q{number}"].model_copy(update={"value": value, "label": told})
        fresh = {"id": self.state.id[:12] + token_hex(10), "token": token_urlsafe(10)[:10], "answers": answers}
        return self.state.model_copy(update=fresh)


# --- dump -------------------------------------------------------------------------------------------------------------


def dump() -> Iterator[dict[str, Any]]:
    """Give for each conversation the chat, the turns done, and the answers in order."""
    base = open_database(settings())
    talks, addresses = tables.Conversation.__table__, tables.Address.__table__
    with reader(base.engine) as connection:
        for sealed, stored in connection.execute(select(addresses.c.sealed, talks.c.state).join_from(talks, addresses)):
            state = Conversation.from_json(stored)
            given = [state.answers.get(f"q{number}") for number in range(1, len(QUESTIONS) + 1)]
            yield {
                "chat": int(open_address(base.keyring, sealed)),
                "step": turns_done(state),
                "answers": [joined(as_parts(answer.value)) for answer in given if answer is not None],
            }
    base.close()


def turns_done(state: Conversation) -> int:
    """Return how many turns of the questionnaire a conversation is through."""
    if state.status != "open":
        return TURNS if state.status == "ended" else 0
    steps = ("take_part", *(f"q{number}" for number in range(1, len(QUESTIONS) + 1)), "read_back")
    return steps.index(state.step or "") + 1


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["serve"]:
            serve()
        case ["seed", people]:
            seed(int(people))
        case ["dump"]:
            for line in dump():
                print(json.dumps(line))  # noqa: T201 - this is the result
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()
