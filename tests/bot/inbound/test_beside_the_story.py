"""What people write beside their story reaches the right place: a wrong number, another language, a question to us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from storage import tables
from tests import walk
from tests.bot.service import MAYA, Service

if TYPE_CHECKING:
    from collections.abc import Sequence

CALM = "They closed the library in our street."
POLISH = "W szpitalu czekałam osiem godzin i nikt mi nie powiedział, co się dzieje z moją córką."


def items(service: Service) -> list[str]:
    return [row.kind for row in service.rows(tables.TeamItem)]


@pytest.mark.parametrize(
    ("before", "wanted"),
    [(("Hello",), []), (walk.by_text(CALM), ["wrong_number"])],
    ids=["nothing told", "a story was told from it"],
)
async def test_a_wrong_number_is_left_alone_and_the_team_knows_whose_it_was(
    service: Service, before: Sequence[str], wanted: list[str]
) -> None:
    await service.text(MAYA, *before)
    told = await service.text(MAYA, "I think you have the wrong person, I do not know you")
    assert len(told) == 1
    assert service.rows(tables.Contributor)[0].opted_out
    assert items(service) == wanted
    assert CALM not in " ".join(told)
    assert len(service.rows(tables.Story)) == len(wanted)


async def test_another_language_is_held_and_shown_to_the_team_once(service: Service) -> None:
    told = await service.text(MAYA, POLISH)
    assert items(service) == ["other_language"]
    assert "0117 496 0000" in " ".join(told), "they read whom to reach"
    assert len(service.rows(tables.SealedMessage)) == 1
    await service.text(MAYA, POLISH.replace("osiem", "dziewięć"))
    assert items(service) == ["other_language"]
    assert len(service.rows(tables.SealedMessage)) == 2


@pytest.mark.parametrize("asked", ["who are you?", "how long does this take", "is this a robot"])
async def test_a_question_to_us_is_answered_and_is_no_part_of_the_story(service: Service, asked: str) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, CALM)
    told = await service.text(MAYA, asked)
    assert told != []
    await service.text(MAYA, "DONE")
    assert [row.text for row in service.rows(tables.Story)] == [CALM]


UNCLEAR = ("My dad died in hospital in march.", "Nobody rang us until the next day.", "ok", "no idea what this is")


@pytest.mark.parametrize("words", UNCLEAR)
async def test_before_consent_nothing_is_a_refusal_but_a_refusal(service: Service, words: str) -> None:
    await service.text(MAYA, "Hello", words)
    assert [row.status for row in service.rows(tables.Conversation)] == ["open"]
    await service.text(MAYA, "NO")
    assert [row.status for row in service.rows(tables.Conversation)] == ["parted"]
    assert service.rows(tables.SealedMessage) == []


async def test_three_texts_before_a_yes_are_the_opening_of_the_story_in_their_order(service: Service) -> None:
    said = ("My dad died in hospital in march.", "Nobody rang us until the next day.", "We are still angry about it.")
    await service.text(MAYA, *said)
    assert service.rows(tables.Story) == []
    told = await service.text(MAYA, "AGREE")
    assert "We have what you wrote. Go on, or send DONE." in told[-1]
    await service.text(MAYA, "DONE")
    assert [row.text for row in service.rows(tables.Story)] == ["\n".join(said)]
