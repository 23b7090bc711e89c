"""Stories for the team's room in tests: told through the very functions a turn uses, so that nothing is invented."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import count
from typing import TYPE_CHECKING

from flows.authoring.loader import load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import texts_for
from flows.model.conversation import Status, idle
from flows.model.effects import Draft, RecordConsent
from flows.model.organisation_facts import OrganisationFacts
from storage.queries.contributors import consent_decisions, people
from storage.queries.contributors.consent_decisions import Circumstances
from storage.queries.conversations import published, turn_queries
from storage.queries.stories import kept_stories, whole_story

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.db.writer import Writer

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
numbers = count(1)

GLENBOIG = kept_stories.StoryPlace(
    "geonames:2648523", "Glenboig, North Lanarkshire", "village", "gss", "S12000050", "2025", "Scotland",
    "North Lanarkshire",
)  # fmt: skip
COATBRIDGE = GLENBOIG._replace(id="geonames:2652618", label="Coatbridge, North Lanarkshire", kind="town")
BRISTOL = kept_stories.StoryPlace(
    "geonames:2654675", "Bristol", "city", "gss", "E06000023", "2025", "England", "Bristol, City of"
)


ABOUT = {
    "service_user": "me", "carer": "carer", "employee": "work", "partner": "partner",
    "individual": "me", "organisational": "service", "society": "society",
}  # fmt: skip
"""What is chosen at the question of what a story is about, by the tag that it sets."""


NOTICE = "a" * 64


@cache
def shipped() -> dict[str, Release]:
    """Compile every shipped flow once, in English."""
    organisation = OrganisationFacts(organisation="Glenboig Listening Project", crisis_line="Samaritans, 116 123")
    return {flow.id: compile_release(flow, texts_for(flow, {}), organisation) for flow in load()}


def tell(
    connection: Connection,
    text: str = "They closed the surgery in our village, and my mother has no bus to the next one.",
    *,
    now: datetime = NOON,
    place: kept_stories.StoryPlace | None = None,
    place_words: str = "",
    scales: tuple[str, ...] = (),
    actor: str = "",
    use: str | None = "team",
    take_part: str = "yes",
    channel: str = "sms",
    language: str = "en",
    kind: str = "story",
    rating: int | None = None,
    simulated: bool = False,
    parts: tuple[str, ...] = (),
    teller: people.Person | None = None,
) -> int:
    """Let somebody tell a story from the first consent to the last, and return the story's number."""
    number = next(numbers)
    release = shipped()["feedback" if kind == "feedback" else "share"]
    published.publish(
        connection, flow=release.flow.id, title=release.flow.title, structure=release.structure, whole=release.whole,
        body=release.to_json(), now=now,
    )  # fmt: skip
    person = teller or somebody(connection, channel=channel, now=now, simulated=simulated)
    conversation = idle(
        id=secrets.token_hex(8), token=secrets.token_hex(5), flow=release.flow.id,
        channel="telegram" if channel == "telegram" else "sms", language=language, now=now,
    ).model_copy(update={"structure": release.structure, "status": Status.ENDED})  # fmt: skip
    turn_queries.save_conversation(
        connection, conversation, contributor_id=person.contributor_id, address_id=person.address_id, now=now
    )

    def decide(purpose: str, answer: str, literal: str) -> None:
        asked = release.text(f"{release.flow.id}/{purpose}.text", conversation)
        consent_decisions.record(
            connection,
            RecordConsent(
                purpose=purpose, answer=answer, step=purpose, literal=literal, text=asked, language=language,
                digest=hashlib.sha256(asked.encode()).hexdigest(), version=release.consent_version(purpose),
            ),
            Circumstances(conversation, release.whole, NOTICE, now),
            contributor_id=person.contributor_id,
        )  # fmt: skip

    decide("take_part", take_part, "AGREE" if take_part == "yes" else "no thank you")
    said = parts or ((text,) if text else ())
    answers: dict[str, object] = {}
    if rating is not None:
        answers["rating"] = {"value": rating}
    if place is not None or place_words:
        found = {"id": place.id if place else "", "label": place.label if place else "", "words": place_words}
        answers["place"] = {"value": found}
    about = dict.fromkeys([*((ABOUT[actor],) if actor else ()), *(ABOUT[scale] for scale in scales)])
    if kind == "story":
        answers["about"] = {"value": list(about) or None}
    story_id = kept_stories.keep_story(
        connection,
        Draft(
            kind=kind,
            text="\n".join(said),
            parts=tuple((f"m{number}-{order}", part) for order, part in enumerate(said)),
            answers=answers,  # type: ignore[arg-type]
            tags=(*(("scale", scale) for scale in scales), *((("actor", actor),) if actor else ())),
            place_words=place_words,
        ),
        conversation=conversation, contributor_id=person.contributor_id,
        place=place or kept_stories.StoryPlace("", ""), use="team", receipt_lookup=None, now=now,
    )  # fmt: skip
    if use is not None:
        decide("use", use, {"team": "1", "quote": "2", "publish": "3"}.get(use, use))
    return story_id


