"""Receipts: three plain words by which a contributor finds their story again. Imports the standard library only.

The words are in `receipt_words.txt`: short, kind, easy to say and to spell, no two alike, none that is also a command
of ours or of a mobile network. 1,024 words taken three times are 30 bits: enough to tell stories apart; a receipt is
looked up by keyed hash and never opens anything by itself.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

WORDS_IN_A_RECEIPT = 3
FILE = Path(__file__).with_name("receipt_words.txt")


@cache
def words() -> tuple[str, ...]:
    """Return all words a receipt is made of."""
    return tuple(FILE.read_text(encoding="ascii").split())


def new_receipt(rng: Random) -> str:
    """Return three different words such as "maple otter lantern"; give a `secrets.SystemRandom` outside tests."""
    return " ".join(rng.sample(words(), WORDS_IN_A_RECEIPT))
