"""A practice person's stories in memory, so that MY DATA, DELETE, CHANGE and receipts can be tried without a database.

Pure. What storage does in its tables, this does in a dictionary; a story is known by a number from 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from flows.language.normalise import cut
from flows.model.consent_answers import Naming, Purpose, Use, allows_more, use_of
from flows.model.effects import (
    AddToStory,
    AskCode,
    CheckCode,
    DropStory,
    Effect,
    Erase,
    FindReceipt,
    GiveFile,
    HidePlace,
    KeepStory,
    ListStories,
    NarrowStory,
    RecordConsent,
    ReplaceStory,
    TellData,
)
from flows.model.signals import (
    CodeAsked,
    CodeChecked,
    Facts,
    FileReady,
    ListedStory,
    ReceiptRead,
    Signal,
    StoriesListed,
)

if TYPE_CHECKING:
    from datetime import datetime

    from flows.model.conversation import Conversation
    from flows.model.effects import Draft

LINK = "https://example.org/mydata/only-an-example"
CODE = "4821"
"""What stands in for the number that is sent, so that a transcript reads the same everywhere."""
AT_ONCE = 5
FIRST_WORDS = 40


@dataclass
class KeptInMemory:
    """One story."""

    id: int
    conversation: str
    draft: Draft
    told_at: datetime
    use: Use = Use.TEAM


@dataclass
class Shelf:
    """All that one person told."""

    channel_name: str
    receipt: str
    kept: list[KeptInMemory] = field(default_factory=list)
    person: dict[str, str] = field(default_factory=dict)
    """Latest answers about the person: contact, invite."""
    _number: int = 0

    def carry_out(self, effect: Effect, state: Conversation, now: datetime) -> Signal | None:
        """Do what concerns stories; returns the answer where one is wanted."""
        match effect:
            case KeepStory():
                self._keep(effect, state, now)
            case DropStory():
                self.kept = [one for one in self.kept if one.conversation != state.id]
            case Erase(scope="everything"):
                self.kept = []
            case Erase():
                self.kept = [one for one in self.kept if one.id != effect.story]
            case RecordConsent():
                self._decide(effect, state)
            case NarrowStory():
                self._of(effect.story).use = effect.use
            case ReplaceStory():
                text = "\n".join(words for _, words in effect.parts)
                story = self._of(effect.story)
                story.draft = replace(story.draft, text=text, parts=effect.parts)
            case HidePlace():
                story = self._of(effect.story)
                story.draft = replace(story.draft, place_id="", place_label="", place_words="")
            case AddToStory():
                story = next(one for one in self.kept if effect.story == one.id or one.conversation == state.id)
                story.draft = replace(story.draft, text=f"{story.draft.text}\n\n{effect.text}")
            case _:
                return self._answer(effect, state, now)
        return None

    def _answer(self, effect: Effect, state: Conversation, now: datetime) -> Signal | None:
        match effect:
            case ListStories():
                return self._listed(effect, state)
            case TellData():
                told = tuple(self._line(one, state) for one in self._newest()[:AT_ONCE])
                since = min((one.told_at for one in self.kept), default=now)
                return Facts(
                    stories=len(self.kept), channels=(self.channel_name,), since=f"{since:%B %Y}", told=told,
                    contact=self.person.get(Purpose.CONTACT) == "yes", invite=self.person.get(Purpose.INVITE) == "yes",
                )  # fmt: skip
            case AskCode():
                wider = [one for one in effect.decisions if self._allows_more(one)]
                needed = state.look.forgeable and (wider or not effect.decisions)
                return CodeAsked(code=CODE) if needed else CodeChecked(right=True)
            case CheckCode():
                return CodeChecked(right=effect.code == CODE, keep=effect.keep)
            case GiveFile():
                return FileReady(link=LINK)
            case FindReceipt():
                found = self._newest()[0] if self.kept and effect.words == self.receipt else None
                if found is None:
                    return ReceiptRead(text=effect.text, ref=effect.ref)
                month = f"{found.told_at:%B %Y}"
                return ReceiptRead(text=effect.text, ref=effect.ref, story=found.id, month=month, use=found.use)
            case _:
                return None

    def _allows_more(self, wanted: RecordConsent) -> bool:
        if wanted.story is None:
            return self.person.get(wanted.purpose, "no") != wanted.answer
        stands = self._of(wanted.story).use if wanted.purpose == Purpose.USE else Naming.NONE
        return allows_more(wanted.answer, stands)

    def _newest(self) -> list[KeptInMemory]:
        return sorted(self.kept, key=lambda one: one.id, reverse=True)

    def _of(self, number: int) -> KeptInMemory:
        return next(one for one in self.kept if one.id == number)

    def _keep(self, effect: KeepStory, state: Conversation, now: datetime) -> None:
        for one in self.kept:
            if one.conversation == state.id:
                one.draft = effect.draft
                return
        self._number += 1
        self.kept.append(KeptInMemory(self._number, state.id, effect.draft, now))

    def _decide(self, effect: RecordConsent, state: Conversation) -> None:
        if effect.purpose != Purpose.USE:
            self.person[effect.purpose] = effect.answer
            return
        for one in self.kept:
            if effect.story == one.id or (effect.story is None and one.conversation == state.id):
                one.use = use_of(effect.answer)

    def _listed(self, effect: ListStories, state: Conversation) -> StoriesListed:
        stories = [one for one in self._newest() if not effect.older or one.id < effect.older]
        shown = stories[:AT_ONCE]
        return StoriesListed(
            about=effect.about,
            stories=tuple(self._line(one, state) for one in shown),
            older=shown[-1].id if len(stories) > len(shown) else 0,
            page=effect.page,
        )

    @staticmethod
    def _line(one: KeptInMemory, state: Conversation) -> ListedStory:
        short = state.look.short
        return ListedStory(
            id=one.id,
            month=f"{one.told_at:%b %Y}" if short else f"{one.told_at:%B %Y}",
            words=cut(" ".join(one.draft.text.split()), FIRST_WORDS),
            use=one.use,
            place=one.draft.place_label or one.draft.place_words,
            here=one.conversation == state.id,
        )
