"""`earshot chat`: a simulated phone in the terminal, on the real service and the real places, in memory only.

Nothing is kept and nothing is sent. What was typed can be saved as a transcript, which the tests then hold the flow
to.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.console import console, read_settings

if TYPE_CHECKING:
    from pydantic import JsonValue
    from rich.console import Console

    from bot.settings.environment import Settings
    from bot.simulation.simulation import Simulation
    from bot.simulation.transcript import TranscriptAct
    from flows.authoring.release import Release
    from flows.model.effects import Effect, Say

commands = typer.Typer()

ALPHABETS = {"gsm7": "GSM-7", "ucs2": "UCS-2"}
COMMANDS = """\
  /press 2           press the second button, or /press and its label
  /wait 2m           let time pass: 2m, 3h, 2d, 1w
  /place Glenboig    share a position there
  /send photo        send something that is not words
  /edit new words    change the last message you sent
  /again             begin again as somebody new
  /quit              leave"""


class ChatChannel(StrEnum):
    """How messages look."""

    sms = "sms"
    telegram = "telegram"


@commands.command()
def chat(
    flow: Annotated[str, typer.Argument(help="The flow to try: its name, such as share, or its file.")] = "",
    channel: Annotated[ChatChannel, typer.Option(help="Which phone to be.")] = ChatChannel.sms,
    language: Annotated[str, typer.Option("--lang", help="The language to be spoken to in, such as en.")] = "",
    save: Annotated[
        Path | None, typer.Option(help="Save the conversation to this file, as a transcript that tests can run.")
    ] = None,
) -> None:
    """Try a conversation here in the terminal. Nothing is kept and nothing is sent."""
    if save is not None and save.exists():
        raise typer.BadParameter(f"{save} is there already; give another name, so that nothing is lost")
    settings = read_settings()
    releases, name = _releases(settings, flow)
    spoken = language or settings.languages[0]
    if spoken not in releases[name].languages:
        known = ", ".join(releases[name].languages)
        raise typer.BadParameter(f"{name} cannot be told in {spoken} yet, only in: {known}. Drafts are never sent.")
    talk = Talk(console(), lambda: _phone(releases, name, channel, spoken, settings))
    talk.run()
    if save is not None and talk.acts:
        save.write_text(_transcript(talk.acts, flow, name, channel, spoken, settings), encoding="utf-8")
        talk.out.print(f"Saved as {save}.", style="dim", markup=False)


class Talk:
    """One talk at the terminal."""

    def __init__(self, out: Console, phone: Callable[[], Simulation]) -> None:
        self.out = out
        self.acts: list[TranscriptAct] = []
        """What was done since the last beginning."""
        self._fresh = phone
        self.phone = phone()

    def run(self) -> None:
        """Read lines until there are no more."""
        self.out.print("You are somebody with a phone. Write something, or /? for what else you can do.", style="dim")
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            while self._do(self._read()):
                pass
        self.out.print()

    def _read(self) -> str:
        line = self.out.input("[bold]> [/bold]")
        if not sys.stdin.isatty():
            self.out.print(line, markup=False)
        return line

    def _do(self, line: str) -> bool:
        """Do what one line asks for; returns False when it is time to leave."""
        from bot.simulation.simulation import NoSuchButtonError  # noqa: PLC0415 - keep start-up light
        from bot.simulation.transcript import TranscriptError, play  # noqa: PLC0415

        word, _, rest = line.strip().partition(" ")
        if word in {"/quit", "/exit"}:
            return False
        if word == "/?":
            self.out.print(COMMANDS, style="dim", markup=False)
        elif word == "/again":
            self.phone, self.acts = self._fresh(), []
            self.out.print("You are somebody new.", style="dim")
        elif line.strip():
            try:
                act = self._act(word, rest.strip(), line)
                before = len(self.phone.history)
                play(self.phone, act)
            except (NoSuchButtonError, TranscriptError) as error:
                self.out.print(str(error), style="yellow", markup=False)
            else:
                self.acts.append(act)
                self._show(self.phone.history[before:])
        return True

    def _act(self, word: str, rest: str, line: str) -> TranscriptAct:
        from bot.simulation.transcript import TranscriptAct, TranscriptError, duration  # noqa: PLC0415 - keep start-up light

        match word:
            case "/press" if not self.phone.look.buttons:
                return TranscriptAct("say", rest)  # there are no buttons: they are numbers to type
            case "/press":
                buttons = self.phone.buttons
                chosen = int(rest) if rest.isdecimal() and len(rest) < 4 else 0
                return TranscriptAct("press", buttons[chosen - 1] if 0 < chosen <= len(buttons) else rest)
            case "/wait":
                duration(rest)
                return TranscriptAct("wait", rest)
            case "/place":
                return TranscriptAct("position", rest)
            case "/send" if re.fullmatch(r"[a-z]+", rest):
                return TranscriptAct("send", rest)
            case "/edit":
                said = [act.other or act.text for act in self.acts if act.kind in {"say", "edit"}]
                if not said or not rest:
                    raise TranscriptError("There is nothing to change yet, or nothing to change it to.")
                return TranscriptAct("edit", said[-1], rest)
            case _:
                return TranscriptAct("say", line)

    # --- showing ------------------------------------------------------------------------------------------------

    def _show(self, effects: list[Effect]) -> None:
        from flows.model.effects import Say  # noqa: PLC0415 - keep start-up light

        for effect in effects:
            if isinstance(effect, Say):
                self._show_message(effect)
            else:
                self.out.print(f"  · {_told(effect)}", style="dim", markup=False)

    def _show_message(self, say: Say) -> None:
        from flows.language.segments import count  # noqa: PLC0415 - keep start-up light

        shown = "" if say.redraw else self.phone.shown(say)
        for line in shown.splitlines():
            self.out.print(f"  │ {line}".rstrip(), style="cyan", markup=False)
        if not self.phone.look.buttons:
            counted = count(self.phone.shown(say))
            parts = "1 segment" if counted.parts == 1 else f"{counted.parts} segments"
            cost = f"{parts}, {counted.units} of {counted.units + counted.left}"
            self.out.print(f"  {cost}, {ALPHABETS[counted.encoding]}", style="dim", markup=False)
        else:
            for number, label in enumerate(self.phone.labels(say), start=1):
                self.out.print(f"  [{number}] {label}", style="green", markup=False)


def _told(effect: Effect) -> str:
    """Return an effect in a few words: the ones worth a transcript in full, the others by name."""
    from bot.simulation.transcript import happened  # noqa: PLC0415
    from flows.model.effects import FindPlace, SaveAnswer  # noqa: PLC0415 - keep start-up light

    if isinstance(effect, SaveAnswer):
        return f"{effect.step}: {_plain(effect.value)}"
    if isinstance(effect, FindPlace):
        return f"looks for “{effect.words}”"
    return happened(effect) or type(effect).__name__


def _plain(value: JsonValue) -> str:
    """Return an answer in a few words."""
    match value:
        case None:
            return "left out"
        case {"label": str(label), "words": str(words)}:
            return label or words
        case [[_, _], *_]:
            return f"{len(value)} messages" if len(value) > 1 else "1 message"
        case list():
            return " and ".join(map(str, value))
        case _:
            return str(value)


def _releases(settings: Settings, flow: str) -> tuple[Mapping[str, Release], str]:
    """Return what can be told, and which flow is wanted; a file's flow takes the place of one with its name."""
    from bot.settings.organisation import organisation_facts  # noqa: PLC0415 - keep start-up light
    from flows.authoring.loader import load, load_file  # noqa: PLC0415
    from flows.authoring.release import compile_release  # noqa: PLC0415
    from flows.authoring.texts import read_translations, texts_for  # noqa: PLC0415

    flows = {found.id: found for found in load(settings.flow_folders)}
    wanted = flow or settings.default_flow
    if wanted.endswith(".toml"):
        if not Path(wanted).is_file():
            raise typer.BadParameter(f"there is no {wanted}")
        own = load_file(Path(wanted))
        flows[own.id], wanted = own, own.id
    if wanted not in flows:
        raise typer.BadParameter(f"there is no flow {wanted!r}; choose one of: {', '.join(flows)}")
    translations = read_translations(settings.languages, flows.values(), settings.text_folders)
    facts = organisation_facts(settings)
    return {
        name: compile_release(found, texts_for(found, translations), facts) for name, found in flows.items()
    }, wanted


