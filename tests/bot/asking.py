"""The service with somebody who told a story for publication and may be asked about it: for tests of asking back."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import update

from bot.jobs.follow_ups import FollowUps
from bot.settings.environment import read
from storage import tables
from storage.export import select as gate
from storage.stories import editing
from storage.stories.editing import EditionMade
from tests import walk
from tests.bot.service import MAYA, STORY, Service

STORIES = tables.Story.__table__
EDITED = "A bus stop was taken away, and somebody cannot get to a clinic any more."
OWN = "They took the bus stop, and I cannot get to the clinic."
QUESTION = "We have a question for you about something you sent us."


@dataclass
class Asking:
    """The service with somebody who told a story for publication and may be written to."""

    service: Service

    def __post_init__(self) -> None:
        settings = read({})
        self.follow_ups = FollowUps(
            engine=self.service.engine, writer=self.service.writer, services=self.service.services,
            quiet_hours=settings.quiet_hours, timezone=settings.timezone, clock=self.service.clock,
        )  # fmt: skip

    async def told(self, words: str = STORY, use: str = "publish", contact: str = "yes") -> int:
        """Let Maya tell a story, answer what is asked about it, and have it approved; returns its number."""
        await self.service.text(MAYA, *walk.ONCE_MORE, words, "DONE", *walk.bonus("SKIP", use, contact))
        story = self.service.rows(tables.Story)[-1]
        assert (story.text, story.use) == (words, use)
        self.approves()
        self.service.answers(MAYA)
        return int(story.id)

    def edits(self, story: int, text: str = EDITED) -> EditionMade:
        made = self.service.writer.run(
            lambda c: editing.edit(c, story, text=text, reason="Fewer details", author="amina", now=self.service.now)
        )
        assert isinstance(made, EditionMade), made
        return made

    def undoes(self, story: int) -> None:
        self.service.writer.run(lambda c: editing.undo(c, story, author="amina", now=self.service.now))

    async def ticks(self, **later: float) -> list[str]:
        """Let time pass, and return what Maya was told then."""
        self.service.now += timedelta(**later)
        await self.follow_ups.tick()
        return self.service.answers(MAYA)

    def approves(self) -> None:
        self.service.writer.run(lambda c: c.execute(update(STORIES).values(state="approved")))

    def published(self) -> list[str]:
        out = io.BytesIO()
        gate.run(
            self.service.engine, self.service.writer, format="jsonl", use="publish", out=out, who="amina",
            now=self.service.now,
        )  # fmt: skip
        return [json.loads(line)["text"] for line in out.getvalue().splitlines()]

    def states(self) -> tuple[list[str], list[str]]:
        """Return the states of the editions and of the questions."""
        return (
            [row.state for row in self.service.rows(tables.Edition)],
            [row.state for row in self.service.rows(tables.AskBack)],
        )

    def decided(self) -> list[tuple[str, str, str]]:
        rows = self.service.rows(tables.Decision)
        return [(row.purpose, row.answer, row.literal) for row in rows if row.step in {"sign_off", "renewal", "lapse"}]
