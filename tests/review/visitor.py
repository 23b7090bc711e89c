"""Somebody at the team's web app, without JavaScript: opens pages, fills in the forms that are there, sends them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import httpx

if TYPE_CHECKING:
    from starlette.applications import Starlette

VOID = {"input", "link", "meta", "br", "hr", "img"}


@dataclass
class Form:
    """A form of a page, with what it would send if nothing were touched."""

    action: str
    method: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._area = self._select = ""
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = dict(attrs)
        name, value = has.get("name") or "", has.get("value") or ""
        if tag in {"script", "style", "title"}:
            self._silent += 1
        if tag == "form":
            self._form = Form(has.get("action") or self.address, (has.get("method") or "get").lower())
            self.forms.append(self._form)
        if self._form is None:
            return
        if tag == "input" and name and "disabled" not in has:
            kind = has.get("type", "text")
            if kind not in {"radio", "checkbox"}:
                self._form.fields.setdefault(name, []).append(value)
            elif "checked" in has:
                self._form.fields.setdefault(name, []).append(value or "on")
        elif tag == "textarea" and name:
            self._area = name
            self._form.fields[name] = [""]
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in has or self._select not in self._form.fields):
            self._form.fields[self._select] = [value]

    def handle_endtag(self, tag: str) -> None:
        if tag in {"script", "style", "title"}:
            self._silent -= 1
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select":
            self._select = ""

    def handle_data(self, data: str) -> None:
        if self._area and self._form:
            self._form.fields[self._area][0] += data
        elif not self._silent:
            self.text.append(data)


@dataclass
class Visitor:
    """One browser."""

    app: Starlette
    base: str = "http://127.0.0.1:8000"
    headers: dict[str, str] = field(default_factory=dict)
    place: str = "127.0.0.1"

    def __post_init__(self) -> None:
        transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False, client=(self.place, 4711))
        self.client = httpx.AsyncClient(transport=transport, base_url=self.base, headers=self.headers)

    async def open(self, path: str) -> str:
        """Open a page, follow where it leads, and return its words."""
        return await self._end_of(await self.client.get(path))

    async def send(self, action: str, **filled: str | list[str]) -> str:
        """Fill in the form of this page that goes to `action`, send it, and return the words of what comes."""
        form = self.form(action)
        fields = {**form.fields, **{name: [v] if isinstance(v, str) else v for name, v in filled.items()}}
        pairs = [(name, value) for name, values in fields.items() for value in values]
        if form.method == "get":
            return await self.open(f"{form.action}?{urlencode(pairs)}")
        return await self.post(form.action, pairs)

    async def post(self, path: str, pairs: list[tuple[str, str]], **headers: str) -> str:
        """Send a form that no page showed."""
        kind = {"content-type": "application/x-www-form-urlencoded"}
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._end_of(await self.client.post(path, content=urlencode(pairs), headers=kind | sent))

    def form(self, action: str) -> Form:
        """Return the form of this page that goes to `action`."""
        found = [form for form in self.forms if form.action == action and (form.method == "post" or action == "/")]
        assert found, f"no form goes to {action}; there are {[form.action for form in self.forms]}"
        return found[0]

    def offers(self, action: str) -> bool:
        """Tell whether this page has such a form."""
        return any(form.action == action for form in self.forms)

    async def sign_in(self, email: str, password: str) -> str:
        """Go through the sign-in form."""
        await self.open("/sign-in")
        return await self.send("/sign-in", email=email, password=password)

    async def join(self, token: str, *, name: str, email: str, password: str) -> str:
        """Go through a one-time link."""
        await self.open(f"/join/{token}")
        filled = {"name": name, "password": password, "again": password}
        if "email" in self.form(f"/join/{token}").fields:
            filled["email"] = email
        return await self.send(f"/join/{token}", **filled)

    async def _end_of(self, response: httpx.Response) -> str:
        for _ in range(5):
            if not response.is_redirect:
                break
            response = await self.client.get(response.headers["location"])
        self.response = response
        self.status = response.status_code
        self.path = response.url.raw_path.decode()
        reader = _Reader(response.url.path)
        if response.headers.get("content-type", "").startswith("text/html"):
            reader.feed(response.text)
        self.forms = reader.forms
        self.html = response.text
        self.words = " ".join(" ".join(reader.text).split())
        return self.words
