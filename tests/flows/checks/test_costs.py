"""What the shipped flows cost a person, counted on a real way through them, and what the counting must not miss."""

from __future__ import annotations

import pytest

from flows.authoring.loader import load
from flows.checks import costs_of
from flows.walk.walked_costs import BEFORE, PUBLISHED, QUESTIONS, SECONDS, STORY, line

FLOWS = {flow.id: flow for flow in load()}


def by_sms(flow):
    (found,) = (cost for cost in costs_of(flow) if cost.channel == "sms")
    return found


@pytest.mark.parametrize("name", FLOWS)
def test_a_story_by_text_stays_within_what_a_tired_person_can_give(name):
    cost = by_sms(FLOWS[name])
    assert 0 < cost.before <= BEFORE
    assert cost.before < cost.story <= STORY
    assert cost.story <= cost.published <= PUBLISHED
    assert 0 < cost.questions <= QUESTIONS
    assert 10 < cost.seconds < SECONDS


@pytest.mark.parametrize("name", FLOWS)
def test_in_a_chat_no_segments_are_counted_and_as_many_questions(name):
    (cost,) = (cost for cost in costs_of(FLOWS[name]) if cost.channel == "telegram")
    assert (cost.before, cost.story, cost.published) == (0, 0, 0)
    assert cost.questions <= QUESTIONS


def test_without_a_limit_every_bonus_is_asked_and_costs():
    flow = FLOWS["share"]
    endless = flow.model_copy(update={"questions_after": 9})
    assert by_sms(endless).questions > by_sms(flow).questions
    assert by_sms(endless).published > by_sms(flow).published


def test_a_longer_message_before_the_invitation_is_counted():
    flow = FLOWS["share"]
    welcome = flow.steps["welcome"].model_copy(update={"text_sms": "We listen. " * 20})
    longer = flow.model_copy(update={"steps": {**flow.steps, "welcome": welcome}})
    assert by_sms(longer).before == by_sms(flow).before + 1


def test_a_cost_is_one_line():
    said = line("share", by_sms(FLOWS["share"]))
    assert said.startswith("share, sms, en: 3 segments before the invitation, ")
    assert "\n" not in said
