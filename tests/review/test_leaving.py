"""Leaving the team: whoever is put out is out at once, what they held is open again, and a lead always remains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from review.kit import accounts, end_membership
from storage.db.engine import reader
from storage.queries.contributors import people
from storage.queries.team import api_tokens, members, on_call, safeguarding_work
from tests.review.conftest import PASSWORD, Room
from tests.review.room import NOON
from tests.review.test_safeguarding_page import worry

if TYPE_CHECKING:
    from sqlalchemy import Engine
    from sqlalchemy.engine import Connection

    from storage.db.writer import Writer
    from storage.queries.team.members import Member


def member(room: Room, email: str) -> Member:
    with reader(room.engine) as connection:
        found = members.member_by_email(connection, email)
    assert found is not None
    return found


async def test_whoever_is_put_out_is_out_at_once(database: Engine, writer: Writer) -> None:
    room = Room(database, writer)
    lead = await room.member("lead")
    bo = await room.member("reviewer", "Bo Lindqvist")
    one = member(room, "bo@example.org")
    waiting = accounts.make_link(writer, "bo@example.org", "reviewer", now=NOON)
    room.does(lambda c: api_tokens.replace_token(c, member_id=one.id, token_hash="t" * 64, now=NOON))
    words = await lead.open("/team")
    assert "Bo Lindqvist" in words
    await lead.send(f"/team/{one.id}/remove")
    assert lead.status == 422, "a slip of the finger is not enough"
    assert "They are removed" in await lead.send(f"/team/{one.id}/remove", sure="yes")
    await bo.open("/")
    assert bo.path == "/sign-in"
    await bo.sign_in("bo@example.org", PASSWORD)
    assert bo.status == 401
    await bo.open(f"/join/{waiting}")
    assert bo.status == 410
    with reader(database) as connection:
        assert (
            connection.execute(text("SELECT count(*) FROM team_session WHERE member_id = :m"), {"m": one.id}).scalar()
            == 0
        )
        assert connection.execute(text("SELECT count(*) FROM api_token WHERE revoked_at IS NULL")).scalar() == 0
        (act,) = connection.execute(text("SELECT who, detail FROM audit WHERE act = 'member.removed'")).all()
    assert tuple(act) == ("amina@example.org", "reviewer")
    assert "Left Bo Lindqvist" in await lead.open("/team")


async def test_somebody_who_comes_back_chooses_a_new_password(team_room: Room) -> None:
    await team_room.member("lead")
    bo = await team_room.member("reviewer", "Bo Lindqvist")
    end_membership.remove_member(team_room.writer, member(team_room, "bo@example.org").id, now=NOON, who="test")
    token = accounts.make_link(team_room.writer, "bo@example.org", "reviewer", now=NOON)
    await bo.sign_in("bo@example.org", PASSWORD)
    assert bo.status == 401, "the old password is gone"
    await bo.join(token, name="Bo Lindqvist", email="", password="a fourth blue bottle")
    assert bo.path == "/"


async def test_the_last_lead_stays(database: Engine, writer: Writer) -> None:
    room = Room(database, writer)
    lead = await room.member("lead")
    accounts.make_link(writer, "new@example.org", "lead", now=NOON)
    one = member(room, "amina@example.org")
    await lead.open("/team")
    assert "the only lead who can sign in" in await lead.send(f"/team/{one.id}/remove", sure="yes")
    assert lead.status == 409, "the other has not chosen a password yet"
    with pytest.raises(end_membership.LastLeadError):
        accounts.make_link(writer, "amina@example.org", "reviewer", now=NOON)
    assert member(room, "amina@example.org").role == "lead"
    await room.member("lead", "Bo Lindqvist")
    assert lead.path.startswith("/team")
    await lead.open("/team")
    await lead.send(f"/team/{one.id}/remove", sure="yes")
    assert lead.path.startswith("/sign-in"), "now she may go, and is out"


async def test_two_leads_cannot_put_each_other_out_at_once(database: Engine, writer: Writer) -> None:
    room = Room(database, writer)
    await room.member("lead")
    await room.member("lead", "Bo Lindqvist")
    leads = [member(room, f"{name}@example.org").id for name in ("amina", "bo")]
    end_membership.remove_member(writer, leads[0], now=NOON, who="bo")
    with pytest.raises(end_membership.LastLeadError):
        end_membership.remove_member(writer, leads[1], now=NOON, who="amina")


@pytest.mark.parametrize("how", ["put out", "another role"])
async def test_what_they_looked_after_is_open_again_and_nobody_is_alerted_in_vain(
    database: Engine, writer: Writer, how: str
) -> None:
    room = Room(database, writer)
    await room.member("lead")
    carer = await room.member("safeguarding", "Bo Lindqvist")
    one = member(room, "bo@example.org")
    item = worry(room)
    await carer.open(f"/safeguarding/{item}")
    await carer.send(f"/safeguarding/{item}/take")

    def phone(connection: Connection) -> None:
        person = people.make_person(
            connection, channel="sms", lookups=[b"p" * 32], sealed=b"s", now=NOON, source="on_call"
        )
        on_call.link_directly(connection, member_id=one.id, position=1, address_id=person.address_id, now=NOON)

    room.does(phone)
    if how == "put out":
        left = end_membership.remove_member(writer, one.id, now=NOON, who="test")
        assert (left.handed_back, left.was_on_call, left.on_call_left) == (1, True, 0)
    else:
        accounts.make_link(writer, "bo@example.org", "reviewer", now=NOON)
    with reader(database) as connection:
        found = safeguarding_work.item_by_id(connection, item)
        assert found is not None
        assert (found.taken_by, found.taken_at) == (None, None)
        assert on_call.contacts(connection) == []
        assert connection.execute(text("SELECT next_alert_at IS NOT NULL FROM safeguarding")).scalar()


async def test_a_lost_laptop_is_signed_out(team_room: Room) -> None:
    lead = await team_room.member("lead")
    laptop = await team_room.member("reviewer", "Bo Lindqvist")
    one = member(team_room, "bo@example.org")
    await lead.open("/team")
    assert "Signed in, in 1 browser" in lead.words
    assert "signed out everywhere" in await lead.send(f"/team/{one.id}/sign-out")
    await laptop.open("/")
    assert laptop.path == "/sign-in"
    await laptop.sign_in("bo@example.org", PASSWORD)
    assert laptop.path == "/"


@pytest.mark.parametrize("role", ["reviewer", "safeguarding", "outreach"])
async def test_only_leads_see_the_team(team_room: Room, role: str) -> None:
    await team_room.member("lead")
    visitor = await team_room.member(role, "Bo Lindqvist")
    await visitor.open("/team")
    assert visitor.status == 403
    token = visitor.form("/sign-out").fields["form_token"][0]
    for act in ("remove", "sign-out"):
        await visitor.post("/team/1/" + act, [("form_token", token), ("sure", "yes")])
        assert visitor.status == 403
    with reader(team_room.engine) as connection:
        assert all(one.active for one in members.all_members(connection))


@pytest.mark.parametrize(
    ("path", "status"), [("/team/99/remove", 409), (f"/team/{2**40}/remove", 404), ("/team/1/bless", 404)]
)
async def test_nobody_there_is_told_so(team_room: Room, path: str, status: int) -> None:
    lead = await team_room.member("lead")
    token = lead.form("/sign-out").fields["form_token"][0]
    await lead.post(path, [("form_token", token), ("sure", "yes")])
    assert lead.status == status
