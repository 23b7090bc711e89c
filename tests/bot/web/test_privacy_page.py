"""The privacy notice: who reads it, in which language, and what it must say."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from bot.settings.environment import read
from bot.web import privacy_page, templating
from flows.authoring.loader import load
from flows.language.readability import longest_sentence, reading_age

GLENBOIG = {"EARSHOT_ORGANISATION": "Glenboig Listening Project", "EARSHOT_CONTACT": "Amina on 01236 000000"}


async def notice(settings: dict[str, str] | None = None, path: str = "/privacy", **headers: str) -> str:
    app = Starlette(routes=privacy_page.routes(read(settings or {})))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", follow_redirects=True
    ) as client:
        answer = await client.get(path, headers=headers)
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    return " ".join(answer.text.split())


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("who we are", "We are Glenboig Listening Project."),
        ("whom to reach", "Amina on 01236 000000"),
        ("what for", "What it is for"),
        ("why it may be done", "The law calls this consent."),
        ("private things", "health, faith, money or family"),
        ("what is kept", "Your story</b>, in your own words"),
        ("where somebody is", "turn it into the name of the nearest place at once"),
        ("how long", "up to 2 years"),
        ("who sees it", "The people on our team who read stories."),
        ("taking it back", "<dt>DELETE</dt>"),
        ("seeing it", "<dt>MY DATA</dt>"),
        ("being left alone", "<dt>STOP</dt>"),
        ("complaining to us", "We tell you within 30 days that we have your complaint"),
        ("complaining to somebody else", "Information Commissioner’s Office: 0303 123 1113"),
        ("danger", "ring 999"),
        ("changing it", "<dt>CHANGE</dt>"),
        ("taking messages out of the chat", "<dt>DELETE CHAT</dt>"),
        ("finding it again from another phone", "The three words of your receipt work from any phone."),
        ("seeing an edited version first", "we show you the new words first"),
        ("being asked again", "we ask you if it still holds, if you let us write to you. We remind you once."),
        ("what stays after deleting everything", "None of it holds your name, your number or your words."),
        ("copies", "If we ever use such a copy, what you deleted is deleted again."),
        ("who can make us", "A court or the police may be able to make us hand over what we hold."),
        ("what a place does not hide", "Your own words can still show who you are."),
        ("what it costs", "We charge nothing"),
        ("words that worry us", "A person on our team is asked to look as well."),
        ("no promise of being watched", "we cannot promise that anyone looks soon"),
        ("who may look up a number, and why", "They must say why, and it is written down."),
        ("somebody who writes for another", "we note who, where, and that it was read out to you"),
        ("no decisions by machines", "No machine decides anything about you."),
    ],
)
async def test_it_answers(question: str, answer: str) -> None:
    assert answer in await notice(GLENBOIG)


def test_what_it_says_of_stories_is_what_the_flows_ask_consent_for() -> None:
    asked = [
        step.text for flow in load() for step in flow.steps.values() if getattr(step, "purpose", "") == "take_part"
    ]
    assert asked
    years = privacy_page.KeptData(unfinished_days=1, messages_days=1, contact_days=1, steady_days=1).story_years
    assert all(f"up to {years} years" in text for text in asked)


async def test_the_days_it_promises_are_those_that_retention_goes_by() -> None:
    ours = {"EARSHOT_KEEP_RAW_DAYS": "7", "EARSHOT_KEEP_UNFINISHED_DAYS": "14", "EARSHOT_KEEP_CONTACT_DAYS": "90"}
    for settings, (unfinished, raw, contact) in (
        ({}, ("30 days", "30 days", "12 months")),
        (ours, ("14", "7", "90 days")),
    ):
        said = await notice(settings)
        assert f"A story you began and did not finish: {unfinished}" in said
        assert f"The messages as they came in: {raw}" in said
        assert f"at most {contact} after you last wrote" in said


@pytest.mark.parametrize(
    ("settings", "named", "not_named"),
    [
        ({"EARSHOT_TELEGRAM_TOKEN": "123:abcdef"}, "<h3>Telegram</h3>", "Twilio"),
        (
            {
                "EARSHOT_TWILIO_ACCOUNT_SID": "AC0",
                "EARSHOT_TWILIO_AUTH_TOKEN": "x",
                "EARSHOT_TWILIO_FROM": "+447700900123",
            },
            "<h3>Twilio, and phone companies</h3>",
            "<h3>Telegram</h3>",
        ),
    ],
    ids=["telegram", "sms"],
)
async def test_it_names_who_carries_the_messages_and_nobody_else(
    settings: dict[str, str], named: str, not_named: str
) -> None:
    said = await notice(settings)
    assert named in said
    assert not_named not in said


async def test_before_a_team_has_put_in_its_name_it_warns() -> None:
    assert "This is a try-out." in await notice()
    assert "This is a try-out." not in await notice(GLENBOIG)


async def test_another_country_has_another_office() -> None:
    assert "Data Protection Commission" in await notice({"EARSHOT_COUNTRY": "IE"})
    assert "the office that watches over data protection in your country" in await notice({"EARSHOT_COUNTRY": "FR"})


async def test_what_a_setting_holds_cannot_become_markup() -> None:
    assert "&lt;b&gt;Us" in await notice({"EARSHOT_ORGANISATION": "<b>Us</b>"})


@pytest.mark.parametrize(
    ("accepted", "first"),
    [
        ("cy,en;q=0.8", "cy"),
        ("en;q=0.3, cy;q=0.9", "cy"),
        ("fr, de;q=0.5", "en"),
        ("cy-GB", "cy"),
        ("", "en"),
        ("en;q=rubbish,cy;q=0.1", "cy"),
        (",;,", "en"),
    ],
)
def test_a_browser_is_answered_in_a_language_it_asked_for(accepted: str, first: str) -> None:
    assert privacy_page.preferred(accepted, ("en", "cy")) == first


async def test_a_language_without_a_notice_falls_back_and_an_unknown_one_is_left() -> None:
    assert '<html lang="en">' in await notice({"EARSHOT_LANGUAGES": "pl"}, **{"Accept-Language": "pl"})
    assert '<html lang="en">' in await notice(path="/privacy?lang=../../etc")


def test_every_notice_has_the_same_parts() -> None:
    files = sorted((Path(templating.TEMPLATES) / "privacy").glob("*.html"))
    assert files
    for file in files:
        text = file.read_text(encoding="utf-8")
        for part in ("who", "why", "what", "long", "sees", "worry", "helps", "rights", "complain"):
            assert f'id="{part}"' in text, (file.name, part)


@pytest.mark.parametrize("settings", [{}, GLENBOIG], ids=["try-out", "real"])
async def test_it_can_be_read_at_eleven(settings: dict[str, str]) -> None:
    page = (await notice(settings)).partition("<article")[2].partition("</article>")[0]
    lines = re.sub(r"</(?:p|li|h\d|dt|dd)>", "\n", re.sub(r"<svg.*?</svg>", "", page))
    text = unescape(re.sub(r"<[^>]+>", "", lines.partition(">")[2]))
    assert len(text.split()) > 600
    assert reading_age(text) <= 11
    assert [line.strip() for line in text.splitlines() if longest_sentence(line) > 25] == []
