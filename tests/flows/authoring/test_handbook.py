"""The flow handbook: every example works, and nothing a flow can hold or a check can find is left out of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.simulation.simulation import Simulation
from flows.authoring.definition import BY_TYPE, Flow
from flows.authoring.loader import read
from flows.authoring.release import compile_release
from flows.authoring.texts import texts_for
from flows.checks import CODES, check_flow
from flows.checks.placeholders import EVERYWHERE, READ_BACK
from flows.language.readability import reading_age
from flows.model.effects import KeepStory
from flows.model.organisation_facts import OrganisationFacts
from flows.questions.question import OptionStep, Step

HANDBOOK = (Path(__file__).parents[3] / "docs" / "flow-handbook.md").read_text(encoding="utf-8")
WHOLE, *EXAMPLES = re.findall(r"```toml\n(.*?)```", HANDBOOK, re.DOTALL)
FRAME = 'id = "frame"\ntitle = "Frame"\nstart = "{start}"\n{step}\n[steps.done]\ntype = "end"\ntext = "Thank you."\n'


def table(heading: str) -> dict[str, str]:
    """Return the rows of the table after these words: what stands in backquotes, and its meaning."""
    _, _, rest = HANDBOOK.partition(heading)
    rows = re.match(r"[^|]*?\n((?:\|[^\n]*\n)+)", rest)
    assert rows is not None, heading
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", rows[1], re.MULTILINE))


def test_the_whole_flow_has_no_finding():
    assert [str(finding) for finding in check_flow(read(WHOLE, "bus.toml"), "bus.toml")] == []


@pytest.mark.parametrize("channel", ["sms", "telegram"])
def test_the_whole_flow_keeps_a_story(channel):
    flow = read(WHOLE, "bus.toml")
    releases = {"bus": compile_release(flow, texts_for(flow, {}), OrganisationFacts())}
    phone = Simulation(releases=releases, flow="bus", channel=channel)
    for text in ("hello", "AGREE", "The ten past eight never comes.", "DONE", "quote"):
        phone.say(text)
    *_, kept = (effect for effect in phone.history if isinstance(effect, KeepStory))
    assert kept.draft.text == "The ten past eight never comes."
    assert phone.state.consents == {"take_part": "yes", "use": "quote"}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.split("]")[0].removeprefix("[steps."))
def test_an_example_of_a_step_can_be_read(example):
    start = re.match(r"\[steps\.(\w+)\]", example)
    assert start is not None
    change = "story" if "read_back" in example else ""
    story = '[steps.story]\ntype = "story"\ntext = "What happened?"\nnext = "done"\n' if change else ""
    flow = read(FRAME.format(start=start[1], step=example + story), "frame.toml")
    codes = {finding.code for finding in check_flow(flow, "frame.toml")}
    assert codes <= {
        "no_consent",
        "no_name",
        "no_person",
        "no_again",
        "unreachable",
        "change_not_asked",
        "use_before_story",
    }


def test_every_kind_of_step_has_an_example_and_a_heading():
    shown = {re.search(r'type = "(\w+)"', example)[1] for example in EXAMPLES}
    assert shown == set(BY_TYPE)
    assert set(re.findall(r"^### `(\w+)`", HANDBOOK, re.MULTILINE)) == set(BY_TYPE)


def test_every_line_and_part_is_explained():
    assert set(table("At the top of the file:")) == set(Flow.model_fields)
    assert set(table("Every step can have these lines:")) == set(Step.model_fields)
    assert set(table("Every option can have these:")) == set(OptionStep.model_fields)


@pytest.mark.parametrize("name", BY_TYPE)
def test_what_only_one_kind_of_step_has_is_explained_under_it(name):
    section = HANDBOOK.partition(f"### `{name}`")[2].partition("\n#")[0]
    own = set(BY_TYPE[name].model_fields) - set(Step.model_fields)
    assert [field for field in own if field not in section] == []


def test_every_word_in_braces_is_listed():
    listed = {name.strip("{}") for name in table("Earshot fills these in.")}
    assert listed == set(EVERYWHERE)
    also = HANDBOOK.partition("In a read-back also")[2].partition("\n")[0]
    assert set(re.findall(r"\{(\w+)\}", also)) == set(READ_BACK)


def test_every_code_of_a_check_is_listed():
    assert table("## What the check looks for") == CODES


def test_the_handbook_is_as_plain_as_what_it_asks_for():
    prose = re.sub(r"```.*?```", "", HANDBOOK, flags=re.DOTALL)
    prose = re.sub(r"^(?:\||#|    ).*$", "", prose, flags=re.MULTILINE)
    assert len(prose.split()) > 400
    assert reading_age(prose.replace("`", "")) <= 11
