"""Intake: what people send becomes one turn each, and an event that fails is kept."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update as change

from bot.inbound.intake import CannotKeepError
from storage import tables
from storage.db.database_trouble import Cause
from tests import walk
from tests.bot.service import MAYA, OURS, STORY, TOM, Service, press, sms_form, update

if TYPE_CHECKING:
    import io

TO_THE_STORY = walk.AGREED_BY_TEXT
TO_THE_END = walk.by_text(STORY)
CHAT = 5_550_001_234


async def test_a_story_by_text_reaches_the_team(service: Service) -> None:
    told = await service.text(MAYA, *TO_THE_END)
    assert "Your receipt" in told[-1]
    (story,) = service.rows(tables.Story)
    assert (story.text, story.kind, story.use, story.state) == (STORY, "story", "team", "new")
    assert (story.place_label, story.place_id, story.place_words) == ("Easton, Bristol", "project:easton", "Easton")
    assert (story.channel, story.simulated) == ("sms", False)
    decisions = [(row.purpose, row.answer) for row in service.rows(tables.Decision)]
    assert decisions == [("take_part", "yes"), ("use", "team"), ("contact", "no")]
    assert {row.story_id for row in service.rows(tables.Decision)} == {story.id}


async def test_the_same_story_by_chat_with_buttons(service: Service) -> None:
    await service.chat(CHAT, "/start")

    async def choose(*labels: str) -> None:
        for label in labels:
            message = service.last(str(CHAT))
            index = [option.label for option in message.say.options].index(label)
            data = f"{message.token}.{message.say.serial}.{index}"
            assert await service.intake.take(service.told(press(CHAT, data))) == "handled"

    await choose(*walk.AGREED_BY_PRESS)
    await service.chat(CHAT, STORY)
    await choose(walk.FINISHED)
    await service.chat(CHAT, walk.PLACE)
    await choose(*walk.BONUS_BY_PRESS)
    assert "Your receipt" in service.answers(str(CHAT))[-1]
    (story,) = service.rows(tables.Story)
    assert (story.text, story.place_label, story.channel) == (STORY, "Easton, Bristol", "telegram")


async def test_a_second_delivery_has_no_effect(service: Service) -> None:
    form = sms_form(MAYA, "Hello")
    assert await service.take(form) == "handled"
    before = service.everything()
    assert await service.take(form) == "duplicate"
    assert service.everything() == before


async def test_what_is_said_first_waits_sealed_and_becomes_the_story(service: Service) -> None:
    await service.text(MAYA, STORY)
    assert service.rows(tables.Story) == []
    (held,) = service.rows(tables.SealedMessage)
    assert STORY.encode() not in held.sealed
    told = await service.text(MAYA, "AGREE")
    assert "We have what you wrote. Go on, or send DONE." in " ".join(told)
    assert service.rows(tables.SealedMessage) == []
    await service.text(MAYA, "DONE")
    assert service.rows(tables.Story)[0].text == STORY


async def test_what_is_said_first_is_destroyed_after_a_no(service: Service) -> None:
    await service.text(MAYA, STORY, "NO")
    assert service.rows(tables.SealedMessage) == []
    assert [row.sealed for row in service.rows(tables.Inbound)] == [None, None]


async def test_nothing_a_person_wrote_is_stored_in_the_open_before_consent(service: Service) -> None:
    await service.text(MAYA, STORY)
    with service.engine.connect() as connection:
        for table in tables.metadata.tables.values():
            stored = repr(connection.execute(table.select()).all())
            assert "bus stop" not in stored, table.name
            assert MAYA not in stored, table.name


STOPS = {
    "by text, the carrier's own word": ("sms", "STOP", None),
    "by text, in their own words": ("sms", "please stop texting me", "stopped"),
    "by chat": ("telegram", "/stop", "stopped"),
}


@pytest.mark.parametrize(("channel", "words", "answer"), STOPS.values(), ids=STOPS.keys())
async def test_stop_is_answered_once_and_by_one_of_us(
    service: Service, channel: str, words: str, answer: str | None
) -> None:
    say = (lambda *texts: service.text(MAYA, *texts)) if channel == "sms" else lambda *texts: service.chat(CHAT, *texts)
    await say("Hello")
    told = await say(words)
    assert [answer in text for text in told] == ([True] if answer else [])
    assert service.rows(tables.Contributor)[0].opted_out
    told = await say("Hello again, are you there?")
    assert ["send START" in text for text in told] == ([] if channel == "sms" else [True]), "by SMS the carrier says so"
    assert await say(STORY, "Is this on?") == [], "once is enough"
    assert service.rows(tables.Story) == []
    told = await say("START" if channel == "sms" else "/start")
    assert told
    assert not service.rows(tables.Contributor)[0].opted_out


async def test_stop_from_a_stranger_is_remembered_without_a_conversation(service: Service) -> None:
    await service.text(MAYA, "please stop texting me")
    assert service.rows(tables.Contributor)[0].opted_out
    assert service.rows(tables.Conversation) == []


CARRIER = {
    "STOP in a language of the carrier's": ("zatrzymaj", "STOP", True, 0),
    "START": ("wznów", "START", False, 2),
    "HELP": ("POMOC", "HELP", False, 1),
}


@pytest.mark.parametrize(("words", "kind", "stopped", "answers"), CARRIER.values(), ids=CARRIER.keys())
async def test_what_the_carrier_understood_is_taken_so(
    service: Service, words: str, kind: str, stopped: bool, answers: int
) -> None:
    await service.text(MAYA, "Hello")
    await service.take(sms_form(MAYA, words, OptOutType=kind))
    assert service.rows(tables.Contributor)[0].opted_out is stopped
    if not answers:
        assert service.answers(MAYA) == []
    if kind == "HELP":
        (asked,) = service.answers(MAYA)
        assert "send AGREE" in asked, "the carrier helped; what waits is asked again"
        assert [row.kind for row in service.rows(tables.TeamItem)] == ["help_mid_story"]


async def test_help_names_the_organisation_a_person_and_a_helpline(service: Service) -> None:
    (told,) = await service.text(MAYA, "HELP")
    for named in ("Easton Listens", "0117 496 0000", "999", "116 123"):
        assert named in told


async def test_an_installation_with_advanced_opt_out_leaves_help_to_the_carrier(service: Service) -> None:
    service.intake.advanced_opt_out = True
    assert await service.text(MAYA, "HELP") == []


NOBODY = {
    "a short code": sms_form("85258", "Your parcel is waiting"),
    "a name": sms_form("EASTBANK", "Your code is 123456"),
    "our own number": sms_form(OURS, "Hello"),
}


@pytest.mark.parametrize("form", NOBODY.values(), ids=NOBODY.keys())
async def test_who_is_not_a_person_is_counted_and_never_answered(service: Service, form: dict[str, str]) -> None:
    assert await service.take(form) == "stray"
    (stray,) = service.rows(tables.Stray)
    assert (stray.channel, stray.kind, stray.count) == ("sms", "stray", 1)
    assert service.rows(tables.Inbound) == service.rows(tables.Contributor) == service.rows(tables.Outbox) == []


async def test_a_group_is_sent_away_and_nothing_of_it_is_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(type(service.telegram), "reach", "https://t.me/easton_bot")
    monkeypatch.setattr(service.telegram, "answer_group", lambda inbound, text: told.append((inbound.address, text)))
    data = update(CHAT, STORY)
    data["message"]["chat"] = {"id": -100, "type": "group", "title": "Neighbours"}
    assert await service.intake.take(service.told(data)) == "stray"
    ((address, text),) = told
    assert address == "-100"
    assert "https://t.me/easton_bot" in text
    assert service.rows(tables.Inbound) == service.rows(tables.Contributor) == []


async def test_a_shared_position_becomes_a_locality_and_is_kept_nowhere(service: Service) -> None:
    await service.chat(CHAT, *walk.kept_by_chat(STORY))
    assert "Where was this" in service.last(str(CHAT)).say.text
    await service.intake.take(service.told(update(CHAT, location={"latitude": 55.901163, "longitude": -4.051721})))
    (story,) = service.rows(tables.Story)
    assert story.place_label == "Glenboig, North Lanarkshire"
    events = [service.keyring.open("inbound.sealed", row.sealed) for row in service.rows(tables.Inbound) if row.sealed]
    assert events
    kept = repr(events) + repr([service.rows(table) for table in (tables.Conversation, tables.Outbox)])
    assert "55.901" not in kept
    assert "4.0517" not in kept


async def test_a_position_nobody_asked_for_is_politely_refused(service: Service) -> None:
    await service.chat(CHAT, "/start")
    service.answers(str(CHAT))
    await service.intake.take(service.told(update(CHAT, location={"latitude": 55.901163, "longitude": -4.051721})))
    assert "only read words" in service.answers(str(CHAT))[0]


async def test_a_photo_with_words_is_refused_and_its_words_are_heard(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    photo = [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]
    service.answers(str(CHAT))
    await service.intake.take(service.told(update(CHAT, photo=photo, caption=STORY)))
    assert "only read words" in service.answers(str(CHAT))[0]
    await service.chat(CHAT, "DONE")
    assert service.rows(tables.Story)[0].text == STORY


def blocked(chat: int, status: str) -> dict[str, object]:
    data = update(chat)
    user = {"id": 1, "is_bot": True, "first_name": "Bot"}
    member = {"status": status, "user": user} | ({"until_date": 0} if status == "kicked" else {})
    return {
        "update_id": data["update_id"],
        "my_chat_member": {
            "chat": {"id": chat, "type": "private"}, "from": data["message"]["from"], "date": data["message"]["date"],
            "old_chat_member": {"status": "member", "user": user}, "new_chat_member": member,
        },
    }  # fmt: skip


async def test_blocking_and_letting_in_again_change_the_address_and_no_consent(service: Service) -> None:
    assert await service.intake.take(service.told(blocked(CHAT, "kicked"))) == "other", "nobody we know"
    await service.chat(CHAT, "/start")
    for status, state in (("kicked", "blocked"), ("member", "reachable")):
        event = service.told(blocked(CHAT, status))
        assert await service.intake.take(event) == "handled"
        assert await service.intake.take(event) == "duplicate"
        assert service.rows(tables.Address)[0].state == state
        assert not service.rows(tables.Contributor)[0].opted_out


async def test_who_writes_from_an_address_that_was_given_up_is_reachable_and_a_stranger(service: Service) -> None:
    await service.text(MAYA, "Hello")
    address = tables.Address.__table__
    service.writer.run(lambda connection: connection.execute(change(address).values(state="unusable")))
    await service.text(MAYA, "AGREE")
    assert [row.state for row in service.rows(tables.Address)] == ["unusable", "reachable"]
    assert len(service.rows(tables.Contributor)) == 2


async def test_a_link_names_the_flow_and_the_way_in(service: Service) -> None:
    await service.chat(CHAT, "/start feedback")
    assert service.rows(tables.Conversation)[0].flow == "feedback"
    await service.chat(CHAT + 1, "/start library-poster")
    assert service.rows(tables.Conversation)[1].flow == "share"
    assert [row.source for row in service.rows(tables.Contributor)] == ["feedback", "library-poster"]


async def test_start_in_the_middle_asks_whether_to_go_on(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT, STORY)
    (told, *_) = (await service.chat(CHAT, "/start"))[-1:]
    assert "go on, or start again" in told
    assert len(service.rows(tables.Conversation)) == 1


@pytest.mark.parametrize(("words", "flow"), [("feedback", "feedback"), ("FEEDBACK!", "feedback"), ("Hi", "share")])
async def test_a_flow_s_own_word_starts_it(service: Service, words: str, flow: str) -> None:
    await service.text(MAYA, words)
    assert service.rows(tables.Conversation)[0].flow == flow


async def test_an_edit_changes_what_is_being_told_and_what_is_kept(service: Service) -> None:
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    told = update(CHAT, STORY)
    await service.intake.take(service.told(told))
    edited = {"update_id": told["update_id"] + 500, "edited_message": told["message"] | {"text": STORY + " Today."}}
    await service.intake.take(service.told(edited))
    await service.chat(CHAT, "DONE", *walk.bonus())
    assert service.rows(tables.Story)[0].text == STORY + " Today."
    again = {"update_id": told["update_id"] + 501, "edited_message": told["message"] | {"text": "Something else."}}
    await service.intake.take(service.told(again))
    assert service.rows(tables.Story)[0].text == "Something else."
    assert [(part.kind, part.text) for part in service.rows(tables.StoryPart)] == [("told", "Something else.")]


async def test_an_edit_of_an_earlier_story_changes_that_story(service: Service) -> None:
    told = update(CHAT, STORY)
    await service.chat(CHAT, *walk.AGREED_BY_CHAT)
    await service.intake.take(service.told(told))
    await service.chat(CHAT, "DONE", *walk.bonus(), "feedback")
    assert len(service.rows(tables.Conversation)) == 2
    edited = {"update_id": told["update_id"] + 500, "edited_message": told["message"] | {"text": "It came back."}}
    await service.intake.take(service.told(edited))
    assert [(part.kind, part.text) for part in service.rows(tables.StoryPart)] == [("told", "It came back.")]
    assert [story.text for story in service.rows(tables.Story)] == ["It came back."]


async def test_an_edit_of_what_is_held_sealed_becomes_part_of_the_story(service: Service) -> None:
    told = update(CHAT, STORY)
    await service.intake.take(service.told(told))
    edited = {"update_id": told["update_id"] + 500, "edited_message": told["message"] | {"text": STORY + " Today."}}
    await service.intake.take(service.told(edited))
    assert len(service.rows(tables.SealedMessage)) == 1
    await service.chat(CHAT, *walk.AGREED_BY_CHAT[1:], "DONE")
    assert service.rows(tables.Story)[0].text == STORY + " Today."


async def test_an_edit_of_what_we_never_kept_changes_nothing(service: Service) -> None:
    told = update(CHAT, "Hello")
    await service.intake.take(service.told(told))
    before = service.everything("inbound", "due_at", "updated_at")
    text = "They closed the library."
    edited = {"update_id": told["update_id"] + 500, "edited_message": told["message"] | {"text": text}}
    await service.intake.take(service.told(edited))
    after = service.everything("inbound", "due_at", "updated_at")
    assert {name for name in after if after[name] != before[name]} == {"inbound"}


async def test_delete_everything_leaves_a_goodbye_and_nothing_else(service: Service) -> None:
    service.proves = True
    await service.text(MAYA, *TO_THE_END)
    told = await service.text(MAYA, "DELETE", "2")
    assert "Everything you told us is deleted" in told[-1]
    for table in (tables.Story, tables.StoryPart, tables.Answer, tables.Conversation, tables.SealedMessage):
        assert service.rows(table) == [], table.__tablename__
    assert {row.sealed for row in service.rows(tables.Inbound)} == {None}


@pytest.mark.parametrize("stop", ["STOP", "Please stop texting me"])
async def test_who_has_stopped_can_still_have_everything_deleted(service: Service, stop: str) -> None:
    service.proves = True
    await service.text(MAYA, *TO_THE_END)
    told = await service.text(MAYA, stop, "what?", "DELETE", "2")
    assert "Everything you told us is deleted" in told[-1]
    assert service.rows(tables.Story) == []


async def test_who_has_stopped_is_asked_nothing_more_than_what_to_delete(service: Service) -> None:
    await service.text(MAYA, *TO_THE_STORY)
    assert len(await service.text(MAYA, "STOP", "DELETE")) == 1
    assert await service.text(MAYA, "banana") == []
    assert await service.text(MAYA, "2") == ["Nothing was deleted."]
    assert await service.text(MAYA, "1") == []


async def test_a_story_told_before_can_be_deleted_while_a_new_conversation_goes_on(service: Service) -> None:
    service.proves = True
    await service.text(MAYA, *TO_THE_END)
    told = await service.text(MAYA, "SHARE", "DELETE", "1")
    assert "It is deleted" in told[-2]
    assert "send AGREE" in told[-1]
    assert service.rows(tables.Story) == []


async def test_this_story_means_the_one_being_told_and_spares_the_one_before(service: Service) -> None:
    await service.text(MAYA, *TO_THE_END)
    (before,) = service.rows(tables.Story)
    told = await service.text(MAYA, *walk.ONCE_MORE, "Another thing that happened to us.", "DELETE", "1")
    assert "It is deleted" in told[-1]
    assert [story.id for story in service.rows(tables.Story)] == [before.id]


async def test_my_data_says_what_is_held(service: Service) -> None:
    await service.text(MAYA, *TO_THE_END)
    told = " ".join((await service.text(MAYA, "MY DATA"))[-4:])
    assert "Stories we hold from you: 1" in told
    assert f"Nov 2026: {STORY[:10]}" in told
    assert "text message" in told
    assert "November 2026" in told


async def test_people_do_not_meet(service: Service) -> None:
    await service.text(MAYA, *TO_THE_STORY)
    told = await service.text(TOM, STORY)
    assert "Hello from Easton Listens" in " ".join(told)
    assert len(service.rows(tables.Contributor)) == 2


# --- failing --------------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(service: Service, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Make every search for a place fail, with the person's words in the error."""

    def find(words: str) -> None:
        raise RuntimeError(f"cannot look up {words} for {MAYA}")

    monkeypatch.setattr(service.resolver, "find", find)
    return monkeypatch


