"""A conversation on paper: what a person did and what came back, as plain text that anybody can read and write.

Owns the format. Lines that begin with `>` are the person, with `<` are ours, with `*` tell what happened besides. A
line that is indented by two goes on with the one above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from flows.model.channel_look import LOOKS
from flows.model.effects import (
    AddToStory,
    AmendStory,
    AnswerFollowUp,
    AskForPerson,
    Begin,
    CloseAddress,
    DeleteChat,
    DropStory,
    Effect,
    Erase,
    GiveFile,
    HidePlace,
    HoldSealed,
    KeepStory,
    LeaveNothing,
    NarrowStory,
    OptIn,
    OptOut,
    ProposeEdition,
    PurgeSealed,
    PutBack,
    RaiseConcern,
    RecordConsent,
    ReplaceStory,
    Say,
    SetAside,
    SetLanguage,
    TellTeam,
    Unseal,
)
from flows.model.messages import button, sms_text
from flows.model.vocabulary.consent_answers import Use
from flows.questions.story import joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bot.simulation.simulation import Simulation
    from flows.model.channel_look import ChannelKind

GOES_ON = "…"
"""At the end of a line: what follows is left out of this transcript, whatever it says."""

UNITS = {
    "second": timedelta(seconds=1), "minute": timedelta(minutes=1), "hour": timedelta(hours=1),
    "day": timedelta(days=1), "week": timedelta(weeks=1),
}  # fmt: skip


class TranscriptError(ValueError):
    """A transcript cannot be read. The message names the line and says what to do."""


@dataclass(frozen=True, slots=True)
class TranscriptAct:
    """One thing that happened, most often what a person did.

    `other` is the new wording of an edit, the reason of an edited version, or the month in which consent ends.
    """

    kind: Literal["say", "press", "wait", "position", "send", "edit", "version", "renewal"]
    text: str
    other: str = ""


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """What came of it: a message of ours (`<`) or something that happened (`*`)."""

    mark: Literal["<", "*"]
    text: str

    def matches(self, told: TranscriptLine) -> bool:
        """Return whether this line, which may leave parts out, fits what was told."""
        if self.mark != told.mark:
            return False
        kept = re.split(rf"\s*{GOES_ON}(?:\n|$)", self.text)
        pattern = ".*".join(map(re.escape, kept))
        return re.fullmatch(pattern, told.text, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Exchange:
    """One act and what came of it."""

    act: TranscriptAct
    came: tuple[TranscriptLine, ...] = ()
    at: int = 0
    """Line number in the file."""

    def matches(self, came: tuple[TranscriptLine, ...]) -> bool:
        """Return whether this is what came."""
        return len(self.came) == len(came) and all(
            mine.matches(told) for mine, told in zip(self.came, came, strict=True)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A whole conversation on paper."""

    flow: str
    channel: ChannelKind
    language: str = "en"
    about: str = ""
    """What it shows, in a sentence or two."""
    exchanges: tuple[Exchange, ...] = ()


def play(phone: Simulation, act: TranscriptAct) -> tuple[TranscriptLine, ...]:
    """Do one thing on a simulated phone and return what came of it.

    Raises bot.simulation.simulation.NoSuchButtonError, and TranscriptError for a place that nobody knows.
    """
    match act.kind:
        case "say":
            effects = phone.say(act.text)
        case "press":
            effects = phone.press(act.text)
        case "wait":
            effects = phone.wait(duration(act.text))
        case "position":
            place = phone.place_named(act.text)
            if place is None:
                raise TranscriptError(f"“{act.text}” is not one place we know. Write where it is, too.")
            effects = phone.share_position(place)
        case "send":
            effects = phone.send(act.text)
        case "edit":
            effects = phone.edit(act.text, act.other)
        case "version":
            effects = phone.is_asked_about(act.text, act.other)
        case "renewal":
            effects = phone.is_asked_to_go_on(_GOING_ON[act.text], act.other)
    return lines(effects, phone.channel)


def lines(effects: Iterable[Effect], channel: ChannelKind) -> tuple[TranscriptLine, ...]:
    """Return what a reader should see of these effects, in order."""
    found = []
    for effect in effects:
        if isinstance(effect, Say):
            found.append(TranscriptLine("<", _said(effect, channel)))
        elif told := happened(effect):
            found.append(TranscriptLine("*", told))
    return tuple(found)


def happened(effect: Effect) -> str:
    """Return an effect worth seeing in plain words; empty for the others."""
    told = _HAPPENED.get(type(effect))
    return told(effect) if told is not None else ""


