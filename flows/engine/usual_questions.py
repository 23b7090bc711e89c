"""What people say to us beside their story or their answer is answered; then the question that waits is asked again.

Used by the engine only. Pure. Nothing of it is ever kept, counts as an answer or becomes part of a story. What is
recognised stands in `flows.language.intents.intents`, what is said in `everywhere.toml` under `answer_…`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flows.engine.commands import go_back, speak
from flows.engine.greetings import thank_once
from flows.engine.hearing import hear, hold, take
from flows.interruptions import (
    CARE,
    CHANGE,
    ask_age,
    ask_interruption_again,
    interrupt,
    listens_to_words,
    names_a_choice,
    reads_clearly,
    turn_away,
    way_out,
)
from flows.interruptions.retell import MORE
from flows.interruptions.telling import add_words, is_telling, story_step
from flows.language.answers.ages import age_said
from flows.language.intents.intents import Intent, IntentKind, recognise_intent
from flows.language.keywords.recognise import Keyword, may_want, normalise, recognise
from flows.model.effects import AddToStory, CloseAddress, ListStories, OptOut, RaiseConcern, Say
from flows.model.signals import Said
from flows.questions.options import spaced
from flows.questions.place import PlaceStep
from flows.questions.question import Understood

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.questions.question import Step

IGNORED: Final = frozenset({IntentKind.REACTION, IntentKind.AUTOMATIC_REPLY, IntentKind.SPAM})
"""No words of a person to us: answered by nothing, wherever they come."""
ALWAYS: Final = frozenset({IntentKind.EMERGENCY, IntentKind.UNDER_AGE, IntentKind.WRONG_NUMBER, *IGNORED})
"""Looked at before anything else, also while a question of our own is open."""
NO_QUESTION: Final = frozenset(
    {
        IntentKind.GREETING,
        IntentKind.THANKS,
        IntentKind.ABUSE,
        IntentKind.PAUSE,
        IntentKind.ADD_MORE,
        IntentKind.CORRECTION,
        IntentKind.CHANGE_SOMETHING,
    }
)
"""Said to us without asking anything: where the waiting question understands the words, they are its answer."""
HELD_FROM: Final = 4
"""Words beside a question before consent that may be a piece of a story, and are held with it."""
ADDED_FROM: Final = 7
"""Words from which "I forgot to say …" holds itself what was forgotten."""
CALM: Final = frozenset(
    {
        IntentKind.AUTOMATIC_REPLY, IntentKind.CAN_SOMEONE_HELP_ME_ANSWER, IntentKind.CASEWORK,
        IntentKind.CHANGE_SOMETHING, IntentKind.COST, IntentKind.DONT_UNDERSTAND, IntentKind.GREETING,
        IntentKind.HOW_LONG, IntentKind.LANGUAGE_REQUEST, IntentKind.MY_DATA_QUESTION, IntentKind.OTHER_QUESTION,
        IntentKind.PAYMENT, IntentKind.REACTION, IntentKind.REPEAT_PLEASE, IntentKind.ROBOT, IntentKind.SPAM,
        IntentKind.SPELLING, IntentKind.SWEARING, IntentKind.TEST, IntentKind.THANKS, IntentKind.UNDER_AGE,
        IntentKind.VOICE_NOTE, IntentKind.WHAT_HAPPENS_NEXT, IntentKind.WHO_ARE_YOU, IntentKind.WHY,
        IntentKind.WRONG_NUMBER,
    }
)  # fmt: skip
"""Said to us about ourselves: where no word of danger stands in it, its sound alone means nothing."""


def answered_beside(making: TurnBuilder, said: Said, *, crossed: bool) -> bool:
    """Answer what is neither story nor answer; returns False for everything else.

    `crossed`: the question that waits is still on its way to them, so it is not asked again.
    """
    state, step = making.conversation, making.step
    telling = is_telling_now(making)
    intent = recognise_intent(said.text, language=state.language, telling=telling)
    if intent is None and telling and not crossed and _sounds_young(making, said):
        intent = Intent(IntentKind.MAYBE_UNDER_AGE)
    if intent is None or (intent.sensed and (making.worried or is_answer(making, said))):
        return False
    if intent.kind not in ALWAYS and (state.aside == CARE or (state.aside and reads_clearly(making, said))):
        return False
    if intent.kind in IGNORED:
        return True
    if (act := _ACTS.get(intent.kind)) is not None:
        done = act(making, said, intent)
        if done is not None:
            return done
    if state.status != "open" or step is None:
        return _answer_outside(making, intent)
    return _answer_at_a_question(making, said, intent, crossed=crossed)


def _sounds_young(making: TurnBuilder, said: Said) -> bool:
    """Return whether part of a story may say that its teller is too young."""
    house, language = making.release.house, making.conversation.language
    return age_said(said.text, house.adult_age, language=language, year=making.now.year) in {"young", "unclear"}


def is_calm(making: TurnBuilder, said: Said) -> bool:
    """Return whether a message is one of our keywords, or plainly a question to us and nothing beside it."""
    state = making.conversation
    telling, waits = is_telling_now(making), state.status == "open"
    if recognise(said.text, language=state.language, channel=state.channel, waiting=waits, telling=telling) is not None:
        return True
    intent = recognise_intent(said.text, language=state.language, telling=telling)
    return intent is not None and intent.kind in CALM


def is_wrong_number(making: TurnBuilder, said: Said) -> bool:
    """Return whether a phrase says that a message reached somebody it was not meant for."""
    intent = recognise_intent(said.text, language=making.conversation.language, telling=is_telling_now(making))
    return intent is not None and intent.kind is IntentKind.WRONG_NUMBER and not intent.sensed


def asks_how_to_stop(making: TurnBuilder, said: Said) -> bool:
    """Return whether somebody in the middle of their story asks how to stop: to finish, or to hear no more from us."""
    asked = {normalise(words) for words in making.common("asks_how_to_stop").split(",")}
    return is_telling_now(making) and not making.conversation.aside and normalise(said.text) in asked


def name_the_way(making: TurnBuilder, said: Said) -> None:
    """Say once how to stop, or how to have all deleted, to words that may wish for it: nothing is done unasked."""
    state = making.conversation
    wanted = may_want(said.text, language=state.language)
    if wanted is None or wanted in state.ways_named or making.worried or state.aside or state.closed_by:
        return
    if is_answer(making, said):
        return
    making.set(ways_named=(*state.ways_named, wanted.value))
    making.tell("offer_stop" if wanted is Keyword.STOP else "offer_delete")


def is_answer(making: TurnBuilder, said: Said) -> bool:
    """Return whether the question that waits, ours or the flow's, understands these words."""
    state, step = making.conversation, making.step
    if state.aside:
        return names_a_choice(making, said.text) or reads_clearly(making, said)
    if state.status != "open" or step is None or state.step is None or step.tells:
        return False
    return isinstance(step.hear(making.scene(state.step), said), Understood)


