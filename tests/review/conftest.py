"""The team's room for tests: a database, a clock that stands still, the app, and people who may come in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from review.app import build
from review.kit import accounts, passwords
from review.kit.services import ReviewServices
from storage.db.writer import writer_for
from storage.places import Resolver
from storage.protection.crypto import Keyring
from tests.review import room
from tests.review.visitor import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine
    from starlette.applications import Starlette

    from storage.db.writer import Writer

PASSWORD = "three green bottles"
KEYS = Keyring([b"k" * 32])
PLACES = Resolver()


@dataclass
class Clock:
    """A clock that moves only when told to."""

    now: datetime = room.NOON

    def __call__(self) -> datetime:
        return self.now

    def passes(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Room:
    """Everything a test of the room needs."""

    engine: Engine
    writer: Writer
    clock: Clock = field(default_factory=Clock)
    simulator: bool = True
    public_url: str = "http://127.0.0.1:8000"

    def __post_init__(self) -> None:
        self._app: Starlette | None = None

    @property
    def app(self) -> Starlette:
        if self._app is None:
            self._app = build(
                ReviewServices(
                    engine=self.engine,
                    writer=self.writer,
                    keyring=KEYS,
                    clock=self.clock,
                    places=PLACES,
                    organisation="Glenboig Listening Project",
                    public_url=self.public_url,
                    simulator=self.simulator,
                    open_event=lambda _channel, sealed: sealed.decode(),
                    open_address=lambda sealed: sealed.decode(),
                )
            )
        return self._app

    def visitor(self, **headers: str) -> Visitor:
        return Visitor(self.app, self.public_url, headers)

    def visitor_from(self, place: str) -> Visitor:
        """Return a new browser at another network address."""
        return Visitor(self.app, self.public_url, place=place)

    async def member(self, role: str = "reviewer", name: str = "Amina Reid") -> Visitor:
        """Return the browser of somebody of the team who has signed in."""
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        token = accounts.make_link(self.writer, email, role, now=self.clock())
        visitor = self.visitor()
        await visitor.join(token, name=name, email=email, password=PASSWORD)
        assert visitor.status == 200, visitor.words
        return visitor

    def does(self, work: Callable[[Connection], Any]) -> Any:
        return self.writer.run(work)

    def told(self, text: str = "They closed the surgery.", **sides: Any) -> int:
        """Let somebody tell a story now."""
        sides.setdefault("now", self.clock())
        return int(self.does(lambda connection: room.tell(connection, text, **sides)))


@pytest.fixture(autouse=True)
def _quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with the least effort argon2 allows; one test looks at the real settings."""
    monkeypatch.setattr(passwords, "_hasher", passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    passwords._dummy_hash.cache_clear()


@pytest.fixture
def team_room(sqlite_database: Engine) -> Iterator[Room]:
    """The team's room, empty, with the simulator on."""
    writer = writer_for(sqlite_database)
    yield Room(sqlite_database, writer)
    writer.close()
