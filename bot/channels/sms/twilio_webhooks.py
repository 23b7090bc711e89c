"""Checks and reads Twilio's webhook calls.

An event that Twilio repeats has the same MessageSid, which is its key; the idempotency token that comes with repeats
adds nothing to that and is not used (rule 9).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import HMAC_SHA1, HMAC_SHA256, RequestValidator, get_signature_algorithm

from bot.channels.channel import Inbound, Parsed, Rejected, StatusReport
from flows.language.normalise import storable
from flows.model.signals import Said, Sent

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "sms"

LONGEST_BODY = 128 * 1024
"""Bytes of a form; the longest text message, all of it percent-encoded, is far below."""
MOST_FIELDS = 300
SIGNATURE = "x-twilio-signature"
SETTINGS = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {HMAC_SHA1, HMAC_SHA256}

PERSON = re.compile(r"\+[1-9][0-9]{7,14}\Z")
"""A phone number of a person; short codes and names that banks send from are not (rule 10)."""

_SID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
_WORD = re.compile(r"[a-z_-]{1,32}\Z")
_CODE = re.compile(r"[0-9]{1,6}\Z")
_KEPT = ("MessageSid", "From", "To", "Body", "NumMedia", "OptOutType")
"""All of a form that is ever sealed; where a number is registered (FromCity, FromZip…) is none of our business."""


class Form(dict[str, list[str]]):
    """Fields with all their values, as the validator wants to ask for them."""

    def getall(self, name: str) -> list[str]:
        """Return every value of a field."""
        return self[name]

    def first(self, name: str) -> str:
        """Return the first value of a field, empty if it did not come."""
        return self[name][0] if name in self else ""


def read_form(body: bytes) -> Form | None:
    """Read a form with its blank and repeated fields (rule 3); None if it is none. Broken UTF-8 becomes U+FFFD."""
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return None
    form = Form()
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def checked(url: str, headers: Mapping[str, str], body: bytes, auth_token: str, shared_key: str) -> Form | Rejected:
    """Return the form of a call whose signature is good for the configured `url`, query included (rules 1, 2, 5).

    Calls are signed with the auth token; with the shared key, if there is one, when a header announces SHA-256.
    """
    if len(body) > LONGEST_BODY:
        return Rejected(413, "too_large")
    algorithm = get_signature_algorithm(headers.get(SETTINGS, "")).upper()
    signature = headers.get(SIGNATURE, "")
    form = read_form(body)
    if not signature or algorithm not in ALGORITHMS or form is None:
        return Rejected(403, "signature")
    key = shared_key if shared_key and algorithm == HMAC_SHA256 else auth_token
    if not RequestValidator(key).validate(url, form, signature, algorithm):
        return Rejected(403, "signature")
    return form


def read_message(form: Form, ours: frozenset[str] = frozenset()) -> Parsed:
    """Read a text message; `ours` are the numbers we send from, which are never a person."""
    sid = form.first("MessageSid") or form.first("SmsSid")
    if not _SID.match(sid):
        return Rejected(400, "unreadable")
    sender = form.first("From")
    if not PERSON.match(sender) or sender in ours or sender == form.first("To"):
        return Inbound(channel=NAME, provider_id=sid, kind="stray", look="sms")
    text = storable(form.first("Body"))
    media = "media" if _number(form.first("NumMedia")) else ""
    opt_out_type = form.first("OptOutType").upper()
    kept = {"MessageSid": sid} | {name: form.first(name) for name in _KEPT[1:] if name in form}
    return Inbound(
        channel=NAME,
        provider_id=sid,
        kind="message",
        address=sender,
        look="sms",
        signal=Sent(kind=media) if media and not text.strip() else Said(text=text, ref=sid),
        media=media if text.strip() else "",
        ref=sid,
        opt_out_type=opt_out_type if opt_out_type in {"STOP", "START", "HELP"} else "",
        raw=urlencode(kept, errors="replace").encode(),
    )


def read_status(form: Form) -> StatusReport | Rejected:
    """Read a status callback; every SID and status is one event (rule 17)."""
    sid = form.first("MessageSid") or form.first("SmsSid")
    status = (form.first("MessageStatus") or form.first("SmsStatus")).lower()
    if not _SID.match(sid) or not _WORD.match(status):
        return Rejected(400, "unreadable")
    code = form.first("ErrorCode")
    return StatusReport(channel=NAME, provider_id=sid, status=status, error=code if _CODE.match(code) else "")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
