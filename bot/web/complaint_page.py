"""The complaint form at /privacy/complaint: plain HTML, no cookie, no JavaScript, no puzzle (rule 66).

What is written is sealed at once and becomes a request that the team's leads answer. A form carries a signed time, so
that one which was not shown by us, or came faster than anybody types, is shown again with everything still in it. How
often one network place may send is counted in memory only.
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
from flows.model.item_kinds import ItemKind
from flows.model.request_kinds import RequestKind, RequestOrigin
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
"""Nobody writes a complaint faster."""
LASTS = timedelta(hours=12)
"""So long a form that was shown stays good."""
ONE_PLACE, ONE_PROXY = 5, 60
"""Complaints in an hour from one network place, and through one web server that we were not told of. There is no limit
for all together: what comes in a rush is taken, and laid aside for the team (`storage.queries.team.requests`)."""
MOST_TAKEN = 10_000
"""So many forms are remembered as sent."""
TRAP = "website"
"""A field that people do not see; what fills it in is a program, or a browser that fills in too much."""


@dataclass(slots=True)
class ComplaintQuota:
    """Counts what was sent in the last hour, by a digest of where from. Nothing is stored."""

    _sent: dict[bytes, list[datetime]] = field(default_factory=dict)
    """In the order of the last one, so that what is over is found without looking through all of it."""
    _lock: Lock = field(default_factory=Lock)

    def allows(self, host: str, now: datetime, *, behind: str = "") -> bool:
        """Tell whether one more may be sent, and count it if so.

        `behind`: whom a web server that we do not know says that it speaks for. Somebody may have made it up, so all
        of them together may not send much more than one; nor may all lines of one IPv6 site.
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
    """The form, what is sent with it, and the page that says that it came."""

    def __init__(self, services: PublicServices) -> None:
        self.services = services
        self.pace = ComplaintQuota()
        self.taken: dict[str, str] = {}
        """The ticket by the form it was for, so that a form sent twice is one complaint."""
        self.spoken = tuple(
            code for code in services.settings.languages if templating.exists(f"complaint/{code}.html")
        ) or ("en",)

    # --- showing ------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        """Show the form."""
        return await self._page(request, self._language(request))

    async def sent(self, request: Request) -> Response:
        """Say that it came, under which reference, and by when we answer. Nothing of it is shown."""
        number, _, rest = request.path_params["ticket"].partition("-")
        day, _, signature = rest.partition("-")
        if not (
            day.isdecimal() and compare_digest(signature.encode(), self._sign("ticket", f"{number}-{day}").encode())
        ):
            return RedirectResponse(PATH, 303)
        language = self._language(request)
        by = datetime.strptime(day, "%Y%m%d").replace(tzinfo=self.services.settings.timezone)
        told = {
            "reference": requests.reference(int(number)),
            "day": format_date(by, "long", locale=self._locale(language)),
        }
        return await self._page(request, language, told=told)

    async def _page(
        self,
        request: Request,
        language: str,
        *,
        problem: str = "",
        form: Mapping[str, list[str]] | None = None,
        told: Mapping[str, str] | None = None,
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
            told=told,
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
        """Return how days are written here: 23 December 2026 in Britain, another way elsewhere."""
        try:
            return Locale(language, self.services.settings.country)
        except UnknownLocaleError:
            return Locale(language)

    # --- taking -------------------------------------------------------------------------------------------------

    async def take(self, request: Request) -> Response:
        """Seal what was written and enter it, or show the form again with all that was typed and what is wrong."""
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
        """Return what keeps a form from being taken; empty if nothing does."""
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
        """Sign a stamp or a ticket; what was signed for the one is no good as the other."""
        return self.services.keyring.lookup("complaint", f"{what}\0{text}").hex()[:24]

    def _stamp(self) -> str:
        """Return when the form was shown, signed, and different for every form."""
        shown = f"{int(self.services.clock().timestamp())}-{token_hex(6)}"
        return f"{shown}-{self._sign('stamp', shown)}"

    def _ticket(self, filed: Filed) -> str:
        day = filed.due_at.astimezone(self.services.settings.timezone)
        named = f"{filed.id}-{day:%Y%m%d}"
        return f"{named}-{self._sign('ticket', named)}"
