"""Words of distress through the real intake: the signpost first, an item for the team, once in 24 hours, no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import tables
from storage.db.engine import reader
from storage.queries.stories import content_notes
from tests import walk
from tests.bot.service import MAYA, sms_form

if TYPE_CHECKING:
    from tests.bot.service import Service

DISTRESS = "I do not want to be here any more, nobody would notice"
SIGNPOST = "no emergency service and may not read this soon"


def items(service: Service) -> list[tuple[int | None, str, int]]:
    return [(row.contributor_id, row.origin, row.repeats) for row in service.rows(tables.Safeguarding)]


async def test_distress_before_consent_is_signposted_first_and_held_sealed(service: Service) -> None:
    answers = await service.text(MAYA, DISTRESS)
    assert [SIGNPOST in answer for answer in answers] == [True]
    (person,) = service.rows(tables.Contributor)
    assert items(service) == [(person.id, "rule", 0)]
    assert person.signposted_at == service.clock()
    assert len(service.rows(tables.SealedMessage)) == 1
    held = str(service.everything())
    assert DISTRESS not in held
    assert "despair" not in held


async def test_a_second_time_within_24_hours_counts_and_says_nothing_more(service: Service) -> None:
    await service.text(MAYA, "Hello", "AGREE", DISTRESS)
    assert await service.text(MAYA, "1") == ["Thank you. Go on in your own time."]
    assert await service.text(MAYA, DISTRESS) == []
    assert [repeats for _, _, repeats in items(service)] == [1]


async def test_it_holds_from_one_conversation_to_the_next(service: Service) -> None:
    await service.text(MAYA, "Hello", f"No. {DISTRESS}")
    answers = await service.text(MAYA, DISTRESS)
    assert not any(SIGNPOST in answer for answer in answers)
    assert [repeats for _, _, repeats in items(service)] == [1]


async def test_somebody_who_said_stop_gets_the_signpost_once_and_nothing_else(service: Service) -> None:
    await service.text(MAYA, "Hello", "please stop texting me")
    (answer,) = await service.text(MAYA, DISTRESS)
    assert SIGNPOST in answer
    assert await service.text(MAYA, DISTRESS) == []
    assert service.rows(tables.Contributor)[0].opted_out


async def test_an_emergency_does_not_use_up_the_signpost_of_the_day(service: Service) -> None:
    answers = await service.text(MAYA, "Hello", "AGREE", "somebody is breaking in right now")
    assert "ring 999" in answers[-1]
    answers = await service.text(MAYA, DISTRESS)
    assert [SIGNPOST in answer for answer in answers] == [True]


@pytest.mark.parametrize("face", ["", " 😭", " 😭😭 😭"])
async def test_an_emoji_makes_no_part_of_a_story_of_words_of_distress(service: Service, face: str) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, "My mum waited nine months for her hip.", "DONE", "SKIP", "1")
    answers = await service.text(MAYA, f"I want to die{face}")
    assert len(answers) == 1
    assert SIGNPOST in answers[0]
    assert [row.text for row in service.rows(tables.Story)] == ["My mum waited nine months for her hip."]


async def test_leaving_it_there_stops_contact(service: Service) -> None:
    await service.text(MAYA, "Hello", "AGREE", DISTRESS, "3")
    assert service.rows(tables.Contributor)[0].opted_out
    assert "116 123" in service.last(MAYA).say.text


@pytest.mark.parametrize("words", ["My brother killed himself and nobody came.", "They closed the surgery."])
async def test_a_kept_story_carries_its_content_notes(service: Service, words: str) -> None:
    await service.text(MAYA, *walk.kept_by_text(words))
    (story,) = service.rows(tables.Story)
    with reader(service.engine) as connection:
        notes = content_notes.notes_of(connection, [story.id]).get(story.id, ())
    assert ("suicide" in notes) is ("killed" in words)


async def test_the_same_delivery_twice_raises_once(service: Service) -> None:
    form = sms_form(MAYA, DISTRESS, sid="SM" + "a" * 32)
    await service.take(form)
    await service.take(form)
    assert [repeats for _, _, repeats in items(service)] == [0]


async def test_words_whose_turn_fails_are_looked_at_all_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    await service.text(MAYA, "Hello", "AGREE")

    def broken(*_given: object, **_more: object) -> None:
        raise RuntimeError("broken for this test")

    monkeypatch.setattr("bot.turn.runner.advance", broken)
    assert await service.take(sms_form(MAYA, DISTRESS)) == "failed"
    signpost, apology = service.answers(MAYA)[-2:]
    assert SIGNPOST in signpost
    assert "something went wrong" in apology
    assert len(items(service)) == 1
