"""The rules of deciding, as tables, and what a decision leaves behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from review.story import decide
from review.story.decide import Decision, DecisionRefusal, DecisionRequest
from storage.db.engine import reader
from storage.queries.stories import kept_stories, whole_story
from storage.queries.team import members
from tests.review.room import NOON, conversation_of

if TYPE_CHECKING:
    from storage.queries.stories.whole_story import WholeStory
    from tests.review.conftest import Room

NEW = whole_story.WholeStory(
    id=1, contributor_id=1, conversation_id="c", pseudonym="Heron 4821", kind="story", flow="share", structure="s",
    text="They closed the surgery.", language="en", channel="sms", told_at=NOON, changed_at=NOON, state="new",
    decider="", decided_at=None, reason="", use="quote", progress="heard", simulated=False, place_label="",
    place_words="", place_kind="", place_scheme="", place_code="", place_year="", place_nation="", place_parent="",
    version=3, withdrawn_at=None,
)  # fmt: skip
APPROVED = replace(NEW, state="approved", decider="Bo Lindqvist", decided_at=NOON)
DECLINED = replace(NEW, state="declined", decider="Bo Lindqvist", decided_at=NOON, reason="unclear")
WITHDRAWN = replace(NEW, withdrawn_at=NOON)


@pytest.mark.parametrize(
    ("story", "wanted", "becomes"),
    [
        (NEW, DecisionRequest(act="approve", seen=3), "approved"),
        (NEW, DecisionRequest(act="decline", seen=3, reason="harm"), "declined"),
        (NEW, DecisionRequest(act="decline", seen=3, reason="other", words="She asked us to."), "declined"),
        (APPROVED, DecisionRequest(act="undo", seen=3), "new"),
        (DECLINED, DecisionRequest(act="undo", seen=3), "new"),
        (NEW, DecisionRequest(act="scales", seen=3, scales=("society",)), "new"),
        (APPROVED, DecisionRequest(act="scales", seen=3, scales=()), "approved"),
        (NEW, DecisionRequest(act="approve", seen=2), "changed"),
        (APPROVED, DecisionRequest(act="approve", seen=2), "changed"),
        (NEW, DecisionRequest(act="scales", seen=2), "changed"),
        (APPROVED, DecisionRequest(act="approve", seen=3), "not_now"),
        (APPROVED, DecisionRequest(act="decline", seen=3, reason="harm"), "not_now"),
        (DECLINED, DecisionRequest(act="approve", seen=3), "not_now"),
        (NEW, DecisionRequest(act="undo", seen=3), "not_now"),
        (NEW, DecisionRequest(act="decline", seen=3), "say_why"),
        (NEW, DecisionRequest(act="decline", seen=3, reason="nonsense", words="words"), "say_why"),
        (NEW, DecisionRequest(act="decline", seen=3, reason="other", words="  "), "say_why"),
        (NEW, DecisionRequest(act="decline", seen=3, reason="harm", words="x" * 2001), "too_long"),
        (WITHDRAWN, DecisionRequest(act="approve", seen=3), "gone"),
        (None, DecisionRequest(act="approve", seen=3), "gone"),
    ],
)
def test_what_a_wish_does(story: WholeStory | None, wanted: DecisionRequest, becomes: str) -> None:
    outcome = decide.decide(story, wanted)
    assert (outcome.state if isinstance(outcome, Decision) else outcome.kind) == becomes


def test_who_was_quicker_is_named() -> None:
    outcome = decide.decide(APPROVED, DecisionRequest(act="decline", seen=2, reason="harm"))
    assert isinstance(outcome, DecisionRefusal)
    assert "Bo Lindqvist approved this story while you were reading" in outcome.message


def test_undoing_takes_the_name_and_the_reason_away() -> None:
    outcome = decide.decide(DECLINED, DecisionRequest(act="undo", seen=3))
    assert isinstance(outcome, Decision)
    assert (outcome.decided, outcome.reason, outcome.detail) == (False, "", "was declined")


@pytest.mark.parametrize(
    ("stored", "named", "own"),
    [
        ("harm", "It could harm somebody", ""),
        ("other: She asked us to: twice.", "Another reason", "She asked us to: twice."),
        ("", "", ""),
        ("a reason of old", "", "a reason of old"),
    ],
)
def test_a_stored_reason_can_be_read(stored: str, named: str, own: str) -> None:
    assert decide.reason_in_words(stored) == (named, own)


def member_of(room: Room, name: str = "Amina Reid") -> members.Member:
    email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
    room.does(lambda connection: members.add_member(connection, email=email, name=name, role="reviewer", at=NOON))
    with reader(room.engine) as connection:
        member = members.member_by_email(connection, email)
    assert member is not None
    return member


def test_a_decision_is_stored_with_name_and_record(team_room: Room) -> None:
    story_id, amina = team_room.told(), member_of(team_room)
    with reader(team_room.engine) as connection:
        before = whole_story.story_by_id(connection, story_id)
    assert before is not None
    later = NOON + timedelta(minutes=5)
    wanted = DecisionRequest(act="decline", seen=before.version, reason="other", words="She names her street.")
    assert isinstance(decide.carry_out(team_room.writer, story_id, wanted, amina, now=later), Decision)
    with reader(team_room.engine) as connection:
        after = whole_story.story_by_id(connection, story_id)
        acts = members.acts_on(connection, "story", story_id)
    assert after == replace(
        before,
        state="declined",
        decider="Amina Reid",
        decided_at=later,
        reason="other: She names her street.",
        version=before.version + 1,
    )
    assert [(act.who, act.act, act.detail, act.at) for act in acts] == [
        ("Amina Reid", "story.declined", "other", later)
    ], "the record holds no words about the story"


def test_of_two_decisions_on_the_same_version_one_counts(team_room: Room) -> None:
    story_id = team_room.told()
    amina, bo = member_of(team_room), member_of(team_room, "Bo Lindqvist")
    with reader(team_room.engine) as connection:
        seen = whole_story.story_by_id(connection, story_id)
    assert seen is not None
    first = decide.carry_out(
        team_room.writer, story_id, DecisionRequest(act="approve", seen=seen.version), amina, now=NOON
    )
    second = decide.carry_out(
        team_room.writer, story_id, DecisionRequest(act="decline", seen=seen.version, reason="harm"), bo, now=NOON
    )
    assert isinstance(first, Decision)
    assert isinstance(second, DecisionRefusal)
    assert "Amina Reid approved" in second.message
    with reader(team_room.engine) as connection:
        assert [act.who for act in members.acts_on(connection, "story", story_id)] == ["Amina Reid"]


def test_words_added_by_the_teller_make_a_decision_on_the_old_ones_stale(team_room: Room) -> None:
    story_id, amina = team_room.told(), member_of(team_room)
    with reader(team_room.engine) as connection:
        seen = whole_story.story_by_id(connection, story_id)
        conversation = conversation_of(connection, story_id)
    assert seen is not None
    team_room.does(
        lambda connection: kept_stories.add_to_story(
            connection, conversation_id=conversation, ref="later", text="Please do not print this.", now=NOON
        )
    )
    outcome = decide.carry_out(
        team_room.writer, story_id, DecisionRequest(act="approve", seen=seen.version), amina, now=NOON
    )
    assert isinstance(outcome, DecisionRefusal)
    assert outcome.kind == "changed"


@pytest.mark.parametrize(
    ("by_teller", "ticked", "again", "stands"),
    [
        (("individual",), ("individual",), None, {("individual", "contributor", "Amina Reid")}),
        (
            ("individual",),
            ("society",),
            None,
            {("individual", "contributor", ""), ("society", "reviewer", "Amina Reid")},
        ),
        (("individual",), ("individual",), (), {("individual", "contributor", "")}),
        ((), ("society", "individual"), ("society",), {("society", "reviewer", "Amina Reid")}),
        ((), ("society",), (), set()),
        ((), ("society", "society", "nonsense"), None, {("society", "reviewer", "Amina Reid")}),
    ],
    ids=["confirmed", "adjusted", "confirmed, then not", "one taken away", "all taken away", "nonsense"],
)
def test_the_team_confirms_and_adjusts_scales_beside_what_the_teller_said(
    team_room: Room,
    by_teller: tuple[str, ...],
    ticked: tuple[str, ...],
    again: tuple[str, ...] | None,
    stands: set[tuple[str, str, str]],
) -> None:
    story_id, amina = team_room.told(scales=by_teller), member_of(team_room)
    for scales in [ticked] if again is None else [ticked, again]:
        with reader(team_room.engine) as connection:
            seen = whole_story.story_by_id(connection, story_id)
        assert seen is not None
        wanted = DecisionRequest(act="scales", seen=seen.version, scales=scales)
        assert isinstance(decide.carry_out(team_room.writer, story_id, wanted, amina, now=NOON), Decision)
    with reader(team_room.engine) as connection:
        labels = whole_story.labels_of(connection, story_id)
    assert {(label.value, label.origin, label.confirmer) for label in labels} == stands