def _kept(effect: KeepStory) -> str:
    draft = effect.draft
    tags: dict[str, list[str]] = {}
    for dimension, value in draft.tags:
        tags.setdefault(dimension, []).append(value)
    place = draft.place_label or draft.place_words
    facts = [f"{dimension} {' and '.join(values)}" for dimension, values in tags.items()]
    facts += [f"place {place}"] if place else []
    rating = next((a["value"] for a in draft.answers.values() if isinstance(a, dict) and _is_rating(a)), None)
    facts += [f"rating {rating}"] if rating is not None else []
    return "; ".join([f"keeps a {draft.kind}: “{draft.text}”", *facts])


def _is_rating(answer: Mapping[str, object]) -> bool:
    return isinstance(answer.get("value"), int) and not isinstance(answer.get("value"), bool)


_HAPPENED: dict[type[Effect], Callable[[Any], str]] = {
    RecordConsent: lambda effect: f"consent to {effect.purpose}: {effect.answer}, by “{effect.literal}”",
    KeepStory: _kept,
    HoldSealed: lambda _: "holds it sealed",
    Unseal: lambda _: "opens what was held",
    PurgeSealed: lambda _: "destroys what was held",
    LeaveNothing: lambda effect: "forgets that they were here" if effect.person else "keeps nothing of it",
    DropStory: lambda _: "drops the story",
    AddToStory: lambda effect: f"adds to the story: “{effect.text}”",
    AmendStory: lambda effect: f"keeps beside the story: “{effect.text}”",
    CloseAddress: lambda _: "opens nothing more to this number",
    OptOut: lambda effect: "stops all contact" + ("; the carrier says goodbye" if effect.by_carrier else ""),
    OptIn: lambda _: "may be contacted again",
    SetAside: lambda effect: "takes the story out of use" if effect.story or effect.here else "takes all out of use",
    PutBack: lambda _: "lets it be used again",
    Erase: lambda effect: f"deletes {'everything' if effect.scope == 'everything' else 'the story'}",
    ReplaceStory: lambda effect: f"puts new words in place of the old: “{joined(effect.parts)}”",
    HidePlace: lambda _: "forgets the place",
    NarrowStory: lambda effect: f"lets the story travel less far: {effect.use}",
    GiveFile: lambda _: "makes a file of all that is held",
    AskForPerson: lambda effect: f"asks a person on the team to see to it: {effect.kind}",
    DeleteChat: lambda _: "takes the messages of this chat away",
    SetLanguage: lambda effect: f"speaks {effect.language} from now on",
    AnswerFollowUp: lambda effect: (
        f"answers what we asked: {effect.answer}" + (f", by “{effect.consent.literal}”" if effect.consent else "")
    ),
    ProposeEdition: lambda effect: f"writes another version: “{effect.text}”",
    RaiseConcern: lambda effect: (
        f"raises a concern: {', '.join(sorted(effect.kinds))}" if effect.level == "plain" else "asks the team to look"
    ),
    TellTeam: lambda effect: f"tells the team: {effect.kind}",
    Begin: lambda effect: f"begins {effect.flow}".rstrip(),
}


def _said(say: Say, channel: ChannelKind) -> str:
    if not LOOKS[channel].buttons:
        return sms_text(say)
    text = "(the same message, its buttons redrawn)" if say.redraw else say.text
    return "\n".join([text, *(f"[{button(say, option)}]" for option in say.options)])


def duration(text: str) -> timedelta:
    """Read "2 minutes", "90s" or "2d"; raises TranscriptError."""
    found = re.fullmatch(r"\s*(\d{1,4})\s*([a-z]+?)s?\s*", text.casefold())
    unit = next((size for name, size in UNITS.items() if found and name.startswith(found[2])), None)
    if found is None or unit is None:
        raise TranscriptError(f"“{text}” is not a time to wait. Write it like 2 minutes, or 3 days.")
    return int(found[1]) * unit


# --- reading ----------------------------------------------------------------------------------------------------


