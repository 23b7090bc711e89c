"""One request to the team's pages: who is asking and what they posted; and the groups of roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.model.vocabulary.item_kinds import Role
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
"""Who may answer requests about personal data."""
ANYONE = frozenset(Role)
"""Everybody who is signed in."""
STRANGERS: frozenset[Role] = frozenset()
"""No sign-in needed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request, with what a view needs to answer it."""

    request: Request
    services: ReviewServices
    throttle: Throttle
    member: Member | None
    form: forms.Form
    cookie: str
    """What the form token is made from: the session cookie, or the cookie of somebody who is not signed in."""
    now: datetime
    fresh: str = ""
    """The value of a cookie that the response must set for somebody who is not signed in; empty if they have one."""

    def field(self, name: str) -> str:
        """Return one posted field without surrounding space."""
        return forms.first(self.form, name).strip()

    def secret(self, name: str) -> str:
        """Return a posted password exactly as it was typed."""
        return forms.first(self.form, name)

    def fields(self, name: str) -> tuple[str, ...]:
        """Return all values of a posted field."""
        return tuple(self.form.get(name, ()))

    @property
    def who(self) -> Member:
        """The signed-in member; only for views that need a sign-in."""
        if self.member is None:
            raise LookupError("this view was opened to strangers by mistake")
        return self.member

    @property
    def network(self) -> str:
        """Network address of the browser or of the proxy before us; used to slow down guessing, never stored."""
        return self.request.client.host if self.request.client else ""

    def known_device(self, member: Member | None) -> str:
        """Return the name of this browser if that member has signed in with it before; else empty."""
        return device.known(self.services.keyring, self.request.cookies.get(device_cookie(self.services), ""), member)

    def may(self, roles: frozenset[Role]) -> bool:
        """Return True if the signed-in member has one of these roles."""
        return self.member is not None and self.member.role in roles


def session_cookie(services: ReviewServices) -> str:
    """Return the name of the session cookie. Over https its prefix keeps other hosts of the domain from setting it."""
    return "__Host-earshot" if services.secure else "earshot"


def visit_cookie(services: ReviewServices) -> str:
    """Return the name of the cookie that the sign-in form of a stranger is tied to."""
    return "__Host-earshot-visit" if services.secure else "earshot-visit"


def device_cookie(services: ReviewServices) -> str:
    """Return the name of the cookie by which a browser is recognised that signed in before."""
    return "__Host-earshot-device" if services.secure else "earshot-device"