def is_telling_now(making: TurnBuilder) -> bool:
    """Return whether words that come now may be a story."""
    state, step = making.conversation, making.step
    telling = state.status == "open" and making.consented and step is not None and step.tells
    return listens_to_words(making) or telling


def _answer_outside(making: TurnBuilder, intent: Intent) -> bool:
    """Before anything began the welcome follows the answer; after the end the answer is all."""
    state = making.conversation
    fresh = making.now - state.started_at < timedelta(days=making.release.flow.expires_after_days)
    just_told = state.status == "ended" and fresh
    over = state.status in {"ended", "parted"}
    if intent.kind in {IntentKind.GREETING, IntentKind.THANKS} and not over:
        return False
    if intent.kind is IntentKind.GREETING and not just_told:
        return False  # a hello begins something new
    if intent.kind is IntentKind.THANKS:
        thank_once(making)
        return True
    if state.closed_by and intent.kind in {IntentKind.CHANGE_SOMETHING, IntentKind.CORRECTION}:
        making.begin()  # it says why we may not, and names no way that is closed
        return True
    if intent.kind is IntentKind.REPEAT_PLEASE and over and not state.aside:
        making.tell("agreed_more" if state.kept else "nothing_open")
        return True
    welcomed = state.status == "idle" and not state.opted_out
    if not (welcomed and intent.kind is IntentKind.WHO_ARE_YOU):
        _tell(making, intent)
    if state.aside:
        ask_interruption_again(making)
    elif state.status == "idle" and intent.kind is not IntentKind.ABUSE:
        making.begin()
    return True


