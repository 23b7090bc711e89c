"""The team's words for what is stored: one place, so that all screens say the same."""

from __future__ import annotations

from dataclasses import dataclass

from flows.model.channel_look import LOOKS


@dataclass(frozen=True, slots=True)
class LabelWord:
    """A stored value, what it is called, and a line that explains it."""

    value: str
    label: str
    hint: str = ""


SCALES = (
    LabelWord("individual", "Individual", "One person’s own experience (micro)"),
    LabelWord("organisational", "Organisational", "How a service or an employer works (meso)"),
    LabelWord("society", "Society-wide", "Laws, money, attitudes, whole communities (macro)"),
)
ACTORS = (
    LabelWord("service_user", "Service user", "Expert by lived experience"),
    LabelWord("carer", "Carer or relative", "Caring for, or close to, somebody who used it"),
    LabelWord("employee", "Employee", "Expert by professional experience"),
    LabelWord("partner", "Partner", "From an organisation that works alongside"),
    LabelWord("other", "Someone else", "None of these"),
)
STATES = (
    LabelWord("new", "New", "Nobody has decided yet"),
    LabelWord("approved", "Approved", "May leave as far as its teller agreed"),
    LabelWord("declined", "Declined", "Stays here and is in no export"),
)
USES = (
    LabelWord("team", "Team only", "Only the team reads it"),
    LabelWord("quote", "Anonymous quote", "May be quoted without a name"),
    LabelWord("publish", "Publish", "May be published, named as the teller chose"),
)
KINDS = (LabelWord("story", "Story"), LabelWord("feedback", "Feedback"))
CHANNELS = (
    *(LabelWord(look.name, look.title) for look in LOOKS.values()),
    LabelWord("assisted", "Written down by a worker"),
)
WAYS = (*CHANNELS, LabelWord("simulator", "The practice phone"))
"""How somebody is reached."""
ROLES = (
    LabelWord("lead", "Team lead"),
    LabelWord("reviewer", "Reviewer"),
    LabelWord("outreach", "Outreach worker"),
    LabelWord("safeguarding", "Safeguarding"),
)
ORIGINS = (
    LabelWord("contributor", "said by the teller"),
    LabelWord("rule", "suggested by a rule"),
    LabelWord("reviewer", "added by the team"),
)
PROGRESS = (
    LabelWord("heard", "Heard, and waiting for a reader"),
    LabelWord("read", "Read by a person"),
    LabelWord("acted_on", "Being acted on"),
    LabelWord("changed", "Something has changed because of it"),
)
NAMINGS = (
    LabelWord("none", "Without a name"),
    LabelWord("place", "By place only"),
    LabelWord("name", "By the name they gave"),
)
EDITIONS = (
    LabelWord("draft", "Stays with the team", "Nobody was asked about it"),
    LabelWord("asking", "Its teller is being asked", "It leaves once they agree"),
    LabelWord("agreed", "Its teller agreed", "This is what leaves, once the story is approved"),
    LabelWord("refused", "Its teller keeps it with the team", "It goes nowhere"),
    LabelWord("changed", "Its teller wrote another version"),
    LabelWord("lapsed", "No answer", "It stays with the team"),
    LabelWord("dropped", "Undone"),
)
PURPOSES = (
    LabelWord("take_part", "Taking part"),
    LabelWord("use", "How far it may travel"),
    LabelWord("naming", "Being named"),
    LabelWord("contact", "Being written to about it"),
    LabelWord("invite", "Being asked again"),
    LabelWord("edition", "Sharing an edited version"),
)
ACTS = (
    LabelWord("story.proved", "asked for the proof of consent"),
    LabelWord("story.opened", "read it"),
    LabelWord("story.listed", "read how it begins, in the list"),
    LabelWord("story.approved", "approved it"),
    LabelWord("story.declined", "declined it"),
    LabelWord("story.undone", "undid the decision"),
    LabelWord("story.tagged", "set the scales"),
    LabelWord("story.acted_on", "said that it is being acted on"),
    LabelWord("story.changed", "said that something has changed because of it"),
    LabelWord("story.edited", "made an edited version"),
    LabelWord("story.edit_undone", "undid an edited version"),
    LabelWord("story.edit_lapsed", "let an edited version lapse, as its teller did not answer"),
    LabelWord("story.lapsed", "let the wider use end, as nobody renewed it"),
    LabelWord("story.noted", "set the content notes"),
    LabelWord("story.placed", "chose the place"),
    LabelWord("export.made", "exported it"),
    LabelWord("safeguarding.raised", "asked somebody to look after its teller"),
    LabelWord("safeguarding.taken", "took it"),
    LabelWord("safeguarding.back", "handed it back"),
    LabelWord("safeguarding.words", "opened the words"),
    LabelWord("safeguarding.reached", "opened how to reach them"),
    LabelWord("safeguarding.wrote", "wrote to them"),
    LabelWord("safeguarding.closed", "closed it"),
    LabelWord("safeguarding.reopened", "opened it again"),
    LabelWord("request.read", "read what they wrote"),
    LabelWord("request.acknowledged", "noted that they were told"),
    LabelWord("request.file_opened", "opened their file"),
    LabelWord("request.closed", "closed it"),
    LabelWord("request.opened", "noted it"),
    LabelWord("item.closed", "closed it"),
    LabelWord("item.reopened", "opened it again"),
)
REQUESTS = (
    LabelWord("access", "A copy of their data"),
    LabelWord("erasure", "Delete their data"),
    LabelWord("correction", "Put something right"),
    LabelWord("objection", "Stop using it"),
    LabelWord("complaint", "A complaint"),
)
REQUEST_ORIGINS = (
    LabelWord("chat", "in the chat"),
    LabelWord("web", "on the privacy page"),
    LabelWord("team", "by letter, by phone or in person"),
)
OUTCOMES = (
    LabelWord("done", "We did it", "Or, for a complaint, looked into it and told them what we found"),
    LabelWord("refused", "We could not do it", "And told them why, and how to complain about that"),
    LabelWord("withdrawn", "They took it back"),
)
ANSWERS = (LabelWord("yes", "Yes"), LabelWord("no", "No"), *USES, *NAMINGS)
CONTENT_NOTES = (
    LabelWord("suicide", "mentions suicide"),
    LabelWord("self_harm", "mentions self-harm"),
    LabelWord("despair", "mentions despair"),
    LabelWord("violence", "mentions violence"),
    LabelWord("sexual", "mentions sexual violence"),
    LabelWord("child", "mentions harm to a child"),
    LabelWord("danger", "mentions danger to life"),
    LabelWord("death", "mentions death"),
)
"""What a reader is told before they open a story. The order says nothing."""
STEPS = (
    LabelWord("age", "Age"),
    LabelWord("take_part", "Taking part"),
    LabelWord("story", "Story"),
    LabelWord("scale", "Scale"),
    LabelWord("actor", "Who is speaking"),
    LabelWord("place", "Place"),
    LabelWord("use", "How far it may travel"),
    LabelWord("contact", "Being contacted again"),
    LabelWord("rating", "Rating"),
    LabelWord("why", "Why"),
)


def label(words: tuple[LabelWord, ...], value: str) -> str:
    """Return what a stored value is called; a value nobody has named yet is shown with its first letter large."""
    for word in words:
        if word.value == value:
            return word.label
    return value.replace("_", " ").capitalize()


def known(words: tuple[LabelWord, ...], value: str) -> str:
    """Return the value if it is one of these, else an empty string."""
    return value if any(word.value == value for word in words) else ""
