"""How a flow is walked by each channel."""

from __future__ import annotations

from flows.authoring.flow_graph import Graph, components
from flows.authoring.loader import read

FLOW = """
id = "walk"
title = "A walk"
start = "hello"

[steps.hello]
type = "say"
text = "Hello"
next = "age"

[steps.age]
type = "choice"
when = "telegram"
text = "Are you 18?"
next = "take_part"
options = [
  { value = "adult", label = "18 or over" },
  { value = "minor", label = "Under 18", next = "bye" },
]

[steps.take_part]
type = "consent"
purpose = "take_part"
narrowest = "no"
text = "May we?"
options = [
  { value = "agree", label = "Agree", decision = "yes", next = "story" },
  { value = "no", label = "No", decision = "no", next = "bye" },
]

[steps.story]
type = "story"
text = "What happened?"
next = "read_back"

[steps.read_back]
type = "read_back"
text = "{story}"
change_text = "What?"
next = "bye"
options = [
  { value = "keep", label = "Keep" },
  { value = "change", label = "Change" },
  { value = "drop", label = "Drop", next = "gone" },
]
change = [{ value = "story", label = "The story" }]

[steps.bye]
type = "end"
text = "Bye"

[steps.gone]
type = "end"
text = "Gone"
"""


def test_sms_passes_a_question_for_telegram():
    flow = read(FLOW, "walk.toml")
    assert Graph.of(flow, "sms").longest() == ("take_part", "story", "read_back")
    assert Graph.of(flow, "telegram").longest() == ("age", "take_part", "story", "read_back")


def test_without_a_yes_nobody_gets_to_the_story():
    graph = Graph.of(read(FLOW, "walk.toml"), "sms")
    assert set(graph.routes(lambda edge: not edge.consents)) == {"hello", "age", "take_part", "bye"}
    assert graph.routes()["story"] == ("hello", "age", "take_part", "story")


def test_a_read_back_leads_to_keeping_dropping_changing_and_to_nothing_told():
    edges = Graph.of(read(FLOW, "walk.toml"), "sms").edges["read_back"]
    assert [(edge.by, edge.target) for edge in edges] == [
        ("option keep", "bye"),
        ("option drop", "gone"),
        ("change story", "story"),
        ("nothing told", "gone"),
    ]


def test_the_longest_way_to_some_steps_stops_there():
    graph = Graph.of(read(FLOW, "walk.toml"), "telegram")
    assert graph.longest(to=frozenset({"story"})) == ("age", "take_part", "story")


def test_steps_that_reach_each_other_are_one_group_and_come_after_what_they_lead_to():
    groups = components({"a": ("b",), "b": ("c", "a"), "c": ("d",), "d": (), "e": ("e",)})
    assert groups == (frozenset({"d"}), frozenset({"c"}), frozenset({"a", "b"}), frozenset({"e"}))
