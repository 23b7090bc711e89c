"""One request to the team's room: who is asking, what they posted, and the roles there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.model.item_kinds import Role
from review.kit import device, forms

if TYPE_CHECKING:
    from datetime import datetime

    from starlette.requests import Request

    from review.kit.services import ReviewServices
    from review.kit.throttle import Throttle
    from storage.queries.team.members import Member

READERS = frozenset({Role.LEAD, Role.REVIEWER, Role.SAFEGUARDING})
"""Who may read stories."""
DECIDERS = frozenset({Role.LEAD, Role.REVIEWER})
"""Who may approve, decline, tag and export."""
LEADS = frozenset({Role.LEAD})
"""Who may answer requests about a person's data."""
ANYONE = frozenset(Role)
"""Everybody who has signed in."""
STRANGERS: frozenset[Role] = frozenset()
"""No sign-in needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, with all that a view needs to answer it."""

    request: Request
    parts: ReviewServices
    slowdown: Throttle
    member: Member | None
    form: forms.Form
    cookie: str
    """What the form token is made from: the session, or the stranger's visit."""
    now: datetime
    fresh: str = ""
    """A cookie that this stranger's browser has not got yet."""

    def field(self, name: str) -> str:
        """Return one posted field, without the space around it."""
        return forms.first(self.form, name).strip()

    def secret(self, name: str) -> str:
        """Return a posted password exactly as it was typed."""
        return forms.first(self.form, name)

    def fields(self, name: str) -> tuple[str, ...]:
        """Return all values of a posted field."""
        return tuple(self.form.get(name, ()))

    @property
    def who(self) -> Member:
        """The member who is asking; only for views that need a sign-in."""
        if self.member is None:
            raise LookupError("this view was opened to strangers by mistake")
        return self.member

    @property
    def place(self) -> str:
        """Network address of the browser or of the proxy before us; used for slowing down guesses, never stored."""
        return self.request.client.host if self.request.client else ""

    def known_device(self, member: Member | None) -> str:
        """Return the name of this browser if that member has signed in with it before; else empty."""
        return device.known(self.parts.keyring, self.request.cookies.get(device_cookie(self.parts), ""), member)

    def may(self, roles: frozenset[Role]) -> bool:
        """Tell whether the person asking has one of these roles."""
        return self.member is not None and self.member.role in roles


def session_cookie(parts: ReviewServices) -> str:
    """Name of the session cookie; over https the prefix keeps other hosts of the same domain from setting it."""
    return "__Host-earshot" if parts.secure else "earshot"


def visit_cookie(parts: ReviewServices) -> str:
    """Name of the cookie that a stranger's sign-in form is tied to."""
    return "__Host-earshot-visit" if parts.secure else "earshot-visit"


def device_cookie(parts: ReviewServices) -> str:
    """Name of the cookie by which a browser is known that signed in before."""
    return "__Host-earshot-device" if parts.secure else "earshot-device"
