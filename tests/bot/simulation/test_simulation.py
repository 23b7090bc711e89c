"""A simulated phone is the real service for one person: what it shows is what the tables say."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select

from bot.simulation.fixed_facts import RECEIPTS
from bot.simulation.simulation import NOON, RefusedEditError, Simulation
from flows.model.effects import KeepStory, RecordConsent, Say
from flows.model.receipt_words import words
from storage import tables
from tests.bot.simulation.played import releases

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.model.effects import Effect

STORY = "They closed the surgery in our village and nobody told us."
TOLD = ("Hello", "AGREE", STORY, "DONE", "SKIP", "1", "1", "SKIP")
DISTRESS = "I do not want to be here any more, nobody would notice"


def phone(**more: str) -> Simulation:
    return Simulation(releases=releases(), flow="share", channel="sms", **more)


def said(effects: Iterable[Effect]) -> str:
    return "\n".join(effect.text for effect in effects if isinstance(effect, Say))


def count(of: Simulation, table: str) -> int:
    rows = select(func.count()).select_from(tables.metadata.tables[table])
    return of.look_up(lambda connection: connection.execute(rows).scalar_one())


def test_each_phone_has_a_database_of_its_own() -> None:
    mine, other = phone(), phone()
    for text in TOLD:
        mine.say(text)
    assert (count(mine, "story"), count(other, "story")) == (1, 0)
    assert count(other, "contributor") == 0


def test_what_it_shows_is_what_is_kept() -> None:
    one = phone()
    for text in TOLD:
        one.say(text)
    assert count(one, "decision") == sum(isinstance(effect, RecordConsent) for effect in one.history)
    assert [effect.draft.text for effect in one.history if isinstance(effect, KeepStory)][-1] == STORY
    assert count(one, "outbox") == sum(isinstance(effect, Say) for effect in one.history)


def test_two_stories_have_two_receipts_and_each_opens_its_own() -> None:
    one = phone()
    for text in (*TOLD, "START", *TOLD[1:]):
        one.say(text)
    shown = said(one.history)
    first, second = RECEIPTS[:2]
    assert first in shown
    assert second in shown
    for receipt in (first, second):
        assert "We found what was told in March 2026." in said(one.say(receipt))
        one.say("3")


@pytest.mark.parametrize("receipt", RECEIPTS)
def test_each_receipt_is_made_of_words_that_receipts_are_made_of(receipt: str) -> None:
    assert len(set(receipt.split()) & set(words())) == 3


def test_nobody_is_reminded_while_somebody_looks_after_them() -> None:
    reminded, looked_after = phone(), phone()
    for text in ("Hello", "AGREE"):
        reminded.say(text)
        looked_after.say(text)
    looked_after.say(DISTRESS)
    assert "Hello again" in said(reminded.wait(timedelta(days=2)))
    assert "Hello again" not in said(looked_after.wait(timedelta(days=2)))
    assert looked_after.now == NOON + timedelta(days=2)


def test_who_told_nothing_has_told_before_what_is_asked_about() -> None:
    one = phone()
    assert "We have a question for you" in said(one.is_asked_about("They closed it.", "It named a village"))
    assert count(one, "story") == 1
    assert not any(isinstance(effect, KeepStory) for effect in one.history)


def test_nobody_is_asked_about_a_story_that_only_the_team_reads() -> None:
    one = phone()
    for text in TOLD:
        one.say(text)
    assert one.is_asked_about("They closed it.", "It named a village") == ()


def test_the_team_says_why_it_edits() -> None:
    with pytest.raises(RefusedEditError, match="Say why"):
        phone().is_asked_about("They closed it.", "")


def test_of_a_turn_that_fails_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    one = phone()
    one.say("Hello")
    before = one.state

    def broken(*_given: object, **_more: object) -> None:
        raise RuntimeError("broken for this test")

    with monkeypatch.context() as patched:
        patched.setattr("bot.turn.runner.advance", broken)
        with pytest.raises(RuntimeError, match="broken for this test"):
            one.say("AGREE")
    assert one.state == before
    assert "in your own words" in said(one.say("AGREE"))
