"""Runs a transcript on a simulated phone, and says where the two part."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from bot.simulation.fixed_facts import SIMULATED_ORGANISATION
from bot.simulation.simulation import Simulation
from bot.simulation.transcript import Exchange, Transcript, play
from flows.authoring.loader import load
from flows.authoring.release import Release, compile_release
from flows.authoring.texts import texts_for

FOLDER = Path(__file__).parents[2] / "transcripts"


@lru_cache
def releases() -> dict[str, Release]:
    return {flow.id: compile_release(flow, texts_for(flow, {}), SIMULATED_ORGANISATION) for flow in load()}


def phone_for(transcript: Transcript) -> Simulation:
    """Return a fresh phone to run a transcript on."""
    return Simulation(
        releases=releases(),
        flow=transcript.flow,
        channel=transcript.channel,
        language=transcript.language,
    )


def run(transcript: Transcript) -> tuple[Exchange, ...]:
    """Do what the person did and return every exchange with what came."""
    phone = phone_for(transcript)
    done = []
    for exchange in transcript.exchanges:
        came = play(phone, exchange.act)
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
                    "If what came is right: pytest tests/bot/simulation --update-transcripts",
                ]
            )
    return ""


def updated(transcript: Transcript, ran: tuple[Exchange, ...]) -> Transcript:
    """Return the transcript with what came; what fits already stays as it is written, left-out parts too."""
    exchanges = tuple(
        written if written.matches(told.came) else told for written, told in zip(transcript.exchanges, ran, strict=True)
    )
    return replace(transcript, exchanges=exchanges)
