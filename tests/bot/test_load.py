"""How many webhooks may be in hand: fewer when answers grow slow, more when they are quick. When turns are unfit."""

from __future__ import annotations

import pytest

from bot.load import LEAST, MOST, SHARE, Load
from bot.readiness import Turns


def answered(load: Load, each: float, begun: float, number: int, over: float) -> None:
    """Answer so many webhooks, one after the other over so many seconds, each of which took `each` seconds."""
    for n in range(number):
        load.began()
        load.done(each, begun + over * (n + 1) / number)


def test_once_answers_are_slow_no_more_come_in_than_are_answered_in_time() -> None:
    load = Load(first=4000)
    answered(load, 0.6, 100.0, 1, 0.0)
    answered(load, 3.0, 100.0, 300, 1.0)
    assert load.limit == pytest.approx(SHARE * 300), "in one step, however many too many there were"
    answered(load, 0.6, 101.0, 300, 1.0)
    assert load.limit == pytest.approx(SHARE * 300), "quick enough: neither more nor fewer"
    answered(load, 9.0, 102.0, 3, 3.0)
    assert load.limit == LEAST


def test_quick_answers_let_more_in() -> None:
    load = Load()
    answered(load, 9.0, 100.0, 2, 2.0)
    assert load.limit == LEAST
    answered(load, 0.1, 200.0, 400, 1.0)
    assert load.limit == LEAST + 400
    answered(load, 0.1, 300.0, 10_000, 1.0)
    assert load.limit == MOST


def test_one_slow_answer_after_a_quiet_night_turns_few_away() -> None:
    load = Load()
    answered(load, 0.1, 100.0, 500, 1.0)
    answered(load, 3.0, 30_000.0, 1, 0.0)
    assert load.limit == LEAST
    answered(load, 0.01, 30_001.0, 100, 0.3)
    assert load.limit == LEAST + 100


def test_turns_are_unfit_while_all_of_them_fail() -> None:
    turns = Turns()
    for _ in range(9):
        turns.failed("maya", 0.0)
    assert turns.fit(1.0), "one conversation may be at fault"
    turns.failed("tom", 1.0)
    assert not turns.fit(2.0)
    assert turns.fit(100.0)
    turns.failed("tom", 100.0, lost=True)
    assert not turns.fit(101.0)
    turns.succeeded()
    assert turns.fit(101.0)
