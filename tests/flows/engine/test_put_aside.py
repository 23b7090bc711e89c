"""What is written after a story was kept waits aside; only a plain answer destroys it (design rule 2)."""

from __future__ import annotations

from tests import walk
from tests.flows.phone import Phone

STORY = "They closed the surgery in our village and my mother has no bus."
MORE = "Last winter they closed the library here as well and nobody asked us."


def told() -> Phone:
    phone = Phone()
    phone.say(*walk.by_text(STORY, place="Glenboig"))
    assert "What is it?" in phone.say(MORE)
    return phone


def test_unclear_answers_ask_again_and_destroy_nothing() -> None:
    phone = told()
    for unclear in ("yes", "eh?", "the other one", "yes"):
        assert "1 More for the story I told" in phone.say(unclear), unclear
    assert "added" in phone.say("1").lower()
    assert phone.sealed == []


def test_neither_destroys_it_and_so_does_silence() -> None:
    phone = told()
    assert "We have not kept it" in phone.say("neither")
    assert phone.sealed == []
    waiting = told()
    waiting.wait(days=30)
    assert waiting.sealed == []