def _phone(
    releases: Mapping[str, Release], flow: str, channel: ChatChannel, language: str, settings: Settings
) -> Simulation:
    from bot.simulation.simulation import Simulation  # noqa: PLC0415 - keep start-up light
    from storage.places import Resolver  # noqa: PLC0415

    resolver = Resolver(countries=(settings.country,))
    return Simulation(releases=releases, flow=flow, channel=channel.value, language=language, resolver=resolver)


def _transcript(
    acts: list[TranscriptAct], flow: str, name: str, channel: ChatChannel, language: str, settings: Settings
) -> str:
    """Return what was done as a transcript, told by the simulated organisation, so that it is the same everywhere."""
    from bot.simulation.fixed_facts import SIMULATED_ORGANISATION  # noqa: PLC0415 - keep start-up light
    from bot.simulation.transcript import Exchange, Transcript, play, write  # noqa: PLC0415
    from flows.authoring.release import compile_release  # noqa: PLC0415

    releases, _ = _releases(settings, flow)
    told = {key: compile_release(each.flow, each.texts, SIMULATED_ORGANISATION) for key, each in releases.items()}
    phone = _phone(told, name, channel, language, settings)
    exchanges = tuple(Exchange(act, play(phone, act)) for act in acts)
    return write(
        Transcript(
            flow=name, channel=channel.value, language=language,
            about="Say here what this conversation shows.", exchanges=exchanges,
        )
    )  # fmt: skip
