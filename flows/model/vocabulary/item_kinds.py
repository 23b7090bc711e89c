"""What the team may be told of: the one list of kinds of item, each with its name, whose work it is, and what to do.

An item says that a person has to look (design rule 14). It holds no words of anybody, no number and no chat.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody on the team may do."""

    LEAD = "lead"
    REVIEWER = "reviewer"
    OUTREACH = "outreach"
    """Sees no story."""
    SAFEGUARDING = "safeguarding"


class About(StrEnum):
    """What an item leads to."""

    STORY = "story"
    REQUEST = "request"
    SAFEGUARDING = "safeguarding"
    """The page of those who may need help."""
    CONTACTS = "contacts"
    """Contacts that are let go of."""
    RUNNING = "running"
    """How the service runs."""


class ItemKind(StrEnum):
    """A kind of item. Its value is what is stored."""

    label: str
    role: Role
    """Whose work it is; leads see all kinds."""
    about: About
    advice: str
    """One sentence that says what to do."""

    def __new__(cls, value: str, role: Role, about: About, label: str, advice: str) -> ItemKind:
        """Make a member that carries what a page shows of it."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.label, member.role, member.about, member.advice = label, role, about, advice
        return member

    NOBODY_ON_CALL = (
        "nobody_on_call", Role.SAFEGUARDING, About.SAFEGUARDING,
        "An alert reached nobody",
        "Look at Safeguarding now, then have a phone linked with earshot team oncall.",
    )  # fmt: skip
    HELP_MID_STORY = (
        "help_mid_story", Role.REVIEWER, About.STORY,
        "Somebody asked for help while telling",
        "They were sent how to reach us: see whether they got in touch, and answer them.",
    )  # fmt: skip
    OTHER_LANGUAGE = (
        "other_language", Role.REVIEWER, About.STORY,
        "Somebody wrote in a language we do not speak",
        "Find a person who reads it: what they told is kept as they wrote it.",
    )  # fmt: skip
    PERHAPS_A_CHILD = (
        "perhaps_a_child", Role.SAFEGUARDING, About.STORY,
        "Somebody who told a story may be a child",
        "They were asked for their age: see what they answered, and decline the story if they are too young.",
    )  # fmt: skip
    STORY_CHANGED = (
        "story_changed", Role.REVIEWER, About.STORY,
        "A story changed after your decision",
        "Read it again and decide anew: that closes this item as well.",
    )  # fmt: skip
    TELLER_REWORDED = (
        "teller_reworded", Role.REVIEWER, About.STORY,
        "A teller wrote their own version",
        "Read their version and decide about the story: that closes this item as well.",
    )  # fmt: skip
    REQUEST = (
        "request", Role.LEAD, About.REQUEST,
        "Somebody asked for what the law gives them",
        "Open the request and answer by the day it names: that closes this item as well.",
    )  # fmt: skip
    WRONG_NUMBER = (
        "wrong_number", Role.LEAD, About.STORY,
        "A number has a new owner",
        "Nothing more is sent to it: decide whether what was told from it should stay.",
    )  # fmt: skip
    NUMBER_CLOSED = (
        "number_closed", Role.LEAD, About.STORY,
        "A teller's number may not be theirs any more",
        "Nothing of what was told is said there, and nothing is asked: if you know another way, ask them yourself.",
    )  # fmt: skip
    FORMER_NUMBER = (
        "former_number", Role.LEAD, About.REQUEST,
        "Somebody asks for what was told from their number before",
        "Find out who they are without telling them anything: earshot people find shows whose the number was.",
    )  # fmt: skip
    RECEIPT_GUESSED = (
        "receipt_guessed", Role.LEAD, About.REQUEST,
        "Somebody tried wrong receipts",
        "They were shown nothing: if a teller says that their three words do not work, help them yourself.",
    )  # fmt: skip
    SENDING = (
        "sending", Role.LEAD, About.STORY,
        "A message could not be sent",
        "It is not sent again: if its reader waits for an answer, find another way to reach them.",
    )  # fmt: skip
    CHANNEL = (
        "channel", Role.LEAD, About.RUNNING,
        "A channel does not work",
        "Its messages wait: have earshot doctor run, and put right what it names.",
    )  # fmt: skip
    FAILED_TURN = (
        "failed_turn", Role.LEAD, About.RUNNING,
        "A message could not be handled",
        "It is kept sealed: have the cause in the log put right, then earshot inbox replay run.",
    )  # fmt: skip
    STUCK_CONVERSATION = (
        "stuck_conversation", Role.LEAD, About.STORY,
        "A conversation cannot go on",
        "It is tried again every hour: if it still stands here tomorrow, have the log looked at.",
    )  # fmt: skip
    CLOCK = (
        "clock_leapt", Role.LEAD, About.RUNNING,
        "The clock of the machine made a leap",
        "Nothing is deleted by its age until somebody says which day it is: have earshot clock show run.",
    )  # fmt: skip
    PUT_BACK = (
        "put_back", Role.LEAD, About.RUNNING,
        "A copy of the database was put back",
        "Nothing is sent until somebody has looked: have earshot doctor run, then earshot db release.",
    )  # fmt: skip
    LEAVING = (
        "leaving", Role.LEAD, About.CONTACTS,
        "A contact will be let go",
        "Nothing has to be done: a word from them keeps them, and their stories stay in any case.",
    )  # fmt: skip


KINDS_BY_ROLE: Final[dict[str, tuple[ItemKind, ...]]] = {
    Role.LEAD: tuple(ItemKind),
    **{
        role: tuple(kind for kind in ItemKind if kind.role == role)
        for role in sorted({kind.role for kind in ItemKind} - {Role.LEAD})
    },
}


def kinds_for(role: str) -> tuple[ItemKind, ...]:
    """Return the kinds that somebody in this role sees; none for roles that see no person's doings."""
    return KINDS_BY_ROLE.get(role, ())
