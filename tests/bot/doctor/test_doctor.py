"""The doctor: for each thing that can be wrong, that it is found and what is said to do."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.app import build
from bot.doctor import data_checks
from bot.doctor import examine as doctor
from bot.doctor.examine import CHECKS, examine
from bot.doctor.finding import CheckContext
from bot.settings.environment import BadSettingsError, read, unknown
from bot.settings.open_database import open_database
from flows.model.staffed_hours import StaffedHours
from storage import tables
from storage.protection.crypto import address_lookups, new_key, seal_address
from storage.queries.contributors import people
from storage.queries.team import members, on_call
from storage.queries.team.safeguarding_items import raise_concern
from tests.bot.service import MAYA, NOON, OURS, TOKEN, sms_form

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from bot.doctor.finding import DoctorFinding
    from storage.protection.crypto import Keyring
    from tests.bot.terminal import Terminal

GOOD = {
    "EARSHOT_ORGANISATION": "Easton Listens",
    "EARSHOT_CONTACT": "ring 0117 496 0000",
    "EARSHOT_PUBLIC_URL": "https://listen.example.org",
    "EARSHOT_TELEGRAM_TOKEN": TOKEN,
    "EARSHOT_TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "EARSHOT_TWILIO_AUTH_TOKEN": "c" * 32,
    "EARSHOT_TWILIO_FROM": OURS,
}


@pytest.fixture
def healthy(data_dir: Path) -> dict[str, str]:
    """The settings of an installation that has been started once."""
    given = GOOD | {"EARSHOT_DATA_DIR": str(data_dir)}
    app = build(read(given))
    app.writer.run(lambda connection: put_on_call(connection, app.keyring))
    app.close()
    return given


def put_on_call(connection: Connection, keyring: Keyring) -> None:
    """Put a first and a second contact on call, each with a phone."""
    for position, number in ((1, "+447700900801"), (2, "+447700900802")):
        member = members.add_member(connection, email=f"{position}@example.org", name="", role="lead", at=NOON)
        person = people.make_person(
            connection, channel="sms", lookups=address_lookups(keyring, "sms", number),
            sealed=seal_address(keyring, number), now=NOON,
        )  # fmt: skip
        on_call.link_directly(connection, member_id=member, position=position, address_id=person.address_id, now=NOON)


def with_database(given: dict[str, str], work: Callable[[Connection], Any]) -> dict[str, DoctorFinding]:
    """Change something in the database, then look."""
    base = open_database(read(given))
    base.writer.run(work)
    base.close()
    return look(given)


def look(given: dict[str, str], now: datetime | None = None) -> dict[str, DoctorFinding]:
    """Return what is not good, by what is said of it."""
    patient = CheckContext(settings=read(given), unknown=unknown(given), now=now or datetime.now(UTC))
    return {finding.what: finding for finding in examine(patient) if finding.grade != "good"}


def test_there_are_looks_at_everything_that_was_promised() -> None:
    names = {one.__name__.strip("_") for one in CHECKS}
    assert {"settings", "database", "keys", "telegram", "text_messages", "clock", "disk", "flows", "languages"} <= names


def test_the_languages_that_flows_really_speak_are_named(healthy: dict[str, str]) -> None:
    offered = healthy | {"EARSHOT_LANGUAGES": "en,pl"}
    (good,) = [one for one in examine(CheckContext(settings=read(offered))) if "Languages of the flows" in one.what]
    assert good.what == "Languages of the flows: feedback in en; share in en."
    care = look(offered)["pl is offered, but these flows do not speak it: feedback, share."]
    assert care.grade == "warn"
    assert "pl.po" in care.advice
    assert not [what for what in look(healthy) if "is offered" in what]


def test_drafts_that_wait_for_a_speaker_are_named(healthy: dict[str, str]) -> None:
    (found,) = [one for one in examine(CheckContext(settings=read(healthy))) if "Drafts" in one.what]
    assert found.grade == "good"
    assert "words of danger in ar, cy" in found.what
    assert "not sent before" in found.what


def test_nothing_is_wrong_with_a_healthy_installation(healthy: dict[str, str]) -> None:
    assert look(healthy) == {}


def test_before_the_first_start_nothing_is_wrong_and_nothing_is_made(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    found = look({"EARSHOT_DATA_DIR": str(folder)})
    assert {finding.grade for finding in found.values()} == {"warn"}
    assert not folder.exists()


ILL = {
    "a slip in a name": ({"EARSHOT_CONTRY": "GB"}, "warn", "no such setting", "EARSHOT_COUNTRY"),
    "a demo team": ({"EARSHOT_ORGANISATION": "Earshot demo team"}, "warn", "demo team", "EARSHOT_ORGANISATION"),
    "no contact": ({"EARSHOT_CONTACT": ""}, "warn", "no number", "EARSHOT_CONTACT"),
    "a country without helplines": ({"EARSHOT_COUNTRY": "FR"}, "wrong", "no helplines for FR", "helplines.toml"),
    "helplines nobody rang lately": ({"EARSHOT_COUNTRY": "IE"}, "warn", "last checked on", "Ring them"),
    "an open simulator": ({"EARSHOT_SIMULATOR": "on"}, "warn", "Anybody can open", "EARSHOT_SIMULATOR=off"),
    "a token cut off": ({"EARSHOT_TELEGRAM_TOKEN": "123456:AAbb"}, "wrong", "cut off", "@BotFather"),
    "an account cut off": ({"EARSHOT_TWILIO_ACCOUNT_SID": "AC0"}, "wrong", "Account SID", "Copy it whole"),
    "an auth token cut off": ({"EARSHOT_TWILIO_AUTH_TOKEN": "c"}, "wrong", "Auth Token", "Copy it whole"),
    "an address of this machine": (
        {"EARSHOT_PUBLIC_URL": "http://127.0.0.1:8000"}, "wrong", "Twilio cannot reach", "EARSHOT_PUBLIC_URL"
    ),
    "no encryption": (
        {"EARSHOT_PUBLIC_URL": "http://listen.example.org"}, "wrong", "without encryption", "https"
    ),
    "a port Telegram does not call": (
        {"EARSHOT_PUBLIC_URL": "https://listen.example.org:9443"}, "wrong", "port 9443", "8443"
    ),
    "a flow that is not there": ({"EARSHOT_DEFAULT_FLOW": "tell"}, "wrong", "no flow tell", "EARSHOT_DEFAULT_FLOW"),
    "a key that is none": ({"EARSHOT_SECRET_KEY": "short"}, "wrong", "secret key number 1", "Put the key back"),
    "a secret that can be guessed": (
        {"EARSHOT_TELEGRAM_WEBHOOK_SECRET": "s3cret"}, "warn", "webhook secret", "EARSHOT_TELEGRAM_WEBHOOK_SECRET"
    ),
    "a database of another kind": ({"EARSHOT_DATABASE_URL": "mysql://h/n"}, "wrong", "mysql", "EARSHOT_DATABASE_URL"),
    "a database that is not there": (
        {"EARSHOT_DATABASE_URL": "postgresql+psycopg://127.0.0.1:9/n"}, "wrong", "does not answer", "Start it"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "grade", "what", "advice"), ILL.values(), ids=ILL.keys())
def test_what_is_wrong_is_found_with_what_to_do(
    healthy: dict[str, str], changes: dict[str, str], grade: str, what: str, advice: str
) -> None:
    found = [finding for finding in look(healthy | changes).values() if what in finding.what]
    assert [finding.grade for finding in found] == [grade]
    assert advice in found[0].advice


def test_a_key_that_others_can_read(healthy: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "var" / "secret.key").chmod(0o644)
    (found,) = look(healthy).values()
    assert (found.grade, found.advice) == ("wrong", f"chmod 600 {tmp_path / 'var' / 'secret.key'}")


def test_a_folder_that_others_can_read(healthy: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "var").chmod(0o755)
    (found,) = look(healthy).values()
    assert found.grade == "warn"


async def test_keys_that_do_not_fit_what_was_sealed(healthy: dict[str, str], tmp_path: Path) -> None:
    app = build(read(healthy))
    event = app.channels["sms"].parse(
        b"&".join(f"{name}={value}".encode() for name, value in sms_form(MAYA.replace("+", "%2B"), "Hello").items())
    )
    await app.intake.take(event)
    app.close()
    assert look(healthy) == {}
    key = tmp_path / "var" / "secret.key"
    key.write_text(new_key())
    (found,) = look(healthy).values()
    assert found.grade == "wrong"
    assert "do not fit" in found.what
    key.unlink()
    (found,) = look(healthy).values()
    assert found.grade == "wrong"
    assert "is not at" in found.what


def test_a_damaged_database(healthy: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "var" / "earshot.db"
    content = bytearray(path.read_bytes())
    content[40_000:300_000] = b"\0" * 260_000
    path.write_bytes(content)
    assert any(finding.grade == "wrong" and "database" in finding.what for finding in look(healthy).values())


def test_a_clock_that_went_back(healthy: dict[str, str]) -> None:
    (found,) = look(healthy, datetime.now(UTC) - timedelta(hours=1)).values()
    assert found.grade == "wrong"
    assert "clock" in found.what


def test_a_full_disk(healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(data_checks.shutil, "disk_usage", lambda _path: usage.__class__(1, 1, 20_000_000))
    (found,) = look(healthy).values()
    assert found.what == "Only 20 MB of disk are free."


def test_a_look_that_fails_is_a_finding_and_stops_no_other(
    healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def _stars(_patient: CheckContext) -> None:
        raise ZeroDivisionError(MAYA)

    monkeypatch.setattr(doctor, "CHECKS", (_stars, *CHECKS))
    (found,) = look(healthy).values()
    assert found.what == "The check of stars failed: ZeroDivisionError."


def test_the_command_fails_only_for_what_is_wrong(
    earshot: Terminal, healthy: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in healthy.items():
        monkeypatch.setenv(name, value)
    assert earshot("doctor") == 0
    assert "Nothing is wrong." in earshot.said
    monkeypatch.setenv("EARSHOT_CONTACT", "")
    assert earshot("doctor") == 0
    monkeypatch.setenv("EARSHOT_COUNTRY", "FR")
    assert earshot("doctor") == 1
    assert "One thing does not work." in earshot.said
    monkeypatch.setenv("EARSHOT_COUNTRY", "France")
    assert earshot("doctor") == 1
    assert "two capital letters" in earshot.said
    with pytest.raises(BadSettingsError):
        read({"EARSHOT_COUNTRY": "France"})


CONTACT = tables.OnCall.__table__
STATE = tables.Address.__table__
MEMBER = tables.TeamMember.__table__
MISSED = datetime(2026, 11, 23, 13, tzinfo=UTC)

ON_CALL: dict[str, tuple[Any, str, str, str]] = {
    "nobody on call": (CONTACT.delete(), "wrong", "Nobody is on call", "team oncall EMAIL"),
    "no second contact": (CONTACT.delete().where(CONTACT.c.position == 2), "warn", "no second contact", "--position 2"),
    "a contact without a phone": (
        CONTACT.update().where(CONTACT.c.position == 2).values(address_id=None), "warn", "linked no phone",
        "team oncall 2@example.org",
    ),
    "a phone that said STOP": (
        STATE.update().where(STATE.c.id == 1).values(state="opted_out"), "wrong", "to 1@example.org have stopped",
        "START",
    ),
    "an alert that did not arrive": (
        CONTACT.update().where(CONTACT.c.position == 1).values(missed_at=MISSED), "wrong",
        "last alert to 1@example.org", "--test",
    ),
    "somebody who has left": (
        MEMBER.update().where(MEMBER.c.email == "2@example.org").values(active=False), "warn", "has left the team",
        "--off",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "grade", "what", "advice"), ON_CALL.values(), ids=ON_CALL)
def test_whether_somebody_would_be_alerted(
    healthy: dict[str, str], change: Any, grade: str, what: str, advice: str
) -> None:
    found = [one for one in with_database(healthy, lambda c: c.execute(change)).values() if what in one.what]
    assert [one.grade for one in found] == [grade]
    assert advice in found[0].advice


def test_an_item_that_nobody_has_looked_at(healthy: dict[str, str]) -> None:
    def work(connection: Connection) -> None:
        raise_concern(
            connection, contributor_id=1, conversation_id=None, inbound_id=None, now=NOON - timedelta(days=7),
            staffed=StaffedHours(),
        )  # fmt: skip

    (found,) = [one for one in with_database(healthy, work).values() if "overdue" in one.what]
    assert (found.grade, found.advice) == ("wrong", "Sign in now: https://listen.example.org/safeguarding")


def test_a_message_that_will_never_go_out_is_named_until_somebody_has_seen_to_it(healthy: dict[str, str]) -> None:
    item = tables.TeamItem.__table__

    def lost(connection: Connection) -> None:
        person = connection.execute(tables.Contributor.__table__.select()).first()
        assert person is not None
        for _ in range(2):
            values = {"contributor_id": person.id}
            connection.execute(item.insert().values(kind="sending", raised_at=NOON, **values))

    said = "1 person will never get a message that was meant for them."
    assert said in with_database(healthy, lost)
    assert said not in with_database(healthy, lambda c: c.execute(item.update().values(closed_at=NOON)))


def test_the_words_hold_no_secret(healthy: dict[str, str]) -> None:
    changes = {"EARSHOT_TELEGRAM_TOKEN": "123456:AAbb", "EARSHOT_TWILIO_AUTH_TOKEN": "quiet"}
    patient = CheckContext(settings=read(healthy | changes))
    said = " ".join(f"{finding.what} {finding.advice}" for finding in examine(patient))
    assert "AAbb" not in said
    assert "quiet" not in said


def test_a_practice_phone_that_a_network_could_reach_is_off_and_said_so(healthy: dict[str, str]) -> None:
    found = look(healthy | {"EARSHOT_HOST": "0.0.0.0", "EARSHOT_PUBLIC_URL": "http://127.0.0.1:8000"})
    assert any("simulator at /try is off" in what for what in found)


def test_a_web_server_on_another_machine_is_asked_after(healthy: dict[str, str]) -> None:
    what = "all callers seem to have one address"
    assert any(what in each for each in look(healthy | {"EARSHOT_HOST": "0.0.0.0"}))
    named = healthy | {"EARSHOT_HOST": "0.0.0.0", "EARSHOT_TRUSTED_PROXIES": "10.0.0.5"}
    assert not any(what in each for each in look(named))
