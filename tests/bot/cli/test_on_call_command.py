"""`earshot team oncall`: whom to alert, and how their phone is linked, without a number on the screen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from bot.settings.environment import read
from bot.settings.open_database import opened_database
from bot.turn import alerts
from flows.language.segments import count
from storage import tables
from storage.queries.team import on_call

if TYPE_CHECKING:
    from tests.bot.terminal import Terminal

SMS = {
    "EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32, "EARSHOT_TWILIO_AUTH_TOKEN": "c" * 32,
    "EARSHOT_TWILIO_FROM": "+447700900999",
}  # fmt: skip
NUMBER = "+447700900801"


@pytest.fixture
def anna(earshot: Terminal) -> str:
    """Somebody of the team who may look after people."""
    assert earshot("team", "add", "anna@example.org", "--role", "safeguarding") == 0
    return "anna@example.org"


def rows(table: Any) -> list[Any]:
    with opened_database(read({})) as base:
        return list(base.writer.run(lambda c: c.execute(select(table.__table__)).all()))


def test_a_code_is_shown_once_and_kept_as_a_hash(earshot: Terminal, anna: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SMS.items():
        monkeypatch.setenv(name, value)
    assert earshot("team", "oncall", anna, "--position", "2") == 0
    found = re.search(r"to \+447700900999:  ALERTS (\w{4}-\w{4}-\w{4})\n", earshot.said)
    assert found
    (row,) = rows(tables.OnCall)
    assert (row.position, row.code_hash) == (2, alerts.digest(found[1].replace("-", "")))
    assert "15 minutes" in earshot.said
    assert earshot("team", "oncall") == 0
    assert earshot.said == "2  anna@example.org  no phone yet: waiting for the code from it\n"


def test_the_link_for_telegram_carries_the_code(earshot: Terminal, anna: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARSHOT_TELEGRAM_TOKEN", "123456789:AAbbCCddEEff-0123456789_abcdefghijk")
    assert earshot("team", "oncall", anna) == 0
    assert re.search(r"\?start=alerts_[2-9a-z]{12}\n", earshot.said)


def test_a_number_can_be_linked_at_once_and_is_never_printed(earshot: Terminal, anna: str) -> None:
    assert earshot("team", "oncall", anna, "--sms", "+44 7700 900801") == 0
    assert earshot("team", "oncall") == 0
    assert earshot.said == "1  anna@example.org  by text message\n"
    assert "900801" not in earshot.said
    (address,) = rows(tables.Address)
    assert b"900801" not in address.sealed
    (person,) = rows(tables.Contributor)
    assert person.source == on_call.SOURCE


def test_the_number_can_be_asked_for(earshot: Terminal, anna: str) -> None:
    assert earshot("team", "oncall", anna, "--sms", "-", typed=f"{NUMBER}\n") == 0
    assert len(rows(tables.Address)) == 1


def test_a_test_alert_is_written_down(earshot: Terminal, anna: str) -> None:
    assert earshot("team", "oncall", anna, "--test") == 1
    assert "not on call" in earshot.said
    earshot("team", "oncall", anna, "--sms", NUMBER)
    assert earshot("team", "oncall", anna, "--test") == 0
    (row,) = rows(tables.Outbox)
    assert (row.kind, row.state) == ("alert", "queued")
    assert alerts.TEST in row.payload


def test_off_call(earshot: Terminal, anna: str) -> None:
    earshot("team", "oncall", anna, "--sms", NUMBER)
    earshot("team", "oncall", anna, "--test")
    assert earshot("team", "oncall", anna, "--off") == 0
    assert rows(tables.OnCall) == []
    assert [row.state for row in rows(tables.Outbox)] == ["cancelled"]
    earshot("team", "oncall")
    assert "Nobody is on call" in earshot.said
    acts = [row.act for row in rows(tables.Audit) if row.object_kind == "team_member"]
    assert acts[-3:] == ["on_call.linked", "on_call.tested", "on_call.off"]


REFUSED = {
    "a stranger": (["ben@example.org"], "Nobody with this address"),
    "somebody who could not open it": (["rae@example.org"], "could not open what they are alerted to"),
    "half a number": (["anna@example.org", "--sms", "07700 900801"], "not a whole phone number"),
}


@pytest.mark.parametrize(("words", "why"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused(earshot: Terminal, anna: str, words: list[str], why: str) -> None:
    assert anna
    earshot("team", "add", "rae@example.org", "--role", "reviewer")
    assert earshot("team", "oncall", *words) == 1
    assert why in earshot.said
    assert rows(tables.OnCall) == []


def test_a_phone_that_said_stop_is_named_as_such(earshot: Terminal, anna: str) -> None:
    earshot("team", "oncall", anna, "--sms", NUMBER)
    address = tables.Address.__table__
    with opened_database(read({})) as base:
        base.writer.run(lambda c: c.execute(address.update().values(state="opted_out")))
    earshot("team", "oncall")
    assert earshot.said == "1  anna@example.org  by text message, which said STOP\n"
    assert earshot("team", "oncall", anna, "--test") == 1


def test_the_texts_that_go_to_a_phone_are_short_and_plain() -> None:
    for text in (alerts.TEXT.format(address="https://listen.example.org/safeguarding"), alerts.TEST, alerts.LINKED,
                 alerts.NOT_LINKED, alerts.STOPPED):  # fmt: skip
        assert count(text).encoding == "gsm7"
        assert count(text).parts == 1, text