def _answer_at_a_question(making: TurnBuilder, said: Said, intent: Intent, *, crossed: bool) -> bool:
    step, name = making.step, making.conversation.step
    if step is None or name is None:
        return False
    looked_up = isinstance(step, PlaceStep)
    if not step.tells and not looked_up and not making.conversation.aside:
        beside = said if intent.kind in NO_QUESTION else Said(text=intent.rest, ref=said.ref)
        reading = step.hear(making.scene(name), beside) if beside.text.strip() else None
        if isinstance(reading, Understood):
            if intent.kind in NO_QUESTION or crossed:
                return False
            if not step.decides:  # the answer counts, and what was asked beside it is answered first
                _tell(making, intent)
                take(making, reading)
                return True
    if looked_up and intent.rest and not crossed and not is_telling(making, intent.rest):
        _tell(making, intent)
        hear(making, Said(text=intent.rest, ref=said.ref))
        return True
    if not making.consented and len(intent.rest.split()) >= HELD_FROM:
        hold(making, said.text, said.ref, quietly=True)
    if intent.kind is IntentKind.PAUSE and step.tells:
        making.set(scratch={**making.conversation.scratch, "resting": True})
        making.quiet = None
    if crossed or intent.kind is IntentKind.PAUSE:
        _tell(making, intent)
    else:
        _wait_again(making, intent)
    return True


def _say_again(making: TurnBuilder) -> None:
    """Repeat in full what was said last: the question, and the story where it was just shown."""
    steps, trail = making.release.flow.steps, making.conversation.trail
    shows = next((name for name, step in steps.items() if step.keeps), None)
    if shows is not None and making.conversation.kept and trail and steps[trail[-1]].tells:
        making.effects.append(steps[shows].ask(making.scene(shows)))
    making.ask_again()


def _wait_again(making: TurnBuilder, intent: Intent) -> None:
    """Say what is said to this, and ask once more what waits, in few words."""
    state = making.conversation
    if state.aside:
        _tell(making, intent)
        ask_interruption_again(making)
    elif intent.kind is IntentKind.REPEAT_PLEASE:
        _tell(making, intent)
        _say_again(making)
    else:
        making.repeat(before=_text(making, intent))


def _text(making: TurnBuilder, intent: Intent) -> str:
    """Return what is said to this, as it fits the question that waits; empty where there is nothing to say."""
    step, name = making.step, making.conversation.step
    after = making.consented and step is not None and not step.tells and not making.conversation.aside
    if after and name is not None and intent.kind is IntentKind.DONT_UNDERSTAND and making.scene(name).has("more"):
        return making.scene(name).text("more")
    key = f"answer_{intent.kind}"
    kept = making.conversation.kept or making.conversation.status == "ended"
    stage = "question" if after else "" if kept else "steps"
    fits = (intent.detail, _topic(step) if step is not None else "", stage)
    key = next((f"{key}_{one}" for one in fits if one and making.knows(f"{key}_{one}")), key)
    return making.common(key, languages=", ".join(making.languages())) if making.knows(key) else ""


def _topic(step: Step) -> str:
    """Return what a question is about, as the texts that explain it are called."""
    if any(option.tags for option in step.choices()):
        return "scale"
    return str(getattr(step, "purpose", "")) or step.type


def _tell(making: TurnBuilder, intent: Intent) -> None:
    if text := _text(making, intent):
        making.effects.append(Say(text=text))


# --- what is more than an answer; None: answer it like any other question --------------------------------------------


