"""Every way in which somebody decides: the record of consent knows who asked, what for, and in which version (rule 52).

Each path is walked as a person walks it, on both databases; what is looked at is the record after ISO/IEC TS 27560.
"""

from __future__ import annotations

import ast
import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update as change

from bot.jobs.follow_ups import FollowUps
from bot.turn.assisted_session import AssistedSession
from storage import tables
from storage.db.engine import reader
from storage.privacy.consent_record import NOT_RECORDED, record
from storage.privacy.proof import of_story
from storage.queries.contributors.consent_decisions import Assisted
from storage.queries.team import members
from tests import walk
from tests.bot.asking import OWN, Asking
from tests.bot.service import FACTS, MAYA, NOON, STORY, TOM, Service, press, update

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sqlalchemy.engine import Connection

    Walk = Callable[[Asking], Awaitable[None]]

ROOT = Path(__file__).parents[3]
CHAT = 5_550_001_234
STORIES = tables.Story.__table__
VERSIONS = {"credit": 1}
"""Of the questions of the shipped flows, by step; all others are in their second."""


async def by_text(asking: Asking) -> None:
    await asking.service.text(MAYA, *walk.by_text(STORY, use="publish", contact="yes"))


async def named(asking: Asking) -> None:
    await asking.service.text(MAYA, *walk.kept_by_text(STORY), walk.PLACE, "3", "3", "Mary")


async def by_chat(asking: Asking) -> None:
    await asking.service.chat(CHAT, *walk.by_chat(STORY, use="quote", contact="yes"))


async def by_button(asking: Asking) -> None:
    await asking.service.chat(CHAT, *walk.kept_by_chat(STORY), walk.PLACE)
    message = asking.service.last(str(CHAT))
    asking.service.deliver()
    await asking.service.intake.take(asking.service.told(press(CHAT, f"{message.token}.{message.say.serial}.1")))


async def feedback(asking: Asking) -> None:
    said = ("FEEDBACK", "AGREE", "2", "Nobody told us.", walk.PLACE, "2", "1", "1")
    await asking.service.text(MAYA, *said)


async def before_it_was_asked(asking: Asking) -> None:
    await asking.service.text(MAYA, STORY, "AGREE", "DONE", walk.PLACE, "2")


async def left_in_the_middle(asking: Asking) -> None:
    await asking.service.text(MAYA, *walk.kept_by_text(STORY), walk.PLACE, "the blue one", "the blue one")


async def in_their_own_words(asking: Asking) -> None:
    await asking.service.text(MAYA, *walk.by_text(STORY, use="publish", contact="no"), "only my team please")
    await asking.service.text(MAYA, "please keep it between us and your team")


async def by_change(asking: Asking) -> None:
    await asking.service.text(MAYA, *walk.by_text(STORY, use="quote"), "CHANGE", "how far it may travel", "1")


async def name_by_change(asking: Asking) -> None:
    said = walk.by_text(STORY, use="publish")
    await asking.service.text(MAYA, *said, "CHANGE", "the name it goes under", "nobody")


async def by_edit(asking: Asking) -> None:
    service = asking.service
    await service.chat(CHAT, *walk.kept_by_chat(STORY), walk.PLACE)
    service.deliver()
    said = update(CHAT, "you may quote it")
    await service.intake.take(service.told(said))
    await service.chat(CHAT, "no", "SKIP")
    edited = {"update_id": said["update_id"] + 500, "edited_message": said["message"] | {"text": "only the team"}}
    await service.intake.take(service.told(edited))


async def by_receipt(asking: Asking) -> None:
    service = asking.service
    await service.text(MAYA, *walk.by_text(STORY, use="quote"))
    (row,) = service.rows(tables.Conversation)
    await service.text(TOM, service.receipt(row.state), "2", "1")


