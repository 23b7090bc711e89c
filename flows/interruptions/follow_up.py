"""What the team or time asks a contributor: sign-off of an edited version, renewal of consent.

It opens with words that tell nothing, because they come unasked and may lie on a lock screen (rule 83). What it is
about is shown once the person wants to see it, and its words pass through here without being kept: the state holds the
question's number, and the question as it was asked with a fingerprint where the story's words stood.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from flows.interruptions.confirm import proved
from flows.interruptions.interruption import Interruption
from flows.language.keywords.recognise import Keyword, normalise, recognise
from flows.model.conversation import Status
from flows.model.effects import AnswerFollowUp, ProposeEdition, RecordConsent, Say, ShowFollowUp
from flows.model.messages import text_on
from flows.model.open_interruption import OpenInterruption
from flows.model.signals import AskBackShown, AskBackTaken, AskedBack, Chose, Said
from flows.model.vocabulary.consent_answers import Purpose
from flows.questions.consent import LITERAL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flows.interruptions.turn_builder import TurnBuilder
    from flows.model.signals import Signal
    from flows.questions.question import Choice

ASKED_BACK: Final = "asked_back"
STORY_FROM = 25
"""Characters from which words that are no answer are something told, for the flow to hear."""
Stage = Literal[
    "asked", "later", "writing", "sign_off", "own_words", "renew_publish", "renew_quote", "renew_keep"
]  # fmt: skip
_ASKED: Final = "asked"
_LATER: Final = "later"
_WRITING: Final = "writing"
_OFFERED: dict[Stage, tuple[str, ...]] = {
    _ASKED: ("show", "later"),
    _LATER: ("show", "later"),
    _WRITING: (),
    "sign_off": ("agree", "change", "keep"),
    "own_words": ("agree", "change", "keep"),
    "renew_publish": ("go_on", "team", "back"),
    "renew_quote": ("go_on", "team", "back"),
    "renew_keep": ("go_on", "back"),
}
"""What can be chosen at each stage. All answers are equally good; none of them is the first one meant."""
_WIDENS = frozenset({"agree", "go_on", "back"})
"""What lets something travel further, or on, or deletes it: by text message a number that was sent comes first."""
_WORDS = {
    "agreed": "edition_agreed", "kept": "edition_kept", "later": "asked_back_later", "renewed": "renewed",
    "narrowed": "renewed_team", "taken_back": "deleted_story", "over": "asked_back_over",
}  # fmt: skip


class FollowUpAsked(OpenInterruption, extra="forbid"):
    """Which question it is, and how far it got. It lapses by itself."""

    kind: Literal["asked_back"]
    id: int
    stage: Stage = _ASKED
    asked: str = ""
    """What it is about, as it was shown, with a fingerprint in the place of the story's words."""


