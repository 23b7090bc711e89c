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
    Word("carer", "Carer or relative", "Caring for, or close to, somebody who used it"),
    Word("employee", "Employee", "Expert by professional experience"),
    Word("partner", "Partner", "From an organisation that works alongside"),
    Word("other", "Someone else", "None of these"),
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
CHANNELS = (
    Word("sms", "Text message"),
    Word("telegram", "Telegram"),
    Word("assisted", "Written down by a worker"),
)
WAYS = (*CHANNELS, Word("simulator", "The practice phone"))
"""How somebody is reached."""
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
PROGRESS = (
    Word("heard", "Heard, and waiting for a reader"),
    Word("read", "Read by a person"),
    Word("acted_on", "Being acted on"),
    Word("changed", "Something has changed because of it"),
)
NAMINGS = (
    Word("none", "Without a name"),
    Word("place", "By place only"),
    Word("name", "By the name they gave"),
)
EDITIONS = (
    Word("draft", "Stays with the team", "Nobody was asked about it"),
    Word("asking", "Its teller is being asked", "It leaves once they agree"),
    Word("agreed", "Its teller agreed", "This is what leaves, once the story is approved"),
    Word("refused", "Its teller keeps it with the team", "It goes nowhere"),
    Word("changed", "Its teller wrote another version"),
    Word("lapsed", "No answer", "It stays with the team"),
    Word("dropped", "Undone"),
)
PURPOSES = (
    Word("take_part", "Taking part"),
    Word("use", "How far it may travel"),
    Word("naming", "Being named"),
    Word("contact", "Being written to about it"),
    Word("invite", "Being asked again"),
    Word("contact", "Being contacted again"),
    Word("edition", "Sharing an edited version"),
)
ACTS = (
    Word("story.proved", "asked for the proof of consent"),
    Word("story.opened", "read it"),
    Word("story.listed", "read how it begins, in the list"),
    Word("story.approved", "approved it"),
    Word("story.declined", "declined it"),
    Word("story.undone", "undid the decision"),
    Word("story.tagged", "set the scales"),
    Word("story.acted_on", "said that it is being acted on"),
    Word("story.changed", "said that something has changed because of it"),
    Word("story.edited", "made an edited version"),
    Word("story.edit_undone", "undid an edited version"),
    Word("story.edit_lapsed", "let an edited version lapse, as its teller did not answer"),
    Word("story.lapsed", "let the wider use end, as nobody renewed it"),
    Word("story.noted", "set the content notes"),
    Word("story.placed", "chose the place"),
    Word("export.made", "exported it"),
    Word("safeguarding.raised", "asked somebody to look after its teller"),
    Word("safeguarding.taken", "took it"),
    Word("safeguarding.back", "handed it back"),
    Word("safeguarding.words", "opened the words"),
    Word("safeguarding.reached", "opened how to reach them"),
    Word("safeguarding.wrote", "wrote to them"),
    Word("safeguarding.closed", "closed it"),
    Word("safeguarding.reopened", "opened it again"),
    Word("request.read", "read what they wrote"),
    Word("request.acknowledged", "noted that they were told"),
    Word("request.file_opened", "opened their file"),
    Word("request.closed", "closed it"),
    Word("request.opened", "noted it"),
    Word("item.closed", "closed it"),
    Word("item.reopened", "opened it again"),
)
REQUESTS = (
    Word("access", "A copy of their data"),
    Word("erasure", "Delete their data"),
    Word("correction", "Put something right"),
    Word("objection", "Stop using it"),
    Word("complaint", "A complaint"),
)
REQUEST_ORIGINS = (
    Word("chat", "in the chat"),
    Word("web", "on the privacy page"),
    Word("team", "by letter, by phone or in person"),
)
OUTCOMES = (
    Word("done", "We did it", "Or, for a complaint, looked into it and told them what we found"),
    Word("refused", "We could not do it", "And told them why, and how to complain about that"),
    Word("withdrawn", "They took it back"),
)
ANSWERS = (Word("yes", "Yes"), Word("no", "No"), *USES, *NAMINGS)
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