async def signed_off(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW", "1")


async def own_version(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW", "2", OWN, "1")


async def kept_with_the_team(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW", "3")


def renewal(use: str, *answers: str) -> Walk:
    async def walked(asking: Asking) -> None:
        await asking.told(use=use)
        ends: dict[str, Any] = {"kept_until": NOON + timedelta(days=20)}
        if use != "team":
            ends["use_until"] = NOON + timedelta(days=20)
        asking.service.writer.run(lambda c: c.execute(change(STORIES).values(**ends)))
        await asking.follow_ups.renew()
        await asking.ticks(days=1)
        if answers:
            await asking.service.text(MAYA, "SHOW", *answers)
        else:
            asking.service.now += timedelta(days=30)
            await asking.follow_ups.renew()

    return walked


async def assisted(asking: Asking) -> None:
    service = asking.service
    worker = service.writer.run(
        lambda connection: members.add_member(connection, email="s@example.org", name="Sam", role="outreach", at=NOON)
    )
    sitting = AssistedSession(
        writer=service.writer, services=service.services, assisted=Assisted(worker, "library"), clock=service.clock
    )
    sitting.begin()
    for answer in walk.by_text(STORY, place="Coatbridge", use="quote")[1:]:
        sitting.say(answer)


PATHS: dict[str, tuple[Walk, tuple[str, ...]]] = {
    "by text": (by_text, ("take_part yes", "use publish", "naming none", "contact yes")),
    "with a name": (named, ("take_part yes", "use publish", "naming name", "naming name")),
    "by chat": (by_chat, ("take_part yes", "use quote", "contact yes")),
    "by button": (by_button, ("take_part yes", "use quote")),
    "feedback": (feedback, ("take_part yes", "use quote", "contact yes", "invite yes")),
    "uninvited": (before_it_was_asked, ("take_part yes", "use quote")),
    "unclear": (left_in_the_middle, ("take_part yes", "use team")),
    "in own words": (in_their_own_words, ("take_part yes", "use publish", "naming none", "contact no", "use team")),
    "CHANGE": (by_change, ("take_part yes", "use quote", "contact no", "use team")),
    "another name": (name_by_change, ("take_part yes", "use publish", "naming none", "contact no", "naming none")),
    "edit": (by_edit, ("take_part yes", "use quote", "contact no", "use team")),
    "receipt": (by_receipt, ("take_part yes", "use quote", "contact no", "use team")),
    "sign-off": (signed_off, ("take_part yes", "use publish", "naming none", "contact yes", "edition yes")),
    "own version": (own_version, ("take_part yes", "use publish", "naming none", "contact yes", "edition yes")),
    "kept with the team": (
        kept_with_the_team, ("take_part yes", "use publish", "naming none", "contact yes", "edition no", "use team"),
    ),
    "publishing renewed": (
        renewal("publish", "1"),
        ("take_part yes", "use publish", "naming none", "contact yes", "use publish", "take_part yes"),
    ),
    "quoting renewed": (
        renewal("quote", "go on"), ("take_part yes", "use quote", "contact yes", "use quote", "take_part yes"),
    ),
    "keeping renewed": (renewal("team", "go on"), ("take_part yes", "use team", "contact yes", "take_part yes")),
    "only the team from now on": (renewal("quote", "2"), ("take_part yes", "use quote", "contact yes", "use team")),
    "time ran out": (renewal("publish"), ("take_part yes", "use publish", "naming none", "contact yes", "use team")),
    "assisted": (assisted, ("take_part yes", "use quote", "contact no")),
}  # fmt: skip


def records(service: Service) -> list[dict[str, Any]]:
    """Return the record of each decision about the one story, as they stand now."""
    (story,) = service.rows(tables.Story)
    with reader(service.engine) as connection:
        found = of_story(connection, story.id)
    return [record(decided, service.now) for decided in found.decisions]


@pytest.mark.parametrize("path", PATHS)
async def test_every_path_that_decides_leaves_a_whole_record(service: Service, path: str) -> None:
    walked, decided = PATHS[path]
    service.proves = True
    await walked(Asking(service))
    found = records(service)
    assert [f"{one['pii_processing']['purpose_type']} {one['event']['decision']}" for one in found] == list(decided)
    steps = [row.step for row in service.rows(tables.Decision)]
    for one, step in zip(found, steps, strict=True):
        processing = one["pii_processing"]
        assert NOT_RECORDED not in json.dumps(one)
        assert processing["privacy_notice_digest"] == FACTS.digest
        assert processing["purpose"] != processing["purpose_type"], "the purpose in words"
        assert processing["words_shown"]
        assert processing["words_shown_version"] == VERSIONS.get(step, 2), step
        assert one["party_identification"]["party_name"] == "Easton Listens"


NARROWINGS = {
    "in own words": in_their_own_words, "CHANGE": by_change, "edit": by_edit, "receipt": by_receipt,
    "kept with the team": kept_with_the_team, "only the team from now on": renewal("quote", "2"),
    "time ran out": renewal("publish"),
}  # fmt: skip


@pytest.mark.parametrize("path", NARROWINGS)
async def test_one_narrowing_is_one_change_of_the_story(service: Service, path: str) -> None:
    seen: list[tuple[str, int]] = []

    def look(connection: Connection) -> None:
        seen.extend((row.use, row.version) for row in connection.execute(STORIES.select()))

    def watching(act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def watched(*given: Any, **more: Any) -> Any:
            done = await act(*given, **more)
            service.writer.run(look)
            return done

        return watched

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service.intake, "take", watching(service.intake.take))
        patch.setattr(FollowUps, "renew", watching(FollowUps.renew))
        await NARROWINGS[path](Asking(service))
    before, after = next(pair for pair in pairwise(seen) if pair[1][0] == "team" != pair[0][0])
    assert after[1] == before[1] + 1


async def test_what_is_agreed_to_keeps_its_version_when_we_ask_again(service: Service) -> None:
    """A question of ours names no other terms: going on goes on under those that were agreed to."""
    asking = Asking(service)
    await asking.told(use="quote")
    service.writer.run(lambda c: c.execute(change(tables.Decision.__table__).values(text_version=7)))
    ends = {"use_until": NOON + timedelta(days=20)}
    service.writer.run(lambda c: c.execute(change(STORIES).values(**ends)))
    await asking.follow_ups.renew()
    await asking.ticks(days=1)
    await service.text(MAYA, "SHOW", "1")
    assert {row.text_version for row in service.rows(tables.Decision)} == {7}


def test_one_place_writes_decisions_and_cannot_leave_the_notice_out() -> None:
    writers = set()
    for package in ("bot", "storage", "review"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not isinstance(node, ast.Call):
                    continue
                function = ast.unparse(node.func)
                given = [ast.unparse(one) for one in node.args]
                if (given[:1] == ["DECISION"] and function in {"add", "insert"}) or function == "DECISION.insert":
                    writers.add(path.relative_to(ROOT).as_posix())
    assert writers == {"storage/queries/contributors/consent_decisions.py"}
