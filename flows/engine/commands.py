"""What each global keyword does, in every state and language (design rule 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flows.interruptions import CARE, CHANGE, DELETE, DELETE_CHAT_TOO, LANGUAGE, RESUME, interrupt
from flows.interruptions.confirm import call_off
from flows.interruptions.delete import has_begun
from flows.interruptions.narrowing import narrow
from flows.interruptions.retell import RETELL, so_far
from flows.interruptions.turn_builder import LANGUAGES
from flows.language.keywords.recognise import Keyword, Recognised, normalise, recognise, taken_by_carrier
from flows.model.conversation import Status
from flows.model.effects import (
    AskForPerson,
    DeleteChat,
    ListStories,
    OptIn,
    OptOut,
    Say,
    SetLanguage,
    TellData,
    TellTeam,
)
from flows.model.open_interruption import OpenInterruption
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind
from flows.questions.question import Understood

if TYPE_CHECKING:
    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Said

LISTENED_TO_WHEN_STOPPED = frozenset(
    {
        Keyword.START,
        Keyword.HELP,
        Keyword.PERSON,
        Keyword.DELETE,
        Keyword.DELETE_CHAT,
        Keyword.MY_DATA,
        Keyword.CHANGE,
        Keyword.NARROW,
        Keyword.PRIVACY,
    }
)
"""After STOP only these are answered, and only because the person asked."""


def run_command(turn: TurnBuilder, recognised: Recognised, said: Said) -> bool:
    """Do what the word says. Returns False where the word means nothing here and is an answer like any other."""
    match recognised.word:
        case Keyword.STOP:
            _stop(turn, said, recognised)
        case Keyword.START:
            _start(turn, said)
        case Keyword.HELP | Keyword.PERSON:
            _help(turn, recognised)
        case Keyword.DELETE:
            _ask_for_person_too(turn, RequestKind.ERASURE)
            turn.close()
            turn.set(pending="", tries=0)
            turn.effects.append(ListStories(about=DELETE))
        case Keyword.MY_DATA:
            _ask_for_person_too(turn, RequestKind.ACCESS)
            turn.effects.append(TellData())
        case Keyword.DELETE_CHAT:
            _delete_chat(turn)
        case Keyword.CHANGE if _changes_what_is_kept(turn):
            _ask_for_person_too(turn, RequestKind.CORRECTION)
            turn.close()
            turn.set(pending="", tries=0)
            turn.effects.append(ListStories(about=CHANGE))
        case Keyword.PRIVACY:
            turn.tell("privacy")
            turn.repeat()
        case Keyword.LANGUAGE:
            _language(turn, recognised)
        case Keyword.NARROW:
            if not recognised.sensed:
                call_off(turn)
            return narrow(turn, said, recognised.rest)
        case _:
            return _within(turn, recognised)
    return True


def _ask_for_person_too(turn: TurnBuilder, kind: RequestKind) -> None:
    """After a STOP that the carrier took, our question may never arrive: a person on the team sees to it as well.

    Nothing is deleted unasked: whoever cannot be asked is followed up by somebody who can.
    """
    state = turn.conversation
    if state.opted_out and state.cut_off and state.look.carrier:
        turn.effects.append(AskForPerson(kind=kind))


def _changes_what_is_kept(turn: TurnBuilder) -> bool:
    """CHANGE belongs to the read-back, and to whatever question waits, until the story is kept."""
    state = turn.conversation
    if state.status != "open" or state.opted_out:
        return True
    heard_here = turn.step is not None and bool(turn.step.changeable())
    return state.kept and not heard_here and not state.interruptions


def _by_carrier(turn: TurnBuilder, said: Said) -> bool:
    return turn.conversation.look.carrier and taken_by_carrier(said.text) is not None


def _delete_chat(turn: TurnBuilder) -> None:
    """Take the chat away as far as it can be, and ask whether what was told shall go too."""
    state = turn.conversation
    if state.look.unsays:
        turn.effects.append(DeleteChat())
    if state.status in {"open", "ended"} and has_begun(turn):
        interrupt(turn, OpenInterruption(kind=DELETE_CHAT_TOO))
    else:
        turn.tell("delete_chat")


def _help(turn: TurnBuilder, recognised: Recognised) -> None:
    state = turn.conversation
    if recognised.word is Keyword.PERSON:
        if state.status == "open" and state.step is not None:
            turn.effects.append(TellTeam(kind=ItemKind.HELP_MID_STORY))
        turn.repeat(before=turn.common("answer_person_please"))
        return
    turn.tell("help")
    if turn.signposted and turn.release.organisation.more_line:
        turn.tell("help_more")
    if state.status == "open" and state.step is not None:
        turn.effects.append(TellTeam(kind=ItemKind.HELP_MID_STORY))
        turn.repeat()


def _stop(turn: TurnBuilder, said: Said, recognised: Recognised) -> None:
    """Stop all contact. "Stop and delete everything" also lets go at once of what was not kept yet.

    What is kept is deleted only by an answer that the holder of the number gives (design rule 13): the one message that
    follows says how, and a person on the team sees to it as well.
    """
    state = turn.conversation
    carrier = _by_carrier(turn, said)
    rest = recognise(recognised.rest, language=state.language) if recognised.rest.strip() else None
    deletes = rest is not None and rest.word is Keyword.DELETE
    call_off(turn)
    turn.stop()
    turn.set(cut_off=carrier or turn.conversation.cut_off)
    if deletes and not state.kept and state.status == "open":
        turn.finish(Status.PARTED)
        turn.set(consents={})
    if deletes:
        turn.effects.append(AskForPerson(kind=RequestKind.ERASURE))
    if not carrier:
        turn.tell("care_stopped" if turn.worried else "stopped_delete" if deletes else "stopped")
    turn.answered_emergency = turn.worried  # the one message that may follow names somebody to talk to
    turn.effects.append(OptOut(by_carrier=carrier))


def _start(turn: TurnBuilder, said: Said) -> None:
    state = turn.conversation
    if state.opted_out:
        turn.effects.append(OptIn(by_carrier=_by_carrier(turn, said)))
        turn.set(opted_out=False, cut_off=False)
        if state.status in {"stopped", "open"} and state.step is not None:
            turn.set(status=Status.OPEN)
            interrupt(turn, OpenInterruption(kind=RESUME))
        else:
            turn.tell("started")
    elif state.status == "open" and state.step is not None:
        interrupt(turn, OpenInterruption(kind=RESUME))
    else:
        turn.begin(ref=said.ref)


def _language(turn: TurnBuilder, recognised: Recognised) -> None:
    wanted = normalise(recognised.rest)
    offered = {normalise(LANGUAGES.get(code, code)): code for code in turn.release.languages}
    code = offered.get(wanted) or (wanted if wanted in turn.release.languages else None)
    if code is not None:
        speak(turn, code)
    elif len(turn.release.languages) > 1:
        interrupt(turn, OpenInterruption(kind=LANGUAGE))
    else:
        turn.tell("one_language")


def speak(turn: TurnBuilder, code: str) -> None:
    """Speak a language of the release from now on."""
    turn.set(language=code)
    if turn.conversation.interrupted_by == CARE:
        turn.close()
    turn.effects.append(SetLanguage(language=code))
    turn.tell("language_set")
    turn.ask_again()


def _within(turn: TurnBuilder, recognised: Recognised) -> bool:
    """BACK, SKIP, DONE, CHANGE and MORE: they mean something only while a question waits."""
    state = turn.conversation
    if recognised.word is Keyword.MORE and state.status == "ended" and state.kept and not state.interruptions:
        turn.tell("agreed_more")
        return True
    if state.status in {"ended", "parted", "expired"} and not state.interruptions:
        turn.tell("nothing_open")
        return True
    if state.status != "open" or turn.step is None:
        return False
    if state.interruptions:
        if recognised.word in {Keyword.BACK, Keyword.SKIP} and state.interrupted_by not in {RESUME, CARE}:
            turn.close()
            turn.set(tries=0)
            turn.ask_again()
            return True
        return False
    match recognised.word:
        case Keyword.BACK:
            go_back(turn)
        case Keyword.SKIP:
            return _skip(turn, recognised)
        case Keyword.MORE:
            return _more(turn)
        case _:
            return False
    return True


def go_back(turn: TurnBuilder) -> None:
    """Ask the question before again; a story that was told is shown, never forgotten."""
    state = turn.conversation
    if state.back_to:
        turn.set(back_to="")
        turn.go(state.back_to)
        return
    if state.partial is not None and state.partial.leads_back:
        turn.set(partial=None)
        turn.ask_again()
        return
    if so_far(turn) and turn.step is not None and turn.step.tells:
        interrupt(turn, OpenInterruption(kind=RETELL))
        return
    if not state.trail:
        turn.tell("at_start")
        turn.ask_again()
        return
    last = state.trail[-1]
    step = turn.release.flow.steps[last]
    if step.tells and so_far(turn):
        interrupt(turn, OpenInterruption(kind=RETELL))
        return
    forgotten = {last, *(name for option in step.choices() for name in option.sets)}
    answers = {name: answer for name, answer in state.answers.items() if name not in forgotten}
    purposes = {purpose.name for purpose in step.purposes()}
    stands = state.kept  # what was decided about a story that is kept holds until something else is
    consents = {purpose: answer for purpose, answer in state.consents.items() if stands or purpose not in purposes}
    turn.set(answers=answers, consents=consents, trail=state.trail[:-1])
    turn.go(last)


def _skip(turn: TurnBuilder, recognised: Recognised) -> bool:
    step, name = turn.step, turn.conversation.step
    if step is None or name is None or not step.can_skip:
        return False
    reading = step.finish(turn.context(name))
    taken = reading if isinstance(reading, Understood) else Understood(value=None, note=recognised.rest)
    turn.take(taken)
    return True


def _more(turn: TurnBuilder) -> bool:
    step, name = turn.step, turn.conversation.step
    if name is None or (step is not None and step.hears_more):
        return False
    context = turn.context(name)
    if not context.has("more"):
        return False
    more = context.text("more")
    turn.effects.append(Say(text=more))
    if step is not None and step.asks_consent:
        turn.set(shown=f"{turn.conversation.shown}\n\n{more}")  # whoever decides now has read this too
    return True
