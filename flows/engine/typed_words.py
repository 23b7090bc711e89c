"""Typed words: where each message belongs, from our keywords through open questions of ours to the waiting question."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from flows.engine.another_language import name_a_person
from flows.engine.commands import LISTENED_TO_WHEN_STOPPED, run_command
from flows.engine.greetings import is_courtesy, is_greeting, thank_once
from flows.engine.hear_answer import WITHIN_A_QUESTION, answer, has_crossed, hear_crossed, hold, is_short_answer
from flows.engine.usual_questions import (
    answered_beside,
    asks_how_to_stop,
    is_answer,
    is_telling_now,
    is_wrong_number,
    name_the_way,
)
from flows.interruptions import (
    AFTER,
    CARE,
    CONFIRM,
    RESUME,
    hear_interruption,
    hear_though_stopped,
    interrupt,
    listens_to_words,
    names_a_choice,
)
from flows.interruptions.confirm import Confirm, beside_code, code_in, is_about_the_number, is_number_alone, says_keep
from flows.interruptions.receipt import Receipt
from flows.interruptions.telling import is_telling, pending_parts, set_pending
from flows.language.keywords.recognise import Keyword, recognise, taken_by_carrier
from flows.language.normalise import is_told
from flows.model.effects import CloseAddress, FindReceipt, HoldSealed
from flows.model.open_interruption import OpenInterruption
from flows.model.receipt_words import ends_in_one
from flows.model.receipt_words import read as read_receipt
from flows.model.signals import Said
from flows.questions.question import Unclear

if TYPE_CHECKING:
    from datetime import datetime

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.language.keywords.recognise import Recognised

BREAK = timedelta(hours=24)
"""After this long without a word, "continue or start again" is asked first."""
ADDED_WORDS = 3
"""From this length on, words that come after a kept story may belong to it, and the person is asked."""
_MAY_BE_LABELS = frozenset(
    {Keyword.DELETE, Keyword.CHANGE, Keyword.MY_DATA, Keyword.SKIP, Keyword.MORE, Keyword.NARROW}
)


def hear_words(turn: TurnBuilder, said: Said, last_heard: datetime) -> None:
    """Take a typed message to where it belongs. `last_heard`: when the person wrote before."""
    turn.said = said.text
    if _for_the_number(turn, said, last_heard):
        return
    state = turn.conversation
    telling, waits = is_telling_now(turn), state.status == "open"
    word = None  # what somebody else wrote is no wish of this person's
    if not said.forwarded:
        word = recognise(said.text, language=state.language, channel=state.channel, waiting=waits, telling=telling)
    if word is not None and word.sensed and is_answer(turn, said):
        word = recognise(said.text, language=state.language, channel=state.channel, telling=True)
        word = word if word is not None and word.word is Keyword.STOP else None
    elif word is not None and _means_something_else(turn, word, said):
        word = None
    if state.opted_out and (word is None or word.word not in LISTENED_TO_WHEN_STOPPED):
        if word is not None and word.word is Keyword.STOP:
            turn.close()  # said once more: whatever was being asked is over too
        _said_though_stopped(turn, said, last_heard)
        return
    crossed = has_crossed(turn, said)
    if not said.forwarded and _is_for_us(turn, said, word, crossed=crossed):
        return
    if state.opted_out:
        return  # it was a word that is listened to after STOP, and means nothing here
    if word is None and not said.forwarded:
        name_the_way(turn, said)
        state = turn.conversation
    if state.status == "open":
        name_a_person(turn, said.text)
    if state.status != "open":
        _late(turn, said)
    elif crossed:
        hear_crossed(turn, said, word)
    else:
        _said_at_a_question(turn, said, word, last_heard)


def _is_for_us(turn: TurnBuilder, said: Said, word: Recognised | None, *, crossed: bool) -> bool:
    """Do what a keyword says, look a receipt up, or answer what is asked beside the story."""
    if word is None:
        return _is_receipt(turn, said) or answered_beside(turn, said, crossed=crossed)
    if word.word is Keyword.DELETE and ends_in_one(said.text) and _is_receipt(turn, said):
        return True
    said_by_word = word.word in {Keyword.HELP, Keyword.PRIVACY} or (
        word.word is Keyword.STOP and is_wrong_number(turn, said)
    )
    if word.word is Keyword.STOP and asks_how_to_stop(turn, said):
        turn.repeat(before=turn.common("offer_stop"))
        return True
    in_own_words = said_by_word and taken_by_carrier(said.text) is None
    if in_own_words and answered_beside(turn, said, crossed=crossed):
        return True  # "who are you" is better answered than by all that HELP says
    if crossed and word.word in WITHIN_A_QUESTION:
        return False
    done = run_command(turn, word, said)
    if done and word.word is Keyword.STOP and is_wrong_number(turn, said):
        turn.effects.append(CloseAddress())
    return done


def _said_at_a_question(turn: TurnBuilder, said: Said, word: Recognised | None, last_heard: datetime) -> None:
    state = turn.conversation
    if name := state.interrupted_by:
        if hear_interruption(turn, said):
            hand_on_pending(turn)
            return
        if name == CARE and word is not None and run_command(turn, word, said):
            return  # now that nothing stands before the question it is for
    elif turn.now - last_heard >= BREAK and not state.kept:  # what is asked after it was kept is a bonus
        if not state.nudges:
            _ask_to_resume(turn, said)
            return
        if not _answers_unasked(turn, said):
            if not turn.consented and is_telling(turn, said.text):
                hold(turn, said.text, said.ref)
            turn.ask_again()
            return
    answer(turn, said, word)


def _means_something_else(turn: TurnBuilder, word: Recognised, said: Said) -> bool:
    """A lone YES by SMS is an opt-in to the carrier and an ordinary answer to us; "hide the place" was offered."""
    offered = word.word in _MAY_BE_LABELS and names_a_choice(turn, said.text)
    offered = offered or Receipt.means_this_story(turn, word.word)
    return (word.carrier_only and not turn.conversation.opted_out) or offered


def _said_though_stopped(turn: TurnBuilder, said: Said, last_heard: datetime) -> None:
    """A right that is being used is heard; else, by chat, one line says once that START opens this again.

    By SMS the carrier answers, and nothing of ours would get through.
    """
    if _is_receipt(turn, said):
        return
    state = turn.conversation
    if is_wrong_number(turn, said):
        turn.effects.append(CloseAddress())
        return
    if turn.now - last_heard < BREAK and hear_though_stopped(turn, said):
        return
    if not state.look.carrier and state.status == "stopped" and not state.told_stopped:
        turn.set(told_stopped=True)
        turn.tell("stopped_still")


def _is_receipt(turn: TurnBuilder, said: Said) -> bool:
    """Have three words looked up that are a receipt, whoever typed them and wherever they are in a conversation."""
    openings = turn.common("receipt_openings")
    if ends_in_one(said.text):  # only then: "delete the whole thing" is no receipt
        openings = f"{openings},{turn.common('receipt_wishes')}"
    words = "" if listens_to_words(turn) else read_receipt(said.text, openings)
    if words:
        turn.effects.append(FindReceipt(words=words, text=said.text, ref=said.ref))
    return bool(words)


def hand_on_pending(turn: TurnBuilder) -> None:
    """Answer the waiting question with the words that were written when we asked whether to continue."""
    state = turn.conversation
    if state.pending and not state.interruptions and state.status == "open":
        parts = pending_parts(turn)
        turn.set(pending="")
        step, name = turn.step, state.step
        said = Said(text=state.pending, ref=parts[0][0] if len(parts) == 1 else "")
        if step is None or name is None or is_greeting(turn, said.text):
            turn.ask_again()
        elif isinstance(step.hear(turn.context(name), said), Unclear) and not is_telling(turn, said.text):
            turn.ask_again()  # it was no answer, but nobody had asked yet: it does not count as one
        elif step.tells:
            for ref, text in parts:
                answer(turn, Said(text=text, ref=ref), None)
        else:
            answer(turn, said, None)


def _answers_unasked(turn: TurnBuilder, said: Said) -> bool:
    """Tell whether the first words after a reminder answer the question that waits, which it did not repeat.

    A "yes" there is a yes to going on, never to a consent question, and no word of a story.
    """
    step, name = turn.step, turn.conversation.step
    if step is None or name is None or step.asked_first:
        return False
    if step.own_words:
        return is_told(said.text)
    if is_greeting(turn, said.text) or is_courtesy(turn, said.text):
        return False
    return is_telling(turn, said.text) or not isinstance(step.hear(turn.context(name), said), Unclear)


def _ask_to_resume(turn: TurnBuilder, said: Said) -> None:
    if turn.consented:
        set_pending(turn, said)
    elif not is_greeting(turn, said.text):
        hold(turn, said.text, said.ref)
    turn.set(tries=0)
    interrupt(turn, OpenInterruption(kind=RESUME))


def _late(turn: TurnBuilder, said: Said) -> None:
    """Words after a conversation is over, or before the first one."""
    state = turn.conversation
    if state.interruptions and hear_interruption(turn, said):
        return
    if state.status in {"ended", "parted"} and not state.closed_by and _is_stray_number(turn, said):
        turn.tell("code_over")
        return
    if state.status in {"ended", "parted"} and not is_told(said.text) and is_courtesy(turn, said.text):
        thank_once(turn)
        return
    if state.status == "ended" and state.kept and is_short_answer(said.text):
        turn.tell("nothing_open")  # a late answer to a question that is over
        return
    fresh = turn.now - state.started_at < timedelta(days=turn.release.flow.expires_after_days)
    if state.status == "ended" and state.kept and fresh and len(said.text.split()) >= ADDED_WORDS:
        turn.effects.append(HoldSealed(text=said.text, ref=said.ref))
        turn.set(held=state.held + 1)
        interrupt(turn, OpenInterruption(kind=AFTER))
        return
    nothing_told = is_greeting(turn, said.text) or is_courtesy(turn, said.text)
    turn.begin("" if nothing_told else said.text, said.ref)


def _for_the_number(turn: TurnBuilder, said: Said, last_heard: datetime) -> bool:
    """Hear what is about a number that was sent to be sent back; a STOP beside it is heard and does nothing else."""
    if turn.conversation.interrupted_by == CONFIRM and turn.now - last_heard >= BREAK and not code_in(said.text):
        Confirm.close(turn)  # the number is long over, and what they write now is about something else
    state = turn.conversation
    if state.interrupted_by == CONFIRM and (stops := _stops_beside_code(turn, said)) is not None:
        if state.opted_out:
            Confirm.close(turn)
        else:
            run_command(turn, stops, said)
        return True
    if Confirm.comes_back(turn, said.text) or (
        state.interrupted_by == CONFIRM and is_about_the_number(turn, said.text)
    ):
        hear_interruption(turn, said)
        return True
    return False


def _stops_beside_code(turn: TurnBuilder, said: Said) -> Recognised | None:
    """Return the STOP that stands beside a number that was sent back: it is heard first, and does nothing else."""
    state = turn.conversation
    words = beside_code(said.text)
    if said.forwarded or not code_in(said.text) or not words or says_keep(turn, said.text):
        return None
    word = recognise(words, language=state.language, channel=state.channel)
    return word if word is not None and word.word is Keyword.STOP and not word.sensed else None


def _is_stray_number(turn: TurnBuilder, said: Said) -> bool:
    """Return whether this is a number that we sent and nothing waits for any more."""
    return turn.conversation.look.forgeable and is_number_alone(turn, said.text)
