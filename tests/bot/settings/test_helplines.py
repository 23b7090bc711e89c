"""The signpost's helplines: which are named where, in how many segments, and which nobody has made sure of."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.doctor.examine import examine
from bot.doctor.finding import CheckContext
from bot.settings.environment import read
from bot.settings.organisation import helplines, organisation_facts
from flows.authoring.loader import load
from flows.authoring.release import compile_release
from flows.authoring.texts import texts_for
from flows.interruptions.signpost import Care
from flows.interruptions.turn_builder import TurnBuilder
from flows.language.segments import count
from flows.model.conversation import idle
from flows.model.messages import sms_text

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def signpost(settings: dict[str, str]) -> str:
    spoken = organisation_facts(read(settings))
    flow = next(flow for flow in load() if flow.id == "share")
    release = compile_release(flow, texts_for(flow, {}), spoken)
    state = idle(id="c", token="t", flow="share", channel="sms", language="en", now=NOW)
    return sms_text(Care().ask(TurnBuilder(release, state, NOW)))


def told(settings: dict[str, str], folder: Path) -> str:
    patient = CheckContext(settings=read(settings | {"EARSHOT_DATA_DIR": str(folder)}), now=NOW)
    return " ".join(finding.what for finding in examine(patient) if finding.grade != "good")


@pytest.mark.parametrize(
    ("nation", "names"),
    [
        ("", ["999", "Samaritans 116 123", "SHOUT to 85258", "Childline 0800 1111"]),
        ("england", ["NHS 111, option 2"]),
        ("wales", ["NHS 111, option 2"]),
        ("Scotland", ["NHS 24 on 111"]),
        ("northern ireland", ["Lifeline 0808 808 8000"]),
    ],
)
def test_the_signpost_names_the_lines_of_the_nation_in_two_segments_and_nothing_of_what_was_written(nation, names):
    text = signpost({"EARSHOT_NATION": nation, "EARSHOT_ORGANISATION": "G" * 40})
    assert [name for name in names if name not in text] == []
    assert (count(text).encoding, count(text).parts) == ("gsm7", 2)
    assert not re.search(r"suicid|abus|violen|harm|mental|police", text, re.IGNORECASE)


def test_the_signpost_promises_nothing():
    text = signpost({"EARSHOT_ORGANISATION": "Easton Listens"})
    assert "Easton Listens is no emergency service and may not read this soon" in text


def test_ireland_names_its_own_lines_and_no_british_ones():
    text = signpost({"EARSHOT_COUNTRY": "IE"})
    assert "112" in text
    assert "1800 66 66 66" in text
    assert "85258" not in text


def test_a_country_without_lines_names_the_emergency_number_alone():
    text = signpost({"EARSHOT_COUNTRY": "FR"})
    assert text.count("112") == 1


def test_a_nation_that_is_none_is_wrong_and_old_lines_are_named(tmp_path):
    assert "no helplines for narnia" in told({"EARSHOT_NATION": "narnia"}, tmp_path)
    assert "NHS 24 on 111 was last checked on 1 January 2021" in told({"EARSHOT_NATION": "scotland"}, tmp_path)
    assert "last checked" not in told({"EARSHOT_NATION": "wales"}, tmp_path)


def test_no_line_is_named_that_nobody_made_sure_of():
    unsure = [
        helpline.line
        for nations in helplines().values()
        for lines in nations.values()
        for helpline in lines.values()
        if not helpline.sent
    ]
    assert unsure
    for nation in helplines()["GB"]:
        spoken = organisation_facts(read({"EARSHOT_NATION": nation})).model_dump_json()
        assert [line for line in unsure if line in spoken] == []
