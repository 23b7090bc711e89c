"""Somebody tired holds the number that deletes: what they say meanwhile, and what becomes of their story."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from storage import tables
from tests import walk
from tests.bot.inbound.test_forged_sender import CHAT, WORDS, code, in_use, requests, texts, told, uses
from tests.bot.service import MAYA, TOM, Service

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from storage.db.writer import Writer


@pytest.fixture
def service(database: Engine, writer: Writer) -> Service:
    """Everything between a parsed event and the outbox."""
    return Service(database, writer)


KEEPS = ["KEEP", "keep it", "No", "no keep it", "please keep it i changed my mind", "don't delete it", "bring it back"]


@pytest.mark.parametrize("said", KEEPS)
async def test_whoever_says_keep_without_the_number_is_not_deleted_by_it(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    number = code(service)
    assert (await service.text(MAYA, said))[-1].startswith("It is not deleted.")
    assert await service.text(MAYA, number) == ["Nothing was deleted."]
    assert in_use(service) == [WORDS]
    assert requests(service) == [("erasure", "withdrawn")]


async def test_whoever_said_keep_can_still_delete(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1", "KEEP", "DELETE", "1")
    await service.text(MAYA, code(service))
    assert texts(service) == []


LOST = [
    "send it again",
    "can you send it again",
    "what code?",
    "i lost the number",
    "i didnt get any code",
    "cant see it",
]


@pytest.mark.parametrize("said", LOST)
async def test_a_lost_number_is_sent_anew(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    first = code(service)
    await service.text(MAYA, said)
    assert code(service) != first
    await service.text(MAYA, code(service))
    assert texts(service) == []


async def test_a_lost_number_for_a_wider_use_is_sent_anew(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "CHANGE", "3", "publish", "NEW NUMBER")
    await service.text(MAYA, code(service))
    assert uses(service) == ["publish"]


BETWEEN = [
    ("MY DATA",), ("HELP",), ("please stop texting me",), ("please stop texting me", "START"), ("1", "YES I AM SURE"),
    ("thanks", "hello"), ("CHANGE",), ("They keep telling me lies.",),
    ("They also lost his wedding ring and never found it.",),
]  # fmt: skip


@pytest.mark.parametrize("between", BETWEEN, ids=[said[-1] for said in BETWEEN])
async def test_the_number_counts_whatever_came_between(service: Service, between: tuple[str, ...]) -> None:
    """ "To delete it for good, reply with the number" holds for as long as the number is good."""
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    number = code(service)
    await service.text(MAYA, *between)
    await service.text(MAYA, number)
    assert texts(service) == []
    assert requests(service) == [("erasure", "done")]


async def test_a_year_in_a_new_story_is_no_number(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1", "MY DATA")
    await service.text(MAYA, "Nothing")
    await service.text(MAYA, *walk.ONCE_MORE, "It began in 1998.", "DONE")
    assert texts(service) == [WORDS, "It began in 1998."]


@pytest.mark.parametrize("finished", ["DONE", "that's all"])
async def test_whoever_is_back_and_has_finished_need_not_say_that_they_go_on(service: Service, finished: str) -> None:
    await service.text(MAYA, *walk.AGREED_BY_TEXT, WORDS, "please stop texting me", "START", finished)
    assert [row.text for row in service.rows(tables.Story)] == [WORDS]


BACK = ["DELETE", "take it back", "please delete it", "2"]


@pytest.mark.parametrize("said", BACK)
async def test_delete_after_a_receipt_is_about_the_story_it_opened(service: Service, said: str) -> None:
    """Else "everything you told us is deleted" is said of a phone that told nothing, and the story stays."""
    await told(service)  # for the team alone, so that it cannot travel less far and taking back is the second choice
    words = service.receipt()
    await service.text(TOM, words, said)
    assert in_use(service) == []
    await service.text(TOM, code(service, TOM))
    assert texts(service) == []


@pytest.mark.parametrize(("said", "kept"), [("yes", 0), ("yes please", 0), ("no", 1), ("no thanks", 1)])
async def test_shall_we_delete_that_too_is_answered_by_yes_or_no(service: Service, said: str, kept: int) -> None:
    await service.chat(CHAT, *walk.by_chat(WORDS))
    await service.chat(CHAT, "DELETE CHAT")
    answered = await service.chat(CHAT, said)
    assert answered[-1] == (
        "Nothing was deleted." if kept else "It is deleted. Thank you for telling us what you want."
    )
    assert len(texts(service)) == kept


@pytest.mark.parametrize("before", ["DELETE", "please delete", "delete my story"])
async def test_delete_with_the_three_words_behind_it_finds_the_story(service: Service, before: str) -> None:
    await told(service)
    words = service.receipt()
    said = await service.text(TOM, f"{before} {words}")
    assert said[-1].startswith("We found what was told")


@pytest.mark.parametrize("said", ["new", "a new one", "something else"])
async def test_words_that_came_later_are_a_new_story_if_their_teller_says_new(service: Service, said: str) -> None:
    await told(service)
    service.now += timedelta(days=2)
    await service.text(MAYA, "My sister was cold on the ward all night long.", said, "AGREE", "DONE")
    assert texts(service) == [WORDS, "My sister was cold on the ward all night long."]


# --- a number that would let it travel further ----------------------------------------------------------------------


LESS = [("only the team please",), ("actually dont publish it",), ("CHANGE", "3", "team"), ("STOP", "START")]


@pytest.mark.parametrize("less", LESS, ids=lambda less: less[0])
async def test_whoever_wants_less_meanwhile_lets_nothing_travel_further(
    service: Service, less: tuple[str, ...]
) -> None:
    await told(service, use="quote")
    await service.text(MAYA, "CHANGE", "3", "publish")
    number = code(service)
    await service.text(MAYA, *less)
    stands = uses(service)
    said = await service.text(MAYA, number)
    assert uses(service) == stands != ["publish"]
    assert said[0].startswith("That number is not good any more")


NOT_NOW = ["no", "cancel", "leave it as it is", "I did not ask for this", "it wasnt me"]


@pytest.mark.parametrize("said", NOT_NOW)
@pytest.mark.parametrize("asked", [("CHANGE", "3", "publish"), ("CHANGE", "1", "2", "Other words.", "DONE")])
async def test_whoever_says_no_changes_nothing_by_the_number(
    service: Service, said: str, asked: tuple[str, ...]
) -> None:
    await told(service)
    await service.text(MAYA, *asked)
    number = code(service)
    assert await service.text(MAYA, said) == ["That is fine. We have changed nothing."]
    await service.text(MAYA, number)
    assert uses(service) == ["team"]
    assert texts(service) == [WORDS]


async def test_the_number_for_a_wider_use_counts_after_my_data(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "CHANGE", "3", "publish")
    number = code(service)
    await service.text(MAYA, "MY DATA", number)
    assert uses(service) == ["publish"]


async def test_the_number_for_a_wider_use_deletes_nothing(service: Service) -> None:
    await told(service)
    service.now += timedelta(days=9)
    await service.text(MAYA, *walk.ONCE_MORE, "The library is warm and quiet in winter.", "DONE", *walk.bonus())
    await service.text(MAYA, "DELETE", "1", "CHANGE", "2", "3", "publish")
    number = code(service)
    await service.text(MAYA, "MY DATA", number)
    assert len(texts(service)) == 2


# --- how a number is written ----------------------------------------------------------------------------------------


async def test_keep_written_on_to_the_number_keeps(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    assert await service.text(MAYA, f"keep{code(service)}") == ["Nothing was deleted."]


SENTENCES = [
    "To delete it for good, reply with {}",
    "the code is {}, please delete my story now thanks",
    "hi there the number you sent me is {} thank you so much",
    "my wife would like me to keep it after all, the number is {}",
]


@pytest.mark.parametrize("said", SENTENCES)
async def test_a_number_in_a_sentence_is_asked_for_alone(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    number = code(service)
    assert "Please reply with the number" in (await service.text(MAYA, said.format(number)))[0]
    assert texts(service) == [WORDS]
    await service.text(MAYA, number)
    assert texts(service) == []


async def test_a_number_that_nothing_waits_for_begins_no_story(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1", *["0000", "0001", "0002"])
    assert (await service.text(MAYA, "0003"))[0].startswith("That number is not good any more")
    assert len(service.rows(tables.Conversation)) == 1


async def test_a_month_later_nobody_is_asked_for_the_number_of_then(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    service.now += timedelta(days=30)
    assert "number" not in (await service.text(MAYA, "hello"))[0]


async def test_a_use_made_wider_at_its_own_question_and_narrower_again_stays_narrow(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(WORDS), walk.PLACE, "1", "BACK", "publish")
    number = code(service)
    await service.text(MAYA, "only the team please", number)
    assert uses(service) == ["team"]


# --- words beside the number ----------------------------------------------------------------------------------------

AGAINST = ["dont {}", "not {}", "kepe {}", "save it {}", "{} wait i am not sure", "only team {}"]


@pytest.mark.parametrize("said", AGAINST)
@pytest.mark.parametrize("asked", [("DELETE", "1"), ("CHANGE", "3", "publish")])
async def test_a_number_among_words_that_say_more_does_nothing(
    service: Service, said: str, asked: tuple[str, ...]
) -> None:
    await told(service)
    await service.text(MAYA, *asked)
    assert (await service.text(MAYA, said.format(code(service))))[0].startswith("Please reply with the number")
    assert texts(service) == [WORDS]
    assert uses(service) == ["team"]


@pytest.mark.parametrize("said", ["no {}", "cancel {}", "undo {}", "keep it {}", "{} no thanks"])
async def test_no_beside_the_number_keeps(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    assert await service.text(MAYA, said.format(code(service))) == ["Nothing was deleted."]
    assert in_use(service) == [WORDS]


@pytest.mark.parametrize("said", ["stop {}", "STOP {}", "please stop {}"])
async def test_stop_beside_the_number_is_heard_and_does_nothing_else(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    number = code(service)
    (answer,) = await service.text(MAYA, said.format(number))
    assert answer.startswith("We have stopped")
    assert service.rows(tables.Contributor)[0].opted_out
    assert texts(service) == [WORDS]


@pytest.mark.parametrize("said", ["{} thanks", "yes {}", "the number is {}", "delete it {}", "ok here it is: {}"])
async def test_courtesies_beside_the_number_do_not_stand_in_its_way(service: Service, said: str) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "1")
    await service.text(MAYA, said.format(code(service)))
    assert texts(service) == []
