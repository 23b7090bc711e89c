"""`earshot team oncall`: whom to alert when somebody may need help, and on which phone.

Members link their phone by writing from it, so that no number has to be typed here, and none is ever printed.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from bot.channels import way_in_words
from flows.model.vocabulary.delivery import AddressState
from flows.model.vocabulary.item_kinds import Role

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy.engine import Connection

    from bot.settings.open_database import OpenDatabase
    from storage.queries.team.members import Member
    from storage.queries.team.on_call import Contact

NUMBER = re.compile(r"\+[1-9]\d{7,14}")


def oncall(
    email: Annotated[str, typer.Argument(help="A member of the team. Left out: who is on call.")] = "",
    position: Annotated[int, typer.Option(min=1, max=2, help="1 is alerted first, 2 when nobody looks.")] = 1,
    sms: Annotated[
        str, typer.Option(help="Link this number by text message at once; - asks for it, so that no history keeps it.")
    ] = "",
    off: Annotated[bool, typer.Option("--off", help="Take them off call.")] = False,
    test: Annotated[bool, typer.Option("--test", help="Send them an alert that says it is a test.")] = False,
) -> None:
    """Set who is alerted when somebody may need help, and link their phone. No alert contains anybody's words."""
    from bot.cli.console import console, installed_settings  # noqa: PLC0415
    from bot.settings.open_database import opened_database  # noqa: PLC0415 - keep start-up light
    from review.kit.accounts import email_of  # noqa: PLC0415

    out = console()
    with opened_database(installed_settings()) as base:
        if not email:
            _list(base, out)
            return
        member = _member(base, email_of(email))
        if off:
            _off(base, out, member)
        elif test:
            _test(base, out, member)
        elif sms:
            _link(base, out, member, position, _number(sms))
        else:
            _offer(base, out, member, position)


def _list(base: OpenDatabase, out: Console) -> None:
    from storage.queries.team import on_call  # noqa: PLC0415

    contacts = base.writer.run(on_call.contacts)
    if not contacts:
        out.print("Nobody is on call: when somebody may need help, nobody is told.", markup=False)
        out.print("Put somebody on call: earshot team oncall EMAIL --position 1", markup=False)
    for contact in contacts:
        out.print(f"{contact.position}  {contact.email}  {_standing(base, contact)}", markup=False)


def _standing(base: OpenDatabase, contact: Contact) -> str:
    """Return how a contact can be reached, without the number."""
    if not contact.active:
        return "has left the team: is not alerted"
    if contact.state is None:
        waits = contact.code_until is not None and contact.code_until > base.clock()
        return "no phone yet: waiting for the code from it" if waits else "no phone linked: make a new code"
    by = way_in_words(contact.channel or "")
    said = {
        AddressState.REACHABLE: "",
        AddressState.OPTED_OUT: ", which said STOP",
        AddressState.BLOCKED: ", which has blocked us",
    }
    return f"by {by}{said.get(contact.state, ', which cannot be reached')}"


def _offer(base: OpenDatabase, out: Console, member: Member, position: int) -> None:
    from bot.turn import alerts  # noqa: PLC0415
    from storage.queries.team import on_call  # noqa: PLC0415

    code, now = alerts.new_code(), base.clock()

    def work(connection: Connection) -> None:
        on_call.offer(
            connection, member_id=member.id, position=position, code_hash=alerts.digest(code),
            until=now + alerts.CODE_LASTS,
        )  # fmt: skip
        _record(connection, base, member, "on_call.offered", str(position))

    base.writer.run(work)
    settings = base.settings
    out.print("Within 15 minutes, from the phone that is to be alerted, they send us:", markup=False)
    if settings.sms_on:
        number = f" to {settings.twilio_from}" if settings.twilio_from else ""
        out.print(f"  by text message{number}:  ALERTS {alerts.shown(code)}", markup=False)
    if settings.telegram_on:
        out.print(f"  on Telegram, to our bot:  ALERTS {alerts.shown(code)}", markup=False)
        out.print(f"  or open:  https://t.me/NAME-OF-OUR-BOT?start={alerts.payload(code)}", markup=False)
    if not settings.sms_on and not settings.telegram_on:
        out.print(f"  ALERTS {alerts.shown(code)}", markup=False)
        out.print("Neither text messages nor Telegram is set up: only the simulator at /try takes it.", markup=False)
    out.print("The code works once. Then try it: earshot team oncall EMAIL --test", markup=False)


