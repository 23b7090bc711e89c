"""What people may do with what they told, in the same chat, by text and on Telegram, on both databases."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update as change

from bot.channels.channel import SendError
from bot.outbound import outcome
from bot.turn.handlers.receipts import LOCKED
from flows.language.segments import count
from flows.model.conversation import Conversation
from flows.model.messages import sms_text
from storage import tables
from storage.db.engine import reader
from storage.privacy import file_link
from storage.privacy.subject_file import about
from storage.queries.delivery import outbox
from storage.stories import own_stories
from tests import walk
from tests.bot.service import MAYA, NOON, TOM, Service, press, update

if TYPE_CHECKING:
    from bot.channels.channel import Inbound


@pytest.fixture(autouse=True)
def holder(service: Service) -> None:
    service.proves = True


CHAT, OTHER_CHAT = 5_550_001_234, 5_550_009_999
FIRST = "The bus stop on my road was taken away and I cannot get to the clinic."
SECOND = "My neighbour waits eleven weeks for a hearing test in the old town hall."
REST = walk.bonus("Coatbridge", "quote")


def story(words: str, use: str = "quote") -> tuple[str, ...]:
    return (*walk.ONCE_MORE, *walk.by_text(words, place="Coatbridge", use=use)[2:])


async def two_stories(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    service.now += timedelta(days=40)
    await service.text(MAYA, *story(SECOND))


def texts(service: Service) -> list[str]:
    return [row.text for row in service.rows(tables.Story)]


def states(service: Service) -> str:
    return " ".join(row.state for row in service.rows(tables.Conversation))


def receipt(service: Service, number: int = -1) -> str:
    rows = sorted(service.rows(tables.Conversation), key=lambda row: row.started_at)
    return service.receipt(rows[number].state)


def approve(service: Service) -> None:
    table = tables.Story.__table__
    service.writer.run(lambda c: c.execute(change(table).values(state="approved", decided_at=NOON)))


def items(service: Service) -> list[str]:
    return sorted(row.kind for row in service.rows(tables.TeamItem))


async def on_chat(service: Service, label: str) -> Inbound | None:
    """Press the button with this label on the last question."""
    message = service.last(str(CHAT))
    index = next(n for n, option in enumerate(message.say.options) if option.label.startswith(label))
    event = service.told(press(CHAT, f"{message.token}.{message.say.serial}.{index}"))
    await service.intake.take(event)
    return event


# --- DELETE ---------------------------------------------------------------------------------------------------------


async def test_each_story_can_be_taken_back_on_its_own(service: Service) -> None:
    await two_stories(service)
    await service.text(MAYA, "DELETE")
    asked = service.last(MAYA).say
    labels = [option.label for option in asked.options]
    assert labels[0].startswith("Jan 2027: My neighbour")
    assert labels[1].startswith("Nov 2026: The bus stop")
    assert labels[2:] == ["Everything you hold from me", "Nothing, keep it"]
    assert asked.private
    assert await service.text(MAYA, "2") == ["It is deleted. Thank you for telling us what you want."]
    assert texts(service) == [SECOND]
    assert "bus stop" not in states(service)


async def test_the_first_words_of_a_list_are_kept_in_no_conversation(service: Service) -> None:
    await two_stories(service)
    await service.text(MAYA, "MY DATA", "2")
    (waiting,) = (row.state for row in service.rows(tables.Conversation) if '"kind":"delete"' in row.state)
    assert "The bus stop" not in Conversation.from_json(waiting).interruptions.__repr__()
    assert "Nov 2026" in waiting


async def test_more_than_five_are_listed_a_page_at_a_time(service: Service) -> None:
    for number in range(7):
        await service.text(MAYA, *story(f"Number {number}: they closed the library in our street without a word."))
        service.now += timedelta(days=9)
    await service.text(MAYA, "withdraw")
    labels = [option.label for option in service.last(MAYA).say.options]
    assert len([label for label in labels if "Number" in label]) == 5
    await service.text(MAYA, "older ones")
    labels = [option.label for option in service.last(MAYA).say.options]
    assert [label[10:18] for label in labels if "Number" in label] == ["Number 1", "Number 0"]
    await service.text(MAYA, "2")
    assert [text[:8] for text in texts(service)] == [f"Number {number}" for number in range(1, 7)]


async def test_the_list_fits_two_messages_by_sms(service: Service) -> None:
    for number in range(7):
        await service.text(MAYA, *story(f"Number {number}: they closed the library in our street without a word."))
        service.now += timedelta(days=9)
    await service.text(MAYA, "DELETE")
    assert count(sms_text(service.last(MAYA).say)).parts <= 2


async def test_an_unclear_answer_shows_the_list_once_more_and_then_deletes_nothing(service: Service) -> None:
    await two_stories(service)
    await service.text(MAYA, "DELETE", "the blue one")
    assert service.last(MAYA).say.options[0].label.startswith("Jan 2027: My neighbour")
    assert await service.text(MAYA, "the blue one") == ["Nothing was deleted."]
    assert len(texts(service)) == 2


async def test_deleting_an_earlier_story_leaves_the_one_that_is_being_told(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    service.now += timedelta(days=40)
    await service.text(MAYA, *walk.ONCE_MORE, SECOND)
    await service.text(MAYA, "DELETE")
    assert service.last(MAYA).say.options[0].value == "story"
    await service.text(MAYA, "2", "DONE", *REST)
    assert texts(service) == [SECOND]


@pytest.mark.parametrize("stop", ["STOP", "please stop texting me"])
async def test_after_stop_a_story_can_be_taken_back(service: Service, stop: str) -> None:
    await two_stories(service)
    await service.text(MAYA, stop, "DELETE", "1")
    assert texts(service) == [FIRST]


async def test_what_the_carrier_will_not_let_us_answer_is_seen_to_by_a_person_and_nothing_is_deleted(
    service: Service,
) -> None:
    await two_stories(service)
    await service.text(MAYA, "STOP", "delete my story", "DELETE", "MY DATA")
    assert len(texts(service)) == 2
    opened = [(row.kind, row.origin, row.closed_at) for row in service.rows(tables.Request)]
    assert sorted(opened) == [("access", "chat", None), ("erasure", "chat", None)]
    assert "request" in items(service)


async def test_a_stop_in_ones_own_words_does_not_need_a_person(service: Service) -> None:
    await two_stories(service)
    await service.text(MAYA, "please stop texting me", "DELETE")
    assert service.rows(tables.Request) == []


async def test_start_brings_contact_back_and_grants_nothing(service: Service) -> None:
    await service.text(MAYA, *story(FIRST, "team"))
    before = [(row.purpose, row.answer) for row in service.rows(tables.Decision)]
    told = await service.text(MAYA, "please stop texting me")
    assert "send DELETE" in told[-1]
    await service.text(MAYA, "START")
    assert [(row.purpose, row.answer) for row in service.rows(tables.Decision)] == before
    assert ("contact", "yes") not in before
    assert [row.use for row in service.rows(tables.Story)] == ["team"]
    assert not service.rows(tables.Contributor)[0].opted_out


# --- MY DATA --------------------------------------------------------------------------------------------------------


async def test_my_data_tells_each_story_and_how_far_it_may_travel(service: Service) -> None:
    await two_stories(service)
    told = (await service.text(MAYA, "MY DATA"))[-4:]
    assert told[0].startswith("Stories we hold from you: 2. You wrote to us by text message, first in November 2026.")
    assert "Jan 2027: My neighbour waits eleven weeks" in told[1]
    assert "(may be quoted)" in told[1]
    assert told[2] == "We will not write to you about what you told us. We will not invite you again."


async def test_the_file_is_a_link_for_this_person_and_the_request_is_done(service: Service) -> None:
    await two_stories(service)
    told = await service.text(MAYA, "MY DATA", "file")
    token = re.search(r"/mydata/([A-Za-z0-9_-]+)", told[-1])
    assert token is not None
    link = file_link.read(service.keyring, token[1])
    assert link is not None
    with service.engine.connect() as connection:
        assert file_link.opens(connection, link, service.now)
        assert not file_link.opens(connection, link, service.now + timedelta(hours=24))
        assert FIRST in about(connection, service.keyring, link.contributor_id, service.now).to_text()
    (request,) = service.rows(tables.Request)
    assert (request.kind, request.origin, request.outcome, request.closed_at) == (
        "access", "chat", "done", request.opened_at,
    )  # fmt: skip


async def test_the_link_is_over_once_everything_is_deleted(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    told = await service.text(MAYA, "MY DATA", "file")
    token = told[-1].split("/mydata/")[1].split()[0]
    link = file_link.read(service.keyring, token)
    service.now += timedelta(minutes=5)
    await service.text(MAYA, "DELETE", "everything")
    await service.text(MAYA, *story(SECOND))
    assert link is not None
    with service.engine.connect() as connection:
        assert not file_link.opens(connection, link, service.now)


async def test_an_answer_to_the_flow_is_heard_though_my_data_asked_something(service: Service) -> None:
    await service.text(MAYA, "Hello", "AGREE", "MY DATA", FIRST, "DONE", *REST)
    assert texts(service) == [FIRST]


# --- CHANGE ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reviewed", [False, True])
async def test_saying_it_differently_takes_the_old_words_place_and_deletes_them(
    service: Service, *, reviewed: bool
) -> None:
    await two_stories(service)
    if reviewed:
        approve(service)
    told = await service.text(
        MAYA, "CHANGE", "2", "1", "They took our bus stop away.", "It is far to the clinic.\nDONE"
    )
    assert "They took our bus stop away.\nIt is far to the clinic." in told[-1]
    assert FIRST in texts(service)
    await service.text(MAYA, "1")
    changed, other = sorted(service.rows(tables.Story), key=lambda row: row.id)
    assert changed.text == "They took our bus stop away.\nIt is far to the clinic."
    assert (changed.state, other.state) == ("new", "approved" if reviewed else "new")
    assert (own_stories.CHANGED in items(service)) is reviewed
    assert changed.version > other.version
    everywhere = repr(service.everything("x")) + states(service)
    assert "I cannot get to the clinic" not in everywhere
    sealed = [row.sealed for row in service.rows(tables.Inbound) if row.sealed is not None]
    assert all(b"taken away" not in service.keyring.open("inbound.sealed", one) for one in sealed)


async def test_new_words_that_are_half_written_stand_in_the_file_of_their_writer(service: Service) -> None:
    await service.text(MAYA, *story(FIRST), "CHANGE", "1", "1", "They took our bus stop away.")
    person = service.rows(tables.Contributor)[0].id
    with reader(service.engine) as connection:
        told = about(connection, service.keyring, person, service.now).to_text()
    assert told.index("Being written: ") < told.index("They took our bus stop away.", told.index("Being written: "))


async def test_leaving_the_old_words_changes_nothing(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    before = service.rows(tables.Story)
    await service.text(MAYA, "CHANGE", "1", "other words altogether", "DONE", "2")
    await service.text(MAYA, "CHANGE", "1", "other words altogether", "BACK")
    assert service.rows(tables.Story) == before


async def test_the_place_is_hidden_everywhere(service: Service) -> None:
    await two_stories(service)
    await service.text(MAYA, "CHANGE", "2", "hide the place")
    rows = sorted(service.rows(tables.Story), key=lambda row: row.id)
    assert (rows[0].place_id, rows[0].place_label, rows[0].place_words, rows[0].place_nation) == (None, "", "", "")
    assert rows[1].place_label.startswith("Coatbridge")
    answers = [row.value for row in service.rows(tables.Answer) if row.story_id == rows[0].id]
    assert not any("Coatbridge" in value for value in answers)
    first = min(service.rows(tables.Conversation), key=lambda row: row.started_at)
    assert "Coatbridge" not in first.state
    offered = await service.text(MAYA, "CHANGE", "2")
    assert [option.value for option in service.last(MAYA).say.options][:2] == ["words", "use"], offered


@pytest.mark.parametrize(("answer", "use"), [("1", "team"), ("3", "publish")])
async def test_how_far_it_may_travel_is_asked_in_the_words_of_the_flow(service: Service, answer: str, use: str) -> None:
    await two_stories(service)
    approve(service)
    told = await service.text(MAYA, "CHANGE", "2", "how far it may travel")
    assert "How far may your story travel?" in told[-1]
    await service.text(MAYA, answer)
    first, second = sorted(service.rows(tables.Story), key=lambda row: row.id)
    assert (first.use, first.state, second.use, second.state) == (use, "new", "quote", "approved")
    decision = service.rows(tables.Decision)[-1]
    assert (decision.purpose, decision.answer, decision.story_id, decision.conversation_id) == (
        "use", use, first.id, first.conversation_id,
    )  # fmt: skip
    assert own_stories.CHANGED in items(service)


async def test_how_somebody_is_named_is_chosen_anew_with_the_name_itself(service: Service) -> None:
    await service.text(MAYA, *story(FIRST, "publish"))
    told = await service.text(MAYA, "CHANGE", "the name it goes under", "a name I give you")
    assert "Which name shall we show?" in told[-1]
    await service.text(MAYA, "Maya")
    (row,) = service.rows(tables.Story)
    assert (row.naming, row.credit) == ("name", "Maya")
    await service.text(MAYA, "CHANGE", "the name it goes under", "nobody")
    (row,) = service.rows(tables.Story)
    assert (row.naming, row.credit) == ("none", "")


async def test_while_the_last_questions_are_open_change_is_about_the_story_in_hand(service: Service) -> None:
    """What is asked after a story was kept waits until it is put right."""
    told = await service.text(MAYA, *walk.kept_by_text(FIRST), "Coatbridge", "CHANGE")
    assert "What would you like to change about it?" in told[-1]
    told = await service.text(MAYA, "1", "2", "Our bus stop is gone.", "DONE")
    assert "Our bus stop is gone." in told[-2]
    assert "How far may your story travel?" in told[-1]
    assert texts(service) == ["Our bus stop is gone."]
    assert "clinic" not in states(service)


async def test_who_told_nothing_has_nothing_to_change(service: Service) -> None:
    await service.text(MAYA, *story(FIRST), "DELETE", "1")
    assert (await service.text(MAYA, "CHANGE"))[-1].startswith("We hold no story")


async def test_changed_words_of_the_story_in_hand_stay_changed(service: Service) -> None:
    """After CHANGE while the last questions are open, a later answer must not bring the old words back."""
    await service.text(MAYA, *story(FIRST)[:-1])
    await service.text(MAYA, "CHANGE", "1", "2", "Our bus stop is gone.", "DONE", "1")
    assert texts(service) == ["Our bus stop is gone."]
    assert "clinic" not in states(service)


# --- receipts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["{}", "My receipt is {}.", "RECEIPT: {}", "{}!!"])
async def test_a_receipt_is_known_from_another_phone_and_shows_no_word(service: Service, form: str) -> None:
    await service.text(MAYA, *story(FIRST))
    told = await service.text(TOM, form.format(receipt(service)).swapcase())
    assert told[-1].startswith("We found what was told in November 2026. We have it, and a person on our team will")
    assert "bus" not in " ".join(told)
    assert [option.value for option in service.last(TOM).say.options] == ["add", "narrow", "take_back", "nothing"]


async def test_with_a_receipt_words_are_added_from_another_channel(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    approve(service)
    words = receipt(service)
    await service.chat(CHAT, words, "add", "It was put back last week.", "done")
    assert texts(service) == [f"{FIRST}\n\nIt was put back last week."]
    assert [row.state for row in service.rows(tables.Story)] == ["new"]
    assert own_stories.CHANGED in items(service)
    assert all(row.contributor_id == 1 for row in service.rows(tables.Story))


async def test_with_a_receipt_a_story_travels_less_far_and_never_further(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    await service.text(TOM, receipt(service), "2")
    assert [option.value for option in service.last(TOM).say.options] == ["team", "leave"]
    await service.text(TOM, "1")
    assert [row.use for row in service.rows(tables.Story)] == ["team"]
    decision = service.rows(tables.Decision)[-1]
    assert (decision.contributor_id, decision.step, decision.answer) == (1, "receipt", "team")
    await service.text(TOM, receipt(service, 0))
    assert "narrow" not in [option.value for option in service.last(TOM).say.options]


async def test_with_a_receipt_a_story_is_taken_back(service: Service) -> None:
    await two_stories(service)
    await service.chat(CHAT, receipt(service, 0), "take it back, delete it")
    assert texts(service) == [SECOND]


async def test_with_a_receipt_in_ones_own_chat_nothing_of_it_stays(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    await service.text(MAYA, receipt(service), "take it back, delete it")
    assert texts(service) == []
    assert "clinic" not in states(service) + repr(service.everything())


async def test_words_added_after_a_decision_are_told_to_the_reviewer(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    approve(service)
    await service.text(MAYA, "And they took the bench as well.", "1")
    assert [row.state for row in service.rows(tables.Story)] == ["new"]
    assert own_stories.CHANGED in items(service)


async def test_a_question_of_rights_that_the_carrier_did_not_take_is_a_request(service: Service) -> None:
    await service.text(MAYA, *story(FIRST), "DELETE")

    def refused(connection: Any) -> None:
        for due in iter(lambda: outbox.claim_due(connection, service.now), []):
            for one in due:
                outcome.failed(one, SendError("opted_out", "21610"), service.now, 0.5).work(connection)

    service.writer.run(refused)
    assert [(row.kind, row.closed_at) for row in service.rows(tables.Request)] == [("erasure", None)]
    assert texts(service) == [FIRST]
    assert service.rows(tables.Contributor)[0].opted_out


async def test_wrong_words_and_too_many_tries_look_the_same_and_then_nothing_opens(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    right = receipt(service)
    answers = set()
    for number in range(5):
        wrong = f"{['otter', 'lantern', 'kettle', 'pottery', 'copper'][number]} xylem quark"
        answers.add((await service.text(TOM, f"my receipt is {wrong}"))[-1])
    answers.add((await service.text(TOM, right))[-1])
    assert len(answers) == 1
    assert len(service.rows(tables.ReceiptGuess)) == 5
    assert items(service) == [LOCKED]
    service.now += timedelta(hours=25)
    assert "We found" in (await service.text(TOM, right))[-1]


async def test_a_crowd_that_guesses_shuts_out_itself_and_nobody_who_knows(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    crowd = [f"+4477009003{number:02}" for number in range(12)]
    for one in crowd:
        await service.text(one, *["kettle otter lantern"] * 5)
    assert "receipt_guessed" in items(service), "the team is told"
    assert "We found" in (await service.text(TOM, receipt(service, 0)))[-1]
    assert "we find nothing" in (await service.text(crowd[0], receipt(service, 0)))[-1]


async def test_deleting_everything_or_a_wrong_number_gives_no_new_tries(service: Service) -> None:
    await service.text(MAYA, *story(FIRST))
    words = receipt(service, 0)
    await service.text(TOM, *["kettle otter lantern"] * 5)
    await service.text(TOM, "DELETE", "1")
    assert "We found" not in " ".join(await service.text(TOM, words))
    await service.text(TOM, "wrong number", "START")
    assert "We found" not in " ".join(await service.text(TOM, words))


async def test_three_words_in_the_middle_of_a_story_are_part_of_it(service: Service) -> None:
    await service.text(MAYA, "Hello", "AGREE", FIRST, "kettle otter lantern", "not this one", "DONE", *REST)
    assert texts(service) == [f"{FIRST}\nkettle otter lantern\nnot this one"]


async def test_no_two_stories_share_a_receipt(service: Service) -> None:
    class Dice:
        def __init__(self) -> None:
            self.drawn = iter([["otter", "lantern", "kettle"]] * 3 + [["acorn", "lantern", "kettle"]] * 3)

        def sample(self, _words: Any, _count: int) -> list[str]:
            return next(self.drawn)

    object.__setattr__(service.services, "rng", Dice())
    await service.text(MAYA, *story(FIRST))
    service.now += timedelta(days=9)
    await service.text(TOM, *story(SECOND))
    first, second = service.rows(tables.Story)
    assert first.receipt_lookup != second.receipt_lookup


# --- DELETE CHAT ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", ["DELETE CHAT", "/deletechat", "delete this chat please"])
async def test_delete_chat_is_an_outbox_row_before_its_answer(service: Service, words: str) -> None:
    await service.chat(CHAT, "/start", words)
    kinds = [kind for _, kind, _ in service.outbox(str(CHAT))]
    assert kinds[-2:] == ["unsay", "reply"]
    assert "older than two days" in service.last(str(CHAT)).say.text


async def test_delete_chat_by_sms_says_how_to_do_it_oneself(service: Service) -> None:
    told = await service.text(MAYA, *story(FIRST), "DELETE CHAT")
    assert told[-1].startswith("We cannot take messages off your phone.")
    assert "unsay" not in [kind for _, kind, _ in service.outbox()]
    assert texts(service) == [FIRST]


async def test_delete_chat_works_after_stop(service: Service) -> None:
    await service.chat(CHAT, "/start", "/stop", "/deletechat")
    assert "unsay" in [kind for _, kind, _ in service.outbox(str(CHAT))]


async def test_on_telegram_the_lists_are_buttons(service: Service) -> None:
    await service.chat(CHAT, "/start")
    await on_chat(service, "Yes, 18")
    await on_chat(service, "I agree")
    await service.chat(CHAT, FIRST, "done", "Coatbridge", "2", "2", "me", "/mydata")
    await on_chat(service, "Delete something")
    await on_chat(service, "This story")
    assert texts(service) == []
    assert service.told(update(OTHER_CHAT, "x")).address == str(OTHER_CHAT)
