"""A sender can be forged, and reads no answer: what widens or deletes waits for a number that only the holder gets."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flows.model.conversation import Conversation
from storage import tables
from storage.protection import address_codes
from tests import walk
from tests.bot.service import MAYA, TOM, Service

if TYPE_CHECKING:
    import io

CHAT = 5_550_001_234
WORDS = "The bus stop on my road was taken away and I cannot get to the clinic."
OTHER = "All is well here and nobody has anything to complain about at all."


async def told(service: Service, use: str = "team", contact: str = "no") -> None:
    await service.text(MAYA, *walk.by_text(WORDS, place="Coatbridge", use=use, contact=contact))


def texts(service: Service) -> list[str]:
    return [row.text for row in service.rows(tables.Story)]


def uses(service: Service) -> list[str]:
    return [row.use for row in service.rows(tables.Story)]


def in_use(service: Service) -> list[str]:
    return [row.text for row in service.rows(tables.Story) if row.withdrawn_at is None]


def code(service: Service, sender: str = MAYA) -> str:
    """Return the number that was sent last, as its reader sees it."""
    said = [message.say.text for _, _, message in service.outbox(sender)]
    found = [number for text in said for number in re.findall(r"reply with (\d{4})", text)]
    assert found, said[-3:]
    return found[-1]


def wrong(service: Service) -> str:
    return f"{(int(code(service)) + 1) % 10_000:04}"


def requests(service: Service) -> list[tuple[str, str]]:
    return [(row.kind, row.outcome) for row in service.rows(tables.Request)]


# --- what a forger cannot do blindly --------------------------------------------------------------------------------

BLIND = {
    "a wider use": ("CHANGE", "3", "publish", "1", "1"),
    "a wider use by number": ("CHANGE", "3", "3", "1"),
    "everything": ("DELETE", "2", "1", "yes"),
    "everything in words": ("delete everything", "everything", "2", "yes"),
    "the only story": ("DELETE", "1", "yes"),
    "other words": ("CHANGE", "1", "2", OTHER, "DONE", "1", "yes"),
    "by way of what is held": ("MY DATA", "2", "2", "1"),
    "the chat": ("DELETE CHAT", "1", "yes"),
    "too young": ("I am 12", "yes", "1"),
    "again and again": ("DELETE", "2", "0000", "1111", "DELETE", "2", "1234", "2345", "9999"),
}


@pytest.mark.parametrize("said", BLIND.values(), ids=BLIND.keys())
async def test_whoever_forges_a_number_widens_and_deletes_nothing(service: Service, said: tuple[str, ...]) -> None:
    await told(service)
    service.now += timedelta(days=3)
    await service.text(MAYA, *said)
    assert texts(service)[0] == WORDS
    assert uses(service)[0] == "team"
    assert {row.naming for row in service.rows(tables.Story)} == {"none"}


async def test_nor_while_the_conversation_is_still_open(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(WORDS), "Coatbridge", "1", "BACK", "publish", "1", "1")
    assert uses(service) == ["team"]


async def test_nor_other_words_while_it_is_open(service: Service) -> None:
    await service.text(MAYA, *walk.kept_by_text(WORDS), "CHANGE", "1", "2", OTHER, "DONE", "1", "yes")
    assert texts(service) == [WORDS]


# --- what the holder can --------------------------------------------------------------------------------------------


async def test_the_number_deletes_everything(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "everything")
    said = await service.text(MAYA, code(service))
    assert "Everything you told us is deleted" in said[-1]
    assert texts(service) == []
    assert service.rows(tables.Conversation) == []


async def test_until_then_it_is_out_of_use_at_once_and_a_person_sees_to_it(service: Service) -> None:
    await told(service)
    said = await service.text(MAYA, "DELETE", "everything")
    assert "out of use" in said[-1]
    assert in_use(service) == []
    assert requests(service) == [("erasure", "")]
    told_of = await service.text(MAYA, "MY DATA")
    assert "out of use, and to be deleted" in " ".join(told_of)


async def test_one_story_of_two_goes_by_the_number(service: Service) -> None:
    await told(service)
    service.now += timedelta(days=40)
    await service.text(MAYA, *walk.ONCE_MORE, OTHER, "DONE", *walk.bonus())
    await service.text(MAYA, "DELETE", "2")
    assert in_use(service) == [OTHER]
    await service.text(MAYA, f"it is {code(service)}")
    assert texts(service) == [OTHER]
    assert requests(service) == [("erasure", "done")]


async def test_keep_and_the_number_puts_all_back(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "everything")
    said = await service.text(MAYA, f"KEEP {code(service)}")
    assert said == ["Nothing was deleted."]
    assert in_use(service) == [WORDS]
    assert requests(service) == [("erasure", "withdrawn")]


async def test_the_number_lets_a_story_travel_further(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "CHANGE", "3", "publish")
    assert uses(service) == ["team"]
    await service.text(MAYA, code(service))
    assert uses(service) == ["publish"]
    decision = [row for row in service.rows(tables.Decision) if row.purpose == "use"][-1]
    assert (decision.answer, decision.literal) == ("publish", "publish")


async def test_the_number_puts_other_words_in_place(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "CHANGE", "1", "2", OTHER, "DONE")
    await service.text(MAYA, code(service))
    assert texts(service) == [OTHER]


# --- what waits for nothing -----------------------------------------------------------------------------------------


async def test_narrowing_and_stop_wait_for_nothing(service: Service) -> None:
    await told(service, use="publish")
    await service.text(MAYA, "only the team please")
    assert uses(service) == ["team"]
    await service.text(MAYA, "STOP")
    assert service.rows(tables.Contributor)[0].opted_out
    assert service.rows(tables.HolderCode) == []


async def test_a_chat_asks_no_number(service: Service) -> None:
    await service.chat(CHAT, *walk.by_chat(WORDS))
    await service.chat(CHAT, "DELETE", "everything")
    assert texts(service) == []
    assert service.rows(tables.HolderCode) == []


# --- the number itself ----------------------------------------------------------------------------------------------


async def test_a_number_is_good_once(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "CHANGE", "3", "quote")
    used = code(service)
    await service.text(MAYA, used, "CHANGE", "3", "publish")
    if code(service) != used:
        await service.text(MAYA, used)
        assert uses(service) == ["quote"]


async def test_a_number_is_over_after_half_an_hour(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "everything")
    late = code(service)
    service.now += address_codes.LASTS
    said = await service.text(MAYA, late)
    assert "not good any more" in said[-1]
    assert texts(service) == [WORDS]


async def test_after_three_wrong_ones_the_right_one_is_over_too(service: Service) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "everything")
    right = code(service)
    said = await service.text(MAYA, *[wrong(service)] * 3)
    assert "not good any more" in said[-1]
    await service.text(MAYA, right)
    assert texts(service) == [WORDS]


async def test_after_five_numbers_in_a_day_a_person_sees_to_it(service: Service) -> None:
    await told(service)
    for _ in range(address_codes.MOST_IN_A_DAY):
        await service.text(MAYA, "CHANGE", "3", "publish")
    said = await service.text(MAYA, "CHANGE", "3", "publish")
    assert "0117 496 0000" in said[-1]
    assert ("correction", "") in requests(service)
    assert len(service.rows(tables.HolderCode)) == address_codes.MOST_IN_A_DAY
    service.now += address_codes.DAY
    await service.text(MAYA, "CHANGE", "3", "publish")
    await service.text(MAYA, code(service))
    assert uses(service) == ["publish"]


async def test_a_number_of_somebody_else_opens_nothing(service: Service) -> None:
    await told(service)
    await service.text(TOM, *walk.by_text(OTHER))
    await service.text(MAYA, "DELETE", "everything")
    await service.text(TOM, "DELETE", "everything")
    if code(service) != code(service, TOM):
        await service.text(MAYA, code(service, TOM))
        assert WORDS in texts(service)


async def test_a_number_stands_in_no_log_and_no_conversation(service: Service, log_output: io.StringIO) -> None:
    await told(service)
    await service.text(MAYA, "DELETE", "everything")
    sent = code(service)
    states = " ".join(Conversation.from_json(row.state).model_copy(update={"id": "", "token": ""}).to_json()
                      for row in service.rows(tables.Conversation))  # fmt: skip
    assert sent not in re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "", states)
    await service.text(MAYA, sent)
    assert f" {sent} " not in log_output.getvalue()


# --- a receipt, and what we ask of our own accord -------------------------------------------------------------------


async def test_a_receipt_takes_nothing_back_without_the_number(service: Service) -> None:
    await told(service)
    words = service.receipt()
    await service.text(TOM, words, "2")
    assert in_use(service) == []
    assert texts(service) == [WORDS]
    await service.text(TOM, code(service, TOM))
    assert texts(service) == []
