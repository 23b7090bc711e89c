"""The newest words are the story, whenever they come; a narrowing by edit counts and a widening asks (rule 43)."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from storage import tables
from storage.export import select as gate
from tests import walk
from tests.bot.service import STORY, Service, update

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer

CHAT = 5550001234
NAMED, FREED = "Dr Zedekiah shouted at me in the surgery.", "My doctor shouted at me in the surgery."
OUTBOX = tables.Outbox.__table__


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


async def say(service: Service, text: str) -> dict[str, Any]:
    """Send a message that is to be edited."""
    service.deliver()
    told = update(CHAT, text)
    await service.intake.take(service.told(told))
    return told


async def edit(service: Service, told: dict[str, Any], text: str) -> list[str]:
    """Change a message; returns what that was answered with."""
    service.answers(str(CHAT))
    changed = update(CHAT)["update_id"], told["message"] | {"text": text}
    await service.intake.take(service.told({"update_id": changed[0], "edited_message": changed[1]}))
    return service.answers(str(CHAT))


def exported(service: Service) -> str:
    rows = ""
    for use in ("team", "quote", "publish"):
        out = io.BytesIO()
        gate.run(service.engine, service.writer, format="jsonl", use=use, out=out, who="amina", now=service.now)
        rows += out.getvalue().decode()
    return rows


def uses(service: Service) -> list[str]:
    return [row.use for row in service.rows(tables.Story)]


async def kept(service: Service, words: str = NAMED, *bonus: str) -> dict[str, Any]:
    """Tell a story to its end; returns the message that told it."""
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    told = await say(service, words)
    await service.chat(CHAT, "DONE", *(bonus or walk.bonus(use="team")))
    return told


async def decided(service: Service, at: str, *, then: tuple[str, ...] = ()) -> dict[str, Any]:
    """Tell a story and decide how far it travels; returns the message that decided it."""
    await service.chat(CHAT, *walk.kept_by_chat(STORY), walk.PLACE)
    told = await say(service, at)
    await service.chat(CHAT, *then)
    return told


# --- words ------------------------------------------------------------------------------------------------------------

LATER = [(), ("stop",), ("/start",), ("/start", "yes"), ("stop", "start")]


@pytest.mark.parametrize("since", LATER, ids=["at the end", "stopped", "begun anew", "further on", "back again"])
async def test_a_name_taken_out_is_out(service: Service, since: tuple[str, ...]) -> None:
    told = await kept(service)
    await service.chat(CHAT, *since)
    said = await edit(service, told, FREED)
    assert "Zedekiah" not in exported(service)
    assert FREED in exported(service)
    taken = ["new words are the ones that count" in text for text in said[:1]]
    assert taken == ([] if since == ("stop",) else [True])


async def test_a_name_taken_out_while_stopped_in_the_middle(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    told = await say(service, NAMED)
    await service.chat(CHAT, "stop")
    assert await edit(service, told, FREED) == []
    await service.chat(CHAT, "start", "go on", "DONE")
    assert "Zedekiah" not in exported(service)
    assert FREED in exported(service)


async def test_a_name_taken_out_of_a_message_that_also_named_the_place(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT, STORY, "DONE")
    told = await say(service, "In Easton, where Dr Zedekiah told me that he would never see me again.")
    await edit(service, told, "In Easton, where a doctor told me that he would never see me again.")
    await service.chat(CHAT, *walk.bonus()[1:])
    assert "Zedekiah" not in exported(service)
    assert "a doctor told me" in exported(service)
    assert "Zedekiah" not in repr(service.rows(tables.Conversation))


@pytest.mark.parametrize("since", [(), walk.bonus()[1:], ("stop",)], ids=["at once", "at the end", "stopped"])
async def test_a_name_taken_out_of_the_place(service: Service, since: tuple[str, ...]) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT, STORY, "DONE", "Zedekiah's farm")
    told = await say(service, "The farm of Zedekiah")  # no place we know, so their own words are kept
    assert "Zedekiah" in exported(service)
    await service.chat(CHAT, *since)
    await edit(service, told, "Easton")
    rows = exported(service)
    assert "Zedekiah" not in rows
    assert "Zedekiah" not in repr(service.rows(tables.Conversation))
    (row,) = [json.loads(line) for line in rows.splitlines()]
    assert row["place"] == "Easton, Bristol"


async def test_words_that_waited_for_an_answer_of_ours(service: Service) -> None:
    """After a break they wait beside the question whether to go on."""
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    service.now += timedelta(hours=30)
    told = await say(service, NAMED)
    await edit(service, told, FREED)
    await service.chat(CHAT, "go on", "DONE")
    assert "Zedekiah" not in exported(service)
    assert FREED in exported(service)


async def test_words_that_began_another_story(service: Service) -> None:
    await kept(service, STORY)
    told = await say(service, NAMED)
    await service.chat(CHAT, "another")
    await edit(service, told, FREED)
    await service.chat(CHAT, "yes", "I agree", "DONE")
    assert "Zedekiah" not in exported(service)
    assert FREED in exported(service)


async def test_the_older_wording_is_not_shown_any_more(service: Service) -> None:
    """What shows it still waits to be sent: the newer words are shown instead."""
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    told = await say(service, NAMED)
    await service.chat(CHAT, "DONE")
    await edit(service, told, FREED)
    waits = [message.say.text for number, _, message in service.outbox(str(CHAT))]
    assert not any("Zedekiah" in text for text in waits)
    assert any(FREED in text for text in waits)


# --- decisions --------------------------------------------------------------------------------------------------------

SINCE = [(), walk.bonus()[2:], ("stop",), ("/start",)]
NAMES = ["at once", "at the end", "stopped", "in another conversation"]


@pytest.mark.parametrize("since", [(), walk.bonus()[2:], ("stop",), ("no", "1", "/start")], ids=NAMES)
async def test_a_narrowing_counts(service: Service, since: tuple[str, ...]) -> None:
    told = await decided(service, "you may quote it", then=since)
    said = await edit(service, told, "only the team")
    assert uses(service) == ["team"]
    assert bool(said) is (since != ("stop",))


@pytest.mark.parametrize("since", [(), walk.bonus()[2:], ("stop",), ("no", "1", "/start")], ids=NAMES)
async def test_a_widening_asks(service: Service, since: tuple[str, ...]) -> None:
    told = await decided(service, "only the team", then=since)
    said = await edit(service, told, "publish it")
    assert uses(service) == ["team"]
    assert [("CHANGE" in text) for text in said[:1]] == ([] if since == ("stop",) else [True])


async def test_a_decision_that_was_changed_later_is_narrowed_by_an_edit_too(service: Service) -> None:
    await service.chat(CHAT, *walk.by_chat(STORY))
    await service.chat(CHAT, "CHANGE", "how far it may travel")
    told = await say(service, "you may quote it")
    assert uses(service) == ["quote"]
    await edit(service, told, "only the team")
    assert uses(service) == ["team"]


async def test_an_answer_that_becomes_unclear_is_asked_about(service: Service) -> None:
    told = await decided(service, "you may quote it")
    said = await edit(service, told, "hmm I am not so sure any more")
    assert uses(service) == ["team"] or any("CHANGE" in text for text in said), "never dropped in silence"


async def test_a_yes_that_becomes_a_no_lets_nothing_travel(service: Service) -> None:
    await service.chat(CHAT, "/start", "yes")
    told = await say(service, "I agree")
    await service.chat(CHAT, STORY, "DONE", walk.PLACE, "you may quote it")
    said = await edit(service, told, "no")
    assert "delete" in said[-1].lower()
    assert uses(service) == ["team"]


# --- keywords ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("since", [(), ("stop",), ("/start",)], ids=["at the end", "stopped", "in another one"])
@pytest.mark.parametrize(("word", "answer"), [("DELETE", "delete"), ("MY DATA", "we hold"), ("HELP", "116 123")])
async def test_a_keyword_counts_in_an_edit(service: Service, word: str, answer: str, since: tuple[str, ...]) -> None:
    told = await kept(service, STORY)
    await service.chat(CHAT, *since)
    said = await edit(service, told, word)
    assert any(answer.lower() in text.lower() for text in said), said
    assert word not in exported(service), "and it is no part of the story"


async def test_an_edit_into_stop_after_the_end_stops(service: Service) -> None:
    told = await kept(service, STORY)
    said = await edit(service, told, "stop")
    assert service.rows(tables.Contributor)[0].opted_out
    assert len(said) == 1
    assert '"text": "stop"' not in exported(service)


async def test_an_edit_into_start_opens_it_again(service: Service) -> None:
    told = await kept(service, STORY)
    await service.chat(CHAT, "stop")
    await edit(service, told, "START")
    assert not service.rows(tables.Contributor)[0].opted_out


async def test_one_change_is_counted_once(service: Service) -> None:
    told = await kept(service)
    (before,) = service.rows(tables.Story)
    await edit(service, told, FREED)
    (edited,) = service.rows(tables.Story)
    assert (edited.text, edited.version) == (FREED, before.version + 1)
