"""The simulator at /try, drawn as a page. Every act is a form that answers with a redirect, so that it works
without JavaScript and without a reload being asked twice.

A browser holds one phone, named by a random address in a cookie that no script can read; it is never in a URL. Forms
from other sites are turned away.
"""

from __future__ import annotations

import asyncio
import re
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from bot.channels.simulator.simulator_channel import SimulatorChannel, new_number
from bot.inbound.intake import CannotKeepError
from bot.web import templating
from bot.web.simulated_phones import NotAnEventError, SimulatedPhones, TooLongError
from bot.web.simulator_words import ALWAYS, PHONES, PROBLEMS, SAMPLES, SENT, WAITS, kept, segments
from flows.interruptions.turn_builder import LANGUAGES
from flows.model.channel_look import LOOKS
from review.kit import forms

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from bot.web.simulated_phones import PhoneItem, SimulatedPhone
    from bot.web.web_services import SimulatorServices

    Act = Callable[[Request, forms.Form, SimulatedPhone, str], Awaitable[Response]]

COOKIE = "earshot_try"
NEWEST = "/try#newest"
_ADDRESS = re.compile(r"(sms|telegram)-[A-Za-z0-9_-]{16,64}\Z")


def routes(services: SimulatorServices) -> list[Route]:
    """Return the routes of the simulator; none where it is switched off."""
    channel = services.channel
    if not isinstance(channel, SimulatorChannel):
        return []
    page = SimulatorPage(services, SimulatedPhones(services, channel))
    acts = {"say": page.say, "press": page.press, "send": page.send, "wait": page.wait, "start": page.start}
    return [
        Route("/try", page.show, methods=["GET"]),
        *(Route(f"/try/{name}", partial(page.act, act), methods=["POST"]) for name, act in acts.items()),
    ]


