"""What people say to us beside their story or their answer is answered; then the question that waits is asked again.

Nothing of it is ever kept, counts as an answer or becomes part of a story. What is recognised stands in
`flows.language.intents.intents`, what is said in `everywhere.toml` under `answer_…`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from flows.engine.commands import go_back, speak
from flows.engine.greetings import thank_once
from flows.engine.hear_answer import hear, hold, take
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
from flows.interruptions.reword import WordsGathered
from flows.interruptions.telling import add_words, is_telling, story_step
from flows.language.answers.ages import age_said
from flows.language.intents.intents import Intent, IntentKind, recognise_intent
from flows.language.keywords.recognise import Keyword, may_want, normalise, recognise
from flows.model.conversation import Status
from flows.model.effects import AddToStory, CloseAddress, ListStories, OptOut, RaiseConcern, Say
from flows.model.signals import Said
from flows.questions.options import spaced
from flows.questions.question import Understood
from flows.questions.story import telling_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.interruptions.turn_builder import TurnBuilder

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


def answered_beside(turn: TurnBuilder, said: Said, *, crossed: bool) -> bool:
    """Answer what is neither story nor answer; returns False for everything else.

    `crossed`: the question that waits is still on its way to them, so it is not asked again.
    """
    state, step = turn.conversation, turn.step
    telling = is_telling_now(turn)
    intent = recognise_intent(said.text, language=state.language, telling=telling)
    if intent is None and telling and not crossed and _sounds_young(turn, said):
        intent = Intent(IntentKind.MAYBE_UNDER_AGE)
    if intent is None or (intent.sensed and (turn.worried or is_answer(turn, said))):
        return False
    if intent.kind not in ALWAYS and (
        state.interrupted_by == CARE or (state.interruptions and reads_clearly(turn, said))
    ):
        return False
    if intent.kind in IGNORED:
        return True
    if (act := _ACTS.get(intent.kind)) is not None:
        done = act(turn, said, intent)
        if done is not None:
            return done
    if state.status != "open" or step is None:
        return _answer_outside(turn, intent)
    return _answer_at_a_question(turn, said, intent, crossed=crossed)


def _sounds_young(turn: TurnBuilder, said: Said) -> bool:
    """Return whether part of a story may say that its teller is too young."""
    organisation, language = turn.release.organisation, turn.conversation.language
    return age_said(said.text, organisation.adult_age, language=language, year=turn.now.year) in {"young", "unclear"}


def is_calm(turn: TurnBuilder, said: Said) -> bool:
    """Return whether a message is one of our keywords, or plainly a question to us and nothing beside it."""
    state = turn.conversation
    telling, waits = is_telling_now(turn), state.status == "open"
    if recognise(said.text, language=state.language, channel=state.channel, waiting=waits, telling=telling) is not None:
        return True
    intent = recognise_intent(said.text, language=state.language, telling=telling)
    return intent is not None and intent.kind in CALM


def is_wrong_number(turn: TurnBuilder, said: Said) -> bool:
    """Return whether a phrase says that a message reached somebody it was not meant for."""
    intent = recognise_intent(said.text, language=turn.conversation.language, telling=is_telling_now(turn))
    return intent is not None and intent.kind is IntentKind.WRONG_NUMBER and not intent.sensed


def asks_how_to_stop(turn: TurnBuilder, said: Said) -> bool:
    """Return whether somebody in the middle of their story asks how to stop: to finish, or to hear no more from us."""
    asked = {normalise(words) for words in turn.common("asks_how_to_stop").split(",")}
    return is_telling_now(turn) and not turn.conversation.interruptions and normalise(said.text) in asked


def name_the_way(turn: TurnBuilder, said: Said) -> None:
    """Say once how to stop, or how to have all deleted, to words that may wish for it: nothing is done unasked."""
    state = turn.conversation
    wanted = may_want(said.text, language=state.language)
    if wanted is None or wanted in state.ways_named or turn.worried or state.interruptions or state.closed_by:
        return
    if is_answer(turn, said):
        return
    turn.set(ways_named=(*state.ways_named, wanted.value))
    turn.tell("offer_stop" if wanted is Keyword.STOP else "offer_delete")


def is_answer(turn: TurnBuilder, said: Said) -> bool:
    """Return whether the question that waits, ours or the flow's, understands these words."""
    state, step = turn.conversation, turn.step
    if state.interruptions:
        return names_a_choice(turn, said.text) or reads_clearly(turn, said)
    if state.status != "open" or step is None or state.step is None or step.tells:
        return False
    return isinstance(step.hear(turn.context(state.step), said), Understood)


