"""The texts of the simulator's page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from flows.language.segments import count
from flows.model.channel_look import LOOKS
from review.kit import labels

if TYPE_CHECKING:
    from flows.model.vocabulary.consent_answers import Use
    from storage.queries.simulated_people import SimulatedPerson

PHONES = tuple((look.name, look.title) for look in reversed(LOOKS.values()))
"""The looks a phone can have: name and title; a new browser gets the first."""
ALWAYS = ("HELP", "BACK", "SKIP", "MY DATA", "CHANGE", "DELETE", "STOP")
SENT = {"location": "A position", "voice": "A voice message", "photo": "A photo"}
"""What can be sent besides text, by kind, and how the page names it."""


class Wait(NamedTuple):
    """A length of time that can pass."""

    value: str
    label: str
    length: timedelta
    hint: str
    note: str


WAITS = (
    Wait(
        "minutes",
        "2 minutes",
        timedelta(minutes=2),
        "after part of a story, we ask if that was all.",
        "2 minutes later",
    ),
    Wait("day", "1 day", timedelta(days=1), "whoever writes again is asked whether to go on.", "1 day later"),
    Wait("days", "2 days", timedelta(days=2), "one reminder, if something was begun.", "2 days later"),
    Wait("week", "A week", timedelta(days=7), "what was not finished is over.", "A week later"),
)


class Sample(NamedTuple):
    """The position that the simulator shares: the middle of a village, not anybody's home."""

    name: str
    point: tuple[float, float]


SAMPLES = {"GB": Sample("Glenboig", (55.89, -4.05)), "IE": Sample("Kenmare", (51.88, -9.58))}

PROBLEMS = {
    "long": "That is too long for one message. Nothing was sent: your words are still here. Send them in parts.",
    "full": "We could not take that just now. Nothing was lost: your words are still here. Try again in a minute.",
}


class KeptStory(NamedTuple):
    """One story as the panel beside the phone shows it."""

    id: int
    what: str
    place: str
    about: str


class KeptShown(NamedTuple):
    """What the team has from this phone."""

    stories: tuple[KeptStory, ...]
    nothing: str
    held: str
    receipt: str
    opted_out: bool


def kept(person: SimulatedPerson | None) -> KeptShown:
    """Return the content of the panel beside the phone."""
    if person is None:
        return KeptShown((), "Nothing yet. Nothing is kept before somebody says yes.", "", "", opted_out=False)
    stories = tuple(
        KeptStory(story.id, labels.label(labels.KINDS, story.kind), story.place, _about(story.tags, story.use))
        for story in person.stories
    )
    nothing = {
        "open": "Nothing yet. It is kept once it was read back and they say yes.",
        "stopped": "Nothing. They sent STOP.",
        "expired": "Nothing. They went away before it was finished.",
    }.get(person.status, "Nothing was kept.")
    held = ""
    if person.held:
        what = "1 message is" if person.held == 1 else f"{person.held} messages are"
        held = f"{what} put aside, sealed and unread, until they agree."
    return KeptShown(stories, nothing, held, person.receipt, person.opted_out)


def _about(tags: tuple[tuple[str, str], ...], use: Use) -> str:
    named = {"scale": labels.SCALES, "actor": labels.ACTORS}
    said = [labels.label(named[dimension], value) for dimension, value in tags if dimension in named]
    return " · ".join([*said, labels.label(labels.USES, use)])


def segments(text: str) -> str:
    """Return how many segments a text message has, as a phrase; phone companies charge by the segment (rule 18)."""
    counted = count(text)
    alphabet = {"gsm7": "GSM-7", "ucs2": "UCS-2"}[counted.encoding]
    parts = "1 segment" if counted.parts == 1 else f"{counted.parts} segments"
    return f"{parts} · {counted.units} characters · {alphabet}"
