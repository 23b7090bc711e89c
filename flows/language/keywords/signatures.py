"""What stands below a message and is no part of it: a mail footer, a greeting with a name, a name alone.

Used only to look for a keyword in what is left: nothing is taken out of anybody's words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from flows.language.keywords.keyword_tables import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flows.language.keywords.keyword_tables import KeywordBook

LONGEST: Final = 320
"""Characters up to which a message may be a keyword and a signature."""

_RULE = re.compile(r"[\s_=*–—-]+\Z")
_NAME = re.compile(rf"[.!?…,\n–—-]\s*((?:{NAME}\s?){{1,4}})[\s.]*\Z")
_SHORT_LINE = re.compile(r"\n\s*\S+(?:[ \t]\S+)?\s*\Z")


def unsigned(text: str, book: KeywordBook) -> Iterator[str]:
    """Yield the message without its footer, then without its greeting or name too; nothing where there is none."""
    if len(text) > LONGEST:
        return
    left = text.rstrip()
    if (footer := book.footer.search(left)) is not None and footer.start():
        left = _RULE.sub("", left[: footer.start() + 1])
        yield left
    for below in (book.farewell, book.signer, _NAME, _SHORT_LINE):
        found = below.search(left)
        if found is not None and found.start() and _signs(found, below is _NAME or below is book.farewell):
            yield left[: found.start() + 1]


def _signs(found: re.Match[str], strict: bool) -> bool:
    """Tell whether what was found can be a signature: within a sentence only with a name as names are written."""
    after_a_stop = found[0][:1] in ".!?…,;\n" and found.re is not _NAME
    return not strict or after_a_stop or not found[1] or _is_name(found[1])


def _is_name(words: str) -> bool:
    """Tell whether every word begins with a capital letter, and not all of them are shouted."""
    return all(word[:1].isupper() for word in words.split()) and (not words.isupper() or len(words) <= len("M.A."))
