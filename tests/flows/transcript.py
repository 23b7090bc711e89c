"""Runs a transcript on the real engine and the real places, and says where the two part."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from flows.authoring.loader import load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import texts_for
from flows.model.conversation import Conversation
from flows.model.signals import PlaceChoice, PlacesFound
from flows.simulation.simulation import SIMULATED_ORGANISATION, Simulation
from flows.simulation.transcript import Exchange, Transcript, play
from storage.places import Place, ProjectPlace, Resolver

PRACTICE_PROJECT = ProjectPlace(
    id="gartsherrie",
    name="Gartsherrie",
    parent="Coatbridge",
    scheme="gss",
    code="S12000050",
    latitude=55.87,
    longitude=-4.03,
)
"""The practice organisation works in North Lanarkshire: a village there is taken without asking."""

FOLDER = Path(__file__).parents[1] / "transcripts"


@lru_cache
def releases() -> dict[str, Release]:
    return {flow.id: compile_release(flow, texts_for(flow, {}), SIMULATED_ORGANISATION) for flow in load()}


@lru_cache
def resolver() -> Resolver:
    return Resolver([PRACTICE_PROJECT])


def find_places(words: str) -> PlacesFound:
    found = resolver().find(words)
    return PlacesFound(
        words=found.words,
        exact=tuple(map(_choice, found.exact)),
        suggestions=tuple(map(_choice, found.suggestions)),
    )


def _choice(place: Place) -> PlaceChoice:
    return PlaceChoice(id=place.id, label=place.label, kind=place.kind)


def phone_for(transcript: Transcript) -> Simulation:
    """Return a fresh phone to run a transcript on."""
    return Simulation(
        releases=releases(),
        flow=transcript.flow,
        channel=transcript.channel,
        language=transcript.language,
        find_places=find_places,
    )


def run(transcript: Transcript) -> tuple[Exchange, ...]:
    """Do what the person did and return every exchange with what came; the state is the same after JSON and back."""
    phone = phone_for(transcript)
    done = []
    for exchange in transcript.exchanges:
        came = play(phone, exchange.act)
        assert Conversation.from_json(phone.state.to_json()).changed(receipt=phone.state.receipt) == phone.state
        done.append(replace(exchange, came=came))
    return tuple(done)


def first_difference(transcript: Transcript, ran: tuple[Exchange, ...]) -> str:
    """Return where what came first differs from what is written, for a person to read; empty if nowhere."""
    for written, told in zip(transcript.exchanges, ran, strict=True):
        if not written.matches(told.came):
            return "\n".join(
                [
                    f"line {written.at}: after “{written.act.text}” it says",
                    *(f"    {line.mark} {line.text}" for line in written.came or ()),
                    "but this came:",
                    *(f"    {line.mark} {line.text}" for line in told.came or ()),
                    "If what came is right: pytest tests/flows --update-transcripts",
                ]
            )
    return ""


def updated(transcript: Transcript, ran: tuple[Exchange, ...]) -> Transcript:
    """Return the transcript with what came; what fits already stays as it is written, left-out parts too."""
    exchanges = tuple(
        written if written.matches(told.came) else told for written, told in zip(transcript.exchanges, ran, strict=True)
    )
    return replace(transcript, exchanges=exchanges)
