"""The flows that ship pass their own checks."""

from __future__ import annotations

import pytest

from flows.authoring.flow_graph import Graph
from flows.authoring.loader import load
from flows.authoring.texts import TEXTS, read_catalogues
from flows.checks import check_everywhere, check_flow

FLOWS = {flow.id: flow for flow in load()}
LANGUAGES = sorted(path.stem for path in TEXTS.glob("*.po"))


@pytest.mark.parametrize("name", FLOWS)
def test_a_shipped_flow_has_no_finding_but_how_long_a_chat_is(name):
    found = check_flow(FLOWS[name], f"{name}.toml")
    assert [str(finding) for finding in found if finding.code != "slow_to_read"] == []
    assert all("On Telegram" in finding.what for finding in found)


def test_the_texts_of_every_flow_have_no_finding():
    assert [str(finding) for finding in check_everywhere()] == []


@pytest.mark.parametrize("name", [*FLOWS, "everywhere"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_draft_gives_warnings_only(name, language):
    catalogues = read_catalogues([language])
    found = (
        check_everywhere(catalogues) if name == "everywhere" else check_flow(FLOWS[name], f"{name}.toml", catalogues)
    )
    assert [str(finding) for finding in found if finding.severity == "error"] == []
    assert "translation_unchecked" in {finding.code for finding in found}


def test_share_asks_seven_questions_by_sms_and_the_story_is_the_second():
    graph = Graph.of(FLOWS["share"], "sms")
    way = graph.longest(wide=False)
    assert len(way) <= 7
    assert way.index("story") <= 2
    assert [name for name in graph.longest() if name not in way] == ["naming", "credit"]


@pytest.mark.parametrize("step", FLOWS["share"].steps)
def test_taking_any_step_out_is_found_and_never_breaks_a_check(step):
    flow = FLOWS["share"]
    steps = {name: kept for name, kept in flow.steps.items() if name != step}
    findings = check_flow(flow.model_copy(update={"steps": steps}), "share.toml", read_catalogues(LANGUAGES))
    assert "unknown_target" in {finding.code for finding in findings}


@pytest.mark.parametrize("step", FLOWS["share"].steps)
def test_beginning_anywhere_but_at_the_welcome_is_found(step):
    flow = FLOWS["share"].model_copy(update={"start": step})
    codes = {finding.code for finding in check_flow(flow, "share.toml")}
    assert ("unreachable" in codes) is (step != "welcome")
    if flow.steps[step].sensitive:
        assert "no_consent" in codes