def is_telling_now(turn: TurnBuilder) -> bool:
    """Return whether words that come now may be a story."""
    state, step = turn.conversation, turn.step
    telling = state.status == "open" and turn.consented and step is not None and step.tells
    return listens_to_words(turn) or telling


def _answer_outside(turn: TurnBuilder, intent: Intent) -> bool:
    """Before anything began the welcome follows the answer; after the end the answer is all."""
    state = turn.conversation
    fresh = turn.now - state.started_at < timedelta(days=turn.release.flow.expires_after_days)
    just_told = state.status == "ended" and fresh
    over = state.status in {"ended", "parted"}
    if intent.kind in {IntentKind.GREETING, IntentKind.THANKS} and not over:
        return False
    if intent.kind is IntentKind.GREETING and not just_told:
        return False  # a hello begins something new
    if intent.kind is IntentKind.THANKS:
        thank_once(turn)
        return True
    if state.closed_by and intent.kind in {IntentKind.CHANGE_SOMETHING, IntentKind.CORRECTION}:
        turn.begin()  # it says why we may not, and names no way that is closed
        return True
    if intent.kind is IntentKind.REPEAT_PLEASE and over and not state.interruptions:
        turn.tell("agreed_more" if state.kept else "nothing_open")
        return True
    welcomed = state.status == "idle" and not state.opted_out
    if not (welcomed and intent.kind is IntentKind.WHO_ARE_YOU):
        _tell(turn, intent)
    if state.interruptions:
        ask_interruption_again(turn)
    elif state.status == "idle" and intent.kind is not IntentKind.ABUSE:
        turn.begin()
    return True


def _answer_at_a_question(turn: TurnBuilder, said: Said, intent: Intent, *, crossed: bool) -> bool:
    step, name = turn.step, turn.conversation.step
    if step is None or name is None:
        return False
    looked_up = step.asks_place
    if not step.tells and not looked_up and not turn.conversation.interruptions:
        beside = said if intent.kind in NO_QUESTION else Said(text=intent.rest, ref=said.ref)
        reading = step.hear(turn.context(name), beside) if beside.text.strip() else None
        if isinstance(reading, Understood):
            if intent.kind in NO_QUESTION or crossed:
                return False
            if not step.decides:  # the answer counts, and what was asked beside it is answered first
                _tell(turn, intent)
                take(turn, reading)
                return True
    if looked_up and intent.rest and not crossed and not is_telling(turn, intent.rest):
        _tell(turn, intent)
        hear(turn, Said(text=intent.rest, ref=said.ref))
        return True
    if not turn.consented and len(intent.rest.split()) >= HELD_FROM:
        hold(turn, said.text, said.ref, quietly=True)
    if intent.kind is IntentKind.PAUSE and step.tells:
        turn.set(partial=telling_of(turn.conversation).model_copy(update={"resting": True}))
        turn.quiet = None
    if crossed or intent.kind is IntentKind.PAUSE:
        _tell(turn, intent)
    else:
        _wait_again(turn, intent)
    return True


def _say_again(turn: TurnBuilder) -> None:
    """Repeat in full what was said last: the question, and the story where it was just shown."""
    steps, trail = turn.release.flow.steps, turn.conversation.trail
    shows = next((name for name, step in steps.items() if step.keeps), None)
    if shows is not None and turn.conversation.kept and trail and steps[trail[-1]].tells:
        turn.effects.append(steps[shows].ask(turn.context(shows)))
    turn.ask_again()


def _wait_again(turn: TurnBuilder, intent: Intent) -> None:
    """Say what is said to this, and ask once more what waits, in few words."""
    state = turn.conversation
    if state.interruptions:
        _tell(turn, intent)
        ask_interruption_again(turn)
    elif intent.kind is IntentKind.REPEAT_PLEASE:
        _tell(turn, intent)
        _say_again(turn)
    else:
        turn.repeat(before=_text(turn, intent))


def _text(turn: TurnBuilder, intent: Intent) -> str:
    """Return what is said to this, as it fits the question that waits; empty where there is nothing to say."""
    step, name = turn.step, turn.conversation.step
    after = turn.consented and step is not None and not step.tells and not turn.conversation.interruptions
    if after and name is not None and intent.kind is IntentKind.DONT_UNDERSTAND and turn.context(name).has("more"):
        return turn.context(name).text("more")
    key = f"answer_{intent.kind}"
    kept = turn.conversation.kept or turn.conversation.status == "ended"
    stage = "question" if after else "" if kept else "steps"
    fits = (intent.detail, step.topic if step is not None else "", stage)
    key = next((f"{key}_{one}" for one in fits if one and turn.knows(f"{key}_{one}")), key)
    return turn.common(key, languages=", ".join(turn.languages())) if turn.knows(key) else ""


