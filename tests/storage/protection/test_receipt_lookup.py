"""Receipts: words that survive being read out over a bad line."""

from __future__ import annotations

import random
import re
import secrets

from rapidfuzz.distance import OSA

from storage.protection.receipt_lookup import new_receipt, words

COMMANDS = [
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "end",
    "quit",
    "revoke",
    "optout",
    "start",
    "yes",
    "unstop",
    "help",
    "info",
    "delete",
    "withdraw",
    "mydata",
    "data",
    "language",
    "back",
    "skip",
    "done",
    "more",
    "menu",
    "again",
    "no",
    "agree",
]


def test_the_words_are_many_short_and_plain() -> None:
    assert len(words()) == 1024
    assert all(re.fullmatch(r"[a-z]{3,7}", word) for word in words())
    assert list(words()) == sorted(set(words()))


def test_no_word_is_a_command() -> None:
    assert not set(words()) & set(COMMANDS)


def test_no_two_words_are_one_slip_apart() -> None:
    alike = [
        (one, other)
        for place, one in enumerate(words())
        for other in words()[place + 1 :]
        if abs(len(one) - len(other)) < 2 and OSA.distance(one, other, score_cutoff=1) < 2
    ]
    assert alike == []


def test_a_receipt_is_three_different_words() -> None:
    for _ in range(200):
        receipt = new_receipt(secrets.SystemRandom()).split()
        assert len(set(receipt)) == 3
        assert set(receipt) <= set(words())


def test_receipts_rarely_meet() -> None:
    rng = random.Random(1)
    assert len({new_receipt(rng) for _ in range(10_000)}) > 9_990