class SimulatorPage:
    """The page and what can be done on it."""

    def __init__(self, services: SimulatorServices, phones: SimulatedPhones) -> None:
        self.services = services
        self.phones = phones
        self.secure = services.settings.public_url.startswith("https:")
        self.cookie = f"__Host-{COOKIE}" if self.secure else COOKIE

    # --- looking ------------------------------------------------------------------------------------------------

    async def show(self, request: Request) -> Response:
        """Show the phone; a browser without one gets one."""
        address = self._address(request)
        phone = self.phones.find(address) if address else self.phones.new(PHONES[0][0])
        response = await self._page(phone, known=request.headers.get("if-none-match", ""))
        if not address:
            self._hand_over(response, phone)
        return response

    async def _page(
        self, phone: SimulatedPhone, *, known: str = "", problem: str = "", written: str = "", status: int = 200
    ) -> Response:
        person = await self.phones.person(phone)
        items = self.phones.screen(phone, person)
        held_back = await asyncio.to_thread(self.phones.held_back)
        state = repr((phone.address, phone.flow, phone.language, items, person, held_back)).encode("utf-8", "replace")
        tag = f'"{sha256(state).hexdigest()[:32]}"'
        if tag == known:
            return Response(status_code=304, headers={"ETag": tag})
        response = templating.page(
            "try.html",
            status,
            page_language="en",
            organisation=self.services.settings.organisation,
            phone=phone,
            like=LOOKS[phone.look],
            items=[_drawn(item, phone) for item in items],
            kept=kept(person),
            opening=self._opening(phone),
            once_number=new_number(),
            flows=[(name, release.flow.title) for name, release in self.services.releases.current.items()],
            languages=self._languages(),
            looks=PHONES,
            waits=WAITS,
            always=ALWAYS,
            sample=SAMPLES.get(self.services.settings.country),
            held_back=held_back,
            problem=PROBLEMS.get(problem, ""),
            written=written,
        )
        response.headers["ETag"] = tag
        return response

    def _languages(self) -> list[tuple[str, str]]:
        spoken = {code for release in self.services.releases.current.values() for code in release.languages}
        return [(code, LANGUAGES.get(code, code)) for code in self.services.settings.languages if code in spoken]

    def _opening(self, phone: SimulatedPhone) -> str:
        """Return what somebody with this phone would send first."""
        flow = self.services.releases.current[phone.flow].flow
        word = flow.words[0] if flow.words else flow.id
        if not LOOKS[phone.look].commands:
            return word.upper()
        return "/start" if phone.flow == self.services.releases.default_flow else f"/start {word}"

    # --- acting -------------------------------------------------------------------------------------------------

    async def act(self, act: Act, request: Request) -> Response:
        """Do one thing on the phone, then show it."""
        hidden = request.headers.get("origin") == "null"
        if hidden or not forms.is_from_here(request, self.services.settings.public_url):
            raise HTTPException(403)  # the cookie alone would not stop a site under the same name
        form = await forms.read(request)
        address = self._address(request)
        phone = self.phones.find(address) if address else self.phones.new(PHONES[0][0])
        try:
            response = await act(request, form, phone, forms.first(form, "once") or new_number())
        except NotAnEventError:
            raise HTTPException(400) from None
        except (TooLongError, CannotKeepError) as error:
            kind, status = ("long", 422) if isinstance(error, TooLongError) else ("full", 503)
            response = await self._page(phone, problem=kind, written=forms.first(form, "text"), status=status)
        if not address and "set-cookie" not in response.headers:
            self.phones.remember(phone)
            self._hand_over(response, phone)
        return response

    async def say(self, _request: Request, form: forms.Form, phone: SimulatedPhone, once: str) -> Response:
        """Send a message."""
        text = forms.first(form, "text")
        if text.strip():
            await self.phones.say(phone, once, text)
        return RedirectResponse(NEWEST, 303)

    async def press(self, _request: Request, form: forms.Form, phone: SimulatedPhone, once: str) -> Response:
        """Press a button."""
        await self.phones.press(phone, once, forms.first(form, "press"))
        return RedirectResponse(NEWEST, 303)

    async def send(self, _request: Request, form: forms.Form, phone: SimulatedPhone, once: str) -> Response:
        """Send something that is not words."""
        kind = forms.first(form, "kind")
        sample = SAMPLES.get(self.services.settings.country)
        if kind not in SENT or (kind == "location" and sample is None):
            raise HTTPException(400)
        point = sample.point if sample is not None and kind == "location" else None
        await self.phones.send(phone, once, kind, point)
        return RedirectResponse(NEWEST, 303)

    async def wait(self, _request: Request, form: forms.Form, phone: SimulatedPhone, _once: str) -> Response:
        """Let time pass."""
        wanted = next((wait for wait in WAITS if wait.value == forms.first(form, "time")), None)
        if wanted is None:
            raise HTTPException(400)
        await self.phones.wait(phone, wanted.length, wanted.note)
        return RedirectResponse(NEWEST, 303)

    async def start(self, _request: Request, form: forms.Form, _phone: SimulatedPhone, _once: str) -> Response:
        """Hand over a new phone: somebody new begins."""
        look = next((name for name, _ in PHONES if name == forms.first(form, "look")), PHONES[0][0])
        fresh = self.phones.new(look, forms.first(form, "flow"), forms.first(form, "language"))
        self.phones.remember(fresh)
        response = RedirectResponse("/try", 303)
        self._hand_over(response, fresh)
        return response

    # --- whose phone it is --------------------------------------------------------------------------------------

    def _address(self, request: Request) -> str:
        found = request.cookies.get(self.cookie, "")
        return found if _ADDRESS.match(found) else ""

    def _hand_over(self, response: Response, phone: SimulatedPhone) -> None:
        response.set_cookie(self.cookie, phone.address, httponly=True, samesite="lax", secure=self.secure, path="/")


def _drawn(item: PhoneItem, phone: SimulatedPhone) -> dict[str, object]:
    media = SENT.get(item.text.strip("()"), "") if item.kind == "yours" and item.text.startswith("(") else ""
    return {
        "number": item.number,
        "kind": item.kind,
        "text": media or item.text,
        "media": bool(media),
        "buttons": item.buttons,
        "active": item.active,
        "segments": segments(item.text) if item.kind == "ours" and LOOKS[phone.look].short else "",
    }
