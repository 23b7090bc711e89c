"""Twilio's forms, as Twilio writes them, and what we make of each."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator

from bot.channels.channel import Inbound, Rejected, StatusReport
from bot.channels.sms.sms_channel import EMPTY_RESPONSE, INBOUND_PATH, STATUS_PATH, SmsChannel
from bot.channels.sms.twilio_webhooks import LONGEST_BODY, read_form
from flows.model.signals import Said, Sent

PAYLOADS = Path(__file__).parents[2] / "payloads" / "sms"
TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC = "https://listen.example.org"
OURS, MAYA = "+447700900999", "+447700900123"
SID = "SM0f5a7c1e9b3d4f60a1b2c3d4e5f60718"


def channel(**settings: Any) -> SmsChannel:
    return SmsChannel(**{"account_sid": "AC0", "auth_token": TOKEN, "public_url": PUBLIC, "sender": OURS} | settings)


def payload(name: str) -> bytes:
    return (PAYLOADS / f"{name}.form").read_bytes().strip()


def signed(body: bytes, url: str, token: str = TOKEN) -> dict[str, str]:
    return {"x-twilio-signature": RequestValidator(token).compute_signature(url, read_form(body))}


def received(name: str, path: str = INBOUND_PATH) -> Any:
    body = payload(name)
    return channel().receive(path, "", signed(body, PUBLIC + path), body)


MESSAGES = [
    ("message", Said(text="My bus stop was taken away", ref=SID), {"media": "", "opt_out_type": ""}),
    ("message_empty", Said(text="", ref=SID), {}),
    ("message_unicode", Said(text="Mae'r safle bws wedi mynd 😞 ŵ", ref=SID), {}),
    ("message_long", Said(text="a" * 10_000, ref=SID), {}),
    ("message_nul", Said(text="beforeafter", ref=SID), {}),
    ("message_broken_utf8", Said(text="caf\ufffd", ref=SID), {}),
    ("message_half_a_pair", Said(text="x\ufffd\ufffd\ufffdy", ref=SID), {}),
    ("message_unknown_fields", Said(text="My bus stop was taken away", ref=SID), {}),
    ("message_repeated_field", Said(text="My bus stop was taken away", ref=SID), {}),
    ("message_with_service", Said(text="My bus stop was taken away", ref=SID), {}),
    ("old_sid_only", Said(text="My bus stop was taken away", ref=SID), {}),
    ("stop", Said(text="Stop", ref=SID), {"opt_out_type": "STOP"}),
    ("help", Said(text="HELP", ref=SID), {"opt_out_type": "HELP"}),
    ("odd_opt_out", Said(text="My bus stop was taken away", ref=SID), {"opt_out_type": ""}),
    ("picture", Sent(kind="media"), {"media": "", "provider_id": "MM" + SID[2:]}),
    ("picture_with_words", Said(text="this is it", ref=SID), {"media": "media"}),
]
STRAYS = ["short_code", "name", "own_number", "whatsapp"]
STATUSES = [
    ("status_delivered", StatusReport(channel="sms", provider_id="SM5a0c", status="delivered")),
    ("status_undelivered", StatusReport(channel="sms", provider_id="SM5a0c", status="undelivered", error="30005")),
    ("status_without_word", Rejected(400, "unreadable")),
]


def test_every_payload_is_in_a_table() -> None:
    names = {path.stem for path in PAYLOADS.glob("*.form")}
    assert len(names) > 20
    assert names == {row[0] for row in (*MESSAGES, *STATUSES)} | set(STRAYS) | {"no_sid"}


@pytest.mark.parametrize(("name", "signal", "facts"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_what_we_make_of_a_message(name: str, signal: Any, facts: dict[str, Any]) -> None:
    event = received(name)
    assert isinstance(event, Inbound)
    assert (event.kind, event.address, event.look, event.signal) == ("message", MAYA, "sms", signal)
    assert {fact: getattr(event, fact) for fact in facts} == facts


@pytest.mark.parametrize("name", [row[0] for row in MESSAGES])
def test_what_is_kept_reads_the_same_and_holds_nothing_needless(name: str) -> None:
    event = received(name)
    again = channel().parse(event.raw)
    assert again == event
    for needless in (b"Bristol", b"BS5", b"Avon", b"AccountSid", b"MediaUrl", b"ChannelMetadata", b"AddOns"):
        assert needless not in event.raw
    assert MAYA not in repr(event)
    assert "bus stop" not in repr(event)


@pytest.mark.parametrize("name", STRAYS)
def test_what_is_no_person_is_counted_and_never_answered(name: str) -> None:
    event = received(name)
    assert (event.kind, event.address, event.signal, event.raw) == ("stray", "", None, b"")


def test_without_an_id_a_message_cannot_be_kept() -> None:
    assert received("no_sid") == Rejected(400, "unreadable")


@pytest.mark.parametrize(("name", "expected"), STATUSES, ids=[row[0] for row in STATUSES])
def test_what_we_make_of_a_status(name: str, expected: Any) -> None:
    assert received(name, STATUS_PATH) == expected


# --- signatures -----------------------------------------------------------------------------------------------------

BODY = payload("message")
GOOD = signed(BODY, PUBLIC + INBOUND_PATH)["x-twilio-signature"]
CALLS = [
    ("as Twilio signs it", INBOUND_PATH, "", GOOD, BODY, None),
    ("with an empty Body", INBOUND_PATH, "", None, payload("message_empty"), None),
    ("with the query that was configured", INBOUND_PATH, "rc=2&to=%2B44", None, BODY, None),
    ("query left out", INBOUND_PATH, "rc=2", GOOD, BODY, 403),
    ("signed for the status route", STATUS_PATH, "", GOOD, BODY, 403),
    ("no signature", INBOUND_PATH, "", "", BODY, 403),
    ("another signature", INBOUND_PATH, "", "A" * 27 + "=", BODY, 403),
    ("a letter that is no ASCII", INBOUND_PATH, "", "é" * 28, BODY, 403),
    ("body changed", INBOUND_PATH, "", GOOD, BODY + b"!", 403),
    ("field added", INBOUND_PATH, "", GOOD, BODY + b"&NumMedia2=", 403),
    ("empty body", INBOUND_PATH, "", GOOD, b"", 403),
    ("JSON", INBOUND_PATH, "", GOOD, b'{"Body": "hello"}', 403),
    ("bytes that are no text", INBOUND_PATH, "", GOOD, bytes(range(256)), 403),
    ("more fields than there are", INBOUND_PATH, "", GOOD, b"&".join(b"f%d=1" % n for n in range(500)), 403),
    ("2 MB", INBOUND_PATH, "", GOOD, b"Body=" + b"a" * 2_000_000, 413),
]


@pytest.mark.parametrize(
    ("path", "query", "signature", "body", "status"), [r[1:] for r in CALLS], ids=[r[0] for r in CALLS]
)
def test_only_what_twilio_signed_gets_in(
    path: str, query: str, signature: str | None, body: bytes, status: int | None
) -> None:
    url = f"{PUBLIC}{path}?{query}" if query else PUBLIC + path
    headers = signed(body, url) if signature is None else {"x-twilio-signature": signature}
    answer = channel().receive(path, query, headers, body)
    if status is None:
        assert isinstance(answer, Inbound)
    else:
        assert isinstance(answer, Rejected)
        assert answer.status == status


def test_the_configured_address_counts_and_not_the_one_behind_the_proxy() -> None:
    headers = {**signed(BODY, PUBLIC + INBOUND_PATH), "host": "10.0.0.7:8000", "x-forwarded-proto": "http"}
    assert isinstance(channel().receive(INBOUND_PATH, "", headers, BODY), Inbound)
    behind = signed(BODY, "http://10.0.0.7:8000" + INBOUND_PATH)
    assert channel().receive(INBOUND_PATH, "", behind, BODY) == Rejected(403, "signature")


def sha256(body: bytes, key: str) -> str:
    form = read_form(body)
    assert form is not None
    plain = PUBLIC + INBOUND_PATH + "".join(name + value for name in sorted(form) for value in sorted(set(form[name])))
    return base64.b64encode(hmac.digest(key.encode(), plain.encode(), hashlib.sha256)).decode()


SHARED = [
    ("SHA-256 with the shared key", "key=k1,algorithm=HMAC_SHA256", sha256(BODY, "shared-key"), True),
    ("the name in lower case", "key=k1,algorithm=hmac_sha256", sha256(BODY, "shared-key"), True),
    ("SHA-256 with another key", "key=k1,algorithm=HMAC_SHA256", sha256(BODY, TOKEN), False),
    ("an algorithm nobody knows", "key=k1,algorithm=HMAC_SHA512", sha256(BODY, "shared-key"), False),
    ("SHA-1 said outright", "algorithm=HMAC_SHA1", GOOD, True),
    ("settings without an algorithm", "key=k1", GOOD, True),
]


@pytest.mark.parametrize(("settings", "signature", "good"), [row[1:] for row in SHARED], ids=[row[0] for row in SHARED])
def test_newer_signatures(settings: str, signature: str, good: bool) -> None:
    headers = {"x-twilio-signature": signature, "x-twilio-webhooks-signature-settings": settings}
    answer = channel(shared_key="shared-key").receive(INBOUND_PATH, "", headers, BODY)
    assert isinstance(answer, Inbound) is good


@given(fields=st.dictionaries(st.text(max_size=12), st.text(max_size=40), max_size=8), extra=st.binary(max_size=60))
def test_no_form_however_odd_raises(fields: dict[str, str], extra: bytes) -> None:

    body = BODY + b"&" + urlencode(fields, errors="replace").encode() + b"&" + extra
    answer = channel().receive(INBOUND_PATH, "", signed(body, PUBLIC + INBOUND_PATH), body)
    assert isinstance(answer, Inbound | Rejected)
    assert len(body) < LONGEST_BODY


def test_the_empty_answer_is_what_twilio_expects() -> None:
    assert EMPTY_RESPONSE.endswith("<Response/>")


@pytest.mark.parametrize("sender", ["EASTON", "Easton Listens", "+0123", "447700900999x"])
def test_a_sender_that_cannot_be_answered_is_refused(sender: str) -> None:
    with pytest.raises(ValueError, match="reply"):
        channel(sender=sender)


def test_there_must_be_a_sender() -> None:
    with pytest.raises(ValueError, match="no sender"):
        channel(sender="")
