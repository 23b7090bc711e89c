"""The team's words for what is stored: one place, so that all screens say the same. Imports nothing of ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A stored value, what it is called, and a line that explains it."""

    value: str
    label: str
    hint: str = ""


SCALES = (
    Word("individual", "Individual", "One person’s own experience (micro)"),
    Word("organisational", "Organisational", "How a service or an employer works (meso)"),
    Word("society", "Society-wide", "Laws, money, attitudes, whole communities (macro)"),
)
ACTORS = (
    Word("service_user", "Service user", "Expert by lived experience"),
    Word("employee", "Employee", "Expert by professional experience"),
    Word("partner", "Partner", "From an organisation that works alongside"),
    Word("other", "Someone else", "None of these three"),
)
STATES = (
    Word("new", "New", "Nobody has decided yet"),
    Word("approved", "Approved", "May leave as far as its teller agreed"),
    Word("declined", "Declined", "Stays here and is in no export"),
)
USES = (
    Word("team", "Team only", "Only the team reads it"),
    Word("quote", "Anonymous quote", "May be quoted without a name"),
    Word("publish", "Publish", "May be published, named as the teller chose"),
)
KINDS = (Word("story", "Story"), Word("feedback", "Feedback"))
CHANNELS = (Word("sms", "Text message"), Word("telegram", "Telegram"))
ROLES = (
    Word("lead", "Team lead"),
    Word("reviewer", "Reviewer"),
    Word("outreach", "Outreach worker"),
    Word("safeguarding", "Safeguarding"),
)
ORIGINS = (
    Word("contributor", "said by the teller"),
    Word("rule", "suggested by a rule"),
    Word("reviewer", "added by the team"),
)
PURPOSES = (
    Word("take_part", "Taking part"),
    Word("use", "How far it may travel"),
    Word("contact", "Being contacted again"),
)
ACTS = (
    Word("story.opened", "read it"),
    Word("story.approved", "approved it"),
    Word("story.declined", "declined it"),
    Word("story.undone", "undid the decision"),
    Word("story.tagged", "set the scales"),
    Word("story.noted", "set the content notes"),
    Word("export.made", "exported it"),
    Word("safeguarding.raised", "asked somebody to look after its teller"),
    Word("safeguarding.taken", "took it"),
    Word("safeguarding.back", "handed it back"),
    Word("safeguarding.words", "opened the words"),
    Word("safeguarding.reached", "opened how to reach them"),
    Word("safeguarding.wrote", "wrote to them"),
    Word("safeguarding.closed", "closed it"),
    Word("safeguarding.reopened", "opened it again"),
)
CONTENT_NOTES = (
    Word("suicide", "mentions suicide"),
    Word("self_harm", "mentions self-harm"),
    Word("despair", "mentions despair"),
    Word("violence", "mentions violence"),
    Word("sexual", "mentions sexual violence"),
    Word("child", "mentions harm to a child"),
    Word("danger", "mentions danger to life"),
    Word("death", "mentions death"),
)
"""What a reader is told before they open a story. The order says nothing."""
ANSWERS = (Word("yes", "Yes"), Word("no", "No"), *USES)
STEPS = (
    Word("age", "Age"),
    Word("take_part", "Taking part"),
    Word("story", "Story"),
    Word("scale", "Scale"),
    Word("actor", "Who is speaking"),
    Word("place", "Place"),
    Word("use", "How far it may travel"),
    Word("contact", "Being contacted again"),
    Word("rating", "Rating"),
    Word("why", "Why"),
)


def label(words: tuple[Word, ...], value: str) -> str:
    """Return what a stored value is called; a value nobody has named yet is shown with its first letter large."""
    for word in words:
        if word.value == value:
            return word.label
    return value.replace("_", " ").capitalize()


def known(words: tuple[Word, ...], value: str) -> str:
    """Return the value if it is one of these, else an empty string."""
    return value if any(word.value == value for word in words) else ""
