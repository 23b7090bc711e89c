"""The team's words for stored values: one place, so that all screens say the same."""

from __future__ import annotations

from dataclasses import dataclass

from flows.model.channel_look import LOOKS
from flows.model.vocabulary.consent_answers import Naming, Purpose, Use
from flows.model.vocabulary.item_kinds import Role
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin, RequestOutcome
from flows.model.vocabulary.story_states import Progress, StoryKind, StoryState
from storage.tables.edition import EditionState


@dataclass(frozen=True, slots=True)
class LabelWord:
    """A stored value, its label, and a line that explains it."""

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
    LabelWord(StoryState.NEW, "New", "Nobody has decided yet"),
    LabelWord(StoryState.APPROVED, "Approved", "May leave as far as its teller agreed"),
    LabelWord(StoryState.DECLINED, "Declined", "Stays here and is in no export"),
)
USES = (
    LabelWord(Use.TEAM, "Team only", "Only the team reads it"),
    LabelWord(Use.QUOTE, "Anonymous quote", "May be quoted without a name"),
    LabelWord(Use.PUBLISH, "Publish", "May be published, named as the teller chose"),
)
KINDS = (LabelWord(StoryKind.STORY, "Story"), LabelWord(StoryKind.FEEDBACK, "Feedback"))
CHANNELS = (
    *(LabelWord(look.name, look.title) for look in LOOKS.values()),
    LabelWord("assisted", "Written down by a worker"),
)
WAYS = (*CHANNELS, LabelWord("simulator", "The simulator"))
"""The ways to reach somebody."""
ROLES = (
    LabelWord(Role.LEAD, "Team lead"),
    LabelWord(Role.REVIEWER, "Reviewer"),
    LabelWord(Role.OUTREACH, "Outreach worker"),
    LabelWord(Role.SAFEGUARDING, "Safeguarding"),
)
ORIGINS = (
    LabelWord("contributor", "said by the teller"),
    LabelWord("rule", "suggested by a rule"),
    LabelWord("reviewer", "added by the team"),
)
PROGRESS = (
    LabelWord(Progress.HEARD, "Heard, and waiting for a reader"),
    LabelWord(Progress.READ, "Read by a person"),
    LabelWord(Progress.ACTED_ON, "Being acted on"),
    LabelWord(Progress.CHANGED, "Something has changed because of it"),
)
NAMINGS = (
    LabelWord(Naming.NONE, "Without a name"),
    LabelWord(Naming.PLACE, "By place only"),
    LabelWord(Naming.NAME, "By the name they gave"),
)
EDITIONS = (
    LabelWord(EditionState.DRAFT, "Stays with the team", "Nobody was asked about it"),
    LabelWord(EditionState.ASKING, "Its teller is being asked", "It leaves once they agree"),
    LabelWord(EditionState.AGREED, "Its teller agreed", "This is what leaves, once the story is approved"),
    LabelWord(EditionState.REFUSED, "Its teller keeps it with the team", "It goes nowhere"),
    LabelWord(EditionState.CHANGED, "Its teller wrote another version"),
    LabelWord(EditionState.LAPSED, "No answer", "It stays with the team"),
    LabelWord(EditionState.DROPPED, "Undone"),
)
PURPOSES = (
    LabelWord(Purpose.TAKE_PART, "Taking part"),
    LabelWord(Purpose.USE, "How far it may travel"),
    LabelWord(Purpose.NAMING, "Being named"),
    LabelWord(Purpose.CONTACT, "Being written to about it"),
    LabelWord(Purpose.INVITE, "Being asked again"),
    LabelWord(Purpose.EDITION, "Sharing an edited version"),
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
    LabelWord(RequestKind.ACCESS, "A copy of their data"),
    LabelWord(RequestKind.ERASURE, "Delete their data"),
    LabelWord(RequestKind.CORRECTION, "Put something right"),
    LabelWord(RequestKind.OBJECTION, "Stop using it"),
    LabelWord(RequestKind.COMPLAINT, "A complaint"),
)
REQUEST_ORIGINS = (
    LabelWord(RequestOrigin.CHAT, "in the chat"),
    LabelWord(RequestOrigin.WEB, "on the privacy page"),
    LabelWord(RequestOrigin.TEAM, "by letter, by phone or in person"),
)
OUTCOMES = (
    LabelWord(RequestOutcome.DONE, "We did it", "Or, for a complaint, looked into it and told them what we found"),
    LabelWord(RequestOutcome.REFUSED, "We could not do it", "And told them why, and how to complain about that"),
    LabelWord(RequestOutcome.WITHDRAWN, "They took it back"),
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
"""What a reader is warned of before they open a story. The order means nothing."""
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
    """Return the label of a stored value; an unknown value is shown with its first letter capitalised."""
    for word in words:
        if word.value == value:
            return word.label
    return value.replace("_", " ").capitalize()


def known(words: tuple[LabelWord, ...], value: str) -> str:
    """Return the value if it is one of these; else empty."""
    return value if any(word.value == value for word in words) else ""
