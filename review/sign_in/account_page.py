"""The member's own account: changing the password, and signing out other browsers. Both ask for the password first."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from review.kit import accounts, browser_session, passwords, render
from review.kit.throttle import Try, network_of
from storage.db.engine import reader
from storage.queries.team import members

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.responses import Response

    from review.kit.throttle import Throttle
    from review.kit.visit import Visit
    from storage.db.writer import Writer

DONE = {
    "password": "Your password is changed, and every other browser is signed out.",
    "others": "Every other browser is signed out.",
}


def show(visit: Visit) -> Response:
    """Show the account page."""
    return _page(visit)


async def change(visit: Visit) -> Response:
    """Change the password, or sign out everywhere else."""
    password = visit.secret("password")
    wanted = visit.request.path_params["act"]
    if wanted not in {"password", "others"}:
        return await run_in_threadpool(render.problem, visit, "not_found", 404)
    if wanted == "password" and password != visit.secret("again"):
        return await run_in_threadpool(
            _page, visit, error="The two passwords are not the same. Write them again.", status=422
        )
    refused = await confirm(visit.throttle, visit.who, visit.secret("current"), network=visit.network, now=visit.now)
    if refused is not None:
        return await _refuse(visit, refused)
    if wanted == "others":
        await run_in_threadpool(sign_out_others, visit.services.writer, visit.who, visit.cookie, now=visit.now)
        return RedirectResponse("/account?done=others", 303)
    outcome = await change_password(
        visit.services.writer, visit.who, password, organisation=visit.services.organisation, now=visit.now
    )
    if isinstance(outcome, accounts.Refused):
        return await _refuse(visit, outcome)
    return await run_in_threadpool(browser_session.start_session, visit, outcome, "/account?done=password")


async def confirm(
    throttle: Throttle, member: members.Member, password: str, *, network: str, now: datetime
) -> accounts.Refused | None:
    """Check the password of whoever sits at a signed-in browser. Returns None if it is right."""
    tried = Try(member.email, network_of(network), inside=True)
    if passwords.KNOWN.is_full(member.email):
        return accounts.BUSY
    wait = throttle.begin(tried, now)
    if wait:
        return accounts.Refused(f"Too many tries. Wait {accounts.in_words(wait)}, then try again.", wait)
    try:
        right = await passwords.KNOWN.run(member.email, partial(passwords.matches, member.password_hash, password))
    except passwords.TooBusyError:
        throttle.took_nothing(tried, now)
        return accounts.BUSY
    if not right:
        return accounts.Refused("That is not your password. Nothing was changed.")
    throttle.succeeded(tried, now)
    return None


async def change_password(
    writer: Writer, member: members.Member, password: str, *, organisation: str, now: datetime
) -> str | accounts.Refused:
    """Set another password, end the member's sessions, and return the token of a new one. Call `confirm` first."""

    def choose() -> tuple[str | None, str]:
        weak = passwords.weakness(password, email=member.email, organisation=organisation)
        return weak, "" if weak else passwords.hashed(password)

    try:
        weak, password_hash = await passwords.KNOWN.run(member.email, choose)
    except passwords.TooBusyError:
        return accounts.BUSY
    if weak:
        return accounts.Refused(weak)

    def work(connection: Connection) -> str | accounts.Refused:
        fresh = members.member_by_id(connection, member.id)
        if fresh is None or not fresh.active or fresh.password_hash != member.password_hash:
            return accounts.Refused("Your password was changed meanwhile. Sign in again.")
        members.set_password(connection, member.id, name=fresh.name, password_hash=password_hash)
        members.record(
            connection, at=now, who=member.email, act="member.password_set", object_kind="team_member",
            object_id=member.id,
        )  # fmt: skip
        return accounts.open_session(connection, member.id, now)

    return await run_in_threadpool(writer.run, work)


def sign_out_others(writer: Writer, member: members.Member, token: str, *, now: datetime) -> int:
    """End every session of a member but this one. Returns how many there were."""

    def work(connection: Connection) -> int:
        members.record(
            connection, at=now, who=member.email, act="member.signed_out", object_kind="team_member",
            object_id=member.id,
        )  # fmt: skip
        return members.end_sessions(connection, member.id, but=accounts.digest(token))

    return writer.run(work)


async def _refuse(visit: Visit, refused: accounts.Refused) -> Response:
    status = 503 if refused.busy else 429 if refused.wait else 422
    response = await run_in_threadpool(_page, visit, error=refused.reason, status=status)
    if refused.wait:
        response.headers["Retry-After"] = str(refused.wait)
    return response


def _page(visit: Visit, *, error: str = "", status: int = 200) -> Response:
    with reader(visit.services.engine) as connection:
        browsers = members.browsers(connection, visit.now, visit.now - accounts.SESSION_IDLE).get(visit.who.id, 1)
    return render.page(
        visit,
        "account.html",
        status,
        others=browsers - 1,
        error=error,
        notice="" if error else DONE.get(visit.request.query_params.get("done", ""), ""),
    )
