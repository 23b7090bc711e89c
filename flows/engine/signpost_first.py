"""Before the flow, in every state: words of distress are looked for, and once in 24 hours a signpost goes first.

What is found leaves as `RaiseConcern`, at the head of the turn; the signpost follows it, before any other reply, and
the question that the turn would have asked waits until the person chose to go on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flows.interruptions.signpost import CARE, Care, pop_signpost, push_signpost, signpost
from flows.language.distress.detect_distress import NOTHING, Noticed, notice
from flows.model.effects import Begin, RaiseConcern, Say
from flows.model.signals import (
    AskBackShown,
    AskBackTaken,
    CodeChecked,
    Edited,
    Expired,
    Facts,
    FileReady,
    Nudged,
    PlacesFound,
    ReceiptRead,
    Said,
    Started,
    StoriesListed,
    Unsealed,
)
from flows.questions.story import telling_of

if TYPE_CHECKING:
    from flows.interruptions.signpost import WhereTheyWere
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.conversation import Conversation
    from flows.model.signals import Signal

ONCE_IN = timedelta(hours=24)
"""For how long one signpost is enough (rule 78)."""
LIKELY = "likely"
"""Key of the warm sentence."""
_ANSWERS = (
    PlacesFound,
    Unsealed,
    Facts,
    StoriesListed,
    FileReady,
    ReceiptRead,
    AskBackShown,
    AskBackTaken,
    CodeChecked,
)
"""Signals of the same turn: what they ask is not shown either while the signpost's question is open."""


def found_in(conversation: Conversation, signal: Signal) -> Noticed:
    """Return what a person's words were taken for, whatever state they are in (rule 77)."""
    match signal:
        case Started() if signal.concerns is not None:
            return Noticed("plain" if signal.concerns else "", signal.concerns)
        case Said():
            parts = telling_of(conversation).parts
            return notice(signal.text, conversation.language, before=parts[-1][1] if parts else "")
        case Started() | Edited():
            return notice(signal.text, conversation.language)
    return NOTHING


def is_due(turn: TurnBuilder, kinds: frozenset[str]) -> bool:
    """Return whether these words get the signpost now."""
    last = turn.conversation.signposted_at
    return bool(kinds) and (last is None or turn.now - last >= ONCE_IN)


def suspend(turn: TurnBuilder, signal: Signal) -> WhereTheyWere | None:
    """Take the signpost's question away for a signal that only goes on with the turn that asked it, and return it."""
    if turn.conversation.interrupted_by != CARE or not isinstance(signal, _ANSWERS):
        return None
    suspended = pop_signpost(turn)
    turn.unasked, turn.asks_later = suspended.unseen, True
    return suspended


def resume_suspended(turn: TurnBuilder, suspended: WhereTheyWere) -> None:
    """Ask the signpost's question over what waits now."""
    turn.asks_later = False
    if _anything_waits(turn):
        push_signpost(turn, unseen=turn.unasked, start=suspended.start, paused=suspended.paused)


def prepend_signpost(turn: TurnBuilder, signal: Signal, kinds: frozenset[str], *, due: bool) -> None:
    """Put the concern, and the signpost if it is due, before everything else that the turn wants done."""
    turn.asks_later = False
    begins = [place for place, effect in enumerate(turn.effects) if isinstance(effect, Begin)]
    if begins:  # the new conversation raises it, so that the choice belongs to that one
        place = begins[0]
        begin = turn.effects[place]
        if isinstance(begin, Begin):
            turn.effects[place] = replace(begin, concerns=kinds)
        ahead = [effect for effect in turn.effects[:place] if not isinstance(effect, Say)]  # the signpost comes first
        turn.effects = [*ahead, *turn.effects[place:]]
        return
    others, turn.effects = turn.effects, []
    if due:
        _signpost(turn, starting=isinstance(signal, Started))
        if isinstance(signal, Started) and turn.conversation.interrupted_by == CARE:
            others = [effect for effect in others if not isinstance(effect, Say)]  # said again when they go on
    turn.effects = [RaiseConcern(kinds=kinds, signposted=due), *turn.effects, *others]


def ask_to_look(turn: TurnBuilder, noticed: Noticed) -> None:
    """Ask a person to look at what is only likely, and owe the writer one warm sentence; nothing else changes."""
    begins = [effect for effect in turn.effects if isinstance(effect, Begin)]
    if begins and begins[0].text:
        return  # the new conversation reads the same words
    turn.effects.insert(0, RaiseConcern(kinds=noticed.kinds, level="likely", signposted=False))
    warmed = turn.conversation.warmed_at
    if not turn.signposted and (warmed is None or turn.now - warmed >= ONCE_IN):
        turn.set(warmth_due=True)


def warm(turn: TurnBuilder, signal: Signal) -> None:
    """Say the warm sentence that is owed: before a question as a message of its own, else inside the first reply."""
    if not turn.conversation.warmth_due or isinstance(signal, Nudged | Expired):
        return
    says = [place for place, effect in enumerate(turn.effects) if isinstance(effect, Say)]
    if turn.conversation.opted_out or turn.signposted:
        turn.set(warmth_due=False)
    elif says:
        turn.set(warmth_due=False, warmed_at=turn.now)
        place = says[0]
        said, text = turn.effects[place], turn.common(LIKELY)
        if isinstance(said, Say) and said.serial is None and not said.options:
            turn.effects[place] = replace(said, text=f"{text} {said.text}")
        else:
            turn.effects.insert(place, Say(text=text))


def _signpost(turn: TurnBuilder, *, starting: bool) -> None:
    turn.set(signposted_at=turn.now)
    if _anything_waits(turn):
        push_signpost(turn, unseen=turn.unasked, start=starting)
        turn.ask(Care().ask(turn))
    else:
        turn.effects.append(Say(text=signpost(turn)))


def _anything_waits(turn: TurnBuilder) -> bool:
    state = turn.conversation
    return not state.opted_out and (bool(state.interruptions) or (state.status == "open" and state.step is not None))
