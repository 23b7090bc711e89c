"""`earshot team`: letting people in and out from the command line."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import text

from bot.settings.environment import read
from bot.settings.open_database import opened_database
from storage.queries.team import members

if TYPE_CHECKING:
    from tests.bot.terminal import Terminal


def with_password(email: str) -> None:
    """Let somebody have chosen a password."""
    with opened_database(read({})) as base:
        member = base.writer.run(partial(members.member_by_email, email=email))
        assert member is not None
        base.writer.run(lambda c: members.set_password(c, member.id, name="Sam", password_hash="$argon2id$"))


def test_somebody_is_put_out(earshot: Terminal) -> None:
    for email, role in (("lead@example.org", "lead"), ("sam@example.org", "reviewer")):
        assert earshot("team", "add", email, "--role", role) == 0
        with_password(email)
    assert earshot("team", "token", "sam@example.org") == 0
    assert earshot("team", "remove", "Sam@Example.org") == 0
    assert "sam@example.org is removed" in earshot.said
    assert earshot("team", "list") == 0
    assert earshot.said == "lead@example.org  lead\nsam@example.org  left\n"
    with opened_database(read({})) as base:
        kept = base.writer.run(
            lambda c: c.execute(text("SELECT count(*) FROM api_token WHERE revoked_at IS NULL")).scalar()
        )
    assert kept == 0
    assert earshot("team", "token", "sam@example.org") == 1
    assert earshot("team", "remove", "sam@example.org") == 1
    assert "Nobody with this address is on the team" in earshot.said


def test_the_last_lead_cannot_be_put_out_or_given_another_role(earshot: Terminal) -> None:
    earshot("team", "add", "lead@example.org", "--role", "lead")
    with_password("lead@example.org")
    for words in (("remove", "lead@example.org"), ("add", "lead@example.org", "--role", "outreach")):
        assert earshot("team", *words) == 1
        assert "only lead" in earshot.said
    earshot("team", "list")
    assert earshot.said == "lead@example.org  lead\n"


def test_a_lost_laptop_is_signed_out_from_the_command_line(earshot: Terminal) -> None:
    earshot("team", "add", "sam@example.org")
    with_password("sam@example.org")
    assert earshot("team", "sign-out", "sam@example.org") == 0
    assert earshot.said == "Signed out of 0 browsers.\n"
    assert earshot("team", "sign-out", "nobody@example.org") == 1


def test_what_is_no_address_is_told_so(earshot: Terminal) -> None:
    earshot("db", "upgrade")
    assert earshot("team", "remove", "sam") == 1
    assert "does not look like an email address" in earshot.said
    assert earshot("team", "list") == 0
    assert "first lead" in earshot.said
