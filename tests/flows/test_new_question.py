"""A new question type is a class and a word in `QUESTIONS`: then it is read, checked, published, asked and printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pytest

from flows import questions
from flows.model.effects import KeepStory, Say
from flows.model.partial_answer import PartialAnswer
from flows.model.signals import Said, Signal
from flows.questions.question import Interpretation, QuestionContext, Step, Unclear, Understood, Waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
MOST = 99

FLOW = """
id = "wait"
title = "How long people wait"
start = "welcome"

[steps.welcome]
type = "say"
text = "Hello, this is {organisation}. You can send HELP or STOP at any time."
next = "take_part"

[steps.take_part]
type = "consent"
purpose = "take_part"
narrowest = "no"
text = "May we keep what you tell us, private things too, for up to 2 years? If you agree, send AGREE."
again = "If we may keep your words, send AGREE. If not, send NO. Both are fine."
options = [
  { value = "agree", label = "Agree", decision = "yes", next = "story" },
  { value = "no", label = "No, thank you", decision = "no", next = "parted" },
]

[steps.story]
type = "story"
text = "How was it for you? When you have finished, send DONE."
again = "Write as much as you like. When you have finished, send DONE. To leave it, send SKIP."
next = "kept"

[steps.kept]
type = "kept"
text = "Thank you. We keep this: {story}"
next = "times"
empty = "parted"

[steps.times]
type = "count"
unit = "days"
text = "For how many days did you wait?"
again = "Send a number, such as 3. To leave it, send SKIP."
more = "We ask so that we can say how long it takes."
next = "thanks"

[steps.thanks]
type = "end"
text = "Thank you. To take your words back at any time, send DELETE."

[steps.parted]
type = "end"
outcome = "parted"
text = "That is fine. We have kept no story. To talk to someone, any time: {crisis_line}"
"""


class RoughCount(PartialAnswer, extra="forbid"):
    """A number that was only said to be about right."""

    kind: Literal["rough_count"]
    number: int


class CountStep(Step):
    """Ask how many there were."""

    type: Literal["count"] = "count"
    unit: str

    does: ClassVar[str] = "asks how many"
    sensitive: ClassVar[bool] = True
    text_fields: ClassVar[frozenset[str]] = Step.text_fields | {"unit"}

    def texts(self) -> Iterator[tuple[str, str, Literal["text", "label", "words"], bool | None]]:
        """Yield the step's texts, and what is counted."""
        yield from Step.texts(self)
        yield "unit", self.unit, "label", None

    @property
    def typed(self) -> str:
        """The smallest number."""
        return "0"

    def hear(self, context: QuestionContext, signal: Signal) -> Interpretation:
        """Understand a whole number; "about 3" is asked about once."""
        said = signal.text.strip() if isinstance(signal, Said) else ""
        rough = context.conversation.partial
        if said == "that is right" and isinstance(rough, RoughCount):
            said = str(rough.number)
        if said.startswith("about "):
            kept = RoughCount(kind="rough_count", number=int(said.removeprefix("about ")))
            return Waiting(partial=kept, effects=(Say(text="Is that right?"),))
        if not said.isdecimal() or int(said) > MOST:
            return Unclear(kept=said)
        return Understood(value=int(said), label=f"{said} {context.text('unit')}")


def walked(channel: Literal["sms", "telegram"]) -> dict[str, Any]:
    """Add the type and go the whole way of a flow that uses it, in a process of its own: no other knows the type."""
    questions.QUESTIONS = (*questions.QUESTIONS, CountStep)

    from bot.simulation.simulation import Simulation  # noqa: PLC0415
    from flows.authoring.loader import read  # noqa: PLC0415 - what is built from the tuple is built now
    from flows.authoring.release import Release, compile_release  # noqa: PLC0415
    from flows.authoring.script import diagram, script  # noqa: PLC0415
    from flows.authoring.texts import texts_for  # noqa: PLC0415
    from flows.checks import check_flow, costs_of  # noqa: PLC0415
    from flows.model.organisation_facts import OrganisationFacts  # noqa: PLC0415

    flow = read(FLOW, "wait.toml")
    release = Release.from_json(compile_release(flow, texts_for(flow, {}), OrganisationFacts()).to_json())
    phone = Simulation(releases={"wait": release}, flow="wait", channel=channel)
    for text in ("hello", "AGREE", "Nobody came.", "DONE", "quite a few", "about 3", "that is right"):
        phone.say(text)
    *_, kept = (effect for effect in phone.history if isinstance(effect, KeepStory))
    return {
        "type": type(release.flow.steps["times"]).__name__,
        "structure": release.flow.structure()["steps"]["times"],
        "findings": [str(finding) for finding in check_flow(flow, "wait.toml")],
        "costs": [cost.questions for cost in costs_of(flow, {})],
        "label": phone.state.answers["times"].label,
        "said": [effect.text for effect in phone.history if isinstance(effect, Say)],
        "status": phone.state.status,
        "text": kept.draft.text,
        "answers": kept.draft.answers,
        "script": [line.text for line in script(flow)],
        "diagram": diagram(flow),
    }


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_a_class_and_a_word_are_a_question_type(channel: str) -> None:
    here = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, __file__, channel], capture_output=True, text=True, env=here, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["type"] == "CountStep"
    assert found["structure"] == {"type": "count", "next": "thanks", "when": None, "bonus": False}
    assert found["findings"] == []
    assert found["costs"] == [1, 1]
    assert "For how many days did you wait?" in "\n".join(found["said"])
    assert "Send a number, such as 3." in "\n".join(found["said"])
    assert "Is that right?" in found["said"], "what it keeps between messages went through JSON"
    assert found["label"] == "3 days"
    assert found["status"] == "ended"
    assert (found["text"], found["answers"]) == ("Nobody came.", {"times": {"value": 3}})
    assert "times: asks how many" in found["script"]
    assert "SKIP → thanks" in found["script"]
    assert "after MORE: We ask so that we can say how long it takes." in found["script"]
    assert "s_times --> s_thanks" in found["diagram"]


if __name__ == "__main__":
    name: Literal["sms", "telegram"] = "sms" if sys.argv[1] == "sms" else "telegram"
    print(json.dumps(walked(name)))  # noqa: T201 - read by the test