def read(text: str) -> Transcript:
    """Read a transcript; raises TranscriptError."""
    head: dict[str, str] = {}
    about: list[str] = []
    exchanges: list[Exchange] = []
    for number, mark, block in _blocks(text):
        if mark == "#":
            about.append(block)
        elif mark == ">":
            exchanges.append(Exchange(_act(block, number), at=number))
        elif mark in {"<", "*"} and exchanges:
            last = exchanges[-1]
            line = TranscriptLine("<" if mark == "<" else "*", block)
            exchanges[-1] = Exchange(last.act, (*last.came, line), last.at)
        elif mark == "" and not exchanges and ":" in block:
            key, _, value = block.partition(":")
            head[key.strip()] = value.strip()
        else:
            raise TranscriptError(f"Line {number}: begin it with > < or *, or indent it by two spaces.")
    named = head.pop("channel", "")
    channel = next((name for name in LOOKS if name == named), None)
    if channel is None:
        known = " or ".join(f"“channel: {name}”" for name in LOOKS)
        raise TranscriptError(f"Write {known} above the first message.")
    flow, language = head.pop("flow", ""), head.pop("language", "en")
    if not flow or head:
        raise TranscriptError("Above the first message stand flow, channel and language, and nothing else.")
    return Transcript(
        flow=flow, channel=channel, language=language, about="\n".join(about),
        exchanges=tuple(exchanges),
    )  # fmt: skip


def _blocks(text: str) -> Iterable[tuple[int, str, str]]:
    """Yield (line number, mark, text) with the lines that go on joined to the one they belong to."""
    number, mark, gathered = 0, "", [""]
    for at, line in enumerate(text.splitlines(), start=1):
        if line.startswith("  "):
            gathered.append(line[2:])
        elif not line.strip():
            gathered.append("")
        else:
            if number:
                yield number, mark, "\n".join(gathered).rstrip()
            mark = line[0] if line[0] in "#><*" else ""
            number, gathered = at, [line.removeprefix(mark).removeprefix(" ") if mark else line]
    if number:
        yield number, mark, "\n".join(gathered).rstrip()


_ACTS = (
    (re.compile(r"\[(.+)\]", re.DOTALL), "press"),
    (re.compile(r"\(wait (.+)\)"), "wait"),
    (re.compile(r"\(position in (.+)\)"), "position"),
    (re.compile(r"\(sends an? (\w+)\)"), "send"),
)
_EDIT = re.compile(r"\(changes “(.+)” to “(.+)”\)", re.DOTALL)


_VERSION = re.compile(r"\(we ask whether to share “(.+?)”(?:, because “(.+)”)?\)", re.DOTALL)
_RENEWAL = re.compile(r"\(we ask whether to go on (publishing|quoting|keeping) after (.+)\)")
_GOING_ON: dict[str, Use] = {"publishing": Use.PUBLISH, "quoting": Use.QUOTE, "keeping": Use.TEAM}


def _act(text: str, number: int) -> TranscriptAct:
    if (changed := _EDIT.fullmatch(text)) is not None:
        return TranscriptAct("edit", changed[1], changed[2])
    if (version := _VERSION.fullmatch(text)) is not None:
        return TranscriptAct("version", version[1], version[2] or "")
    if (renewal := _RENEWAL.fullmatch(text)) is not None:
        return TranscriptAct("renewal", renewal[1], renewal[2])
    for pattern, kind in _ACTS:
        if (found := pattern.fullmatch(text)) is not None:
            if kind == "wait":
                _checked(found[1], number)
            return TranscriptAct(kind, found[1])  # type: ignore[arg-type]  # the kinds stand in the table above
    return TranscriptAct("say", text.removeprefix("\\"))


def _checked(text: str, number: int) -> None:
    try:
        duration(text)
    except TranscriptError as error:
        raise TranscriptError(f"Line {number}: {error}") from None


# --- writing ----------------------------------------------------------------------------------------------------


def write(transcript: Transcript) -> str:
    """Return a transcript as text; `read` gives it back."""
    out = [*(f"# {line}" for line in transcript.about.splitlines())]
    out += [f"flow: {transcript.flow}", f"channel: {transcript.channel}", f"language: {transcript.language}"]
    for exchange in transcript.exchanges:
        out += ["", _indented(">", _done(exchange.act))]
        out += [_indented(line.mark, line.text) for line in exchange.came]
    return "\n".join(out) + "\n"


def _indented(mark: str, text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"{mark} {first}".rstrip(), *(f"  {line}".rstrip() for line in rest)])


def _done(act: TranscriptAct) -> str:
    match act.kind:
        case "press":
            return f"[{act.text}]"
        case "wait":
            return f"(wait {act.text})"
        case "position":
            return f"(position in {act.text})"
        case "send":
            return f"(sends {'an' if act.text[:1] in 'aeiou' else 'a'} {act.text})"
        case "edit":
            return f"(changes “{act.text}” to “{act.other}”)"
        case "version":
            return f"(we ask whether to share “{act.text}”" + (f", because “{act.other}”)" if act.other else ")")
        case "renewal":
            return f"(we ask whether to go on {act.text} after {act.other})"
        case _:
            return act.text if _act(act.text, 0) == act else f"\\{act.text}"