def _emergency(making: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Say at once whom to ring, and ask nothing else; a person looks at it as well."""
    _tell(making, intent)
    making.answered_emergency = True
    if making.conversation.status != "idle" and not making.worried:
        making.effects.append(RaiseConcern(kinds=frozenset({"danger"}), signposted=True))
    return True


def _under_age(making: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Whoever is too young is thanked and turned to a line of their own; nothing of theirs is kept."""
    if intent.detail.isdigit() and int(intent.detail) >= making.release.house.adult_age:
        return False
    return True if turn_away(making) else None


def _maybe_under_age(making: TurnBuilder, said: Said, _intent: Intent) -> bool | None:
    """Ask whoever has agreed whether they are of age; before that the question that waits asks it."""
    if making.worried or making.conversation.aside or not making.consented or way_out(making) is None:
        return None
    if is_telling_now(making) and is_telling(making, said.text):
        hear(making, said)
    ask_age(making)
    return True


def _wrong_number(making: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Apologise once and write no more; this reply tells whoever has the number now nothing of what was told.

    From then on the number opens nothing of it (design rule 13): a lead decides whether what was told should stay.
    Whoever has told something already is no stranger: "nobody here called me" is part of it then.
    """
    state = making.conversation
    if state.status == "open" and (making.consented or state.held):
        return False
    _tell(making, intent)
    if state.status == "idle":
        return True  # they only mistyped; nothing of ours would have followed
    if state.status == "open":
        making.finish("ended" if state.kept else "parted")
    making.stop()
    making.effects += [OptOut(), CloseAddress()]
    return True


def _language(making: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Speak the language they ask for, if we can."""
    if intent.detail in making.release.languages and intent.detail != making.conversation.language:
        speak(making, intent.detail)
        return True
    return None


def _add_more(making: TurnBuilder, said: Said, intent: Intent) -> bool | None:
    """Add what they forgot, or let them write it."""
    state, step = making.conversation, making.step
    if state.status == "open" and step is not None and step.tells:
        return None
    if story_step(making) is None or not making.consented or state.aside:
        return None
    padded = spaced(normalise(said.text))
    asks = any(spaced(normalise(words)) in padded for words in making.common("asks_to_add").split(","))
    content = intent.rest if len(intent.rest.split()) > 1 and not asks else ""
    if not content and not asks and len(said.text.split()) >= ADDED_FROM and is_telling(making, said.text):
        content = said.text
    if not content:
        interrupt(making, MORE, story=0, parts=[])
    elif state.status == "open":
        add_words(making, content, said.ref)
        making.repeat()
    else:
        making.effects.append(AddToStory(text=content, ref=said.ref))
        making.tell("added")
    return True


def _correction(making: TurnBuilder, said: Said, _intent: Intent) -> bool | None:
    """Words that put something right are kept with the story, whose other words stay as they are."""
    state, step = making.conversation, making.step
    if state.status == "ended" and state.kept:
        making.effects.append(ListStories(about=CHANGE))
        return True
    if state.status != "open" or step is None or step.tells or not making.consented:
        return False
    name = state.step
    if name is not None and isinstance(step.hear(making.scene(name), said), Understood):
        return False
    if not isinstance(step, PlaceStep) and add_words(making, said.text, said.ref):
        making.repeat()
        return True
    return False


def _change_something(making: TurnBuilder, _said: Said, _intent: Intent) -> bool | None:
    """Go back a question, or ask what of the story is to be changed."""
    state, step = making.conversation, making.step
    if state.status == "ended" and state.kept:
        making.effects.append(ListStories(about=CHANGE))
        return True
    if state.status == "open" and step is not None and not step.tells and making.consented and not state.aside:
        go_back(making)
        return True
    return None


_ACTS: dict[IntentKind, Callable[[TurnBuilder, Said, Intent], bool | None]] = {
    IntentKind.EMERGENCY: _emergency,
    IntentKind.UNDER_AGE: _under_age,
    IntentKind.MAYBE_UNDER_AGE: _maybe_under_age,
    IntentKind.WRONG_NUMBER: _wrong_number,
    IntentKind.LANGUAGE_REQUEST: _language,
    IntentKind.ADD_MORE: _add_more,
    IntentKind.CORRECTION: _correction,
    IntentKind.CHANGE_SOMETHING: _change_something,
}