def _link(base: OpenDatabase, out: Console, member: Member, position: int, number: str) -> None:
    from storage.protection.crypto import address_lookups, seal_address  # noqa: PLC0415
    from storage.queries.contributors import people  # noqa: PLC0415
    from storage.queries.team import on_call  # noqa: PLC0415

    lookups, sealed, now = (
        address_lookups(base.keyring, "sms", number),
        seal_address(base.keyring, number),
        base.clock(),
    )

    def work(connection: Connection) -> bool:
        person = people.find_person(connection, channel="sms", lookups=lookups, lock=True) or people.make_person(
            connection, channel="sms", lookups=lookups, sealed=sealed, now=now, source=on_call.SOURCE
        )
        on_call.link_directly(connection, member_id=member.id, position=position, address_id=person.address_id, now=now)
        _record(connection, base, member, "on_call.linked", str(position))
        return not person.opted_out and person.address_state == AddressState.REACHABLE

    if base.writer.run(work):
        out.print("Linked. Try it: earshot team oncall EMAIL --test", markup=False)
    else:
        out.print("Linked, but this phone said STOP or cannot be reached: text START from it.", markup=False)


def _off(base: OpenDatabase, out: Console, member: Member) -> None:
    from storage.queries.team import on_call  # noqa: PLC0415

    def work(connection: Connection) -> bool:
        was = on_call.remove(connection, member.id)
        if was:
            _record(connection, base, member, "on_call.off", "")
        return was

    was = base.writer.run(work)
    out.print(f"{member.email} is {'no longer' if was else 'not'} on call.", markup=False)


def _test(base: OpenDatabase, out: Console, member: Member) -> None:
    from bot.turn import alerts  # noqa: PLC0415
    from storage.queries.team import on_call  # noqa: PLC0415

    found = [one for one in base.writer.run(on_call.contacts) if one.member_id == member.id]
    if not found or not found[0].reachable:
        _fail(f"{member.email} cannot be alerted: {_standing(base, found[0]) if found else 'not on call'}.")

    def work(connection: Connection) -> None:
        alerts.write(connection, found[0], alerts.TEST, base.clock())
        _record(connection, base, member, "on_call.tested", "")

    base.writer.run(work)
    out.print(
        "The alert is waiting to be sent. While earshot serve runs it should arrive within a minute.", markup=False
    )


def _record(connection: Connection, base: OpenDatabase, member: Member, act: str, detail: str) -> None:
    from storage.queries.team import members  # noqa: PLC0415

    members.record(
        connection, at=base.clock(), who="command line", act=act, object_kind="team_member", object_id=member.id,
        detail=detail,
    )  # fmt: skip


def _member(base: OpenDatabase, email: str) -> Member:
    from storage.queries.team import members  # noqa: PLC0415

    member = base.writer.run(partial(members.member_by_email, email=email))
    if member is None or not member.active:
        _fail("Nobody with this address is on the team. Add them first: earshot team add EMAIL --role safeguarding")
    if member.role not in {Role.LEAD, Role.SAFEGUARDING}:
        _fail(f"They are {member.role}, and could not open what they are alerted to. Give them the role safeguarding.")
    return member


def _number(typed: str) -> str:
    number = typer.prompt("Their number") if typed == "-" else typed
    plain = re.sub(r"[\s()-]", "", number)
    if not NUMBER.fullmatch(plain):
        _fail("That is not a whole phone number. Write it with + and the country, without the first 0.")
    return plain


def _fail(words: str) -> NoReturn:
    from bot.cli.console import FAILED, console  # noqa: PLC0415

    console(error=True).print(f"[red]×[/red] {words}")
    raise typer.Exit(FAILED)
