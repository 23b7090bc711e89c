"""A flow in a form for people: a script like a play's, and a Mermaid diagram, for `earshot flows show`.

No program reads them back: the TOML file stays the only definition.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from flows.authoring.flow_graph import CHANNELS, Graph
from flows.model.channel_look import LOOKS

if TYPE_CHECKING:
    from flows.authoring.definition import Flow
    from flows.questions.question import OptionStep, Step

Kind = Literal["title", "fact", "step", "says", "sms", "answer", "aside", "blank"]

_ONLY = {name: f"only {look.by}" for name, look in LOOKS.items()}
_LONGEST = 40
"""Most characters of a text in a diagram's box."""


class ScriptLine(NamedTuple):
    """One line of a script; `kind` tells what it is, for a printer that uses colour."""

    kind: Kind
    text: str


def script(flow: Flow, texts: Mapping[str, str] | None = None) -> Iterator[ScriptLine]:
    """Yield the flow as a script, each step where a person would first meet it.

    `texts` by address replaces source texts, to show the flow in another language.
    """
    texts = {**{text.address: text.text for text in flow.texts()}, **(texts or {})}
    graphs = {channel: Graph.of(flow, channel) for channel in CHANNELS}
    yield ScriptLine("title", f"{flow.title} ({flow.id})")
    by_sms, on_telegram = (len(graphs[channel].longest(wide=False)) for channel in CHANNELS)
    yield ScriptLine("fact", f"At most {by_sms} questions by SMS and {on_telegram} questions on Telegram.")
    further = max(len(graphs[channel].longest()) for channel in CHANNELS) - max(by_sms, on_telegram)
    if further > 0:
        yield ScriptLine("fact", f"People who allow more may be asked {further} more.")
    if flow.words:
        yield ScriptLine("fact", f"Starts when people send: {', '.join(flow.words)}.")
    for name in _order(flow, *reversed(graphs.values())):
        yield ScriptLine("blank", "")
        yield from _step_lines(flow, name, flow.steps[name], texts)


def _order(flow: Flow, *graphs: Graph) -> list[str]:
    """Return the steps in the order most people meet them: after a step comes what its first answer leads
    to."""
    found: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in found or name not in flow.steps:
            return
        found[name] = None
        for graph in graphs:
            for target in graph.following(name, lambda edge: not edge.by.startswith("change ")):
                if flow.steps[target].ending is None:
                    visit(target)

    visit(flow.start)
    ends = [name for name, step in flow.steps.items() if step.ending is not None]
    return list(dict.fromkeys((*found, *ends, *flow.steps)))


def _step_lines(flow: Flow, name: str, step: Step, texts: Mapping[str, str]) -> Iterator[ScriptLine]:
    only = f", {_ONLY[step.when]}" if step.when is not None else ""
    bonus = f", a bonus: left out after {flow.questions_after} answers to what follows the story" if step.bonus else ""
    yield ScriptLine("step", f"{name}: {step.describe()}{only}{bonus}")
    at = f"{flow.id}/{name}."
    yield from (ScriptLine("says", line) for line in texts[f"{at}text"].strip().splitlines())
    if f"{at}text_sms" in texts:
        yield from (ScriptLine("sms", line) for line in texts[f"{at}text_sms"].strip().splitlines())
    for number, option in enumerate(step.choices(), start=1):
        way = step.way(option)
        leads = _leads(way.target) if way is not None else ""
        yield ScriptLine("answer", f"{number} {_option(option, texts, at)}{leads}")
    for purpose in step.beside():
        yield ScriptLine("answer", f"+ {texts[f'{at}also.{purpose}']} (only by SMS, in the same answer)")
    if step.changeable():
        changes = ", ".join(texts[f"{at}options.{item.value}"] for item in step.changeable())
        yield ScriptLine("aside", f"to change one thing: {texts[f'{at}change_text']} {changes}")
    if f"{at}again" in texts:
        yield ScriptLine("aside", f"in other words: {texts[f'{at}again']}")
    if f"{at}again_sms" in texts:
        yield ScriptLine("aside", f"in other words, by SMS: {texts[f'{at}again_sms']}")
    if f"{at}more" in texts:
        yield ScriptLine("aside", f"after MORE: {texts[f'{at}more']}")
    if step.waits and step.can_skip and step.next is not None:
        yield ScriptLine("aside", f"SKIP{_leads(step.next)}")
    elif step.next is not None and not step.choices():
        yield ScriptLine("aside", f"then{_leads(step.next)}")
    if step.shows_told and not step.choices():
        yield ScriptLine("aside", f"nothing told{_leads(step.nothing_told)}")
    if step.when is not None and step.next is not None:
        yield ScriptLine("aside", f"others{_leads(step.next)}")


def _option(option: OptionStep, texts: Mapping[str, str], at: str) -> str:
    label = texts[f"{at}options.{option.value}"]
    short = texts.get(f"{at}options.{option.value}.sms")
    only = f" ({_ONLY[option.when]})" if option.when is not None else ""
    return f"{label}{f' (by SMS: {short})' if short else ''}{only}"


def _leads(target: str | None) -> str:
    return f" → {target}" if target is not None else ""


def diagram(flow: Flow) -> str:
    """Return the flow as a Mermaid flowchart."""
    lines = ["flowchart TD", f"  begin(( )) --> s_{flow.start}"]
    for name, step in flow.steps.items():
        opening, closing = ("([", "])") if step.ending is not None else ("[", "]") if not step.waits else ("{{", "}}")
        lines.append(f'  s_{name}{opening}"{_quoted(name)}<br/>{_quoted(_short(step.text))}"{closing}')
    for name, step in flow.steps.items():
        for target, by in _arrows(flow, name, step):
            answer = f'|"{_quoted(by)}"|' if by else ""
            lines.append(f"  s_{name} -->{answer} s_{target}")
    return "\n".join(lines) + "\n"


def _arrows(flow: Flow, name: str, step: Step) -> Iterator[tuple[str, str]]:
    """Yield each step that can follow, with the answers that lead there."""
    labels = {option.value: option.label for option in (*step.choices(), *step.changeable())}
    leading: dict[str, dict[str, None]] = {}
    for channel in CHANNELS:
        for edge in Graph.of(flow, channel).edges[name]:
            if edge.target in flow.steps and edge.target is not None:
                past = step.when not in {None, channel}
                by = LOOKS[channel].by if past else _label(edge.by, labels)
                leading.setdefault(edge.target, {})[by] = None
    for target, names in leading.items():
        yield target, " / ".join(by for by in names if by) if len(leading) > 1 else ""


def _label(by: str, labels: Mapping[str, str]) -> str:
    kind, _, value = by.partition(" ")
    if kind == "option":
        return labels.get(value, value)
    if kind == "change":
        return f"change: {labels.get(value, value)}"
    return "" if by == "next" else by


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST].rsplit(' ', 1)[0]} …"


def _quoted(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
