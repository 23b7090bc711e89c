"""What phones send by themselves when somebody taps a message: "Liked “…”", "Reacted 👍 to “…”". Owns `is_reaction`.

The verbs of the languages that phones here are set to stand in `reactions.txt`, one a line: the language of the phone
need not be the one a person writes to us in.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

VERBS = Path(__file__).with_name("reactions.txt")
_OPENING, _CLOSING = "\"“„«‘'‟", "\"”“»’'…"


@cache
def _reaction() -> re.Pattern[str]:
    lines = (line.partition("#")[0].strip() for line in VERBS.read_text(encoding="utf-8").splitlines())
    verbs = "|".join(re.escape(line) for line in lines if line)
    quoted = rf"\s*:?\s*[{_OPENING}].*[{_CLOSING}]"
    return re.compile(
        rf"\s*[\u200a\u200b\ufeff]*(?:(?:{verbs})(?:\W{{1,8}}(?:to|a|an|na|zu|auf|sur))?{quoted}"
        rf"|[^\w\s{_OPENING}{_CLOSING}]{{1,8}}\s*(?:to|a|an|na|zu|auf|sur)?{quoted}"
        rf"|(?:{verbs})\s+(?:an image|a picture|a photo))[\s\u200a\u200b]*",
        re.IGNORECASE | re.DOTALL,
    )


def is_reaction(text: str) -> bool:
    """Tell whether a phone wrote this by itself about a message of ours: a verb and the quoted message, no more."""
    if text[-1:].isalnum() and "image" not in text[-8:]:
        return False
    return _reaction().fullmatch(text) is not None