async def test_a_failing_turn_is_kept_whole_and_handled_later(
    service: Service, broken: pytest.MonkeyPatch, log_output: io.StringIO
) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY))
    before = service.rows(tables.Conversation)
    form = sms_form(MAYA, "Easton")
    service.deliver()
    assert await service.take(form) == "failed"
    (told,) = service.answers(MAYA)[-1:]
    assert "something went wrong on our side" in told
    assert service.rows(tables.Conversation) == before
    (event,) = [row for row in service.rows(tables.Inbound) if row.state == "failed"]
    assert (event.error, event.attempts) == ("RuntimeError", 1)
    assert [item.kind for item in service.rows(tables.TeamItem)] == ["failed_turn"]
    logged = log_output.getvalue()
    assert "turn failed" in logged
    assert "Easton" not in logged
    assert MAYA not in logged

    assert await service.take(form) == "failed", "the provider may bring it again"
    assert service.answers(MAYA) == [], "one apology is enough"
    assert len(service.rows(tables.TeamItem)) == 1

    broken.undo()
    done = await service.recovery.replay()
    assert (done.handled, done.failed, done.lost) == (1, 0, 0)
    assert "How far may your story travel?" in service.answers(MAYA)[-1]
    assert (await service.recovery.replay()).handled == 0
    assert {row.state for row in service.rows(tables.Inbound)} == {"handled"}
    assert [item.closed_at for item in service.rows(tables.TeamItem)] == [service.now]


