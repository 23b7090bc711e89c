"""`advance`: one signal through one conversation. It is synchronous and deterministic; JSON in, JSON out.

Order, in every state: words of distress, our keywords, then a question of our own that is open, then the flow's waiting
question. The clock is an argument; anything from outside comes as a signal; anything to be done leaves as an effect.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.engine import signpost_first
from flows.engine.another_language import name_a_person
from flows.engine.edited_messages import edited, placed, unplaced
from flows.engine.hear_answer import answer, hear, hold
from flows.engine.typed_words import hand_on_pending, hear_words
from flows.engine.usual_questions import (
    is_calm,
)
from flows.interruptions import (
    AFTER,
    DELETE,
    OF_AGE,
    OFFERS,
    hear_interruption,
    hear_though_stopped,
    interrupt,
    list_stories,
    listens_to_words,
)
from flows.interruptions.confirm import Confirm
from flows.interruptions.follow_up import FollowUp
from flows.interruptions.offers import tell_facts, tell_link
from flows.interruptions.receipt import Receipt
from flows.interruptions.telling import names_receipt, under_their_name
from flows.interruptions.turn_builder import TurnBuilder, TurnResult
from flows.language.distress.detect_distress import NOTHING, UNNAMED
from flows.language.keywords.recognise import normalise
from flows.language.normalise import storable
from flows.model.conversation import Status
from flows.model.effects import LeaveNothing, ListStories, PurgeSealed
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import (
    Amended,
    AskBackShown,
    AskBackTaken,
    AskedBack,
    Chose,
    CodeAsked,
    CodeChecked,
    Edited,
    Expired,
    Facts,
    FileReady,
    Located,
    Nudged,
    PlacesFound,
    Quiet,
    ReceiptRead,
    Said,
    Sent,
    Signal,
    Started,
    StoriesListed,
    Unplaced,
    Unsealed,
    Unshown,
)

if TYPE_CHECKING:
    from flows.authoring.release import Release
    from flows.model.conversation import Conversation

__all__ = ["TurnResult", "advance"]

TOGETHER = timedelta(seconds=20)
"""Photos and the like that come within this time of one that was answered came with it."""

_FROM_PERSON = (Started, Said, Chose, Edited, Sent, Located)


def advance(release: Release, conversation: Conversation, signal: Signal, now: datetime) -> TurnResult:
    """Return the state after `signal` and what to do. Raises EngineError if the release cannot carry the state."""
    turn = TurnBuilder(release, conversation, now)
    last_heard = conversation.heard_at
    if isinstance(signal, _FROM_PERSON):
        turn.set(heard_at=now)
    if isinstance(signal, Started | Said | Edited) and (text := storable(signal.text)) != signal.text:
        signal = replace(signal, text=text)
    if isinstance(signal, Said) and signal.forwarded:
        signal = under_their_name(turn, signal)
    noticed = signpost_first.found_in(turn.conversation, signal)
    if (
        noticed.kinds == {UNNAMED}
        and isinstance(signal, Said)
        and (is_calm(turn, signal) or names_receipt(turn, signal))
    ):
        noticed = NOTHING
    kinds = noticed.kinds if noticed.level == "plain" else frozenset()
    due = signpost_first.is_due(turn, kinds)
    turn.asks_later, turn.worried = due, bool(kinds)
    turn.ref = getattr(signal, "ref", "")
    suspended = signpost_first.suspend(turn, signal)
    _take(turn, signal, last_heard)
    if kinds:
        signpost_first.prepend_signpost(turn, signal, kinds, due=due and not turn.answered_emergency)
    elif suspended is not None:
        signpost_first.resume_suspended(turn, suspended)
    if noticed.level == "likely" and not turn.answered_emergency:
        signpost_first.ask_to_look(turn, noticed)
    signpost_first.warm(turn, signal)
    _keep_waiting(turn)
    return turn.done()


def _take(turn: TurnBuilder, signal: Signal, last_heard: datetime) -> None:
    match signal:
        case Started():
            _start(turn, signal)
        case Said():
            hear_words(turn, signal, last_heard)
        case Chose():
            _chose(turn, signal)
        case Edited():
            edited(turn, signal)
        case Sent():
            _sent(turn)
        case Unsealed():
            _unsealed(turn, signal)
        case PlacesFound() if signal.answer:
            placed(turn, signal)
        case PlacesFound() | Located():
            state, step = turn.conversation, turn.step
            if step is not None and step.asks_place and state.status == "open" and not state.opted_out:
                hear(turn, signal)
        case Unplaced():
            unplaced(turn, signal)
        case (
            Facts()
            | StoriesListed()
            | FileReady()
            | ReceiptRead()
            | CodeAsked()
            | CodeChecked()
            | Amended()
            | Unshown()
        ):
            _told_of_what_is_held(turn, signal)
        case AskedBack() | AskBackShown() | AskBackTaken() | Quiet() | Nudged() | Expired():
            _unasked(turn, signal)


def _sent(turn: TurnBuilder) -> None:
    """Say that we read words only, once for ten photos that come together."""
    last = turn.conversation.words_only_at
    if turn.conversation.opted_out or (last is not None and turn.now - last < TOGETHER):
        return
    turn.set(words_only_at=turn.now)
    turn.tell("words_only")


def _told_of_what_is_held(
    turn: TurnBuilder,
    answer: Facts | StoriesListed | FileReady | ReceiptRead | CodeAsked | CodeChecked | Amended | Unshown,
) -> None:
    match answer:
        case Facts():
            tell_facts(turn, answer)
            opened = turn.conversation.interruption
            if opened is not None and opened.holds_words and listens_to_words(turn):
                turn.tell("go_on_or_done")  # new words are half told: no question of ours takes their place
            else:
                interrupt(turn, OpenInterruption(kind=OFFERS))
        case StoriesListed():
            list_stories(turn, answer)
        case FileReady():
            tell_link(turn, answer)
        case ReceiptRead():
            _receipt(turn, answer)
        case CodeAsked() | CodeChecked():
            _confirmed(turn, answer)
        case Amended() if answer.takes_back:
            turn.effects.append(ListStories(about=DELETE))
        case Amended() if not turn.conversation.opted_out:
            turn.tell("edit_taken")
        case Unshown() if not turn.conversation.opted_out:
            turn.show_again()


def _confirmed(turn: TurnBuilder, told: CodeAsked | CodeChecked) -> None:
    """Send the number, or hear the answer that waited for it as if it came now."""
    if isinstance(told, CodeAsked):
        Confirm.asked(turn, told)
        return
    waited = Confirm.checked(turn, told)
    if waited is not None and turn.conversation.interruptions:
        hear_interruption(turn, waited)
    elif waited is not None and turn.conversation.status == "open":
        answer(turn, waited, None)


def _unasked(turn: TurnBuilder, signal: AskedBack | AskBackShown | AskBackTaken | Quiet | Nudged | Expired) -> None:
    """What the team or time brings, and what they are told of it."""
    if isinstance(signal, AskedBack | AskBackShown | AskBackTaken):
        FollowUp.hear_of(turn, signal)
    else:
        _time(turn, signal)


def _start(turn: TurnBuilder, started: Started) -> None:
    turn.set(status=Status.OPEN, structure=turn.release.structure, flow=turn.release.flow.id)
    flow = turn.release.flow
    asked_for = normalise(started.text) in {flow.id, *map(normalise, flow.words)}
    if started.text.strip() and not asked_for:
        hold(turn, started.text, started.ref)
        for ref, text in started.more:
            hold(turn, text, ref)
        name_a_person(turn, started.text)
    turn.go(turn.release.flow.start)


def _receipt(turn: TurnBuilder, read: ReceiptRead) -> None:
    """Words that open nothing are told where something is being told, and answered everywhere else."""
    state, step = turn.conversation, turn.step
    telling = step is not None and step.own_words and state.status == "open" and not state.interruptions
    if read.story:
        Receipt.found(turn, read)
    elif telling and not state.opted_out:
        hear(turn, Said(text=read.text, ref=read.ref))
    else:
        turn.tell("receipt_unknown")
        if state.status == "open" and not state.opted_out and not state.interruptions:
            turn.ask_again()


def _chose(turn: TurnBuilder, chose: Chose) -> None:
    state = turn.conversation
    if chose.token != state.token or chose.serial != state.serial:
        return  # a stale or repeated press (rule 38)
    if state.opted_out:
        hear_though_stopped(turn, chose)
    elif state.interruptions:
        hear_interruption(turn, chose)
        hand_on_pending(turn)
    elif state.status == "open" and turn.step is not None:
        hear(turn, chose)


def _unsealed(turn: TurnBuilder, unsealed: Unsealed) -> None:
    if turn.conversation.interrupted_by == AFTER:
        hear_interruption(turn, unsealed)
        return
    turn.set(held=0)
    if turn.conversation.status == "open" and turn.step is not None and unsealed.parts:
        hear(turn, unsealed)
    else:
        turn.ask_again()


def _time(turn: TurnBuilder, signal: Quiet | Nudged | Expired) -> None:
    """A due time came. A tick that is late, doubled or no longer due changes nothing."""
    state = turn.conversation
    if state.opted_out and not isinstance(signal, Expired):
        return
    if isinstance(signal, Quiet) and state.status == "open" and state.due == "quiet":
        hear(turn, signal)
    elif isinstance(signal, Nudged) and state.status == "open" and state.due == "nudge":
        turn.set(nudges=state.nudges + 1, reminded=state.reminded + 1)
        turn.tell("nudge")  # and nothing else: the question itself may say on a locked phone what this is about
    elif isinstance(signal, Expired) and state.due == "expire":
        if state.status in {"open", "stopped"}:
            turn.finish(Status.ENDED if state.kept else Status.EXPIRED)
        elif state.held:
            turn.effects.append(PurgeSealed())
        if state.closed_until is not None:
            turn.effects.append(LeaveNothing(person=True))
            turn.set(closed_by="", closed_until=None)
        turn.close()
        turn.set(held=0, pending="")
        if not state.kept:  # nothing stays that its teller has not seen and kept
            turn.set(answers={}, partial=None, thanked=False, trail=())


def _keep_waiting(turn: TurnBuilder) -> None:
    """Keep the quiet gap running while parts of a story are in, whatever else is talked about meanwhile."""
    state, step = turn.conversation, turn.step
    if state.interrupted_by == OF_AGE:
        turn.quiet = None  # silence keeps nothing of somebody who may be a child
    elif turn.quiet is None and step is not None and state.step is not None:
        waits = state.status == "open" and not state.interruptions
        turn.quiet = step.gap(turn.context(state.step)) if waits else None
