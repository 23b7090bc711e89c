"""`advance`: one signal through one conversation. Pure, synchronous, deterministic; JSON in, JSON out.

Order, in every state: words of distress, our keywords, then a question of our own that is open, then the flow's
waiting question. The clock is an argument; anything from outside comes as a signal; anything to be done leaves as an
effect.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from flows import care
from flows.asides import (
    AFTER,
    CARE,
    OFFERS,
    RESUME,
    hear_aside,
    hear_though_stopped,
    list_stories,
    listens_to_words,
    names_a_choice,
    open_aside,
)
from flows.asides.asked_back import AskedBackAside
from flows.asides.offers import tell_facts, tell_link
from flows.asides.receipt import Receipt
from flows.asides.reword import REWORD
from flows.commands import LISTENED_TO_WHEN_STOPPED, obey
from flows.effects import AmendStory, FindReceipt, HoldSealed, LeaveNothing, PurgeSealed, Say
from flows.keywords import Recognised, Word, normalise, recognise
from flows.letters import is_told, storable
from flows.questions.base import Reading, Unclear, Understood, Waiting
from flows.questions.consent import ConsentStep
from flows.questions.place import PlaceStep
from flows.questions.read_back import ReadBackStep
from flows.questions.short_text import ShortTextStep
from flows.questions.story import StoryStep, as_parts, with_edit
from flows.receipts import read as read_receipt
from flows.signals import (
    AskBackShown,
    AskBackTaken,
    AskedBack,
    Chose,
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
    Unsealed,
)
from flows.turn import Making, Turn

if TYPE_CHECKING:
    from flows.conversation import Conversation
    from flows.release import Release

__all__ = ["Turn", "advance"]

BREAK = timedelta(hours=24)
"""After this long without a word, "continue or start again" is asked first."""
ADDED_WORDS = 3
"""From this length on, words that come after a kept story may belong to it, and the person is asked."""

_FROM_PERSON = (Started, Said, Chose, Edited, Sent, Located)
_MAY_BE_LABELS = frozenset({Word.DELETE, Word.CHANGE, Word.MY_DATA, Word.SKIP, Word.MORE})
_PASSING = ("offered", "changing", "asked_all")
"""Scratch that does not outlive a question being asked again."""


def advance(release: Release, conversation: Conversation, signal: Signal, now: datetime) -> Turn:
    """Return the state after `signal` and what to do. Raises EngineError if the release cannot carry the state."""
    making = Making(release, conversation, now)
    last_heard = conversation.heard_at
    if isinstance(signal, _FROM_PERSON):
        making.set(heard_at=now)
    if isinstance(signal, Started | Said | Edited) and (text := storable(signal.text)) != signal.text:
        signal = replace(signal, text=text)
    noticed = care.found_in(making.conversation, signal)
    kinds = noticed.kinds if noticed.level == "plain" else frozenset()
    due = care.is_due(making, kinds)
    making.asks_later, making.worried = due, bool(kinds)
    aside = care.step_aside(making, signal)
    _take(making, signal, last_heard)
    if kinds:
        care.attend(making, signal, kinds, due=due)
    elif aside:
        care.step_back(making)
    if noticed.level == "likely":
        care.ask_to_look(making, noticed)
    care.warm(making, signal)
    _keep_waiting(making)
    return making.done()


def _take(making: Making, signal: Signal, last_heard: datetime) -> None:
    match signal:
        case Started():
            _start(making, signal)
        case Said():
            _said(making, signal, last_heard)
        case Chose():
            _chose(making, signal)
        case Edited():
            _edited(making, signal)
        case Sent():
            if not making.conversation.opted_out:
                making.tell("words_only")
        case Unsealed():
            _unsealed(making, signal)
        case PlacesFound() | Located():
            state = making.conversation
            if isinstance(making.step, PlaceStep) and state.status == "open" and not state.opted_out:
                _hear(making, signal)
        case Facts() | StoriesListed() | FileReady() | ReceiptRead():
            _told_of_what_is_held(making, signal)
        case AskedBack() | AskBackShown() | AskBackTaken() | Quiet() | Nudged() | Expired():
            _unasked(making, signal)


def _told_of_what_is_held(making: Making, answer: Facts | StoriesListed | FileReady | ReceiptRead) -> None:
    match answer:
        case Facts():
            tell_facts(making, answer)
            open_aside(making, OFFERS)
        case StoriesListed():
            list_stories(making, answer)
        case FileReady():
            tell_link(making, answer)
        case ReceiptRead():
            _receipt(making, answer)


def _unasked(making: Making, signal: AskedBack | AskBackShown | AskBackTaken | Quiet | Nudged | Expired) -> None:
    """What the team or time brings, and what they are told of it."""
    if isinstance(signal, AskedBack | AskBackShown | AskBackTaken):
        AskedBackAside.hear_of(making, signal)
    else:
        _time(making, signal)


def _start(making: Making, started: Started) -> None:
    making.set(status="open", structure=making.release.structure, flow=making.release.flow.id)
    if is_told(started.text):
        _hold(making, started.text, started.ref)
    making.go(making.release.flow.start)


def _hold(making: Making, text: str, ref: str) -> None:
    making.effects.append(HoldSealed(text=text, ref=ref))
    if not making.conversation.held:
        making.tell("held_looked_at" if making.worried else "held")
    making.set(held=making.conversation.held + 1)


def _said(making: Making, said: Said, last_heard: datetime) -> None:
    state = making.conversation
    word = recognise(said.text, language=state.language, channel=state.channel, waiting=state.status == "open")
    if word is not None and word.carrier_only and not state.opted_out:
        word = None  # a lone YES by SMS: an opt-in to the carrier, an ordinary answer to us
    if word is not None and word.word in _MAY_BE_LABELS and names_a_choice(making, said.text):
        word = None  # "hide the place" is what was offered, and no new wish
    if state.opted_out and (word is None or word.word not in LISTENED_TO_WHEN_STOPPED):
        if not _is_receipt(making, said) and making.now - last_heard < BREAK:
            hear_though_stopped(making, said)
        return
    if word is not None and obey(making, word, said):
        return
    if word is None and _is_receipt(making, said):
        return
    if state.status != "open":
        _late(making, said)
        return
    if (aside := making.conversation.aside) != "":
        if hear_aside(making, said):
            _hand_on_pending(making)
            return
        if aside == CARE and word is not None and obey(making, word, said):
            return  # now that nothing stands before the question it is for
    elif making.now - last_heard >= BREAK:
        if not state.nudges:
            _ask_to_resume(making, said)
            return
        if not _answers_unasked(making, said):
            making.ask_again()
            return
    _answer(making, said, word)


def _is_receipt(making: Making, said: Said) -> bool:
    """Have three words looked up that are a receipt, whoever typed them and wherever they are in a conversation."""
    words = "" if listens_to_words(making) else read_receipt(said.text, making.common("receipt_openings"))
    if words:
        making.effects.append(FindReceipt(words=words, text=said.text, ref=said.ref))
    return bool(words)


def _receipt(making: Making, read: ReceiptRead) -> None:
    """Words that open nothing are told where something is being told, and answered everywhere else."""
    state = making.conversation
    telling = isinstance(making.step, StoryStep | ShortTextStep) and state.status == "open" and not state.aside
    if read.story:
        Receipt.found(making, read)
    elif telling and not state.opted_out:
        _hear(making, Said(text=read.text, ref=read.ref))
    else:
        making.tell("receipt_unknown")
        if state.status == "open" and not state.opted_out and not state.aside:
            making.ask_again()


def _hand_on_pending(making: Making) -> None:
    """After "continue": the words that were written when we asked are the answer to the waiting question."""
    state = making.conversation
    if state.pending and not state.aside and state.status == "open":
        making.set(pending="")
        step, name = making.step, state.step
        said = Said(text=state.pending)
        if step is None or name is None or _is_greeting(making, said.text):
            making.ask_again()
        elif isinstance(step.hear(making.scene(name), said), Unclear):
            making.ask_again()  # it was no answer, but nobody had asked yet: it does not count as one
        else:
            _answer(making, said, None)


def _answers_unasked(making: Making, said: Said) -> bool:
    """Tell whether the first words after a reminder answer the question that waits, which it did not repeat.

    A "yes" there is a yes to going on, never to a consent question, and no word of a story.
    """
    step, name = making.step, making.conversation.step
    if step is None or name is None or isinstance(step, ConsentStep | ReadBackStep):
        return False
    if isinstance(step, StoryStep | ShortTextStep):
        return is_told(said.text)
    if _is_greeting(making, said.text) or _is_courtesy(making, said.text):
        return False
    return not isinstance(step.hear(making.scene(name), said), Unclear)


def _ask_to_resume(making: Making, said: Said) -> None:
    if making.consented:
        making.set(pending=said.text)
    elif is_told(said.text):
        _hold(making, said.text, said.ref)
    open_aside(making, RESUME)


def _late(making: Making, said: Said) -> None:
    """Words after a conversation is over, or before the first one."""
    state = making.conversation
    if state.aside and hear_aside(making, said):
        return
    if state.status in {"ended", "parted"} and not is_told(said.text) and _is_courtesy(making, said.text):
        if not state.scratch.get("thanked"):
            making.set(scratch={"thanked": True})
            making.tell("you_are_welcome")
        return
    fresh = making.now - state.started_at < timedelta(days=making.release.flow.expires_after_days)
    if state.status == "ended" and state.kept and fresh and len(said.text.split()) >= ADDED_WORDS:
        making.effects.append(HoldSealed(text=said.text, ref=said.ref))
        making.set(held=state.held + 1)
        open_aside(making, AFTER)
        return
    making.begin(said.text, said.ref)


def _is_courtesy(making: Making, text: str) -> bool:
    plain = normalise(text)
    words = {normalise(word) for word in making.common("courtesies").split(",")}
    return not any(letter.isalnum() for letter in plain) or plain in words or set(plain.split()) <= words


def _is_greeting(making: Making, text: str) -> bool:
    return normalise(text) in {normalise(word) for word in making.common("greetings").split(",")}


def _chose(making: Making, chose: Chose) -> None:
    state = making.conversation
    if chose.token != state.token or chose.serial != state.serial:
        return  # a stale or repeated press (rule 38)
    if state.opted_out:
        hear_though_stopped(making, chose)
    elif state.aside:
        hear_aside(making, chose)
        _hand_on_pending(making)
    elif state.status == "open" and making.step is not None:
        _hear(making, chose)


def _answer(making: Making, said: Said, word: Recognised | None) -> None:
    """Hand words to the waiting question; DONE also finishes it, with what stood before the word as its last part."""
    step, name = making.step, making.conversation.step
    if step is None or name is None:
        return
    if word is None or word.word is not Word.DONE:
        _hear(making, said)
        return
    if word.rest.strip():
        _hear(making, Said(text=word.rest, ref=said.ref))
        if making.conversation.step != name:
            return
    reading = step.finish(making.scene(name))
    if isinstance(reading, Understood):
        making.quiet = None
        making.take(reading)
    else:
        _hear(making, said) if not step.sensitive else _read(making, reading)


def _hear(making: Making, signal: Signal) -> None:
    step, name = making.step, making.conversation.step
    if step is not None and name is not None:
        _read(making, step.hear(making.scene(name), signal))


def _read(making: Making, reading: Reading) -> None:
    if isinstance(reading, Understood):
        making.take(reading)
    elif isinstance(reading, Waiting):
        unclear = making.conversation.scratch.get("unclear")
        making.set(scratch={**reading.scratch, **({"unclear": unclear} if unclear else {})})
        making.quiet = reading.quiet
        for effect in reading.effects:
            if isinstance(effect, Say):
                making.ask(effect)
            else:
                making.effects.append(effect)
    else:
        _unclear(making, reading.kept, reading.counts_as)


def _unclear(making: Making, kept: str, counts_as: Understood | None) -> None:
    """Ask again in other words, twice at most, then offer a way out; what was written is kept or held."""
    state = making.conversation
    scratch = {key: value for key, value in state.scratch.items() if key not in _PASSING}
    if kept.strip() and making.consented:
        noted = scratch.get("unclear")
        scratch["unclear"] = [*(noted if isinstance(noted, list) else []), kept]
    elif is_told(kept):
        _hold(making, kept, "")
    tries = state.tries + 1
    making.set(tries=tries, scratch=scratch)
    if counts_as is not None and tries >= 2:
        making.take(counts_as)
    elif tries <= 2:
        making.ask_again(other_words=True)
    else:
        making.tell("way_out" if making.step is not None and making.step.can_skip else "way_out_needed")


def _unsealed(making: Making, unsealed: Unsealed) -> None:
    if making.conversation.aside == AFTER:
        hear_aside(making, unsealed)
        return
    making.set(held=0)
    if making.conversation.status == "open" and making.step is not None and unsealed.parts:
        making.tell("held_used")
        _hear(making, unsealed)
    else:
        making.ask_again()


def _edited(making: Making, edited: Edited) -> None:
    """An edit changes the draft while it is a draft, and stands beside the story once that is kept (rule 43)."""
    state = making.conversation
    if state.opted_out:
        return
    if state.status == "open" and any(ref == edited.ref for ref, _ in as_parts(state.scratch.get("parts"))):
        parts = with_edit(as_parts(state.scratch.get("parts")), edited)
        making.set(scratch={**state.scratch, "parts": [list(part) for part in parts]})
        return
    if state.aside == REWORD and any(ref == edited.ref for ref, _ in as_parts(state.aside_notes.get("parts"))):
        parts = with_edit(as_parts(state.aside_notes.get("parts")), edited)
        making.set(aside_notes={**state.aside_notes, "parts": [list(part) for part in parts]})
        return
    for name, answer in state.answers.items():
        parts = as_parts(answer.value)
        if edited.ref and any(ref == edited.ref for ref, _ in parts):
            if state.kept:
                making.effects.append(AmendStory(ref=edited.ref, text=edited.text))
            else:
                changed = with_edit(parts, edited)
                label = "\n".join(text for _, text in changed)
                answer = answer.model_copy(update={"value": [list(part) for part in changed], "label": label})  # noqa: PLW2901
                making.set(answers={**state.answers, name: answer})
            return


def _time(making: Making, signal: Quiet | Nudged | Expired) -> None:
    """A due time came. A tick that is late, doubled or no longer due changes nothing."""
    state = making.conversation
    if state.opted_out and not isinstance(signal, Expired):
        return
    if isinstance(signal, Quiet) and state.status == "open" and state.due == "quiet":
        _hear(making, signal)
    elif isinstance(signal, Nudged) and state.status == "open" and state.due == "nudge":
        making.set(nudges=state.nudges + 1, reminded=state.reminded + 1)
        making.tell("nudge")  # and nothing else: the question itself may say on a locked phone what this is about
    elif isinstance(signal, Expired) and state.due == "expire":
        if state.status in {"open", "stopped"}:
            making.finish("expired")
        elif state.held:
            making.effects.append(PurgeSealed())
        if state.closed_until is not None:
            making.effects.append(LeaveNothing(person=True))
            making.set(closed_by="", closed_until=None)
        making.set(held=0, aside="", aside_notes={}, pending="")
        if not state.kept:  # nothing stays that its teller has not seen and kept
            making.set(answers={}, scratch={}, trail=())


def _keep_waiting(making: Making) -> None:
    """Keep the quiet gap running while parts of a story are in and nobody was asked whether that is all."""
    state = making.conversation
    step = making.step
    collecting = state.scratch.get("parts") and not state.scratch.get("asked_all")
    if making.quiet is None and state.status == "open" and step is not None and not state.aside and collecting:
        making.quiet = getattr(step, "quiet", None)
