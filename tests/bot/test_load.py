"""How many webhooks may be in hand: fewer when answers grow slow, more when they are quick. When turns are unfit."""

from __future__ import annotations

from bot.load import LEAST, Load
from bot.readiness import Turns


def test_slow_answers_let_fewer_in_and_quick_ones_more() -> None:
    load = Load()
    for _ in range(1000):
        load.began()
    for n in range(900):
        load.done(1.5, n / 900)
    assert load.limit == 800, "once in a second, however many were slow together"
    for second in range(1, 60):
        load.began()
        load.done(9.0, second * 2.0)
    assert load.limit == LEAST
    for n in range(400):
        load.began()
        load.done(0.1, 200 + n)
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
