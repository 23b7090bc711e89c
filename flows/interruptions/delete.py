"""What to delete: one question, and what is chosen is gone (rule 54)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, Literal

from flows.interruptions.choose_story import OLDER, THIS, Offered, OwnStories, StoriesToChoose
from flows.interruptions.confirm import proved
from flows.interruptions.draft import is_empty
from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import normalise
from flows.model.conversation import Status
from flows.model.effects import DropStory, Erase
from flows.model.signals import Said
from flows.questions.story import telling_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal, StoriesListed
    from flows.questions.question import Choice

DELETE: Final = "delete"
DELETE_CHAT_TOO: Final = "delete_chat_too"


class Delete(OwnStories):
    """An unclear answer deletes nothing. Before anything was agreed to there is nothing to choose among: it is a no."""

    @classmethod
    def listed(cls, turn: TurnBuilder, listed: StoriesListed) -> None:
        """Ask what, where there is anything to choose."""
        if listed.stories or listed.page or turn.consented or turn.conversation.status != "open":
            super().listed(turn, listed)
            return
        _leave(turn)
        turn.tell("deleted_story")

    @classmethod
    def asks(cls, turn: TurnBuilder, listed: StoriesListed) -> str:
        """Return the name of the question: where nothing was told, it says how to reach what was told elsewhere."""
        nothing = not listed.stories and not listed.page and not has_begun(turn)
        return "delete_none" if nothing else cls.name

    name: ClassVar[Literal["delete", "change"]] = DELETE
    values: ClassVar[tuple[str, ...]] = ("everything", "nothing")
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    def offered(self, turn: TurnBuilder) -> Iterable[Offered]:
        """Yield "this story" where it is clear which that is, and the others by what they begin with."""
        this = self._this(turn)
        draft = turn.conversation.status == "open" and has_begun(turn) and not turn.conversation.kept
        if (draft or this) and not turn.opened(StoriesToChoose).page:
            yield Offered(THIS, self.label(turn, THIS))
        yield from (one for one in super().offered(turn) if not one.story or one.story != this)

    @staticmethod
    def _this(turn: TurnBuilder) -> int:
        """Return the story that needs no telling apart: the one that is open, or the only one when nothing is."""
        listed = turn.opened(StoriesToChoose)
        if turn.conversation.status == "open":
            return next((one.id for one in listed.stories if one.id == listed.here), 0)
        alone = len(listed.stories) == 1 and not (listed.page or listed.older)
        return listed.stories[0].id if alone else 0

    def names(self, turn: TurnBuilder, said: str) -> bool:
        """Take "yes, delete it" for the one story that there is, and "all of it" for everything."""
        return super().names(turn, said) or bool(self._said(turn, said))

    def chosen(self, turn: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; where there is one story only, "yes, delete it" means that."""
        choice = super().chosen(turn, signal)
        if choice is None and isinstance(signal, Said):
            value = self._said(turn, normalise(signal.text))
            return next((one for one in self.choices(turn) if one.option.value == value), None)
        return choice

    def _said(self, turn: TurnBuilder, said: str) -> str:
        """Return which value these words are in other words, word for word; empty if none."""
        offered = list(self.offered(turn))
        alone = offered[0].value == THIS and not any(one.story or one.value == OLDER for one in offered)
        for value, key in ((THIS, "delete_this"), ("everything", "delete_all")):
            if (alone or value != THIS) and said in {normalise(word) for word in turn.common(key).split(",")}:
                return value
        return ""

    def take_story(self, turn: TurnBuilder, story: int) -> None:
        """Delete one story that was told before; what is being told now goes on."""
        if not proved(turn, deletes=True, story=story):
            return
        here = turn.opened(StoriesToChoose).here
        self.close(turn)
        if story == here:
            self.part(turn)
            return
        turn.effects.append(Erase(scope="story", story=story))
        turn.tell("deleted_story")
        if turn.conversation.status == "open":
            turn.ask_again()

    def take_other(self, turn: TurnBuilder, value: str) -> None:
        """Delete at once, and say so."""
        this = self._this(turn)
        if value == THIS and this:
            self.take_story(turn, this)
            return
        if value == "everything" and self._keeps_any(turn) and not proved(turn, deletes=True):
            return
        self.close(turn)
        if value == "nothing":
            turn.tell("nothing_deleted")
            if turn.conversation.status == "open":
                turn.ask_again()
        elif value == THIS:
            self.part(turn)
        else:
            turn.effects.append(Erase(scope="everything"))
            _leave(turn)
            turn.tell("deleted_everything")

    @staticmethod
    def _keeps_any(turn: TurnBuilder) -> bool:
        listed = turn.opened(StoriesToChoose)
        return bool(listed.stories or listed.page or turn.conversation.kept)

    @staticmethod
    def part(turn: TurnBuilder) -> None:
        """Delete what was told in this conversation, and end it."""
        turn.effects.append(DropStory())
        _leave(turn)
        turn.tell("deleted_story")


class DeleteChatToo(Interruption):
    """The chat is gone as far as it can be: shall what was told go too? An unclear answer keeps it, and says so."""

    name: ClassVar[str] = DELETE_CHAT_TOO
    values: ClassVar[tuple[str, ...]] = ("delete", "keep")
    safe: ClassVar[str] = "keep"
    when_stopped: ClassVar[bool] = True

    def chosen(self, turn: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; it is a question for a yes or a no as well."""
        choice = super().chosen(turn, signal)
        if choice is not None or not isinstance(signal, Said):
            return choice
        said = normalise(signal.text)
        for value, key in (("delete", "yes_words"), ("keep", "no_words")):
            if said in {normalise(word) for word in turn.common(key).split(",")}:
                return next((one for one in self.choices(turn) if one.option.value == value), None)
        return None

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Delete this conversation's story, or leave it."""
        if value == "delete" and turn.conversation.kept and not proved(turn, deletes=True, here=True):
            return
        self.close(turn)
        if value == "delete":
            Delete.part(turn)
        else:
            turn.tell("nothing_deleted")
            turn.repeat()


def _leave(turn: TurnBuilder) -> None:
    turn.set(answers={}, consents={}, kept=False, trail=())
    turn.finish(Status.PARTED)


def has_begun(turn: TurnBuilder) -> bool:
    """Whether this conversation holds anything told."""
    state = turn.conversation
    return bool(state.kept or state.held or telling_of(state).parts) or not is_empty(turn.release.flow, state)
