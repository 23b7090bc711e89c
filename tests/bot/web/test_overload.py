"""How many webhooks may be in hand: fewer when answers grow slow, more when they are quick. When turns are unfit."""

from __future__ import annotations

import pytest

from bot.telemetry.readiness import Turns
from bot.web.overload import FIRST, LEAST, MOST, SHARE, Overload


class Rush:
    """So many people who all write at once, again as soon as they are answered, to a service of a given speed."""

    def __init__(self, load: Overload) -> None:
        self.admission = load
        self.turned_away = 0

    def __call__(self, number: int, at: float, each: float, a_second: float) -> None:
        """Let so many write at once; each answer takes so many seconds, and so many are answered in a second."""
        admitted = 0
        for _ in range(number):
            if self.admission.admits():
                self.admission.began(at)
                admitted += 1
            else:
                self.turned_away += 1
        for n in range(admitted):
            self.admission.done(each, at + (n + 1) / a_second)


def test_once_answers_are_slow_no_more_come_in_than_are_answered_in_time() -> None:
    load = Overload(first=4000)
    rush = Rush(load)
    rush(900, 100.0, 3.0, 300)
    assert load.limit == pytest.approx(SHARE * 300, rel=0.01), "in one step, however many too many there were"
    rush(200, 110.0, 0.6, 300)
    assert load.limit == pytest.approx(SHARE * 300, rel=0.01), "quick enough: neither more nor fewer"
    rush(200, 120.0, 9.0, 1)
    assert load.limit == LEAST, "a few are always let in"


def test_quick_answers_let_more_in() -> None:
    load = Overload(first=LEAST)
    for second in range(30):
        Rush(load)(LEAST, 200.0 + second, 0.1, 400)
    assert load.limit == LEAST + 30 * LEAST
    for second in range(4000):
        Rush(load)(1, 300.0 + second, 0.1, 400)
    assert load.limit == MOST


def test_a_rush_after_a_quiet_night_is_judged_by_itself() -> None:
    load = Overload()
    Rush(load)(10, 100.0, 0.1, 100)
    rush = Rush(load)
    rush(200, 30_000.0, 1.5, 120)
    assert rush.turned_away == 0
    assert load.limit == pytest.approx(SHARE * 120, rel=0.05), "not shared out over the hours in which nobody wrote"


def test_one_slow_answer_turns_nobody_away() -> None:
    load = Overload()
    Rush(load)(1, 30_000.0, 30.0, 0.1)
    Rush(load)(LEAST, 31_000.0, 3.0, 5)
    assert load.limit == FIRST


def test_two_hundred_who_write_as_soon_as_it_started_all_come_in() -> None:
    rush = Rush(Overload())
    rush(200, 3.0, 0.9, 250)
    assert rush.turned_away == 0


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
