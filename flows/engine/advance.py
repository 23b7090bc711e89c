"""`advance`: one signal through one conversation. Pure, synchronous, deterministic; JSON in, JSON out.

Order, in every state: words of distress, our keywords, then a question of our own that is open, then the flow's
waiting question. The clock is an argument; anything from outside comes as a signal; anything to be done leaves as an
effect.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows.engine import distress
from flows.engine.another_language import name_a_person
from flows.engine.commands import LISTENED_TO_WHEN_STOPPED, obey
from flows.engine.edits import edited, placed, unplaced
from flows.engine.greetings import is_courtesy, is_greeting, thank_once
from flows.engine.hearing import WITHIN_A_QUESTION, answer, has_crossed, hear, hear_crossed, hold, is_short_answer
from flows.engine.usual_questions import (
    answered_beside,
    asks_how_to_stop,
    is_answer,
    is_calm,
    is_telling_now,
    is_wrong_number,
    name_the_way,
)
from flows.interruptions import (
    AFTER,
    CARE,
    CONFIRM,
    DELETE,
    OF_AGE,
    OFFERS,
    RESUME,
    hear_interruption,
    hear_though_stopped,
    interrupt,
    list_stories,
    listens_to_words,
    names_a_choice,
)
from flows.interruptions.confirm import Confirm, beside_code, code_in, is_about_the_number, is_number_alone, says_keep
from flows.interruptions.follow_up import FollowUp
from flows.interruptions.offers import tell_facts, tell_link
from flows.interruptions.receipt import Receipt
from flows.interruptions.telling import is_telling, names_receipt, pending_parts, set_pending, under_their_name
from flows.interruptions.turn_builder import TurnBuilder, TurnResult
from flows.language.distress.detect_distress import NOTHING, UNNAMED
from flows.language.keywords.recognise import Keyword, Recognised, normalise, recognise, taken_by_carrier
from flows.language.normalise import is_told, storable
from flows.model.effects import CloseAddress, FindReceipt, HoldSealed, LeaveNothing, ListStories, PurgeSealed
from flows.model.receipt_words import ends_in_one
from flows.model.receipt_words import read as read_receipt
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
from flows.questions.consent import ConsentStep
from flows.questions.place import PlaceStep
from flows.questions.question import Unclear
from flows.questions.read_back import ReadBackStep
from flows.questions.short_text import ShortTextStep
from flows.questions.story import StoryStep

if TYPE_CHECKING:
    from flows.authoring.release import Release
    from flows.model.conversation import Conversation

__all__ = ["TurnResult", "advance"]

BREAK = timedelta(hours=24)
"""After this long without a word, "continue or start again" is asked first."""
TOGETHER = timedelta(seconds=20)
"""Photos and the like that come within this time of one that was answered came with it."""
ADDED_WORDS = 3
"""From this length on, words that come after a kept story may belong to it, and the person is asked."""

_FROM_PERSON = (Started, Said, Chose, Edited, Sent, Located)
_MAY_BE_LABELS = frozenset({Keyword.DELETE, Keyword.CHANGE, Keyword.MY_DATA, Keyword.SKIP, Keyword.MORE})


def advance(release: Release, conversation: Conversation, signal: Signal, now: datetime) -> TurnResult:
    """Return the state after `signal` and what to do. Raises EngineError if the release cannot carry the state."""
    making = TurnBuilder(release, conversation, now)
    last_heard = conversation.heard_at
    if isinstance(signal, _FROM_PERSON):
        making.set(heard_at=now)
    if isinstance(signal, Started | Said | Edited) and (text := storable(signal.text)) != signal.text:
        signal = replace(signal, text=text)
    if isinstance(signal, Said) and signal.forwarded:
        signal = under_their_name(making, signal)
    noticed = distress.found_in(making.conversation, signal)
    if (
        noticed.kinds == {UNNAMED}
        and isinstance(signal, Said)
        and (is_calm(making, signal) or names_receipt(making, signal))
    ):
        noticed = NOTHING
    kinds = noticed.kinds if noticed.level == "plain" else frozenset()
    due = distress.is_due(making, kinds)
    making.asks_later, making.worried = due, bool(kinds)
    making.ref = getattr(signal, "ref", "")
    aside = distress.step_aside(making, signal)
    _take(making, signal, last_heard)
    if kinds:
        distress.attend(making, signal, kinds, due=due and not making.answered_emergency)
    elif aside:
        distress.step_back(making)
    if noticed.level == "likely" and not making.answered_emergency:
        distress.ask_to_look(making, noticed)
    distress.warm(making, signal)
    _keep_waiting(making)
    return making.done()


def _take(making: TurnBuilder, signal: Signal, last_heard: datetime) -> None:
    match signal:
        case Started():
            _start(making, signal)
        case Said():
            _said(making, signal, last_heard)
        case Chose():
            _chose(making, signal)
        case Edited():
            edited(making, signal)
        case Sent():
            _sent(making)
        case Unsealed():
            _unsealed(making, signal)
        case PlacesFound() if signal.answer:
            placed(making, signal)
        case PlacesFound() | Located():
            state = making.conversation
            if isinstance(making.step, PlaceStep) and state.status == "open" and not state.opted_out:
                hear(making, signal)
        case Unplaced():
            unplaced(making, signal)
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
            _told_of_what_is_held(making, signal)
        case AskedBack() | AskBackShown() | AskBackTaken() | Quiet() | Nudged() | Expired():
            _unasked(making, signal)


def _sent(making: TurnBuilder) -> None:
    """Say that we read words only, once for ten photos that come together."""
    last = making.conversation.words_only_at
    if making.conversation.opted_out or (last is not None and making.now - last < TOGETHER):
        return
    making.set(words_only_at=making.now)
    making.tell("words_only")


def _told_of_what_is_held(
    making: TurnBuilder,
    answer: Facts | StoriesListed | FileReady | ReceiptRead | CodeAsked | CodeChecked | Amended | Unshown,
) -> None:
    match answer:
        case Facts():
            tell_facts(making, answer)
            if listens_to_words(making) and making.conversation.aside_notes.get("parts"):
                making.tell("go_on_or_done")  # new words are half told: no question of ours takes their place
            else:
                interrupt(making, OFFERS)
        case StoriesListed():
            list_stories(making, answer)
        case FileReady():
            tell_link(making, answer)
        case ReceiptRead():
            _receipt(making, answer)
        case CodeAsked() | CodeChecked():
            _confirmed(making, answer)
        case Amended() if answer.takes_back:
            making.effects.append(ListStories(about=DELETE))
        case Amended() if not making.conversation.opted_out:
            making.tell("edit_taken")
        case Unshown() if not making.conversation.opted_out:
            making.show_again()


def _confirmed(making: TurnBuilder, told: CodeAsked | CodeChecked) -> None:
    """Send the number, or hear the answer that waited for it as if it came now."""
    if isinstance(told, CodeAsked):
        Confirm.asked(making, told)
        return
    waited = Confirm.checked(making, told)
    if waited is not None and making.conversation.aside:
        hear_interruption(making, waited)
    elif waited is not None and making.conversation.status == "open":
        answer(making, waited, None)


def _unasked(making: TurnBuilder, signal: AskedBack | AskBackShown | AskBackTaken | Quiet | Nudged | Expired) -> None:
    """What the team or time brings, and what they are told of it."""
    if isinstance(signal, AskedBack | AskBackShown | AskBackTaken):
        FollowUp.hear_of(making, signal)
    else:
        _time(making, signal)


def _start(making: TurnBuilder, started: Started) -> None:
    making.set(status="open", structure=making.release.structure, flow=making.release.flow.id)
    flow = making.release.flow
    asked_for = normalise(started.text) in {flow.id, *map(normalise, flow.words)}
    if started.text.strip() and not asked_for:
        hold(making, started.text, started.ref)
        for ref, text in started.more:
            hold(making, text, ref)
        name_a_person(making, started.text)
    making.go(making.release.flow.start)


def _said(making: TurnBuilder, said: Said, last_heard: datetime) -> None:
    making.said = said.text
    if _for_the_number(making, said, last_heard):
        return
    state = making.conversation
    telling, waits = is_telling_now(making), state.status == "open"
    word = None  # what somebody else wrote is no wish of this person's
    if not said.forwarded:
        word = recognise(said.text, language=state.language, channel=state.channel, waiting=waits, telling=telling)
    if word is not None and word.sensed and is_answer(making, said):
        word = recognise(said.text, language=state.language, channel=state.channel, telling=True)
        word = word if word is not None and word.word is Keyword.STOP else None
    elif word is not None and _means_something_else(making, word, said):
        word = None
    if state.opted_out and (word is None or word.word not in LISTENED_TO_WHEN_STOPPED):
        if word is not None and word.word is Keyword.STOP:
            making.set(aside="", aside_notes={})  # said once more: whatever was being asked is over too
        _said_though_stopped(making, said, last_heard)
        return
    crossed = has_crossed(making, said)
    if not said.forwarded and _is_for_us(making, said, word, crossed=crossed):
        return
    if state.opted_out:
        return  # it was a word that is listened to after STOP, and means nothing here
    if word is None and not said.forwarded:
        name_the_way(making, said)
        state = making.conversation
    if state.status == "open":
        name_a_person(making, said.text)
    if state.status != "open":
        _late(making, said)
    elif crossed:
        hear_crossed(making, said, word)
    else:
        _said_at_a_question(making, said, word, last_heard)


def _is_for_us(making: TurnBuilder, said: Said, word: Recognised | None, *, crossed: bool) -> bool:
    """Do what a keyword says, look a receipt up, or answer what is asked beside the story."""
    if word is None:
        return _is_receipt(making, said) or answered_beside(making, said, crossed=crossed)
    if word.word is Keyword.DELETE and ends_in_one(said.text) and _is_receipt(making, said):
        return True
    said_by_word = word.word in {Keyword.HELP, Keyword.PRIVACY} or (
        word.word is Keyword.STOP and is_wrong_number(making, said)
    )
    if word.word is Keyword.STOP and asks_how_to_stop(making, said):
        making.repeat(before=making.common("offer_stop"))
        return True
    in_own_words = said_by_word and taken_by_carrier(said.text) is None
    if in_own_words and answered_beside(making, said, crossed=crossed):
        return True  # "who are you" is better answered than by all that HELP says
    if crossed and word.word in WITHIN_A_QUESTION:
        return False
    done = obey(making, word, said)
    if done and word.word is Keyword.STOP and is_wrong_number(making, said):
        making.effects.append(CloseAddress())
    return done


def _said_at_a_question(making: TurnBuilder, said: Said, word: Recognised | None, last_heard: datetime) -> None:
    state = making.conversation
    if (aside := making.conversation.aside) != "":
        if hear_interruption(making, said):
            _hand_on_pending(making)
            return
        if aside == CARE and word is not None and obey(making, word, said):
            return  # now that nothing stands before the question it is for
    elif making.now - last_heard >= BREAK and not state.kept:  # what is asked after it was kept is a bonus
        if not state.nudges:
            _ask_to_resume(making, said)
            return
        if not _answers_unasked(making, said):
            if not making.consented and is_telling(making, said.text):
                hold(making, said.text, said.ref)
            making.ask_again()
            return
    answer(making, said, word)


def _means_something_else(making: TurnBuilder, word: Recognised, said: Said) -> bool:
    """A lone YES by SMS is an opt-in to the carrier and an ordinary answer to us; "hide the place" was offered."""
    offered = word.word in _MAY_BE_LABELS and names_a_choice(making, said.text)
    offered = offered or Receipt.means_this_story(making, word.word)
    return (word.carrier_only and not making.conversation.opted_out) or offered


def _said_though_stopped(making: TurnBuilder, said: Said, last_heard: datetime) -> None:
    """A right that is being used is heard; else, by chat, one line says once that START opens this again.

    By SMS the carrier answers, and nothing of ours would get through.
    """
    if _is_receipt(making, said):
        return
    state = making.conversation
    if is_wrong_number(making, said):
        making.effects.append(CloseAddress())
        return
    if making.now - last_heard < BREAK and hear_though_stopped(making, said):
        return
    if state.channel != "sms" and state.status == "stopped" and not state.scratch.get("still_stopped"):
        making.set(scratch={**state.scratch, "still_stopped": True})
        making.tell("stopped_still")


def _is_receipt(making: TurnBuilder, said: Said) -> bool:
    """Have three words looked up that are a receipt, whoever typed them and wherever they are in a conversation."""
    openings = making.common("receipt_openings")
    if ends_in_one(said.text):  # only then: "delete the whole thing" is no receipt
        openings = f"{openings},{making.common('receipt_wishes')}"
    words = "" if listens_to_words(making) else read_receipt(said.text, openings)
    if words:
        making.effects.append(FindReceipt(words=words, text=said.text, ref=said.ref))
    return bool(words)


def _receipt(making: TurnBuilder, read: ReceiptRead) -> None:
    """Words that open nothing are told where something is being told, and answered everywhere else."""
    state = making.conversation
    telling = isinstance(making.step, StoryStep | ShortTextStep) and state.status == "open" and not state.aside
    if read.story:
        Receipt.found(making, read)
    elif telling and not state.opted_out:
        hear(making, Said(text=read.text, ref=read.ref))
    else:
        making.tell("receipt_unknown")
        if state.status == "open" and not state.opted_out and not state.aside:
            making.ask_again()


def _hand_on_pending(making: TurnBuilder) -> None:
    """After "continue": the words that were written when we asked are the answer to the waiting question."""
    state = making.conversation
    if state.pending and not state.aside and state.status == "open":
        parts = pending_parts(making)
        making.set(pending="")
        step, name = making.step, state.step
        said = Said(text=state.pending, ref=parts[0][0] if len(parts) == 1 else "")
        if step is None or name is None or is_greeting(making, said.text):
            making.ask_again()
        elif isinstance(step.hear(making.scene(name), said), Unclear) and not is_telling(making, said.text):
            making.ask_again()  # it was no answer, but nobody had asked yet: it does not count as one
        elif step.tells:
            for ref, text in parts:
                answer(making, Said(text=text, ref=ref), None)
        else:
            answer(making, said, None)


def _answers_unasked(making: TurnBuilder, said: Said) -> bool:
    """Tell whether the first words after a reminder answer the question that waits, which it did not repeat.

    A "yes" there is a yes to going on, never to a consent question, and no word of a story.
    """
    step, name = making.step, making.conversation.step
    if step is None or name is None or isinstance(step, ConsentStep | ReadBackStep):
        return False
    if isinstance(step, StoryStep | ShortTextStep):
        return is_told(said.text)
    if is_greeting(making, said.text) or is_courtesy(making, said.text):
        return False
    return is_telling(making, said.text) or not isinstance(step.hear(making.scene(name), said), Unclear)


def _ask_to_resume(making: TurnBuilder, said: Said) -> None:
    if making.consented:
        set_pending(making, said)
    elif not is_greeting(making, said.text):
        hold(making, said.text, said.ref)
    making.set(tries=0)
    interrupt(making, RESUME)


def _late(making: TurnBuilder, said: Said) -> None:
    """Words after a conversation is over, or before the first one."""
    state = making.conversation
    if state.aside and hear_interruption(making, said):
        return
    if state.status in {"ended", "parted"} and not state.closed_by and _is_stray_number(making, said):
        making.tell("code_over")
        return
    if state.status in {"ended", "parted"} and not is_told(said.text) and is_courtesy(making, said.text):
        thank_once(making)
        return
    if state.status == "ended" and state.kept and is_short_answer(said.text):
        making.tell("nothing_open")  # a late answer to a question that is over
        return
    fresh = making.now - state.started_at < timedelta(days=making.release.flow.expires_after_days)
    if state.status == "ended" and state.kept and fresh and len(said.text.split()) >= ADDED_WORDS:
        making.effects.append(HoldSealed(text=said.text, ref=said.ref))
        making.set(held=state.held + 1)
        interrupt(making, AFTER)
        return
    nothing_told = is_greeting(making, said.text) or is_courtesy(making, said.text)
    making.begin("" if nothing_told else said.text, said.ref)


def _for_the_number(making: TurnBuilder, said: Said, last_heard: datetime) -> bool:
    """Hear what is about a number that was sent to be sent back; a STOP beside it is heard and does nothing else."""
    if making.conversation.aside == CONFIRM and making.now - last_heard >= BREAK and not code_in(said.text):
        Confirm.close(making)  # the number is long over, and what they write now is about something else
    state = making.conversation
    if state.aside == CONFIRM and (stops := _stops_beside_code(making, said)) is not None:
        if state.opted_out:
            Confirm.close(making)
        else:
            obey(making, stops, said)
        return True
    if Confirm.comes_back(making, said.text) or (state.aside == CONFIRM and is_about_the_number(making, said.text)):
        hear_interruption(making, said)
        return True
    return False


def _stops_beside_code(making: TurnBuilder, said: Said) -> Recognised | None:
    """Return the STOP that stands beside a number that was sent back: it is heard first, and does nothing else."""
    state = making.conversation
    words = beside_code(said.text)
    if said.forwarded or not code_in(said.text) or not words or says_keep(making, said.text):
        return None
    word = recognise(words, language=state.language, channel=state.channel)
    return word if word is not None and word.word is Keyword.STOP and not word.sensed else None


def _is_stray_number(making: TurnBuilder, said: Said) -> bool:
    """Return whether this is a number that we sent and nothing waits for any more."""
    return making.conversation.channel == "sms" and is_number_alone(making, said.text)


def _chose(making: TurnBuilder, chose: Chose) -> None:
    state = making.conversation
    if chose.token != state.token or chose.serial != state.serial:
        return  # a stale or repeated press (rule 38)
    if state.opted_out:
        hear_though_stopped(making, chose)
    elif state.aside:
        hear_interruption(making, chose)
        _hand_on_pending(making)
    elif state.status == "open" and making.step is not None:
        hear(making, chose)


def _unsealed(making: TurnBuilder, unsealed: Unsealed) -> None:
    if making.conversation.aside == AFTER:
        hear_interruption(making, unsealed)
        return
    making.set(held=0)
    if making.conversation.status == "open" and making.step is not None and unsealed.parts:
        hear(making, unsealed)
    else:
        making.ask_again()


def _time(making: TurnBuilder, signal: Quiet | Nudged | Expired) -> None:
    """A due time came. A tick that is late, doubled or no longer due changes nothing."""
    state = making.conversation
    if state.opted_out and not isinstance(signal, Expired):
        return
    if isinstance(signal, Quiet) and state.status == "open" and state.due == "quiet":
        hear(making, signal)
    elif isinstance(signal, Nudged) and state.status == "open" and state.due == "nudge":
        making.set(nudges=state.nudges + 1, reminded=state.reminded + 1)
        making.tell("nudge")  # and nothing else: the question itself may say on a locked phone what this is about
    elif isinstance(signal, Expired) and state.due == "expire":
        if state.status in {"open", "stopped"}:
            making.finish("ended" if state.kept else "expired")
        elif state.held:
            making.effects.append(PurgeSealed())
        if state.closed_until is not None:
            making.effects.append(LeaveNothing(person=True))
            making.set(closed_by="", closed_until=None)
        making.set(held=0, aside="", aside_notes={}, pending="")
        if not state.kept:  # nothing stays that its teller has not seen and kept
            making.set(answers={}, scratch={}, trail=())


def _keep_waiting(making: TurnBuilder) -> None:
    """Keep the quiet gap running while parts of a story are in, whatever else is talked about meanwhile."""
    state, step = making.conversation, making.step
    if state.aside == OF_AGE:
        making.quiet = None  # silence keeps nothing of somebody who may be a child
    elif making.quiet is None and step is not None and state.step is not None:
        waits = state.status == "open" and not state.aside
        making.quiet = step.gap(making.scene(state.step)) if waits else None