def somebody(
    connection: Connection, *, channel: str = "sms", now: datetime = NOON, simulated: bool = False
) -> people.Person:
    """Return a contributor who has just written for the first time."""
    way = "simulator" if simulated else channel
    return people.make_person(
        connection, channel=way, lookups=[secrets.token_bytes(32)], sealed=b"sealed", now=now, simulated=simulated
    )


def conversation_of(connection: Connection, story_id: int) -> str:
    """Return the conversation a story was told in."""
    story = whole_story.story_by_id(connection, story_id)
    assert story is not None
    return story.conversation_id


def fill(writer: Writer, *, now: datetime = NOON, practice: bool = True) -> list[int]:
    """Fill the room with stories as a small project has after a week, newest last."""

    def work(connection: Connection) -> list[int]:
        def told(hours: float, text: str, **sides: object) -> int:
            return tell(connection, text, now=now - timedelta(hours=hours), **sides)  # type: ignore[arg-type]

        ids = [
            told(
                160, "I drive the minibus here. Every week there is somebody I have to leave standing because the "
                "booking line says no, and I know the seat is empty.", place=GLENBOIG, place_words="glenboig",
                scales=("organisational",), actor="employee", use="publish",
            ),
            told(
                120, "Moja mama nie mówi po angielsku. W przychodni powiedzieli, że tłumacza nie ma, i że mam "
                "przyjść sama.", place=BRISTOL, place_words="Easton", scales=("individual", "organisational"),
                actor="service_user", language="pl", use="quote", channel="telegram",
            ),
            told(
                73, "", kind="feedback", rating=4, place=BRISTOL, place_words="bristol", use="team",
            ),
            told(
                49, "Food bank volunteer. We see people who work two jobs. The rules changed in April and since then "
                "the queue starts before we open. It is not one council, it is everywhere.",
                place=COATBRIDGE, place_words="Coatbridge", scales=("society", "organisational"), actor="partner",
                use="publish", channel="telegram",
            ),
            told(
                26, "I asked three times for a letter in large print. Three times it came small. The fourth time a "
                "woman in the office printed it herself and walked it round to my house. So somebody can.",
                place=BRISTOL, place_words="Knowle West", scales=("individual", "organisational"),
                actor="service_user", use="quote",
                parts=(
                    "I asked three times for a letter in large print. Three times it came small.",
                    "The fourth time a woman in the office printed it herself and walked it round to my house.",
                    "So somebody can.",
                ),
            ),
            told(
                3, "They closed the surgery in our village, and my mother has no bus to the next one. She "
                "has stopped going. She says she is fine. She is not fine, she is tired of asking for lifts.\n\nThe "
                "new centre is lovely, if you have a car. Nobody asked us. A letter came and that was it. My "
                "neighbour wrote back twice and got the same letter again.",
                place=GLENBOIG, place_words="glen boig", scales=("individual", "society"), actor="service_user",
                use="quote", channel="telegram",
            ),
        ]  # fmt: skip
        kept_stories.add_to_story(
            connection, conversation_id=conversation_of(connection, ids[4]), ref="later", now=now - timedelta(hours=25),
            text="She has left since. Nobody does it now.",
        )  # fmt: skip
        first = whole_story.parts_of(connection, ids[3])[0]
        kept_stories.amend_story(
            connection, conversation_id=conversation_of(connection, ids[3]), ref=first.ref,
            text="Food bank volunteer. We see people who work two jobs, and now their children too.",
            now=now - timedelta(hours=48),
        )  # fmt: skip
        if practice:
            ids.append(
                told(
                    0.2, "This is only me trying it out on the practice phone.", place_words="over the hills",
                    simulated=True, use="team",
                )
            )  # fmt: skip
        return ids

    return writer.run(work)
