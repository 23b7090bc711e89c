"""The complaint form at /privacy/complaint: plain HTML, no cookie, no JavaScript, no puzzle (rule 66).

A complaint is sealed at once and becomes a request that the team's leads answer. Each form carries a signed time. A
form that we did not show, or that comes back faster than anybody types, is shown again with everything still in it.
Complaints per network address are counted in memory only.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex
from threading import Lock
from typing import TYPE_CHECKING

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.routing import Route

from bot.web import templating
from bot.web.privacy_page import REGULATORS, preferred
from flows.interruptions.turn_builder import LANGUAGES
from flows.model.vocabulary.item_kinds import ItemKind
from flows.model.vocabulary.request_kinds import RequestKind, RequestOrigin
from review.kit import forms
from review.kit.throttle import network_of, site_of
from storage.queries.conversations.turn_queries import raise_item
from storage.queries.team import members, requests

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.engine import Connection
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.web.web_services import PublicServices
    from storage.queries.team.requests import Filed

PATH = "/privacy/complaint"
LONGEST_SAID, LONGEST_REACH = 5_000, 300
"""Characters."""
LEAST_SECONDS = 3
"""Nobody writes a complaint faster; a form that comes back sooner is shown again."""
LASTS = timedelta(hours=12)
"""How long after it was shown a form is accepted."""
ONE_PLACE, ONE_PROXY = 5, 60
"""Complaints in an hour from one network address, and through one proxy that is not in the settings. There is no limit
for all together: a rush of them is taken and marked for the team (`storage.queries.team.requests`)."""
MOST_TAKEN = 10_000
"""How many sent forms are remembered."""
TRAP = "website"
"""A field that people do not see. Whatever fills it in is a program, or a browser that fills in too much."""


@dataclass(slots=True)
class ComplaintQuota:
    """Counts complaints of the last hour by a digest of the network address. Nothing is stored."""

    _sent: dict[bytes, list[datetime]] = field(default_factory=dict)
    """Times by digest, ordered by the newest, so that old ones are found without looking through all of them."""
    _lock: Lock = field(default_factory=Lock)

    def allows(self, host: str, now: datetime, *, behind: str = "") -> bool:
        """Return True and count one more complaint if the limit allows it.

        `behind`: the address that an unknown proxy claims to speak for. It may be made up, so all addresses behind one
        proxy share a limit; so do all addresses of one IPv6 site.
        """
        place = network_of(host)
        limits = {place: ONE_PLACE, site_of(host): ONE_PROXY}
        if behind and network_of(behind) != place:
            limits = {f"{place}\n{network_of(behind)}": ONE_PLACE, f"{place}\n": ONE_PROXY}
        keys = {sha256(name.encode("utf-8", "replace")).digest(): most for name, most in limits.items()}
        hour = now - timedelta(hours=1)
        with self._lock:
            while self._sent and next(iter(self._sent.values()))[-1] <= hour:
                self._sent.pop(next(iter(self._sent)))
            sent = {key: [at for at in self._sent.get(key, ()) if at > hour] for key in keys}
            if any(len(sent[key]) >= most for key, most in keys.items()):
                return False
            for key, times in sent.items():
                self._sent.pop(key, None)
                self._sent[key] = [*times, now]
            return True


def routes(services: PublicServices) -> list[Route]:
    """Return the routes of the form."""
    page = ComplaintPage(services)
    return [
        Route(PATH, page.show, methods=["GET"]),
        Route(PATH, page.take, methods=["POST"]),
        Route(f"{PATH}/sent/{{ticket}}", page.sent, methods=["GET"]),
    ]


class ComplaintPage:
    """Shows the form, takes what is sent, and shows the page that confirms it."""

    def __init__(self, services: PublicServices) -> None:
        self.services = services
        self.pace = ComplaintQuota()
        self.taken: dict[str, str] = {}
        """The ticket by form, so that a form sent twice is one complaint."""
        self.spoken = tuple(
            code for code in services.settings.languages if templating.exists(f"complaint/{code}.html")
        ) or ("en",)

    # --- showing ------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        """Show the form."""
        return await self._page(request, self._language(request))

    async def sent(self, request: Request) -> Response:
        """Confirm a complaint: its reference, and the day by which we answer. None of its words are shown."""
        number, _, rest = request.path_params["ticket"].partition("-")
        day, _, signature = rest.partition("-")
        if not (
            day.isdecimal() and compare_digest(signature.encode(), self._sign("ticket", f"{number}-{day}").encode())
        ):
            return RedirectResponse(PATH, 303)
        language = self._language(request)
        by = datetime.strptime(day, "%Y%m%d").replace(tzinfo=self.services.settings.timezone)
        confirmation = {
            "reference": requests.reference(int(number)),
            "day": format_date(by, "long", locale=self._locale(language)),
        }
        return await self._page(request, language, confirmation=confirmation)

    async def _page(
        self,
        request: Request,
        language: str,
        *,
        problem: str = "",
        form: Mapping[str, list[str]] | None = None,
        confirmation: Mapping[str, str] | None = None,
        status: int = 200,
    ) -> Response:
        kept = form or {}
        return await run_in_threadpool(
            templating.page,
            f"complaint/{language}.html",
            status,
            page_language=language,
            languages=[(code, LANGUAGES.get(code, code)) for code in self.spoken],
            organisation=self.services.settings.organisation,
            contact=self.services.settings.contact,
            regulator=REGULATORS.get(self.services.settings.country),
            problem=problem,
            confirmation=confirmation,
            said=forms.first(kept, "said")[: LONGEST_SAID * 2],
            reach=forms.first(kept, "reach")[: LONGEST_REACH * 2],
            most_said=LONGEST_SAID,
            most_reach=LONGEST_REACH,
            longer=len(forms.first(kept, "said")) - LONGEST_SAID,
            trap=TRAP,
            stamp=self._stamp(),
        )

    def _language(self, request: Request) -> str:
        wanted = request.query_params.get("lang", "")
        return wanted if wanted in self.spoken else preferred(request.headers.get("accept-language", ""), self.spoken)

    def _locale(self, language: str) -> Locale:
        """Return the locale that writes dates as this country does: 23 December 2026 in Britain."""
        try:
            return Locale(language, self.services.settings.country)
        except UnknownLocaleError:
            return Locale(language)

    # --- taking -------------------------------------------------------------------------------------------------

    async def take(self, request: Request) -> Response:
        """Seal the complaint and create the request, or show the form again with what was typed and what is wrong."""
        form = await forms.read(request)
        language = self._language(request)
        stamp = forms.first(form, "stamp")
        said, reach = forms.first(form, "said").strip(), forms.first(form, "reach").strip()
        if stamp in self.taken:
            return self._thank(request, self.taken[stamp])
        problem = self._wrong(request, stamp, said, reach, forms.first(form, TRAP))
        host = request.client.host if request.client else ""
        behind = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if not problem and not self.pace.allows(host, self.services.clock(), behind=behind):
            problem = "too_many"
        if problem:
            status = {"too_many": 429, "not_ours": 403}.get(problem, 422)
            return await self._page(request, language, problem=problem, form=form, status=status)
        filed = await self.services.writer.perform(lambda connection: self._file(connection, said, reach))
        ticket = self._ticket(filed)
        self.taken[stamp] = ticket
        while len(self.taken) > MOST_TAKEN:
            self.taken.pop(next(iter(self.taken)))
        return self._thank(request, ticket)

    def _wrong(self, request: Request, stamp: str, said: str, reach: str, trapped: str) -> str:
        """Return what is wrong with a form; empty if nothing is."""
        if not forms.is_from_here(request, self.services.settings.public_url):
            return "not_ours"
        shown, _, _ = stamp.partition("-")
        if not compare_digest(
            stamp.rpartition("-")[2].encode(), self._sign("stamp", stamp.rpartition("-")[0]).encode()
        ):
            return "again"
        age = self.services.clock().timestamp() - int(shown)
        if trapped or not LEAST_SECONDS <= age <= LASTS.total_seconds():
            return "again"
        if not said:
            return "empty"
        if len(said) > LONGEST_SAID:
            return "too_long"
        return "reach_too_long" if len(reach) > LONGEST_REACH else ""

    def _file(self, connection: Connection, said: str, reach: str) -> Filed:
        now = self.services.clock()
        filed = requests.open_request(
            connection,
            self.services.keyring,
            kind=RequestKind.COMPLAINT,
            origin=RequestOrigin.WEB,
            now=now,
            said=said,
            reach=reach,
        )
        members.record(
            connection, at=now, who="earshot", act="request.opened", object_kind="request", object_id=filed.id,
            detail=RequestKind.COMPLAINT,
        )  # fmt: skip
        raise_item(connection, kind=ItemKind.REQUEST, now=now)
        return filed

    def _thank(self, request: Request, ticket: str) -> Response:
        wanted = request.query_params.get("lang", "")
        query = f"?lang={wanted}" if wanted in self.spoken else ""
        return RedirectResponse(f"{PATH}/sent/{ticket}{query}", 303)

    # --- signing ------------------------------------------------------------------------------------------------

    def _sign(self, what: str, text: str) -> str:
        """Return the text with its signature. `what` keeps the signature of a stamp from being used for a ticket."""
        return self.services.keyring.lookup("complaint", f"{what}\0{text}").hex()[:24]

    def _stamp(self) -> str:
        """Return the signed time at which a form is shown, different for every form."""
        shown = f"{int(self.services.clock().timestamp())}-{token_hex(6)}"
        return f"{shown}-{self._sign('stamp', shown)}"

    def _ticket(self, filed: Filed) -> str:
        day = filed.due_at.astimezone(self.services.settings.timezone)
        named = f"{filed.id}-{day:%Y%m%d}"
        return f"{named}-{self._sign('ticket', named)}"