class FollowUp(Interruption):
    """First that there is a question, then the question, then perhaps the teller's own version."""

    name: ClassVar[str] = ASKED_BACK
    repeatable: ClassVar[bool] = False

    # --- what happens to it ---------------------------------------------------------------------------------------

    @classmethod
    def hear_of(cls, turn: TurnBuilder, signal: AskedBack | AskBackShown | AskBackTaken) -> None:
        """Open it, show what it is about, or close it."""
        if isinstance(signal, AskedBack):
            cls._open(turn, signal)
        elif isinstance(signal, AskBackShown):
            cls._show(turn, signal)
        else:
            cls._taken(turn, signal)

    @classmethod
    def _open(cls, turn: TurnBuilder, asked: AskedBack) -> None:
        """Ask, unless something else is open: then nothing is said, and whoever asked tries again later."""
        state = turn.conversation
        if state.opted_out or state.status == "open" or state.interrupted_by not in {"", ASKED_BACK}:
            return
        turn.open(FollowUpAsked(kind=ASKED_BACK, id=asked.id, until=asked.until))
        turn.set(tries=0, pending="")
        turn.ask(cls().ask(turn))

    @classmethod
    def _show(cls, turn: TurnBuilder, shown: AskBackShown) -> None:
        turn.note(stage=shown.kind)
        fills = {"story": shown.text, "reason": shown.reason, "month": shown.month, "months": str(shown.months)}
        key = "sign_off_why" if shown.kind == "sign_off" and shown.reason else shown.kind
        choices = tuple(choice.shown for choice in cls().choices(turn))
        marks = {name: f"[{_digest(words)}]" for name, words in (("story", shown.text), ("reason", shown.reason))}
        asked = Say(text=turn.common(key, **{**fills, **marks}), options=choices)
        turn.note(asked=text_on(turn.conversation.look, asked))
        turn.ask(Say(text=turn.common(key, **fills), options=choices, private=True))

    @classmethod
    def _taken(cls, turn: TurnBuilder, taken: AskBackTaken) -> None:
        if taken.outcome == "later":
            turn.note(stage=_LATER)
        else:
            cls.close(turn)
        if taken.here:
            turn.set(answers={}, consents={}, kept=False, trail=())
            turn.finish(Status.PARTED)
        turn.tell(_WORDS[taken.outcome])

    # --- what the person says to it -------------------------------------------------------------------------------

    def offers(self, turn: TurnBuilder) -> Iterable[tuple[str, str]]:
        """Yield what can be chosen at this stage."""
        stage = _stage(turn)
        group = "asked_back" if stage in {_ASKED, _LATER} else "renew_keep" if stage.startswith("renew") else "sign_off"
        for value in _OFFERED[stage]:
            yield value, turn.release.text(f"everywhere/{group}.options.{value}", turn.conversation)

    def chosen(self, turn: TurnBuilder, signal: Signal) -> Choice | None:
        """Return the choice; a bare yes or no counts where it can mean but one of them."""
        choices = self.choices(turn)
        if isinstance(signal, Said) and len(choices) > 1:
            text = normalise(signal.text)
            if text in _listed(turn, "yes_words"):
                return choices[0]
            if text in _listed(turn, "no_words"):
                return choices[1] if _stage(turn) in {_ASKED, _LATER} else None
            if any(word in f" {text} " for word in (f" {hedge} " for hedge in _listed(turn, "hedges"))):
                return next((choice for choice in choices if text in choice.forms), None)
        return super().chosen(turn, signal)

    def hear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Take the answer, or the teller's own version; BACK and SKIP lead a step back, and nothing is decided."""
        if isinstance(signal, Said):
            word = self._word(turn, signal)
            if word is not None:
                self._step_back(turn)
                return True
            if _stage(turn) == _WRITING:
                turn.effects.append(ProposeEdition(id=_number(turn), text=signal.text))
                return True
        choice = self.chosen(turn, signal)
        if choice is None:
            return self.unclear(turn, signal)
        literal = signal.text if isinstance(signal, Said) else choice.shown.label
        self._take(turn, choice.option.value, literal)
        return True

    def unclear(self, turn: TurnBuilder, signal: Signal) -> bool:
        """Ask once more, then leave it for later; something told is for the flow to hear."""
        stage = _stage(turn)
        if not isinstance(signal, Said | Chose):
            return False
        early = stage in {_ASKED, _LATER}
        over = turn.now.isoformat() >= turn.opened(FollowUpAsked).until
        if early and isinstance(signal, Said) and (stage == _LATER or over or len(signal.text) >= STORY_FROM):
            return False
        if turn.conversation.tries:
            self._take(turn, "later", "")
            return True
        turn.set(tries=1)
        if early:
            turn.ask(self.ask(turn))
        else:
            turn.effects.append(ShowFollowUp(id=_number(turn)))
        return True

    def _word(self, turn: TurnBuilder, said: Said) -> Keyword | None:
        state = turn.conversation
        found = recognise(said.text, language=state.language, channel=state.channel, telling=True)
        return found.word if found is not None and found.word in {Keyword.BACK, Keyword.SKIP} else None

    def _step_back(self, turn: TurnBuilder) -> None:
        if _stage(turn) in {_WRITING, "own_words"}:
            turn.effects.append(ShowFollowUp(id=_number(turn)))
        else:
            self._take(turn, "later", "")

    def take(self, turn: TurnBuilder, value: str) -> None:
        """Do what was chosen."""
        self._take(turn, value, value)

    def _take(self, turn: TurnBuilder, value: str, literal: str) -> None:
        number = _number(turn)
        if value == "show":
            turn.set(tries=0)
            turn.effects.append(ShowFollowUp(id=number))
        elif value == "change":
            turn.note(stage=_WRITING)
            turn.set(tries=0)
            turn.ask(Say(text=turn.common("write_edition")))
        elif value not in _WIDENS or proved(turn, deletes=value == "back", ask_back=number):
            consent = None if value == "later" else _consent(turn, value, literal)
            turn.effects.append(AnswerFollowUp(id=number, answer=value, consent=consent))  # type: ignore[arg-type]  # the values of _OFFERED


def _stage(turn: TurnBuilder) -> Stage:
    return turn.opened(FollowUpAsked).stage


def _number(turn: TurnBuilder) -> int:
    return turn.opened(FollowUpAsked).id


def _listed(turn: TurnBuilder, key: str) -> frozenset[str]:
    return frozenset(normalise(word) for word in turn.common(key).split(","))


def _digest(text: str) -> str:
    return f"SHA-256 {sha256(text.encode('utf-8', 'replace')).hexdigest()}" if text else ""


def _consent(turn: TurnBuilder, value: str, literal: str) -> RecordConsent:
    """Return what was asked and answered. The text names the story's words by their fingerprint, and holds none."""
    state = turn.conversation
    stage = _stage(turn)
    renewal = stage.startswith("renew")
    text = turn.opened(FollowUpAsked).asked
    return RecordConsent(
        purpose=Purpose.USE if renewal else Purpose.EDITION, answer={"agree": "yes", "keep": "no"}.get(value, value),
        step="renewal" if renewal else "sign_off", literal=literal[:LITERAL], text=text,
        digest=sha256(text.encode("utf-8", "replace")).hexdigest(), language=state.language,
        version=turn.release.consent_version(Purpose.USE),
    )  # fmt: skip
