"""What we ask of our own accord: sign-off of an edited version and renewal, from the tick to the gate."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from storage import tables
from storage.protection.erasure import erase_story
from storage.queries.team import safeguarding_items
from tests.bot.asking import EDITED, OWN, QUESTION, STORIES, Asking
from tests.bot.service import MAYA, NOON, STORY, Service

if TYPE_CHECKING:
    pass


@pytest.fixture
def asking(service: Service) -> Asking:
    service.proves = True
    return Asking(service)


async def test_a_yes_lets_exactly_this_version_leave(asking: Asking) -> None:
    story = await asking.told()
    assert asking.published() == [STORY]
    asking.edits(story)
    assert asking.published() == []
    (question,) = await asking.ticks(days=1)
    assert QUESTION in question
    assert "bus" not in question, "nothing on a lock screen says what it is about"
    assert asking.service.outbox(MAYA)[-1][1] == "notice"
    (shown,) = await asking.service.text(MAYA, "SHOW")
    assert EDITED in shown
    assert "Fewer details" in shown
    (thanks,) = await asking.service.text(MAYA, "1")
    assert "in no other way" in thanks
    assert asking.states() == (["agreed"], ["answered"])
    assert asking.published() == [EDITED]
    assert asking.decided() == [("edition", "yes", "1")]


async def test_what_is_on_record_names_the_version_and_holds_no_word_of_it(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW", "1")
    record = next(row for row in asking.service.rows(tables.Decision) if row.purpose == "edition")
    text = next(row.text for row in asking.service.rows(tables.ConsentText) if row.digest == record.text_digest)
    assert "SHA-256 " in text
    assert "May we share it like this?" in text
    assert "3 Keep it with the team" in text
    assert "bus" not in text
    assert "Fewer" not in text
    assert record.decided_at == asking.service.now
    edition = asking.service.rows(tables.Edition)[0]
    assert edition.decision_id == record.id
    for row in asking.service.rows(tables.Conversation):
        assert EDITED not in row.state


async def test_keep_it_with_the_team_holds_for_every_version_and_for_their_own_words(asking: Asking) -> None:
    story = await asking.told()
    asking.edits(story)
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW")
    (thanks,) = await asking.service.text(MAYA, "3")
    assert "stays with the team" in thanks
    assert asking.states() == (["refused"], ["answered"])
    assert asking.decided() == [("edition", "no", "3"), ("use", "team", "3")]
    asking.undoes(story)
    assert asking.published() == []
    assert asking.service.rows(tables.Story)[0].use == "team"


async def test_keep_it_with_the_team_in_words_answers_what_is_asked(asking: Asking) -> None:
    """The same words narrow the use of a story where nothing else is asked."""
    await asking.service.text(MAYA, "Hello", "AGREE", STORY, "DONE", "SKIP", "3", "1", "1", "SKIP")
    story = asking.service.rows(tables.Story)[-1]
    asking.edits(story.id)
    await asking.ticks()
    await asking.service.text(MAYA, "SHOW")
    (answer,) = await asking.service.text(MAYA, "keep it with the team")
    assert "It stays with the team, and we do not share it." in answer
    assert asking.states() == (["refused"], ["answered"])


async def test_their_own_version_is_agreed_by_its_author_and_read_by_somebody_first(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW", "2")
    shown = (await asking.service.text(MAYA, OWN))[-1]
    assert OWN in shown
    assert asking.published() == []
    await asking.service.text(MAYA, "1")
    assert asking.states() == (["changed", "agreed"], ["answered"])
    assert [(row.author, row.text) for row in asking.service.rows(tables.Edition)][1] == ("teller", OWN)
    assert asking.service.rows(tables.Story)[0].state == "new"
    assert "teller_reworded" in [row.kind for row in asking.service.rows(tables.TeamItem)]
    assert asking.published() == []
    asking.approves()
    assert asking.published() == [OWN]


async def test_without_an_answer_there_is_one_reminder_and_then_it_stays_with_the_team(asking: Asking) -> None:
    asking.edits(await asking.told())
    days = [day for day in range(1, 30) if await asking.ticks(days=1)]
    assert days == [1, 8]
    assert asking.states() == (["lapsed"], ["lapsed"])
    assert asking.published() == []
    assert [row.act for row in asking.service.rows(tables.Audit)][-2:] == ["story.edit_lapsed", "export.made"]
    (over,) = await asking.service.text(MAYA, "SHOW")
    assert "no longer open" in over


async def test_later_brings_it_once_more(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "LATER")
    assert [day for day in range(2, 30) if await asking.ticks(days=1)] == [8]


async def test_an_answer_that_comes_while_it_is_undone_changes_nothing(asking: Asking) -> None:
    story = await asking.told()
    asking.edits(story)
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW")
    asking.undoes(story)
    (over,) = await asking.service.text(MAYA, "1")
    assert "no longer open" in over
    assert asking.decided() == []
    assert asking.published() == [STORY]


async def test_an_answer_to_older_words_changes_nothing(asking: Asking) -> None:
    story = await asking.told()
    asking.edits(story)
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW")
    asking.edits(story, "Another version of it.")
    (over,) = await asking.service.text(MAYA, "1")
    assert "no longer open" in over
    assert asking.states()[0] == ["lapsed", "asking"]


@pytest.mark.parametrize("why", ["stop", "no_contact", "in_care", "night", "talking"])
async def test_there_are_times_when_nobody_is_asked(asking: Asking, why: str) -> None:
    service = asking.service
    asking.edits(await asking.told(contact="no" if why == "no_contact" else "yes"))
    if why == "stop":
        await service.text(MAYA, "please stop texting me")
    elif why == "in_care":
        person = service.rows(tables.Contributor)[0].id
        service.writer.run(
            lambda c: safeguarding_items.raise_concern(
                c, contributor_id=person, conversation_id=None, inbound_id=None, now=service.now,
                staffed=service.services.staffed,
            )
        )  # fmt: skip
    elif why == "night":
        service.now = NOON.replace(hour=23)
    elif why == "talking":
        await service.text(MAYA, "I want to tell you about the library, which is closed now as well.", "2")
        assert {row.status for row in service.rows(tables.Conversation)} == {"ended", "open"}
    service.answers(MAYA)
    assert await asking.ticks() == []
    if why == "night":
        assert len(await asking.ticks(hours=12)) == 1


async def test_delete_in_the_middle_takes_the_version_and_the_question_along(asking: Asking) -> None:
    asking.edits(await asking.told())
    await asking.ticks(days=1)
    await asking.service.text(MAYA, "SHOW", "DELETE", "everything")
    assert asking.states() == ([], [])
    assert await asking.ticks(days=8) == []


async def test_a_version_on_its_way_goes_with_the_story_whichever_conversation_showed_it(asking: Asking) -> None:
    service = asking.service
    first = await asking.told()
    asking.edits(first)
    service.now += timedelta(days=8)
    await asking.told("They have closed the library as well, and I miss it.")
    asking.service.answers(MAYA)
    assert await asking.ticks() != []
    await service.text(MAYA, "SHOW")
    assert any(EDITED in message.say.text for _, _, message in service.outbox(MAYA))
    service.writer.run(lambda connection: erase_story(connection, first))
    assert not any(EDITED in message.say.text for _, _, message in service.outbox(MAYA))
    (over,) = await service.text(MAYA, "1")
    assert "no longer open" in over


def ends(asking: Asking, **ends: datetime | None) -> None:
    asking.service.writer.run(lambda c: c.execute(update(STORIES).values(**ends)))


async def renewed(asking: Asking, **later: float) -> list[str]:
    asking.service.now += timedelta(**later)
    await asking.follow_ups.renew()
    return await asking.ticks()


async def test_a_use_is_renewed_in_good_time(asking: Asking) -> None:
    await asking.told()
    end = NOON + timedelta(days=100)
    ends(asking, use_until=end)
    assert await renewed(asking, days=60) == []
    (question,) = await renewed(asking, days=12)
    assert QUESTION in question
    (shown,) = await asking.service.text(MAYA, "SHOW")
    assert "publish your story until March 2027" in shown
    assert "12 more months" in shown
    await asking.service.text(MAYA, "1")
    story = asking.service.rows(tables.Story)[0]
    assert (story.use, story.use_until) == ("publish", asking.service.now + timedelta(days=365))
    assert asking.decided() == [("use", "publish", "1")]
    assert asking.published() == [STORY]
    assert await renewed(asking, days=35) == []
    assert asking.published() == [STORY]


async def test_going_on_keeps_it_as_long_as_it_is_shared(asking: Asking) -> None:
    await asking.told()
    ends(asking, use_until=NOON + timedelta(days=20), kept_until=NOON + timedelta(days=40))
    await renewed(asking)
    await asking.service.text(MAYA, "SHOW", "1")
    assert asking.decided() == [("use", "publish", "1"), ("take_part", "yes", "1")]
    story = asking.service.rows(tables.Story)[0]
    assert story.kept_until == story.use_until


@pytest.mark.parametrize(("answer", "left"), [("2", ["team"]), ("3", [])])
async def test_a_use_is_narrowed_or_the_story_taken_back(asking: Asking, answer: str, left: list[str]) -> None:
    await asking.told()
    ends(asking, use_until=NOON + timedelta(days=20))
    await renewed(asking)
    await asking.service.text(MAYA, "SHOW", answer)
    assert [row.use for row in asking.service.rows(tables.Story)] == left
    assert asking.published() == []


async def test_without_an_answer_the_use_lapses_to_the_team(asking: Asking) -> None:
    await asking.told()
    ends(asking, use_until=NOON + timedelta(days=20))
    told = [day for day in range(40) if await renewed(asking, days=1)]
    assert len(told) == 2, "one question and one reminder"
    story = asking.service.rows(tables.Story)[0]
    assert (story.use, story.use_until) == ("team", None)
    assert asking.decided() == [("use", "team", "")]
    assert [row.act for row in asking.service.rows(tables.Audit)] == ["story.lapsed"]
    assert asking.states()[1] == ["lapsed"]
    assert asking.published() == []


async def test_whoever_cannot_be_asked_is_not_and_the_use_lapses_just_so(asking: Asking) -> None:
    await asking.told(contact="no")
    ends(asking, use_until=NOON + timedelta(days=20))
    assert [day for day in range(40) if await renewed(asking, days=1)] == []
    assert asking.service.rows(tables.Story)[0].use == "team"


async def test_keeping_is_renewed_for_what_only_the_team_reads(asking: Asking) -> None:
    await asking.told(use="team")
    ends(asking, kept_until=NOON + timedelta(days=20))
    await renewed(asking)
    (shown,) = await asking.service.text(MAYA, "SHOW")
    assert "keep your story until December 2026" in shown
    await asking.service.text(MAYA, "go on")
    assert asking.decided() == [("take_part", "yes", "go on")]
    assert asking.service.rows(tables.Story)[0].kept_until == asking.service.now + timedelta(days=730)
