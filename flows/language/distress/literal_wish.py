"""A wish to die in so many words: what no figure of speech beside it can take back.

"I want to die" and "I am going to kill myself" mean what they say, over a debt, for what somebody did, or beside a bus
that is killing them. The look-alikes of `concerns/en.toml` are put together from words alone and swallowed such wishes,
so a wish that is found here counts whatever else stands there. Only its own tail turns one into an idiom (of boredom,
laughing), or into where and how somebody hopes to die some day (at home, with dignity). A "lol" behind it does not: who
laughs may mean it, so that is told apart and never dropped.

English, of the one who writes, and now: what somebody wished once, or another is said to wish, is left to the phrases
and the model. Words are those of `safeguarding.Book.words`: folded, spelled as its table has them ("going to" for
"gonna"), fillers left out, a slash where a clause ends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SUICIDE: Final = "suicide"
"""The kind of `safeguarding.KINDS` that such a wish is of."""
_NEEDED: Final = frozenset({"kill", "killing", "kms", "die", "died", "dead", "life", "end", "myself", "self"})
"""Every wish has one of these words; most messages have none, and cost no more than looking for them."""
_CORES: Final = (
    "to die", "i die", "be dead", "of dead", "off dead", "wish i ", "wish that i ", "wishing i ", "wishing that i ",
    "kill my", "killing my", " myself", "my self", "kms", "end my", "ending my", "take my", "taking my", "end it all",
)  # fmt: skip
"""Every wish has one of these too; looking for them is quicker than the pattern is over a story of a death."""

_WILL: Final = (
    r"(?:want to|wanting to|would like to|need to|wish to|going to|about to|ready to|planning to|planning on"
    r"|thinking of|thinking about|think of|think about|feel like|feeling like|tempted to|decided to|intend to|trying to"
    r"|how to|have to|prefer to|rather|will|might|may"
    r"|(?<!no )(?:plans? to|plans? of|thoughts of|thoughts about|urges? to|ways? to))"
)
_SELF: Final = r"(?:myself|my self)"
_KILL: Final = r"(?:kill|killing|hang|hanging|drown|drowning|shoot|shooting|top|topping|off|unalive|do away with)"
_LIVED: Final = r"(?:my|my own) life"
_LAUGHED: Final = r"(?:lol|lols|lolz|lmao|lmfao|rofl|a?(?:ha){2,}h?|hehe\w*)"

# What nobody dies of.
_NO_CAUSE: Final = (
    r"(?:laughing|laughter|boredom|bordom|embarrassment|embarrasment|embarassment|shame|cringe|cringing|thirst|curiosity"
    r"|heat|excitement|happiness|old age|shock|envy|jealousy|cuteness|pride|the heat|the shame|the embarrassment"
    r"|natural causes|caffeine|hunger waiting)"
)
# Said by people who speak of the end of a long life: gran wants to die at home. "At home tonight" is no such hope.
_SOME_DAY: Final = (
    r"(?:at home(?! (?:now|tonight|today|tomorrow|alone|soon))|at peace|in peace|with dignity|in (?:\w+ ){0,2}own"
    r"|in a hospice|in (?:\w+ ){1,3}where"
    r"|on stage|on the spot|right there|(?:a )?happy|rich|an old|peacefully|naturally)"
)
_NOT_AFTER_DIE: Final = (
    rf"(?! (?:(?:of|from|off|with) {_NO_CAUSE}|laughing|inside laughing|every time i hear|{_SOME_DAY}|hard\b))"
)
_NOT_AFTER_SELF: Final = (
    r"(?! (?:laughing|with laughter|in the foot|up\b|in (?:work|tea|chocolate|wine|gin|coffee|paperwork|sorrows?)\b"
    r"|(?:tripping|slipping|falling|carrying|lifting|climbing)\b"
    r"|getting (?:on|off|up|down|in|into|out|over|across)\b"
    r"|(?:on|down|up) (?:\w+ )?(?:step|steps|stairs|stair|ice|path|pavement|pavements|kerb|ladder|slope|bike)\b))"
)
_NOT_AFTER_DEAD: Final = (
    r"(?! (?:good|nice|easy|funny|brilliant|handy|quick|clever|rich|lucky|on time|line|set|sure|certain|keen|chuffed"
    r"|happy|pleased|excited|proud|right|smart|skinny|fit)\b)"
)
_NOT_AFTER_LIFE: Final = r"(?! (?:back|in|into|for|forward|savings|story|somewhere|experience|of|as a)\b)"

_WISH: Final = re.compile(
    rf"\b(?:{_WILL} {_KILL} {_SELF}\b{_NOT_AFTER_SELF}"
    rf"|{_WILL} (?:kms|(?:do|doing) myself in)\b(?! with)"
    rf"|{_WILL} (?:end|ending|take|taking) {_LIVED}\b{_NOT_AFTER_LIFE}"
    r"|(?:want to|need to) end it all\b"
    rf"|(?:want to|wanting to|need to|wish to|would like to|ready to) die\b{_NOT_AFTER_DIE}"
    rf"|(?:want to|need to|wish to|rather) be dead\b(?! than){_NOT_AFTER_DEAD}"
    rf"|(?:wish|wishing) (?:that )?i (?:was|were|am|be) dead\b{_NOT_AFTER_DEAD}"
    r"|(?:wish|wishing) (?:that )?i (?:had died|would died|have died|could die)\b"
    rf"|(?:hope|hoping|pray|praying) (?:that )?i die\b{_NOT_AFTER_DIE}"
    r"|(?:i (?:am|would be|will be)|me) better off? dead\b"
    r"|(?<!\w )better off? dead\b)"
    rf"(?P<laughed> {_LAUGHED}\b)?"
)

_ANOTHERS: Final = r"(?:you|they|he|she|him|her|them|who|people|someone|anyone|nobody|everyone|did)"
_BRIDGE: Final = (
    r"(?:am|are|is|do|be|been|being|have|had|has|feel|feeling|felt|going|about|to|planning|plan|thinking|think|of|trying"
    r"|want|wanting|wanted|would|will|at|all|any|a|an|the|in|thoughts?|intention|desire|plans?|urges?|like|because|one|bit)"
)
_TAKEN_BACK: Final = re.compile(
    r"(?:"
    rf"\b(?:not|never|nor|neither|without|stopped) (?:(?:that|because|saying|say|said|think|thinking|mean|meaning"
    rf"|do|would|am|have|did) i )?(?:{_BRIDGE} )*"
    rf"|\bno longer (?:{_BRIDGE} )*|\b(?:am|is|are) no |\bno (?:{_BRIDGE} )+"
    r"|\b(?:asked|asks|asking|ask) (?:(?:me|us) )?(?:again )?(?:if|whether|am|are|do|did|had|have|was) (?:\w+ ){0,2}"
    rf"|\bused to (?:{_BRIDGE} )*"
    rf"|\b{_ANOTHERS} (?:{_BRIDGE} )*"
    r")$"
)
"""What before a wish makes it none: a negation, another's question, another time ("did think of"), another person."""


def wishes_to_die(words: Sequence[str]) -> bool:
    """Tell whether the words hold a wish to die in so many words, and one that nobody laughed behind."""
    return wish_in(words) == "meant"


def wish_in(words: Sequence[str]) -> Literal["", "laughed", "meant"]:
    """Return how a wish to die in so many words was said: with a laugh right behind it or without; empty for none."""
    if _NEEDED.isdisjoint(words):
        return ""
    said = " ".join(words)
    if not any(core in said for core in _CORES):
        return ""
    laughed = False
    for wish in _wishes(said):
        if not wish["laughed"]:
            return "meant"
        laughed = True
    return "laughed" if laughed else ""


def _wishes(said: str) -> Iterator[re.Match[str]]:
    """Yield the wishes that nothing before them takes back; nothing is looked for over the end of a clause."""
    for wish in _WISH.finditer(said):
        before = said[max(0, wish.start() - _LOOKED_BACK) : wish.start()]
        if not _TAKEN_BACK.search(before):
            yield wish


_LOOKED_BACK: Final = 80
"""Characters before a wish that may take it back: some fifteen words."""