def _tell(turn: TurnBuilder, intent: Intent) -> None:
    if text := _text(turn, intent):
        turn.effects.append(Say(text=text))


# --- what is more than an answer; None: answer it like any other question --------------------------------------------


def _emergency(turn: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Say at once whom to ring, and ask nothing else; a person looks at it as well."""
    _tell(turn, intent)
    turn.answered_emergency = True
    if turn.conversation.status != "idle" and not turn.worried:
        turn.effects.append(RaiseConcern(kinds=frozenset({"danger"}), signposted=False))
    return True


def _under_age(turn: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Whoever is too young is thanked and turned to a line of their own; nothing of theirs is kept."""
    if intent.detail.isdigit() and int(intent.detail) >= turn.release.organisation.adult_age:
        return False
    return True if turn_away(turn) else None


def _maybe_under_age(turn: TurnBuilder, said: Said, _intent: Intent) -> bool | None:
    """Ask whoever has agreed whether they are of age; before that the question that waits asks it."""
    if turn.worried or turn.conversation.interruptions or not turn.consented or way_out(turn) is None:
        return None
    if is_telling_now(turn) and is_telling(turn, said.text):
        hear(turn, said)
    ask_age(turn)
    return True


def _wrong_number(turn: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Apologise once and write no more; this reply tells whoever has the number now nothing of what was told.

    From then on the number opens nothing of it (design rule 13): a lead decides whether what was told should stay.
    Whoever has told something already is no stranger: "nobody here called me" is part of it then.
    """
    state = turn.conversation
    if state.status == "open" and (turn.consented or state.held):
        return False
    _tell(turn, intent)
    if state.status == "idle":
        return True  # they only mistyped; nothing of ours would have followed
    if state.status == "open":
        turn.finish(Status.ENDED if state.kept else Status.PARTED)
    turn.stop()
    turn.effects += [OptOut(), CloseAddress()]
    return True


def _language(turn: TurnBuilder, _said: Said, intent: Intent) -> bool | None:
    """Speak the language they ask for, if we can."""
    if intent.detail in turn.release.languages and intent.detail != turn.conversation.language:
        speak(turn, intent.detail)
        return True
    return None


def _add_more(turn: TurnBuilder, said: Said, intent: Intent) -> bool | None:
    """Add what they forgot, or let them write it."""
    state, step = turn.conversation, turn.step
    if state.status == "open" and step is not None and step.tells:
        return None
    if story_step(turn) is None or not turn.consented or state.interruptions:
        return None
    padded = spaced(normalise(said.text))
    asks = any(spaced(normalise(words)) in padded for words in turn.common("asks_to_add").split(","))
    content = intent.rest if len(intent.rest.split()) > 1 and not asks else ""
    if not content and not asks and len(said.text.split()) >= ADDED_FROM and is_telling(turn, said.text):
        content = said.text
    if not content:
        interrupt(turn, WordsGathered(kind=MORE))
    elif state.status == "open":
        add_words(turn, content, said.ref)
        turn.repeat()
    else:
        turn.effects.append(AddToStory(text=content, ref=said.ref))
        turn.tell("added")
    return True


def _correction(turn: TurnBuilder, said: Said, _intent: Intent) -> bool | None:
    """Words that put something right are kept with the story, whose other words stay as they are."""
    state, step = turn.conversation, turn.step
    if state.status == "ended" and state.kept:
        turn.effects.append(ListStories(about=CHANGE))
        return True
    if state.status != "open" or step is None or step.tells or not turn.consented:
        return False
    name = state.step
    if name is not None and isinstance(step.hear(turn.context(name), said), Understood):
        return False
    if not step.asks_place and add_words(turn, said.text, said.ref):
        turn.repeat()
        return True
    return False


def _change_something(turn: TurnBuilder, _said: Said, _intent: Intent) -> bool | None:
    """Go back a question, or ask what of the story is to be changed."""
    state, step = turn.conversation, turn.step
    if state.status == "ended" and state.kept:
        turn.effects.append(ListStories(about=CHANGE))
        return True
    if state.status == "open" and step is not None and not step.tells and turn.consented and not state.interruptions:
        go_back(turn)
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
