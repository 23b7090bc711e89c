"""Reads posted forms, and tells our own forms from forged ones.

A form carries a token made from a cookie that other sites cannot read nor, over https, set. That works without
JavaScript and stores nothing. If the browser also says which site sent the form, that is checked too.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from starlette.exceptions import HTTPException

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

LARGEST = 64 * 1024
"""Most bytes of a posted form."""
MOST_FIELDS = 200
FIELD = "form_token"

Form = dict[str, list[str]]


async def read(request: Request) -> Form:
    """Return the posted fields in order. Raises HTTPException 413 or 400 for what none of our forms sends."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/x-www-form-urlencoded":
        raise HTTPException(415)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise HTTPException(413)
    fields: Form = {}
    try:
        pairs = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="replace", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise HTTPException(400) from None
    for name, value in pairs:
        fields.setdefault(name, []).append(value.replace("\r\n", "\n").replace("\0", ""))
    return fields


def first(form: Mapping[str, list[str]], name: str, default: str = "") -> str:
    """Return the first value of a field."""
    return form.get(name, [default])[0]


def token_for(cookie: str) -> str:
    """Return the form token for the holder of this cookie."""
    return sha256(b"form\n" + cookie.encode("utf-8", "replace")).hexdigest()


def is_from_here(request: Request, public_url: str) -> bool:
    """Return True if the browser says that our page sent this, or says nothing about it.

    Our pages have the host name of the request, or that of the public address if a proxy changes names.
    """
    if request.headers.get("sec-fetch-site", "none") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin", "")
    if not origin or origin == "null":
        return True
    try:
        named = urlsplit(origin).netloc
    except ValueError:  # no browser sends this
        return False
    return named in {request.headers.get("host", ""), urlsplit(public_url).netloc}


def is_ours(request: Request, form: Form, cookie: str, public_url: str) -> bool:
    """Return True if we showed the posted form to this browser."""
    if not is_from_here(request, public_url):
        return False
    return bool(cookie) and compare_digest(first(form, FIELD).encode(), token_for(cookie).encode())