async def test_a_failing_turn_harms_nobody_else(service: Service, broken: pytest.MonkeyPatch) -> None:
    await service.text(MAYA, *walk.kept_by_text(STORY), "Easton")
    told = await service.text(TOM, *TO_THE_STORY)
    assert "in your own words" in told[-1]


async def test_stop_works_even_where_nothing_else_does(service: Service) -> None:
    await service.text(MAYA, "Hello")
    conversation = tables.Conversation.__table__
    service.writer.run(lambda connection: connection.execute(change(conversation).values(state='{"id": 7}')))
    assert await service.take(sms_form(MAYA, "AGREE")) == "failed"
    assert [row.error for row in service.rows(tables.Inbound)][-1] == "UnreadableConversationError"
    assert await service.take(sms_form(MAYA, "please stop texting me")) == "failed"
    assert service.rows(tables.Contributor)[0].opted_out
    assert "We have stopped" in service.answers(MAYA)[-1]
    assert service.rows(tables.Conversation)[0].state == '{"id": 7}', "never a fresh start"


async def test_somebody_new_whose_first_message_fails_is_known_all_the_same(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begin(flow: str, text: str) -> None:
        raise RuntimeError

    monkeypatch.setattr(service.releases, "begin", begin)
    assert await service.take(sms_form(MAYA, STORY)) == "failed"
    (event,) = service.rows(tables.Inbound)
    assert event.contributor_id == service.rows(tables.Contributor)[0].id
    assert "something went wrong" in service.answers(MAYA)[0]


async def test_an_event_of_a_shape_we_do_not_know_is_kept_and_shown_to_the_team(service: Service) -> None:
    event = service.told({"update_id": 7, "message": {"message_id": "seven"}})
    assert event.kind == "unreadable"
    assert await service.intake.take(event) == "failed"
    assert [row.error for row in service.rows(tables.Inbound)] == ["UnreadableEvent"]
    assert [item.kind for item in service.rows(tables.TeamItem)] == ["failed_turn"]


async def test_what_cannot_be_stored_at_all_is_not_acknowledged(service: Service) -> None:
    service.writer.close()
    with pytest.raises(CannotKeepError):
        await service.take(sms_form(MAYA, "Hello"))


# --- set aside, missed ----------------------------------------------------------------------------------------------


async def test_the_fallback_only_stores_and_the_event_is_handled_a_little_later(service: Service) -> None:
    form = sms_form(MAYA, "Hello")
    await service.intake.set_aside(service.event(form))
    assert service.rows(tables.Contributor) == []
    assert await service.recovery.stored() == 1
    assert "Easton Listens" in service.answers(MAYA)[0]
    assert await service.recovery.stored() == 0
    await service.intake.set_aside(service.event(form))
    assert await service.recovery.stored() == 0, "it was handled before"


async def test_what_we_missed_is_fetched_and_handled_once(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seen, unseen = sms_form(MAYA, "Hello"), sms_form(TOM, "Hello")
    await service.take(seen)
    asked = []

    async def missed(since: object) -> list[object]:
        asked.append(since)
        return [service.event(seen), service.event(unseen)]

    monkeypatch.setattr(service.sms, "missed", missed)
    service.now += timedelta(days=1)
    assert await service.recovery.missed() == 1
    assert service.answers(TOM)
    assert await service.recovery.missed() == 0
    assert asked[0] == service.now - timedelta(days=1), "not from before we were set up"
    service.now += timedelta(days=30)
    await service.recovery.missed()
    assert asked[-1] == service.now - timedelta(days=7)


async def test_what_was_refused_is_fetched_when_trouble_ends_and_once_more_when_the_list_is_whole(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed: list[object] = []

    async def missed(since: object) -> list[object]:
        return listed

    monkeypatch.setattr(service.sms, "missed", missed)
    assert await service.recovery.after_refusal() == 0
    monkeypatch.setattr(service.writer.health, "cause", Cause.FULL)
    service.recovery.refused()
    listed.append(service.event(sms_form(MAYA, "Hello")))
    service.now += timedelta(seconds=60)
    assert await service.recovery.after_refusal() == 0, "the trouble goes on"
    monkeypatch.setattr(service.writer.health, "cause", None)
    assert await service.recovery.after_refusal() == 1
    assert service.answers(MAYA)
    service.recovery.refused()
    listed.append(service.event(sms_form(TOM, "Hello")))
    service.now += timedelta(seconds=70)
    assert await service.recovery.after_refusal() == 1
    service.now += timedelta(minutes=5)
    listed.append(service.event(sms_form(MAYA, "never refused")))
    assert await service.recovery.after_refusal() == 0, "and then it is over"


async def test_what_was_refused_is_asked_for_every_few_minutes_while_trouble_goes_on(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    async def missed(since: object) -> list[object]:
        asked.append(since)
        return []

    monkeypatch.setattr(service.sms, "missed", missed)
    monkeypatch.setattr(service.writer.health, "cause", Cause.FULL)
    for _ in range(10):
        service.recovery.refused()
        service.now += timedelta(minutes=1)
        await service.recovery.after_refusal()
    assert len(asked) == 3
