"""A flow as people read it: every text stands in the script, every way in the diagram."""

from __future__ import annotations

import re

import pytest

from flows.authoring.loader import load
from flows.authoring.script import diagram, script
from flows.authoring.texts import read_catalogues

FLOWS = {flow.id: flow for flow in load()}


@pytest.mark.parametrize("name", FLOWS)
def test_every_text_of_a_flow_stands_in_its_script(name):
    lines = [line.text for line in script(FLOWS[name])]
    whole = "\n".join(lines)
    for text in FLOWS[name].texts():
        if text.kind != "words":
            for line in text.text.strip().splitlines():
                assert line in whole, text.address


@pytest.mark.parametrize("name", FLOWS)
def test_every_step_comes_once_and_the_ends_come_last(name):
    steps = [line.text.partition(":")[0] for line in script(FLOWS[name]) if line.kind == "step"]
    assert sorted(steps) == sorted(FLOWS[name].steps)
    assert steps[0] == FLOWS[name].start
    kinds = [FLOWS[name].steps[step].type == "end" for step in steps]
    assert kinds == sorted(kinds)


def test_a_script_reads_like_a_conversation():
    lines = [(line.kind, line.text) for line in script(FLOWS["share"])]
    assert ("title", "Share a story (share)") in lines
    assert ("fact", "At most 6 questions by SMS and 7 questions on Telegram.") in lines
    assert ("step", "age: asks for one answer, only on Telegram") in lines
    assert ("answer", "2 No, under {age} → young") in lines
    assert ("step", "kept: keeps the story and shows it; asks nothing") in lines
    assert ("aside", "nothing told → dropped") in lines
    assert (
        "step",
        "about: asks for one answer or more, a bonus: left out after 4 answers to what follows the story",
    ) in lines
    assert ("aside", "others → take_part") in lines


def test_a_script_can_be_read_in_another_language():
    texts = {address: entry.text for address, entry in read_catalogues(["cy"])["cy"].entries.items()}
    lines = [line.text for line in script(FLOWS["share"], texts)]
    assert "Yn gyntaf, a ydych yn {age} oed neu drosodd?" in lines


@pytest.mark.parametrize("name", FLOWS)
def test_a_diagram_has_a_box_for_each_step_and_arrows_between_known_ones(name):
    drawn = diagram(FLOWS[name])
    assert drawn.startswith("flowchart TD\n")
    boxes = set(re.findall(r"^  (s_\w+)[\[({]", drawn, re.MULTILINE))
    assert boxes == {f"s_{step}" for step in FLOWS[name].steps}
    arrows = re.findall(r"^  (\S+?)(?:\(\( \)\))? -->(?:\|\"[^\"|]*\"\|)? (\S+)$", drawn, re.MULTILINE)
    assert len(arrows) >= len(boxes) - 1
    assert {end for _, end in arrows} <= boxes
    assert {start for start, _ in arrows} <= boxes | {"begin"}


def test_a_diagram_survives_quotes_and_brackets():
    flow = FLOWS["share"]
    step = flow.steps["age"].model_copy(update={"text": 'Say "hi" <now> & go'})
    odd = flow.model_copy(update={"steps": {**flow.steps, "age": step}})
    assert "Say #quot;hi#quot; #lt;now#gt; #amp; go" in diagram(odd)
