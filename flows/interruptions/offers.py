"""After MY DATA: a file with all of it, deleting something, or neither (rule 59)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from flows.interruptions.interruption import Interruption
from flows.model.effects import GiveFile, ListStories, Say
from flows.model.vocabulary.consent_answers import USES

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Facts, FileReady, Signal

OFFERS = "offers"


class Offers(Interruption):
    """An unclear answer wants neither."""

    name: ClassVar[str] = OFFERS
    values: ClassVar[tuple[str, ...]] = ("file", "delete", "nothing")
    safe: ClassVar[str] = "nothing"
    when_stopped: ClassVar[bool] = True

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Want neither, and let the flow hear what was written: it may be the answer to its own question."""
        self.close(turn)
        return False

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Have the file made, ask what to delete, or go on."""
        self.close(turn)
        if value == "file":
            turn.effects.append(GiveFile())
        elif value == "delete":
            turn.effects.append(ListStories(about="delete"))
        else:
            turn.tell("as_you_like")
            if turn.conversation.status == "open":
                turn.ask_again()


def tell_facts(turn: TurnBuilder, facts: Facts) -> None:
    """Say what is held, in a few messages; what repeats the person's own words is kept no longer than it needs."""
    turn.tell(
        "my_data" if facts.stories else "no_data",
        stories=str(facts.stories), since=facts.since, channels=", ".join(facts.channels),
    )  # fmt: skip
    if not facts.told:
        return
    uses = {use: turn.common(f"travels_{use}") for use in (*USES, "aside")}
    lines = [f"{one.month}: {one.words} ({uses['aside' if one.set_aside else one.use]})" for one in facts.told]
    if facts.stories > len(facts.told):
        lines.append(turn.common("and_older", stories=str(facts.stories - len(facts.told))))
    turn.effects.append(Say(text=turn.common("my_stories", lines="\n".join(lines)), private=True))
    words = [turn.common(f"contact_{_yes_or_no(facts.contact)}"), turn.common(f"invite_{_yes_or_no(facts.invite)}")]
    turn.effects.append(Say(text=" ".join(words)))


def _yes_or_no(agreed: bool) -> str:
    return "yes" if agreed else "no"


def tell_link(turn: TurnBuilder, ready: FileReady) -> None:
    """Say where the file is. The link opens it, so the words are kept no longer than to send them."""
    turn.effects.append(Say(text=turn.common("my_file", link=ready.link), private=True))
    if turn.conversation.status == "open":
        turn.ask_again()
