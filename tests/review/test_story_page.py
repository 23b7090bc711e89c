"""The page of one story: what it shows, and that nothing written on it is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from storage.db.engine import reader
from storage.protection.erasure import erase_story
from storage.queries.stories import kept_stories, whole_story
from storage.stories import editing
from tests.review.room import GLENBOIG, NOON, conversation_of, shipped

if TYPE_CHECKING:
    from tests.review.conftest import Room

WORDS = "They closed the surgery in our village."


def label_of(step: str, value: str) -> str:
    """Return what the shipped flow calls an answer."""
    return next(option.label for option in shipped()["share"].flow.steps[step].choices() if option.value == value)


async def test_everything_about_a_story_is_on_its_page(team_room: Room) -> None:
    team_room.told(
        WORDS, place=GLENBOIG, place_words="glen boig", scales=("individual",), actor="employee", use="quote",
        language="pl", channel="telegram",
    )  # fmt: skip
    visitor = await team_room.member()
    words = await visitor.open("/stories/1")
    for part in (
        WORDS,
        "Glenboig, North Lanarkshire (village)",
        "Own words: “glen boig”",
        "GSS S12000050, 2025",
        "Said by the teller, not confirmed yet",
        "Employee (said by the teller)",
        "Told 23 Nov 2026, 12:00 by Telegram in Polish",
        "How far it may travel Anonymous quote",
        "Taking part Yes",
        "Answered AGREE on 23 Nov 2026",
        label_of("about", "work"),
    ):
        assert part in words, part
    assert 'lang="pl"' in visitor.html


async def test_the_exact_words_of_a_consent_question_are_shown(team_room: Room) -> None:
    share = shipped()["share"]
    known = {
        "privacy_url": "",
        "organisation": share.organisation.organisation,
        "age": str(share.organisation.adult_age),
    }
    team_room.told()
    visitor = await team_room.member()
    words = await visitor.open("/stories/1")
    for step in ("take_part", "use"):
        texts = share.texts["en"]
        shown = texts.get(f"share/{step}.text_sms") or texts[f"share/{step}.text"]
        assert " ".join(shown.format(**known).split()) in words


async def test_of_two_answers_to_one_question_the_later_counts(team_room: Room) -> None:
    team_room.told(use="publish")
    team_room.does(
        lambda connection: connection.execute(
            text(
                "INSERT INTO decision (contributor_id, conversation_id, story_id, purpose, answer, literal,"
                " text_digest, step, flow, structure, whole, language, channel, decided_at)"
                " SELECT contributor_id, conversation_id, story_id, purpose, 'team', 'only the team', text_digest,"
                " step, flow, structure, whole, language, channel, decided_at + 1 FROM decision WHERE purpose = 'use'"
            )
        )
    )
    visitor = await team_room.member()
    words = await visitor.open("/stories/1")
    assert words.index("only the team") < words.index("Publish replaced by a later answer")


async def test_messages_additions_and_new_wordings_stand_in_order(team_room: Room) -> None:
    story_id = team_room.told(parts=("First I rang.", "Then I went there."))

    def later(connection: object) -> None:
        conversation = conversation_of(connection, story_id)  # type: ignore[arg-type]
        rang = whole_story.parts_of(connection, story_id)[0].ref  # type: ignore[arg-type]
        named = {"conversation_id": conversation, "now": team_room.clock()}
        kept_stories.amend_story(connection, ref=rang, text="First I rang twice.", **named)  # type: ignore[arg-type]
        kept_stories.add_to_story(connection, ref="more", text="Nobody rang back.", **named)  # type: ignore[arg-type]

    team_room.does(later)
    visitor = await team_room.member()
    words = await visitor.open("/stories/1")
    assert "First I rang. " not in words, "the words before are gone"
    order = ["First I rang twice.", "Then I went there.", "Added by the teller", "Nobody rang back."]
    assert [words.index(part) for part in order] == sorted(words.index(part) for part in order)
    assert words.count("Nobody rang back.") == 1


async def test_answers_stand_in_the_order_they_are_asked(team_room: Room) -> None:
    team_room.told(place=GLENBOIG, scales=("individual",), actor="employee", channel="telegram")
    visitor = await team_room.member()
    words = (await visitor.open("/stories/1")).partition(" Answers ")[2]
    order = ["Where was this?", "s this about you, a service or something bigger?"]
    assert [words.index(part) for part in order] == sorted(words.index(part) for part in order)


async def test_questions_and_answers_stand_as_the_teller_read_them(team_room: Room) -> None:
    team_room.told(channel="telegram")
    team_room.does(
        lambda connection: connection.execute(
            text("INSERT INTO answer (story_id, step, value, note) VALUES (1, 'age', '\"adult\"', '')")
        )
    )
    words = await (await team_room.member()).open("/stories/1")
    assert "First, are you 18 or over?" in words
    assert "Yes, 18 or over" in words
    assert "{age}" not in words


async def test_what_stays_with_the_team_is_the_edited_version(team_room: Room) -> None:
    team_room.told(WORDS, use="quote")
    words = await (await team_room.member()).open("/stories/1")
    assert "so nobody can ask them. An edited version stays with the team." in words
    assert "It stays with the team" not in words, "the story itself may leave"


async def test_approving_and_undoing_by_form_alone(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    words = await visitor.send("/stories/1/approve")
    assert "Approved. It may now leave as far as its teller agreed." in words
    assert "Approved by Amina Reid , just now" in words.replace(" ,", " ,")
    assert "Amina Reid approved it" in words
    assert not visitor.offers("/stories/1/approve")
    words = await visitor.send("/stories/1/undo")
    assert "Undone." in words
    assert visitor.offers("/stories/1/approve")
    assert "Amina Reid undid the decision (was approved)" in words


async def test_declining_asks_for_a_reason_and_keeps_what_was_written(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    words = await visitor.send("/stories/1/decline", words="She names her own street.")
    assert visitor.status == 422
    assert "Choose a reason" in words
    assert visitor.form("/stories/1/decline").fields["words"] == ["She names her own street."]
    words = await visitor.send("/stories/1/decline", reason="identifies")
    assert "It points to somebody. “She names her own street.”" in words
    assert "declined it (it points to somebody)" in words


async def test_a_colleague_who_was_quicker_costs_nothing_that_was_written(team_room: Room) -> None:
    team_room.told(WORDS)
    amina, bo = await team_room.member(), await team_room.member("lead", "Bo Lindqvist")
    await amina.open("/stories/1")
    await bo.open("/stories/1")
    await bo.send("/stories/1/approve")
    words = await amina.send("/stories/1/decline", reason="harm", words="He names the manager.")
    assert amina.status == 409
    assert "Bo Lindqvist approved this story while you were reading. Your decision was not saved." in words
    assert "He names the manager." in amina.html
    with reader(team_room.engine) as connection:
        story = whole_story.story_by_id(connection, 1)
    assert story is not None
    assert (story.state, story.decider) == ("approved", "Bo Lindqvist")


async def test_new_words_of_the_teller_are_shown_before_anybody_decides(team_room: Room) -> None:
    story_id = team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    team_room.does(
        lambda connection: kept_stories.add_to_story(
            connection, conversation_id=conversation_of(connection, story_id), ref="more",
            text="Please do not print this.", now=team_room.clock(),
        )
    )  # fmt: skip
    words = await visitor.send("/stories/1/approve")
    assert visitor.status == 409
    assert "This story changed while you were reading" in words
    assert "Please do not print this." in words
    assert "Approved." in await visitor.send("/stories/1/approve")


async def test_scales_by_form_alone(team_room: Room) -> None:
    team_room.told(WORDS, scales=("individual",))
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    words = await visitor.send("/stories/1/scales", scale=["individual", "society"])
    assert "Scales saved" in words
    assert "Said by the teller, confirmed by Amina Reid" in words
    assert "Added by Amina Reid" in words
    assert visitor.form("/stories/1/scales").fields["scale"] == ["individual", "society"]


async def test_a_story_that_was_taken_back_is_not_shown(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    team_room.does(lambda connection: connection.execute(text("UPDATE story SET withdrawn_at = 1")))
    words = await visitor.send("/stories/1/approve")
    assert visitor.status == 410
    assert "taken back" in words
    assert WORDS not in words
    assert WORDS not in await visitor.open("/?state=all")


async def test_somebody_deletes_their_story_while_a_reviewer_reads_it(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    await visitor.open("/stories/1")
    team_room.does(lambda connection: erase_story(connection, 1))
    words = await visitor.send("/stories/1/approve")
    assert visitor.status == 410
    assert "This story was taken back" in words
    assert "What you decided just now was not saved" in words
    words = await visitor.open("/stories/1")
    assert visitor.status == 410
    assert "taken back" in words
    assert "not saved" not in words
    await visitor.open("/stories/2")
    assert visitor.status == 404


async def test_reading_is_on_record_once_an_hour(team_room: Room) -> None:
    team_room.told(WORDS)
    visitor = await team_room.member()
    for _ in range(3):
        await visitor.open("/stories/1")
    team_room.clock.passes(minutes=61)
    words = await visitor.open("/stories/1")
    with reader(team_room.engine) as connection:
        opened = connection.execute(
            text("SELECT who, object_id FROM audit WHERE act = 'story.opened' ORDER BY id")
        ).all()
    assert opened == [("amina@example.org", "1")] * 2
    assert "read it" not in words


async def test_the_longest_wait_comes_next(team_room: Room) -> None:
    for number in range(3):
        team_room.told(f"Story number {number}.")
        team_room.clock.passes(hours=1)
    visitor = await team_room.member()
    await visitor.open("/stories/2")
    assert 'href="/stories/1">Next new story' in visitor.html
    await visitor.open("/stories/1")
    await visitor.send("/stories/1/approve")
    assert 'href="/stories/2">Next new story' in visitor.html


async def test_edited_versions_stand_beside_the_words_with_what_they_change(team_room: Room) -> None:
    team_room.told("We waited.\nDr Ahmed came.", use="publish")
    version = {"text": "We waited.\nA doctor came.", "reason": "It names a doctor", "author": "tom@example.org"}
    team_room.writer.run(lambda c: editing.edit(c, 1, **version, now=NOON))
    visitor = await team_room.member()
    words = await visitor.open("/stories/1")
    for part in (
        "Version 1 Stays with the team",
        "By tom@example.org",
        "Why: It names a doctor",
        "did not agree to be contacted",
        "Named Without a name",
    ):
        assert part in words, part
    assert "<del>Dr Ahmed came.</del>" in visitor.html
    assert "<ins>A doctor came.</ins>" in visitor.html
    assert "Dr Ahmed came." in words, "the teller's own words stay"
