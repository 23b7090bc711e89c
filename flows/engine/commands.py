"""What each global keyword does, in every state and language (design rule 3). Used by the engine only. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from flows.interruptions import CARE, CHANGE, DELETE, DELETE_CHAT_TOO, LANGUAGE, RESUME, interrupt
from flows.interruptions.confirm import call_off
from flows.interruptions.delete import has_begun
from flows.interruptions.narrowing import narrow
from flows.interruptions.retell import RETELL, so_far
from flows.interruptions.turn_builder import LANGUAGES
from flows.language.keywords.recognise import Keyword, Recognised, normalise, recognise, taken_by_carrier
from flows.model.effects import AskForPerson, ListStories, OptIn, OptOut, Say, SetLanguage, TellData, TellTeam, Unsay
from flows.model.item_kinds import ItemKind
from flows.questions.question import Understood
from flows.questions.read_back import ReadBackStep

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


def obey(making: TurnBuilder, recognised: Recognised, said: Said) -> bool:
    """Do what the word says. Returns False where the word means nothing here and is an answer like any other."""
    match recognised.word:
        case Keyword.STOP:
            _stop(making, said, recognised)
        case Keyword.START:
            _start(making, said)
        case Keyword.HELP | Keyword.PERSON:
            _help(making, recognised)
        case Keyword.DELETE:
            _ask_for_person_too(making, "erasure")
            making.set(aside="", aside_notes={}, pending="", tries=0)
            making.effects.append(ListStories(about=DELETE))
        case Keyword.MY_DATA:
            _ask_for_person_too(making, "access")
            making.effects.append(TellData())
        case Keyword.DELETE_CHAT:
            _delete_chat(making)
        case Keyword.CHANGE if _changes_what_is_kept(making):
            _ask_for_person_too(making, "correction")
            making.set(aside="", aside_notes={}, pending="", tries=0)
            making.effects.append(ListStories(about=CHANGE))
        case Keyword.PRIVACY:
            making.tell("privacy")
            making.repeat()
        case Keyword.LANGUAGE:
            _language(making, recognised)
        case Keyword.NARROW:
            if not recognised.sensed:
                call_off(making)
            return narrow(making, said, recognised.rest)
        case _:
            return _within(making, recognised)
    return True


def _ask_for_person_too(making: TurnBuilder, kind: Literal["access", "erasure", "correction"]) -> None:
    """After a STOP that the carrier took, our question may never arrive: a person on the team sees to it as well.

    Nothing is deleted unasked: whoever cannot be asked is followed up by somebody who can.
    """
    state = making.conversation
    if state.opted_out and state.cut_off and state.channel == "sms":
        making.effects.append(AskForPerson(kind=kind))


def _changes_what_is_kept(making: TurnBuilder) -> bool:
    """CHANGE belongs to the read-back, and to whatever question waits, until the story is kept."""
    state = making.conversation
    if state.status != "open" or state.opted_out:
        return True
    return state.kept and not isinstance(making.step, ReadBackStep) and not state.aside


def _by_carrier(making: TurnBuilder, said: Said) -> bool:
    return making.conversation.channel == "sms" and taken_by_carrier(said.text) is not None


def _delete_chat(making: TurnBuilder) -> None:
    """Take the chat away as far as it can be, and ask whether what was told shall go too."""
    state = making.conversation
    if state.channel != "sms":
        making.effects.append(Unsay())
    if state.status in {"open", "ended"} and has_begun(making):
        interrupt(making, DELETE_CHAT_TOO)
    else:
        making.tell("delete_chat")


def _help(making: TurnBuilder, recognised: Recognised) -> None:
    state = making.conversation
    if recognised.word is Keyword.PERSON:
        if state.status == "open" and state.step is not None:
            making.effects.append(TellTeam(kind=ItemKind.HELP_MID_STORY))
        making.repeat(before=making.common("answer_person_please"))
        return
    making.tell("help")
    if making.signposted and making.release.house.more_line:
        making.tell("help_more")
    if state.status == "open" and state.step is not None:
        making.effects.append(TellTeam(kind=ItemKind.HELP_MID_STORY))
        making.repeat()


def _stop(making: TurnBuilder, said: Said, recognised: Recognised) -> None:
    """Stop all contact. "Stop and delete everything" also lets go at once of what was not kept yet.

    What is kept is deleted only by an answer that the holder of the number gives (design rule 13): the one message that
    follows says how, and a person on the team sees to it as well.
    """
    state = making.conversation
    carrier = _by_carrier(making, said)
    rest = recognise(recognised.rest, language=state.language, channel="telegram") if recognised.rest.strip() else None
    deletes = rest is not None and rest.word is Keyword.DELETE
    call_off(making)
    making.stop()
    making.set(cut_off=carrier or making.conversation.cut_off)
    if deletes and not state.kept and state.status == "open":
        making.finish("parted")
        making.set(consents={})
    if deletes:
        making.effects.append(AskForPerson(kind="erasure"))
    if not carrier:
        making.tell("care_stopped" if making.worried else "stopped_delete" if deletes else "stopped")
    making.answered_emergency = making.worried  # the one message that may follow names somebody to talk to
    making.effects.append(OptOut(by_carrier=carrier))


def _start(making: TurnBuilder, said: Said) -> None:
    state = making.conversation
    if state.opted_out:
        making.effects.append(OptIn(by_carrier=_by_carrier(making, said)))
        making.set(opted_out=False, cut_off=False)
        if state.status in {"stopped", "open"} and state.step is not None:
            making.set(status="open")
            interrupt(making, RESUME)
        else:
            making.tell("started")
    elif state.status == "open" and state.step is not None:
        interrupt(making, RESUME)
    else:
        making.begin(ref=said.ref)


def _language(making: TurnBuilder, recognised: Recognised) -> None:
    wanted = normalise(recognised.rest)
    offered = {normalise(LANGUAGES.get(code, code)): code for code in making.release.languages}
    code = offered.get(wanted) or (wanted if wanted in making.release.languages else None)
    if code is not None:
        speak(making, code)
    elif len(making.release.languages) > 1:
        interrupt(making, LANGUAGE)
    else:
        making.tell("one_language")


def speak(making: TurnBuilder, code: str) -> None:
    """Speak a language of the release from now on."""
    making.set(language=code, **({"aside": "", "aside_notes": {}} if making.conversation.aside == CARE else {}))
    making.effects.append(SetLanguage(language=code))
    making.tell("language_set")
    making.ask_again()


def _within(making: TurnBuilder, recognised: Recognised) -> bool:
    """BACK, SKIP, DONE, CHANGE and MORE: they mean something only while a question waits."""
    state = making.conversation
    if recognised.word is Keyword.MORE and state.status == "ended" and state.kept and not state.aside:
        making.tell("agreed_more")
        return True
    if state.status in {"ended", "parted", "expired"} and not state.aside:
        making.tell("nothing_open")
        return True
    if state.status != "open" or making.step is None:
        return False
    if state.aside:
        if recognised.word in {Keyword.BACK, Keyword.SKIP} and state.aside not in {RESUME, CARE}:
            making.set(aside="", aside_notes={}, tries=0)
            making.ask_again()
            return True
        return False
    match recognised.word:
        case Keyword.BACK:
            go_back(making)
        case Keyword.SKIP:
            return _skip(making, recognised)
        case Keyword.MORE:
            return _more(making)
        case _:
            return False
    return True


def go_back(making: TurnBuilder) -> None:
    """Ask the question before again; a story that was told is shown, never forgotten."""
    state = making.conversation
    if state.back_to:
        making.set(back_to="")
        making.go(state.back_to)
        return
    if state.scratch.get("changing"):
        making.set(scratch={})
        making.ask_again()
        return
    if so_far(making) and making.step is not None and making.step.tells:
        interrupt(making, RETELL)
        return
    if not state.trail:
        making.tell("at_start")
        making.ask_again()
        return
    last = state.trail[-1]
    step = making.release.flow.steps[last]
    if step.tells and so_far(making):
        interrupt(making, RETELL)
        return
    forgotten = {last, *(name for option in step.choices() for name in option.sets)}
    answers = {name: answer for name, answer in state.answers.items() if name not in forgotten}
    purposes = {getattr(step, "purpose", ""), *(item.purpose for item in getattr(step, "also", ()))}
    stands = state.kept  # what was decided about a story that is kept holds until something else is
    consents = {purpose: answer for purpose, answer in state.consents.items() if stands or purpose not in purposes}
    making.set(answers=answers, consents=consents, trail=state.trail[:-1])
    making.go(last)


def _skip(making: TurnBuilder, recognised: Recognised) -> bool:
    step, name = making.step, making.conversation.step
    if step is None or name is None or not step.can_skip:
        return False
    reading = step.finish(making.scene(name))
    taken = reading if isinstance(reading, Understood) else Understood(value=None, note=recognised.rest)
    making.take(taken)
    return True


def _more(making: TurnBuilder) -> bool:
    name = making.conversation.step
    if name is None or isinstance(making.step, ReadBackStep):
        return False
    scene = making.scene(name)
    if not scene.has("more"):
        return False
    more = scene.text("more")
    making.effects.append(Say(text=more))
    if making.step is not None and making.step.type == "consent":
        making.set(shown=f"{making.conversation.shown}\n\n{more}")  # whoever decides now has read this too
    return True
