"""Before the flow, in every state: words of distress are looked for, and once in 24 hours a signpost goes first.

Used by the engine only. Pure. What is found leaves as `RaiseConcern`, at the head of the turn; the signpost follows it,
before any other reply, and the question that the turn would have asked waits until the person chose to go on.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from flows.interruptions import interrupt
from flows.interruptions.signpost import CARE, cover, signpost, uncover
from flows.language.distress.detect_distress import NOTHING, Noticed, notice
from flows.model.effects import Begin, RaiseConcern, Say
from flows.model.signals import (
    AskBackShown,
    AskBackTaken,
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
from flows.questions.story import as_parts

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.conversation import Conversation
    from flows.model.signals import Signal

ONCE_IN = timedelta(hours=24)
"""For how long one signpost is enough (rule 78)."""
LIKELY = "likely"
"""Key of the warm sentence."""
_ANSWERS = (PlacesFound, Unsealed, Facts, StoriesListed, FileReady, ReceiptRead, AskBackShown, AskBackTaken)
"""Signals of the same turn: what they ask is not shown either while the signpost's question is open."""


def found_in(conversation: Conversation, signal: Signal) -> Noticed:
    """Return what a person's words were taken for, whatever state they are in (rule 77)."""
    match signal:
        case Started() if signal.concerns is not None:
            return Noticed("plain" if signal.concerns else "", signal.concerns)
        case Said():
            parts = as_parts(conversation.scratch.get("parts"))
            return notice(signal.text, conversation.language, before=parts[-1][1] if parts else "")
        case Started() | Edited():
            return notice(signal.text, conversation.language)
    return NOTHING


def is_due(making: TurnBuilder, kinds: frozenset[str]) -> bool:
    """Return whether these words get the signpost now."""
    last = making.conversation.signposted_at
    return bool(kinds) and (last is None or making.now - last >= ONCE_IN)


def step_aside(making: TurnBuilder, signal: Signal) -> bool:
    """Take the signpost's question away for a signal that only goes on with the turn that asked it."""
    if making.conversation.aside != CARE or not isinstance(signal, _ANSWERS):
        return False
    making.stepped_aside = uncover(making)
    making.unasked = bool(making.stepped_aside.get("unseen"))
    making.asks_later = True
    return True


def step_back(making: TurnBuilder) -> None:
    """Lay the signpost's question over what waits now."""
    notes, making.asks_later = making.stepped_aside, False
    if _anything_waits(making):
        cover(making, unseen=making.unasked, start=bool(notes.get("start")), paused=bool(notes.get("paused")))


def attend(making: TurnBuilder, signal: Signal, kinds: frozenset[str], *, due: bool) -> None:
    """Put the concern, and the signpost if it is due, before everything else that the turn wants done."""
    making.asks_later = False
    begins = [place for place, effect in enumerate(making.effects) if isinstance(effect, Begin)]
    if begins:  # the new conversation raises it, so that the choice belongs to that one
        place = begins[0]
        begin = making.effects[place]
        if isinstance(begin, Begin):
            making.effects[place] = replace(begin, concerns=kinds)
        ahead = [effect for effect in making.effects[:place] if not isinstance(effect, Say)]  # the signpost comes first
        making.effects = [*ahead, *making.effects[place:]]
        return
    others, making.effects = making.effects, []
    if due:
        _signpost(making, starting=isinstance(signal, Started))
        if isinstance(signal, Started) and making.conversation.aside == CARE:
            others = [effect for effect in others if not isinstance(effect, Say)]  # said again when they go on
    making.effects = [RaiseConcern(kinds=kinds, signposted=due), *making.effects, *others]


def ask_to_look(making: TurnBuilder, noticed: Noticed) -> None:
    """Ask a person to look at what is only likely, and owe the writer one warm sentence; nothing else changes."""
    begins = [effect for effect in making.effects if isinstance(effect, Begin)]
    if begins and begins[0].text:
        return  # the new conversation reads the same words
    making.effects.insert(0, RaiseConcern(kinds=noticed.kinds, level="likely", signposted=False))
    warmed = making.conversation.warmed_at
    if not making.signposted and (warmed is None or making.now - warmed >= ONCE_IN):
        making.set(warmth_due=True)


def warm(making: TurnBuilder, signal: Signal) -> None:
    """Say the warm sentence that is owed: before a question as a message of its own, else inside the first reply."""
    if not making.conversation.warmth_due or isinstance(signal, Nudged | Expired):
        return
    says = [place for place, effect in enumerate(making.effects) if isinstance(effect, Say)]
    if making.conversation.opted_out or making.signposted:
        making.set(warmth_due=False)
    elif says:
        making.set(warmth_due=False, warmed_at=making.now)
        place = says[0]
        said, text = making.effects[place], making.common(LIKELY)
        if isinstance(said, Say) and said.serial is None and not said.options:
            making.effects[place] = replace(said, text=f"{text} {said.text}")
        else:
            making.effects.insert(place, Say(text=text))


def _signpost(making: TurnBuilder, *, starting: bool) -> None:
    making.set(signposted_at=making.now)
    if _anything_waits(making):
        cover(making, unseen=making.unasked, start=starting)
        notes = making.conversation.aside_notes
        interrupt(making, CARE, **notes)
    else:
        making.effects.append(Say(text=signpost(making)))


def _anything_waits(making: TurnBuilder) -> bool:
    state = making.conversation
    return not state.opted_out and (bool(state.aside) or (state.status == "open" and state.step is not None))
